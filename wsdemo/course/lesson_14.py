"""The exercises of lesson 14: attacks on one's own server, and the bounds that stop them."""

from __future__ import annotations

import random
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

from wsdemo.course.exercises import Wrong, exercise, kind, same, show
from wsdemo.words import plural

KiB: Final = 1024
MiB: Final = 1024 * KiB


class Deadline(Protocol):
    """The class `Opening` that the learner writes."""

    def heard(self, now: float) -> None: ...

    def late(self, now: float) -> bool: ...


@exercise()
def Opening(answer: Callable[[float, float], Deadline], rng: random.Random) -> None:
    """The time is counted from the beginning, and no byte prolongs it; each opening has its own."""
    seconds, start = rng.choice((2.0, 5.0, 10.0)), rng.uniform(1_000, 9_000)
    slow, quiet, other = answer(seconds, start), answer(seconds, start), answer(seconds, start + 100)
    for tenth in range(1, 10):
        now = start + seconds * tenth / 10
        slow.heard(now)
        said = f"of Opening({seconds:g}, now) after {tenth * seconds / 10:g} seconds"
        same(slow.late(now), False, f"{said}, with a byte at each tenth: late()")
        same(quiet.late(now), False, f"{said}, without a byte: late()")
    now = start + seconds * 1.01
    slow.heard(now)
    after = f"after {seconds * 1.01:g} seconds late() of Opening({seconds:g}, now)"
    same(quiet.late(now), True, f"{after}, without a byte")
    same(slow.late(now), True, f"{after}, with a byte at each tenth, the last one just now")
    same(other.late(start + 101), False, "late() of another Opening, one second old")
    slow.heard(now + 100)
    same(slow.late(now + 100), True, "late() of one that was late already, and is heard again")


@exercise()
def refuse(answer: Callable[[bytes, int], int | None], rng: random.Random) -> None:
    """Told from the header: too large 1009, the top bit 1002, and the bound itself is no offence."""
    most = rng.choice((1_000, 70_000, MiB)) + rng.randint(0, 99)
    cases: list[tuple[int, int | None]] = [
        (0, None),
        (rng.randint(1, 125), None),
        (most, None),
        (most + 1, 1009),
        (most * 2, 1009),
        (1 << rng.randint(30, 62), 1009),
        ((1 << 63) - 1, 1009),
        (1 << 63, 1002),
        ((1 << 63) + rng.randint(1, 100), 1002),
    ]
    rng.shuffle(cases)
    for length, wanted in cases:
        head = _head(length, rng)
        what = f"refuse({show(head)}, {most}), a header that announces {length:,} bytes"
        same(answer(head, most), wanted, what)
    head = _head(300, rng)
    same(answer(head, 200), 1009, f"refuse({show(head)}, 200), a header that announces 300 bytes")


def _head(length: int, rng: random.Random) -> bytes:
    """The header of a client's frame, with its masking key (RFC 6455 §5.2)."""
    first = bytes([0x80 | rng.choice((1, 2))])
    key = rng.randbytes(4)
    if length < 126:
        return first + bytes([0x80 | length]) + key
    if length < 65_536:
        return first + b"\xfe" + length.to_bytes(2, "big") + key
    return first + b"\xff" + length.to_bytes(8, "big") + key


@exercise(deadline=20.0)
def inflate_pieces(answer: Callable[[list[bytes], int], bytes | None], rng: random.Random) -> None:
    """All pieces are one message with one bound; a bomb is never inflated, not even to look."""
    for size in (0, 2, 500, 40_000):
        data = rng.randbytes(size // 2) + bytes(size - size // 2)
        pieces = _pieces(data, rng)
        said = f"of a message of {size:,} bytes in {plural(len(pieces), 'piece')}"
        for most in (size, size + rng.randint(1, 99)):
            what = f"{said}, at most {most:,}: the answer"
            got = answer(list(pieces), most)
            if not isinstance(got, bytes | bytearray):
                raise Wrong(f"{what} should be its bytes; got {kind(got)}")
            same(bytes(got) == data, True, f"{what} is the message: it")
        if size:
            same(answer(list(pieces), size - 1), None, f"{said}, at most {size - 1:,}: the answer")
    for pieces, most, told in (
        (_pieces(bytes(64 * MiB), rng, 1), 100 * KiB, "in one piece"),
        (_pieces(bytes(8 * MiB), rng, 512), 100 * KiB, "in 512 pieces, each of which is within the bound"),
    ):
        tracemalloc.start()
        try:
            got = answer(list(pieces), most)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        same(got, None, f"of a bomb {told}: the answer")
        if peak > 2 * MiB:
            raise Wrong(f"a bomb {told}, at most {most:,} bytes: {peak:,} bytes were taken to find it out")


def _pieces(data: bytes, rng: random.Random, count: int = 3) -> list[bytes]:
    """A compressed message in fragments (RFC 7692 §7.2.1); each inflates to its part of the data."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    step = len(data) // count or 1
    parts = [data[at : at + step] for at in range(0, len(data), step)] or [b""]
    pieces = [packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH) for part in parts]
    return [*pieces[:-1], pieces[-1].removesuffix(b"\x00\x00\xff\xff")]


class Rate(Protocol):
    """The class `Allowance` that the learner writes."""

    def take(self, now: float) -> bool: ...


@exercise()
def Allowance(answer: Callable[[float, int, float], Rate], rng: random.Random) -> None:
    """A burst at once, then ``rate`` a second; what is refused costs nothing; a pause fills it up."""
    # Powers of two, and sums of them: no way of counting is off by a rounding.
    rate, burst, start = rng.choice((2.0, 4.0, 8.0)), rng.randint(3, 8), float(rng.randint(100, 900))
    said = f"of Allowance({rate:g}, {burst}, now)"
    bucket, other = answer(rate, burst, start), answer(rate, burst, start)
    _drink(bucket, start, burst, f"{said}: at the start")
    same(bucket.take(start + 0.5 / rate), False, f"{said}: half a message's time after the burst, take()")
    now = start + 1.0625 / rate
    same(bucket.take(now), True, f"{said}: one message's time after the burst, take()")
    same(bucket.take(now), False, f"{said}: and at once again, take()")
    granted = 0
    for _ in range(16):
        now += 0.125 / rate
        granted += bucket.take(now)
    same(granted, 2, f"{said}: asked 16 times in the time of 2 messages: granted")
    now += 1.5 / rate
    _drink(bucket, now, 1, f"{said}: after being asked too often, and a pause for one message")
    now += 3600
    _drink(bucket, now, burst, f"{said}: after an hour")
    _drink(other, start + 1, burst, f"{said}: a second one, after a second")


def _drink(bucket: Rate, now: float, count: int, said: str) -> None:
    """``count`` are granted, and no more."""
    for number in range(1, count + 1):
        same(bucket.take(now), True, f"{said}, take() number {number}")
    same(bucket.take(now), False, f"{said}, take() number {count + 1}")


@exercise()
def may_open(answer: Callable[[str | None, str, list[str]], bool], rng: random.Random) -> None:
    """The own origin and those allowed, to the last character; null never; no Origin is a program."""
    shop, port = rng.choice(("shop", "tea", "bank")), rng.randint(2000, 9000)
    host, friend = f"{shop}.example:{port}", f"https://friend{rng.randint(1, 9)}.example"
    own = f"http://{host}"
    cases: list[tuple[str | None, bool]] = [
        (own, True),
        (friend, True),
        (None, True),
        ("null", False),
        ("", False),
        (f"https://{host}", False),
        (f"http://{shop}.example:{port + 1}", False),
        (f"http://{shop}.example", False),
        (f"http://{host}.evil.example", False),
        (f"http://evil.example/{host}", False),
        (f"http://evil-{host}", False),
        (f"http://{host}@evil.example", False),
        (f"{own}/", False),
        (f"http://{shop}xexample:{port}", False),
        (f"{friend}.evil.example", False),
        (f"{friend}:{port}", False),
        (friend.replace("https", "http"), False),
        (friend.removeprefix("https://"), False),
        (friend[:-1], False),
        ("https://evil.example", False),
    ]
    rng.shuffle(cases)
    for origin, wanted in cases:
        given = [friend]
        same(_plain(answer(origin, host, given)), wanted, f"may_open({origin!r}, {host!r}, {given})")
    same(_plain(answer(own, host, [])), True, f"may_open({own!r}, {host!r}, [])")
    same(_plain(answer(friend, host, [])), False, f"may_open({friend!r}, {host!r}, [])")
    same(_plain(answer("null", host, ["null"])), False, f"may_open('null', {host!r}, ['null'])")


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool) else f"{value!r}, neither True nor False"
