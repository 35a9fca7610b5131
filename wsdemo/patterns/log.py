"""A numbered log: the posts to a channel in one order, to be read from the place where a reader stopped.

::

    append(post) ──► channel #lobby   1 2 3 4 5 6 7        offsets grow, and are never used again
                                      ▲     ▲     ▲
                                    after=0 │     top      read(channel, after): the entries above an offset
                                          first            the oldest that is kept

A device numbers its posts 1, 2, 3 … over all channels, and the log takes only the next number. So a post
that is sent again, because its confirmation was lost, is not stored twice, and none can be left out
unnoticed. Knows nothing of connections, users' rights or messages.
"""

from __future__ import annotations

import collections
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol

#: The fate of a post: it is stored; it was stored before; an earlier one is missing; try again later.
Fate = Literal["stored", "again", "out of order", "failed"]
#: A log that several servers share has news too: an entry to be shown, of whichever server; or entries that
#: this server has missed, and that are no longer kept.
Status = Literal[Fate, "news", "missed"]


class Post(NamedTuple):
    """A message on its way into the log. A NamedTuple: thousands are made in a second."""

    channel: str
    device: str
    n: int  #: the device's number of it: 1, 2, 3 …
    sender: str
    body: str


class Entry(NamedTuple):
    """A message in the log."""

    offset: int  #: in its channel: grows, not necessarily by one
    sender: str
    device: str
    n: int
    at: float  #: seconds since 1970, to be shown and never to be sorted by
    body: str


class Outcome(NamedTuple):
    """The fate of a post."""

    post: Post
    status: Status
    entry: Entry | None = None  #: where it is stored now, to be shown to the members
    expected: int = (
        0  #: the number that the log takes next from this device; "missed": the oldest offset kept
    )
    reason: str = ""  #: the reason of a failure


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of a channel above an offset, as many as a reader asked for."""

    after: int
    entries: tuple[Entry, ...]
    first: int  #: the oldest offset that is kept
    top: int  #: the newest offset

    @property
    def gap(self) -> tuple[int, int] | None:
        """The first and last offset that the reader has missed, because they are no longer kept.

        >>> Page(after=3, entries=(), first=8, top=9).gap
        (4, 7)
        >>> Page(after=3, entries=(), first=4, top=9).gap
        """
        return (self.after + 1, self.first - 1) if self.after + 1 < self.first else None


@dataclass(frozen=True, slots=True)
class Keep:
    """The bounds on a channel's entries: the newest ``count`` are kept, and none older than ``seconds``."""

    count: int = 10_000
    seconds: float = 30 * 86_400.0


KEEP: Final = Keep()
#: Seconds for which a device is remembered after its last post. Later it is a new one, and starts with 1.
REMEMBER: Final = 90 * 86_400.0

Done = Callable[[list[Outcome]], object]


class Log(Protocol):
    """The methods of every log; it is made with ``done(outcomes)``, which it calls for each post."""

    epoch: str  #: another one: a new log or a restored copy, whose offsets are not the ones you know
    durable: bool  #: confirmed posts survive the end of the process

    def append(self, post: Post) -> bool:
        """Store a post, and call ``done``. False: too many are waiting, and this one was not taken."""

    def read(self, channel: str, after: int, size: int, then: Callable[[Page | None], object]) -> bool:
        """Call ``then`` with the entries above ``after``: at least one where there is one, else at most
        ``size`` bytes of bodies; with None where reading failed. False: too many are waiting."""

    def last(self, device: str, then: Callable[[int | None], object]) -> bool:
        """Call ``then`` with the last number stored of a device, 0 for an unknown one. Else as `read`."""

    def close(self) -> None:
        """Store the posts that are waiting, and end."""


class MemoryLog:
    """A log that ends with the process. Everything is done at once, in the caller's thread.

    >>> log = MemoryLog(done=lambda outcomes: print(outcomes[0].status, outcomes[0].expected))
    >>> log.append(Post("#lobby", "phone", 1, "ann", "hello"))
    stored 2
    True
    >>> log.append(Post("#lobby", "phone", 3, "ann", "where is 2?"))
    out of order 2
    True
    >>> log.read("#lobby", 0, 1000, lambda page: print([entry.body for entry in page.entries]))
    ['hello']
    True
    """

    durable = False

    def __init__(
        self,
        done: Done,
        *,
        keep: Callable[[str], Keep] = lambda channel: KEEP,
        remember: float = REMEMBER,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.epoch = secrets.token_hex(8)
        self._done = done
        self._keep = keep
        self._remember = remember
        self._clock = clock
        self._channels: dict[str, collections.deque[Entry]] = {}
        self._tops: dict[str, int] = {}
        self._devices: dict[str, tuple[int, float]] = {}  # last number, its time; the longest silent first

    def append(self, post: Post) -> bool:
        """See `Log`."""
        now = self._clock()
        self._forget(now)
        expected = self._devices.get(post.device, (0, now))[0] + 1
        if post.n != expected:
            status: Status = "again" if post.n < expected else "out of order"
            self._done([Outcome(post, status, None, expected)])
            return True
        self._devices.pop(post.device, None)
        self._devices[post.device] = (post.n, now)
        offset = self._tops[post.channel] = self._tops.get(post.channel, 0) + 1
        entry = Entry(offset, post.sender, post.device, post.n, now, post.body)
        entries = self._channels.setdefault(post.channel, collections.deque())
        entries.append(entry)
        self._expire(post.channel, entries)
        self._done([Outcome(post, "stored", entry, expected + 1)])
        return True

    def read(self, channel: str, after: int, size: int, then: Callable[[Page | None], object]) -> bool:
        """See `Log`."""
        entries = self._channels.get(channel, collections.deque())
        self._expire(channel, entries)
        top = self._tops.get(channel, 0)
        first = entries[0].offset if entries else top + 1
        found = (entry for entry in entries if entry.offset > after)
        then(Page(after, tuple(up_to(size, found)), first, top))
        return True

    def last(self, device: str, then: Callable[[int | None], object]) -> bool:
        """See `Log`."""
        then(self._devices.get(device, (0, 0.0))[0])
        return True

    def close(self) -> None:
        """See `Log`."""

    def _forget(self, now: float) -> None:
        while self._devices:
            device, (_, at) = next(iter(self._devices.items()))
            if now - at <= self._remember:
                return
            del self._devices[device]

    def _expire(self, channel: str, entries: collections.deque[Entry]) -> None:
        keep = self._keep(channel)
        oldest = self._clock() - keep.seconds
        while entries and (len(entries) > keep.count or entries[0].at < oldest):
            entries.popleft()


def up_to(size: int, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Entries with at most ``size`` bytes of bodies together, but one at least.

    >>> three = [Entry(n, "", "", n, 0.0, "12345") for n in (1, 2, 3)]
    >>> [[entry.offset for entry in up_to(size, three)] for size in (0, 9, 10)]
    [[1], [1], [1, 2]]
    """
    room = size
    for number, entry in enumerate(entries):
        room -= len(entry.body.encode())
        if room < 0 and number:
            return
        yield entry
