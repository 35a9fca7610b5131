"""Dissection: from recorded bytes to packets, by the parsers that the connections themselves use.

::

    chunks of a connection                          packets
    to server  47 45 54 … │ 81 85 37 fa │ 21 3d …   GET /chat · text 5 B 'Hello' · …
    to client  48 54 54 … │ 81 05 48 …              101 Switching Protocols · text 5 B …

Each direction of each connection is read by a ``Protocol`` that plays its receiver, frame by frame: its
events are the messages, its error is the verdict. So a trace shows what the package would do. No byte is
parsed twice: new chunks are added to the packets so far, as often as you like.
Knows nothing of sockets; never answers anything.
"""

from __future__ import annotations

import collections
import threading
from bisect import insort
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final, TypeVar

from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import Parameters, parameters_in
from wsdemo.protocol.limits import Limits, MiB
from wsdemo.record.facts import TO_CLIENT, TO_SERVER, Chunk, End
from wsdemo.record.record import Record
from wsdemo.trace.lengths import Length, Outline
from wsdemo.trace.packets import BodyPacket, FramePacket, Packet, RequestPacket, ResponsePacket
from wsdemo.trace.readers import (
    Asked,
    Bodies,
    Chunks,
    Frames,
    Lost,
    PacketReader,
    Raw,
    Requests,
    Responses,
    Stream,
    Unknown,
    recognise,
)

#: The bounds by which a recorded connection is judged. Its own ends may have had wider ones than our
#: defaults, and a trace is to show what they did; even so a recorded bomb is bounded.
JUDGE: Final = Limits(message_size=16 * MiB, fragments=1 << 20, body_size=16 * MiB)

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

    ``ValueError`` for no bytes at all. Bytes behind the frame are ignored: see ``dissect_frames``.

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

    def __init__(self, trace: Record, limits: Limits = JUDGE) -> None:
        self._trace = trace
        self._limits = limits
        self._conversations: dict[int, Conversation] = {}
        self._packets: list[Packet] = []
        self._seen = 0  # chunks of the trace
        self._news: list[Packet] | None = None  # None: not asked for so far
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

    def take(self) -> list[Chunk]:
        """Forget chunks and packets, and keep the state of the connections. Returns the chunks."""
        with self._lock:
            self._update()
            chunks = self._trace.chunks[: self._seen]
            del self._trace.chunks[: self._seen]  # in one step: others are appending
            self._packets = []
            self._seen = 0
            self._shown = None
            return chunks

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
        """The conversation of a chunk. Where both ends recorded it, only the client's view counts."""
        known = self._conversations.get(chunk.connection)
        if known is None or (chunk.end == "client" and known.end == "server"):
            if known is not None:  # the server's thread was faster than the client's
                self._packets[:] = [p for p in self._packets if p.connection != chunk.connection]
            known = self._conversations[chunk.connection] = Conversation(
                chunk.connection, chunk.end, self._limits
            )
        return known


class Conversation:
    """Both directions of one connection: the protocol of each depends on the bytes of the other."""

    def __init__(self, number: int, end: End, limits: Limits) -> None:
        self.end: End = end
        self._limits = limits
        self._speaks = ""  # "http", "raw", or "": not known yet
        self._to_server = Stream(number, TO_SERVER)
        self._to_client = Stream(number, TO_CLIENT)
        self._asked: collections.deque[Asked] = collections.deque()  # requests without a response
        self._requests = Requests(limits)
        # A server has recorded a request before it answers; a client's two threads may be a hair apart.
        self._responses = Responses(limits, self._asked, patient=end == "client")

    def add(self, chunk: Chunk) -> list[Packet]:
        """The packets that this chunk completes."""
        if chunk.end != self.end:
            return []
        found: list[Packet] = []
        if chunk.direction == TO_CLIENT:
            self._to_client.add(chunk.data, chunk.time)
        else:
            if self._to_client.buffer and self._to_client.time < chunk.time:
                self._read_unasked(found)
            self._to_server.add(chunk.data, chunk.time)
        self._read(found)
        return found

    def unfinished(self) -> list[Packet]:
        """The packets of both directions that have begun and not ended."""
        return [stream.reader.rest(stream) for stream in (self._to_server, self._to_client) if stream.buffer]

    def _read_unasked(self, found: list[Packet]) -> None:
        """Read bytes that came before the next request was sent: they are no response to it."""
        patient, self._responses.patient = self._responses.patient, False
        self._read(found)
        self._responses.patient = patient

    def _read(self, found: list[Packet]) -> None:
        """Cut off complete packets, for as long as one direction lets the other go on: heads do."""
        more = True
        while more and (self._speaks or self._recognised()):
            more = False
            for stream in (self._to_server, self._to_client):
                while stream.buffer and (packet := self._next(stream)) is not None:
                    found.append(packet)
                    more = more or isinstance(packet, RequestPacket | ResponsePacket)

    def _recognised(self) -> bool:
        """Whether the protocol of this connection is known; either direction may tell it."""
        for stream in (self._to_server, self._to_client):
            self._speaks = self._speaks or recognise(bytes(stream.buffer[:8192]), stream is self._to_server)
        if self._speaks == "http":
            self._to_server.reader, self._to_client.reader = self._requests, self._responses
        elif self._speaks == "raw":
            self._to_server.reader, self._to_client.reader = Raw(self._limits), Raw(self._limits)
        return bool(self._speaks)

    def _next(self, stream: Stream) -> Packet | None:
        """The next packet of one direction; the packet decides which reader comes after it."""
        reader = stream.reader
        packet = reader.next(stream)
        if isinstance(packet, FramePacket):  # the most frequent, and nothing else follows it
            return packet
        if isinstance(packet, RequestPacket):
            self._request(packet)
        elif isinstance(packet, ResponsePacket):
            self._response()
        elif isinstance(reader, Lost) and reader.found:
            stream.reader = self._responses
        elif isinstance(reader, Chunks) and reader.lost is not None:
            stream.reader = reader.lost if stream is self._to_client else Unknown()
        elif isinstance(packet, BodyPacket) and packet.last:
            stream.reader = self._behind_a_request() if stream is self._to_server else self._responses
        if packet is None and stream.reader is not reader:
            return self._next(stream)
        return packet

    # -- HTTP: what follows what ----------------------------------------------------------------------------

    def _request(self, packet: RequestPacket) -> None:
        """After a request: its body follows, or the next request."""
        outline, length = self._requests.outline, self._requests.length
        assert outline is not None
        self._asked.append(Asked(packet.request, outline))
        self._to_server.reader = _body(length) or self._behind_a_request()

    def _behind_a_request(self) -> PacketReader:
        """The reader behind a request; behind one for an upgrade or a tunnel the response will decide."""
        if self._asked and (self._asked[-1].outline.upgrade or self._asked[-1].outline.method == "CONNECT"):
            return Unknown()
        return self._requests

    def _response(self) -> None:
        """After a response: its body follows, or frames, or a tunnel, or the next response."""
        outline, length = self._responses.outline, self._responses.length
        assert outline is not None
        if not outline.status:  # it is no response
            self._to_client.reader = Unknown()
            return
        if outline.status < 200 and outline.status != 101:  # an interim one: the real one follows
            return
        asked = self._asked.popleft() if self._asked else None
        if outline.status == 101:
            self._upgrade(outline)
        elif asked is not None and asked.outline.method == "CONNECT" and outline.status < 300:
            self._tunnel()
        else:
            self._to_client.reader = _body(length) or self._responses
            if isinstance(self._to_server.reader, Unknown) and not self._asked:
                self._to_server.reader = self._requests

    def _upgrade(self, outline: Outline) -> None:
        """After a 101: frames follow, or another protocol, of which we know nothing."""
        if outline.protocols and "websocket" not in outline.protocols:
            self._to_client.reader = self._to_server.reader = Unknown()
            return
        deflate = parameters_in(", ".join(outline.fields.get("sec-websocket-extensions", [])))
        self._to_client.reader = Frames(Side.CLIENT, self._limits, deflate)
        self._to_server.reader = Frames(Side.SERVER, self._limits, deflate)
        self._to_server.seen = 0

    def _tunnel(self) -> None:
        """Read the bytes in a tunnel as a connection of its own (RFC 9110 §9.3.6)."""
        self._speaks = ""
        self._to_client.reader = self._to_server.reader = Unknown()
        self._to_client.seen = self._to_server.seen = 0


def _body(length: Length) -> Bodies | None:
    """The reader for the part of a body that is not in the packet of its head."""
    if length.chunked:
        return Chunks(length)
    return Bodies(length) if length.size != 0 else None
