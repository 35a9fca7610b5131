"""Repeated calls, and how often deadlines are looked at."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import fields

import pytest

from tests.waiting import Seen
from wsdemo.net.reactor import Reactor, Timer
from wsdemo.net.timers import Repeating, period
from wsdemo.protocol.limits import Limits

TIMES = ("open_timeout", "close_timeout", "ping_interval", "pong_timeout", "write_timeout", "idle_timeout")


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    made = Reactor("test-timers")
    yield made
    made.close()


def test_it_repeats_until_it_is_cancelled(reactor: Reactor) -> None:
    told, numbers = Seen(), itertools.count(1)
    calls = Repeating(reactor, 0.001, lambda: told(next(numbers)), told)
    assert [told.next() for _ in range(3)] == [1, 2, 3]
    calls.cancel()
    calls.cancel()
    assert not reactor.errors


def test_an_error_is_told_and_the_calls_go_on(reactor: Reactor) -> None:
    errors = Seen()
    calls = Repeating(reactor, 0.001, lambda: 1 / 0, errors)
    assert [type(errors.next()) for _ in range(2)] == [ZeroDivisionError] * 2
    calls.cancel()


class FakeReactor:
    """Keeps the timers, for the test to fire."""

    def __init__(self) -> None:
        self.timers: list[Timer] = []
        self.meanwhile: Callable[[], object] = lambda: None  # what another thread does at that moment

    def call_later(self, seconds: float, function: Callable[[], object]) -> Timer:
        self.meanwhile()
        self.timers.append(Timer(seconds, function, ()))
        return self.timers[-1]

    def fire(self) -> None:
        function = self.timers.pop().function
        if function is not None:
            function()


@pytest.mark.parametrize("when", ["before", "during"])
def test_after_cancel_there_is_one_more_call_at_most(when: str) -> None:
    reactor, told = FakeReactor(), Seen()
    calls = Repeating(reactor, 3.0, lambda: told("called"), told)  # type: ignore[arg-type]
    if when == "before":
        calls.cancel()
    else:  # between the look at whether it is cancelled, and the next timer
        reactor.meanwhile = calls.cancel
    while reactor.timers:
        reactor.fire()
        assert told.empty() or (told.next() == "called" and when == "during")
    assert told.empty()


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize(("seconds", "looks"), [(100.0, 1.0), (0.4, 0.1), (0.001, 0.01)])
def test_each_deadline_is_looked_at_several_times_within_it(name: str, seconds: float, looks: float) -> None:
    assert period(Limits(**{name: seconds})) == looks


def test_every_time_of_limits_is_a_deadline() -> None:
    times = {field.name for field in fields(Limits) if str(field.type).startswith("float")}
    assert times == set(TIMES)
