"""The protocol, receiving: tables of wire bytes, both sides, whole, cut at each byte, with more behind."""

from __future__ import annotations

import gc
import itertools
import os
import sys
import time
import tracemalloc
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsdemo.protocol import masking, utf8
from wsdemo.protocol.codes import CONTROL, Opcode, Side
from wsdemo.protocol.deflate import Deflater, Parameters, compressed_bound
from wsdemo.protocol.errors import InvalidData, InvalidState, MessageTooBig, PolicyViolation, ProtocolError
from wsdemo.protocol.events import Closed, Closing, Event, Failed, Message, Ping, Pong
from wsdemo.protocol.frames import Frame, Header, check_length, header, parse, parse_close, parse_header
from wsdemo.protocol.limits import Limits
from wsdemo.protocol.partial import _keep_memory
from wsdemo.protocol.protocol import IN_PLACE, PONGS, Protocol
from wsdemo.protocol.states import State

KiB = 1024
MiB = 1024 * KiB
KEY = bytes.fromhex("37fa213d")
TEXT, BINARY, MORE = Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION
CLOSE, PING, PONG = Opcode.CLOSE, Opcode.PING, Opcode.PONG
COMPRESSED = Parameters()


def wire(frames: Iterable[Frame], side: Side) -> bytes:
    """The bytes of these frames as they come to ``side``: masked where that is the server."""
    key = KEY if side is Side.SERVER else None
    return b"".join(
        Frame(f.opcode, f.payload, f.fin, f.rsv1, f.rsv2, f.rsv3, key).serialize() for f in frames
    )


def part(opcode: int, payload: bytes, **bits: bool) -> Frame:
    return Frame(opcode, payload, fin=False, **bits)


def answered(owed: bytes, side: Side) -> list[tuple[int, bytes]]:
    """Opcode and payload of each frame in what ``side`` owes."""
    found = []
    while owed:
        frame = parse(owed, side=side.peer)
        assert frame is not None
        found.append((frame[0].opcode, frame[0].payload))
        owed = owed[frame[1] :]
    return found


def close(code: int, reason: str = "") -> Frame:
    return Frame(CLOSE, code.to_bytes(2, "big") + reason.encode())


@dataclass(frozen=True)
class failed:
    """A failure with any words."""

    code: int


def shape(events: list[Event]) -> list[Event | failed]:
    return [failed(event.error.code) if isinstance(event, Failed) else event for event in events]


def deflated(data: bytes) -> bytes:
    return Deflater().deflate(data)


#: Name, frames, events.
GOOD: list[tuple[str, list[Frame], list[Event]]] = [
    ("text", [Frame(TEXT, b"Hello")], [Message("Hello")]),
    ("binary", [Frame(BINARY, b"\x00\xff")], [Message(b"\x00\xff")]),
    ("empty", [Frame(TEXT), Frame(BINARY)], [Message(""), Message(b"")]),
    ("125 bytes", [Frame(TEXT, b"a" * 125)], [Message("a" * 125)]),
    ("126 bytes", [Frame(TEXT, b"a" * 126)], [Message("a" * 126)]),
    ("two", [Frame(TEXT, b"one"), Frame(BINARY, b"two")], [Message("one"), Message(b"two")]),
    ("fragments", [part(TEXT, b"Hel"), Frame(MORE, b"lo")], [Message("Hello")]),
    ("three fragments", [part(BINARY, b"a"), part(MORE, b"b"), Frame(MORE, b"c")], [Message(b"abc")]),
    ("empty fragments", [part(TEXT, b""), part(MORE, b""), Frame(MORE, b"")], [Message("")]),
    ("a character cut in two", [part(TEXT, b"\xe2\x82"), Frame(MORE, b"\xac")], [Message("€")]),
    ("and in three", [part(TEXT, b"\xf0"), part(MORE, b"\x9f\x91"), Frame(MORE, b"\x8b")], [Message("👋")]),
    ("ping", [Frame(PING, b"hi")], [Ping(b"hi")]),
    ("pong", [Frame(PONG, b"hi")], [Pong(b"hi")]),
    (
        "control frames between fragments",
        [part(TEXT, b"Hel"), Frame(PING, b"1"), Frame(PONG, b"2"), Frame(MORE, b"lo"), Frame(TEXT, b"next")],
        [Ping(b"1"), Pong(b"2"), Message("Hello"), Message("next")],
    ),
    ("large ping", [Frame(PING, bytes(125))], [Ping(bytes(125))]),
    ("close", [close(1000)], [Closing(1000)]),
    ("close with a reason", [close(4999, "bye é")], [Closing(4999, "bye é")]),
    ("close without a code", [Frame(CLOSE)], [Closing(1005)]),
    ("a message before the close", [Frame(TEXT, b"last"), close(1001)], [Message("last"), Closing(1001)]),
    ("close inside a message", [part(TEXT, b"Hel"), close(1001)], [Closing(1001)]),
]

#: Name, frames, events: what the peer must not send. Everything before it is delivered.
BAD: list[tuple[str, list[Frame], list[Any]]] = [
    ("reserved opcode", [Frame(TEXT, b"ok"), Frame(3, b"x")], [Message("ok"), failed(1002)]),
    ("reserved control opcode", [Frame(0xB)], [failed(1002)]),
    ("rsv1 without compression", [Frame(TEXT, b"x", rsv1=True)], [failed(1002)]),
    ("rsv2", [Frame(TEXT, b"x", rsv2=True)], [failed(1002)]),
    ("rsv3 on a ping", [Frame(PING, rsv3=True)], [failed(1002)]),
    ("continuation of nothing", [Frame(MORE, b"x")], [failed(1002)]),
    ("and not the last one", [part(MORE, b"x")], [failed(1002)]),
    (
        "continuation of what is over",
        [part(TEXT, b""), Frame(MORE), Frame(MORE)],
        [Message(""), failed(1002)],
    ),
    ("text inside a message", [part(TEXT, b"a"), Frame(TEXT, b"b")], [failed(1002)]),
    ("binary inside a message", [part(TEXT, b"a"), part(BINARY, b"b")], [failed(1002)]),
    ("fragmented ping", [part(PING, b"")], [failed(1002)]),
    ("fragmented close", [part(CLOSE, b"")], [failed(1002)]),
    ("ping of 126 bytes", [Frame(PING, bytes(126))], [failed(1002)]),
    ("close of 126 bytes", [Frame(CLOSE, b"\x03\xe8" + b"a" * 124)], [failed(1002)]),
    ("close of one byte", [Frame(CLOSE, b"\x03")], [failed(1002)]),
    ("close code 1005", [close(1005)], [failed(1002)]),
    ("close code 2999", [close(2999)], [failed(1002)]),
    ("close reason not UTF-8", [Frame(CLOSE, b"\x03\xe8\xff")], [failed(1007)]),
    ("text not UTF-8", [Frame(TEXT, b"ok\xff")], [failed(1007)]),
    ("text ends within a character", [Frame(TEXT, b"\xe2\x82")], [failed(1007)]),
    ("surrogates", [Frame(TEXT, b"\xed\xa0\x80")], [failed(1007)]),
    ("fragment not UTF-8", [part(TEXT, b"ok"), part(MORE, b"\xff")], [failed(1007)]),
    ("fragments end within a character", [part(TEXT, b"\xe2"), Frame(MORE, b"\x82")], [failed(1007)]),
    ("a ping before the error", [Frame(PING, b"1"), Frame(3)], [Ping(b"1"), failed(1002)]),
]

NAMES = [name for name, _, _ in GOOD + BAD]
both = pytest.mark.parametrize("side", list(Side), ids=lambda side: side.value)
rows = pytest.mark.parametrize(("name", "frames", "events"), GOOD + BAD, ids=NAMES)


def fed(protocol: Protocol, pieces: Iterable[bytes]) -> list[Event]:
    return [event for piece in pieces for event in protocol.receive(piece)]


def quickly(protocol: Protocol, pieces: Iterable[bytes]) -> list[Event]:
    """The same, by the fast way first; it changes nothing."""
    events: list[Event] = []
    for piece in pieces:
        messages, end = protocol.messages(piece)
        assert protocol.messages(piece) == (messages, end)
        events += [*map(Message, messages), *protocol.receive(piece[end:])]
    return events


def check_answers(owed: list[tuple[int, bytes]], events: list[Any]) -> None:
    """A pong for each ping, and a close frame with the code at the end."""
    pongs = [(PONG, event.payload) for event in events if isinstance(event, Ping)]
    assert owed[: len(pongs)] == pongs
    rest = owed[len(pongs) :]
    end = events[-1]
    if not isinstance(end, Closing | failed):
        assert rest == []
    else:
        ((opcode, payload),) = rest
        assert opcode == CLOSE
        assert payload[:2] == (b"" if end.code == 1005 else end.code.to_bytes(2, "big"))


@both
@rows
def test_whole_cut_and_with_more_behind(
    side: Side, name: str, frames: list[Frame], events: list[Any]
) -> None:
    data = wire(frames, side)
    end = events[-1]
    ended = isinstance(end, Closing | failed)
    ways: list[Iterable[bytes]] = [[data], [data[i : i + 1] for i in range(len(data))]]
    ways += [[data[:cut], data[cut:]] for cut in range(1, len(data))]
    if ended:  # "after a close frame: nothing", and after an error
        more = wire([Frame(TEXT, b"more"), close(1000)], side)
        ways += [[data + more], [data, more], [data, b"\xff" * 100]]
    for way, feed in itertools.product(ways, (fed, quickly)):
        protocol = Protocol(side, opened=True)
        assert shape(feed(protocol, way)) == events
        check_answers(answered(protocol.data_to_send(), side), events)
        assert protocol.state is (State.CLOSING if ended else State.OPEN)
        assert (protocol.error is not None) is isinstance(end, failed)
        received = (end.code, end.reason) if isinstance(end, Closing) else (1006, "")
        if ended:  # "the status code contained in the first Close control frame received" (§7.1.5)
            assert (protocol.close_code, protocol.close_reason) == received
            assert protocol.close_sent == end.code
        assert protocol.receive_eof() == [Closed(*received, clean=isinstance(end, Closing))]
        assert (protocol.state, protocol.close_code) == (State.CLOSED, received[0])
    if not ended:
        protocol = Protocol(side, opened=True)
        more = wire([Frame(TEXT, b"more")], side)
        for cut in range(len(more)):
            protocol = Protocol(side, opened=True)
            assert protocol.receive(data + more[:cut]) == events
            assert protocol.receive(more[cut:]) == [Message("more")]


def test_the_fast_way_is_for_small_whole_messages_of_an_open_connection() -> None:
    data = wire([Frame(TEXT, b"a"), Frame(BINARY, b"a" * 125), Frame(TEXT, b"a" * 126)], Side.SERVER)
    assert Protocol(Side.SERVER, opened=True).messages(data) == (["a", b"a" * 125], 7 + 131)
    assert Protocol(Side.SERVER, opened=True).messages(data, 7) == ([b"a" * 125], 7 + 131)
    assert Protocol(Side.SERVER).messages(data) == ([], 0), "these may be bytes of a request"
    assert Protocol(Side.SERVER, opened=True, authenticated=False).messages(data) == ([], 0)
    closing = Protocol(Side.SERVER, opened=True)
    closing.close()
    assert closing.receive(data) == [Message("a"), Message(b"a" * 125), Message("a" * 126)]


@both
def test_the_mask_must_be_as_the_rfc_says(side: Side) -> None:
    for frame in (Frame(TEXT, b"x"), Frame(CLOSE), Frame(BINARY, bytes(200)), Frame(PING)):
        protocol = Protocol(side, opened=True)
        assert shape(protocol.receive(wire([Frame(TEXT, b"ok")], side) + wire([frame], side.peer))) == [
            Message("ok"),
            failed(1002),
        ]


LENGTHS = [
    ("7e 00 7d", 1002),
    ("7f 00 00 00 00 00 00 ff ff", 1002),
    ("7f 80 00 00 00 00 00 00 00", 1002),
    ("7f ff ff ff ff ff ff ff ff", 1002),
    ("7f 00 00 00 00 00 10 00 01", 1009),
    ("7f 7f ff ff ff ff ff ff ff", 1009),
]


@both
@pytest.mark.parametrize(("length", "code"), LENGTHS)
@pytest.mark.parametrize("first", [0x81, 0x82, 0x01, 0x02])
def test_lengths_are_judged_before_the_payload(side: Side, length: str, code: int, first: int) -> None:
    # CVE-2020-27813, CVE-2022-35922 and their kin
    raw = bytearray(bytes((first,)) + bytes.fromhex(length))
    if side is Side.SERVER:
        raw[1] |= 0x80
    for pieces in ([bytes(raw)], [bytes(raw[i : i + 1]) for i in range(len(raw))]):
        for _ in range(2):  # the first time Python itself keeps what it will need again
            protocol = Protocol(side, opened=True)
            tracemalloc.start()
            events = fed(protocol, pieces)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert shape(events) == [failed(code)]
        assert peak < 20 * KiB


@both
def test_memory_follows_the_bytes_that_came(side: Side) -> None:
    limits = Limits(message_size=1 << 40)
    protocol = Protocol(side, opened=True, limits=limits)
    _keep_memory()  # what a process does once
    tracemalloc.start()
    protocol.receive(header(0x82, 1 << 39, 0x80 if side is Side.SERVER else 0) + KEY + b"a" * 1000)
    assert tracemalloc.get_traced_memory()[1] < 20 * KiB
    view = protocol.get_buffer()
    assert view is not None
    assert len(view) <= 64 * KiB
    assert tracemalloc.get_traced_memory()[1] < 300 * KiB
    tracemalloc.stop()


@both
def test_the_bound_on_a_message(side: Side) -> None:
    limits = Limits(message_size=200)

    def events(*frames: Frame, deflate: Parameters | None = None) -> list[Event]:
        protocol = Protocol(side, opened=True, limits=limits, deflate=deflate)
        return shape(protocol.receive(wire(frames, side)))

    assert events(Frame(TEXT, b"a" * 200)) == [Message("a" * 200)]
    assert events(Frame(TEXT, b"a" * 201)) == [failed(1009)]
    assert events(part(TEXT, b"a" * 150), Frame(MORE, b"a" * 50)) == [Message("a" * 200)]
    assert events(part(TEXT, b"a" * 150), part(MORE, b"a" * 51)) == [failed(1009)]
    assert events(part(TEXT, b"a" * 150), Frame(PING, bytes(125)), Frame(MORE)) == [
        Ping(bytes(125)),
        Message("a" * 150),
    ]
    for size, event in ((200, Message(b"a" * 200)), (201, failed(1009))):
        packed = Frame(BINARY, deflated(b"a" * size), rsv1=True)
        assert events(packed, deflate=COMPRESSED) == [event]
    noise = os.urandom(200)
    packed = Frame(BINARY, deflated(noise), rsv1=True)
    assert len(packed.payload) > 200
    assert events(packed, deflate=COMPRESSED) == [Message(noise)]
    parts = part(BINARY, packed.payload[:100], rsv1=True), Frame(MORE, packed.payload[100:])
    assert events(*parts, deflate=COMPRESSED) == [Message(noise)]
    too_much = bytes(compressed_bound(200) + 1)
    assert events(Frame(BINARY, too_much, rsv1=True), deflate=COMPRESSED) == [failed(1009)]
    assert events(
        part(BINARY, too_much[:200], rsv1=True), Frame(MORE, too_much[200:]), deflate=COMPRESSED
    ) == [failed(1009)]


@both
@pytest.mark.parametrize("size", [0, 10, 124])
def test_a_bound_smaller_than_a_small_frame(side: Side, size: int) -> None:
    protocol = Protocol(side, opened=True, limits=Limits(message_size=size))
    data = wire([Frame(TEXT, b"a" * size), Frame(TEXT, b"a" * (size + 1))], side)
    assert shape(protocol.receive(data)) == [Message("a" * size), failed(1009)]


@both
def test_fragments_are_counted_empty_ones_too(side: Side) -> None:
    limits = Limits(fragments=3)
    flood = [part(BINARY, b""), part(MORE, b""), part(MORE, b""), part(MORE, b"")]
    assert shape(Protocol(side, opened=True, limits=limits).receive(wire(flood, side))) == [failed(1008)]
    fine = [part(BINARY, b"a"), part(MORE, b"b"), Frame(PING), Frame(MORE, b"c")]
    protocol = Protocol(side, opened=True, limits=limits)
    for _ in range(2):  # each message anew
        assert protocol.receive(wire(fine, side)) == [Ping(b""), Message(b"abc")]


# Compression


@both
def test_compressed_messages(side: Side) -> None:
    # RFC 7692 §7.2.3.1, and in fragments; the flag belongs to the message, whatever comes in between
    hello = bytes.fromhex("f248cdc9c90700")
    frames = [
        Frame(TEXT, hello, rsv1=True),
        part(TEXT, hello[:3], rsv1=True),
        Frame(PING, b"1"),
        part(MORE, b""),
        Frame(PONG, b"2"),
        Frame(MORE, hello[3:]),
        Frame(TEXT, b"plain"),
        part(TEXT, b"pla"),
        Frame(MORE, b"in"),
    ]
    events = [Message("Hello"), Ping(b"1"), Pong(b"2"), Message("Hello"), Message("plain"), Message("plain")]
    data = wire(frames, side)
    parameters = Parameters(True, True)
    for pieces in ([data], [data[i : i + 1] for i in range(len(data))]):
        assert fed(Protocol(side, opened=True, deflate=parameters), pieces) == events


@both
@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([part(TEXT, b"\x00", rsv1=True), Frame(MORE, b"\x00", rsv1=True)], 1002),
        ([Frame(PING, rsv1=True)], 1002),
        ([Frame(TEXT, b"\xff\xff\xff", rsv1=True)], 1007),
        ([Frame(TEXT, deflated(b"\xff" * 9), rsv1=True)], 1007),
        ([Frame(TEXT, deflated(bytes(2 * MiB)), rsv1=True)], 1009),
    ],
)
def test_compressed_messages_that_are_wrong(side: Side, frames: list[Frame], code: int) -> None:
    data = wire(frames, side)
    for pieces in ([data], [data[i : i + 1] for i in range(len(data))]):
        assert shape(fed(Protocol(side, opened=True, deflate=COMPRESSED), pieces)) == [failed(code)]


# UTF-8: at the exact byte


@both
def test_text_fails_at_the_very_byte(side: Side) -> None:
    # Autobahn 6.4: "fail fast" within a frame and between frames
    good, bad = "κόσμε".encode(), b"\xf4\x90\x80\x80"
    payload = good + bad + b"edited"
    exact = len(good) + 2  # f4 may begin a character, f4 90 never does
    whole = wire([Frame(TEXT, payload)], side)
    start = len(whole) - len(payload)
    protocol = Protocol(side, opened=True)
    for i in range(len(whole)):
        events = protocol.receive(whole[i : i + 1])
        assert (shape(events) == [failed(1007)]) is (i + 1 == start + exact), i
        if events:
            break
    frames = [part(TEXT if i == 0 else MORE, payload[i : i + 1]) for i in range(len(payload))]
    protocol = Protocol(side, opened=True)
    for i, frame in enumerate(frames):
        events = protocol.receive(wire([frame], side))
        assert (shape(events) == [failed(1007)]) is (i + 1 == exact), i
        if events:
            break
    begun = wire([part(TEXT, payload[:3])], side)  # which ends within a character
    rest = wire([Frame(MORE, payload[3:])], side)
    protocol = Protocol(side, opened=True)
    protocol.receive(begun)
    for i in range(len(rest)):
        events = protocol.receive(rest[i : i + 1])
        assert (shape(events) == [failed(1007)]) is (i + 1 == len(rest) - len(payload) + exact), i
        if events:
            break
    protocol = Protocol(side, opened=True)
    assert protocol.receive(whole[: start + exact - 1]) == []
    assert shape(protocol.receive(whole[start + exact - 1 :])) == [failed(1007)]


# Large payloads, in place


@both
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("numpy", [True, False])
def test_receiving_in_place_is_the_same(
    side: Side, opcode: Opcode, numpy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not numpy:
        monkeypatch.setattr(masking, "numpy", lambda: None)
    text = "αβγ€👋x" * 20_000
    data = wire([Frame(opcode, text.encode()), Frame(TEXT, b"next")], side)
    message = Message(text if opcode == TEXT else text.encode())
    for first in (0, 1, 13, 20, 5000, 65536):
        protocol = Protocol(side, opened=True)
        events = protocol.receive(data[:first])
        position, in_place = first, 0
        while position < len(data):
            view = protocol.get_buffer()
            size = min(len(view) if view is not None else 16_000, 9973, len(data) - position)
            piece = data[position : position + size]
            if view is not None:
                view[:size] = piece
                in_place += size
                events += protocol.buffer_updated(size)
            else:
                events += protocol.receive(piece)
            position += size
        assert events == [message, Message("next")]
        assert in_place > len(text)
        # and after a view that was not used
        protocol = Protocol(side, opened=True)
        protocol.receive(data[:1000])
        assert protocol.get_buffer() is not None
        assert fed(protocol, [data[1000:]]) == [message, Message("next")]


def test_in_place_for_large_payloads_only() -> None:
    protocol = Protocol(Side.CLIENT, opened=True)
    assert protocol.get_buffer() is None
    protocol.receive(header(0x82, IN_PLACE) + b"a")
    assert protocol.get_buffer() is None
    protocol = Protocol(Side.CLIENT, opened=True)
    protocol.receive(header(0x82, IN_PLACE + 2) + b"a")
    view = protocol.get_buffer()
    assert view is not None
    with pytest.raises(ValueError, match="do not fit"):
        protocol.buffer_updated(len(view) + 1)
    protocol.receive_eof()
    assert protocol.get_buffer() is None
    with pytest.raises(InvalidState):
        protocol.buffer_updated(0)


def test_in_place_text_fails_at_once() -> None:
    protocol = Protocol(Side.CLIENT, opened=True)
    protocol.receive(header(0x81, 100_000) + b"a")
    view = protocol.get_buffer()
    assert view is not None
    view[:2] = b"a\xff"
    assert shape(protocol.buffer_updated(2)) == [failed(1007)]
    assert protocol.buffer_updated.__self__.get_buffer() is None


# Pings


@both
def test_pings_of_one_batch_are_all_answered(side: Side) -> None:
    # Autobahn 2.10 and 2.11
    pings = [Frame(PING, b"%d" % i) for i in range(10)]
    protocol = Protocol(side, opened=True)
    protocol.receive(wire(pings, side))
    assert answered(protocol.data_to_send(), side) == [(PONG, ping.payload) for ping in pings]
    assert protocol.data_to_send() == b""
    assert not protocol.has_data_to_send


@both
def test_a_flood_of_pings_owes_little(side: Side) -> None:
    protocol = Protocol(side, opened=True)
    flood = wire([Frame(PING, bytes(121) + i.to_bytes(4, "big")) for i in range(10_000)], side)
    protocol.receive(flood)
    owed = answered(protocol.data_to_send(), side)
    assert owed[-1] == (PONG, bytes(121) + (9999).to_bytes(4, "big"))
    assert len(owed) * 131 < PONGS + 262
    for i in range(100):  # nobody takes them away: the newest batch only
        protocol.receive(wire([Frame(PING, b"%d" % i), Frame(PING, b"%d!" % i)], side))
    assert answered(protocol.data_to_send(), side) == [(PONG, b"99"), (PONG, b"99!")]


@both
def test_no_pong_after_a_close_frame(side: Side) -> None:
    protocol = Protocol(side, opened=True)
    protocol.receive(wire([Frame(PING, b"before")], side))
    sent = protocol.close()
    assert [opcode for opcode, _ in answered(sent, side)] == [PONG, CLOSE]
    assert protocol.receive(wire([Frame(PING, b"after")], side)) == [Ping(b"after")]
    assert protocol.data_to_send() == b""


# The end


@both
def test_the_closing_handshake_begun_here(side: Side) -> None:
    protocol = Protocol(side, opened=True)
    assert answered(protocol.close(1001, "bye"), side) == [(CLOSE, b"\x03\xe9bye")]
    assert (protocol.state, protocol.close_sent, protocol.close_code) == (State.CLOSING, 1001, None)
    assert protocol.receive(wire([Frame(TEXT, b"on its way")], side)) == [Message("on its way")]
    assert protocol.receive(wire([close(3000)], side)) == [Closing(3000)]
    assert (protocol.state, protocol.close_sent, protocol.close_code) == (State.CLOSING, 1001, 3000)
    assert protocol.data_to_send() == b""
    assert protocol.receive_eof() == [Closed(3000)]
    assert protocol.state is State.CLOSED
    assert protocol.receive_eof() == []


@both
def test_there_is_one_close_frame(side: Side) -> None:
    protocol = Protocol(side, opened=True)
    protocol.receive(wire([close(1001)], side))
    for _ in range(2):  # also while the answer waits to be taken, and messages may still go before it
        with pytest.raises(InvalidState, match="is closing; only an open one can be closed"):
            protocol.close()
        assert answered(protocol.data_to_send(), side) in ([(CLOSE, b"\x03\xe9")], [])


@both
def test_an_error_while_closing(side: Side) -> None:
    protocol = Protocol(side, opened=True)
    protocol.close()
    assert shape(protocol.receive(wire([Frame(3)], side))) == [failed(1002)]
    assert protocol.data_to_send() == b""  # one close frame is enough
    assert (protocol.state, protocol.close_sent, protocol.close_code) == (State.CLOSING, 1000, 1006)
    assert protocol.receive(wire([close(1000)], side)) == []  # nothing is read after a failure
    assert protocol.receive_eof() == [Closed(1006, clean=False)]


@both
def test_tcp_ends_without_a_word(side: Side) -> None:
    for begin in (lambda p: None, lambda p: p.close(), lambda p: p.receive(wire([part(TEXT, b"x")], side))):
        protocol = Protocol(side, opened=True)
        begin(protocol)
        assert protocol.receive_eof() == [Closed(1006, "", clean=False)]
        assert (protocol.close_code, protocol.state) == (1006, State.CLOSED)
        assert protocol.receive(wire([Frame(TEXT, b"late")], side)) == []
        assert protocol.receive_eof() == []


@both
def test_the_close_frame_of_a_failure_says_why(side: Side) -> None:
    protocol = Protocol(side, opened=True, limits=Limits(message_size=5))
    assert protocol.receive(wire([Frame(TEXT, b"123456")], side)) == [Failed(protocol.error)]  # type: ignore[arg-type]
    assert str(protocol.error) == "message of 6 bytes or more, at most 5 accepted"
    assert answered(protocol.data_to_send(), side) == [(CLOSE, b"\x03\xf1" + str(protocol.error).encode())]
    assert protocol.close_reason == ""  # of what was received, and nothing was


# Cost


def test_an_idle_connection_is_small() -> None:
    data = wire([Frame(TEXT, bytes(100_000)), part(TEXT, b"a"), Frame(MORE, b"b")], Side.SERVER)
    # The first time loads modules.
    fed(Protocol(Side.SERVER, opened=True), [data[:70_000], data[70_000:]])
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    held = [Protocol(Side.SERVER, opened=True) for _ in range(100)]
    assert (tracemalloc.get_traced_memory()[0] - before) / len(held) < 600
    for protocol in held:  # also after a message, large and cut into pieces
        protocol.receive(data[:70_000])
        protocol.receive(data[70_000:])
    assert (tracemalloc.get_traced_memory()[0] - before) / len(held) < 1500
    tracemalloc.stop()
    assert not hasattr(held[0], "__dict__")
    assert sys.getsizeof(held[0]) < 300


@pytest.mark.parametrize("fragments", [False, True])
def test_a_message_dribbled_byte_by_byte_costs_linear_time(fragments: bool) -> None:
    # CVE-2026-54274: ten times the bytes, ten times the time; a parser that copies what it has, forty times
    def seconds(size: int) -> float:
        frames = [part(TEXT, b""), Frame(MORE, b"a" * size)] if fragments else [Frame(TEXT, b"a" * size)]
        data = wire(frames, Side.SERVER)
        best = 99.0
        for _ in range(3 if size < 400_000 else 1):
            protocol = Protocol(Side.SERVER, opened=True)
            pieces = [data[i : i + 1] for i in range(len(data))]
            gc.disable()  # a pass over all objects of the test runner would count too
            started = time.process_time()
            events = fed(protocol, pieces)
            best = min(best, time.process_time() - started)
            gc.enable()
            assert events == [Message("a" * size)]
        return best

    assert seconds(400_000) < 25 * seconds(40_000)


# The hot loop beside the plain way


def judge(head: Header, joined: bytes, count: int, opcode: int, limits: Limits) -> None:
    """The rules on a data frame, ``count`` frames into a message of ``opcode`` (0: there is none)."""
    if head.opcode == MORE and not opcode:
        raise ProtocolError("nothing to continue")
    if head.opcode != MORE and opcode:
        raise ProtocolError("not a continuation")
    if count > limits.fragments:
        raise PolicyViolation("too many fragments")
    if len(joined) + head.length > limits.message_size:
        raise MessageTooBig("too big")


def plain(data: bytes, side: Side, limits: Limits) -> list[Event | failed]:
    """What ``receive`` must give for ``data``: by ``frames.parse``, as slowly as it reads."""
    events: list[Event | failed] = []
    opcode, parts = 0, [b""]  # of the message that is under way
    try:
        while True:
            found = parse(data, side=side)
            need = 2 + {126: 2, 127: 8}.get(data[1] & 127, 0) if len(data) >= 2 else 2
            if len(data) >= need:
                head = parse_header(data + bytes(4))  # its key may still be missing
                assert head is not None
                check_length(head.length, data[1])
                here = data[head.size : head.size + head.length]
                if not head.opcode & CONTROL:
                    judge(head, b"".join(parts), len(parts), opcode, limits)
                    if TEXT in (opcode, head.opcode):
                        key = head.masking_key or bytes(4)
                        utf8.check(b"", b"".join(parts) + masking.mask_plain(here, key))
            if found is None:
                return events
            frame, size = found
            data = data[size:]
            match frame.opcode:
                case Opcode.PING:
                    events.append(Ping(frame.payload))
                case Opcode.PONG:
                    events.append(Pong(frame.payload))
                case Opcode.CLOSE:
                    return [*events, Closing(*parse_close(frame.payload))]
                case _:
                    opcode = opcode or frame.opcode
                    parts.append(frame.payload)
                    if frame.fin:
                        whole = b"".join(parts)
                        if opcode == TEXT and utf8.check(b"", whole):
                            raise InvalidData("incomplete")
                        events.append(Message(whole.decode() if opcode == TEXT else whole))
                        opcode, parts = 0, [b""]
    except ProtocolError as error:
        return [*events, failed(error.code)]


payloads = st.one_of(
    st.text(max_size=40).map(str.encode),
    st.binary(max_size=20),
    st.sampled_from([b"", b"a" * 125, b"a" * 126, b"\xc3", b"\xa9", b"\xff"]),
)
streams = st.lists(
    st.builds(
        Frame,
        opcode=st.sampled_from([TEXT, TEXT, TEXT, BINARY, BINARY, MORE, MORE, MORE, PING, PONG, CLOSE, 3]),
        payload=payloads,
        fin=st.sampled_from([True, True, True, False]),
        masking_key=st.binary(min_size=4, max_size=4),
    ),
    max_size=8,
)


@settings(max_examples=int(os.environ.get("WSDEMO_EXAMPLES", "400")), deadline=None)
@given(
    streams,
    st.sampled_from(list(Side)),
    st.lists(st.integers(0, 400), max_size=4),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=1),
    st.integers(0, 20),
)
def test_the_hot_loop_gives_what_the_plain_way_gives(
    frames: list[Frame],
    side: Side,
    cuts: list[int],
    flips: list[tuple[int, int]],
    missing: int,
) -> None:
    key = side is Side.SERVER
    data = bytearray(
        b"".join(
            Frame(f.opcode, f.payload, f.fin, masking_key=f.masking_key if key else None).serialize()
            for f in frames
        )
    )
    for at, value in flips:
        if at < len(data):
            data[at] = value
    whole = bytes(data[: max(0, len(data) - missing)])
    limits = Limits(message_size=150, fragments=3)
    expected = shape(plain(whole, side, limits))
    edges = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    cut_up = [whole[a:b] for a, b in itertools.pairwise(edges)]
    for pieces in ([whole], cut_up, [whole[i : i + 1] for i in range(len(whole))]):
        assert shape(fed(Protocol(side, opened=True, limits=limits), pieces)) == expected
