"""The words of a numbered log: what is posted, stored, read and kept, and the methods of every log.

::

    append(post) ──► channel #lobby   1 2 3 4 5 6 7        offsets grow, and are never used again
                                      ▲     ▲     ▲
                                    after=0 │     top      read(channel, after): the entries above an offset
                                          first            the oldest that is kept

A device numbers its posts 1, 2, 3 … over all channels, and a log takes only the next number. So a post that
is sent again, because its confirmation was lost, is not stored twice, and none can be left out unnoticed.
`log` has the smallest log of this kind. Knows nothing of connections, users' rights or messages.
"""

from __future__ import annotations

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
    #: The number that the log takes next from this device; "missed": the oldest offset that is kept.
    expected: int = 0
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


def not_next(post: Post, expected: int) -> Outcome | None:
    """The outcome of a post that is not the ``expected`` one of its device; None: it is.

    >>> not_next(Post("#lobby", "phone", 2, "ann", ""), expected=2)
    >>> [not_next(Post("#lobby", "phone", n, "ann", ""), expected=2).status for n in (1, 3)]
    ['again', 'out of order']
    """
    if post.n == expected:
        return None
    return Outcome(post, "again" if post.n < expected else "out of order", None, expected)
