"""The recorder: every byte that crosses a socket, and when.

::

    your program ──► Transport ──tap──► socket ···· socket ◄──tap── Transport ◄── the server
                                 │                            │
                                 └───────► Record ◄───────────┘

It keeps facts only: bytes, times, the end that saw them. Frames, fields and latencies are computed from them
later, by the same parser that the connection uses. A connection without a record pays for one ``is None``.
Knows nothing of HTTP, frames or pictures.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Final, TypeAlias

from wsdemo.protocol.arguments import check_function, check_whole
from wsdemo.record.facts import TO_CLIENT, TO_SERVER, Chunk, Direction, End, Layer, Mark, What

#: Bytes that a record keeps by default: 64 MiB.
DEFAULT_LIMIT: Final = 64 * 1024 * 1024

#: A future chunk: time, tap, direction, bytes.
Note: TypeAlias = "tuple[float, Tap, Direction, bytes]"


class Record:
    """A growing record of the bytes on one or many connections.

    The two ends of one connection may write to the same record: they are recognised by their pair of
    addresses and share one connection number. ``limit`` bounds the bytes kept: an end whose bytes have no
    room gets a mark "full", and they, and all later ones, are counted in ``dropped``. ``clock`` gives
    seconds; TypeError where it is no function.

    >>> record = Record(clock=lambda: 0.0)
    >>> tap = record.tap("client", ("127.0.0.1", 50000), ("127.0.0.1", 1234))
    >>> tap.sent(b"5         hello")
    >>> record.bytes("to server")
    b'5         hello'
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, limit: int = DEFAULT_LIMIT) -> None:
        check_function("clock", clock, 0, "a function that gives seconds")
        check_whole("limit", limit, 0)
        self.clock = clock
        self.limit = limit
        self.started = clock()  #: seconds on the record's clock
        self.started_at = time.time()  #: the same moment, seconds since 1970, for exports
        self._chunks: list[Chunk] = []
        self._notes: list[Note] = []  # chunks to be
        self.marks: list[Mark] = []
        self.size = 0
        self.dropped = 0
        self.addresses: dict[int, tuple[object, object]] = {}  #: connection → (client's, server's address)
        self._pairs: dict[frozenset[object], tuple[int, dict[End, bool]]] = {}  # and which ends are open
        self._next = itertools.count(1)
        self._lock = threading.Lock()  # numbering of connections, and making chunks

    def __repr__(self) -> str:
        kept = f"{len(self.addresses)} connections, {len(self.chunks)} chunks, {self.size} bytes"
        return f"<{type(self).__name__}: {kept}>"

    def __len__(self) -> int:
        return len(self.chunks)

    @property
    def chunks(self) -> list[Chunk]:
        """All chunks, in the order in which they came; the same list each time, with new ones at its end."""
        with self._lock:
            notes = self._notes[:]
            self._chunks += [
                Chunk(time, tap.connection, tap.end, direction, data, tap.layer)
                for time, tap, direction, data in notes
            ]
            del self._notes[: len(notes)]  # in one step: others are appending
        return self._chunks

    def tap(self, end: End, local: object, peer: object) -> Tap:
        """The recorder of one end of one connection, whose socket has these two addresses."""
        pair = frozenset((local, peer))
        with self._lock:
            number, ends = self._pairs.get(pair, (0, {end: False}))
            # The first tap of its end; or one end is closed, and the ports are used again.
            if end in ends and not all(ends.values()):
                number, ends = self._pairs[pair] = next(self._next), {}
                self.addresses[number] = (local, peer) if end == "client" else (peer, local)
            ends[end] = True
        return Tap(self, number, end, "plain", ends)

    def bytes(
        self,
        direction: Direction,
        connection: int | None = None,
        end: End | None = None,
        layer: Layer = "plain",
    ) -> bytes:
        """All bytes in one direction, joined, as one end saw them (the client, where both were tapped)."""
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


class Tap:
    """One end of one connection, writing into a record. Called from any thread.

    Nothing here waits for a lock, which would cost as much as all the rest: the bytes of one direction come
    from one thread at a time, and appending to a list is one step. Two threads that count their bytes at the
    very same moment may count those of one only, so ``Record.limit`` holds to within a few chunks.
    """

    __slots__ = (
        "connection",
        "end",
        "layer",
        "record",
        "_clock",
        "_ends",
        "_full",
        "_inward",
        "_note",
        "_offered",
        "_outward",
    )

    def __init__(
        self, record: Record, connection: int, end: End, layer: Layer, ends: dict[End, bool]
    ) -> None:
        self.record = record
        self.connection = connection
        self.end: End = end
        self.layer: Layer = layer
        self._ends = ends
        self._clock = record.clock
        self._note = record._notes.append  # a chunk, which takes time to make, is made when it is read
        self._full = False  # some bytes had no room: bytes behind a gap could not be understood
        self._offered: float | None = None  # when; guarded by the lock of the wire, as all sending is
        self._inward: Direction = TO_CLIENT if end == "client" else TO_SERVER
        self._outward: Direction = TO_SERVER if end == "client" else TO_CLIENT

    def encrypted(self) -> Tap:
        """The recorder of the same end under TLS: of the bytes on the wire."""
        return Tap(self.record, self.connection, self.end, "tls", self._ends)

    def offer(self) -> None:
        """The kernel is about to be offered bytes: those that it takes are sent at this time.

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
        """Note an occurrence without bytes."""
        record = self.record
        record.marks.append(Mark(record.clock(), self.connection, self.end, what))
        if what == "closed":
            self._ends[self.end] = False

    def _keep(self, time: float, direction: Direction, data: bytes) -> None:
        record = self.record
        size = record.size + len(data)
        if self._full or size > record.limit:
            if not self._full:
                self._full = True
                self.mark("full")
            record.dropped += len(data)
            return
        record.size = size
        if type(data) is not bytes:
            data = bytes(data)
        self._note((time, self, direction, data))
