"""One message for many connections: serialized once, compressed once.

::

    Prepared("news") ──► for_connection(a) ──► the same bytes object
                     ──► for_connection(b) ──► the same bytes object
                     ──► for_connection(c), which compresses with other window bits ──► one for its kind

A server's frames are not masked, so the same bytes serve every connection. Compressed without reference to
earlier messages they even serve those with context takeover, whose own compressor then starts afresh.
Knows nothing of sockets.
"""

from __future__ import annotations

from typing import Final

from .codes import Side
from .deflate import Parameters
from .frames import RSV1, header
from .protocol import Protocol
from .sending import BINARY_WHOLE, TEXT_WHOLE, BytesLike, as_bytes

#: The member under its own name: Python 3.11 takes 0.1 µs to look one up in its class.
CLIENT: Final = Side.CLIENT


class Prepared:
    """A message to be sent on many connections. TypeError for a message that is neither text nor bytes.

    >>> news = Prepared("news")
    >>> servers = [Protocol(Side.SERVER, opened=True) for _ in range(2)]
    >>> one, two = (news.for_connection(server) for server in servers)
    >>> one is two, one
    (True, b'\\x81\\x04news')
    """

    __slots__ = ("_frames", "_latest", "compress", "first", "payload", "plain")

    def __init__(self, message: str | BytesLike, *, compress: bool = True) -> None:
        text = isinstance(message, str)
        self.first = TEXT_WHOLE if text else BINARY_WHOLE  #: the first byte of the frame
        self.payload = message.encode() if isinstance(message, str) else as_bytes(message)
        self.compress = compress  #: false: plain for every connection
        #: The frame for all connections of a server without compression.
        self.plain = header(self.first, len(self.payload)) + self.payload
        self._frames: dict[object, bytes] = {}  # the others, by the way to compress
        #: The parameters of the last connection, which the next one often shares, and its frame.
        self._latest: tuple[Parameters | None, bytes] = (None, self.plain)

    def for_connection(self, protocol: Protocol) -> bytes:
        """The bytes to write; they mean the same as those of ``send_text`` or ``send_binary``.

        A client masks each frame with a fresh key, so its bytes are made for it alone.
        """
        protocol.check_can_send()
        return self.frame(protocol)

    def frame(self, protocol: Protocol) -> bytes:
        """The same, for a connection that is known to be open, and between two messages."""
        if protocol.side is CLIENT:
            return protocol.send_whole(self.first, self.payload, self.compress)
        deflate = protocol.deflate
        if deflate is None or not self.compress:
            return self.plain
        latest, frame = self._latest
        if deflate is not latest:
            frame = self._frame(deflate)
            self._latest = deflate, frame
        if not deflate.server_no_context_takeover and frame is not self.plain:
            protocol.reset_compressor()
        return frame

    def _frame(self, deflate: Parameters) -> bytes:
        """The frame for all connections of a server that compress by these parameters."""
        if len(self.payload) < deflate.threshold:
            return self.plain
        kind = (deflate.server_max_window_bits, deflate.level, deflate.memory_level)
        frame = self._frames.get(kind)
        if frame is None:
            packed = deflate.without_takeover().deflater(Side.SERVER).deflate(self.payload)
            frame = self._frames[kind] = header(self.first | RSV1, len(packed)) + packed
        return frame
