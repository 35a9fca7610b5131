"""The users who are here: *soft state*, true as long as it is renewed.

::

    seen("ann", node, now) ──► ann is here ──── no word for `timeout` seconds ──► ann has left

One user may be here several times, on several devices or nodes; the first place counts as joining, the end
of the last one as leaving. An entry that is not renewed expires by itself, so a crash leaves no ghost. Pure:
the time is an argument, on a clock that never goes back.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """The users who came and those who left since the last look, sorted."""

    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.joined or self.left)


class Presence:
    """The users in one channel. ``timeout``: seconds for which a word counts; ValueError unless above 0.

    >>> here = Presence(timeout=40)
    >>> here.seen("ann", "phone", now=0.0)
    >>> here.changes()
    Change(joined=('ann',), left=())
    >>> here.expire(now=41.0)
    >>> here.users, here.changes()
    ((), Change(joined=(), left=('ann',)))
    """

    def __init__(self, timeout: float = 40.0) -> None:
        if not timeout > 0:
            raise ValueError(f"timeout {timeout:g} s, expected more than 0")
        self._timeout = timeout
        self._seen: dict[tuple[str, Hashable], float] = {}  # time of expiry; each word moves it to the end
        self._count: dict[str, int] = {}  # by user: the number of places
        self._told: set[str] = set()

    @property
    def users(self) -> tuple[str, ...]:
        """The users who are here, sorted."""
        return tuple(sorted(self._count))

    def seen(self, user: str, place: Hashable, now: float) -> None:
        """A word from ``user`` at ``place``, such as a connection's id."""
        key = (user, place)
        if self._seen.pop(key, None) is None:
            self._count[user] = self._count.get(user, 0) + 1
        self._seen[key] = now + self._timeout

    def gone(self, user: str, place: Hashable) -> None:
        """``user`` has left ``place``, and said so."""
        if self._seen.pop((user, place), None) is not None:
            self._count[user] -= 1
            if not self._count[user]:
                del self._count[user]

    def expire(self, now: float) -> None:
        """Forget those without a word for too long."""
        for key, until in list(self._seen.items()):
            if until > now:
                break  # those behind it were seen later
            self.gone(*key)

    def changes(self) -> Change:
        """The users who came and those who left since the last call.

        A user who came and left between two calls is not mentioned at all.
        """
        here = set(self._count)
        change = Change(tuple(sorted(here - self._told)), tuple(sorted(self._told - here)))
        self._told = here
        return change
