"""The reactor: order, timers, calls from other threads, errors, and every way to end it."""

from __future__ import annotations

import logging
import math
import os
import socket
import threading
import time
import warnings
from types import SimpleNamespace
from typing import Any

import pytest

from tests.waiting import DEADLINE, Seen, open_files, turn
from wsdemo.net import reactor as reactors
from wsdemo.net.poller import poller
from wsdemo.net.reactor import READ, Reactor, Timer, WatchedSocket
from wsdemo.net.waiting import LONGEST


@pytest.fixture
def reactor():
    reactor = Reactor("test")
    yield reactor
    reactor.close()
    assert not reactor.thread.is_alive()


def test_calls_come_in_order_and_in_its_thread(reactor: Reactor) -> None:
    seen = Seen()
    for number in range(100):
        reactor.call_soon(lambda number=number: seen((number, reactor.here)))
    assert [seen.next() for _ in range(100)] == [(number, True) for number in range(100)]
    assert not reactor.here


def test_no_call_is_lost_when_many_threads_call(reactor: Reactor) -> None:
    """Each call comes while the reactor is about to wait, waits, or works."""
    seen = Seen()

    def caller(name: int) -> None:
        for number in range(500):
            reactor.call_soon(seen, (name, number))
            if number % 50 == 0:
                turn(reactor)

    threads = [threading.Thread(target=caller, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    things = [seen.next() for _ in range(2000)]
    for thread in threads:
        thread.join(DEADLINE)
    for name in range(4):
        assert [number for which, number in things if which == name] == list(range(500))


def test_timers_come_in_the_order_of_their_time(reactor: Reactor) -> None:
    seen = Seen()
    begun = time.monotonic()

    def at_once() -> None:  # however long it takes, none fires before all are there
        for seconds in (0.03, 0.01, 0.02, 0.0):
            reactor._push(Timer(begun + seconds, seen, (seconds,)))

    reactor.call_soon(at_once)
    assert [seen.next() for _ in range(4)] == [0.0, 0.01, 0.02, 0.03]


def test_a_cancelled_timer_does_not_come(reactor: Reactor) -> None:
    seen = Seen()
    timer = reactor.call_later(0.01, seen, "cancelled")
    timer.cancel()
    timer.cancel()
    reactor.call_later(0.02, seen, "later")
    assert seen.next() == "later"


@pytest.mark.parametrize("seconds", [1e9, 1e300, math.inf])
def test_a_timer_in_ages_does_not_stop_the_thread(reactor: Reactor, seconds: float) -> None:
    reactor.call_later(seconds, print, "never")
    turn(reactor)
    turn(reactor)
    assert not reactor.errors


def test_lag_sees_a_late_timer_that_is_fired_meanwhile(reactor: Reactor) -> None:
    class Fired(list[Any]):
        """Timers of which, just before one looks, the late one is fired as `Reactor._fire` does it."""

        def __getitem__(self, place: Any) -> Any:
            reactor._late = 5.0, 0.0, reactor.now
            self.clear()
            return super().__getitem__(place)

    reactor._timers = Fired([(reactor.now - 5.0, 0, None)])
    assert reactor.lag == 5.0


class Clock:
    """A poller whose clock goes on only while it waits, and by hand; it notes each wait."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.waits: list[float | None] = []
        self._poller = poller()
        self.watch, self.mask, self.close = self._poller.watch, self._poller.mask, self._poller.close
        patch.setattr(reactors, "time", SimpleNamespace(monotonic=lambda: self.now))
        patch.setattr(reactors, "poller", lambda: self)

    def poll(self, timeout: float | None) -> list[tuple[int, int]]:
        """What is ready; a time that is to pass has passed then."""
        self.waits.append(timeout)
        self.now += timeout or 0.0
        return self._poller.poll(None if timeout is None else 0)


@pytest.mark.parametrize(
    ("seconds", "late", "waits"),
    [
        (0.5, 0.0, [0.5]),
        (0.5, 2.0, [0]),  # the time has passed while another call worked
        (LONGEST, 0.0, [LONGEST]),
        (2.5 * LONGEST, 0.0, [LONGEST, LONGEST, LONGEST / 2]),
    ],
)
def test_the_wait_for_a_timer(
    monkeypatch: pytest.MonkeyPatch, seconds: float, late: float, waits: list[float]
) -> None:
    clock, seen = Clock(monkeypatch), Seen()
    reactor = Reactor("test")

    def begin() -> None:
        clock.waits.clear()
        reactor.call_later(seconds, lambda: seen(clock.waits.copy()))
        clock.now += late

    reactor.call_soon(begin)
    assert seen.next() == waits
    reactor.close()


def test_a_call_from_a_call_waits_a_turn_so_that_sockets_are_served(reactor: Reactor) -> None:
    """A function that calls itself for ever holds up nobody."""
    near, far = socket.socketpair()
    seen = Seen()
    stop = threading.Event()

    def again() -> None:
        if not stop.is_set():
            reactor.call_soon(again)

    with near, far:
        reactor.call_soon(again)
        watch = WatchedSocket(near, lambda mask: seen(near.recv(10)))
        reactor.call_soon(reactor.watch, watch, READ)
        far.send(b"hello")
        assert seen.next() == b"hello"
        stop.set()
        reactor.call_soon(reactor.watch, watch, 0)
        turn(reactor)


@pytest.mark.parametrize("error", [ValueError("mine"), SystemExit(3), KeyboardInterrupt()])
def test_an_error_is_kept_and_the_thread_goes_on(
    reactor: Reactor, error: BaseException, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*args: object) -> None:
        raise error

    near, far = socket.socketpair()
    with near, far:
        reactor.call_soon(fail)
        reactor.call_later(0, fail)
        turn(reactor)
        watch = WatchedSocket(near, lambda mask: (near.recv(10), fail()))
        reactor.call_soon(reactor.watch, watch, READ)
        far.send(b"x")
        while len(reactor.errors) < 3:
            turn(reactor)
        reactor.call_soon(reactor.watch, watch, 0)
        turn(reactor)
    assert list(reactor.errors) == [error] * 3
    assert capfd.readouterr() == ("", "")  # a thread never prints,
    kinds = [type(handler) for handler in logging.getLogger("wsdemo").handlers]
    assert logging.NullHandler in kinds  # also where no logging is set up


def test_close_does_what_was_asked_before(reactor: Reactor) -> None:
    seen = Seen()
    reactor.call_soon(seen, "asked")
    reactor.close()
    assert seen.next(timeout=0) == "asked"
    reactor.close()  # twice is fine
    reactor.call_soon(seen, "too late")
    assert seen.empty()


def test_calls_made_during_the_last_turn_still_take_place(reactor: Reactor) -> None:
    seen, busy, go = Seen(), threading.Event(), threading.Event()

    def block() -> None:
        busy.set()
        assert go.wait(DEADLINE)

    reactor.call_soon(block)
    assert busy.wait(DEADLINE)
    reactor.stopping = True
    reactor.call_soon(seen, "asked")
    go.set()
    reactor.close()
    assert seen.next(timeout=0) == "asked"


def test_close_from_within(reactor: Reactor) -> None:
    reactor.call_soon(reactor.close)
    reactor.thread.join(DEADLINE)
    assert not reactor.thread.is_alive()


def test_close_leaves_nothing_behind() -> None:
    threads, files = threading.active_count(), open_files()
    for _ in range(20):
        Reactor("test").close()
    assert threading.active_count() <= threads and open_files() <= files


def test_the_shared_reactor_lives_as_long_as_it_has_users() -> None:
    first, second = reactors.acquire(), reactors.acquire()
    assert first is second
    reactors.release(first)
    assert first.thread.is_alive()
    reactors.release(second)
    first.thread.join(DEADLINE)
    assert not first.thread.is_alive()
    third = reactors.acquire()
    assert third is not first
    reactors.release(third)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_process_gives_up_its_copies(reactor: Reactor) -> None:
    """Its sockets are closed there and go on working here, and what it closes ends nothing of ours."""
    near, far = socket.socketpair()
    seen = Seen()
    with near, far:
        watch = WatchedSocket(near, lambda mask: seen(near.recv(10)))
        reactor.call_soon(reactor.watch, watch, READ)
        turn(reactor)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads is what we test
            child = os.fork()
        if child == 0:
            try:
                reactor.close()
                reactors.acquire()
                os._exit(0 if reactor.forked and near.fileno() == -1 else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        far.send(b"still here")
        assert seen.next() == b"still here"
        reactor.call_soon(reactor.watch, watch, 0)
        turn(reactor)
