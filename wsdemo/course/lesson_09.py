"""The exercises of lesson 09: what does a message cost?"""

from __future__ import annotations

import random
from collections.abc import Callable

from wsdemo.course.exercises import Wrong, exercise, refuses, same, show
from wsdemo.protocol.deflate import TAIL, Deflater, Inflater
from wsdemo.protocol.errors import WebSocketError
from wsdemo.protocol.limits import MiB


def _text(rng: random.Random) -> bytes:
    words = [b"news", b"price", b"up", b"down", b"17", b"late", b"token"]
    return b" ".join(rng.choices(words, k=rng.randint(20, 40)))


@exercise()
def deflate_message(answer: Callable[[bytes], bytes], rng: random.Random) -> None:
    """Raw DEFLATE, flushed, the tail stripped; smaller than the text."""
    for data in (b"Hello" + rng.randbytes(3), _text(rng)):
        payload = answer(data)
        what = f"deflate_message({show(data)})"
        if not isinstance(payload, bytes):
            raise Wrong(f"{what} should be bytes; got {show(payload)}")
        if payload.endswith(TAIL):
            raise Wrong(f"{what} ends with 00 00 ff ff, which is not sent: {show(payload[-8:])}")
        try:
            got = Inflater().inflate(payload, MiB)
        except WebSocketError as error:
            raise Wrong(f"{what} should inflate to the same; got {show(payload)}: {error}") from None
        if got != data:
            raise Wrong(f"{what} should inflate to {show(data)}; got {show(got)}")
    if len(payload) >= len(data):
        raise Wrong(f"{what} should be smaller than {len(data)} bytes; got {len(payload)}")


@exercise()
def inflate_message(answer: Callable[[bytes, int], bytes], rng: random.Random) -> None:
    """The message, whole up to the limit, and ValueError beyond it."""
    data = _text(rng)
    payload = Deflater(15, takeover=False).deflate(data)
    for limit in (len(data) + rng.randint(1, 99), len(data)):
        same(answer(payload, limit), data, f"inflate_message({show(payload)}, {limit})")
    refuses(ValueError, lambda: answer(payload, len(data) - 1), "a message of more than the limit")
    large = Deflater(15, takeover=False).deflate(bytes(MiB))
    refuses(ValueError, lambda: answer(large, 1000), "a message of more than the limit")


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
    for extra in ([], [tie]):
        settings = [*ladder, *extra]
        rng.shuffle(settings)
        wanted = settings.index(extra[0] if extra else ladder[place])
        budget = ladder[place][0] * connections
        what = f"within_budget({settings}, {connections}, {budget})"
        got = answer(settings, connections, budget)
        if got != wanted:
            raise Wrong(f"{what} should be {wanted}; got {show(got)}")
    same(
        answer(ladder, connections, connections),
        None,
        f"within_budget({ladder}, {connections}, {connections})",
    )
