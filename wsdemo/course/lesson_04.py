"""The exercises of lesson 04: the 2 to 14 bytes of a frame's header."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

from wsdemo.course.exercises import Wrong, as_bytes, exercise, kind, same, show
from wsdemo.protocol import frames
from wsdemo.protocol.errors import ProtocolError

EDGES = (0, 1, 125, 126, 127, 255, 256, 65535, 65536, 65537, 1 << 20, 1 << 40)

#: RFC 6455 §5.7: fin, opcode, length, masking key, and the header that stands there.
VECTORS: tuple[tuple[bool, int, int, bytes | None, str], ...] = (
    (True, 1, 5, None, "81 05"),
    (True, 1, 5, bytes.fromhex("37fa213d"), "81 85 37 fa 21 3d"),
    (False, 1, 3, None, "01 03"),
    (True, 0, 2, None, "80 02"),
    (True, 9, 5, None, "89 05"),
    (True, 10, 5, bytes.fromhex("37fa213d"), "8a 85 37 fa 21 3d"),
    (True, 2, 256, None, "82 7e 01 00"),
    (True, 2, 65536, None, "82 7f 00 00 00 00 00 01 00 00"),
)

#: A key of zeros masks nothing, and is a key all the same.
NO_SECRET = (True, 2, 3, bytes(4), "82 83 00 00 00 00")

#: Headers that no sender may send, read as they are, and why.
UNJUDGED: tuple[tuple[bytes, tuple[bool, int, int, None, int], str], ...] = (
    (bytes.fromhex("f1 00"), (True, 1, 0, None, 2), "the opcode has four bits, RSV1 to RSV3 are not in it"),
    (bytes.fromhex("71 00"), (False, 1, 0, None, 2), "FIN is one bit, RSV1 to RSV3 are not in it"),
    (bytes.fromhex("83 00"), (True, 3, 0, None, 2), "nothing is judged here, no opcode either"),
    (bytes.fromhex("82 7e 00 05"), (True, 2, 5, None, 4), "nothing is judged here, no length either"),
    (bytes.fromhex("82 7f 80") + bytes(7), (True, 2, 1 << 63, None, 10), "a length has no sign"),
)

Header = Callable[[bool, int, int, bytes | None], bytes]


def made(fin: bool, opcode: int, length: int, key: bytes | None) -> bytes:
    """The header, made by the package itself."""
    bit = frames.MASK if key is not None else 0
    return frames.header(frames.FIN * fin | opcode, length, bit) + (key or b"")


@exercise()
def frame_header(answer: Header, rng: random.Random) -> None:
    """The header of a frame, in its shortest form."""
    for fin, opcode, length, key, wanted in (*VECTORS, NO_SECRET):
        what = f"frame_header({fin}, {opcode}, {length}, {'no key' if key is None else key.hex()})"
        same(answer(fin, opcode, length, key), bytes.fromhex(wanted), what)
    for length in (*EDGES, rng.randrange(126), rng.randrange(126, 65536), rng.randrange(65536, 1 << 62)):
        opcode = rng.choice((0, 1, 2, 9, 10) if length <= 125 else (0, 1, 2))
        fin = opcode >= 8 or rng.random() < 0.5  # a control frame is whole, and of 125 bytes at most
        key = rng.randbytes(4) if rng.random() < 0.5 else None
        what = f"frame_header({fin}, {opcode}, {length}, {'no key' if key is None else key.hex()})"
        same(answer(fin, opcode, length, key), made(fin, opcode, length, key), what)


@exercise()
def read_header(answer: Callable[[bytes], Any], rng: random.Random) -> None:
    """A header taken apart, and None while bytes of it are missing."""
    cases = [(fin, opcode, length, key) for fin, opcode, length, key, _ in VECTORS]
    for length in EDGES:
        cases.append(
            (rng.random() < 0.5, rng.choice((0, 1, 2, 8)), length, rng.choice((None, rng.randbytes(4))))
        )
    for fin, opcode, length, key in cases:
        head = made(fin, opcode, length, key)
        for cut in range(len(head)):
            same(
                answer(head[:cut]),
                None,
                f"read_header of {show(head[:cut])}, the first {cut} bytes of a header,",
            )
        wanted = (fin, opcode, length, key, len(head))
        for more in (3, 0):
            got = answer(head + rng.randbytes(more))
            if not isinstance(got, tuple | list) or tuple(got) != wanted:
                what = f"read_header of {show(head)} and {more} bytes of payload"
                raise Wrong(f"{what} should be {show(wanted)}; got {show(got)}")
    for data, wanted, why in UNJUDGED:
        got = answer(data)
        if not isinstance(got, tuple | list) or tuple(got) != wanted:
            raise Wrong(f"read_header of {show(data)} should be {show(wanted)}, for {why}; got {show(got)}")


@exercise()
def length_error(answer: Callable[[bytes], bool], rng: random.Random) -> None:
    """Whether a length is not in its shortest form, or has its top bit set."""
    for form, size in ((126, 2), (127, 8)):
        least = 126 if form == 126 else 65536
        tops = (0, 1, 125, 126, 127, 65535, 65536, least - 1, least, rng.randrange(least, 65536 * least))
        lengths = {length for length in tops if length < 1 << 8 * size}
        if form == 127:
            lengths |= {(1 << 63) - 1, 1 << 63, (1 << 63) + rng.randrange(1 << 40)}
        for length in sorted(lengths):
            for bit in (frames.MASK, 0):
                data = bytes([0x82, bit | form]) + length.to_bytes(size, "big") + rng.randbytes(4)
                got = answer(data)
                wanted = _is_refused(length, data[1])
                same(bool(got) if got is not None else False, wanted, f"length_error of {show(data)}")
    for length in (0, rng.randrange(126), 125):
        for bit in (0, frames.MASK):
            data = bytes([0x81, bit | length]) + rng.randbytes(length + bit // 32)
            same(bool(answer(data)), False, f"length_error of {show(data)}")


def _is_refused(length: int, second: int) -> bool:
    try:
        frames.check_length(length, second)
    except ProtocolError:
        return True
    return False


@exercise()
def split_frames(answer: Callable[[bytes], tuple[list[bytes], bytes]], rng: random.Random) -> None:
    """All whole frames of a server, data and control, and the bytes that are left over."""
    payloads = [rng.randbytes(size) for size in (0, *rng.sample((1, 5, 125, 126, 300), 3))]
    kinds = [(True, 9), (False, 1), *rng.sample([(True, 0), (True, 1), (True, 2), (False, 2)], 2)]
    whole_frames = [
        made(fin, opcode, len(payload), None) + payload
        for (fin, opcode), payload in zip(kinds, payloads, strict=True)
    ]
    stream = b"".join(whole_frames)
    ends = list(itertools.accumulate(map(len, whole_frames)))
    for cut in range(len(stream) + 1):
        whole = [payload for payload, end in zip(payloads, ends, strict=True) if end <= cut]
        rest = stream[max([end for end in ends if end <= cut], default=0) : cut]
        what = f"split_frames of the first {cut} bytes of a stream of {len(payloads)} frames"
        got = answer(stream[:cut])
        found, left = _pair(got, what)
        same(found, whole, f"{what}: the payloads")
        same(left, rest, f"{what}: the bytes left over")
    large = rng.randbytes(1 << 16)
    what = f"split_frames of a frame of {len(large)} bytes, and one byte more"
    found, left = _pair(answer(made(True, 2, len(large), None) + large + b"\x82"), what)
    same(found, [large], f"{what}: the payloads")
    same(left, b"\x82", f"{what}: the bytes left over")


def _pair(got: object, what: str) -> tuple[list[bytes], bytes]:
    """The payloads and the bytes left over, as bytes of any kind."""
    if not isinstance(got, tuple | list) or len(got) != 2:
        raise Wrong(f"{what} should be a pair: the payloads, and what is left over; got {kind(got)}")
    payloads, left = got
    if not isinstance(payloads, tuple | list):
        raise Wrong(f"{what} should be a list of payloads first; got {kind(payloads)}")
    found = [as_bytes(one, f"{what}: payload {number}") for number, one in enumerate(payloads, 1)]
    return found, as_bytes(left, f"{what}: the bytes left over")
