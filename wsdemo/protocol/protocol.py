"""The protocol itself: bytes in, events out (RFC 6455 §5-§8).

::

             receive(bytes) ──► [Opened, Message, Ping, Closed …]
    Protocol
             send_text(str) ──► bytes to write
             data_to_send() ──► bytes to write: the handshake, pongs, a close frame

It is one end of one connection and never touches it: the owner of the socket brings the bytes that came and
takes away the bytes to send. So it runs in a test, in a lesson, in a thread or in an event loop.
Knows nothing of sockets, threads, clocks. Only one thread at a time may use it, `messages` apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .codes import CONTROL, CloseCode, Opcode, Side
from .deflate import Deflate, Inflater, Parameters, compressed_bound
from .errors import HandshakeError, InvalidState, MessageTooBig, PolicyViolation, ProtocolError
from .events import Closed, Closing, Event, Failed, Message, Ping, Pong
from .frames import (
    FIN,
    LENGTH,
    LENGTH_16,
    MASK,
    OPCODE,
    RSV1,
    check,
    check_length,
    close_payload,
    parse_close,
    parse_length,
    short_reason,
)
from .http11 import Request
from .limits import Limits
from .masking import mask
from .opening import Accept, Answer, Opening
from .partial import PartialFrame, PartialMessage
from .sending import BINARY_WHOLE, TEXT_WHOLE
from .states import CLOSED, CONNECTING, OPEN, Step
from .utf8 import invalid

#: The most bytes of pongs that wait to be sent. Beyond it, and when more pings come before they were taken
#: away, older ones are dropped: "MAY elect to send a Pong frame for only the most recently processed Ping
#: frame" (RFC 6455 §5.5.3).
PONGS: Final = 4096
#: Bytes of a payload that must be missing before it is worth receiving them in place.
IN_PLACE: Final = 16 * 1024

#: First bytes of data frames that no extension has touched.
_DATA: Final = frozenset(fin | opcode for fin in (0, FIN) for opcode in range(3))
#: First bytes of those with which a compressed message begins (RFC 7692 §6.1).
_COMPRESSED: Final = frozenset(fin | RSV1 | opcode for fin in (0, FIN) for opcode in (1, 2))


class Protocol(Opening):
    """One end of a WebSocket connection, without the connection.

    ``side``: the end. A server starts with the bytes of the client's request, a client with its own.
    ``limits``: bounds on what comes.
    ``accept``: a server's function of (request) that answers it: ``Accepted``, a plain ``Response``,
    ``HandshakeError``, or ``Undecided``, see ``decide``; by default ``handshake.accept`` and its safe policy.
    ``request``: a client's request; see ``handshake.request``.
    ``deflate``: the compression that a client offered in it; with ``opened``, the one that was agreed.
    ``masking_key``: four bytes, or a function that gives them; fresh random ones otherwise.
    ``opened``: whether the handshake took place elsewhere.
    ``authenticated``: if false, the first message identifies the peer, and has at most
    ``limits.first_message_size`` bytes.

    >>> server = Protocol(Side.SERVER, opened=True)
    >>> client = Protocol(Side.CLIENT, opened=True, masking_key=bytes.fromhex("37fa213d"))
    >>> client.send_text("Hello").hex(" ")
    '81 85 37 fa 21 3d 7f 9f 4d 51 58'
    >>> server.receive(client.send_text("Hello") + client.close(1001, "bye"))
    [Message(data='Hello'), Closing(code=1001, reason='bye')]
    >>> server.data_to_send().hex(" ")  # its close frame, in answer
    '88 02 03 e9'
    >>> server.receive_eof()
    [Closed(code=1001, reason='bye', clean=True)]
    """

    __slots__ = (
        "_bound",
        "_inflater",
        "_mask_bit",
        "_message",
        "_partial",
        "_fast_limit",
        "_stale",
        "close_code",
        "close_reason",
        "error",
    )

    def __init__(
        self,
        side: Side,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        accept: Accept | None = None,
        request: Request | None = None,
        deflate: Deflate | Parameters | None = None,
        masking_key: bytes | Callable[[], bytes] | None = None,
        opened: bool = False,
        authenticated: bool = True,
    ) -> None:
        super().__init__(side, limits, accept, request, deflate, masking_key, opened)
        self.error: ProtocolError | None = None  #: the error of the peer for which the connection failed
        #: As received (RFC 6455 §7.1.5); 1006 where no close frame came, or none that is valid; None before.
        self.close_code: int | None = None
        self.close_reason = ""
        self._mask_bit = MASK if side is Side.SERVER else 0  # of the frames that come
        if authenticated:
            self._unbind()
        else:
            self._bound = min(limits.first_message_size, limits.message_size)
            self._fast_limit = -1  # no message takes the short way, which does not end this bound
        self._partial: PartialFrame | None = None
        self._message: PartialMessage | None = None
        self._inflater: Inflater | None = None
        self._stale = False  # the pongs to send are of an earlier ``receive``

    def __repr__(self) -> str:
        return f"<Protocol: {self.side.value}, {self.state.value}>"

    # What comes in

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes from the peer and return their events. A peer's error is an event too: ``Failed``."""
        if self.state is CONNECTING:
            opened, data = self._open(data)
            return opened + self.receive(data) if data else opened
        events: list[Event] = []
        if self.close_code is None and self.state is not CLOSED:
            if self._pongs:
                self._stale = True
            try:
                self._frames(data, events)
            except (ProtocolError, UnicodeDecodeError) as error:
                self._fail(error, events)
        return events

    def decide(self, answer: Answer | HandshakeError) -> list[Event]:
        """Answer the request for which ``accept`` gave ``Undecided``, and take the bytes behind it.

        Nothing happens where it was refused, or the client left, in the meantime.
        """
        if not self.undecided or self.request is None:
            return []
        event = (
            self._refuse(answer) if isinstance(answer, HandshakeError) else self._say(self.request, answer)
        )
        early, self._rest = self._rest, b""
        return [event, *self.receive(early)]

    def receive_eof(self) -> list[Event]:
        """TCP ended: nothing more will come."""
        if self.state is CONNECTING:
            return self._open_eof()
        if self.state is CLOSED:
            return []
        code = self.close_code
        if code is None:
            code = self._end(CloseCode.ABNORMAL)
        self._go(Step.EOF)
        return [Closed(code, self.close_reason, clean=code != CloseCode.ABNORMAL)]

    def get_buffer(self) -> memoryview | None:
        """Memory to ``recv_into`` while a large payload comes, at most ``limits.turn_size`` bytes.

        It saves copies. None: use ``receive``.
        """
        partial = self._partial
        if partial is None or partial.missing <= IN_PLACE:
            return None
        return partial.get_buffer(self.limits.turn_size)

    def buffer_updated(self, size: int) -> list[Event]:
        """``size`` bytes were received into ``get_buffer()``; the same as ``receive`` of them.

        InvalidState where ``get_buffer`` gave no memory.
        """
        partial = self._partial
        if partial is None:
            raise InvalidState("buffer_updated() without get_buffer()")
        events: list[Event] = []
        try:
            partial.buffer_updated(size)
            if not partial.missing:
                self._finish(partial, events)
        except (ProtocolError, UnicodeDecodeError) as error:
            self._fail(error, events)
        return events

    # The frames

    def messages(self, data: bytes, start: int = 0) -> tuple[list[str | bytes], int]:
        """The small whole messages in ``data`` from ``start`` on, and their end; ``receive`` takes the rest.

        The fast way, a fifth of the time that they take one by one as frames, and without an event for each.
        A message that is no UTF-8 is left to ``receive``. Nothing changes, so another thread may send
        meanwhile.

        >>> client, server = (Protocol(side, opened=True) for side in (Side.CLIENT, Side.SERVER))
        >>> server.messages(client.send_text("Hello") + client.send_binary(b"you") + client.ping())
        (['Hello', b'you'], 20)
        """
        found: list[str | bytes] = []
        if self.state is not OPEN or self._partial is not None or self._message is not None or self._rest:
            return found, start
        mask_bit, fast_limit = self._mask_bit, self._fast_limit
        size = 6 if mask_bit else 2  # of a header
        position, last = start, len(data) - size
        from_bytes, append = int.from_bytes, found.append
        while position <= last:
            first = data[position]
            length = data[position + 1] ^ mask_bit  # over 127 where the mask bit is wrong
            begin = position + size
            end = begin + length
            if length > fast_limit or (first != TEXT_WHOLE and first != BINARY_WHOLE) or end > last + size:
                break
            payload = data[begin:end]
            if mask_bit:  # masking.mask_integer, 0.2 µs faster without the calls
                keys = (data[begin - 4 : begin] * (length + 3 >> 2))[:length]
                integer = from_bytes(payload, "little") ^ from_bytes(keys, "little")
                payload = integer.to_bytes(length, "little")
            try:
                append(payload.decode() if first == TEXT_WHOLE else payload)
            except UnicodeDecodeError:
                break
            position = end
        return found, position

    def _frames(self, data: bytes, events: list[Event]) -> None:
        """Read all frames in ``data``, behind the rest of the call before.

        ``frames.parse`` gives every bit of one frame, to be shown, and applies the same rules by the same
        functions. It is slower, and could not begin with a payload that has not all come.
        """
        position, end = 0, len(data)
        partial = self._partial
        if partial is not None:
            position = min(partial.missing, end)
            partial.add(data if position == end else memoryview(data)[:position])
            if partial.missing or self._finish(partial, events):
                return
        elif self._rest:
            data, self._rest = self._rest + data, b""
            end = len(data)
        while end - position >= 2:
            found = self._header(data, position)
            if found is None:
                break
            first, (start, length) = data[position], found
            stop = start + length
            if start > end:
                break
            if stop > end:
                self._arrive(first, length, data, start)
                return
            payload = data[start:stop]
            if self._mask_bit:
                payload = mask(payload, data[start - 4 : start])
            position = stop
            if self._frame(first, payload, events):
                return
            if position < end:
                small, position = self.messages(data, position)
                events.extend(map(Message, small))
        self._rest = data[position:]

    def _header(self, data: bytes, position: int) -> tuple[int, int] | None:
        """The start of the payload of the frame at ``position``, and its length; None: more bytes are needed.

        Every rule for a header is checked here, before a byte of payload is kept.
        """
        first, second = data[position], data[position + 1]
        plain = first in _DATA or (first in _COMPRESSED and self.deflate is not None)
        if not plain or second ^ self._mask_bit > LENGTH:  # 0.3 µs less for those that can't fail
            check(first, second, self.side, self.deflate is not None)
        found = parse_length(data, position)
        if found is None:
            return None
        length, start = found
        check_length(length, second)
        if not first & CONTROL:
            self._check_message(first, length)
        return start + 4 if self._mask_bit else start, length

    def _check_message(self, first: int, length: int) -> None:
        """Check that a data frame may come now (RFC 6455 §5.4), and that its message keeps to the bounds."""
        message, limits, bound = self._message, self.limits, self._bound
        size, compressed = length, bool(first & RSV1)
        if first & OPCODE:
            if message is not None:
                raise ProtocolError(
                    "a new message inside a message in fragments; a continuation must follow",
                    section="RFC 6455 §5.4",
                )
        elif message is None:
            raise ProtocolError("continuation frame, and no message to continue", section="RFC 6455 §5.4")
        else:
            if message.fragments >= limits.fragments:
                limit = limits.fragments
                raise PolicyViolation(
                    f"message of {limit + 1} fragments or more, at most {limit} accepted",
                    section="RFC 6455 §10.4",
                )
            size, compressed = size + message.size, message.compressed
        if size > bound and (not compressed or size > compressed_bound(bound)):
            raise MessageTooBig(
                f"message of {size} bytes or more, at most {bound} accepted", section="RFC 6455 §10.4"
            )
        if first & FIN and not compressed:
            self._unbind()

    def _unbind(self) -> None:
        """The first message is complete, and its size known: the next ones have the ordinary bound."""
        self._bound = self.limits.message_size
        self._fast_limit = min(LENGTH_16 - 1, self._bound)

    def _arrive(self, first: int, length: int, data: bytes, start: int) -> None:
        """A header is complete and its payload is not: keep the part that is there."""
        message, pending = self._message, None
        if message is not None and not first & CONTROL:
            pending = message.pending
        elif first & OPCODE == Opcode.TEXT and not first & RSV1:
            pending = b""
        key = data[start - 4 : start] if self._mask_bit else None
        self._partial = partial = PartialFrame(first, length, key, pending)
        partial.add(memoryview(data)[start:])

    def _finish(self, partial: PartialFrame, events: list[Event]) -> bool:
        """The rest of a payload has come. True: nothing may follow it."""
        self._partial = None
        return self._frame(partial.first, partial.payload(), events, partial.pending)

    def _frame(
        self, first: int, payload: bytes | bytearray, events: list[Event], pending: bytes | None = None
    ) -> bool:
        """Act on a complete frame. True: nothing may follow it. ``pending``: see ``PartialMessage.add``."""
        if first & CONTROL:
            return self._control(first & OPCODE, bytes(payload), events)
        message, opcode = self._message, first & OPCODE
        if message is None and first & FIN and first & RSV1:  # all of it: 1.2 µs less than by its parts
            whole: bytes | bytearray = self._inflate(payload)
        else:
            if message is None:
                message = PartialMessage(opcode, bool(first & RSV1))
            message.add(payload, pending)
            if not first & FIN:
                self._message = message
                return False
            self._message, opcode = None, message.opcode
            whole = self._inflate(message.payload()) if message.compressed else message.payload()
        events.append(Message(str(whole, "utf-8") if opcode == Opcode.TEXT else bytes(whole)))
        return False

    def _inflate(self, payload: bytes | bytearray) -> bytes:
        """The message that this is the compressed form of."""
        assert self.deflate is not None
        if self._inflater is None:
            self._inflater = self.deflate.inflater(self.side)
        whole = self._inflater.inflate(bytes(payload), self._bound)
        self._unbind()
        return whole

    def _control(self, opcode: int, payload: bytes, events: list[Event]) -> bool:
        if opcode == Opcode.PING:
            events.append(Ping(payload))
            if self.state is OPEN:
                if self._stale or len(self._pongs) >= PONGS:
                    self._pongs, self._stale = b"", False
                self._pongs += self._frame_bytes(FIN | Opcode.PONG, payload)
        elif opcode == Opcode.PONG:
            events.append(Pong(payload))
        else:
            code, reason = parse_close(payload)
            self._go(Step.CLOSE_RECEIVED)
            # "the endpoint typically echos the status code it received" (RFC 6455 §5.5.1)
            self._keep_close_frame(payload[:2])
            events.append(Closing(self._end(code, reason), reason))
            return True
        return False

    # The end

    def _fail(self, error: ProtocolError | UnicodeDecodeError, events: list[Event]) -> None:
        """Fail the connection (RFC 6455 §7.1.7): our close frame says why, and nothing is read any more."""
        if isinstance(error, UnicodeDecodeError):
            error = invalid(error)
        error.__traceback__ = None  # its stack frames would keep the bytes until the next collection
        self.error = error
        self._go(Step.FAILED)
        self._keep_close_frame(close_payload(error.code, short_reason(str(error))))
        self._end(CloseCode.ABNORMAL)
        events.append(Failed(error))

    def _keep_close_frame(self, payload: bytes) -> None:
        """Queue our close frame, unless it is sent, behind the rest: nothing may follow it (§5.5.1)."""
        if self.close_sent is None:
            self._close_frame = self._make_close_frame(payload)

    def _end(self, code: int, reason: str = "") -> int:
        """Receive nothing more; ``code`` and ``reason`` are those of the end."""
        self._partial = self._message = self._inflater = None
        self._rest = b""
        self.close_code, self.close_reason = int(code), reason
        return int(code)
