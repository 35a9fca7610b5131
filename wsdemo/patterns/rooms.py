"""Rooms and mailboxes: channels of a numbered log on a WebSocket server, by the protocol ``wsdemo.chat.v1``.

::

    hello ────► Door ──► welcome       who comes in, and how long they may stay
    publish ──► Publishing ──► Log ── stored(outcomes) ──► confirm
                numbers               └──► Channels: the members, live, or from the log by their own Reader
    volatile ───────────────────────────► Channels: the members, now, or the newest of each key

    rooms = Rooms()
    server = serve(rooms, subprotocols=[PROTOCOL], authorize=…)
    rooms.begin(server, SqliteLog("chat.db", rooms.stored, call=server.call_soon))

A room is a channel ``#name``. A mailbox is a channel ``@name``: anyone may publish to it, and only the user
of that name may join it. A message is shown to no one before it is stored. All of this runs in the server's
thread; the log has its own. Read `messages`, `session` and `following` first; this module only hands on: a
client's messages by `dispatch`, to `door`, `channels` and `publishing`.
"""

from __future__ import annotations

import inspect
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from wsdemo.net.connection import Connection
from wsdemo.net.server import Server
from wsdemo.patterns.broker import Broker, LocalBroker
from wsdemo.patterns.channels import Channels, May, with_mailboxes
from wsdemo.patterns.dispatch import Dispatch
from wsdemo.patterns.door import Door, Identify, by_request
from wsdemo.patterns.entries import Log, Outcome
from wsdemo.patterns.figures import MessageCounts
from wsdemo.patterns.nodes import Nodes
from wsdemo.patterns.publishing import Publishing
from wsdemo.patterns.session import RoomLimits
from wsdemo.protocol.errors import InvalidState

#: Seconds between two looks at deadlines, and between two messages about presence.
TICK: Final = 0.5


class Rooms:
    """A handler for `serve`: channels, their members, and what they publish. Call `begin` once it serves.

    ``may``: a function of (user, action, channel), with "join", "publish" or "volatile" as action. It is
    asked each time; where a right has ended, call `review`.
    ``identify``: a function of (ws, token) that gives an `Identity`, or None to refuse. What takes long, such
    as a password's hash, it gives to an executor, and returns the `concurrent.futures.Future`.
    ``limits``: see `RoomLimits`.
    ``clock``: seconds that never go back, for deadlines; ``wall``: seconds since 1970.
    ``uniform``: chance, which spreads those who come back.

    Raises TypeError where ``may`` or ``identify`` is no function, or an async one.
    """

    def __init__(
        self,
        may: May = lambda user, action, channel: True,
        identify: Identify = by_request,
        limits: RoomLimits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._limits = limits or RoomLimits()
        self._clock, self._uniform = clock, uniform
        self._server: Server | None = None
        self.figures = MessageCounts()  #: the messages so far, by type
        for name, function in (("may", may), ("identify", identify)):
            if not callable(function) or inspect.iscoroutinefunction(function):  # nothing would await it
                raise TypeError(f"{name}: expected a function, and no async one")
        may = with_mailboxes(may)
        self._door = Door(identify, self._limits, clock, wall, self.figures)
        self._channels = Channels(self._limits, may, self._door.fail)
        self._door.left = self._channels.leave_all
        self._nodes = Nodes(self._channels, self._door, self.end_all_of, clock)
        devices, fail = self._door.devices, self._door.fail
        self._publishing = Publishing(self._limits, may, devices, self._channels, fail)
        self._dispatch = Dispatch(self._limits, self._door, self._channels, self._publishing, self.figures)

    def begin(self, server: Server, log: Log, broker: Broker | None = None) -> None:
        """Serve the channels of ``log``, whose ``done`` is `stored`. Earlier clients are refused (1013).

        ``broker``: carries what is not stored to the other nodes, which have the same log; None: there are
        no others.
        """
        self._server = server
        self._nodes.begin(broker or LocalBroker())
        self._channels.broadcast = partial(self._broadcast, server)
        self._door.begin(server, log)
        server.every(TICK, self.tick)

    def _broadcast(self, server: Server, text: str, to: list[Connection]) -> None:
        self.figures.sending(text, len(to))
        server.broadcast(text, to)

    # -- the end, of all or of one ------------------------------------------------------------------------

    def drain(self, seconds: float) -> bool:
        """End the server slowly, for another one to take its place: see `Server.drain`.

        Each client is told its `bye` with the code 1012 (service restart), and when to come back. In another
        thread than the server's, where it blocks to the end; true: every client has answered. What is on its
        way into the log then is stored all the same, and the client hears of that when it has come back.
        Raises InvalidState before `begin`, and in a handler; TypeError or ValueError for wrong seconds.
        """
        if self._server is None:
            raise InvalidState("these rooms are on no server yet: call begin first")
        return self._server.drain(seconds, 1012, self._restart)

    def _restart(self, ws: Connection, after: float) -> None:
        if (session := self._door.sessions.get(ws.id)) is not None:
            self._door.bye(session, 1012, "the server starts again", after)

    def end(
        self,
        code: int = 1001,
        reason: str = "the server goes away",
        *,
        away: float = 0.0,
        spread: float = 5.0,
    ) -> None:
        """Say goodbye to all at once, in the server's thread (see `Server.call_soon`).

        ``away``: seconds until a server is there again; ``spread``: seconds from then, over which they come
        back, each at a moment of its own.
        """
        for session in list(self._door.sessions.values()):
            self._door.bye(session, code, reason, self._uniform(away, away + spread))

    def is_here(self, user: str) -> bool:
        """Whether a user has a connection to this node, in the server's thread."""
        return bool(self._door.of(user))

    def dismiss(self, user: str, code: int = 4401, reason: str = "no longer allowed") -> None:
        """End all connections of a user, on all nodes, in the server's thread."""
        self.end_all_of(user, code, reason)
        self._nodes.dismissed(user, code, reason)

    def end_all_of(self, user: str, code: int, reason: str) -> None:
        """End all connections of a user on this node, in the server's thread."""
        for session in self._door.of(user):
            self._door.bye(session, code, reason)

    def review(self, user: str) -> None:
        """Ask ``may`` again about the channels that a user has joined, in the server's thread.

        Where the right to join has ended the user is a member no longer, and hears an ``error`` with the
        channel and the code ``not_allowed``. The connection stays.
        """
        for session in self._door.of(user):
            if session.welcomed:
                self._channels.review(session)

    def say(self, channel: str, body: Any, sender: str, key: str | None = None) -> None:
        """Send a volatile message of the server's own to all members, in the server's thread.

        ``sender``: the name that they see; ``key``: a slow member gets the newest one of each key. Raises
        ValueError or TypeError for a body that JSON can't hold.
        """
        self._channels.say(channel, body, sender, key)

    # -- callbacks of the server and of the log -----------------------------------------------------------

    def on_open(self, ws: Connection) -> None:
        """A connection, of which nothing is known yet."""
        self._door.open(ws)

    def on_message(self, ws: Connection, text: str | bytes) -> None:
        """A message of a client."""
        session = self._door.sessions.get(ws.id)
        if session is None or session.ended:
            return
        session.heard = self._clock()
        self._dispatch.message(session, text)

    def on_drain(self, ws: Connection) -> None:
        """A slow connection has caught up."""
        session = self._door.sessions.get(ws.id)
        if session is not None and session.welcomed and not session.ended:
            self._channels.go_on(session)

    def on_close(self, ws: Connection) -> None:
        """A connection is over."""
        self._door.close(ws)

    def stored(self, outcomes: list[Outcome]) -> None:
        """The log's ``done``: confirm what is stored, and show it to the members."""
        for outcome in outcomes:
            if outcome.status == "missed":
                self._missed(outcome.expected)
        self._publishing.stored(outcomes)

    def _missed(self, first: int) -> None:
        """This node was cut off for too long, or the log of all nodes is another one (0)."""
        if first:
            self._channels.missed(first)
        else:
            self.end(1012, "the message log is another one")

    def tick(self) -> None:
        """Look at all deadlines, and tell the changes of presence; called twice a second."""
        now = self._clock()
        for session in list(self._door.sessions.values()):
            if not session.ended:
                self._door.look(session, now)
            if session.welcomed and not session.ended:
                self._channels.look(session, now)
        self._channels.tell_presence(now)
        self._nodes.tick(now)
