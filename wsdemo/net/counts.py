"""The numbers of a server, for those who run it: connections, messages, bytes, errors.

::

    Traffic  of each connection, counted by its own parts ──┬── Tally.ended    when it ends
                                                            └── Tally.counts   when asked for

So a message that passes touches nothing that connections share. Knows nothing of sockets.
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple, Protocol


class Counts(NamedTuple):
    """Totals since a server began: none ever falls.

    ``opened``: connections whose opening handshake was done.
    ``refused``: openings that were not, by the status of the answer; 0 where none could be given.
    ``closed``: connections that have ended, by `Connection.close_code`; 1006: no valid close frame came.
    ``messages_received``, ``messages_sent``: whole messages, of a broadcast one for each recipient.
    ``bytes_received``, ``bytes_sent``: bytes on the wire, with TLS, HTTP and the headers of frames.
    ``errors``: errors that came into `Server.errors`.
    """

    opened: int
    refused: Mapping[int, int]
    closed: Mapping[int, int]
    messages_received: int
    messages_sent: int
    bytes_received: int
    bytes_sent: int
    errors: int


class Traffic(NamedTuple):
    """Messages and bytes, each way."""

    messages_received: int = 0
    messages_sent: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0

    @classmethod
    def total(cls, parts: Iterable[Traffic]) -> Traffic:
        """The sum of all.

        >>> Traffic.total([Traffic(1, 2), Traffic(bytes_sent=5), Traffic(messages_sent=1)])
        Traffic(messages_received=1, messages_sent=3, bytes_received=0, bytes_sent=5)
        """
        return cls(*map(sum, zip(cls(), *parts, strict=True)))


class Counted(Protocol):
    """A connection, as far as it is counted."""

    @property
    def traffic(self) -> Traffic:
        """Its messages and bytes so far."""

    @property
    def was_opened(self) -> bool:
        """Whether its opening handshake was done."""

    @property
    def close_code(self) -> int | None:
        """The code of its end."""


class Tally:
    """The counts of a server itself, and the totals of the connections that have ended.

    ``living``: gives the connections that have not. All methods may be called in any thread.
    """

    __slots__ = ("_closed", "_errors", "_living", "_lock", "_refused", "_traffic")

    def __init__(self, living: Callable[[], Collection[Counted]]) -> None:
        self._living = living
        self._lock = threading.Lock()  # an ended connection is counted once: as living, or in the totals
        self._refused: collections.Counter[int] = collections.Counter()
        self._closed: collections.Counter[int] = collections.Counter()
        self._traffic = Traffic()
        self._errors = 0

    def refused(self, status: int) -> None:
        """An opening was refused."""
        with self._lock:
            self._refused[status] += 1

    def failed(self) -> None:
        """There was an error."""
        with self._lock:
            self._errors += 1

    def broadcast(self, messages: int, size: int) -> None:
        """``messages`` left together, ``size`` bytes, which their connections did not count."""
        with self._lock:
            self._traffic = Traffic.total((self._traffic, Traffic(messages_sent=messages, bytes_sent=size)))

    def ended(self, connection: Counted, forget: Callable[[], object]) -> None:
        """A connection has ended; ``forget`` takes it out of those that live."""
        with self._lock:
            forget()
            self._traffic = Traffic.total((self._traffic, connection.traffic))
            if connection.was_opened:
                self._closed[connection.close_code or 0] += 1

    def counts(self) -> Counts:
        """The totals now."""
        with self._lock:  # one that ends from here on is among those that live, and keeps its numbers
            living = self._living()
            ended, errors = self._traffic, self._errors
            refused, closed = dict(self._refused), dict(self._closed)
        opened = sum(closed.values()) + sum(connection.was_opened for connection in living)
        traffic = Traffic.total((ended, *(connection.traffic for connection in living)))
        return Counts(opened, refused, closed, *traffic, errors)
