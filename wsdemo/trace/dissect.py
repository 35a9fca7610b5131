"""Dissection: from recorded bytes to packets, by the parsers that the connections themselves use.

::

    chunks of a connection                          packets
    to server  47 45 54 … │ 81 85 37 fa │ 21 3d …   GET /chat · text 5 B 'Hello' · …
    to client  48 54 54 … │ 81 05 48 …              101 Switching Protocols · text 5 B …

Each direction of each connection is read by a ``Protocol`` that plays its receiver, frame by frame: its
events are the messages, its error is the verdict. So what is shown is what the package would do. Nothing
is looked at twice: new chunks are added to what is known, as often as you like.
Knows nothing of sockets; never answers anything.
"""

from __future__ import annotations

import collections
import threading
from bisect import insort
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final, TypeVar

from wsdemo.protocol import handshake
from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import NAME, Deflate, Parameters
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.extensions import parse_extensions
from wsdemo.protocol.http11 import Request, Response
from wsdemo.protocol.limits import Limits, MiB
from wsdemo.trace.packets import FramePacket, Packet, RequestPacket, ResponsePacket, Verdict
from wsdemo.trace.readers import Bodies, Chunks, Frames, Heads, Raw, Reader, Stream, Unknown, recognise
from wsdemo.trace.recorder import TO_CLIENT, TO_SERVER, Chunk, End, Trace

#: By what bounds a recorded connection is judged. Its own ends may have had wider ones than our defaults,
#: and what they did is what is to be shown; a recorded bomb is bounded all the same.
JUDGE: Final = Limits(message_size=16 * MiB, fragments=1 << 20, body_size=16 * MiB)

#: Whatever a server may have agreed to.
ANY_DEFLATE: Final = Deflate(
    server_context_takeover=True,
    client_context_takeover=True,
    server_max_window_bits=15,
    client_max_window_bits=15,
)

P = TypeVar("P", bound=Packet)

_by_time = attrgetter("time")


def dissect_frames(
    data: bytes,
    receiver: Side = Side.SERVER,
    *,
    deflate: Parameters | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> list[FramePacket]:
    """The frames in ``data``, sent to ``receiver`` on an open connection, each with the receiver's verdict.

    The last one is not ``complete`` where its end is not there. ``deflate``: the parameters agreed on.

    >>> frames = dissect_frames(bytes.fromhex("01 03 48656c 80 02 6c6f 83 00"), Side.CLIENT)
    >>> [str(frame.verdict) for frame in frames]
    ['accepted', 'accepted', 'refused with close code 1002: opcode 0x3 is reserved (RFC 6455 §5.2)']
    >>> frames[1].message
    'Hello'
    """
    stream = Stream(0, TO_SERVER if receiver is Side.SERVER else TO_CLIENT)
    reader = Frames(receiver, limits, deflate)
    stream.add(data, 0.0)
    frames = []
    while stream.buffer:
        frame = reader.next(stream)
        if frame is None:
            frames.append(reader.rest(stream))
            break
        frames.append(frame)
    return frames


def dissect_frame(
    data: bytes,
    receiver: Side = Side.SERVER,
    *,
    deflate: Parameters | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> FramePacket:
    """The frame at the start of ``data``, by itself: what would a server, or a client, answer to it?

    ``ValueError`` for no bytes at all. What is behind the frame is left out: see ``dissect_frames``.

    >>> frame = dissect_frame(bytes.fromhex("8105 48656c6c6f"))
    >>> str(frame.verdict)
    'refused with close code 1002: frame without a mask, a client must mask (RFC 6455 §5.1)'
    """
    if not data:
        raise ValueError("no bytes: a frame has at least 2")
    stream = Stream(0, TO_SERVER if receiver is Side.SERVER else TO_CLIENT)
    reader = Frames(receiver, limits, deflate)
    stream.add(data, 0.0)
    return reader.next(stream) or reader.rest(stream)


class Dissector:
    """The packets of a trace, kept up to date. ``trace.packets`` asks one; from any thread."""

    def __init__(self, trace: Trace, limits: Limits = JUDGE) -> None:
        self._trace = trace
        self._limits = limits
        self._conversations: dict[int, Conversation] = {}
        self._packets: list[Packet] = []
        self._seen = 0  # chunks of the trace
        self._news: list[Packet] | None = None  # None: nobody asks for them
        self._shown: tuple[Packet, ...] | None = None
        self._kinds: dict[type[Packet], tuple[tuple[Packet, ...], tuple[Any, ...]]] = {}
        self._lock = threading.Lock()  # one reader at a time

    def packets(self) -> tuple[Packet, ...]:
        """All packets by time; those whose rest has not come are not complete."""
        with self._lock:
            self._update()
            if self._shown is None:
                packets = self._packets.copy()
                for conversation in self._conversations.values():
                    for packet in conversation.unfinished():
                        insort(packets, packet, key=_by_time)
                self._shown = tuple(packets)
            return self._shown

    def news(self) -> list[Packet]:
        """The packets completed since the last call."""
        with self._lock:
            self._update()
            if self._news is None:  # from now on they are kept
                self._news = []
                return self._packets.copy()
            news, self._news = self._news, []
            return news

    def requests(self) -> Sequence[RequestPacket]:
        """The requests among them."""
        return self._kind(RequestPacket)

    def responses(self) -> Sequence[ResponsePacket]:
        """The responses among them."""
        return self._kind(ResponsePacket)

    def frames(self) -> Sequence[FramePacket]:
        """The frames among them."""
        return self._kind(FramePacket)

    def _kind(self, kind: type[P]) -> Sequence[P]:
        packets = self.packets()
        known = self._kinds.get(kind)
        if known is None or known[0] is not packets:
            known = self._kinds[kind] = (packets, tuple(p for p in packets if isinstance(p, kind)))
        return known[1]

    def forget(self) -> None:
        """Chunks and packets go, what is known of the connections stays."""
        with self._lock:
            self._update()
            del self._trace.chunks[: self._seen]  # in one step: others are appending
            self._packets = []
            self._seen = 0
            self._shown = None

    def _update(self) -> None:
        chunks = self._trace.chunks
        end = len(chunks)
        if self._seen == end:
            return
        self._shown = None
        packets = self._packets
        for index in range(self._seen, end):
            chunk = chunks[index]
            if chunk.layer == "plain":
                for packet in self._conversation(chunk).add(chunk):
                    insort(packets, packet, key=_by_time)
                    if self._news is not None:
                        self._news.append(packet)
        self._seen = end

    def _conversation(self, chunk: Chunk) -> Conversation:
        """Of a connection that both ends recorded, only what the client saw counts."""
        known = self._conversations.get(chunk.connection)
        if known is None or (chunk.end == "client" and known.end == "server"):
            if known is not None:  # the server's thread was faster than the client's
                self._packets[:] = [p for p in self._packets if p.connection != chunk.connection]
            known = self._conversations[chunk.connection] = Conversation(
                chunk.connection, chunk.end, self._limits
            )
        return known


class Conversation:
    """Both directions of one connection: what each speaks depends on what the other said."""

    def __init__(self, number: int, end: End, limits: Limits) -> None:
        self.end: End = end
        self._limits = limits
        self._speaks = ""  # "http", "raw", or "": not known yet
        self._upgraded = False
        self._deflate: Parameters | None = None
        self._to_server = Stream(number, TO_SERVER)
        self._to_client = Stream(number, TO_CLIENT)
        self._asked: collections.deque[RequestPacket] = collections.deque()  # requests without a response
        self._answered: collections.deque[ResponsePacket] = collections.deque()  # and the reverse, by a hair

    def add(self, chunk: Chunk) -> list[Packet]:
        """The packets that this chunk completes."""
        if chunk.end != self.end:
            return []
        stream = self._to_server if chunk.direction == TO_SERVER else self._to_client
        stream.add(chunk.data, chunk.time)
        found: list[Packet] = []
        if not self._speaks and not self._recognised():
            return found
        self._read(stream, found)
        return found

    def unfinished(self) -> list[Packet]:
        """What is left of both directions: begun and not ended."""
        return [stream.reader.rest(stream) for stream in (self._to_server, self._to_client) if stream.buffer]

    def _recognised(self) -> bool:
        """Whether it is known what this connection speaks; either direction may tell."""
        for stream in (self._to_server, self._to_client):
            self._speaks = self._speaks or recognise(bytes(stream.buffer[:8192]), stream is self._to_server)
        if self._speaks == "http":
            self._to_server.reader = Heads(Request, self._limits)
            self._to_client.reader = Heads(Response, self._limits)
        elif self._speaks == "raw":
            self._to_server.reader = Raw(self._limits)
            self._to_client.reader = Raw(self._limits)
        return bool(self._speaks)

    def _read(self, stream: Stream, found: list[Packet]) -> None:
        while stream.buffer:
            packet = stream.reader.next(stream)
            if packet is None:
                return
            found.append(packet)
            if isinstance(packet, RequestPacket):
                self._request(packet)
            elif isinstance(packet, ResponsePacket):
                self._response(packet, found)
            elif isinstance(stream.reader, Bodies) and stream.reader.done:
                stream.reader = Heads(Response, self._limits)

    # -- HTTP: what follows what ----------------------------------------------------------------------------

    def _request(self, packet: RequestPacket) -> None:
        """Behind a request for an upgrade come frames, or HTTP: the response will tell."""
        self._asked.append(packet)
        self._pair()
        request = packet.request
        if request is not None and "upgrade" in request.headers:
            try:
                handshake.check_upgrade(request)
            except HandshakeError as error:
                packet.verdict = Verdict("refused", error.status, str(error), "RFC 6455 §4.2.1")
        if self._upgraded:
            self._to_server.reader = Frames(Side.SERVER, self._limits, self._deflate)
        elif request is None or "upgrade" in request.headers:
            self._to_server.reader = Unknown()

    def _response(self, packet: ResponsePacket, found: list[Packet]) -> None:
        self._answered.append(packet)
        self._pair()
        response = packet.response
        if response is None:
            self._to_client.reader = Unknown()
            return
        held = isinstance(self._to_server.reader, Unknown)
        if response.status == 101:
            self._upgrade(response, held)
        else:
            self._to_client.reader = _body(response) or Heads(Response, self._limits)
            if held:
                self._to_server.reader = Heads(Request, self._limits)
        if held:
            self._read(self._to_server, found)

    def _upgrade(self, response: Response, held: bool) -> None:
        """From here on it is frames, or another protocol, of which we know nothing."""
        protocols = response.headers.tokens("upgrade")
        if protocols and "websocket" not in protocols:
            self._to_client.reader = self._to_server.reader = Unknown()
            return
        self._upgraded = True
        self._deflate = _agreed(response)
        self._to_client.reader = Frames(Side.CLIENT, self._limits, self._deflate)
        if held:
            self._to_server.reader = Frames(Side.SERVER, self._limits, self._deflate)

    def _pair(self) -> None:
        """Hold each response against its request, once both are known."""
        while self._asked and self._answered:
            asked, answered = self._asked.popleft(), self._answered.popleft()
            request, response = asked.request, answered.response
            if request is None or response is None or response.status != 101:
                continue
            try:
                handshake.check(request, response, ANY_DEFLATE)
            except HandshakeError as error:
                answered.verdict = Verdict("refused", None, str(error), "RFC 6455 §4.1")


def _agreed(response: Response) -> Parameters | None:
    """The compression that a response tells of; None where there is none, or where it makes no sense."""
    value = response.headers.get("sec-websocket-extensions")
    try:
        for name, parameters in parse_extensions(value) if value else []:
            if name == NAME:
                return ANY_DEFLATE.agreed(parameters)
    except HandshakeError:
        pass  # the verdict on the response says so
    return None


def _body(response: Response) -> Reader | None:
    """What reads the part of a body that did not come with the head (RFC 9112 §6.3)."""
    if response.status < 200 or response.status in (204, 304):
        return None
    if "chunked" in response.headers.tokens("transfer-encoding"):
        return Chunks(None)
    if "content-length" not in response.headers:
        return Bodies(None)
    missing = int(response.headers["content-length"]) - len(response.body)
    return Bodies(missing) if missing > 0 else None
