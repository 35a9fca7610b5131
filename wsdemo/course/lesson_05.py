"""The exercises of lesson 05: masking."""

from __future__ import annotations

import random
from collections.abc import Callable

from wsdemo.course.exercises import Wrong, as_bytes, exercise, same, show
from wsdemo.protocol import Frame, Opcode
from wsdemo.protocol.masking import mask


@exercise()
def mask_payload(answer: Callable[[bytes, bytes], bytes], rng: random.Random) -> None:
    """The RFC's own Hello, then random bytes of many lengths; and there and back again."""
    cases = [(b"Hello", bytes.fromhex("37fa213d"))]
    cases += [(rng.randbytes(size), rng.randbytes(4)) for size in (0, 1, 3, 4, 5, rng.randint(6, 40), 2000)]
    same_as_key = rng.randbytes(4)
    cases += [(same_as_key + b"Hello", same_as_key), (b"Hey!" + same_as_key, same_as_key)]  # zeros come out
    for data, key in cases:
        what = f"with key {show(key)}, {show(data)}"
        got = as_bytes(answer(data, key), what)
        if len(got) == min(len(data), 4) < len(data):
            raise Wrong(f"{what}: {len(got)} bytes came out, {len(data)} went in; the key repeats")
        same(got, mask(data, key), what)
        same(bytes(answer(got, key)), data, f"{what}, masked twice,")


@exercise()
def mask_piece(answer: Callable[[bytes, bytes, int], bytes], rng: random.Random) -> None:
    """Piece after piece gives the same as all at once, wherever the cuts are."""
    key = bytes(rng.sample(range(1, 256), 4))  # no two alike, so that a wrong one shows
    hello = b"Hello"
    same(answer(hello[3:], key, 3), mask(hello, key)[3:], f"with key {show(key)}, 'lo' at offset 3")
    data = rng.randbytes(rng.randint(60, 90))
    whole = mask(data, key)
    at = 0
    while at < len(data):
        size = rng.randint(0, 9)
        piece = data[at : at + size]
        what = f"with key {show(key)}, the piece {show(piece)} at offset {at}"
        same(answer(piece, key, at), whole[at : at + size], what)
        at += size
    turned = key[1:] + key[:1]
    what = f"with key {show(key)}, the piece {show(turned)} at offset 1"
    same(answer(turned, key, 1), bytes(4), what)  # zeros are bytes, too
    large = rng.randint(1 << 20, 1 << 40)
    same(
        answer(b"abcd", key, large),
        mask(b"abcd", key, large % 4),
        f"with key {show(key)}, 'abcd' at offset {large}",
    )


@exercise()
def mask_error(answer: Callable[[bytes, str], int | None], rng: random.Random) -> None:
    """A server refuses unmasked frames, a client masked ones, with 1002: the MASK bit alone decides."""
    for receiver in ("server", "client"):
        for masked in (True, False):
            for size in (0, 1, 5, 125, rng.randint(126, 300)):
                opcode = rng.choice([Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION])
                key = rng.choice([bytes(4), rng.randbytes(4)]) if masked else None
                payload = bytes(rng.choices(b"abc", k=size))
                fin = rng.random() < 0.5
                frame = Frame(opcode, payload, fin=fin, masking_key=key).serialize()
                wanted = None if masked == (receiver == "server") else 1002
                same(answer(frame, receiver), wanted, f"{show(frame)}, received by a {receiver},")


@exercise()
def readable_on_the_way(answer: Callable[[list[str]], bool], rng: random.Random) -> None:
    """Only one connection, with TLS from end to end, hides the frames from all programs on the way."""
    paths = [["tls"], ["plain"], ["tls", "tls"], ["tls", "plain"], ["plain", "tls"]]
    paths += [[rng.choice(["tls", "plain"]) for _ in range(rng.randint(2, 5))] for _ in range(4)]
    for path in paths:
        same(answer(list(path)), path != ["tls"], str(path))
