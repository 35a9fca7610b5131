"""Rooms and mailboxes: channels of a numbered log on a WebSocket server, by the protocol ``wsdemo.chat.v1``.

::

    publish ──► Session ──► Log ── stored(outcomes) ──► confirm
                numbers             └──► the members: live, or read from the log by their own Reader
    volatile ──────────────────────────► the members: now, or the newest of each key

    rooms = Rooms()
    server = serve(rooms, subprotocols=[PROTOCOL], authorize=…)
    rooms.begin(server, SqliteLog("chat.db", rooms.stored, call=server.call_soon))

A room is a channel ``#name``. A mailbox is a channel ``@name``: anyone may publish to it, and only the user
of that name may join it. A message is shown to no one before it is stored. All of this runs in the server's
thread; the log has its own. Read `messages`, `session` and `following` first.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, Final

from wsdemo.net.connection import Connection
from wsdemo.net.server import Server
from wsdemo.patterns.following import Place, Reader, entry_text
from wsdemo.patterns.log import Log, Outcome, Page, Post
from wsdemo.patterns.messages import PERMANENT, TEMPORARY, VERSION, BadMessage, compact, frame, parse
from wsdemo.patterns.presence import Presence
from wsdemo.patterns.session import Identity, RoomLimits, Session

#: Seconds between two looks at deadlines, and between two messages about presence.
TICK: Final = 0.5
#: An offset above all others.
NEWEST: Final = 2**53 - 1

Message = dict[str, Any]
log = logging.getLogger("wsdemo")


def by_request(ws: Connection, token: str | None) -> Identity | None:
    """The default ``identify``: the user whom the server's `authorize` gave."""
    return Identity(ws.user) if isinstance(ws.user, str) and ws.user else None


class Room:
    """The members of a channel."""

    __slots__ = ("members", "presence", "told", "watchers")

    def __init__(self) -> None:
        self.members: dict[Session, Place] = {}
        self.watchers: dict[Session, Place] = {}  # those who asked for presence
        self.presence = Presence(timeout=float("inf"))
        self.told: frozenset[str] = frozenset()  # the users as the watchers know them


class Rooms:
    """A handler for `serve`: channels, their members, and what they publish. Call `begin` once it serves.

    ``may``: a function of (user, action, channel), with "join", "publish" or "volatile" as action.
    ``identify``: a function of (ws, token) that gives an `Identity`, or None to refuse.
    ``limits``: see `RoomLimits`.
    ``clock``: seconds that never go back, for deadlines; ``wall``: seconds since 1970.
    ``uniform``: chance, which spreads those who come back.
    """

    def __init__(
        self,
        may: Callable[[str, str, str], bool] = lambda user, action, channel: True,
        identify: Callable[[Connection, str | None], Identity | None] = by_request,
        limits: RoomLimits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._may, self._identify, self._limits = may, identify, limits or RoomLimits()
        self._clock, self._wall, self._uniform = clock, wall, uniform
        self._server: Server | None = None
        self._log: Log | None = None
        self._sessions: dict[int, Session] = {}  # by connection
        self._devices: dict[str, Session] = {}
        self._rooms: dict[str, Room] = {}

    def begin(self, server: Server, log: Log) -> None:
        """Serve the channels of ``log``, whose ``done`` is `stored`. Earlier clients are refused (1013)."""
        self._server, self._log = server, log
        server.every(TICK, self.tick)

    def end(self, code: int = 1001, reason: str = "the server goes away", spread: float = 5.0) -> None:
        """Say goodbye to all, in the server's thread (see `Server.call_soon`).

        ``spread``: seconds over which they come back, each at a moment of its own.
        """
        for session in list(self._sessions.values()):
            self._bye(session, code, reason, self._uniform(0.0, spread))

    def dismiss(self, user: str, code: int = 4401, reason: str = "no longer allowed") -> None:
        """End all connections of a user, in the server's thread."""
        for session in [session for session in self._devices.values() if session.user == user]:
            self._bye(session, code, reason)

    # -- callbacks of the server --------------------------------------------------------------------------

    def on_open(self, ws: Connection) -> None:
        """A connection, of which nothing is known yet."""
        self._sessions[ws.id] = Session(ws, self._limits, self._clock)

    def on_message(self, ws: Connection, text: str | bytes) -> None:
        """A message of a client. What fails in it ends that connection alone."""
        session = self._sessions.get(ws.id)
        if session is None or session.ended:
            return
        session.heard = self._clock()
        try:
            self._message(session, text)
        except BadMessage as error:
            self._offence(session, error)
        except Exception:
            self._bye(session, 1011, "internal error")
            raise  # the server keeps and logs it

    def on_drain(self, ws: Connection) -> None:
        """A slow connection has caught up."""
        if (session := self._sessions.get(ws.id)) is not None:
            self._go_on(session)

    def on_close(self, ws: Connection) -> None:
        """A connection is over."""
        if (session := self._sessions.pop(ws.id, None)) is not None:
            self._forget(session)

    # -- callbacks of the log -----------------------------------------------------------------------------

    def stored(self, outcomes: list[Outcome]) -> None:
        """The log's ``done``: confirm what is stored, and show it to the members."""
        confirmed: dict[Session, None] = {}
        for outcome in outcomes:
            session = self._devices.get(outcome.post.device)
            try:
                self._deliver(outcome)
            except Exception as error:
                self._poisoned(outcome.post, session, error)
            if session is not None and session.numbers is not None and self._settle(session, outcome):
                confirmed[session] = None
        for session in confirmed:
            if session.numbers is not None:
                session.send("confirm", n=session.numbers.confirmed)

    def _settle(self, session: Session, outcome: Outcome) -> bool:
        """Note the fate of a post; true where something is to be confirmed."""
        numbers, n = session.numbers, outcome.post.n
        assert numbers is not None
        match outcome.status:
            case "stored":
                numbers.stored(n)
            case "again":
                numbers.stored(outcome.expected - 1)
            case "out of order":
                numbers.not_stored(outcome.expected)
                self._error(session, {"n": n}, "out_of_order", expect=outcome.expected)
            case "failed":
                numbers.not_stored(n)
                self._error(session, {"n": n}, "failed", retry=self._limits.retry)
        return outcome.status in ("stored", "again")

    def _deliver(self, outcome: Outcome) -> None:
        channel, entry = outcome.post.channel, outcome.entry
        room = self._rooms.get(channel)
        if room is None or entry is None:
            return
        text = entry_text(channel, entry)
        ready = [s for s, place in room.members.items() if s.reader and s.reader.live(place, entry.offset)]
        self._broadcast(text, [session for session in ready if session.device != entry.device])
        for session in ready:
            if session.device == entry.device:
                session.send_text(entry_text(channel, entry, own=True))

    def _poisoned(self, post: Post, session: Session | None, error: Exception) -> None:
        """A message could not be shown: its members read it from the log, and its sender is told."""
        if (room := self._rooms.get(post.channel)) is not None:
            for member, place in room.members.items():
                if member.reader is not None:
                    member.reader.fall_behind(place)
        if session is not None:
            self._failed(session, error)

    # -- messages of a client -----------------------------------------------------------------------------

    def _message(self, session: Session, text: str | bytes) -> None:
        if session.numbers is None:
            self._first(session, text)
            return
        message = parse(text)
        match message["type"]:
            case "publish":
                self._publish(session, message, len(text.encode()) if isinstance(text, str) else 0)
            case "volatile":
                self._volatile(session, message, len(text))
            case "pong":
                pass
            case "hello":
                raise BadMessage("hello is the first message, and comes once")
            case _:
                self._request(session, message)

    def _offence(self, session: Session, error: BadMessage) -> None:
        session.offences += 1
        session.send("error", **error.answers, code=error.code, reason=str(error))
        if session.offences >= self._limits.offences:
            self._bye(session, 4400, f"{session.offences} messages broke the protocol")

    def _error(self, session: Session, answers: Message, code: str, **fields: Any) -> None:
        session.send("error", **answers, code=code, reason=(TEMPORARY | PERMANENT)[code], **fields)

    # -- hello, welcome and the end -----------------------------------------------------------------------

    def _first(self, session: Session, text: str | bytes) -> None:
        """The message before the welcome: hello, or the connection ends."""
        if session.device:
            raise BadMessage("wait for the welcome")
        if len(text) > self._limits.hello_size:
            self._bye(session, 4413, f"hello with more than {self._limits.hello_size} bytes")
            return
        try:
            message = parse(text)
        except BadMessage as error:
            self._bye(session, 4400, str(error))
            return
        if message["type"] != "hello":
            self._bye(session, 4400, "the first message is hello")
        elif message["v"] != VERSION:
            self._bye(session, 4426, f"version {VERSION} is spoken here")
        else:
            self._hello(session, message)

    def _hello(self, session: Session, hello: Message) -> None:
        identity = self._identify(session.ws, hello.get("token"))
        if identity is None:
            self._bye(session, 4401, "a valid token is needed")
            return
        self._prove(session, identity)
        session.device = f"{identity.user}\n{hello['device']}"  # no user can name another one's device
        if (older := self._devices.get(session.device)) is not None:
            self._bye(older, 4409, "the same device came again")
        if sum(other.user == session.user for other in self._devices.values()) >= self._limits.per_user:
            self._bye(session, 4429, f"{session.user} has {self._limits.per_user} connections")
            return
        self._devices[session.device] = session
        # Behind all that the older connection has sent: the number is never older than what was confirmed.
        if self._log is None or not self._log.last(session.device, partial(self._welcome, session)):
            self._bye(session, 1013, "the log is busy", self._limits.retry)

    def _prove(self, session: Session, identity: Identity) -> None:
        session.user, session.warned = identity.user, False
        expires = identity.expires
        session.until = None if expires is None else self._clock() + expires - self._wall()

    def _welcome(self, session: Session, last: int | None) -> None:
        if session.ended or self._log is None or self._server is None:
            return
        if last is None:
            self._bye(session, 1013, "the log can't be read", self._limits.retry)
            return
        limits = self._limits
        session.begin(last + 1, Reader(session.ws, self._log, session.device, limits.page, self._high_water))
        session.send(
            "welcome",
            v=VERSION,
            user=session.user,
            next=last + 1,
            **self._expires(session),
            durable=self._log.durable,
            limits={"size": limits.size, "window": limits.window, "rate": limits.publishes[0]},
            now=self._wall(),
        )

    @property
    def _high_water(self) -> int:
        assert self._server is not None
        return self._server.limits.high_water

    def _expires(self, session: Session) -> Message:
        """The end of the token, on the clock of ``now``."""
        return {} if session.until is None else {"expires": self._wall() + session.until - self._clock()}

    def _bye(self, session: Session, code: int, reason: str, after: float | None = None) -> None:
        session.bye(code, reason, after)
        self._forget(session)

    def _failed(self, session: Session, error: Exception) -> None:
        """Our own mistake: it ends this connection alone."""
        log.error("connection %d: %s", session.ws.id, error, exc_info=error)
        if self._server is not None:
            self._server.errors.append((session.ws.id, error))
        self._bye(session, 1011, "internal error")

    def _forget(self, session: Session) -> None:
        session.ended = True
        if self._devices.get(session.device) is session:
            del self._devices[session.device]
        for channel in list(session.reader.places if session.reader else ()):
            self._leave(session, channel)

    # -- numbered messages --------------------------------------------------------------------------------

    def _publish(self, session: Session, message: Message, size: int) -> None:
        numbers, n = session.numbers, message["n"]
        assert numbers is not None and self._log is not None
        fate = numbers.fate(n)
        if fate == "out of order":
            self._error(session, {"n": n}, "out_of_order", expect=numbers.next)
        elif fate == "again":
            if n <= numbers.confirmed:  # else it is on its way, and will be confirmed
                session.send("confirm", n=numbers.confirmed)
        elif not self._refused(session, message, size):
            numbers.taken(n)
            post = Post(message["channel"], session.device, n, session.user, compact(message["body"]))
            if not self._log.append(post):
                numbers.not_stored(n)
                self._error(session, {"n": n}, "busy", retry=self._limits.retry)

    def _refused(self, session: Session, message: Message, size: int) -> bool:
        """Refuse what can't be stored, now or ever: then the next number stays the next one."""
        numbers, n, now = session.numbers, message["n"], self._clock()
        assert numbers is not None
        bucket = session.buckets["publish"]
        if not self._allowed(session.user, "publish", message["channel"]):
            self._error(session, {"n": n}, "not_allowed")
        elif size > self._limits.size:
            self._error(session, {"n": n}, "too_large")
        elif n - numbers.confirmed > self._limits.window:
            self._error(session, {"n": n}, "too_many", retry=self._limits.retry)
        elif not bucket.take(now):
            self._error(session, {"n": n}, "too_many", retry=bucket.wait(now))
        else:
            return False
        return True

    def _allowed(self, user: str, action: str, channel: str) -> bool:
        """A mailbox is its owner's, whatever ``may`` says; anyone may publish to it, where ``may`` agrees."""
        own = channel[0] == "#" or action == "publish" or channel[1:] == user
        return own and self._may(user, action, channel)

    # -- volatile messages --------------------------------------------------------------------------------

    def _volatile(self, session: Session, message: Message, size: int) -> None:
        channel, key, now = message["channel"], message.get("key"), self._clock()
        bucket = session.buckets["volatile"]
        room = self._rooms.get(channel)
        if room is None or session not in room.members:
            self._error(session, {}, "not_joined")
        elif not self._allowed(session.user, "volatile", channel):
            self._error(session, {}, "not_allowed")
        elif size > self._limits.size:
            self._error(session, {}, "too_large")
        elif not bucket.take(now):
            self._error(session, {}, "too_many", retry=bucket.wait(now))
        else:
            text = frame("volatile", channel=channel, **{"from": session.user}, body=message["body"])
            others = [(member, place) for member, place in room.members.items() if member is not session]
            self._offer(text, others, None if key is None else (session.user, key))

    def _offer(self, text: str, members: list[tuple[Session, Place]], key: Hashable) -> None:
        self._broadcast(text, [s for s, place in members if s.reader and s.reader.volatile(place, key, text)])

    def _broadcast(self, text: str, sessions: list[Session]) -> None:
        if sessions and self._server is not None:
            self._server.broadcast(text, to=[session.ws for session in sessions])

    # -- requests: join, leave, refresh -------------------------------------------------------------------

    def _request(self, session: Session, message: Message) -> None:
        now, bucket = self._clock(), session.buckets["request"]
        if not bucket.take(now):
            self._error(session, {"id": message["id"]}, "too_many", retry=bucket.wait(now))
        elif message["type"] == "join":
            self._join(session, message)
        elif message["type"] == "refresh":
            self._refresh(session, message)
        elif self._leave(session, message["channel"]):
            session.send("ok", id=message["id"])
        else:
            self._error(session, {"id": message["id"]}, "not_joined")

    def _refresh(self, session: Session, message: Message) -> None:
        identity = self._identify(session.ws, message["token"])
        if identity is None or identity.user != session.user:
            self._error(session, {"id": message["id"]}, "not_allowed")
            return
        self._prove(session, identity)
        session.send("ok", id=message["id"], **self._expires(session))

    def _join(self, session: Session, message: Message) -> None:
        """Become a member, which reads nothing yet, and ask the log where the channel stands."""
        channel, reader = message["channel"], session.reader
        assert reader is not None and self._log is not None
        code = self._no_room(channel, reader)
        if not self._allowed(session.user, "join", channel):
            self._error(session, {"id": message["id"]}, "not_allowed")
        elif code:
            self._error(session, {"id": message["id"]}, code, retry=self._limits.retry)
        else:
            self._leave(session, channel)  # joining again begins again
            place = reader.places[channel] = Place(channel)
            self._enter(session, place, message.get("presence", False))
            after = message.get("after", NEWEST)
            if not self._log.read(channel, after, 0, partial(self._joined, session, place, message)):
                self._leave(session, channel)
                self._error(session, {"id": message["id"]}, "busy", retry=self._limits.retry)

    def _no_room(self, channel: str, reader: Reader) -> str:
        room, limits = self._rooms.get(channel), self._limits
        if channel in reader.places:
            return ""
        if len(reader.places) >= limits.joined:
            return "too_many"
        full = len(self._rooms) >= limits.channels if room is None else len(room.members) >= limits.members
        return "busy" if full else ""

    def _enter(self, session: Session, place: Place, presence: bool) -> None:
        room = self._rooms.setdefault(place.channel, Room())
        room.members[session] = place
        room.presence.seen(session.user, session.ws.id, 0.0)
        if presence:
            room.watchers[session] = place

    def _joined(self, session: Session, place: Place, join: Message, page: Page | None) -> None:
        """The log's answer to a join: tell it, and read from there."""
        reader, after = session.reader, join.get("after")
        if session.ended or reader is None or self._log is None:
            return
        still = reader.places.get(place.channel) is place
        if page is None:
            if still:
                self._leave(session, place.channel)
            self._error(session, {"id": join["id"]}, "failed", retry=self._limits.retry)
            return
        # Another epoch, or an offset that this log never gave: what the client has read is another log.
        known = join.get("epoch", self._log.epoch) == self._log.epoch and (after or 0) <= page.top
        start = page.top if after is None else after if known else page.first - 1
        complete = after is None or (known and after + 1 >= page.first)
        told = {"epoch": self._log.epoch, "offset": page.top, "complete": complete}
        session.send("ok", id=join["id"], **told, **self._members(session, place.channel))
        if still:
            self._try(session, partial(reader.follow, place, start, page.top))

    def _members(self, session: Session, channel: str) -> Message:
        room = self._rooms.get(channel)
        if room is None or session not in room.watchers:
            return {}
        return {"members": sorted(room.told | {session.user})}  # the rest follows as presence

    def _leave(self, session: Session, channel: str) -> bool:
        """No longer a member; false where it was none."""
        place = session.reader.leave(channel) if session.reader is not None else None
        if place is None:
            return False
        room = self._rooms[channel]
        del room.members[session]
        room.watchers.pop(session, None)
        room.presence.gone(session.user, session.ws.id)
        if not room.members:
            del self._rooms[channel]
        return True

    def _go_on(self, session: Session) -> None:
        if session.reader is not None and not session.ended:
            self._try(session, session.reader.drained)

    def _try(self, session: Session, read: Callable[[], None]) -> None:
        try:
            read()
        except Exception as error:
            self._failed(session, error)

    # -- twice a second -----------------------------------------------------------------------------------

    def tick(self) -> None:
        """Look at all deadlines, and tell the changes of presence."""
        now = self._clock()
        for session in list(self._sessions.values()):
            if not session.ended:
                self._look(session, now)
        for channel, room in list(self._rooms.items()):
            self._tell_presence(channel, room)

    def _look(self, session: Session, now: float) -> None:
        limits = self._limits
        if session.numbers is None:
            if now - session.opened > limits.hello_timeout:
                self._bye(session, 4408, f"no hello within {limits.hello_timeout:g} seconds")
            return
        if session.until is not None and now >= session.until:
            self._bye(session, 4401, "the token has expired")
            return
        if session.until is not None and not session.warned and session.until - now <= limits.warning:
            session.warned = True
            session.send("expiring", **{"in": session.until - now})
        if now - max(session.pinged, min(session.heard, session.sent)) >= limits.silence:
            session.pinged = now
            session.send("ping", now=self._wall())
        if session.away is not (now - session.heard > limits.away):
            self._see(session)
        self._go_on(session)

    def _see(self, session: Session) -> None:
        """A client fell silent, or is heard again: a page that is frozen still answers WebSocket's pings."""
        session.away = not session.away
        assert session.reader is not None
        for channel in session.reader.places:
            presence = self._rooms[channel].presence
            if session.away:
                presence.gone(session.user, session.ws.id)
            else:
                presence.seen(session.user, session.ws.id, 0.0)

    def _tell_presence(self, channel: str, room: Room) -> None:
        """Tell the watchers who came and left; the slow ones what has changed since they heard last."""
        if not (change := room.presence.changes()):
            return
        before, room.told = room.told, (room.told | set(change.joined)) - set(change.left)
        text = frame("presence", channel=channel, joined=change.joined, left=change.left)
        ready = []
        for session, place in room.watchers.items():
            if session.reader is None or session.reader.in_time(place):
                ready.append(session)
                continue
            place.told = place.told if place.news else before
            joined, left = sorted(room.told - place.told), sorted(place.told - room.told)
            place.news = frame("presence", channel=channel, joined=joined, left=left)
        self._broadcast(text, ready)
