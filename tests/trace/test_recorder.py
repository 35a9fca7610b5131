"""The recorder: facts as they came, numbered by connection, within a bound, from any thread."""

from __future__ import annotations

import itertools
import threading

from tests.waiting import DEADLINE
from wsdemo.trace.recorder import TO_CLIENT, TO_SERVER, Chunk, Mark, Trace

CLIENT, SERVER = ("127.0.0.1", 50000), ("127.0.0.1", 1234)


def trace_of_a_greeting() -> Trace:
    """One connection tapped at both ends, one second per event."""
    seconds = itertools.count()
    trace = Trace(clock=lambda: float(next(seconds)))
    client, server = trace.tap("client", CLIENT, SERVER), trace.tap("server", SERVER, CLIENT)
    client.mark("open")
    client.sent(b"hel")
    server.received(b"hello"[:2])
    client.sent(b"lo")
    server.received(b"hello"[2:])
    server.sent(b"welcome")
    client.received(b"welcome")
    client.mark("closed")
    return trace


def test_what_each_end_saw() -> None:
    trace = trace_of_a_greeting()
    assert trace.select(end="client") == [
        Chunk(2.0, 1, "client", TO_SERVER, b"hel", "plain"),
        Chunk(4.0, 1, "client", TO_SERVER, b"lo", "plain"),
        Chunk(7.0, 1, "client", TO_CLIENT, b"welcome", "plain"),
    ]
    assert [chunk.data for chunk in trace.select(end="server")] == [b"he", b"llo", b"welcome"]
    assert trace.marks == [Mark(1.0, 1, "client", "open"), Mark(8.0, 1, "client", "closed")]
    assert [chunk.sent for chunk in trace.chunks] == [True, False, True, False, True, False]
    assert (len(trace), trace.size, repr(trace)) == (6, 24, "<Trace: 1 connections, 6 chunks, 24 bytes>")


def test_both_ends_saw_the_same_bytes_and_count_once() -> None:
    trace = trace_of_a_greeting()
    for end in (None, "client", "server"):
        assert trace.bytes(TO_SERVER, end=end) == b"hello"  # type: ignore[arg-type]
        assert trace.bytes(TO_CLIENT, end=end) == b"welcome"  # type: ignore[arg-type]
    assert trace.select() == trace.select(end="client")


def test_where_only_the_server_was_tapped_its_view_counts() -> None:
    trace = Trace()
    trace.tap("server", SERVER, CLIENT).received(b"hello")
    other = trace.tap("client", ("127.0.0.1", 50001), SERVER)
    other.sent(b"hi")
    assert trace.addresses == {1: (CLIENT, SERVER), 2: (("127.0.0.1", 50001), SERVER)}
    assert [chunk.data for chunk in trace.select()] == [b"hello", b"hi"]
    assert trace.bytes(TO_SERVER, connection=1) == b"hello"
    assert trace.bytes(TO_SERVER, connection=2) == b"hi"


def test_the_ends_find_each_other_in_either_order() -> None:
    for first, second in (("client", "server"), ("server", "client")):
        trace = Trace()
        addresses = {"client": (CLIENT, SERVER), "server": (SERVER, CLIENT)}
        taps = [trace.tap(end, *addresses[end]) for end in (first, second)]  # type: ignore[arg-type]
        assert [tap.connection for tap in taps] == [1, 1]
        assert trace.addresses == {1: (CLIENT, SERVER)}


def test_a_port_used_again_is_another_connection() -> None:
    trace = Trace()
    trace.tap("client", CLIENT, SERVER).mark("closed")
    assert trace.tap("client", CLIENT, SERVER).connection == 2


def test_layers_are_kept_apart() -> None:
    trace = Trace()
    trace.tap("client", CLIENT, SERVER).sent(b"hello")
    trace.tap("client", CLIENT, SERVER, "tls").sent(b"\x17\x03\x03...")
    assert trace.bytes(TO_SERVER) == b"hello"
    assert trace.bytes(TO_SERVER, layer="tls") == b"\x17\x03\x03..."


def test_the_bytes_kept_are_bounded_and_the_others_counted() -> None:
    trace = Trace(limit=10)
    tap = trace.tap("client", CLIENT, SERVER)
    for data in (b"12345", b"67890", b"x", b"yz"):
        tap.sent(data)
    assert (trace.bytes(TO_SERVER), trace.size, trace.dropped) == (b"1234567890", 10, 3)


def test_what_is_kept_does_not_change_with_a_buffer_used_again() -> None:
    trace = Trace()
    buffer = bytearray(b"hello")
    trace.tap("client", CLIENT, SERVER).sent(memoryview(buffer))  # type: ignore[arg-type]
    buffer[:] = b"other"
    assert trace.bytes(TO_SERVER) == b"hello"


def test_clear_keeps_the_numbers() -> None:
    trace = trace_of_a_greeting()
    tap = trace.tap("client", ("127.0.0.1", 50001), SERVER)
    trace.clear()
    assert (trace.chunks, trace.marks, trace.size, trace.dropped) == ([], [], 0, 0)
    tap.sent(b"x")
    assert [chunk.connection for chunk in trace.chunks] == [2]


def test_many_threads_record_in_the_order_of_their_times() -> None:
    trace = Trace(limit=100 * 1000)

    def record(number: int) -> None:
        tap = trace.tap("client", ("127.0.0.1", number), SERVER)
        for _ in range(300):
            tap.sent(b"x" * 100)

    threads = [threading.Thread(target=record, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    times = [chunk.time for chunk in trace.chunks]
    assert times == sorted(times)
    assert (len(trace), trace.size, trace.dropped) == (1000, 100_000, 20_000)
    assert sorted(trace.addresses) == [1, 2, 3, 4]
