"""A frame that may be changed: what each change makes of it, by the real parser."""

from __future__ import annotations

import itertools
import random

import pytest

from wsdemo.protocol import Frame, Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.views.benches.slide import MOST, Slide, fits, head, smallest

HELLO = bytes.fromhex("818537fa213d7f9f4d5158")  # RFC 6455 §5.7


@pytest.mark.parametrize(
    ("bit", "words"),
    [
        (0, "accepted"),
        (1, "1002: reserved bits set: rsv1"),
        (2, "1002: reserved bits set: rsv2"),
        (4, "a server reads ping"),
        (6, "1002: opcode 0x3 is reserved"),
        (8, "1002: frame without a mask"),
        (12, "waits for 13 bytes of payload, 5 of it are here"),
        (48, "1007: not UTF-8"),
    ],
)
def test_a_flipped_bit(bit: int, words: str) -> None:
    slide = Slide(HELLO, Side.SERVER)
    slide.flip(bit)
    assert words in slide.words
    slide.flip(bit)
    assert slide.data == HELLO
    assert slide.words == "accepted: a server reads text 5 B 'Hello'"


def test_what_is_left_over_is_another_frame() -> None:
    slide = Slide(HELLO, Side.SERVER)
    slide.flip(13)  # length 5 becomes 1
    first, *behind = slide.packets
    assert (first.message, len(first.bytes)) == ("H", 7)
    assert behind
    state = slide.state()
    covered = [(f["start"], f["stop"]) for frame in state["frames"] for f in frame["fields"]]
    assert covered[0][0] == 0
    assert covered[-1][1] == len(HELLO) * 8
    assert all(left[1] == right[0] for left, right in itertools.pairwise(covered))


def test_the_receiver_decides() -> None:
    slide = Slide(HELLO, Side.CLIENT)
    assert slide.words.startswith("refused: a client answers with close code 1002: masked frame")


def test_a_fragment_is_judged_with_those_before_it() -> None:
    start = Frame(1, b"Hel", fin=False).serialize()
    end = Frame(0, b"lo").serialize()
    assert "1002" in Slide(end, Side.CLIENT).words
    slide = Slide(end, Side.CLIENT, start)
    assert slide.packet.message == "Hello"
    assert slide.state()["frames"][0]["start"] == 0


def test_a_compressed_frame() -> None:
    data = bytes.fromhex("c107f248cdc9c90700")  # RFC 7692 §7.2.3.1
    assert Slide(data, Side.CLIENT, deflate=Parameters()).packet.message == "Hello"


@pytest.mark.parametrize("form", [7, 16, 64])
@pytest.mark.parametrize("masked", [False, True])
def test_built_anew(form: int, masked: bool) -> None:
    slide = Slide(HELLO, Side.SERVER if masked else Side.CLIENT)
    slide.build(payload=b"abc", masked=masked, form=form)
    assert slide.packet.payload == b"abc"
    assert slide.form == form
    assert slide.verdict.accepted == (form == 7)
    slide.reset()
    assert slide.data == HELLO


def test_a_longer_payload_takes_the_form_that_it_needs() -> None:
    slide = Slide(HELLO, Side.SERVER)
    for size, form in ((125, 7), (126, 16), (300, 16)):
        slide.build(payload=b"x" * size)
        assert (slide.form, slide.verdict.accepted) == (form, True)
    with pytest.raises(ValueError, match="too many for a length of 7 bits"):
        slide.build(form=7)
    with pytest.raises(ValueError, match="4 bytes, this one 3"):
        slide.build(key=b"abc")
    with pytest.raises(ValueError, match="1 to"):
        slide.build(payload=bytes(MOST))


def test_sizes_of_forms() -> None:
    assert [smallest(size) for size in (0, 125, 126, 65535, 65536)] == [7, 7, 16, 16, 64]
    assert fits(65535, 16)
    assert not fits(65536, 16)
    assert head(65536, 64, False).hex() == "7f0000000000010000"


def test_no_flips_upset_it() -> None:
    dice = random.Random(7)
    slide = Slide(HELLO + bytes(range(64)), Side.SERVER)
    for _ in range(400):
        slide.flip(dice.randrange(len(slide.data) * 8))
        state = slide.state()
        stops = [field["stop"] for frame in state["frames"] for field in frame["fields"]]
        assert stops == sorted(stops)
        if dice.random() < 0.2:
            slide.reset()


@pytest.mark.parametrize("bit", [-1, 88])
def test_a_bit_that_is_not_there(bit: int) -> None:
    with pytest.raises(ValueError, match="bits 0 to 87"):
        Slide(HELLO, Side.SERVER).flip(bit)


@pytest.mark.parametrize(("size", "seen"), [(508, 508), (512, 512), (513, None), (600, None)])
def test_behind_the_frame_only_whole_frames_are_looked_at(size: int, seen: int | None) -> None:
    """Behind a ping of two bytes 512 bytes are read: a frame that this cuts off is not called incomplete."""
    behind = Frame(2, bytes(size - 4)).serialize()
    packets = Slide(Frame(9).serialize() + behind + bytes(100), Side.CLIENT).packets
    assert all(packet.complete for packet in packets)
    assert [packet.size for packet in packets][:2] == ([2, seen] if seen else [2])
    assert seen or len(packets) == 1


def test_a_frame_that_the_learner_cut_off_is_incomplete() -> None:
    assert [packet.complete for packet in Slide(HELLO[:8], Side.SERVER).packets] == [False]
    two = Slide(Frame(9).serialize() + HELLO[:8], Side.CLIENT).packets
    assert [packet.complete for packet in two] == [True, False]


def test_a_mask_where_there_was_none_is_four_zeros() -> None:
    slide = Slide(Frame(1, b"Hello").serialize(), Side.SERVER)
    slide.build(masked=True)
    assert slide.data == bytes.fromhex("8185 00000000") + b"Hello"
    assert slide.verdict.accepted
