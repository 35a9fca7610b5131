"""The recorder: facts only, in order, bounded, each connection known by its two addresses."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, SupportsIndex

import pytest

from tests.waiting import DEADLINE
from wsdemo import Trace, connect, serve
from wsdemo.record.facts import Chunk, Mark
from wsdemo.record.record import DEFAULT_LIMIT, Record
from wsdemo.trace import TO_CLIENT, TO_SERVER
from wsdemo.trace.packets import FramePacket

CLIENT, SERVER = ("127.0.0.1", 50000), ("127.0.0.1", 80)


def ticking(**options: Any) -> Record:
    """A record whose clock says 0, 1, 2 …; 0 is when it started."""
    ticks = itertools.count()
    return Record(clock=lambda: float(next(ticks)), **options)


def test_both_ends_share_a_number_until_the_port_is_used_again() -> None:
    trace = Trace()
    client, server = trace.tap("client", CLIENT, SERVER), trace.tap("server", SERVER, CLIENT)
    assert client.connection == server.connection == 1
    assert trace.addresses == {1: (CLIENT, SERVER)}
    client.mark("closed")
    assert trace.tap("server", SERVER, CLIENT).connection == 2


def test_the_time_of_sending_is_when_the_kernel_was_offered_the_bytes() -> None:
    clock = itertools.count()
    trace = Trace(clock=lambda: float(next(clock)))
    tap = trace.tap("client", CLIENT, SERVER)
    tap.offer()
    tap.received(b"answer")
    tap.sent(b"question")
    tap.sent(b"without an offer")
    assert [(chunk.time, chunk.sent) for chunk in trace.chunks] == [(2, False), (1, True), (3, True)]


def test_an_answer_never_comes_before_its_question() -> None:
    trace = Trace()
    with serve(lambda ws, message: ws.send(message), trace=trace) as server:
        with connect(server.url, trace=trace) as ws:
            for number in range(200):
                ws.send(str(number))
                ws.recv(DEADLINE)
    frames = [frame for frame in trace.frames if frame.message is not None]
    assert [frame.direction for frame in frames] == [TO_SERVER, TO_CLIENT] * 200
    assert [frame.message for frame in frames] == [str(n) for n in range(200) for _ in range(2)]
    assert all(isinstance(frame, FramePacket) and frame.verdict.accepted for frame in frames)


@pytest.mark.parametrize("data", [bytearray(b"abc"), memoryview(b"abc")])
def test_what_is_kept_can_not_change(data: bytes) -> None:
    trace = Trace()
    trace.tap("client", CLIENT, SERVER).sent(data)
    assert type(trace.chunks[0].data) is bytes


def test_recording_loads_no_protocol() -> None:
    """Who records only pays for recording: reading the record is loaded when it is read."""
    code = "import sys, wsdemo.trace; print([m for m in sys.modules if m.startswith('wsdemo.trace.')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["['wsdemo.trace.trace']"]


def test_an_end_that_is_late_still_belongs_to_its_connection() -> None:
    trace = Trace()
    client = trace.tap("client", CLIENT, SERVER)
    client.mark("closed")
    assert trace.tap("server", SERVER, CLIENT).connection == client.connection
    assert trace.tap("client", CLIENT, SERVER).connection == client.connection + 1


def test_a_record_begins_empty() -> None:
    record = ticking()
    assert (record.size, record.dropped, len(record), record.marks, record.chunks) == (0, 0, 0, [], [])
    assert (record.started, record.addresses, record.limit) == (0, {}, DEFAULT_LIMIT)
    assert DEFAULT_LIMIT == 64 << 20
    assert repr(record) == "<Record: 0 connections, 0 chunks, 0 bytes>"


def test_a_chunk_says_when_where_and_which_way() -> None:
    record = ticking()
    client, server = record.tap("client", CLIENT, SERVER), record.tap("server", SERVER, CLIENT).encrypted()
    client.sent(b"ab")
    server.received(b"ab")
    server.sent(b"c")
    client.received(b"c")
    client.mark("eof")
    assert record.chunks == [
        Chunk(1, 1, "client", TO_SERVER, b"ab", "plain"),
        Chunk(2, 1, "server", TO_SERVER, b"ab", "tls"),
        Chunk(3, 1, "server", TO_CLIENT, b"c", "tls"),
        Chunk(4, 1, "client", TO_CLIENT, b"c", "plain"),
    ]
    assert [chunk.sent for chunk in record.chunks] == [True, False, True, False]
    assert record.marks == [Mark(5, 1, "client", "eof")]
    assert (record.size, len(record)) == (6, 4)
    assert repr(record) == "<Record: 1 connections, 4 chunks, 6 bytes>"


def test_the_list_of_chunks_is_the_same_with_new_ones_at_its_end() -> None:
    record = ticking()
    tap = record.tap("client", CLIENT, SERVER)
    tap.sent(b"a")
    chunks = record.chunks
    first = chunks[0]
    tap.sent(b"b")
    assert record.chunks is chunks and chunks[0] is first
    assert [chunk.data for chunk in chunks] == [b"a", b"b"]


def test_what_is_selected() -> None:
    """One end of each connection, the client where both were tapped, and one layer."""
    record = Record()
    other = ("127.0.0.1", 50001)
    taps = {
        "a": record.tap("server", SERVER, CLIENT),
        "b": record.tap("client", CLIENT, SERVER),
        "c": record.tap("client", CLIENT, SERVER).encrypted(),
        "d": record.tap("server", SERVER, other),
    }
    taps["c"].connection = 1
    for name, tap in taps.items():
        tap.sent(name.encode())
        tap.received(name.upper().encode())

    def seen(**options: Any) -> str:
        return b"".join(chunk.data for chunk in record.select(**options)).decode()

    number = taps["d"].connection
    assert seen() == "bBdD"
    assert seen(connection=1) == "bB" and seen(connection=number) == "dD" and seen(connection=9) == ""
    assert seen(end="server") == "aAdD" and seen(end="client") == "bB"
    assert seen(end="server", connection=number) == "dD"
    assert seen(layer="tls") == "cC" and seen(layer="tls", end="server") == ""
    assert record.bytes("to server") == b"bD" and record.bytes("to client") == b"Bd"
    assert record.bytes("to server", end="server") == b"AD"
    assert record.bytes("to server", number) == b"D" and record.bytes("to server", layer="tls") == b"c"


@pytest.mark.parametrize("limit", [0, 4, 5, 6])
def test_a_record_is_bounded(limit: int) -> None:
    """An end that had no room is cut off there; another one goes on while it has."""
    record = ticking(limit=limit)
    one, two = record.tap("client", CLIENT, SERVER), record.tap("server", SERVER, CLIENT)
    one.sent(b"abc")
    one.sent(b"def")
    one.sent(b"g")
    two.received(b"hi")
    two.sent(b"j")
    kept = {0: b"", 4: b"abc", 5: b"abchi", 6: b"abcdef"}[limit]  # 4: no room for two bytes, nor for more
    assert b"".join(chunk.data for chunk in record.chunks) == kept
    assert (record.size, record.dropped) == (len(kept), 10 - len(kept))
    assert [(mark.end, mark.what) for mark in record.marks] == [("client", "full"), ("server", "full")]


@pytest.mark.parametrize("limit", [-1, 1.5, "1", None])
def test_a_limit_is_a_number_of_bytes(limit: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="limit"):
        Record(limit=limit)


def test_a_clock_is_a_function() -> None:
    with pytest.raises(TypeError, match="a function that gives seconds"):
        Record(clock=3.0)  # type: ignore[arg-type]


class Guarded(Record):
    """A record whose guarded places say whether its lock is held there."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[bool] = []
        record = self

        class Notes(list[Any]):
            def __getitem__(self, index: SupportsIndex | slice) -> Any:
                record.held.append(record._lock.locked())
                return super().__getitem__(index)

        def numbers() -> Iterator[int]:
            for number in range(1, 10):
                record.held.append(record._lock.locked())
                yield number

        self._notes = Notes()
        self._next = numbers()  # type: ignore[assignment]


def test_a_connection_is_numbered_under_the_lock() -> None:
    record = Guarded()
    record.tap("client", CLIENT, SERVER)
    assert record.held == [True]


def test_chunks_are_made_under_the_lock() -> None:
    record = Guarded()
    record.tap("client", CLIENT, SERVER).sent(b"a")
    record.held.clear()
    assert [chunk.data for chunk in record.chunks] == [b"a"]
    assert record.held and all(record.held)


def test_bytes_that_come_while_chunks_are_made_are_kept() -> None:
    record = Record()
    tap = record.tap("client", CLIENT, SERVER)

    class Notes(list[Any]):
        def __getitem__(self, index: Any) -> Any:
            found = super().__getitem__(index)
            if found == list(self) and len(self) == 1 and found[0][-1] == b"a":
                tap.sent(b"in the meantime")
            return found

    record._notes = notes = Notes()
    tap._note = notes.append
    tap.sent(b"a")
    assert [chunk.data for chunk in record.chunks] == [b"a"]
    assert [chunk.data for chunk in record.chunks] == [b"a", b"in the meantime"]
