"""The picture says of each byte what the framing says, however the stream was cut."""

from __future__ import annotations

import pytest

from tests.views.seen import Page, seen, within
from wsdemo.rawtcp.framing import parse, serialize
from wsdemo.trace.trace import Trace
from wsdemo.views import stream
from wsdemo.views.bytes.stream import (
    ABOVE,
    CELL,
    CUT,
    LEFT,
    LEGEND,
    PITCH,
    ROW,
    Span,
    describe,
    dissect,
    read,
)
from wsdemo.views.drawing.theme import glyph

TEXTS = ["Welcome!", "", "héllo 👋", "x" * 40]
DATA = b"".join(map(serialize, TEXTS))


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


def test_messages_are_those_of_the_parser():
    _, messages = dissect(DATA)
    found, start = [], 0
    while result := parse(DATA, start=start):
        found.append(Span(f"message {len(found) + 1}", start, result[1]))
        start = result[1]
    assert messages == found


@pytest.mark.parametrize("end", range(len(DATA) + 1))
def test_fields_cover_every_byte_once_wherever_the_stream_ends(end):
    fields, _ = dissect(DATA[:end])
    assert [span.start for span in fields] == [0, *(span.end for span in fields)][: len(fields)]
    assert (fields[-1].end if fields else 0) == end
    assert all(span.start < span.end for span in fields), "none is empty"


@pytest.mark.parametrize("size", [1, 7, 10, 31, 32, 33, 1000])
def test_the_cuts_change_the_calls_and_nothing_else(size):
    found = read(cut(DATA, size))
    assert (found.fields, found.messages) == (read([DATA]).fields, read([DATA]).messages)
    assert [found.data[c.start : c.end] for c in found.calls] == cut(DATA, size)
    page = seen(stream(cut(DATA, size)))
    within(page)
    cuts = [line for line in page.lines if line.width == CUT and line.points[0][1] > LEGEND]
    assert sorted({_place(line.points) for line in cuts}) == list(range(size, len(DATA), size))
    assert (len(cuts) > 0) == any("a cut" in text for text in page.texts)


def _place(points: tuple[tuple[float, float], ...]) -> int:
    """Which byte of the stream begins at an upright line."""
    (x, y), *_ = points
    return round((y - LEGEND - ABOVE) / PITCH) * ROW + round((x - LEFT) / CELL)


@pytest.mark.parametrize(
    ("pieces", "line"),
    [
        (
            [b"5         hel"],
            "message 1: bytes 0 to 14, header b'5         ', payload of 5 bytes, 2 bytes still to come",
        ),
        ([b"0         "], "message 1: bytes 0 to 9, header b'0         ', payload of 0 bytes"),
        ([b"12  "], "recv 1: 4 bytes, header b'12  '"),
        ([b"five      hello"], "recv 1: 15 bytes, refused b'five      hello'"),
        (
            [b"1         a+1        b"],
            "recv 1: 22 bytes, header b'1         ', payload b'a', refused b'+1        b'",
        ),
        ([], "0 bytes in 0 pieces"),
    ],
)
def test_the_text_says_what_the_picture_shows(pieces, line):
    assert line in stream(pieces).text.splitlines()


def test_without_headers():
    picture = stream([b"hello", b"goodbye"], framed=False)
    assert picture.text.splitlines() == [
        "12 bytes in 2 pieces",
        "recv 1: 5 bytes, bytes b'hello'",
        "recv 2: 7 bytes, bytes b'goodbye'",
    ]


def test_a_long_stream_is_cut_and_says_so():
    found = read(cut(DATA * 10, 50), most=64)
    assert len(found.data) == 64
    assert describe(found).splitlines()[-1] == f"… and {len(DATA) * 10 - 64} bytes more"
    page = seen(stream(cut(DATA * 20, 50), most=64))
    within(page)
    assert page.texts[-1] == f"… and {len(DATA) * 20 - 64:,} bytes more"
    assert page.texts.count("x") == 64 - len(b"".join(map(serialize, TEXTS[:3]))) - 10


def test_one_direction_of_a_trace():
    trace = Trace()
    tap = trace.tap("client", ("127.0.0.1", 50000), ("127.0.0.1", 1234))
    tap.received(serialize("welcome"))
    tap.sent(serialize("hello"))
    trace.tap("client", ("127.0.0.1", 50001), ("127.0.0.1", 1234)).received(serialize("second"))
    assert "recv 1: 17 bytes" in stream(trace).text
    assert "send 1: 15 bytes" in stream(trace, direction="to server").text
    assert "second" in stream(trace, connection=2).text
    assert "second" not in stream(trace).text
    assert stream(trace.select(connection=2)).text == stream(trace, connection=2).text


def bytes_of(page: Page, field: str) -> str:
    """What stands in the boxes of a field, one byte after the other; the key above them is left out."""
    return "".join("".join(page.inside(box)) for box in page.like(field) if box.y > LEGEND)


def test_each_byte_stands_in_its_field():
    page = seen(stream(cut(DATA, 20)))
    headers = [serialize(text)[:10] for text in TEXTS]
    payloads = [text.encode() for text in TEXTS]
    assert bytes_of(page, "header") == "".join(glyph(byte) for header in headers for byte in header)
    assert bytes_of(page, "payload") == "".join(glyph(byte) for payload in payloads for byte in payload)
    assert [word.text for word in page.words if word.x < LEFT] == [str(at) for at in range(0, len(DATA), ROW)]


def test_a_stream_without_a_header_has_one_field():
    page = seen(stream([b"hello", b"goodbye"], framed=False))
    within(page)
    assert bytes_of(page, "plain") == "hellogoodbye"
    assert page.texts[:4] == [
        "bytes",
        "a cut: one recv ends, the next begins",
        "recv 1 · 5 bytes",
        "recv 2 · 7 bytes",
    ]
    assert not any("message" in text for text in page.texts)


def test_what_is_no_header_is_drawn_as_refused():
    page = seen(stream([b"1         a+1        b"]))
    assert bytes_of(page, "refused") == "+1␣␣␣␣␣␣␣␣b"
    assert (bytes_of(page, "header"), bytes_of(page, "payload")) == ("1␣␣␣␣␣␣␣␣␣", "a")


def test_brackets_stand_over_the_calls_and_under_the_messages():
    page = seen(stream([b"3         abc2", b"         hi"]))
    row = next(box for box in page.boxes if box.y > LEGEND)
    brackets = [line for line in page.lines if len(line.points) == 4]
    places = {}
    for word in [word for word in page.words if "·" in word.text]:
        above = word.y < row.y
        (bracket,) = [
            line
            for line in brackets
            if (line.points[1][1] < row.y) == above and line.points[0][0] < word.x < line.points[3][0]
        ]
        (x, tip), (_, y), _, (z, _) = bracket.points
        assert word.y < y < row.y if above else row.foot < y < word.y
        assert (y < tip) == above, "its ends point to the bytes"
        assert word.x == pytest.approx((x + z) / 2)
        places[word.text] = (round((x - LEFT) / CELL), round((z - LEFT) / CELL))
    assert places == {
        "recv 1 · 14 bytes": (0, 14),
        "recv 2 · 11 bytes": (14, 25),
        "message 1 · payload of 3 bytes": (0, 13),
        "message 2 · payload of 2 bytes": (13, 25),
    }


def test_a_bracket_over_two_rows_is_open_where_it_goes_on():
    page = seen(stream([bytes(40)], framed=False))
    brackets = sorted((line for line in page.lines if line.width == 1.6), key=lambda line: line.points[0][1])
    assert [len(line.points) for line in brackets] == [3, 3]
    (first, second) = brackets
    assert first.points[0][0] < first.points[-1][0] == LEFT + 32 * CELL
    assert second.points[0][0] == LEFT and second.points[-1][0] < LEFT + 8 * CELL
    assert page.texts.count("recv 1 · 40 bytes") == 1, "in the row with most room"


def test_a_cut_at_the_end_of_a_row_shows_in_both_rows():
    page = seen(stream([bytes(32), bytes(4)], framed=False))
    cuts = [line.points[0] for line in page.lines if line.width == CUT and line.points[0][1] > LEGEND]
    assert sorted(x for x, _ in cuts) == [LEFT, LEFT + 32 * CELL]


def test_names_are_short_where_there_is_little_room():
    page = seen(stream([b"a", b"bcd" * 5, b"e"], framed=False))
    assert page.texts[2:5] == ["1", "recv 2 · 15 bytes", "3"]
