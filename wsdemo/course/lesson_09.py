"""The exercises of lesson 09: the cost of a message."""

from __future__ import annotations

import contextlib
import functools
import random
import tracemalloc
from collections.abc import Callable, Iterator

from wsdemo.course.exercises import Wrong, as_bytes, exercise, refuses, same, show
from wsdemo.protocol.deflate import TAIL, Deflater, Inflater
from wsdemo.protocol.errors import WebSocketError
from wsdemo.protocol.limits import MiB

BOMB = 50 * MiB
MOST_KEPT = 4 * MiB  # at a time, of a message whose limit is 1000 bytes


def _text(rng: random.Random) -> bytes:
    words = [b"news", b"price", b"up", b"down", b"17", b"late", b"token"]
    return b" ".join(rng.choices(words, k=rng.randint(20, 40)))


@exercise()
def deflate_message(answer: Callable[[bytes], bytes], rng: random.Random) -> None:
    """Raw DEFLATE, flushed, without the tail; smaller than the text; each for itself, and all in a row."""
    row = Inflater()
    large = rng.randbytes(50_000) + TAIL + rng.randbytes(50_000)  # stored as it is, the four bytes too
    for data in (b"Hello" + rng.randbytes(3), large, text := _text(rng), b"", text):
        what = f"deflate_message({show(data)})"
        payload = as_bytes(answer(data), what)
        if not data and not payload:
            raise Wrong(f"{what} should be one byte, 00: a block of nothing (RFC 7692 §7.2.3.6); got no byte")
        if payload.endswith(TAIL):
            raise Wrong(f"{what} ends with 00 00 ff ff, which is not sent: {show(payload[-8:])}")
        got = _inflated(row, payload, what)
        if got != data:
            raise Wrong(f"{what} should inflate to {show(data)}; got {show(got)}")
        _inflated(Inflater(), payload, what)
    if len(payload) >= len(data):
        raise Wrong(f"{what} should be smaller than {len(data)} bytes; got {len(payload)}")


def _inflated(inflater: Inflater, payload: bytes, what: str) -> bytes:
    try:
        return inflater.inflate(payload, MiB)
    except WebSocketError as error:
        if "too far back" in str(error):
            raise Wrong(f"{what} gave {show(payload)}: there are no earlier ones to refer to") from None
        raise Wrong(f"{what} should inflate to the same; got {show(payload)}: {error}") from None


@exercise()
def inflate_message(answer: Callable[[bytes, int], bytes], rng: random.Random) -> None:
    """The message, whole up to the limit, and ValueError beyond it."""
    data = _text(rng)
    payload = Deflater(15, takeover=False).deflate(data)
    for limit in (len(data) + rng.randint(1, 99), len(data)):
        same(answer(payload, limit), data, f"inflate_message({show(payload)}, {limit})")
    refuses(ValueError, lambda: answer(payload, len(data) - 1), "a message of more than the limit")
    bomb = _bomb()
    with _peak() as peak:
        refuses(ValueError, lambda: answer(bomb, 1000), "a message of more than the limit")
    if peak[0] > MOST_KEPT:
        raise Wrong(
            f"a bomb of {len(bomb):,} bytes and a limit of 1000: {peak[0]:,} bytes were in memory before it "
            "was refused; the limit must hold while inflating"
        )


@functools.cache
def _bomb() -> bytes:
    """A few bytes that inflate to many."""
    return Deflater(15, takeover=False).deflate(bytes(BOMB))


@contextlib.contextmanager
def _peak() -> Iterator[list[int]]:
    """The most bytes of Python's memory that are taken at a time within the block, beside those before it."""
    found = [0]
    was_tracing = tracemalloc.is_tracing()
    if not was_tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        yield found
        found[0] = tracemalloc.get_traced_memory()[1] - before
    finally:
        if not was_tracing:
            tracemalloc.stop()


@exercise()
def first_bytes(answer: Callable[[int, bool], bytes], rng: random.Random) -> None:
    """RSV1 and the opcode on the first, FIN on the last."""
    for pieces in (1, 2, rng.randint(3, 9)):
        for text in (True, False):
            frames = bytearray(pieces)
            frames[0] = 0x41 if text else 0x42
            frames[-1] |= 0x80
            same(answer(pieces, text), bytes(frames), f"first_bytes({pieces}, text={text})")


@exercise()
def within_budget(
    answer: Callable[[list[tuple[int, float]], int, int], int | None], rng: random.Random
) -> None:
    """The smallest ratio that fits; the bound itself fits."""
    connections = rng.randint(10, 1000)
    memories = rng.sample(range(1000, 9000), 5)
    ratios = sorted(rng.sample(range(10, 99), 5), reverse=True)
    ladder = [(memory, ratio / 100) for memory, ratio in zip(sorted(memories), ratios, strict=True)]
    place = rng.randrange(1, 4)
    tie = (ladder[place][0] - 1, ladder[place][1])
    poor = [(ladder[place][0], 0.995), (1, 0.99)]  # they fit, and compress worst
    rng.shuffle(mixed := [*ladder, *poor])
    tied = [*mixed, tie]
    first = [ladder[place], *(one for one in ladder if one != ladder[place])]  # index 0 is an answer, too
    for settings in (mixed, tied, tied[::-1], first):
        wanted = settings.index(tie if tie in settings else ladder[place])
        budget = ladder[place][0] * connections
        what = f"within_budget({settings}, {connections}, {budget})"
        same(answer(list(settings), connections, budget), wanted, what)
    same(
        answer(ladder, connections, connections),
        None,
        f"within_budget({ladder}, {connections}, {connections})",
    )
