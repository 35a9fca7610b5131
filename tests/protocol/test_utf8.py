"""UTF-8 in pieces: refused at the first byte that no byte to come can mend, against a plain oracle."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsdemo.protocol import utf8
from wsdemo.protocol.errors import InvalidData


def viable(data: bytes) -> bool:
    """Whether ``data`` is the beginning of UTF-8 text, by the table of RFC 3629 §4 (the oracle)."""
    position = 0
    while position < len(data):
        lead = data[position]
        ranges = tails(lead)
        if ranges is None:
            return False
        position += 1
        for low, high in ranges:
            if position == len(data):
                return True
            if not low <= data[position] <= high:
                return False
            position += 1
    return True


def tails(lead: int) -> list[tuple[int, int]] | None:
    tail = (0x80, 0xBF)
    special = {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}
    if lead <= 0x7F:
        return []
    if 0xC2 <= lead <= 0xDF:
        return [tail]
    if 0xE0 <= lead <= 0xEF:
        return [special.get(lead, tail), tail]
    if 0xF0 <= lead <= 0xF4:
        return [special.get(lead, tail), tail, tail]
    return None


def accepted(pieces: list[bytes]) -> bool:
    pending = b""
    try:
        for piece in pieces:
            pending = utf8.check(pending, piece)
    except InvalidData:
        return False
    return True


#: One byte of each kind that the table tells apart, and its neighbours.
EDGES = bytes.fromhex("00 41 7f 80 8f 90 9f a0 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 ff")


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_beginning_whole_and_byte_by_byte(size: int) -> None:
    first = [range(256), range(256)] if size <= 2 else [range(256) if size == 3 else EDGES, EDGES]
    for values in itertools.product(*first[:size], *[EDGES] * (size - 2)):
        data = bytes(values)
        expected = viable(data)
        assert accepted([data]) is expected, data.hex()
        assert accepted([data[i : i + 1] for i in range(size)]) is expected, data.hex()


@given(st.text(), st.lists(st.integers(0, 200)))
def test_text_in_any_pieces(text: str, cuts: list[int]) -> None:
    data = text.encode()
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pending = b""
    for a, b in itertools.pairwise(edges):
        pending = utf8.check(pending, data[a:b])
        assert len(pending) <= 3
    assert pending == b""


@given(st.binary(max_size=20))
def test_any_bytes(data: bytes) -> None:
    assert accepted([data]) is viable(data)


def test_the_message_shows_no_text_of_the_peer() -> None:
    with pytest.raises(InvalidData, match=r"^not UTF-8 text: byte e2, and then 28$"):
        utf8.check(b"", b"secret \xe2(")
