"""The exercises of lesson 01: the end of a message."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from wsdemo.course.exercises import Wrong, exercise, refuses, same, show

HEADER = 10


def seen(header: bytes) -> str:
    """A header with its spaces visible, as in the pictures.

    >>> seen(b"12        ")
    "b'12␣␣␣␣␣␣␣␣'"
    """
    return repr(header).replace(" ", "␣")


class Dribble:
    """A fake socket: ``recv`` gives at most ``piece`` of the bytes that wait, and at the end ``b""``."""

    def __init__(self, data: bytes, piece: int) -> None:
        self.waiting = data
        self._piece = piece
        self._ends = 0  # the number of times that the end was told

    def recv(self, size: int, *flags: int) -> bytes:
        if flags:
            raise Wrong("recv was called with flags: this socket knows none, and a loop needs none")
        if size < 0:
            raise Wrong(f"recv({size}) was called: there are no {size} bytes")
        if size and not self.waiting:
            self._ends += 1
            if self._ends > 2:
                raise Wrong('recv gave b"", the end of the stream, and was called again and again')
        size = min(size, self._piece)
        taken, self.waiting = self.waiting[:size], self.waiting[size:]
        return taken


PRIMES = (23, 29, 31, 37, 41, 43, 47, 53, 59, 61)


@exercise()
def read_exactly(answer: Callable[[Any, int], bytes], rng: random.Random) -> None:
    """Exactly the bytes asked for, however they come, and not one of the next message."""
    few = rng.randint(3, 8)
    for piece in (1, few, 1000):
        size = rng.choice(PRIMES)  # so that the last piece is a part of one, whatever an answer asks for
        wanted, later = rng.randbytes(size), rng.randbytes(rng.randint(9, 30))
        sock = Dribble(wanted + later, piece)
        how = {1: "1 byte at a time", few: f"{few} bytes at a time"}.get(piece, "all at once")
        what = f"read_exactly(sock, {size}), where the bytes came {how},"
        got = answer(sock, size)
        if len(sock.waiting) < len(later):
            extra = show(later[: len(later) - len(sock.waiting)])
            raise Wrong(f"{what} took {extra} too: bytes that belong to the next message")
        same(got, wanted, what)
    same(answer(Dribble(b"next", 1), 0), b"", "read_exactly(sock, 0)")
    for there in (few, 0):
        what = f"read_exactly(sock, 9), where the stream ends after {there} bytes,"
        try:
            got = answer(Dribble(rng.randbytes(there), 2), 9)
        except (NotImplementedError, Wrong):
            raise
        except (ConnectionError, EOFError):
            continue
        except Exception as error:
            raise Wrong(f"{what} should raise ConnectionError; it raised {type(error).__name__}") from error
        raise Wrong(f"{what} should raise ConnectionError; got {show(got)}")


LETTERS = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 .,:!?"
ABROAD = "äéîøñßçλжшאعह中日한👋🎈🚀"


@exercise()
def add_header(answer: Callable[[str], bytes], rng: random.Random) -> None:
    """Ten bytes of header, then the payload; the length counts bytes, not characters."""
    plain = "".join(rng.choices(LETTERS, k=rng.randint(1, 12)))
    abroad = "".join(rng.sample(ABROAD, k=rng.randint(2, 5)))
    for text in (plain, plain + abroad, abroad, "héllo 👋", "", f" {plain} ", plain * 20):
        payload = text.encode()
        wanted = str(len(payload)).ljust(HEADER).encode() + payload
        got = answer(text)
        what = f"add_header({show(text)})"
        if isinstance(got, str):
            raise Wrong(f"{what} is a str; a socket takes bytes: encode it")
        if got == str(len(text)).ljust(HEADER).encode() + payload and got != wanted:
            raise Wrong(
                f"{what} announces {len(text)}, but {len(payload)} bytes follow: "
                "the length counts bytes, not characters"
            )
        if isinstance(got, bytes) and got != wanted and got[HEADER:] == payload:
            raise Wrong(f"the header of {what} should be {seen(wanted[:HEADER])}; got {seen(got[:HEADER])}")
        same(got, wanted, what)


@exercise()
def payload_length(answer: Callable[[bytes], int], rng: random.Random) -> None:
    """The length that a header announces; ValueError for anything that is no header."""
    for size in (5, 0, rng.randint(10, 99_999), rng.randint(10**9, 10**10 - 1)):
        header = str(size).ljust(HEADER).encode()
        same(answer(header), size, f"payload_length({seen(header)})")
    number = str(rng.randint(10, 999))
    bad = [
        f"-{number}",  # a length below nothing
        f"+{number}",
        f" {number}",  # padded on the wrong side
        f"{number[0]}_{number[1:]}",  # int() takes this for a number
        f"{number[0]} {number[1:]}",
        f"{number}\n",  # isspace() takes this for padding
        f"{number.ljust(HEADER - 1)}\n",  # a regular expression's $ looks past it
        f"{number}٣",  # str.isdigit() takes this for a three
        f"{number}\0",
        f"{number}.0",
        f"0x{number}",
        rng.choice(["seven", "héllo", "GET /"]),
        "",  # nothing but padding
    ]
    rng.shuffle(bad)
    headers = [text.encode().ljust(HEADER)[:HEADER] for text in bad]
    for header in [
        *headers,
        number.rjust(HEADER).encode(),
        number.encode(),
        number.ljust(HEADER + 1).encode(),
        b"",
    ]:
        refuses(ValueError, lambda header=header: answer(header), f"payload_length({seen(header)})")  # type: ignore[misc]


@exercise()
def header_width(answer: Callable[[int], int], rng: random.Random) -> None:
    """The fewest ASCII digits that can announce every payload up to a given size."""
    edge = 10 ** rng.randint(2, 12)
    for biggest in (10, edge, edge - 1, 9, rng.randint(11, 10**9), 1, 0, 10**16 - 1, 10**16):
        same(answer(biggest), len(str(biggest)), f"header_width({biggest:_})")
