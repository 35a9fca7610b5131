"""Incomplete frames and messages: a frame whose payload is still arriving, a message in fragments.

::

    a message   ┌ text, fin=0 ┐ ┌ continuation, fin=0 ┐ ┌ continuation, fin=1 ┐
    a frame                                             header, 6 of 20 bytes │ … still to come

Memory follows the bytes that came, never the length that was announced: announcing costs a peer nothing.
The bounds themselves are told from the header, by ``Protocol``, before anything is kept here.
"""

from __future__ import annotations

import functools
from typing import Final

from . import utf8
from .codes import Opcode
from .errors import InvalidData
from .masking import mask, mask_in_place

#: Bytes that a large payload gets at first, and then as many again as are there already.
FIRST_ROOM: Final = 64 * 1024

#: Bytes of the one block that ``_keep_memory`` takes and gives back.
KEPT: Final = 4 * 1024 * 1024

_ZEROS: Final = bytes(FIRST_ROOM)


class PartialFrame:
    """A frame whose header is complete and whose payload is not.

    Text must be valid so far at every moment, so it is unmasked and checked as it comes: ``pending`` is then
    the state of ``utf8.check``. With ``pending`` None the payload is unmasked at the end, in place.
    """

    __slots__ = ("_buffer", "_key", "_view", "filled", "first", "length", "pending")

    def __init__(self, first: int, length: int, key: bytes | None, pending: bytes | None) -> None:
        self.first = first  # first byte of the header
        self.length = length  # bytes of the whole payload
        self.filled = 0  # bytes of it that are here
        self.pending = pending  # None: not watched
        self._key = key
        self._buffer = bytearray()  # longer than ``filled`` while it has room for more
        if length > FIRST_ROOM:
            _keep_memory()
        self._view: memoryview | None = None

    @property
    def missing(self) -> int:
        """Bytes of payload still to come."""
        return self.length - self.filled

    def add(self, data: bytes | memoryview) -> None:
        """Add more of the payload, at most the rest; ``InvalidData`` for text that is not UTF-8.

        Takes linear time: the buffer grows by a share of itself.
        """
        self._release()
        del self._buffer[self.filled :]
        self._buffer += data
        self._arrived(len(data))

    def get_buffer(self, most: int) -> memoryview:
        """Memory for the next bytes, ``most`` at most; ``buffer_updated`` tells how many were written."""
        self._release()
        buffer = self._buffer
        if len(buffer) == self.filled:
            more = min(self.length, max(FIRST_ROOM, 2 * self.filled)) - self.filled
            for _ in range(more // FIRST_ROOM):
                buffer += _ZEROS
            buffer += _ZEROS[: more % FIRST_ROOM]
        self._view = memoryview(buffer)[self.filled : self.filled + most]
        return self._view

    def buffer_updated(self, size: int) -> None:
        """``size`` bytes were written at the start of ``get_buffer()``; ValueError where it was smaller.

        ``InvalidData`` for text that is not UTF-8.
        """
        if not 0 <= size <= len(self._buffer) - self.filled:
            raise ValueError(f"{size} bytes do not fit in the room for {len(self._buffer) - self.filled}")
        self._release()
        self._arrived(size)

    def payload(self) -> bytearray:
        """The whole payload, unmasked. This object must not be used afterwards."""
        self._release()
        if self._key is not None and self.pending is None:
            mask_in_place(self._buffer, self._key)
        return self._buffer

    def _arrived(self, size: int) -> None:
        start, self.filled = self.filled, self.filled + size
        if self.pending is not None:
            with memoryview(self._buffer)[start : self.filled] as view:
                piece = bytes(view)
            if self._key is not None:
                self._buffer[start : self.filled] = piece = mask(piece, self._key, start)
            self.pending = utf8.check(self.pending, piece)

    def _release(self) -> None:
        if self._view is not None:  # a bytearray can't grow while a memoryview of it exists
            self._view.release()
            self._view = None


class PartialMessage:
    """The fragments of a message so far. The control frames between them leave it alone."""

    __slots__ = ("_parts", "compressed", "opcode", "pending", "size")

    def __init__(self, opcode: int, compressed: bool) -> None:
        self.opcode = opcode
        self.compressed = compressed  # "flag belongs to the message": only its first frame carries rsv1
        self.size = 0  # bytes of payload
        self.pending = b"" if opcode == Opcode.TEXT and not compressed else None  # None: no text to watch
        self._parts: list[bytes | bytearray] = []

    @property
    def fragments(self) -> int:
        """Frames so far; empty ones count."""
        return len(self._parts)

    def add(self, payload: bytes | bytearray, pending: bytes | None = None) -> None:
        """Add a fragment; ``InvalidData`` for text that is not UTF-8.

        ``pending``: the state of ``utf8.check`` where the fragment was checked as it came.
        """
        if self.pending is not None:
            self.pending = utf8.check(self.pending, bytes(payload)) if pending is None else pending
        self._parts.append(payload)
        self.size += len(payload)

    def payload(self) -> bytes | bytearray:
        """All fragments joined, after the last one; ``InvalidData`` for text that ends within a character."""
        if self.pending:
            text = f"not UTF-8 text: it ends within a character, after {self.pending.hex(' ')}"
            raise InvalidData(text, section="RFC 6455 §8.1")
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


@functools.cache
def _keep_memory() -> None:
    """Make the C library keep memory for large payloads, instead of fetching it anew for each message.

    glibc returns a block of over 128 KiB to the system as soon as it is free, and the next one comes page
    fault by page fault: measured, 1.9 ns a byte, where everything else that is done to a message takes 0.1.
    Freeing a larger block, once, raises that threshold to its size (mallopt(3), M_MMAP_THRESHOLD). The block
    is never touched, so it takes no memory; glibc then keeps up to twice its size. With other C libraries
    this does nothing.
    """
    bytes(KEPT)
