"""The picture says of each byte what the framing says, however the stream was cut."""

from __future__ import annotations

import pytest

from wsdemo.rawtcp.framing import parse, serialize
from wsdemo.trace.recorder import Trace
from wsdemo.views import stream
from wsdemo.views.stream import Span, describe, dissect, read

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


@pytest.mark.parametrize("size", [1, 7, 10, 31, 32, 33, 1000])
def test_the_cuts_change_the_calls_and_nothing_else(size):
    found = read(cut(DATA, size))
    assert (found.fields, found.messages) == (read([DATA]).fields, read([DATA]).messages)
    assert [found.data[c.start : c.end] for c in found.calls] == cut(DATA, size)
    assert stream(cut(DATA, size)).png.startswith(b"\x89PNG")


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
    assert stream(cut(DATA * 10, 50), most=64).png


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
