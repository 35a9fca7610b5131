"""What a transport tells its owner, who gives the bytes a meaning: a connection, a raw link, a proxy."""

from __future__ import annotations

from typing import Protocol


class Sink(Protocol):
    """What a transport tells its owner, always in the reactor's thread."""

    def data_received(self, data: bytes) -> None:
        """These bytes came."""

    def get_buffer(self) -> memoryview | None:
        """Where the next bytes should be put, inside a large message; ``None``: anywhere."""

    def buffer_updated(self, size: int) -> None:
        """So many bytes were put there."""

    def eof_received(self) -> None:
        """The peer will send no more."""

    def resume_writing(self) -> None:
        """The out-buffer is empty again, having been over its high-water mark."""

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed. Comes exactly once, and last."""
