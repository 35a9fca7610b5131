"""Dissection: every bit has its field, every broken rule its verdict, however the bytes were cut."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsdemo import Trace
from wsdemo.protocol.codes import Opcode, Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.protocol.frames import Frame
from wsdemo.protocol.limits import Limits
from wsdemo.trace import TO_CLIENT, TO_SERVER
from wsdemo.trace.dissect import dissect_frame, dissect_frames
from wsdemo.trace.fields import Field
from wsdemo.trace.packets import (
    BodyPacket,
    FramePacket,
    OpaquePacket,
    Packet,
    RawPacket,
    RequestPacket,
    ResponsePacket,
)

KEY = b"\x37\xfa\x21\x3d"
CLIENT, SERVER = ("127.0.0.1", 50000), ("127.0.0.1", 80)
REQUEST = (
    b"GET /chat?token=1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b\r\n"
)
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n%b\r\n"
)
EXTENSION = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


def covered(packet: Packet | FramePacket) -> None:
    """The fields cover the packet's bits exactly, in order, and children their parents."""

    def check(fields: Sequence[Field], start: int, stop: int) -> None:
        for field in fields:
            assert field.start == start < field.stop
            start = field.stop
            if field.children:
                check(field.children, field.start, field.stop)
        assert start == stop

    check(packet.fields, 0, packet.size * 8)
    assert packet.summary.isprintable()
    assert str(packet.verdict).isprintable()


def session(*pieces: tuple[str, bytes], end: str = "client") -> Trace:
    """A trace of these chunks, a second apart."""
    clock = itertools.count()
    trace = Trace(clock=lambda: float(next(clock)))
    tap = trace.tap(end, *((CLIENT, SERVER) if end == "client" else (SERVER, CLIENT)))  # type: ignore[arg-type]
    for direction, data in pieces:
        (tap.sent if (direction == TO_SERVER) == (end == "client") else tap.received)(data)
    return trace


def opened(*pieces: tuple[str, bytes], extension: bytes = b"") -> Trace:
    return session((TO_SERVER, REQUEST % extension), (TO_CLIENT, RESPONSE % extension), *pieces)


def masked(opcode: int, payload: bytes = b"", fin: bool = True, rsv1: bool = False) -> bytes:
    return Frame(opcode, payload, fin, rsv1, masking_key=KEY).serialize()


# -- the RFCs' own frames -----------------------------------------------------------------------------------

EXAMPLES = [  # RFC 6455 §5.7
    ("81 05 48 65 6c 6c 6f", Side.CLIENT, "fin 1|opcode 1|mask 0|length 5", ["Hello"]),
    ("81 85 37 fa 21 3d 7f 9f 4d 51 58", Side.SERVER, "fin 1|opcode 1|mask 1|length 5", ["Hello"]),
    ("01 03 48 65 6c 80 02 6c 6f", Side.CLIENT, "fin 0|opcode 1|mask 0|length 3", [None, "Hello"]),
    ("89 05 48 65 6c 6c 6f", Side.CLIENT, "fin 1|opcode 9|mask 0|length 5", [None]),
    ("8a 85 37 fa 21 3d 7f 9f 4d 51 58", Side.SERVER, "fin 1|opcode 10|mask 1|length 5", [None]),
    ("82 7e 01 00" + " 00" * 256, Side.CLIENT, "fin 1|opcode 2|mask 0|length 126", [bytes(256)]),
    ("82 7f 00 00 00 00 00 01 00 00" + " 00" * 65536, Side.CLIENT, "length 127", [bytes(65536)]),
]


@pytest.mark.parametrize(("wire", "receiver", "labels", "messages"), EXAMPLES)
def test_examples_of_rfc_6455(
    wire: str, receiver: Side, labels: str, messages: list[str | bytes | None]
) -> None:
    frames = dissect_frames(bytes.fromhex(wire), receiver)
    assert [frame.message for frame in frames] == messages
    assert all(frame.verdict.accepted and frame.complete for frame in frames)
    assert set(labels.split("|")) <= {field.label for field in frames[0].fields}
    assert b"".join(frame.bytes for frame in frames) == bytes.fromhex(wire)
    for frame in frames:
        covered(frame)


COMPRESSED = [  # RFC 7692 §7.2.3
    (["c1 07 f2 48 cd c9 c9 07 00"], "one block"),
    (["41 03 f2 48 cd 80 04 c9 c9 07 00"], "two fragments"),
    (["c1 07 f2 48 cd c9 c9 07 00", "c1 05 f2 00 11 00 00"], "shared window"),
    (["c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00"], "no compression"),
    (["c1 08 f3 48 cd c9 c9 07 00 00"], "a final block"),
    (["c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00"], "two blocks"),
]


@pytest.mark.parametrize(("messages", "what"), COMPRESSED)
def test_examples_of_rfc_7692(messages: list[str], what: str) -> None:
    frames = dissect_frames(bytes.fromhex(" ".join(messages)), Side.CLIENT, deflate=Parameters())
    assert [frame.message for frame in frames if frame.fin] == ["Hello"] * len(messages), what
    assert all(frame.compressed and frame.verdict.accepted for frame in frames)
    assert "inflated, the message is 'Hello'" in frames[-1].fields[-1].meaning
    for frame in frames:
        covered(frame)


# -- every rule that a peer can break -----------------------------------------------------------------------

BROKEN = [
    ("c1 80 00000000", 1002, "rsv1", "RFC 6455 §5.2"),
    ("a1 80 00000000", 1002, "rsv2", "RFC 6455 §5.2"),
    ("91 80 00000000", 1002, "rsv3", "RFC 6455 §5.2"),
    ("83 80 00000000", 1002, "opcode 0x3", "RFC 6455 §5.2"),
    ("8b 80 00000000", 1002, "opcode 0xb", "RFC 6455 §5.2"),
    ("81 00", 1002, "without a mask", "RFC 6455 §5.1"),
    ("09 80 00000000", 1002, "fragmented control", "RFC 6455 §5.5"),
    ("89 fe 007e 00000000" + "00" * 126, 1002, "over 125", "RFC 6455 §5.5"),
    ("82 fe 0005 00000000 0000000000", 1002, "shortest form", "RFC 6455 §5.2"),
    ("82 ff 0000000000000005 00000000 0000000000", 1002, "shortest form", "RFC 6455 §5.2"),
    ("82 ff 8000000000000000 00000000", 1002, "top bit", "RFC 6455 §5.2"),
    ("82 ff 0000010000000000 00000000", 1009, "at most", "RFC 6455 §10.4"),
    ("80 80 00000000", 1002, "no message to continue", "RFC 6455 §5.4"),
    ("81 81 00000000 ff", 1007, "UTF-8", "RFC 6455 §8.1"),
    ("88 81 00000000 03", 1002, "close frame of 1 byte", "RFC 6455 §5.5.1"),
    ("88 82 00000000 03ed", 1002, "close code 1005", "RFC 6455 §7.4"),
    ("88 83 00000000 03e8ff", 1007, "close reason", "RFC 6455 §5.5.1"),
]


@pytest.mark.parametrize(("wire", "code", "reason", "section"), BROKEN)
def test_a_broken_rule_is_named(wire: str, code: int, reason: str, section: str) -> None:
    frame = dissect_frame(bytes.fromhex(wire))
    assert frame.verdict.outcome == "refused"
    assert (frame.verdict.code, frame.verdict.section) == (code, section)
    assert reason in frame.verdict.reason
    covered(frame)


def test_rules_between_frames() -> None:
    data = masked(Opcode.TEXT, b"a", fin=False) + masked(Opcode.TEXT, b"b") + masked(Opcode.PING)
    first, second, third = dissect_frames(data)
    assert first.verdict.accepted
    assert (second.verdict.code, second.verdict.section) == (1002, "RFC 6455 §5.4")
    assert third.verdict.outcome == "ignored"
    many = dissect_frames(
        masked(Opcode.TEXT, fin=False) + 3 * masked(Opcode.CONTINUATION, fin=False),
        limits=Limits(fragments=3),
    )
    assert [frame.verdict.code for frame in many] == [None, None, None, 1008]
    compressed = dissect_frames(masked(1, b"\xff", rsv1=True), deflate=Parameters())
    assert (compressed[0].verdict.code, compressed[0].verdict.section) == (1007, "RFC 7692 §7.2.2")
    continued = masked(1, fin=False, rsv1=True) + masked(0, rsv1=True)
    assert dissect_frames(continued, deflate=Parameters())[1].verdict.section == "RFC 7692 §6.1"


def test_a_client_judges_by_its_own_rules() -> None:
    assert dissect_frame(masked(Opcode.TEXT), Side.CLIENT).verdict.reason.startswith("masked frame")
    with pytest.raises(ValueError, match="no bytes"):
        dissect_frame(b"")


def test_after_a_close_frame_nothing_is_read() -> None:
    data = masked(Opcode.CLOSE, b"\x03\xe9bye") + masked(Opcode.TEXT, b"more")
    close, more = dissect_frames(data)
    assert (close.close_code, close.close_reason, close.verdict.accepted) == (1001, "bye", True)
    assert (more.verdict.outcome, more.verdict.section) == ("ignored", "RFC 6455 §5.5.1")
    assert dissect_frame(masked(Opcode.CLOSE)).close_code == 1005


@pytest.mark.parametrize("wire", [masked(2, bytes(size)) for size in (3, 200)] + [masked(8, b"\x03\xe8x")])
def test_a_frame_that_is_cut_anywhere(wire: bytes) -> None:
    for size in range(1, len(wire)):
        frame = dissect_frame(wire[:size])
        assert not frame.complete
        assert frame.verdict.outcome == "incomplete"
        covered(frame)


# -- whole connections --------------------------------------------------------------------------------------

payloads = st.binary(max_size=300)
frames = st.one_of(
    st.builds(lambda data: [(Opcode.BINARY, data, True)], payloads),
    st.builds(lambda text: [(Opcode.TEXT, text.encode(), True)], st.text(max_size=80)),
    st.builds(lambda data: [(Opcode.PING, data[:125], True)], payloads),
    st.builds(lambda a, b: [(Opcode.BINARY, a, False), (Opcode.CONTINUATION, b, True)], payloads, payloads),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(frames, max_size=6), st.binary(max_size=40), st.lists(st.integers(1, 60)), st.booleans())
def test_the_fields_cover_a_connection_exactly(
    messages: list[list[tuple[int, bytes, bool]]], junk: bytes, cuts: list[int], incremental: bool
) -> None:
    sent = [piece for message in messages for piece in message]
    there = REQUEST % b"" + b"".join(masked(*piece) for piece in sent) + junk
    back = RESPONSE % b"" + b"".join(Frame(*piece).serialize() for piece in sent) + junk
    pieces: list[tuple[str, bytes]] = []
    sizes = itertools.cycle(cuts or [1000])
    for direction, data in ((TO_SERVER, there), (TO_CLIENT, back)):
        at = 0
        while at < len(data):
            size = next(sizes)
            pieces.append((direction, data[at : at + size]))
            at += size
    if incremental:
        trace = session()
        tap = trace.tap("client", CLIENT, SERVER)
        for direction, data in pieces:
            (tap.sent if direction == TO_SERVER else tap.received)(data)
            assert b"".join(p.bytes for p in trace.packets if p.direction == TO_SERVER) == trace.bytes(
                TO_SERVER
            )
    else:
        trace = session(*pieces)
    for direction, data in ((TO_SERVER, there), (TO_CLIENT, back)):
        packets = sorted((p for p in trace.packets if p.direction == direction), key=lambda p: p.offset)
        assert b"".join(packet.bytes for packet in packets) == data
        at = 0
        for packet in packets:
            assert packet.offset == at
            at += packet.size
            covered(packet)
        found = [p for p in packets if isinstance(p, FramePacket)][: len(sent)]
        assert [(p.opcode, p.payload, p.fin) for p in found] == sent
        assert all(p.verdict.accepted for p in found)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([TO_SERVER, TO_CLIENT]), st.binary(min_size=1, max_size=60))),
    st.booleans(),
)
def test_any_bytes_have_their_fields(pieces: list[tuple[str, bytes]], upgraded: bool) -> None:
    trace = opened(*pieces) if upgraded else session(*pieces)
    for direction in (TO_SERVER, TO_CLIENT):
        packets = sorted((p for p in trace.packets if p.direction == direction), key=lambda p: p.offset)
        assert b"".join(packet.bytes for packet in packets) == trace.bytes(direction)
    for packet in trace.packets:
        covered(packet)


@pytest.mark.parametrize("line", [b" / HTTP/1.1", b"GET  HTTP/1.1", b"  HTTP/1.1", b"GET / HTTP/1.1"])
def test_a_start_line_with_an_empty_word(line: bytes) -> None:
    (packet,) = session((TO_SERVER, line + b"\r\n\r\n")).packets
    covered(packet)


def test_a_handshake_and_times() -> None:
    trace = session(
        (TO_SERVER, (REQUEST % b"")[:20]),
        (TO_SERVER, (REQUEST % b"")[20:] + masked(1, b"early")),
        (TO_CLIENT, RESPONSE % b"" + b"\x81"),
        (TO_CLIENT, b"\x02hi"),
    )
    request, early, response, hi = trace.packets
    assert isinstance(request, RequestPacket) and isinstance(response, ResponsePacket)
    assert (request.method, request.target, request.headers["host"]) == ("GET", "/chat?token=1", "a")
    assert request.summary == "GET /chat"
    assert request.end_time - request.time == 1
    assert (response.status, response.verdict.accepted) == (101, True)
    assert isinstance(hi, FramePacket) and hi.message == "hi" and hi.end_time - hi.time == 1
    assert isinstance(early, FramePacket) and early.message == "early"
    assert trace.requests == (request,) and trace.responses == (response,) and trace.frames == (early, hi)
    assert trace.packets is trace.packets


def test_compression_with_takeover_and_a_cut_context() -> None:
    deflater = Parameters().deflater(Side.SERVER)
    data = [deflater.deflate(b"the same text again " * 4) for _ in range(3)]
    trace = opened(
        *((TO_CLIENT, Frame(1, one, rsv1=True).serialize()) for one in data[:2]), extension=EXTENSION
    )
    assert [frame.message for frame in trace.frames] == ["the same text again " * 4] * 2
    assert len(data[2]) < len(data[0]) / 2
    trace.clear()
    assert not trace.packets and trace.size == 0
    trace.tap("client", CLIENT, SERVER).received(Frame(1, data[2], rsv1=True).serialize())
    assert [frame.message for frame in trace.frames] == ["the same text again " * 4]


def test_a_connection_seen_by_both_ends_counts_once() -> None:
    trace = Trace()
    server, client = trace.tap("server", SERVER, CLIENT), trace.tap("client", CLIENT, SERVER)
    server.received(REQUEST % b"")
    assert len(trace.packets) == 1
    client.sent(REQUEST % b"")
    server.sent(RESPONSE % b"")
    client.received(RESPONSE % b"")
    assert [packet.kind for packet in trace.packets] == ["request", "response"]
    one_end = session((TO_SERVER, REQUEST % b""), (TO_CLIENT, RESPONSE % b"" + b"\x8a\x00"), end="server")
    assert [packet.kind for packet in one_end.packets] == ["request", "response", "frame"]


def test_an_answer_that_was_recorded_first() -> None:
    trace = session()
    tap = trace.tap("client", CLIENT, SERVER)
    tap.offer()  # by one thread; another one hears the answer before that one can say that all was taken
    tap.received(RESPONSE % b"" + b"\x81\x01a")
    tap.sent(REQUEST % b"" + masked(1, b"b"))
    assert [frame.message for frame in trace.frames] == ["b", "a"]
    assert trace.responses[0].verdict.accepted


def test_a_false_answer_is_named() -> None:
    wrong = (RESPONSE % b"").replace(b"s3pPLM", b"AAAAAA")
    verdict = session((TO_SERVER, REQUEST % b""), (TO_CLIENT, wrong)).responses[0].verdict
    assert (verdict.outcome, verdict.section) == ("refused", "RFC 6455 §4.1")
    asked = session((TO_SERVER, (REQUEST % b"").replace(b"Version: 13", b"Version: 8"))).requests[0].verdict
    assert (asked.code, asked.section) == (426, "RFC 6455 §4.2.1")
    bad = session((TO_SERVER, (REQUEST % b"").replace(b"Host:", b"Host :"))).requests[0]
    assert (bad.verdict.code, bad.request) == (400, None)
    covered(bad)


def test_plain_http_with_bodies() -> None:
    get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    trace = session(
        (TO_SERVER, get),
        (TO_CLIENT, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
        (TO_SERVER, get),
        (TO_CLIENT, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
        (TO_CLIENT, b"2;x=y\r\nde\r\n0\r\n\r\n"),
        (TO_SERVER, get),
        (TO_CLIENT, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"),
        (TO_CLIENT, b"data: 2\n\n"),
    )
    assert [packet.status for packet in trace.responses] == [200, 200, 200]
    assert trace.responses[0].response is not None and trace.responses[0].response.body == b"hello"
    bodies = [packet for packet in trace.packets if isinstance(packet, BodyPacket)]
    assert [p.bytes[p.body] for p in bodies] == [b"abc", b"de", b"", b"data: 1\n\n", b"data: 2\n\n"]
    assert len(trace.requests) == 3
    for packet in trace.packets:
        covered(packet)


def test_a_refused_upgrade_and_the_next_request() -> None:
    trace = session(
        (TO_SERVER, REQUEST % b""),
        (TO_CLIENT, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
        (TO_SERVER, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (TO_CLIENT, b"HTTP/1.1 204 No Content\r\n\r\n"),
    )
    assert [packet.summary for packet in trace.packets] == [
        "GET /chat",
        "403 Forbidden",
        "GET /",
        "204 No Content",
    ]


def test_raw_tcp() -> None:
    trace = session(
        (TO_CLIENT, b"7         Welcome5  "),
        (TO_CLIENT, b"       hel"),
        (TO_SERVER, "6         héllo".encode() + b"twelve    and more"),
    )
    welcome, hello, bad, rest = sorted(trace.packets, key=lambda p: (p.time, p.offset))
    assert all(isinstance(packet, RawPacket) for packet in trace.packets)
    assert isinstance(welcome, RawPacket) and welcome.message == "Welcome"
    assert isinstance(bad, RawPacket) and bad.message == "héllo"
    assert isinstance(hello, RawPacket) and (hello.complete, hello.length, hello.message) == (False, 5, None)
    assert "expected digits" in rest.verdict.reason
    for packet in trace.packets:
        covered(packet)


def test_bytes_of_no_protocol_stay_together() -> None:
    (packet,) = session((TO_SERVER, b"\x16\x03\x01"), (TO_SERVER, b"hello")).packets
    assert isinstance(packet, OpaquePacket)
    assert packet.bytes == b"\x16\x03\x01hello"
    other = RESPONSE.replace(b"Upgrade: websocket", b"Upgrade: h2c") % b""
    kinds = [p.kind for p in session((TO_SERVER, REQUEST % b""), (TO_CLIENT, other + b"\0\0\4")).packets]
    assert kinds == ["request", "response", "opaque"]


def test_news_come_once() -> None:
    trace = opened()
    tap = trace.tap("client", CLIENT, SERVER)
    assert [packet.kind for packet in trace.news()] == ["request", "response"]
    tap.sent(masked(1, b"a"))
    trace.clear()
    tap.sent(masked(1, b"b"))
    assert [packet.message for packet in trace.news() if isinstance(packet, FramePacket)] == ["a", "b"]
    assert trace.news() == []


def test_after_its_limit_a_trace_has_no_gaps() -> None:
    trace = Trace(limit=10)
    tap = trace.tap("client", CLIENT, SERVER)
    for data in (b"123456", b"1234567", b"1"):
        tap.sent(data)
    assert (trace.bytes(TO_SERVER), trace.dropped) == (b"123456", 8)
