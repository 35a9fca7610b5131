"""The members of one channel, and those of them who are told who else is here.

::

    enter ──► member ── a tick ──► the watchers hear: joined ann, left bob     together, twice a second
                └── no word for 40 s: has left, for the others; a word: is here again

One user may be here with several devices, and counts once. A watcher whose connection is slow hears later,
in one message, what has changed since it heard last. Knows nothing of the log and of rights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from wsdemo.patterns.following import Place
from wsdemo.patterns.messages import frame
from wsdemo.patterns.presence import Change, Presence
from wsdemo.patterns.session import Session

#: Seconds after which a user of another node has left, where that node says no word.
AWAY: Final = 40.0


class Room:
    """The members of ``channel``, each with its place there."""

    __slots__ = ("_elsewhere", "_presence", "_told", "_watchers", "change", "channel", "members")

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.members: dict[Session, Place] = {}
        self._watchers: dict[Session, Place] = {}  # those who asked for presence
        self._presence = Presence(timeout=float("inf"))
        self._elsewhere = Presence(timeout=AWAY)  # on other nodes, which say it again and again
        self.change = Change()  #: the users who came to this node, or left it, before the last `news`
        self._told: frozenset[str] = frozenset()  # the users as the watchers know them

    def enter(self, session: Session, place: Place, watches: bool) -> None:
        """A new member; ``watches``: it is told who comes and goes."""
        self.members[session] = place
        self.see(session, True)
        if watches:
            self._watchers[session] = place

    def leave(self, session: Session) -> None:
        """It is a member no longer."""
        del self.members[session]
        self._watchers.pop(session, None)
        self.see(session, False)

    def see(self, session: Session, here: bool) -> None:
        """A member is heard again, or has fallen silent."""
        if here:
            self._presence.seen(session.user, session.ws.id, 0.0)
        else:
            self._presence.gone(session.user, session.ws.id)

    def others(self, session: Session) -> Iterator[tuple[Session, Place]]:
        """All members but one."""
        return ((member, place) for member, place in self.members.items() if member is not session)

    def users(self, session: Session) -> list[str] | None:
        """The users as the watchers know them, for a new one, which hears of the rest; None: it is none."""
        return sorted(self._told | {session.user}) if session in self._watchers else None

    @property
    def here(self) -> tuple[str, ...]:
        """The users on this node, sorted."""
        return self._presence.users

    def elsewhere(self, node: str, here: Iterable[str], left: Iterable[str], now: float) -> None:
        """The word of another node."""
        for user in here:
            self._elsewhere.seen(user, node, now)
        for user in left:
            self._elsewhere.gone(user, node)

    def news(self, now: float) -> tuple[str, list[Session]]:
        """A message of who came and left since the last call, and its hearers: none where nothing changed."""
        self._elsewhere.expire(now)
        self.change, others = self._presence.changes(), self._elsewhere.changes()
        if not (self.change or others):
            return "", []
        before, self._told = self._told, frozenset((*self._presence.users, *self._elsewhere.users))
        joined, left = sorted(self._told - before), sorted(before - self._told)
        if not (joined or left):
            return "", []
        ready = []
        for session, place in self._watchers.items():
            if session.reader.in_time(place):
                ready.append(session)
            else:
                self._keep(place, before)
        return frame("presence", channel=self.channel, joined=joined, left=left), ready

    def _keep(self, place: Place, before: frozenset[str]) -> None:
        """A slow watcher hears later what has changed since it heard last."""
        place.told = place.told if place.news else before
        joined, left = sorted(self._told - place.told), sorted(place.told - self._told)
        place.news = frame("presence", channel=self.channel, joined=joined, left=left)
