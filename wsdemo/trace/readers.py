"""Readers: each takes the next packet off one direction of a connection, by the package's own parser.

::

    Stream  ── the bytes that are not cut into packets yet, and when they came
       ▲
       │ next(stream) ──► a packet, or None: more bytes are needed
    Unknown · Requests · Responses · Bodies · Chunks · Lost · Frames · Raw

``dissect`` decides which reader comes next. Knows nothing of traces.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, TypeVar

from wsdemo.protocol import handshake
from wsdemo.protocol.codes import CONTROL, Opcode, Side
from wsdemo.protocol.deflate import ANYTHING, Parameters
from wsdemo.protocol.errors import HandshakeError, InvalidData, ProtocolError, WebSocketError
from wsdemo.protocol.events import Failed, Message
from wsdemo.protocol.frames import FIN, OPCODE, RSV1, header_size, parse_length
from wsdemo.protocol.http11 import INTERIM, HeadReader, Request, Response, request_head, response_head
from wsdemo.protocol.http11.chunked import parse_chunk
from wsdemo.protocol.http11.head import too_long
from wsdemo.protocol.limits import Limits
from wsdemo.protocol.protocol import Protocol
from wsdemo.rawtcp import framing
from wsdemo.record.facts import Direction
from wsdemo.trace import lengths
from wsdemo.trace.lengths import Length, Outline
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

M = TypeVar("M", Request, Response)

#: "the client MUST NOT consider that data to be a valid response"
UNASKED: Final = Verdict("ignored", None, "no whole request waits for it", "RFC 9112 §9.2")


class Piece(NamedTuple):
    """Bytes of a stream and their place in it: the first attributes of a packet."""

    bytes: bytes
    connection: int
    direction: Direction
    time: float
    end_time: float
    offset: int


class Stream:
    """One direction of one connection: bytes not yet cut into packets, and when each of them crossed."""

    __slots__ = ("_times", "buffer", "connection", "direction", "offset", "reader", "seen")

    def __init__(self, connection: int, direction: Direction) -> None:
        self.connection = connection
        self.direction: Direction = direction
        self.buffer = bytearray()
        self.offset = 0  #: bytes before the buffer
        self.seen = 0  #: bytes of the buffer that the reader has looked at
        self.reader: PacketReader = Unknown()
        #: The end of each chunk in the stream, and its time.
        self._times: collections.deque[tuple[int, float]] = collections.deque()

    def add(self, data: bytes, time: float) -> None:
        """Append a chunk."""
        if not data:
            return
        self.buffer += data
        self._times.append((self.offset + len(self.buffer), time))

    def unseen(self, stop: int | None = None) -> bytes:
        """The bytes up to ``stop`` that the reader has not looked at yet; they count as seen now."""
        piece = bytes(self.buffer[self.seen : stop])
        self.seen += len(piece)
        return piece

    def cut(self, size: int) -> Piece:
        """Take the first ``size`` bytes."""
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
        return Piece(data, self.connection, self.direction, began, ended, start)

    def peek(self) -> Piece:
        """All bytes; they stay."""
        began, ended = self._times[0][1], self._times[-1][1]
        return Piece(bytes(self.buffer), self.connection, self.direction, began, ended, self.offset)

    @property
    def time(self) -> float:
        """The time when the first byte of the buffer, which is not empty, crossed."""
        return self._times[0][1]


class PacketReader:
    """Cuts a stream into packets."""

    def next(self, stream: Stream) -> Packet | None:
        """The next packet, or None: more bytes are needed."""
        raise NotImplementedError

    def rest(self, stream: Stream) -> Packet:
        """The rest of the buffer, which is not empty, as a packet; the bytes stay there."""
        raise NotImplementedError


class Unknown(PacketReader):
    """Bytes of a protocol that is not known yet, or never will be: they stay together."""

    def next(self, stream: Stream) -> Packet | None:
        """None."""
        return None

    def rest(self, stream: Stream) -> Packet:
        """All bytes so far."""
        return OpaquePacket(*stream.peek())


# -- frames -----------------------------------------------------------------------------------------------


class Frames(PacketReader):
    """Frames, judged by a ``Protocol`` that plays their receiver."""

    def __init__(self, receiver: Side, limits: Limits, deflate: Parameters | None = None) -> None:
        self._judge = Protocol(receiver, opened=True, limits=limits, deflate=deflate)
        self._needed = 0  # bytes of the frame at the start of the buffer; 0: not told yet
        self._begun: int | None = None  # first byte of the frame that began the message in fragments
        self._verdict: Verdict | None = None  # of that frame, as soon as its first bytes have earned one
        self._message: str | bytes | None = None
        self._after: Verdict | None = None  # of all frames to come

    def next(self, stream: Stream) -> FramePacket | None:
        """The next frame. Frames that the receiver ignores are still frames."""
        buffer = stream.buffer
        if not self._needed:
            found = parse_length(buffer)
            if found is not None:
                self._needed = header_size(buffer[1]) + found[0]
        size = self._needed
        if not size or len(buffer) < size:
            self._show(stream.unseen())
            return None
        first = buffer[0]
        self._show(stream.unseen(size))
        verdict = self._verdict or self._after or ACCEPTED
        frame = FramePacket(*stream.cut(size), verdict, True, self._first_of(first), self._completed(first))
        if not first & CONTROL and (first & FIN or first & OPCODE != Opcode.CONTINUATION):
            self._begun = None if first & FIN else first
        if self._verdict is not None:
            self._after = AFTER_FAILURE
        elif self._after is None and first & OPCODE == Opcode.CLOSE:
            self._after = AFTER_CLOSE
        self._needed, self._verdict, self._message = 0, None, None
        return frame

    def rest(self, stream: Stream) -> FramePacket:
        """The frame that has begun."""
        verdict = self._verdict or self._after or INCOMPLETE
        return FramePacket(*stream.peek(), verdict, False, self._first_of(stream.buffer[0]))

    def _show(self, data: bytes) -> None:
        """Give these bytes to the judge."""
        judge = self._judge
        if self._after is not None or self._verdict is not None or not data:
            return
        for event in judge.receive(data):
            if isinstance(event, Message):
                self._message = event.data
            elif isinstance(event, Failed):
                error = event.error
                self._verdict = Verdict("refused", error.code, str(error), error.section)
        judge.data_to_send()

    def _first_of(self, first: int) -> int | None:
        """For a continuation frame, the first byte of the frame that began its message."""
        return self._begun if first & OPCODE == Opcode.CONTINUATION else None

    def _completed(self, first: int) -> str | bytes | None:
        """The message that a frame completes, where it can't be read off its own bytes."""
        if first & CONTROL or (first & OPCODE != Opcode.CONTINUATION and not first & RSV1):
            return None
        return self._message


# -- HTTP ---------------------------------------------------------------------------------------------------


class Requests(PacketReader):
    """Requests, one after the other. Behind one, ``length`` tells of the body that is not part of it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.outline: Outline | None = None  #: of the last request
        self.length = lengths.NO_BODY  #: the part of its body that is still to come

    def next(self, stream: Stream) -> RequestPacket | None:
        """The next request, with its body where we would read it."""
        end = _head_end(stream)
        if end < 0:
            return None
        head = bytes(stream.buffer[:end])
        try:
            _check_size(head, self._limits)
            request, size = request_head(head, self._limits)
        except HandshakeError as error:
            self.outline = lengths.outline(head)
            self.length = lengths.request_length(self.outline)
            return RequestPacket(*stream.cut(end), Verdict("refused", error.status, str(error), "RFC 9112"))
        if len(stream.buffer) < end + size:
            return None
        self.outline, self.length = lengths.outline(head), lengths.NO_BODY
        piece = stream.cut(end + size)
        if size:
            request = replace(request, body=piece.bytes[end:], raw=piece.bytes)
        return RequestPacket(*piece, _upgrade_verdict(request), True, request)

    def rest(self, stream: Stream) -> RequestPacket:
        """A request that is not whole."""
        end = lengths.head_end(stream.buffer)
        if end < 0:
            return RequestPacket(*stream.peek(), _so_far(stream, request_head, self._limits), False)
        piece = stream.peek()
        request, _ = request_head(piece.bytes[:end], self._limits)
        return RequestPacket(
            *piece, INCOMPLETE, False, replace(request, body=piece.bytes[end:], raw=piece.bytes)
        )


def _upgrade_verdict(request: Request) -> Verdict:
    """A request for an upgrade is held to the rules of the opening handshake."""
    if "upgrade" in request.headers:
        try:
            handshake.check_upgrade(request)
        except HandshakeError as error:
            return Verdict("refused", error.status, str(error), "RFC 6455 §4.2.1")
    return ACCEPTED


class Responses(PacketReader):
    """Responses, each read with the request that it answers (RFC 9112 §6.3).

    ``asked``: the requests without a response. Where there is none, a ``patient`` reader waits: the thread
    that asked may have recorded its bytes after the one that heard the answer.
    """

    def __init__(self, limits: Limits, asked: Sequence[Asked], patient: bool) -> None:
        self._limits = limits
        self._asked = asked
        self._interim = 0
        self.patient = patient
        self.outline: Outline | None = None  #: of the last response
        self.length = lengths.NO_BODY  #: the part of its body that is still to come

    def next(self, stream: Stream) -> ResponsePacket | None:
        """The next response, with the part of its body that we would read."""
        if self.patient and not self._asked:
            return None
        end = _head_end(stream)
        if end < 0:
            return None
        head = bytes(stream.buffer[:end])
        outline = lengths.outline(head)
        length = lengths.response_length(outline, self._asked[0].outline.method if self._asked else "")
        try:
            response = self._read(head, outline)
        except HandshakeError as error:
            self.outline, self.length = outline, length
            return ResponsePacket(*stream.cut(end), Verdict("refused", None, str(error), "RFC 9112"))
        size = 0 if length.size is None else min(length.size, self._limits.body_size)
        if len(stream.buffer) < end + size:
            return None
        self.outline = outline
        self.length = length if length.size is None else length._replace(size=length.size - size)
        piece = stream.cut(end + size)
        if size:
            response = replace(response, body=piece.bytes[end:], raw=piece.bytes)
        return ResponsePacket(*piece, self._verdict(response), True, response)

    def rest(self, stream: Stream) -> ResponsePacket:
        """A response that is not whole, or that answers no request."""
        end = lengths.head_end(stream.buffer)
        if end < 0:
            return ResponsePacket(*stream.peek(), _so_far(stream, response_head, self._limits), False)
        piece = stream.peek()
        try:
            response, _ = response_head(piece.bytes[:end], self._limits)
        except HandshakeError as error:
            return ResponsePacket(*piece, Verdict("refused", None, str(error), "RFC 9112"), False)
        response = replace(response, body=piece.bytes[end:], raw=piece.bytes)
        return ResponsePacket(*piece, INCOMPLETE if self._asked else UNASKED, False, response)

    def _read(self, head: bytes, outline: Outline) -> Response:
        interim = outline.status < 200 and outline.status != 101
        self._interim = self._interim + 1 if interim else 0
        if self._interim > INTERIM:
            raise HandshakeError(f"more than {INTERIM} interim responses (1xx)")
        _check_size(head, self._limits)
        return response_head(head, self._limits)[0]

    def _verdict(self, response: Response) -> Verdict:
        if not self._asked:
            return UNASKED
        request = self._asked[0].request
        if response.status != 101 or request is None:
            return ACCEPTED
        try:
            handshake.check(request, response, ANYTHING)
        except HandshakeError as error:
            return Verdict("refused", None, str(error), "RFC 6455 §4.1")
        return ACCEPTED


class Asked(NamedTuple):
    """A request that waits for its response."""

    request: Request | None
    outline: Outline


def _head_end(stream: Stream) -> int:
    """The end of the head at the start of a stream, -1 for none yet; each byte is looked at once."""
    end = lengths.head_end(stream.buffer, stream.seen)
    if end < 0:
        stream.seen = len(stream.buffer)
    return end


def _check_size(head: bytes, limits: Limits) -> None:
    if len(head) > limits.head_size:
        raise too_long("head", len(head), limits.head_size, 431)


def _so_far(stream: Stream, parse: Callable[[bytes, Limits], tuple[M, int]], limits: Limits) -> Verdict:
    """The verdict on a head that is not whole: some bytes can't become one any more."""
    try:
        HeadReader(parse, limits).receive(stream.buffer[: 2 * limits.head_size])
    except HandshakeError as error:
        return Verdict("refused", error.status or None, str(error), "RFC 9112")
    return INCOMPLETE


class Bodies(PacketReader):
    """The rest of a body: ``size`` bytes; None: for as long as bytes come. Each piece as it came."""

    def __init__(self, length: Length, section: str = "RFC 9112 §6.3") -> None:
        self._left = length.size
        self._verdict = Verdict("refused", None, length.doubt, section) if length.doubt else ACCEPTED

    def next(self, stream: Stream) -> BodyPacket | None:
        """All bytes that are there."""
        size = len(stream.buffer) if self._left is None else min(self._left, len(stream.buffer))
        if self._left is not None:
            self._left -= size
        return BodyPacket(*stream.cut(size), self._verdict, last=self._left == 0)

    def rest(self, stream: Stream) -> Packet:
        """Never called: no bytes are left."""
        return OpaquePacket(*stream.peek())


class Chunks(Bodies):
    """A body in chunks. Behind a broken chunk nothing tells the end of the body."""

    lost: Lost | None = None  #: the reader behind a broken chunk

    def next(self, stream: Stream) -> BodyPacket | None:
        """One chunk."""
        try:
            chunk = parse_chunk(stream.buffer)
        except ProtocolError as error:
            self.lost = Lost(Length(None, doubt=str(error)), error.section)
            return None
        if chunk is None:
            return None
        body = slice(chunk.start, chunk.stop)
        return BodyPacket(*stream.cut(chunk.end), self._verdict, True, body, chunk.last)

    def rest(self, stream: Stream) -> BodyPacket:
        """A chunk that is not whole."""
        verdict = INCOMPLETE if self._verdict.accepted else self._verdict
        return BodyPacket(*stream.peek(), verdict, False)


class Lost(Bodies):
    """A body of unknown end: all bytes up to those that look like the next response."""

    found = False

    def next(self, stream: Stream) -> BodyPacket | None:
        """The bytes before the next response, once that is there."""
        at = stream.buffer.find(_NEXT, max(stream.seen - len(_NEXT) + 1, 0))
        if at < 0:
            stream.seen = len(stream.buffer)
            return None
        self.found = True
        return BodyPacket(*stream.cut(at), self._verdict, last=True) if at else None

    def rest(self, stream: Stream) -> BodyPacket:
        """All of it."""
        return BodyPacket(*stream.peek(), self._verdict, False)


_NEXT: Final = b"HTTP/1."


# -- raw TCP ------------------------------------------------------------------------------------------


class Raw(PacketReader):
    """Messages of the raw TCP protocol of ``wsdemo.rawtcp``.

    A bad header is the end: nothing tells where the next one begins.
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
        return RawPacket(*stream.cut(whole), verdict, True, size)

    def rest(self, stream: Stream) -> RawPacket:
        """A message that is not whole, or all that follows a bad header."""
        piece, size = stream.peek(), None
        if len(piece.bytes) >= framing.HEADER:
            try:
                size = framing.parse_header(piece.bytes[: framing.HEADER])
            except WebSocketError:
                pass  # the verdict says so
        return RawPacket(*piece, self._failed or INCOMPLETE, False, size)


def _dropped(error: WebSocketError) -> Verdict:
    return Verdict("refused", None, f"{error}; the connection is dropped")


#: The first words of requests: the methods of RFC 9110 §9 and RFC 5789.
METHODS = tuple(
    f"{name} ".encode()
    for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
)


def recognise(data: bytes, to_server: bool) -> str:
    """The protocol of a direction that begins with these bytes: "http", "raw", or "" where they do not tell.

    >>> recognise(b"GET / HTTP/1.1", True), recognise(b"12        hello, world", False)
    ('http', 'raw')
    """
    start = data[: framing.HEADER]
    if start.rstrip(b" ").isdigit():
        return "raw"
    if not to_server:
        return "http" if start.startswith(b"HTTP/") else ""
    return "http" if start.startswith(METHODS) or b" HTTP/1." in data[:8192] else ""
