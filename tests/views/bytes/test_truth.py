"""What the views of one frame show, read from the drawing and held against the bytes of the frame."""

from __future__ import annotations

import itertools

import pytest

from tests.views.samples import FRAMES, KEY
from tests.views.seen import Box, Page, seen
from wsdemo import views
from wsdemo.protocol import Frame
from wsdemo.trace.dissect import dissect_frame
from wsdemo.views.bytes import hexdump, ruler, xor
from wsdemo.views.bytes.hexdump import flat
from wsdemo.views.bytes.specimen import receiver_of
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.theme import glyph

MOST = 32  # bytes that are drawn

pytestmark = pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)


def fields_of(data: bytes) -> list[tuple[str, int, int]]:
    """Each field with its first bit and the one behind its last, of those that are drawn."""
    packet = dissect_frame(data, receiver_of(data))
    return [(f.name, f.start, min(f.stop, MOST * 8)) for f in flat(packet.fields) if f.start < MOST * 8]


def bits(data: bytes, start: int, stop: int) -> str:
    return "".join(f"{byte:08b}" for byte in data)[start:stop]


def boxes(page: Page, name: str) -> list[Box]:
    return page.like(name)


def test_the_ruler_has_every_bit_in_the_box_of_its_field(frame: Frame) -> None:
    data = frame.serialize()
    page = seen(views.ruler(frame, most=MOST))
    upper = [word for word in page.words if word.y > ruler.HEAD and (word.y - ruler.HEAD) % ruler.TALL < 20]
    shown = {word: word.text for word in upper if word.text in "01"}
    for name, start, stop in fields_of(data):
        found = ""
        for row, left, right in ruler.segments(start, stop):
            x, y = ruler.LEFT + left * ruler.CELL, ruler.HEAD + row * ruler.TALL
            (box,) = [b for b in page.like(name) if (b.x, b.y) == (x, y)]
            assert (box.width, box.height) == ((right - left) * ruler.CELL, ruler.TALL)
            inside = [word for word in shown if box.holds(word.x, word.y) and word.y < box.y + 20]
            found += "".join(word.text for word in sorted(inside, key=lambda word: word.x))
            label = theme.field(name).label
            words = page.inside(box)
            if stop - start == 1:
                assert "".join(words[1:]) == label, "upright, letter below letter"
            else:
                began = row * ruler.ROW + left == start
                wanted = label if began else f"{label}, continued"
                assert any(word.startswith(wanted) for word in words), (words, wanted)
                assert any("continued" in word for word in words) != began
        assert found == bits(data, start, stop), name
    assert len(shown) == min(len(data), MOST) * 8
    assert all(word.bold == (word.text == "1") for word in shown)


def test_the_ruler_says_what_the_bytes_mean(frame: Frame) -> None:
    data = frame.serialize()
    packet = dissect_frame(data, receiver_of(data))
    page = seen(views.ruler(frame, most=MOST))
    for name, start, stop in fields_of(data):
        if name in ("opcode", "length", "close code"):
            value = {"opcode": frame.opcode, "length": data[1] & 127, "close code": packet.close_code}[name]
            (box,) = page.like(name)
            assert page.inside(box)[-1].split()[0] == str(value)
        elif start % 8 == 0:
            for at in range(start // 8, stop // 8):
                row, column = divmod(at, 4)
                x = ruler.LEFT + (column * 8 + 4) * ruler.CELL
                y = ruler.HEAD + row * ruler.TALL + 63
                (word,) = [w.text for w in page.words if w.x == x and abs(w.y - y) < 0.02]
                assert word.split()[0] == f"{data[at]:02x}"
                if name in ("payload", "masked payload", "close reason"):
                    meant = packet.payload[at - packet.header_size]
                    letter = [glyph(meant)] if len(glyph(meant)) == 1 else []
                    masked = ["→", f"{meant:02x}"] if frame.masking_key else []
                    assert word.split()[1:] == [*masked, *letter]
                else:
                    assert len(word.split()) == 1
    hidden = len(data) - MOST
    assert any("more bytes of" in text for text in page.texts) == (hidden > 0)
    if hidden > 0:
        assert f"… and {hidden} more bytes of" in page.texts[-1]


def test_the_ruler_counts_bits_above_and_bytes_at_the_left(frame: Frame) -> None:
    page = seen(views.ruler(frame, most=MOST))
    size = min(len(frame.serialize()), MOST)
    head = sorted((word for word in page.words if word.y < ruler.HEAD), key=lambda word: word.x)
    assert [word.text for word in head] == [str(bit) for bit in range(min(size * 8, 32))]
    assert [round((word.x - ruler.LEFT) / ruler.CELL - 0.5, 3) for word in head] == list(range(len(head)))
    side = [word.text for word in page.words if word.right < ruler.LEFT]
    assert side == [str(at) for at in range(0, size, 4)]


def test_the_hexdump_has_every_byte_twice_in_the_colour_of_its_field(frame: Frame) -> None:
    data = frame.serialize()
    page = seen(views.hexdump(frame, most=MOST))
    text_column = hexdump.LEFT + hexdump.ROW * hexdump.CELL + hexdump.GAP
    for at, byte in enumerate(data[:MOST]):
        row, column = divmod(at, hexdump.ROW)
        y = 8 + (row + 0.5) * hexdump.TALL
        line = sorted((w for w in page.words if abs(w.y - y) < 1 and w.x > hexdump.LEFT), key=lambda w: w.x)
        digits = [word for word in line if word.x < text_column]
        letters = [word for word in line if word.x > text_column]
        assert digits[column].text == f"{byte:02x}"
        assert letters[column].text == (chr(byte) if 0x20 <= byte <= 0x7E else "·")
        assert all(one.x < other.x for one, other in itertools.pairwise(line))
        for name, start, stop in fields_of(data):
            if start <= at * 8 and at * 8 + 8 <= stop:
                word, letter = digits[column], letters[column]
                assert any(box.holds(word.x, word.y) for box in page.like(name)), (name, at)
                (behind,) = [box for box in page.boxes if box.holds(letter.x, letter.y, slack=0)]
                assert (behind.fill, behind.pattern) == (theme.field(name).fill, ""), (name, at)
    offsets = [word.text for word in page.words if word.right < hexdump.LEFT and word.mono]
    assert offsets == [f"{at:04x}" for at in range(0, min(len(data), MOST), hexdump.ROW)]


def test_the_keys_of_the_hexdump_say_where_each_field_is(frame: Frame) -> None:
    data = frame.serialize()
    page = seen(views.hexdump(frame, most=MOST))
    for field in flat(dissect_frame(data, receiver_of(data)).fields):
        label = page.find(theme.field(field.name).label)
        line = sorted((w for w in page.words if abs(w.y - label.y) < 2), key=lambda word: word.x)
        assert line[1].text == hexdump.where(field)
        key = [box for box in page.like(field.name) if box.y < label.y < box.foot and box.right < label.x]
        assert len(key) == 1
        if field.bits < 8:
            assert line[2].text == bits(data, field.start, field.stop)
        assert line[-1].text.rstrip("…") in field.meaning


def test_the_lanes_stand_byte_below_byte(frame: Frame) -> None:
    page = seen(views.xor(frame, most=MOST))
    key = frame.masking_key or b""
    payload = frame.payload[:MOST]
    wire = bytes(byte ^ key[at % 4] for at, byte in enumerate(payload)) if key else payload
    columns: dict[int, list[Box]] = {}
    for box in page.boxes:
        place = round((box.x - xor.LEFT) / xor.CELL)
        columns.setdefault(place, []).append(box)
    lanes = 3 if key else 1
    for at, byte in enumerate(payload):
        row, column = divmod(at, xor.ROW)
        stacked = sorted(columns[column], key=lambda box: box.y)[row * lanes : (row + 1) * lanes]
        shown = [page.inside(box) for box in stacked]
        sign = f" {glyph(byte)}" if len(glyph(byte)) == 1 else ""
        assert shown[0] == [f"{byte:02x}{sign}", f"{byte:08b}"]
        assert stacked[0].looks_like("payload")
        if key:
            sign = f" {glyph(wire[at])}" if len(glyph(wire[at])) == 1 else ""
            assert shown[1] == [f"{key[at % 4]:02x} [{at % 4}]", f"{key[at % 4]:08b}"]
            assert shown[2] == [f"{wire[at]:02x}{sign}", f"{wire[at]:08b}"]
            assert stacked[1].looks_like("masking key") and stacked[2].looks_like("masked payload")
    assert len(page.boxes) == lanes * len(payload)
    numbers = [word.text for word in page.words if word.mono and word.color == theme.QUIET]
    assert numbers == [str(at) for at in range(len(payload))]
    assert (key == KEY) == ("XOR key" in page.texts) or not payload
