"""The record of a sniffer: whole connections up to its limit; what has no room is counted and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from wsdemo.record.record import Tap
from wsdemo.trace import TO_CLIENT, TO_SERVER
from wsdemo.trace.capture import Capture
from wsdemo.trace.trace import Trace

SERVER = ("127.0.0.1", 1234)


class Live:
    """A trace that somebody writes to, with connections of numbers; its clock counts the calls."""

    def __init__(self, limit: int = 1000) -> None:
        self.time = 0.0
        self.trace = Trace(clock=self._clock, limit=limit)

    def _clock(self) -> float:
        self.time += 1.0
        return self.time

    def opened(self, number: int) -> Tap:
        tap = self.trace.tap("server", SERVER, ("127.0.0.1", 50000 + number))
        tap.mark("open")
        return tap


def on_record(trace: Trace) -> dict[int, bytes]:
    """The bytes to the server of each connection."""
    return {number: trace.bytes(TO_SERVER, number) for number in trace.addresses}


def test_below_the_limit_it_is_the_live_trace() -> None:
    live = Live()
    capture = Capture(live.trace, limit=100)
    one, two = live.opened(1), live.opened(2)
    one.received(b"a" * 10)
    two.received(b"b" * 10)
    one.sent(b"c" * 10)
    whole = list(live.trace.chunks), list(live.trace.marks), live.trace.started, live.trace.started_at
    assert capture.take() == []
    assert live.trace.chunks == [] and live.trace.marks == [] and live.trace.size == 0
    two.received(b"d" * 10)
    one.mark("closed")
    assert capture.take() == []
    trace = capture.trace()
    assert (list(trace.chunks)[:3], trace.started, trace.started_at) == (whole[0], *whole[2:])
    assert on_record(trace) == {1: b"a" * 10, 2: b"b" * 10 + b"d" * 10}
    assert trace.bytes(TO_CLIENT, 1) == b"c" * 10
    assert [mark.what for mark in trace.marks] == ["open", "closed", "open"]
    assert (trace.size, trace.dropped) == (40, 0)


def test_at_the_limit_each_connection_stops_once_and_says_so(tmp_path: Path) -> None:
    live = Live()
    capture = Capture(live.trace, limit=100)
    one, two = live.opened(1), live.opened(2)
    one.received(b"a" * 90)
    two.received(b"b" * 5)
    assert capture.take() == []
    one.received(b"a" * 6)  # has no room
    two.received(b"b" * 5)  # has
    assert capture.take() == [
        "the record is full at 100 bytes: from here on what follows is shown, not recorded",
        "connection #1: the rest of it is not recorded, there is no room",
    ]
    one.received(b"a")  # would have room, but not without a gap
    one.mark("closed")
    three = live.opened(3)
    three.received(b"c")
    three.mark("closed")
    assert capture.take() == []
    trace = capture.trace()
    assert on_record(trace) == {1: b"a" * 90, 2: b"b" * 10}
    assert [(mark.connection, mark.what) for mark in trace.marks] == [(1, "open"), (1, "full"), (2, "open")]
    assert (trace.size, trace.dropped) == (100, 8)
    trace.save(tmp_path / "a.jsonl", redact=False)
    loaded = Trace.load(tmp_path / "a.jsonl")
    assert [mark.what for mark in loaded.marks] == ["open", "full", "open"]
    assert loaded.dropped == 8


def test_the_newest_stay_and_those_that_have_ended_go_first() -> None:
    live = Live()
    capture = Capture(live.trace, limit=100, newest=True)
    taps = [live.opened(number) for number in range(1, 5)]
    for tap in taps:
        tap.received(b"x" * 25)
    taps[2].mark("closed")
    assert capture.take() == []
    live.opened(5).received(b"y" * 20)
    assert capture.take() == [
        "the record is full at 100 bytes: from here on the oldest connections are forgotten"
    ]
    assert list(capture.trace().addresses) == [1, 2, 4, 5]
    taps[0].received(b"z" * 10)  # its own beginning is not what goes
    taps[2].received(b"z")
    assert capture.take() == []
    assert on_record(capture.trace()) == {1: b"x" * 25 + b"z" * 10, 4: b"x" * 25, 5: b"y" * 20}
    assert [mark.connection for mark in capture.trace().marks] == [1, 4, 5]
    assert (capture.size, capture.dropped) == (80, 51)


def test_a_connection_longer_than_the_record_is_cut_also_where_the_newest_stay() -> None:
    live = Live()
    capture = Capture(live.trace, limit=100, newest=True)
    one = live.opened(1)
    for _ in range(3):
        one.received(b"x" * 40)
    assert capture.take()[1:] == ["connection #1: the rest of it is not recorded, there is no room"]
    live.opened(2).received(b"y" * 60)
    assert capture.take() == []
    assert on_record(capture.trace()) == {2: b"y" * 60}
    assert (capture.size, capture.dropped) == (60, 120)


def test_what_came_too_fast_for_the_live_trace_is_a_gap_too() -> None:
    live = Live(limit=50)
    capture = Capture(live.trace, limit=100)
    one, two = live.opened(1), live.opened(2)
    one.received(b"a" * 40)
    one.received(b"a" * 20)
    two.received(b"b" * 10)
    assert capture.take() == ["connection #1: the rest of it is not recorded, there is no room"]
    one.received(b"a")
    two.received(b"b")
    capture.take()
    assert on_record(capture.trace()) == {1: b"a" * 40, 2: b"b" * 11}
    assert [mark.what for mark in capture.trace().marks if mark.connection == 1] == ["open", "full"]


@pytest.mark.parametrize("newest", [False, True])
def test_it_stays_bounded(newest: bool) -> None:
    """A day of connections: neither bytes nor marks nor addresses pile up."""
    live = Live()
    capture = Capture(live.trace, limit=100, newest=newest)
    for number in range(200):
        tap = live.opened(number)
        tap.received(b"x" * 30)
        tap.mark("closed")
        capture.take()
        assert capture.size <= 100
    assert len(capture.trace().addresses) == 3 and len(capture.trace().marks) == 6
    assert capture.dropped == 197 * 30
    assert sorted(capture.trace().addresses) == ([198, 199, 200] if newest else [1, 2, 3])
