"""The channels of a server: who has joined, how a member catches up, and what reaches the members.

::

    join {after: 3} ──► a member, which reads nothing yet ──► the log: top 9 ──► ok, 4 5 6 7 8 9, then live
    stored ──► members at the top: now                        the others: from the log, by their own Reader
    volatile ──► members who read fast enough: now            the others: the newest of each key

Rights are asked at each join, publish and volatile message, and again by `review`. Read `following` and
`members` first. Knows nothing of the numbers of messages and of who a client is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import Any, Final

from wsdemo.net.connection import Connection
from wsdemo.patterns.entries import Outcome, Page
from wsdemo.patterns.following import Place, entry_text
from wsdemo.patterns.members import Room
from wsdemo.patterns.messages import compact, frame, size_of, with_body
from wsdemo.patterns.session import RoomLimits, Session

#: An offset above all others.
NEWEST: Final = 2**53 - 1

Message = dict[str, Any]
#: Whether a user may do something: a function of (user, "join" or "publish" or "volatile", channel).
May = Callable[[str, str, str], bool]
#: A function of (channel, text, sender, key).
Offered = Callable[[str, str, str, "str | None"], object]


def with_mailboxes(may: May) -> May:
    """``may``, where a mailbox ``@name`` is its owner's, and anyone may publish to it if ``may`` agrees.

    Anything but True and False, such as a coroutine, which is true, is an error: TypeError.

    >>> may = with_mailboxes(lambda user, action, channel: True)
    >>> may("ann", "join", "@ann"), may("bob", "join", "@ann"), may("bob", "publish", "@ann")
    (True, False, True)
    """

    def allowed(user: str, action: str, channel: str) -> bool:
        own = channel[0] == "#" or action == "publish" or channel[1:] == user
        answer = own and may(user, action, channel)
        if type(answer) is not bool:
            raise TypeError(f"may gave a value of type {type(answer).__name__}, expected True or False")
        return answer

    return allowed


class Channels:
    """All channels with a member.

    ``may``: see `May`.
    ``fail``: called with (session, error) where a session can't go on.
    """

    def __init__(self, limits: RoomLimits, may: May, fail: Callable[[Session, Exception], object]) -> None:
        self._limits, self._may, self._fail = limits, may, fail
        self.rooms: dict[str, Room] = {}  #: by channel
        self.offered: Offered = lambda channel, text, sender, key: None  #: for other nodes
        self.broadcast: Callable[[str, list[Connection]], object] = lambda text, to: None  #: the server's

    # -- requests -----------------------------------------------------------------------------------------

    def join(self, session: Session, message: Message) -> None:
        """Become a member, which reads nothing yet, and ask the log where the channel stands."""
        channel, answers = message["channel"], {"id": message["id"]}
        if not self._may(session.user, "join", channel):
            session.error(answers, "not_allowed")
        elif code := self._no_room(channel, session):
            session.error(answers, code, retry=self._limits.retry)
        else:
            self.leave(session, channel)  # joining again begins again
            place = session.reader.places[channel] = Place(channel)
            room = self.rooms.setdefault(channel, Room(channel))
            room.enter(session, place, message.get("presence", False))
            after = message.get("after", NEWEST)
            if not session.log.read(channel, after, 0, partial(self._read, session, place, message)):
                self.leave(session, channel)
                session.error(answers, "busy", retry=self._limits.retry)

    def _no_room(self, channel: str, session: Session) -> str:
        room, limits, joined = self.rooms.get(channel), self._limits, session.reader.places
        if channel in joined:
            return ""
        if len(joined) >= limits.joined:
            return "too_many"
        full = len(self.rooms) >= limits.channels if room is None else len(room.members) >= limits.members
        return "busy" if full else ""

    def _read(self, session: Session, place: Place, join: Message, page: Page | None) -> None:
        """The log's answer to a join. Without an answer of ours a client would wait for ever."""
        if not session.ended:
            self._try(session, partial(self._joined, session, place, join, page))

    def _joined(self, session: Session, place: Place, join: Message, page: Page | None) -> None:
        """Tell it, and read from there."""
        still = session.reader.places.get(place.channel) is place
        if page is None or not self._may(session.user, "join", place.channel):  # it may have taken a while
            if still:
                self.leave(session, place.channel)
            retry = {"retry": self._limits.retry} if page is None else {}
            session.error({"id": join["id"]}, "failed" if page is None else "not_allowed", **retry)
            return
        start, complete = self._start(join, page, session.log.epoch)
        members = self.rooms[place.channel].users(session) if still else None
        told = {"epoch": session.log.epoch, "offset": page.top, "complete": complete}
        session.send("ok", id=join["id"], **told, **({} if members is None else {"members": members}))
        if still:
            session.reader.follow(place, start, page.top)

    def _start(self, join: Message, page: Page, epoch: str) -> tuple[int, bool]:
        """The offset behind which reading begins, and whether nothing is missing there."""
        after = join.get("after")
        if after is None:
            return page.top, True
        # Another epoch, or an offset that this log never gave: what the client has read is another log.
        known = join.get("epoch", epoch) == epoch and after <= page.top
        return (after, after + 1 >= page.first) if known else (page.first - 1, False)

    def leave(self, session: Session, channel: str) -> bool:
        """No longer a member; false where it was none."""
        if session.reader.leave(channel) is None:
            return False
        room = self.rooms[channel]
        room.leave(session)
        if not room.members:
            del self.rooms[channel]
        return True

    def leave_all(self, session: Session) -> None:
        """A session has ended."""
        for channel in list(session.reader.places):
            self.leave(session, channel)

    def review(self, session: Session) -> None:
        """Ask for the rights again: a member that has lost them leaves, and is told by an error."""
        for channel in list(session.reader.places):
            if not self._may(session.user, "join", channel):
                self.leave(session, channel)
                session.error({"channel": channel}, "not_allowed")

    # -- what the members hear ----------------------------------------------------------------------------

    def show(self, outcome: Outcome) -> None:
        """An entry is stored: send it to the members at the top; the others find it in the log."""
        channel, entry = outcome.post.channel, outcome.entry
        room = self.rooms.get(channel)
        if room is None or entry is None:
            return
        ready = [
            session for session, place in room.members.items() if session.reader.live(place, entry.offset)
        ]
        self._send(entry_text(channel, entry), (one for one in ready if one.device != entry.device))
        for session in ready:
            if session.device == entry.device:
                session.send_text(entry_text(channel, entry, own=True))

    def not_shown(self, outcome: Outcome) -> None:
        """Showing an entry has failed: its members read it from the log."""
        room, entry = self.rooms.get(outcome.post.channel), outcome.entry
        if room is not None and entry is not None:
            for member, place in room.members.items():
                member.reader.not_sent(place, entry.offset)

    def volatile(self, session: Session, message: Message, size: int) -> None:
        """Send a message that is not stored to the other members."""
        channel, key, body = message["channel"], message.get("key"), compact(message["body"])
        room = self.rooms.get(channel)
        if room is None or session not in room.members:
            session.error({}, "not_joined")
        elif not self._may(session.user, "volatile", channel):
            session.error({}, "not_allowed")
        elif max(size, size_of(body)) > self._limits.size:
            session.error({}, "too_large")
        elif session.in_rate("volatile", {}):
            text = with_body(frame("volatile", channel=channel, **{"from": session.user}), body)
            self._offer(text, room.others(session), None if key is None else (session.user, key))
            self.offered(channel, text, session.user, key)

    def say(self, channel: str, body: Any, sender: str, key: str | None) -> None:
        """Send the server's own volatile message to all members."""
        self.offer(channel, frame("volatile", channel=channel, **{"from": sender}, body=body), sender, key)

    def offer(self, channel: str, text: str, sender: str, key: str | None) -> None:
        """Send a volatile message, which is text already, to all members."""
        if (room := self.rooms.get(channel)) is not None:
            self._offer(text, room.members.items(), None if key is None else (sender, key))

    def missed(self, first: int) -> None:
        """News has been lost, and nothing below ``first`` is kept: all members ask the log."""
        for room in list(self.rooms.values()):
            for session, place in list(room.members.items()):
                session.reader.missed(place, first - 1)
                self.go_on(session)

    def _offer(self, text: str, members: Iterable[tuple[Session, Place]], key: Hashable) -> None:
        self._send(text, (session for session, place in members if session.reader.volatile(place, key, text)))

    def _send(self, text: str, sessions: Iterable[Session]) -> None:
        if to := [session.ws for session in sessions]:
            self.broadcast(text, to)

    # -- reading, and time --------------------------------------------------------------------------------

    def go_on(self, session: Session) -> None:
        """A slow client has caught up; or it is time to ask again a log that was too busy."""
        self._try(session, session.reader.drained)

    def _try(self, session: Session, read: Callable[[], None]) -> None:
        try:
            read()
        except Exception as error:
            self._fail(session, error)

    def look(self, session: Session, now: float) -> None:
        """Go on reading; and note a client that fell silent, or is heard again.

        A page that is frozen still answers WebSocket's pings: only its own words count.
        """
        if session.away is not (now - session.heard > self._limits.away):
            session.away = not session.away
            for channel in session.reader.places:
                self.rooms[channel].see(session, not session.away)
        self.go_on(session)

    def tell_presence(self, now: float) -> None:
        """Tell who came and left; ``now``: seconds that never go back."""
        for room in list(self.rooms.values()):
            text, hearers = room.news(now)
            self._send(text, hearers)
