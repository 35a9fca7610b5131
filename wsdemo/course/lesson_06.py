"""The exercises of lesson 06: messages and their frames."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from wsdemo.course.exercises import exercise, same

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
WORDS = ("Hello", "héllo 👋", "12:00:00", "日本", "", "news: 7")

Frame = tuple[bool, int, bytes]
_NAMES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}


def told(frames: Sequence[Frame]) -> str:
    """Frames as a message shows them.

    >>> told([(False, 1, b"He"), (True, 0, b"y")])
    'text fin=0 48 65, continuation fin=1 79'
    """
    return ", ".join(f"{_NAMES[op]} fin={fin:d} {data.hex(' ') or '(empty)'}" for fin, op, data in frames)


def cut(rng: random.Random, opcode: int, payload: bytes, pieces: int) -> list[Frame]:
    """One message in ``pieces`` frames, cut anywhere."""
    cuts = sorted(rng.randint(0, len(payload)) for _ in range(pieces - 1))
    parts = [payload[a:b] for a, b in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
    return [(i == pieces - 1, opcode if i == 0 else CONTINUATION, part) for i, part in enumerate(parts)]


@exercise()
def reassemble(answer: Callable[[list[Frame]], list[Any]], rng: random.Random) -> None:
    """Data frames to messages; control frames are none of them."""
    accent = "é".encode()
    inside: list[Frame] = [(False, TEXT, accent[:1]), (True, PING, b"?"), (True, CONTINUATION, accent[1:])]
    same(answer(inside), ["é"], f"reassemble of {told(inside)}")
    empty: list[Frame] = [(True, TEXT, b""), (False, BINARY, b""), (True, CONTINUATION, b"")]
    same(answer(empty), ["", b""], f"reassemble of {told(empty)}")  # an empty message is a message
    for _ in range(20):
        frames: list[Frame] = []
        messages: list[str | bytes] = []
        for _ in range(rng.randint(1, 3)):
            text = rng.choice(WORDS)
            data = text.encode() if rng.random() < 0.6 else rng.randbytes(rng.randint(1, 6))
            opcode = TEXT if data == text.encode() else BINARY
            messages.append(text if opcode == TEXT else data)
            for frame in cut(rng, opcode, data, rng.randint(1, 4)):
                frames.append(frame)
                if rng.random() < 0.3:
                    frames.append((True, rng.choice((PING, PONG)), rng.randbytes(2)))
        same(answer(frames), messages, f"reassemble of {told(frames)}")


@exercise()
def ping_error(answer: Callable[[bool, bytes], int | None], rng: random.Random) -> None:
    """A control frame is whole, and of 125 bytes at most."""
    for size in (0, 1, rng.randint(2, 124), 125, 126, rng.randint(127, 500)):
        for fin in (True, False):
            wanted = None if fin and size <= 125 else 1002
            same(answer(fin, rng.randbytes(size)), wanted, f"ping_error with fin={fin:d} and {size} bytes")


@exercise()
def order_error(answer: Callable[[list[tuple[bool, int]]], int | None], rng: random.Random) -> None:
    """The first data frame that may not come here."""
    known: list[tuple[list[tuple[bool, int]], int | None]] = [
        ([(False, TEXT), (False, CONTINUATION), (True, CONTINUATION)], None),
        ([(False, BINARY), (True, CLOSE)], None),  # a close frame is a control frame, too
    ]
    for frames, wanted in known:
        same(answer(frames), wanted, f"order_error of {_order(frames)}")
    for _ in range(40):
        frames, inside, wanted = [], False, None
        for number in range(rng.randint(1, 7)):
            opcode = rng.choice((PING, PONG, CONTINUATION, CONTINUATION, TEXT, BINARY))
            fin = opcode >= CLOSE or rng.random() < 0.4
            frames.append((fin, opcode))
            if opcode < CLOSE and wanted is None:
                if (opcode == CONTINUATION) != inside:
                    wanted = number
                inside = not fin
        same(answer(frames), wanted, f"order_error of {_order(frames)}")


def _order(frames: list[tuple[bool, int]]) -> str:
    return ", ".join(f"{_NAMES[opcode]} fin={fin:d}" for fin, opcode in frames)


@exercise()
def close_code(answer: Callable[[list[Frame], int], int | None], rng: random.Random) -> None:
    """1009 for too much, 1007 for text that is no UTF-8, in the order in which they can be known."""
    half = "é".encode()
    cases: list[tuple[list[Frame], int, int | None]] = [
        ([(False, TEXT, half[:1]), (True, CONTINUATION, half[1:])], 10, None),
        ([(False, TEXT, b"12345"), (True, CONTINUATION, b"678901")], 10, 1009),
        ([(False, TEXT, b"12345"), (True, CONTINUATION, b"67890")], 10, None),
        ([(True, TEXT, b"\xff")], 10, 1007),
        ([(True, BINARY, b"\xff")], 10, None),
        ([(True, TEXT, half[:1])], 10, 1007),
        ([(False, TEXT, b"\xff"), (True, CONTINUATION, bytes(20))], 10, 1007),
        ([(True, TEXT, b"\xff" * 20)], 10, 1009),
        ([(True, TEXT, b"a\x80")], 10, 1007),  # a continuation of nothing
        ([(True, TEXT, b"\xc0\x80")], 10, 1007),  # a 0 in two bytes: longer than it need be (RFC 3629 §3)
        ([(True, TEXT, b"\xed\xa0\x80")], 10, 1007),  # half of a pair of UTF-16, which is no character
        ([(True, TEXT, b"\xf4\x90\x80\x80")], 10, 1007),  # beyond the last character there is
        ([(False, TEXT, b"a"), (True, CONTINUATION, b"\xff")], 10, 1007),
    ]
    for _ in range(20):
        text = rng.choice([word for word in WORDS if word])
        payload = text.encode()
        if bad := rng.random() < 0.3:
            payload = b"\xff" + payload
        opcode = rng.choice((TEXT, BINARY))
        frames = cut(rng, opcode, payload, rng.randint(1, 3))
        cases.append((frames, len(payload), 1007 if bad and opcode == TEXT else None))
        if not bad:
            cases.append((frames, len(payload) - 1, 1009))
    for frames, limit, wanted in cases:
        same(answer(frames, limit), wanted, f"close_code of {told(frames)} with a limit of {limit} bytes")
