"""Ruler, hexdump, XOR lanes, messages: each says as text what it draws, and is a whole SVG file."""

from __future__ import annotations

import xml.etree.ElementTree as xml

import pytest

from tests.views.seen import seen
from wsdemo import Trace, views
from wsdemo.protocol import Frame
from wsdemo.protocol.codes import Side
from wsdemo.trace.dissect import dissect_frame, dissect_frames
from wsdemo.views import Sketch
from wsdemo.views.bytes.hexdump import flat, lines, where
from wsdemo.views.bytes.stack import groups

KEY = bytes.fromhex("37fa213d")
HELLO = Frame(1, b"Hello", masking_key=KEY)

FRAMES = [
    Frame(1),
    HELLO,
    Frame(2, bytes(range(256))),
    Frame(2, bytes(70_000), masking_key=KEY),
    Frame(8, b"\x03\xe8bye", masking_key=KEY),
    Frame(3, b"<&\x00", rsv2=True, fin=False),
]


def drawn(sketch: Sketch) -> str:
    """All words of a drawing; raises where it is not XML."""
    return " ".join(xml.fromstring(sketch.svg).itertext())


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("view", [views.ruler, views.hexdump, views.xor, views.stack])
def test_any_frame_is_drawn_the_same_each_time(view, frame: Frame) -> None:
    sketch = view(frame)
    assert drawn(sketch)
    assert sketch.text
    assert sketch._repr_mimebundle_() == view(frame)._repr_mimebundle_()
    assert "data:image/svg+xml;base64," in sketch.html
    assert len(sketch.svg) < 200_000


@pytest.mark.parametrize("data", [HELLO.serialize()[:size] for size in range(1, 11)])
def test_a_frame_cut_off_is_drawn_too(data: bytes) -> None:
    assert drawn(views.ruler(data))
    assert drawn(views.hexdump(data))


def test_the_same_frame_from_anything() -> None:
    data = HELLO.serialize()
    texts = {views.ruler(x).text for x in (HELLO, data, data.hex(" "), bytearray(data), dissect_frame(data))}
    assert len(texts) == 1


def test_the_ruler_names_every_bit() -> None:
    lines = views.ruler(HELLO).text.splitlines()
    assert lines[0].split()[:4] == ["bit", "0", "FIN", "1"]
    assert lines[-1].startswith("bits 48-87  masked payload  7f 9f 4d 51 58")
    assert "RFC 6455 §5.3" in lines[-2]
    assert "→" in drawn(views.ruler(HELLO))


def test_the_hexdump_says_where_fields_are() -> None:
    text = views.hexdump(HELLO).text
    assert text.startswith("0000  81 85 37 fa 21 3d 7f 9f  4d 51 58")
    assert "bytes 2-5: masking key" in text
    fields = flat(dissect_frame(HELLO.serialize()).fields)
    assert [where(field) for field in fields][:5] == ["bit 0", "bit 1", "bit 2", "bit 3", "bits 4-7"]
    assert "… and 44 more bytes" in views.hexdump(bytes(300), frame=False).text


@pytest.mark.parametrize(("head", "parts"), [(b"A:\r\nB:\r\nC:\r\n", 16), (b"A: a\r\nB:\r\nC:\r\n", 17)])
def test_up_to_sixteen_fields_have_a_key_each_and_more_one_for_each_kind(head: bytes, parts: int) -> None:
    trace = Trace()
    tap = trace.tap("server", ("127.0.0.1", 1), ("127.0.0.1", 2))
    tap.received(b"GET / HTTP/1.1\r\n" + head + b"\r\n")
    (packet,) = trace.requests
    sketch = views.hexdump(packet)
    assert len(flat(packet.fields)) == parts
    keys = [box for box in seen(sketch).boxes if (box.width, box.height) == (26, 16)]
    if parts == 16:
        assert len(sketch.text.splitlines()) == len(lines(packet.bytes)) + 16
        assert len(keys) == 16 and len({box.x for box in keys}) == 1, "one below the other"
    else:
        assert sketch.text.splitlines() == lines(packet.bytes)
        assert len(keys) < 16 and len({box.y for box in keys}) == 1, "side by side"


def test_the_lanes_are_xor() -> None:
    lines = views.xor(HELLO).text.splitlines()[1:]
    assert lines[0].startswith("byte 0: 48 H  XOR key[0] 37 = 7f")
    assert "XOR key[0]" in lines[4]
    for line in lines:
        left, right, result = line.split("   ")[1].replace("XOR", "").replace("=", "").split()
        assert int(left, 2) ^ int(right, 2) == int(result, 2)
    assert "not masked" in views.xor(payload=b"ab").text
    with pytest.raises(ValueError, match="4 bytes, this one 3"):
        views.xor(payload=b"x", key=b"abc")


def test_frames_make_messages() -> None:
    frames = [
        Frame(1, b"Hel", fin=False, masking_key=KEY),
        Frame(9, b"?", masking_key=KEY),
        Frame(0, b"lo", masking_key=KEY),
        Frame(2, b"x", fin=False, masking_key=KEY),
        Frame(1, b"y", masking_key=KEY),
        Frame(1, b"z", masking_key=KEY),
    ]
    text = views.stack(frames).text
    assert text.startswith("6 frames, 1 whole message\n")
    assert "frame 2: ping 1 B, fin 1; control frame" in text
    assert "frame 3: continuation 2 B, fin 1; message 1" in text
    assert "frame 5: text 1 B, fin 1; refused with close code 1002" in text
    assert "frame 6: text 1 B, fin 1; ignored" in text
    assert "message 1: text 'Hello'; 2 frames, 5 bytes of payload" in text
    assert "message 2: not finished" in text
    assert views.stack(b"".join(frame.serialize() for frame in frames)).text == text
    assert "masked frame" in views.stack(frames, "client").text
    with pytest.raises(ValueError, match="'server' or 'client'"):
        views.stack(frames, "nobody")


def test_frames_that_were_picked_out_begin_and_end_messages_of_their_own() -> None:
    """What is left of a message is not one with what stands beside it."""
    sent = [Frame(1, b"Hel", fin=False), Frame(0, b"lo"), Frame(1, b"a", fin=False), Frame(0, b"b"), Frame(2)]
    frames = dissect_frames(b"".join(frame.serialize() for frame in sent), Side.CLIENT)
    for picked, messages in (
        (frames[1:2], ["continuation 'Hello'"]),
        (frames[::2], ["not finished", "not finished", "binary"]),
        (frames[1::2], ["continuation 'Hello'", "continuation 'ab'"]),
        ([frames[0], frames[3]], ["text 'ab'"]),
    ):
        assert [group.label for group in groups(picked)] == messages
        assert views.stack(picked).text.count("\nmessage ") == len(messages)


def test_the_words_of_a_short_message_are_whole() -> None:
    fragments = [Frame(1, b"Hel", fin=False), Frame(0, b"l", fin=False), Frame(0, b"o")]
    sketch = views.stack([*fragments, Frame(1, b"Hello"), Frame(8), Frame(8)], "client")
    assert "message 2: text 'Hello'" in drawn(sketch)
    assert len({box.get("y") for box in xml.fromstring(sketch.svg).iter() if box.get("height") == "28"}) == 1
