"""Framing as tables of (wire bytes, message): whole, cut at every byte, bytes behind; and the refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsdemo.protocol.errors import InvalidData, MessageTooBig, ProtocolError
from wsdemo.rawtcp.framing import HEADER, LIMIT, parse, parse_header, serialize

MESSAGES = [
    (b"0         ", ""),
    (b"1         x", "x"),
    (b"5         hello", "hello"),
    (b"11        h\xc3\xa9llo \xf0\x9f\x91\x8b", "héllo 👋"),
    (b"10        5         ", "5         "),  # a payload that looks like a header
    (b"3         \x00\r\n", "\0\r\n"),
    (b"300       " + b"a" * 300, "a" * 300),
]

BAD_HEADERS = [
    b"          ",
    b" 5        ",
    b"5 5       ",
    b"-1        ",
    b"+5        ",
    b"5.0       ",
    b"0x10      ",
    b"1_000     ",
    b"5\t        ",
    b"5\n        ",
    b"5\0        ",
    b"GET / HTTP",
    b"\xd9\xa5        ",  # an Arabic five, which int() would take
    b"\xff" * 10,
]


@pytest.mark.parametrize(("wire", "text"), MESSAGES)
class TestMessages:
    def test_serialize(self, wire: bytes, text: str) -> None:
        assert serialize(text) == wire

    def test_whole(self, wire: bytes, text: str) -> None:
        assert parse(wire) == (text, len(wire))

    def test_cut_at_every_byte(self, wire: bytes, text: str) -> None:
        for cut in range(len(wire)):
            assert parse(wire[:cut]) is None
            assert parse(bytearray(wire[:cut])) is None

    @pytest.mark.parametrize("behind", [b"x", b"5         ", b"nonsense that is no header"])
    def test_with_bytes_behind(self, wire: bytes, text: str, behind: bytes) -> None:
        assert parse(wire + behind) == (text, len(wire))

    def test_in_the_middle(self, wire: bytes, text: str) -> None:
        assert parse(b"before" + wire + b"after", start=6) == (text, 6 + len(wire))


@pytest.mark.parametrize("header", BAD_HEADERS)
def test_bad_header(header: bytes) -> None:
    with pytest.raises(ProtocolError, match="expected digits, then spaces"):
        parse(header + b"payload")
    assert parse(header[:-1]) is None  # nine bytes are not judged yet


@pytest.mark.parametrize("header", [b"", b"5", b"5        ", b"5          "])
def test_a_header_has_ten_bytes(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_header(header)


@pytest.mark.parametrize(("size", "limit"), [(6, 5), (LIMIT + 1, LIMIT), (9_999_999_999, LIMIT), (1, 0)])
def test_over_the_limit_is_told_from_the_header(size: int, limit: int) -> None:
    with pytest.raises(MessageTooBig, match=f"message of {size} bytes, at most {limit} accepted"):
        parse(b"%-10d" % size, limit)


def test_at_the_limit() -> None:
    assert parse(serialize("hello"), 5) == ("hello", 15)
    assert parse(serialize("a" * 1024 * 1024)) == ("a" * 1024 * 1024, 1024 * 1024 + 10), "1 MiB by itself"


@pytest.mark.parametrize("payload", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x91", b"ok\x80"])
def test_not_utf8(payload: bytes) -> None:
    with pytest.raises(InvalidData, match="not UTF-8"):
        parse(b"%-10d%b" % (len(payload), payload))


@given(st.text())
def test_round_trip(text: str) -> None:
    wire = serialize(text)
    assert len(wire) == HEADER + len(text.encode())
    assert parse(wire) == (text, len(wire))


@given(st.lists(st.text(max_size=30)), st.data())
def test_a_stream_cut_anywhere(texts: list[str], data: st.DataObject) -> None:
    """However the stream arrives in pieces, the same messages come out of it."""
    rest = b"".join(map(serialize, texts))
    waiting, found = b"", []
    while rest:
        cut = data.draw(st.integers(1, len(rest)))
        waiting, rest = waiting + rest[:cut], rest[cut:]
        while message := parse(waiting):
            found.append(message[0])
            waiting = waiting[message[1] :]
    assert (found, waiting) == (texts, b"")


@given(st.binary(max_size=60))
def test_any_bytes_have_one_of_three_outcomes(data: bytes) -> None:
    try:
        found = parse(data)
    except ProtocolError:
        return
    if found is not None:
        text, end = found
        assert HEADER <= end <= len(data)
        assert data[HEADER:end] == text.encode()
