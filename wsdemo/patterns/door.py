"""The door of a server: who comes in, how long they may stay, and how they are told to go.

::

    a connection ── hello ──► identify(ws, token) ── a user ──► the log: last number 4 ──► welcome {next: 5}
         │ 10 s       │ wrong          │ None                                               │ token ends
         ▼            ▼                ▼                                                    ▼
     bye 4408     bye 4400 …       bye 4401                                     expiring, bye 4401

The same device twice: the newer one stays. Knows nothing of channels.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from wsdemo.net.connection import Connection
from wsdemo.net.server import Server
from wsdemo.patterns.entries import Log
from wsdemo.patterns.figures import MessageCounts
from wsdemo.patterns.following import Reader
from wsdemo.patterns.messages import VERSION, BadMessage, parse, size_of
from wsdemo.patterns.session import Identity, RoomLimits, Session
from wsdemo.protocol.errors import InvalidState

Message = dict[str, Any]
Found = Identity | None
#: A function of (ws, token), which gives who it is, or None to refuse; or a Future of that.
Identify = Callable[[Connection, str | None], "Found | Future[Found]"]


def by_request(ws: Connection, token: str | None) -> Identity | None:
    """The default ``identify``: the user whom the server's `authorize` gave."""
    return Identity(ws.user) if isinstance(ws.user, str) and ws.user else None


class Door:
    """The sessions of a server.

    ``identify``: see `Identify`.
    ``clock``: seconds that never go back; ``wall``: seconds since 1970.
    ``figures``: where messages are counted.
    """

    def __init__(
        self,
        identify: Identify,
        limits: RoomLimits,
        clock: Callable[[], float],
        wall: Callable[[], float],
        figures: MessageCounts,
    ) -> None:
        self._identify, self._limits, self._clock, self._wall = identify, limits, clock, wall
        self._figures = figures
        self._house: tuple[Server, Log] | None = None
        self.left: Callable[[Session], object] = lambda session: None  #: called when one with a welcome ends
        self.came: Callable[[Session], object] = lambda session: None  #: called with one who comes
        self.sessions: dict[int, Session] = {}  #: by connection
        self.devices: dict[str, Session] = {}  #: by the name of the device in the log
        self._users: dict[str, dict[Session, None]] = {}

    def begin(self, server: Server, log: Log) -> None:
        """From now on clients are welcome."""
        self._house = server, log

    def of(self, user: str) -> list[Session]:
        """The sessions of a user, with those that wait for their welcome."""
        return list(self._users.get(user, ()))

    # -- in -----------------------------------------------------------------------------------------------

    def open(self, ws: Connection) -> None:
        """A connection, of which nothing is known yet."""
        self.sessions[ws.id] = Session(ws, self._limits, self._clock, self._figures)

    def first(self, session: Session, text: str | bytes) -> None:
        """A message before the welcome: hello, or the connection ends. Raises BadMessage for a second one."""
        if session.greeted:
            raise BadMessage("wait for the welcome")
        if size_of(text) > self._limits.hello_size:
            self.bye(session, 4413, f"hello with more than {self._limits.hello_size} bytes")
            return
        try:
            message = parse(text)
        except BadMessage as error:
            self.bye(session, 4400, str(error))
            return
        self._figures.received[message["type"]] += 1
        if message["type"] != "hello":
            self.bye(session, 4400, "the first message is hello")
        elif message["v"] != VERSION:
            self.bye(session, 4426, f"version {VERSION} is spoken here")
        else:
            session.greeted = True
            self._ask(session, message.get("token"), partial(self._come_in, session, message["device"]))

    def _ask(self, session: Session, token: str | None, use: Callable[[Found], object]) -> None:
        """Call ``use`` with who it is: at once, or when `identify` has found out."""
        found = self._identify(session.ws, token)
        if not isinstance(found, Future):
            use(found)
            return
        session.asked = found
        found.add_done_callback(lambda future: self._call_soon(self._answered, session, future, use))

    def _call_soon(self, *call: Any) -> None:
        if self._house is not None:
            with suppress(InvalidState):  # the server has ended meanwhile
                self._house[0].call_soon(*call)

    def _answered(self, session: Session, found: Future[Found], use: Callable[[Found], object]) -> None:
        session.asked = None
        if session.ended:
            return
        try:
            use(found.result())
        except Exception as error:
            self.fail(session, error)

    def _come_in(self, session: Session, device: str, identity: Found) -> None:
        if identity is None:
            self.bye(session, 4401, "a valid token is needed")
            return
        self._prove(session, identity)
        session.device = f"{identity.user}\n{device}"
        if (older := self.devices.get(session.device)) is not None:
            self.bye(older, 4409, "the same device came again")
        if len(self.of(session.user)) >= self._limits.per_user:
            self.bye(session, 4429, f"{session.user} has {self._limits.per_user} connections")
            return
        self.devices[session.device] = session
        self._users.setdefault(session.user, {})[session] = None
        self.came(session)
        # Behind all that the older connection has sent: the number is never older than what was confirmed.
        if self._house is None or not self._house[1].last(session.device, partial(self._welcome, session)):
            self.bye(session, 1013, "the log is busy", self._limits.retry)

    def _prove(self, session: Session, identity: Identity) -> None:
        session.user, session.warned = identity.user, False
        expires = identity.expires
        session.until = None if expires is None else self._clock() + expires - self._wall()

    def _welcome(self, session: Session, last: int | None) -> None:
        if session.ended or self._house is None:
            return
        if last is None:
            self.bye(session, 1013, "the log can't be read", self._limits.retry)
            return
        try:
            self._begin(session, last, *self._house)
        except Exception as error:  # such as an `Identity` that JSON can't hold
            self.fail(session, error)

    def _begin(self, session: Session, last: int, server: Server, log: Log) -> None:
        limits, high_water = self._limits, server.limits.high_water
        reader = Reader(session.ws, log, session.device, limits.page, high_water, self._figures)
        session.begin(last + 1, log, reader)
        session.send(
            "welcome",
            v=VERSION,
            user=session.user,
            next=last + 1,
            **self._expires(session),
            durable=log.durable,
            limits={"size": limits.size, "window": limits.window, "rate": limits.publishes[0]},
            now=self._wall(),
        )

    def _expires(self, session: Session) -> Message:
        """The end of the token, on the clock of ``now``."""
        return {} if session.until is None else {"expires": self._wall() + session.until - self._clock()}

    def refresh(self, session: Session, message: Message) -> None:
        """A new token for the same user."""
        answers = {"id": message["id"]}

        def use(identity: Found) -> None:
            if identity is None or identity.user != session.user:
                session.error(answers, "not_allowed")
                return
            self._prove(session, identity)
            session.send("ok", **answers, **self._expires(session))

        if session.asked is not None:
            session.error(answers, "too_many", retry=self._limits.retry)
        else:
            self._ask(session, message["token"], use)

    # -- time ---------------------------------------------------------------------------------------------

    def look(self, session: Session, now: float) -> None:
        """Hold the deadlines of a session."""
        limits = self._limits
        if not session.welcomed:
            if now - session.opened > limits.hello_timeout:
                self._too_late(session)
            return
        if session.until is not None and now >= session.until:
            self.bye(session, 4401, "the token has expired")
            return
        if session.until is not None and not session.warned and session.until - now <= limits.warning:
            session.warned = True
            session.send("expiring", **{"in": session.until - now})
        if now - max(session.pinged, min(session.heard, session.sent)) >= limits.silence:
            session.pinged = now
            session.send("ping", now=self._wall())

    def _too_late(self, session: Session) -> None:
        seconds = f"within {self._limits.hello_timeout:g} seconds"
        if session.greeted:  # our own fault
            self.bye(session, 1013, f"no answer to hello {seconds}", self._limits.retry)
        else:
            self.bye(session, 4408, f"no hello {seconds}")

    # -- out ----------------------------------------------------------------------------------------------

    def bye(self, session: Session, code: int, reason: str, after: float | None = None) -> None:
        """End a session with a reason; ``after``: seconds until it may come back."""
        session.bye(code, reason, after)
        self._forget(session)

    def fail(self, session: Session, error: Exception) -> None:
        """Our own mistake: it ends this session alone, and the server keeps and logs it."""
        session.ws.report(error)
        self.bye(session, 1011, "internal error")

    def close(self, ws: Connection) -> None:
        """A connection is over."""
        if (session := self.sessions.pop(ws.id, None)) is not None:
            self._forget(session)

    def _forget(self, session: Session) -> None:
        session.ended = True
        if session.asked is not None:
            session.asked.cancel()
        if self.devices.get(session.device) is session:
            del self.devices[session.device]
            del self._users[session.user][session]
            if not self._users[session.user]:
                del self._users[session.user]
        if session.welcomed:
            self.left(session)
