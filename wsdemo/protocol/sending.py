"""The half of the protocol that makes bytes: messages, control frames, fragments (RFC 6455 §5, §6.1).

::

    send_text("Hello")   ──►  header · masking key (a client's) · payload, masked
    data_to_send()       ──►  the protocol's own bytes: handshake, pongs, close frame

Knows nothing of received bytes; ``Protocol`` builds on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .arguments import check_function, got
from .codes import CloseCode, Opcode, Side
from .deflate import Deflater, Parameters
from .errors import InvalidState
from .frames import CONTROL_SIZE, FIN, LENGTH_16, MASK, RSV1, close_payload, header
from .masking import fresh_key, mask_integer, masked_frame
from .states import OPEN, TRANSITIONS, State, Step

TEXT_WHOLE: Final = FIN | Opcode.TEXT
BINARY_WHOLE: Final = FIN | Opcode.BINARY

#: The headers of small whole messages, by first byte, then length: 0.2 µs less than to make one.
_HEADERS, _MASKED_HEADERS = (
    {
        first: tuple(header(first, length, bit) for length in range(LENGTH_16))
        for first in (TEXT_WHOLE, BINARY_WHOLE)
    }
    for bit in (0, MASK)
)

BytesLike = bytes | bytearray | memoryview
MaskingKey = bytes | Callable[[], bytes]


class Serializer:
    """The sending half of one end: every method checks that the state allows it.

    Raises TypeError or ValueError for a masking key that can't be one.
    """

    __slots__ = (
        "_deflater",
        "_close_frame",
        "_key",
        "_handshake",
        "_packer",
        "_pongs",
        "_sending",
        "close_sent",
        "deflate",
        "side",
        "state",
    )

    def __init__(
        self, side: Side, state: State, deflate: Parameters | None, masking_key: MaskingKey | None
    ) -> None:
        self.side = side
        self.state = state
        self.close_sent: int | None = None  #: the code of our close frame; 1005 where it has none
        self.deflate = deflate  #: the compression that was agreed
        self._key = _key_source(masking_key) if side is Side.CLIENT else None
        self._deflater: Deflater | None = None
        self._sending: Opcode | None = None  # the message whose fragments we are sending
        self._packer: Deflater | None = None  # their compressor
        self._handshake = b""  # our request or response
        self._pongs = b""
        self._close_frame = b""  # the peer closed or failed: our close frame

    def data_to_send(self) -> bytes:
        """The protocol's own bytes since the last call: handshake, pongs, close frame."""
        if not self.has_data_to_send:
            return b""
        data = self._handshake + self._pongs + self._close_frame
        self._handshake = self._pongs = self._close_frame = b""
        return data

    def data_to_send_first(self) -> bytes:
        """The part of it that goes before answers to messages: handshake and pongs, no close frame."""
        first = self._handshake + self._pongs
        self._handshake = self._pongs = b""
        return first

    @property
    def has_data_to_send(self) -> bool:
        """Whether ``data_to_send`` has something."""
        return bool(self._pongs or self._handshake or self._close_frame)

    def reset_compressor(self) -> None:
        """The peer got a frame that we did not compress (see ``Prepared``): start afresh after it.

        The peer's inflater may refer back to its text, and our deflater has never seen it.
        """
        if self._deflater is not None and self._deflater.takeover:
            self._deflater = None

    def send_text(self, text: str, *, compress: bool = True) -> bytes:
        """The bytes of a text message. TypeError for bytes; InvalidState where none can be sent.

        ``compress``: false for a message that must not be compressed, see `Connection.send`.

        >>> server, text = Serializer(Side.SERVER, OPEN, Parameters(), None), "tick " * 30
        >>> len(server.send_text(text)), len(server.send_text(text, compress=False))
        (12, 154)
        """
        if not isinstance(text, str):
            raise TypeError(f"a text message is str, not {type(text).__name__}; send_binary takes bytes")
        if self.state is not OPEN or self._sending is not None:
            self.check_can_send()
        return self.send_whole(TEXT_WHOLE, text.encode(), compress)

    def send_binary(self, data: BytesLike, *, compress: bool = True) -> bytes:
        """The bytes of a binary message. TypeError for a str; InvalidState where none can be sent."""
        if not isinstance(data, bytes):
            data = as_bytes(data)
        if self.state is not OPEN or self._sending is not None:
            self.check_can_send()
        return self.send_whole(BINARY_WHOLE, data, compress)

    def send_fragment(self, data: str | BytesLike, fin: bool, *, compress: bool = True) -> bytes:
        """The bytes of one fragment: the first one begins a message, ``fin`` ends it (RFC 6455 §5.4).

        The first one decides by ``compress`` for all of them.
        TypeError where text and binary fragments are mixed, InvalidState where none can be sent.
        """
        opcode = Opcode.TEXT if isinstance(data, str) else Opcode.BINARY
        payload = data.encode() if isinstance(data, str) else as_bytes(data)
        self._check_open()
        first = FIN if fin else 0
        if self._sending is None:
            first |= opcode
            if compress and self.deflate is not None and len(payload) >= self.deflate.threshold:
                first |= RSV1  # on the first fragment only, it stands for the message (RFC 7692 §6.1)
                self._packer = self._fragment_deflater(self.deflate)
        elif self._sending is not opcode:
            raise TypeError(f"{opcode.name.lower()} fragment in a {self._sending.name.lower()} message")
        if self._packer is not None:
            payload = self._packer.deflate(payload, fin)
        self._sending = None if fin else opcode
        if fin:
            self._packer = None
        return self._frame_bytes(first, payload)

    def ping(self, payload: BytesLike = b"") -> bytes:
        """The bytes of a ping, with up to 125 bytes that its pong brings back; ValueError for more.

        InvalidState where the connection is not open.
        """
        return self._control_bytes(Opcode.PING, payload)

    def pong(self, payload: BytesLike = b"") -> bytes:
        """The bytes of a pong without a ping: "a unidirectional heartbeat" (RFC 6455 §5.5.3).

        InvalidState where the connection is not open, ValueError for over 125 bytes.
        """
        return self._control_bytes(Opcode.PONG, payload)

    def close(self, code: int | None = CloseCode.NORMAL, reason: str = "") -> bytes:
        """The bytes that begin the closing handshake, behind pongs that still wait. The last ones to be sent.

        InvalidState where the connection is not open; ValueError and TypeError as of ``close_payload``.
        """
        payload = close_payload(code, reason)
        if self.state is not OPEN:
            raise InvalidState(f"the connection is {self.state.value}; only an open one can be closed")
        data = self.data_to_send()
        return data + self._make_close_frame(payload)

    def check_can_send(self) -> None:
        """Raise ``InvalidState`` where no message can be sent now."""
        self._check_open()
        if self._sending is not None:
            raise InvalidState("a message in fragments is under way; end it with fin=True first")

    @property
    def can_send(self) -> bool:
        """Whether the connection is open, or its peer has ended it and our close frame is not taken yet.

        "An endpoint MAY delay sending a Close frame until its current message is sent" (RFC 6455 §5.5.1):
        answers to messages that came together with what ended the connection still go out.
        """
        return self.state is OPEN or bool(self._close_frame)

    def _check_open(self) -> None:
        if not self.can_send:
            raise InvalidState(f"the connection is {self.state.value}; only an open one can send")

    def _make_close_frame(self, payload: bytes) -> bytes:
        """The bytes of our close frame; there is only one."""
        self.close_sent = int.from_bytes(payload[:2], "big") or CloseCode.NO_CODE.value
        self._go(Step.CLOSE_SENT)
        return self._frame_bytes(FIN | Opcode.CLOSE, payload)

    def _go(self, step: Step) -> None:
        self.state = TRANSITIONS[self.state, step]

    def send_whole(self, first: int, payload: bytes, compress: bool = True) -> bytes:
        """The bytes of a whole message, compressed where that was agreed and makes it smaller."""
        deflate = self.deflate
        if deflate is not None and compress and len(payload) >= deflate.threshold:
            if self._deflater is None:
                self._deflater = deflate.deflater(self.side)
            payload = self._deflater.deflate(payload)
            first |= RSV1
        elif len(payload) < LENGTH_16:
            if self._key is None:
                return _HEADERS[first][len(payload)] + payload
            key = self._key()
            return _MASKED_HEADERS[first][len(payload)] + key + mask_integer(payload, key)
        return self._frame_bytes(first, payload)

    def _frame_bytes(self, first: int, payload: bytes) -> bytes:
        if self._key is None:
            return header(first, len(payload)) + payload
        key = self._key()
        return masked_frame(header(first, len(payload), MASK), key, payload)

    def _control_bytes(self, opcode: Opcode, payload: BytesLike) -> bytes:
        payload = as_bytes(payload)
        if len(payload) > CONTROL_SIZE:
            raise ValueError(f"{opcode.name.lower()} of {len(payload)} bytes, at most {CONTROL_SIZE} fit")
        self._check_open()
        return self._frame_bytes(FIN | opcode, payload)

    def _fragment_deflater(self, deflate: Parameters) -> Deflater:
        """The compressor that goes from fragment to fragment, and with takeover on to the next message."""
        if self._deflater is None:
            self._deflater = deflate.deflater(self.side)
        return self._deflater if self._deflater.takeover else deflate.deflater(self.side, fragments=True)


def as_bytes(data: object) -> bytes:
    """The data as bytes, copied where it could change; TypeError for others, such as an int."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    raise TypeError(f"bytes are needed, not {type(data).__name__}; send_text takes str")


def payload_size(message: str | BytesLike) -> int:
    """The size of a message's payload in bytes, before any compression. ASCII text is not copied for it.

    >>> payload_size("hello"), payload_size("héllo"), payload_size(b"hello")
    (5, 6, 5)
    """
    if isinstance(message, str):
        return len(message) if message.isascii() else len(message.encode())
    return message.nbytes if isinstance(message, memoryview) else len(message)


def _key_source(key: MaskingKey | None) -> Callable[[], bytes]:
    if key is None:
        return fresh_key
    if isinstance(key, bytes):
        if len(key) != 4:
            raise ValueError(f"masking_key: got {len(key)} bytes, expected four bytes")
        return lambda: key
    check_function("masking_key", key, 0, "four bytes, or a function that gives them")
    return lambda: _four_bytes(key())


def _four_bytes(key: object) -> bytes:
    if not isinstance(key, bytes) or len(key) != 4:
        raise TypeError(f"masking_key gave {got(key)}, expected four bytes")
    return key
