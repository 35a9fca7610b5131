"""What has begun and is not complete: pieces in any sizes give the same payload."""

from __future__ import annotations

import itertools
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsdemo.protocol.errors import InvalidData
from wsdemo.protocol.masking import mask
from wsdemo.protocol.partial import FIRST_ROOM, PartialFrame, PartialMessage

KEY = bytes.fromhex("37fa213d")


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5), st.booleans(), st.booleans())
def test_added_or_received_in_place(data: bytes, cuts: list[int], masked: bool, in_place: bool) -> None:
    partial = PartialFrame(0x82, len(data), KEY if masked else None, None)
    sent = mask(data, KEY) if masked else data
    edges = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    for i, (a, b) in enumerate(itertools.pairwise(edges)):
        if in_place and i % 2:
            view = partial.get_buffer(1000)
            view[: b - a] = sent[a:b]
            partial.buffer_updated(b - a)
        else:
            partial.add(sent[a:b])
        assert partial.missing == len(data) - b
    assert partial.payload() == data


def test_room_grows_with_what_came() -> None:
    partial = PartialFrame(0x82, 10 * FIRST_ROOM, None, None)
    data = os.urandom(10 * FIRST_ROOM)
    rooms = []
    while partial.missing:
        view = partial.get_buffer(10 * FIRST_ROOM)
        rooms.append(len(view))
        view[:] = data[partial.filled : partial.filled + len(view)]
        partial.buffer_updated(len(view))
    assert rooms == [FIRST_ROOM * n for n in (1, 1, 2, 4, 2)]
    assert partial.payload() == data
    # No more than asked for.
    assert len(PartialFrame(0x82, 10 * FIRST_ROOM, None, None).get_buffer(1000)) == 1000


@pytest.mark.parametrize("after", ["add", "room", "payload"])
def test_a_place_that_was_given_and_not_used_is_in_no_ones_way(after: str) -> None:
    """``recv_into`` may find nothing; a bytearray that is looked at can't grow."""
    partial = PartialFrame(0x82, 4, KEY, None)
    partial.add(mask(b"ab", KEY))
    view = partial.get_buffer(1000)
    if after == "add":
        partial.add(mask(b"cd", KEY, 2))
    elif after == "room":
        partial.get_buffer(2)[:] = mask(b"cd", KEY, 2)
        partial.buffer_updated(2)
    else:
        partial.add(mask(b"cd", KEY, 2))
        partial.get_buffer(0)
    assert partial.payload() == b"abcd"
    with pytest.raises(ValueError, match="released"):
        view[0]
    partial._buffer.append(0)  # it is free


def test_a_payload_that_dribbles_in_is_moved_rarely() -> None:
    partial = PartialFrame(0x82, 200_000, None, None)
    sizes = set()
    for _ in range(200_000):
        partial.add(b"a")
        sizes.add(sys.getsizeof(partial._buffer))  # what is allocated: it grows by a share of itself
    assert len(sizes) < 150
    assert max(sizes) < 300_000


def test_watched_text() -> None:
    partial = PartialFrame(0x81, 6, KEY, b"")
    sent = mask("a€".encode() + b"\xed\xa0", KEY)
    for i in range(5):
        partial.add(sent[i : i + 1])
    with pytest.raises(InvalidData, match="byte ed, and then a0"):
        partial.add(sent[5:])


def test_fragments() -> None:
    message = PartialMessage(1, compressed=False)
    message.add(b"\xe2\x82")
    message.add(b"")
    assert (message.size, message.fragments, message.pending) == (2, 2, b"\xe2\x82")
    with pytest.raises(InvalidData, match="ends within a character, after e2 82"):
        message.payload()
    message.add(b"\xac")
    assert message.payload() == "€".encode()
