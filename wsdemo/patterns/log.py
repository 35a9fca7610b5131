"""A numbered log in memory: the smallest one that an application can use, and the words for it.

::

    post 1 ──► stored             the next number of its device: a new entry, which ends the channel
    post 3 ──► out of order       above the next one, which is 2
    post 1 ──► again              below the next one: it was stored before

Read `entries` first. `sqlitelog` is the same on disk, `jetstream` the same for several servers.
"""

from __future__ import annotations

import collections
import secrets
import time
from collections.abc import Callable

from wsdemo.patterns.entries import (
    KEEP,
    REMEMBER,
    Done,
    Entry,
    Keep,
    Log,
    Outcome,
    Page,
    Post,
    not_next,
    up_to,
)

__all__ = ["KEEP", "Entry", "Keep", "Log", "MemoryLog", "Outcome", "Page", "Post"]


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
        """See `entries.Log`."""
        now = self._clock()
        self._forget(now)
        expected = self._devices.get(post.device, (0, now))[0] + 1
        if (refused := not_next(post, expected)) is not None:
            self._done([refused])
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
        """See `entries.Log`."""
        entries = self._channels.get(channel, collections.deque())
        self._expire(channel, entries)
        top = self._tops.get(channel, 0)
        first = entries[0].offset if entries else top + 1
        found = (entry for entry in entries if entry.offset > after)
        then(Page(after, tuple(up_to(size, found)), first, top))
        return True

    def last(self, device: str, then: Callable[[int | None], object]) -> bool:
        """See `entries.Log`."""
        then(self._devices.get(device, (0, 0.0))[0])
        return True

    def close(self) -> None:
        """See `entries.Log`."""

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
