"""Frames: the RFC's examples, every rule with its bytes, and two other libraries."""

from __future__ import annotations

import dataclasses

import pytest
import websockets.exceptions
import websockets.frames
from hypothesis import given
from hypothesis import strategies as st
from websockets.streams import StreamReader
from wsproto.frame_protocol import FrameProtocol
from wsproto.frame_protocol import Opcode as WsprotoOpcode

from wsdemo.protocol.codes import Opcode, Side
from wsdemo.protocol.errors import InvalidData, MessageTooBig, ProtocolError
from wsdemo.protocol.frames import (
    Frame,
    check_length,
    close_payload,
    header,
    parse,
    parse_close,
    parse_header,
    short_reason,
)

KEY = bytes.fromhex("37fa213d")

#: Wire bytes and what they are: RFC 6455 §5.7, then every form of the length at its edges.
FRAMES = [
    ("81 05 48 65 6c 6c 6f", Frame(Opcode.TEXT, b"Hello")),
    ("81 85 37 fa 21 3d 7f 9f 4d 51 58", Frame(Opcode.TEXT, b"Hello", masking_key=KEY)),
    ("01 03 48 65 6c", Frame(Opcode.TEXT, b"Hel", fin=False)),
    ("80 02 6c 6f", Frame(Opcode.CONTINUATION, b"lo")),
    ("89 05 48 65 6c 6c 6f", Frame(Opcode.PING, b"Hello")),
    ("8a 85 37 fa 21 3d 7f 9f 4d 51 58", Frame(Opcode.PONG, b"Hello", masking_key=KEY)),
    ("82 7e 01 00" + "ab" * 256, Frame(Opcode.BINARY, b"\xab" * 256)),
    ("82 7f 00 00 00 00 00 01 00 00" + "ab" * 65536, Frame(Opcode.BINARY, b"\xab" * 65536)),
    ("82 00", Frame(Opcode.BINARY)),
    ("82 80 37 fa 21 3d", Frame(Opcode.BINARY, masking_key=KEY)),
    ("82 7d" + "00" * 125, Frame(Opcode.BINARY, bytes(125))),
    ("82 7e 00 7e" + "00" * 126, Frame(Opcode.BINARY, bytes(126))),
    ("82 7e ff ff" + "00" * 65535, Frame(Opcode.BINARY, bytes(65535))),
    ("88 02 03 e8", Frame(Opcode.CLOSE, b"\x03\xe8")),
    ("c1 07 f2 48 cd c9 c9 07 00", Frame(Opcode.TEXT, bytes.fromhex("f248cdc9c90700"), rsv1=True)),
]

#: Wire bytes, who received them, and what is wrong with them. Each is refused at the end of these bytes.
WRONG = [
    ("83 00", None, "opcode 0x3 is reserved"),
    ("87 80", None, "opcode 0x7 is reserved"),
    ("8b 00", None, "opcode 0xb is reserved"),
    ("8f 00", None, "opcode 0xf is reserved"),
    ("a1 00", None, "reserved bits set: rsv2"),
    ("91 00", None, "reserved bits set: rsv3"),
    ("c1 00", None, "reserved bits set: rsv1"),
    ("f1 00", None, "rsv1, rsv2, rsv3"),
    ("09 00", None, "fragmented control frame"),
    ("08 02", None, "fragmented control frame"),
    ("89 7e", None, "control frame of over 125 bytes"),
    ("88 7f", None, "control frame of over 125 bytes"),
    ("81 05", Side.SERVER, "frame without a mask"),
    ("88 00", Side.SERVER, "frame without a mask"),
    ("81 85", Side.CLIENT, "masked frame"),
    ("8a 80", Side.CLIENT, "masked frame"),
    ("82 7e 00 7d", None, "length 125 not in its shortest form"),
    ("82 7e 00 00", None, "length 0 not in its shortest form"),
    ("82 7f 00 00 00 00 00 00 ff ff", None, "length 65535 not in its shortest form"),
    ("82 7f 80 00 00 00 00 00 00 00", None, "top bit set"),
    ("82 7f ff ff ff ff ff ff ff ff", None, "top bit set"),
]

IDS = [wire[:30] for wire, _ in FRAMES]


def at(wire: str) -> bytes:
    return bytes.fromhex(wire)


@pytest.mark.parametrize(("wire", "frame"), FRAMES, ids=IDS)
def test_serialize_and_parse_are_mirrors(wire: str, frame: Frame) -> None:
    data = at(wire)
    assert frame.serialize() == data
    assert parse(data, rsv1=frame.rsv1) == (frame, len(data))
    assert parse(data + b"\xff\x81\x00", rsv1=frame.rsv1) == (frame, len(data))
    side = Side.CLIENT if frame.masking_key is None else Side.SERVER
    assert parse(data, rsv1=frame.rsv1, side=side) == (frame, len(data))


@pytest.mark.parametrize(("wire", "frame"), FRAMES, ids=IDS)
def test_cut_at_each_byte_it_waits(wire: str, frame: Frame) -> None:
    data = at(wire)
    for cut in range(min(len(data), 300)):
        assert parse(data[:cut], rsv1=frame.rsv1) is None
    assert parse(data[:-1], rsv1=frame.rsv1) is None


@pytest.mark.parametrize(("wire", "side", "why"), WRONG)
def test_what_breaks_a_rule_is_refused_at_once(wire: str, side: Side | None, why: str) -> None:
    data = at(wire)
    for tail in (b"", bytes(300)):
        with pytest.raises(ProtocolError, match=why) as caught:
            parse(data + tail, side=side)
        assert caught.value.code == 1002


def test_rsv1_is_for_the_frame_that_begins_a_message() -> None:
    for first in (0xC0, 0x40, 0xC8, 0xC9, 0xCA):
        with pytest.raises(ProtocolError, match="rsv1 on a frame that begins no message"):
            parse(bytes((first, 0)), rsv1=True)
    for first in (0xC1, 0x41, 0xC2, 0x42):
        assert parse(bytes((first, 0)), rsv1=True) is not None


def test_the_limit_is_told_from_the_header() -> None:
    assert parse(header(0x82, 100)[:2], limit=100) is None
    for length in (101, 125, 126, 65536, (1 << 63) - 1):
        with pytest.raises(MessageTooBig, match=f"message of {length} bytes, at most 100 accepted"):
            parse(header(0x82, length), limit=100)
    assert parse(Frame(Opcode.PING, bytes(125)).serialize(), limit=100) is not None  # not a message


def test_a_header_is_read_and_not_judged() -> None:
    broken = Frame(0xB, b"x", fin=False, rsv1=True, rsv2=True, rsv3=True, masking_key=KEY)
    head = parse_header(broken.serialize())
    assert head is not None
    assert (head.fin, head.rsv1, head.rsv2, head.rsv3, head.opcode) == (False, True, True, True, 0xB)
    assert (head.length, head.masking_key, head.size) == (1, KEY, 6)
    for length, size in ((125, 6), (126, 8), (65536, 14)):
        data = header(0x82, length, 0x80) + KEY
        assert [parse_header(data[:cut]) for cut in range(len(data))] == [None] * size
        head = parse_header(data)
        assert head is not None
        assert (head.length, head.size) == (length, size)


def test_check_length() -> None:
    check_length((1 << 63) - 1, 127)
    with pytest.raises(ProtocolError):
        check_length(1 << 63, 127)


flags = st.booleans()
frames = st.builds(
    Frame,
    opcode=st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION]),
    payload=st.binary(max_size=300),
    fin=flags,
    masking_key=st.one_of(st.none(), st.binary(min_size=4, max_size=4)),
)


@given(frames)
def test_round_trip(frame: Frame) -> None:
    data = frame.serialize()
    assert parse(data) == (frame, len(data))


@given(frames)
def test_websockets_reads_and_writes_the_same(frame: Frame) -> None:
    theirs = websockets.frames.Frame(websockets.frames.Opcode(frame.opcode), frame.payload, frame.fin)
    if frame.masking_key is None:
        assert theirs.serialize(mask=False) == frame.serialize()
    reader = StreamReader()
    reader.feed_data(frame.serialize())
    reading = websockets.frames.Frame.parse(reader.read_exact, mask=frame.masking_key is not None)
    with pytest.raises(StopIteration) as done:
        next(reading)
    assert done.value.value == theirs
    ours = parse(theirs.serialize(mask=frame.masking_key is not None))
    assert ours is not None
    assert dataclasses.replace(ours[0], masking_key=None) == dataclasses.replace(frame, masking_key=None)


@given(st.binary(max_size=300), flags)
def test_wsproto_writes_the_same(payload: bytes, fin: bool) -> None:
    server = FrameProtocol(client=False, extensions=[])
    assert server.send_data(payload, fin) == Frame(Opcode.BINARY, payload, fin).serialize()
    ping = Frame(Opcode.PING, payload[:125])
    assert server._serialize_frame(WsprotoOpcode.PING, ping.payload) == ping.serialize()


@given(st.binary(max_size=40), st.sampled_from([None, *Side]), flags)
def test_any_bytes_give_a_frame_or_wait_or_are_refused(data: bytes, side: Side | None, rsv1: bool) -> None:
    try:
        found = parse(data, side=side, rsv1=rsv1, limit=1000)
    except ProtocolError:
        return
    if found is not None:
        frame, size = found
        assert frame.serialize() == data[:size]


CLOSES = [
    ("", (1005, "")),
    ("03 e8", (1000, "")),
    ("03 e9 62 79 65", (1001, "bye")),
    ("0f a0 c3 a9", (4000, "é")),
    ("03 f6", (1014, "")),
    ("03 e8" + "61" * 123, (1000, "a" * 123)),
]


@pytest.mark.parametrize(("payload", "meaning"), CLOSES)
def test_close_frames(payload: str, meaning: tuple[int, str]) -> None:
    assert parse_close(at(payload)) == meaning
    code, reason = meaning
    assert close_payload(None if code == 1005 else code, reason) == at(payload)


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
def test_close_codes_that_nobody_may_send(code: int) -> None:
    with pytest.raises(ProtocolError, match=f"close code {code}"):
        parse_close(code.to_bytes(2, "big"))
    with pytest.raises(ValueError, match=f"close code {code} must not be sent"):
        close_payload(code)


def test_close_frames_that_are_wrong() -> None:
    with pytest.raises(ProtocolError, match="close frame of 1 byte"):
        parse_close(b"\x03")
    with pytest.raises(InvalidData, match="close reason: not UTF-8"):
        parse_close(b"\x03\xe8\xff")
    with pytest.raises(ValueError, match="close reason of 124 bytes, at most 123 fit"):
        close_payload(1000, "a" * 124)
    with pytest.raises(ValueError, match="needs a close code"):
        close_payload(None, "bye")


def test_a_reason_is_cut_between_characters() -> None:
    assert short_reason("a" * 122 + "é") == "a" * 122
    assert short_reason("a" * 121 + "é") == "a" * 121 + "é"
    assert close_payload(1000, short_reason("€" * 100))
