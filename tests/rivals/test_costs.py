"""Bytes by purpose: tables of streams, and sums that agree with the tap and with a loopback capture."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import hyperframe.frame
import pytest

from tests import needs
from tests.ports import held_port
from tests.rawtcp.test_capture import Capture
from tests.waiting import DEADLINE
from wsdemo import views
from wsdemo.record.facts import TO_CLIENT, TO_SERVER, Chunk
from wsdemo.rivals import latency, tables
from wsdemo.rivals.audience import Audience
from wsdemo.rivals.costs import (
    DELAYED_ACK,
    OPEN_AND_END,
    PREFACE,
    SEGMENT_DATA,
    SEGMENT_HEADER,
    ByteCounts,
    Costs,
    count,
    frames2,
    heads,
    heads2,
    tcp_ip,
)
from wsdemo.rivals.news import events
from wsdemo.rivals.ways import FIVE, STRONG, TWO, WAYS
from wsdemo.trace.trace import Trace

ROOT = Path(__file__).resolve().parents[2]
GET = b"GET /news?after=0 HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n"
NONE = b"HTTP/1.1 204 No Content\r\n\r\n"

# (one direction of a connection, sizes of the heads in it)
STREAMS = [
    (b"", []),
    (GET, [len(GET)]),
    (GET + GET, [len(GET)] * 2),
    (OK + b"event\n" + NONE + OK + b"event\n", [len(OK), len(NONE), len(OK)]),
    (OK + b"HTTP/1" + NONE, [len(OK), len(NONE)]),  # a body may look like anything
    (b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x05hello", [36 + 0]),
    (b"HTTP/1.1 200 OK\r\n\r\ndata: x\n\n", [19]),
    (GET[:20], [20]),  # cut off
    (b"0         5         hello", []),
]


@pytest.mark.parametrize(("stream", "sizes"), STREAMS)
def test_heads(stream: bytes, sizes: list[int]) -> None:
    assert heads(stream) == sizes


def frame(kind: int, stream: int, payload: bytes) -> bytes:
    """An HTTP/2 frame, by the library's own writer of its header's integers."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, 0, stream) + payload


# (one direction of an HTTP/2 connection, its frames, sizes of the heads in it)
STREAMS2 = [
    (b"", [], []),
    (PREFACE, [], []),
    (PREFACE + frame(4, 0, b"x" * 6) + frame(1, 1, b"y" * 30), [("SETTINGS", 0), ("HEADERS", 1)], [39]),
    (
        frame(1, 1, b"a" * 20) + frame(9, 1, b"b" * 7) + frame(0, 1, b"hi") + frame(1, 3, b"c"),
        [("HEADERS", 1), ("CONTINUATION", 1), ("DATA", 1), ("HEADERS", 3)],
        [20 + 9 + 7 + 9, 10],
    ),
    (frame(8, 0, b"1234") + frame(16, 5, b""), [("WINDOW_UPDATE", 0), ("type 16", 5)], []),
    (frame(1, 0x7FFF_FFFF, b"q" * 70_000), [("HEADERS", 0x7FFF_FFFF)], [70_009]),
    (frame(1, 1, b"a" * 20)[:15], [("HEADERS", 1)], [15]),  # cut off
    (frame(1, 1, b"a" * 20)[:8], [], []),
]


@pytest.mark.parametrize(("stream", "frames", "sizes"), STREAMS2)
def test_heads_of_http_2(stream: bytes, frames: list[tuple[str, int]], sizes: list[int]) -> None:
    found = frames2(stream)
    assert [(kind, number) for kind, number, _ in found] == frames
    assert heads2(stream) == sizes
    if len(stream) >= 24 and frames:
        assert b"".join(data for *_, data in found) == stream.removeprefix(PREFACE)


@pytest.mark.parametrize("way", TWO)
def test_frames_of_a_real_connection_are_those_that_hyperframe_reads(way: str) -> None:
    """An oracle that is not ours, on bytes that are: every frame of Hypercorn and of h2, both directions."""
    trace, costs, _ = told(way, 1)
    for direction in (TO_SERVER, TO_CLIENT):
        stream = trace.bytes(direction)
        wanted, at = [], len(PREFACE) if direction == TO_SERVER else 0
        while at < len(stream):
            parsed, size = hyperframe.frame.Frame.parse_frame_header(memoryview(stream[at : at + 9]))
            wanted.append((parsed.name if hasattr(parsed, "name") else type(parsed).__name__, size))
            at += 9 + size
        assert at == len(stream)
        kinds = {"HEADERS": "HeadersFrame", "DATA": "DataFrame", "SETTINGS": "SettingsFrame"}
        kinds |= {"WINDOW_UPDATE": "WindowUpdateFrame", "GOAWAY": "GoAwayFrame", "PING": "PingFrame"}
        assert [(kinds[kind], len(data) - 9) for kind, _, data in frames2(stream)] == wanted
        split = costs.sent if direction == TO_SERVER else costs.received
        assert split.heads == sum(9 + size for kind, size in wanted if kind == "HeadersFrame")
        assert split.total == len(stream)


def told(way: str, clients: int = 2) -> tuple[Trace, Costs, Audience]:
    """Three events by this way, recorded and counted."""
    trace, news = Trace(), events(3, 100)
    with WAYS[way].server() as server:
        with Audience(WAYS[way], server.port, clients, interval=0.01, trace=trace) as audience:
            audience.listening(DEADLINE)
            server.ready(clients, DEADLINE)
            for event in news:
                server.publish(event.text)
            assert audience.wait(clients * len(news), DEADLINE)
    return trace, count(trace, sum(len(heard.text) for heard in audience.heard)), audience


@pytest.mark.parametrize("way", list(WAYS))
def test_the_parts_sum_up_to_what_the_tap_saw(way: str) -> None:
    trace, costs, audience = told(way)
    assert costs.sent.total == len(trace.bytes(TO_SERVER))
    assert costs.received.total == len(trace.bytes(TO_CLIENT))
    assert costs.total == trace.size
    assert (costs.requests, costs.connections) == (audience.requests, audience.connections)
    assert costs.received.payload == 2 * sum(len(event.text) for event in events(3, 100))
    assert min(costs.sent.framing, costs.received.framing, costs.sent.heads, costs.received.heads) >= 0


def test_what_each_way_adds_is_what_its_format_says() -> None:
    assert told("raw TCP")[1].received.framing == 2 * (10 + 3 * 10)  # an empty welcome, three messages
    websocket = told("WebSocket")[1]
    assert websocket.received.framing == 2 * (3 * 2 + 4)  # frame headers, and the close frame with its code
    assert websocket.sent.framing == 2 * (2 + 4 + 2)  # a masked close frame
    assert told("SSE")[1].received.framing == 2 * 3 * len(b"id: 1\ndata: \n\n")
    assert told("long polling")[1].received.framing == 2 * 3 * len(b"\n")


def test_a_trace_that_is_not_whole_is_refused() -> None:
    trace = Trace(limit=5)
    trace.tap("client", 1, 2).sent(GET)
    with pytest.raises(ValueError, match="not kept"):
        count(trace, 0)


def test_the_estimate_counts_segments() -> None:
    def chunk(time: float, direction: str, size: int, connection: int = 1) -> Chunk:
        return Chunk(time, connection, "client", direction, b"x" * size, "plain")  # type: ignore[arg-type]

    def segments(*chunks: Chunk) -> float:
        return tcp_ip(chunks) / SEGMENT_HEADER

    ends = OPEN_AND_END
    assert segments() == 0
    assert segments(chunk(0, TO_SERVER, 1)) == ends + 2  # and its acknowledgement
    assert segments(chunk(0, TO_SERVER, SEGMENT_DATA + 1)) == ends + 3
    assert segments(chunk(0, TO_SERVER, 1), chunk(0.001, TO_CLIENT, 1)) == ends + 3  # travels with the answer
    assert segments(chunk(0, TO_SERVER, 1), chunk(DELAYED_ACK, TO_CLIENT, 1)) == ends + 4
    assert segments(chunk(0, TO_CLIENT, 1), chunk(0, TO_CLIENT, 1)) == ends + 4
    assert segments(chunk(0, TO_CLIENT, 1), chunk(0, TO_SERVER, 1, 2)) == 2 * ends + 4


def test_sums() -> None:
    one = Costs(ByteCounts(1, 2, 3), ByteCounts(4, 5, 6), 7, 8, 9)
    assert one + one == Costs(ByteCounts(2, 4, 6), ByteCounts(8, 10, 12), 14, 16, 18)
    assert one.total == 21


def until_ended(capture: Capture, *clients: int) -> None:
    """Wait until each client's FIN is captured: what it sent and received came before."""
    missing = set(map(str, clients))
    while missing and (fields := capture._packet(DEADLINE)):
        if fields[4] in ("1", "True"):
            missing.discard(fields[0])
    assert not missing, "the capture lacks the end of a connection"


@needs.tshark
@pytest.mark.parametrize("way", [*FIVE, *STRONG[:4], *TWO])
def test_a_capture_of_the_loopback_agrees_to_the_byte(way: str, tmp_path: Path) -> None:
    trace, news = Trace(), events(5, 100)
    with WAYS[way].server() as server:
        capture = Capture(tmp_path / "way.pcap", server.port)
        try:
            with Audience(WAYS[way], server.port, 1, interval=0.01, trace=trace) as audience:
                audience.listening(DEADLINE)
                server.ready(1, DEADLINE)
                for number, event in enumerate(news, 1):
                    server.publish(event.text)
                    assert audience.wait(number, DEADLINE)
            ports = [address[0][1] for address in trace.addresses.values()]  # type: ignore[index]
            until_ended(capture, ports[0])
        finally:
            capture.stop()
    costs = count(trace, sum(len(heard.text) for heard in audience.heard))
    streams = capture.streams()
    up, down = streams[ports[0], server.port], streams[server.port, ports[0]]
    if way.startswith("long polling"):  # its last wait may still be answered, when nobody is there any more
        down = down[: costs.received.total]
    assert trace.bytes(TO_SERVER) == up and trace.bytes(TO_CLIENT) == down
    assert (costs.sent.total, costs.received.total) == (len(up), len(down))
    sizes = heads2 if way in TWO else heads
    assert (costs.sent.heads, costs.received.heads) == (sum(sizes(up)), sum(sizes(down)))


CALL = "latency.compare(events=20, rate=20, interval=0.02, rounds=1)"
HEAD = re.compile(rb"(?:GET /|HTTP/1\.1 ).*?\r\n\r\n", re.DOTALL)
EVENT = re.compile(rb'\{"event":[^}]*\}')


def size(pattern: re.Pattern[bytes], stream: bytes) -> int:
    return sum(map(len, pattern.findall(stream)))


def captured(way: str, up: bytes, down: bytes, estimate: tables.Value) -> dict[str, tables.Value]:
    """A line of the lesson's table, from nothing but the bytes of a capture."""
    heads, payload = size(HEAD, up) + size(HEAD, down), size(EVENT, down)
    every = len(up) + len(down)
    found = {"payload": payload, "framing": every - heads - payload, "heads": heads, "all": every}
    return {"way": way, **{name: size / 20 for name, size in found.items()}, "TCP/IP (estimate)": estimate}


@pytest.fixture
def ports() -> Iterator[dict[str, int]]:
    """Where the server of each way will be."""
    with contextlib.ExitStack() as held:
        yield {way: held.enter_context(held_port()) for way in FIVE}


@needs.tshark
def test_the_table_of_lesson_09_agrees_with_a_capture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ports: dict[str, int]
) -> None:
    """The very call of the lesson, and the very table that it prints below its bars."""
    lesson = json.loads((ROOT / "notebooks" / "09_bytes.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in lesson["cells"]]
    assert any(f"five = {CALL}" in source and "views.charts.wire(five)" in source for source in sources)

    for way, port in ports.items():  # the capture is told in advance where each server will be
        there = functools.partial(WAYS[way].server, port=port)
        monkeypatch.setitem(WAYS, way, dataclasses.replace(WAYS[way], server=there))
    capture = Capture(tmp_path / "five.pcap", *ports.values())
    try:
        five = eval(CALL, {"latency": latency})
        ends = {outcome.way: next(iter(outcome.trace.addresses.values()))[0][1] for outcome in five}
        until_ended(capture, *ends.values())
    finally:
        capture.stop()
    streams = capture.streams()
    rows = []
    for row in five.bytes_rows():
        way = str(row["way"])
        up, down = streams[ends[way], ports[way]], streams[ports[way], ends[way]]
        if way == "long polling":  # its last wait may still be answered, when nobody is there any more
            down = down[: five[way].costs.received.total]
        rows.append(captured(way, up, down, row["TCP/IP (estimate)"]))
    assert five.complete
    assert tables.table(rows) in views.charts.wire(five).text
    for row, outcome in zip(rows, five, strict=True):
        costs = outcome.costs
        assert row["all"] == costs.total / 20 == outcome.bytes_per_event
        assert row["payload"] == costs.received.payload / 20
        assert row["heads"] == (costs.sent.heads + costs.received.heads) / 20
