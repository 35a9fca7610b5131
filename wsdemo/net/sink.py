"""What a wire tells its owner, who gives the bytes a meaning: a connection, a raw link, a proxy."""

from __future__ import annotations

from typing import Protocol


class Sink(Protocol):
    """What a wire tells its owner, always in the reactor's thread."""

    def receive(self, data: bytes) -> None:
        """These bytes came."""

    def wanted(self) -> memoryview | None:
        """Where the next bytes should be put, inside a large message; ``None``: anywhere."""

    def took(self, size: int) -> None:
        """So many bytes were put there."""

    def eof(self) -> None:
        """The peer will send no more."""

    def drained(self) -> None:
        """The out-buffer is empty again, having been over its high-water mark."""

    def lost(self, error: Exception | None) -> None:
        """The socket is closed. Comes exactly once, and last."""
