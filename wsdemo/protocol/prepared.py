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

from .codes import Side
from .frames import RSV1, header
from .protocol import Protocol
from .sending import BINARY_WHOLE, TEXT_WHOLE, BytesLike, as_bytes


class Prepared:
    """A message to be sent on many connections. TypeError for a message that is neither text nor bytes.

    >>> news = Prepared("news")
    >>> servers = [Protocol(Side.SERVER, opened=True) for _ in range(2)]
    >>> one, two = (news.for_connection(server) for server in servers)
    >>> one is two, one
    (True, b'\\x81\\x04news')
    """

    __slots__ = ("_frames", "first", "payload")

    def __init__(self, message: str | BytesLike) -> None:
        text = isinstance(message, str)
        self.first = TEXT_WHOLE if text else BINARY_WHOLE  #: the first byte of the frame
        self.payload = message.encode() if isinstance(message, str) else as_bytes(message)
        self._frames: dict[object, bytes] = {}  # by the way to compress; None: the plain one

    @property
    def plain(self) -> bytes:
        """The frame for all connections of a server without compression.

        >>> Prepared("news").plain
        b'\\x81\\x04news'
        """
        return self._frames.get(None) or self._serialize(None, self.first, self.payload)

    def for_connection(self, protocol: Protocol) -> bytes:
        """The bytes to write; they mean the same as those of ``send_text`` or ``send_binary``.

        A client masks each frame with a fresh key, so its bytes are made for it alone.
        """
        protocol.check_can_send()
        if protocol.side is Side.CLIENT:
            return protocol.send_whole(self.first, self.payload)
        deflate = protocol.deflate
        if deflate is None or len(self.payload) < deflate.threshold:
            return self.plain
        kind = (deflate.server_max_window_bits, deflate.level, deflate.memory_level)
        frame = self._frames.get(kind)
        if frame is None:
            packed = deflate.without_takeover().deflater(Side.SERVER).deflate(self.payload)
            frame = self._serialize(kind, self.first | RSV1, packed)
        protocol.reset_compressor()
        return frame

    def _serialize(self, kind: object, first: int, payload: bytes) -> bytes:
        frame = self._frames[kind] = header(first, len(payload)) + payload
        return frame
