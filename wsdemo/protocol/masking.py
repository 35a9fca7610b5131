"""Masking: every byte that a client sends is XORed with one byte of a four-byte key (RFC 6455 §5.3).

::

    payload   H    e    l    l    o
              48   65   6c   6c   6f
    key       37   fa   21   3d   37 …       the key repeats
              ── ⊕ ── ⊕ ── ⊕ ── ⊕ ──
    masked    7f   9f   4d   51   58

XOR undoes itself, so the same function masks and unmasks. One byte after the other is slow in Python;
these are the ways to do many at once, each the fastest in its range (measured; all held to one result):

- ``mask_plain``    one byte after the other: what the RFC says
- ``mask_integer``  one XOR of two large integers: up to ``STRIDED`` bytes
- ``mask_strided``  every fourth byte meets the same byte of the key, so ``bytes.translate`` four times
- ``mask_numpy``    an array of four-byte words: from ``NUMPY`` bytes, where NumPy is installed

Knows nothing of frames. The one place that draws random bytes for them.
"""

from __future__ import annotations

import functools
import importlib
import os
from typing import Any, Final

STRIDED: Final = 2048  # bytes; at this size both ways take 3 µs
STRIDED_IN_PLACE: Final = 512  # bytes; in place nothing is copied in and out again
NUMPY: Final = 1024  # bytes; at this size 1.3 µs against 1.9 µs

#: Fresh keys drawn from the operating system in one call, which costs as much for one as for many.
POOL: Final = 1024


def mask(data: bytes, key: bytes, offset: int = 0) -> bytes:
    """``data`` XOR ``key``, where ``data`` starts ``offset`` bytes into the payload (RFC 6455 §5.3).

    >>> mask(b"Hello", b"\\x37\\xfa\\x21\\x3d").hex(" ")
    '7f 9f 4d 51 58'
    >>> mask(b"lo", b"\\x37\\xfa\\x21\\x3d", offset=3).hex(" ")
    '51 58'
    """
    if offset & 3:
        offset &= 3
        key = key[offset:] + key[:offset]
    size = len(data)
    if size >= NUMPY and numpy() is not None:
        return mask_numpy(data, key)
    return mask_integer(data, key) if size < STRIDED else mask_strided(data, key)


def masked_frame(head: bytes, key: bytes, payload: bytes) -> bytes:
    """``head + key + mask(payload, key)``, with one copy fewer of a large payload.

    >>> masked_frame(b"\\x81\\x85", b"\\x37\\xfa\\x21\\x3d", b"Hello").hex(" ")
    '81 85 37 fa 21 3d 7f 9f 4d 51 58'
    """
    size = len(payload)
    if size >= NUMPY and (np := numpy()) is not None:
        words = np.frombuffer(payload, np.uint64, size >> 3) ^ np.frombuffer(key + key, np.uint64)
        return b"".join((head, key, words.data, mask_integer(payload[size & ~7 :], key)))
    if size < STRIDED:
        return b"".join((head, key, mask_integer(payload, key)))
    out = bytearray(payload)
    _translate(out, key)
    return b"".join((head, key, out))


def mask_in_place(buffer: bytearray, key: bytes) -> None:
    """``mask`` for a whole payload, without a copy of it.

    >>> buffer = bytearray(b"Hello")
    >>> mask_in_place(buffer, b"\\x37\\xfa\\x21\\x3d")
    >>> buffer.hex(" ")
    '7f 9f 4d 51 58'
    """
    size = len(buffer)
    if size >= NUMPY and (np := numpy()) is not None:
        words = np.frombuffer(buffer, np.uint64, size >> 3)  # shares the memory of the buffer
        words ^= np.frombuffer(key + key, np.uint64)
        done = size & ~7
        buffer[done:] = mask_integer(buffer[done:], key)
    elif size >= STRIDED_IN_PLACE:
        _translate(buffer, key)
    else:
        buffer[:] = mask_integer(buffer, key)


def mask_plain(data: bytes, key: bytes) -> bytes:
    """ "octet i of the transformed data is the XOR of octet i of the original data with octet i modulo 4 of
    the masking key" (RFC 6455 §5.3).
    """
    return bytes(byte ^ key[i % 4] for i, byte in enumerate(data))


def mask_integer(data: bytes | bytearray, key: bytes) -> bytes:
    """Data and repeated key as two large integers: one XOR."""
    size = len(data)
    keys = (key * ((size >> 2) + 1))[:size]
    return (int.from_bytes(data, "little") ^ int.from_bytes(keys, "little")).to_bytes(size, "little")


def mask_strided(data: bytes, key: bytes) -> bytes:
    """Bytes 0, 4, 8 … meet byte 0 of the key; bytes 1, 5, 9 … byte 1; and so on."""
    out = bytearray(data)
    _translate(out, key)
    return bytes(out)


def mask_numpy(data: bytes, key: bytes) -> bytes:
    """The data as an array of four-byte words, the last one padded with zeros. Needs NumPy."""
    np = numpy()
    assert np is not None
    missing = -len(data) & 3
    words = np.frombuffer(data + bytes(missing) if missing else data, np.uint32)
    masked: bytes = (words ^ np.frombuffer(key, np.uint32)).tobytes()
    return masked[:-missing] if missing else masked


def fresh_key() -> bytes:
    """Four random bytes: "the masking key MUST be derived from a strong source of entropy" (RFC 6455 §5.3).

    From any thread: ``list.pop`` gives each key to one caller only. A forked child draws its own.

    >>> len(fresh_key())
    4
    """
    try:
        return _pool.pop()
    except IndexError:
        random = os.urandom(4 * POOL)
        _pool.extend(random[i : i + 4] for i in range(4, 4 * POOL, 4))
        return random[:4]


_pool: list[bytes] = []
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_pool.clear)


@functools.cache
def numpy() -> Any:
    """The module numpy, or None where it is not installed. Loaded by the first payload large enough."""
    try:
        return importlib.import_module("numpy")
    except ImportError:
        return None


def _translate(buffer: bytearray, key: bytes) -> None:
    buffer[0::4] = buffer[0::4].translate(_xor_table(key[0]))
    buffer[1::4] = buffer[1::4].translate(_xor_table(key[1]))
    buffer[2::4] = buffer[2::4].translate(_xor_table(key[2]))
    buffer[3::4] = buffer[3::4].translate(_xor_table(key[3]))


@functools.cache
def _xor_table(byte: int) -> bytes:
    """The 256 bytes XORed with ``byte``, in order; all 256 tables take 64 KiB."""
    return bytes(byte ^ other for other in range(256))
