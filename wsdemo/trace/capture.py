"""A sniffer's capture for files: whole connections up to a limit, then no more of them, or the newest.

::

    live trace ── take ──► Capture ──► a Trace to save      at the limit: a mark "full"; further bytes of a
     shown, then forgotten    │                             connection are counted in ``dropped``;
                              └──► lines to print            with ``newest`` the oldest connections go first

A connection is on record from its beginning without a gap: what follows a gap could not be understood.
Knows nothing of sockets and files.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable

from wsdemo.record.facts import Chunk, End, Mark
from wsdemo.record.record import DEFAULT_LIMIT
from wsdemo.trace.trace import Trace


class Capture:
    """Keeps chunks taken from ``live``, at most ``limit`` bytes. ``dropped``: bytes that are not kept.

    With ``newest`` whole connections are forgotten where others need the room: the oldest first, and those
    that have ended before those that are open.
    """

    def __init__(self, live: Trace, *, limit: int = DEFAULT_LIMIT, newest: bool = False) -> None:
        self.live = live
        self.limit = limit
        self.newest = newest
        self.size = 0
        self.dropped = 0
        self._kept: dict[int, list[tuple[int, Chunk]]] = {}  # chunks with their place, of each connection
        self._marks: dict[int, list[Mark]] = {}
        self._ended: set[int] = set()
        self._stopped: set[int] = set()  # connections of which no more is kept
        self._places = itertools.count()
        self._news: list[str] = []
        self._full = False
        self._lock = threading.Lock()  # one at a time: at its end the sniffer does not wait for a slow screen

    def take(self) -> list[str]:
        """Take over everything new in the live trace; returns lines to print about it."""
        with self._lock:
            chunks, marks = self.live.take()
            for chunk in chunks:
                self._add(chunk)
            for mark in marks:
                self._mark(mark)
            news, self._news = self._news, []
            return news

    def trace(self) -> Trace:
        """All that is on record, to save."""
        trace = Trace(clock=self.live.clock, limit=self.limit)
        trace.started, trace.started_at = self.live.started, self.live.started_at
        trace.addresses = {number: self.live.addresses[number] for number in self._kept}
        chunks = sorted(itertools.chain.from_iterable(self._kept.values()))
        trace.chunks.extend(chunk for _, chunk in chunks)
        trace.marks = [mark for number in self._kept for mark in self._marks.get(number, [])]
        trace.size, trace.dropped = self.size, self.dropped
        return trace

    def _add(self, chunk: Chunk) -> None:
        number, size = chunk.connection, len(chunk.data)
        if number in self._stopped:
            self.dropped += size
            return
        if self.size + size > self.limit:
            self._told()
            if self.newest:
                self._make_room(size, number)
        if self.size + size > self.limit:
            self.dropped += size
            self._stop(number, chunk.time, chunk.end)
            return
        self.size += size
        self._kept.setdefault(number, []).append((next(self._places), chunk))

    def _mark(self, mark: Mark) -> None:
        if mark.what == "full":
            self._stop(mark.connection, mark.time, mark.end)
        elif mark.connection not in self._stopped:
            self._marks.setdefault(mark.connection, []).append(mark)
        if mark.what == "closed":
            self._ended.add(mark.connection)

    def _told(self) -> None:
        if self._full:
            return
        self._full = True
        what = (
            "the oldest connections are forgotten" if self.newest else "what follows is shown, not recorded"
        )
        self._news.append(f"the record is full at {self.limit} bytes: from here on {what}")

    def _stop(self, number: int, time: float, end: End) -> None:
        """Keep no more of a connection; the record says from when on."""
        if number in self._stopped:
            return
        self._stopped.add(number)
        if number in self._kept:
            self._marks.setdefault(number, []).append(Mark(time, number, end, "full"))
            self._news.append(f"connection #{number}: the rest of it is not recorded, there is no room")
        else:
            self._marks.pop(number, None)

    def _make_room(self, size: int, number: int) -> None:
        """Forget connections until ``size`` bytes of connection ``number`` have room."""
        for victim in self._victims(number):
            if self.size + size <= self.limit:
                return
            gone = sum(len(chunk.data) for _, chunk in self._kept.pop(victim))
            self._marks.pop(victim, None)
            self._stopped.add(victim)
            self.size -= gone
            self.dropped += gone

    def _victims(self, number: int) -> Iterable[int]:
        others = [other for other in self._kept if other != number]
        return sorted(others, key=lambda other: (other not in self._ended, other))
