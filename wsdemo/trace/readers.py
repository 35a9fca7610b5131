"""Readers: each takes the next packet off one direction of a connection, by the package's own parser.

::

    Stream  ── the bytes that are not cut into packets yet, and when they came
       ▲
       │ next(stream) ──► a packet, or None: more bytes are needed
    Unknown · Heads · Bodies · Frames · Raw

Which reader comes when is decided by ``dissect``. Knows nothing of traces.
"""

from __future__ import annotations

import collections
from typing import Generic, TypeVar

from wsdemo.protocol.codes import CONTROL, Opcode, Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.protocol.errors import HandshakeError, InvalidData, WebSocketError
from wsdemo.protocol.events import Failed, Message
from wsdemo.protocol.frames import FIN, OPCODE, RSV1, parse_header
from wsdemo.protocol.http11 import Reader as HeadReader
from wsdemo.protocol.http11 import Request, Response, request_head, response_head
from wsdemo.protocol.limits import Limits
from wsdemo.protocol.protocol import Protocol
from wsdemo.rawtcp import framing
from wsdemo.trace.packets import (
    ACCEPTED,
    AFTER_CLOSE,
    AFTER_FAILURE,
    INCOMPLETE,
    BodyPacket,
    FramePacket,
    OpaquePacket,
    Packet,
    RawPacket,
    RequestPacket,
    ResponsePacket,
    Verdict,
)
from wsdemo.trace.recorder import Direction

P = TypeVar("P", bound=Packet)

#: A header of a frame has at most so many bytes.
LONGEST_HEADER = 14


class Stream:
    """One direction of one connection: bytes not yet cut into packets, and when each of them crossed."""

    __slots__ = ("_times", "buffer", "connection", "direction", "offset", "reader", "seen")

    def __init__(self, connection: int, direction: Direction) -> None:
        self.connection = connection
        self.direction: Direction = direction
        self.buffer = bytearray()
        self.offset = 0  #: bytes before the buffer
        self.seen = 0  #: bytes of the buffer that the reader has looked at
        self.reader: Reader = Unknown()
        self._times: collections.deque[tuple[int, float]] = (
            collections.deque()
        )  # where each chunk ends, its time

    def add(self, data: bytes, time: float) -> None:
        """A chunk more."""
        self.buffer += data
        self._times.append((self.offset + len(self.buffer), time))

    def unseen(self, stop: int | None = None) -> bytes:
        """The bytes up to ``stop`` that the reader has not looked at; now it has."""
        piece = bytes(self.buffer[self.seen : stop])
        self.seen += len(piece)
        return piece

    def cut(self, kind: type[P], size: int, verdict: Verdict = ACCEPTED) -> P:
        """The first ``size`` bytes as a packet."""
        data, start = bytes(self.buffer[:size]), self.offset
        del self.buffer[:size]
        self.offset = end = start + size
        self.seen = max(0, self.seen - size)
        times = self._times
        began = times[0][1]
        while times[0][0] < end:
            times.popleft()
        ended = times[0][1]
        if times[0][0] == end:
            times.popleft()
        return kind(data, self.connection, self.direction, began, ended, start, verdict)

    def peek(self, kind: type[P], verdict: Verdict = INCOMPLETE) -> P:
        """All bytes as a packet that is not whole; they stay."""
        began, ended = self._times[0][1], self._times[-1][1]
        data = bytes(self.buffer)
        return kind(data, self.connection, self.direction, began, ended, self.offset, verdict, False)


class Reader:
    """What cuts a stream into packets."""

    def next(self, stream: Stream) -> Packet | None:
        """The next packet, or None: more bytes are needed."""
        raise NotImplementedError

    def rest(self, stream: Stream) -> Packet:
        """What is left in the buffer, which is not empty, as a packet; it stays there."""
        raise NotImplementedError


class Unknown(Reader):
    """What these bytes are is not known yet, or never will be: they stay together."""

    def next(self, stream: Stream) -> Packet | None:
        """None."""
        return None

    def rest(self, stream: Stream) -> Packet:
        """All bytes so far."""
        packet = stream.peek(OpaquePacket, ACCEPTED)
        packet.complete = True
        return packet


# -- frames -----------------------------------------------------------------------------------------------


class Frames(Reader):
    """Frames, judged by a ``Protocol`` that plays their receiver."""

    def __init__(self, receiver: Side, limits: Limits, deflate: Parameters | None = None) -> None:
        self._judge = Protocol(receiver, opened=True, limits=limits, deflate=deflate)
        self._needed = 0  # bytes of the frame at the start of the buffer; 0: its header is not whole
        self._begun: int | None = None  # first byte of the frame that began the message in fragments
        self._verdict: Verdict | None = None  # of that frame, as soon as its first bytes have earned one
        self._message: str | bytes | None = None
        self._after: Verdict | None = None  # of all frames to come

    def next(self, stream: Stream) -> FramePacket | None:
        """The next frame. Frames that the receiver ignores are still frames."""
        buffer = stream.buffer
        if not self._needed:
            header = parse_header(bytes(buffer[:LONGEST_HEADER]))
            if header is not None:
                self._needed = header.size + header.length
        size = self._needed
        if not size or len(buffer) < size:
            self._show(stream.unseen())
            return None
        first = buffer[0]
        self._show(stream.unseen(size))
        frame = stream.cut(FramePacket, size, self._verdict or self._after or ACCEPTED)
        self._belongs(frame, first)
        if self._verdict is not None:
            self._after = AFTER_FAILURE
        elif self._after is None and first & OPCODE == Opcode.CLOSE:
            self._after = AFTER_CLOSE
        self._needed, self._verdict, self._message = 0, None, None
        return frame

    def rest(self, stream: Stream) -> FramePacket:
        """The frame that has begun."""
        frame = stream.peek(FramePacket, self._verdict or self._after or INCOMPLETE)
        if frame.opcode == Opcode.CONTINUATION and self._begun is not None:
            frame._begun = self._begun
        return frame

    def _show(self, data: bytes) -> None:
        """The judge sees these bytes."""
        judge = self._judge
        if self._after is not None or self._verdict is not None or not data:
            return
        for event in judge.receive(data):
            if isinstance(event, Message):
                self._message = event.data
            elif isinstance(event, Failed):
                error = event.error
                self._verdict = Verdict("refused", error.code, str(error), error.section)
        judge.owed()

    def _belongs(self, frame: FramePacket, first: int) -> None:
        """To which message it belongs, and what of it its own bytes do not tell."""
        if first & CONTROL:
            return
        begins = first & OPCODE != Opcode.CONTINUATION
        if not begins and self._begun is not None:
            frame._begun = self._begun
        if not begins or first & RSV1:  # else the message can be read off the frame
            frame._message = self._message
        if first & FIN:
            self._begun = None
        elif begins:
            self._begun = first


# -- HTTP ---------------------------------------------------------------------------------------------------

H = TypeVar("H", Request, Response)


class Heads(Reader, Generic[H]):
    """HTTP messages: one after the other, as long as the connection speaks HTTP."""

    def __init__(self, head: type[H], limits: Limits) -> None:
        self._limits = limits
        self._is_request = head is Request
        self._parser: HeadReader[H] | None = None
        self._verdict: Verdict | None = None

    def next(self, stream: Stream) -> Packet | None:
        """The next message, its body included where its length is told."""
        buffer = stream.buffer
        if self._verdict is None:
            if self._parser is None:
                head = request_head if self._is_request else response_head
                self._parser = HeadReader(head, self._limits)  # type: ignore[arg-type]
            try:
                found = self._parser.receive(stream.unseen())
            except HandshakeError as error:
                self._verdict = Verdict("refused", error.status or None, str(error), "RFC 9112")
            else:
                if found is None:
                    return None
                return self._made(stream, len(buffer) - len(found[1]), found[0], ACCEPTED)
        end = buffer.find(b"\r\n\r\n", 0, 2 * self._limits.head_size)
        return self._made(stream, end + 4, None, self._verdict) if end >= 0 else None

    def rest(self, stream: Stream) -> Packet:
        """A head that is not whole."""
        verdict = self._verdict or INCOMPLETE
        if self._is_request:
            return stream.peek(RequestPacket, verdict)
        return stream.peek(ResponsePacket, verdict)

    def _made(self, stream: Stream, size: int, head: H | None, verdict: Verdict) -> Packet:
        self._parser = self._verdict = None
        stream.seen = size
        if self._is_request:
            request = stream.cut(RequestPacket, size, verdict)
            request.request = head if isinstance(head, Request) else None
            return request
        response = stream.cut(ResponsePacket, size, verdict)
        response.response = head if isinstance(head, Response) else None
        return response


class Bodies(Reader):
    """More of a body: ``left`` bytes; None: as long as bytes come. Each piece as it came."""

    def __init__(self, left: int | None) -> None:
        self.left = left

    def next(self, stream: Stream) -> BodyPacket | None:
        """All that is there."""
        size = len(stream.buffer) if self.left is None else min(self.left, len(stream.buffer))
        if not size:
            return None
        if self.left is not None:
            self.left -= size
        return stream.cut(BodyPacket, size)

    def rest(self, stream: Stream) -> Packet:
        """Never asked for: nothing is left."""
        return stream.peek(OpaquePacket)

    @property
    def done(self) -> bool:
        """Whether the body has ended."""
        return self.left == 0


class Chunks(Bodies):
    """A body in chunks (RFC 9112 §7.1): length in hex, CR LF, data, CR LF; one of length 0 ends it."""

    def next(self, stream: Stream) -> BodyPacket | None:
        """One chunk."""
        buffer = stream.buffer
        end = buffer.find(b"\r\n", 0, 1024)
        digits = bytes(buffer[:end]).partition(b";")[0].strip() if end >= 0 else b""
        if not digits or len(digits) > 15 or digits.translate(None, b"0123456789abcdefABCDEF"):
            return None
        size, start = int(digits, 16), end + 2
        if size:
            stop = start + size
            if len(buffer) < stop + 2:
                return None
            whole = stop + 2
        else:  # trailer fields, and an empty line
            stop = start
            last = buffer.find(b"\r\n\r\n", end)
            if last < 0:
                return None
            whole, self.left = last + 4, 0
        packet = stream.cut(BodyPacket, whole)
        packet.body = slice(start, stop)
        return packet

    def rest(self, stream: Stream) -> Packet:
        """A chunk that is not whole."""
        return stream.peek(BodyPacket)


# -- raw TCP ------------------------------------------------------------------------------------------


class Raw(Reader):
    """Messages of the raw TCP protocol of ``wsdemo.rawtcp``.

    A bad header ends it: nothing tells where the next one begins.
    """

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.message_size
        self._failed: Verdict | None = None

    def next(self, stream: Stream) -> RawPacket | None:
        """The next message."""
        buffer = stream.buffer
        if self._failed is not None or len(buffer) < framing.HEADER:
            return None
        verdict = ACCEPTED
        try:
            size = framing.parse_header(buffer[: framing.HEADER])
            whole = framing.HEADER + size
            if framing.parse(bytes(buffer[:whole]), self._limit) is None:
                return None
        except InvalidData as error:
            verdict = _dropped(error)
        except WebSocketError as error:
            self._failed = _dropped(error)
            return None
        packet = stream.cut(RawPacket, whole, verdict)
        packet.length = size
        return packet

    def rest(self, stream: Stream) -> RawPacket:
        """A message that is not whole, or all that follows a bad header."""
        packet = stream.peek(RawPacket, self._failed or INCOMPLETE)
        if packet.size >= framing.HEADER:
            try:
                packet.length = framing.parse_header(packet.bytes[: framing.HEADER])
            except WebSocketError:
                pass  # the verdict says so
        return packet


def _dropped(error: WebSocketError) -> Verdict:
    return Verdict("refused", None, f"{error}; the connection is dropped")


#: How requests begin: the methods of RFC 9110 §9 and RFC 5789.
METHODS = tuple(
    f"{name} ".encode()
    for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
)


def recognise(data: bytes, to_server: bool) -> str:
    """What a direction that begins with these bytes speaks: "http", "raw", or "" where they do not tell.

    >>> recognise(b"GET / HTTP/1.1", True), recognise(b"12        hello, world", False)
    ('http', 'raw')
    """
    start = data[: framing.HEADER]
    if start.rstrip(b" ").isdigit():
        return "raw"
    if not to_server:
        return "http" if start.startswith(b"HTTP/") else ""
    return "http" if start.startswith(METHODS) or b" HTTP/1." in data[:8192] else ""
