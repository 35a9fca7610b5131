"""The recorder: every byte that crosses a socket, and when.

::

    your program ──► Wire ──tap──► socket ···· socket ◄──tap── Wire ◄── the server
                            │                            │
                            └────────► Trace ◄───────────┘

It keeps facts only: bytes, times, which end saw them. Frames, fields and latencies are computed from them
later, by the same parser that the connection uses. A connection without a trace pays one ``is None``.
Knows nothing of HTTP, frames or pictures.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from wsdemo.protocol.arguments import check_function, check_whole

if TYPE_CHECKING:
    from wsdemo.trace.dissect import Dissector
    from wsdemo.trace.packets import FramePacket, Packet, RequestPacket, ResponsePacket

End = Literal["client", "server"]
Direction = Literal["to server", "to client"]
Layer = Literal["plain", "tls"]
What = Literal["open", "eof", "reset", "closed", "full"]

TO_SERVER: Final = "to server"
TO_CLIENT: Final = "to client"

#: Bytes that a trace keeps unless told otherwise: 64 MiB.
DEFAULT_LIMIT: Final = 64 * 1024 * 1024


class Chunk(NamedTuple):
    """Bytes that one call of ``send`` handed to the kernel, or one call of ``recv`` took from it."""

    time: float  #: seconds on the trace's clock
    connection: int  #: 1, 2, 3 … in the order in which the connections appeared
    end: End  #: who saw it: the tap of the client or of the server
    direction: Direction
    data: bytes
    layer: Layer  #: "plain": what the program says; "tls": what the wire carries

    @property
    def sent(self) -> bool:
        """Whether the end that saw it sent it, rather than received it."""
        return (self.end == "client") == (self.direction == TO_SERVER)


class Mark(NamedTuple):
    """Something that happened to a connection and has no bytes of its own."""

    time: float
    connection: int
    end: End
    #: "open"; "eof": the peer will send no more; "reset"; "closed": this end closed the socket; "full": there
    #: was no room for bytes of this end, and none of those that follow are on record
    what: What


#: When, who, which way, what: a chunk to be.
Note: TypeAlias = "tuple[float, Tap, Direction, bytes]"


class Trace:
    """A growing record of what went over one or many connections.

    The two ends of one connection may write to the same trace: they are recognised by their pair of
    addresses and share one connection number. ``limit`` bounds the bytes kept: an end whose bytes have no
    room gets a mark "full", and they, and all that come after them, are counted in ``dropped``.

    >>> trace = Trace(clock=lambda: 0.0)
    >>> tap = trace.tap("client", ("127.0.0.1", 50000), ("127.0.0.1", 1234))
    >>> tap.sent(b"5         hello")
    >>> trace.bytes("to server")
    b'5         hello'
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, limit: int = DEFAULT_LIMIT) -> None:
        check_function("clock", clock, 0, "a function that gives seconds")
        check_whole("limit", limit, 0)
        self.clock = clock
        self.limit = limit
        self.started = clock()  #: seconds on the trace's clock
        self.started_at = time.time()  #: the same moment, seconds since 1970, for exports
        self._chunks: list[Chunk] = []
        self._notes: list[Note] = []  # chunks to be
        self.marks: list[Mark] = []
        self.size = 0
        self.dropped = 0
        self.addresses: dict[int, tuple[object, object]] = {}  #: connection → (client's, server's address)
        self._pairs: dict[frozenset[object], tuple[int, dict[End, bool]]] = {}  # and which ends are open
        self._next = itertools.count(1)
        self._lock = threading.Lock()  # numbering of connections, and making chunks and the dissector
        self._dissector: Dissector | None = None  # made when packets are first asked for

    def __repr__(self) -> str:
        return f"<Trace: {len(self.addresses)} connections, {len(self.chunks)} chunks, {self.size} bytes>"

    def __len__(self) -> int:
        return len(self.chunks)

    @property
    def chunks(self) -> list[Chunk]:
        """All that was recorded, as it came; the same list each time, with what is new at its end."""
        with self._lock:
            notes = self._notes[:]
            self._chunks += [
                Chunk(time, tap.connection, tap.end, direction, data, tap.layer)
                for time, tap, direction, data in notes
            ]
            del self._notes[: len(notes)]  # in one step: others are appending
        return self._chunks

    def tap(self, end: End, local: object, peer: object, layer: Layer = "plain") -> Tap:
        """The recorder of one end of one connection, whose socket has these two addresses."""
        pair = frozenset((local, peer))
        with self._lock:
            number, ends = self._pairs.get(pair, (0, {end: False}))
            if end in ends and not all(
                ends.values()
            ):  # the first; or one closed, and the ports are used again
                number, ends = self._pairs[pair] = next(self._next), {}
                self.addresses[number] = (local, peer) if end == "client" else (peer, local)
            ends[end] = True
        return Tap(self, number, end, layer, ends)

    def bytes(
        self,
        direction: Direction,
        connection: int | None = None,
        end: End | None = None,
        layer: Layer = "plain",
    ) -> bytes:
        """All bytes in one direction, joined: those that one end saw (the client, where both were tapped)."""
        return b"".join(
            chunk.data
            for chunk in self.select(end=end, connection=connection, layer=layer)
            if chunk.direction == direction
        )

    def select(
        self, connection: int | None = None, end: End | None = None, layer: Layer = "plain"
    ) -> list[Chunk]:
        """The chunks of one end of each connection: ``end``, or else the client where it was tapped."""
        chunks = [c for c in list(self.chunks) if c.layer == layer and connection in (None, c.connection)]
        if end is not None:
            return [c for c in chunks if c.end == end]
        both = {c.connection for c in chunks if c.end == "client"}
        return [c for c in chunks if c.end == "client" or c.connection not in both]

    @property
    def packets(self) -> Sequence[Packet]:
        """What the bytes are, by time; see ``wsdemo.trace.dissect``. Cheap to ask again and again."""
        return self._dissected().packets()

    @property
    def requests(self) -> Sequence[RequestPacket]:
        """The HTTP requests among the packets."""
        return self._dissected().requests()

    @property
    def responses(self) -> Sequence[ResponsePacket]:
        """The HTTP responses among the packets."""
        return self._dissected().responses()

    @property
    def frames(self) -> Sequence[FramePacket]:
        """The WebSocket frames among the packets."""
        return self._dissected().frames()

    def news(self) -> list[Packet]:
        """The packets that have become complete since the last call, each once, in that order."""
        return self._dissected().news()

    def save(self, path: str | os.PathLike[str], *, redact: bool = True) -> None:
        """Write the record to a file of JSON lines; see ``wsdemo.trace.files``."""
        from wsdemo.trace.files import save

        save(self, path, redact=redact)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trace:
        """A record that ``save`` has written. ``ValueError`` names the line that is wrong."""
        from wsdemo.trace.files import load

        return load(path)

    def to_pcap(self, path: str | os.PathLike[str], *, redact: bool = True) -> None:
        """Write the record as a capture that Wireshark opens; see ``wsdemo.trace.pcap``.

        On some ports Wireshark expects another protocol: ``wireshark -r FILE -d tcp.port==PORT,http``
        ('Decode As' in its menu) shows the frames on any.
        """
        from wsdemo.trace.pcap import write

        write(self, path, redact=redact)

    def clear(self) -> None:
        """Forget the chunks and marks so far; connections keep their numbers, and what they agreed on."""
        self.take()

    def take(self) -> tuple[list[Chunk], list[Mark]]:
        """Give the chunks and marks so far, and forget them as `clear` does."""
        chunks = self._dissected().forget()
        self.size = sum(len(chunk.data) for chunk in list(self.chunks))  # what came in the meantime
        self.dropped = 0
        marks = self.marks[:]
        del self.marks[: len(marks)]  # in one step: others are appending
        return chunks, marks

    def _dissected(self) -> Dissector:
        with self._lock:
            if self._dissector is None:
                from wsdemo.trace.dissect import Dissector  # it needs the protocol, recording does not

                self._dissector = Dissector(self)
            return self._dissector


class Tap:
    """One end of one connection, writing into a trace. Called from any thread.

    Nothing here waits for a lock, which would cost as much as all the rest: the bytes of one direction come
    from one thread at a time, and appending to a list is one step. Two threads that count their bytes at the
    very same moment may count those of one only, so ``Trace.limit`` holds to within a few chunks.
    """

    __slots__ = (
        "connection",
        "end",
        "layer",
        "trace",
        "_clock",
        "_ends",
        "_full",
        "_inward",
        "_note",
        "_offered",
        "_outward",
    )

    def __init__(self, trace: Trace, connection: int, end: End, layer: Layer, ends: dict[End, bool]) -> None:
        self.trace = trace
        self.connection = connection
        self.end: End = end
        self.layer: Layer = layer
        self._ends = ends
        self._clock = trace.clock
        self._note = trace._notes.append  # what costs time, a chunk, is made when somebody looks
        self._full = False  # some bytes had no room: what follows a gap could not be understood
        self._offered: float | None = None  # when; guarded by the lock of the wire, as all sending is
        self._inward: Direction = TO_CLIENT if end == "client" else TO_SERVER
        self._outward: Direction = TO_SERVER if end == "client" else TO_CLIENT

    def offer(self) -> None:
        """The kernel is about to be offered bytes: what it takes of them is sent at this time.

        For between its taking them and the call of `sent`, another thread may have seen the answer.
        """
        self._offered = self._clock()

    def sent(self, data: bytes) -> None:
        """The kernel took these bytes."""
        time, self._offered = self._offered, None
        self._keep(self._clock() if time is None else time, self._outward, data)

    def received(self, data: bytes) -> None:
        """The kernel gave these bytes."""
        self._keep(self._clock(), self._inward, data)

    def mark(self, what: What) -> None:
        """Something happened that has no bytes."""
        trace = self.trace
        trace.marks.append(Mark(trace.clock(), self.connection, self.end, what))
        if what == "closed":
            self._ends[self.end] = False

    def _keep(self, time: float, direction: Direction, data: bytes) -> None:
        trace = self.trace
        size = trace.size + len(data)
        if self._full or size > trace.limit:
            if not self._full:
                self._full = True
                self.mark("full")
            trace.dropped += len(data)
            return
        trace.size = size
        if type(data) is not bytes:
            data = bytes(data)
        self._note((time, self, direction, data))
