"""The chat: rooms, a log, logins and a page on one port.

::

    GET /                  the page, and its files
    GET /session  POST /login /logout /token /ticket        `login`
    GET /health            200, or 503 and the reason: no disk, no broker, about to end
    GET /metrics           `metrics`, for Prometheus
    WebSocket /chat        `patterns.rooms`, by the protocol wsdemo.chat.v1
    WebSocket /frames      `frames`, for the user of the connection that they are of

    with Chat() as chat:
        print(chat.url)
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from wsdemo.chat.answers import answer, json_response
from wsdemo.chat.credentials import Credentials, name_of
from wsdemo.chat.entrance import PATH, Entrance, Visitor
from wsdemo.chat.frames import Recording, Recordings
from wsdemo.chat.identity import SERVER, Guests, Identities
from wsdemo.chat.limits import CHAT_LIMITS, ChatLimits
from wsdemo.chat.login import Login
from wsdemo.chat.metrics import SECONDS, TYPE, Histogram, MeasuredLog, collect
from wsdemo.chat.rights import TIME, Rights
from wsdemo.net.connection import Connection
from wsdemo.net.server import serve
from wsdemo.patterns.broker import Broker, LocalBroker
from wsdemo.patterns.entries import Done, Log
from wsdemo.patterns.log import MemoryLog
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.patterns.rooms import Rooms
from wsdemo.patterns.sqlitelog import SqliteLog
from wsdemo.protocol.arguments import check_function
from wsdemo.protocol.errors import InvalidState
from wsdemo.protocol.http11 import Headers, Request, Response
from wsdemo.web import routes

if TYPE_CHECKING:
    import ssl as tls

#: Seconds between two messages to `TIME`, and between two looks at the connections on record.
TICK: Final = 1.0
LOOK: Final = 0.25

#: The methods of `Identities`, and their arguments: a coroutine of one would be a yes.
IDENTITIES: Final = {"log_in": 3, "identify": 1, "log_out": 1, "issue": 1, "begin": 1, "close": 0}

log = logging.getLogger("wsdemo.chat")

May = Callable[[str, str, str], bool]
Picture = Literal["prices", "field"]
MakeLog = Callable[[Done, Callable[..., object]], Log]
MakeBroker = Callable[[Callable[..., object]], Broker]


class Chat:
    """A chat that serves until `close`, or the end of its ``with``, from a thread of its own.

    ``host``: the address to listen on; "0.0.0.0" for all of this machine.
    ``port``: 0 takes a free one.
    ``db``: the file of messages; without one they are in memory, and the clients are told so.
    ``identity``: the logins, see `Identities`; by default `Guests`.
    ``may``: a function of (user, action, channel); by default `Rights`.
    ``log``: a function of (done, call) that makes the log, in place of ``db``.
    ``broker``: a function of (call) that makes the broker to the other nodes, which share the log.
    ``pictures``: rooms that the page opens at first, and how it draws their volatile messages, see
    `web/pictures.js`: "prices", which are only read, or "field", on which one moves.
    ``limits``: see `ChatLimits`.
    ``origins``: pages that may connect besides our own, each with a token, for no cookie counts there; "*"
    for any.
    ``public_origin``: the origin of our own pages where a proxy in front ends TLS, such as
    "https://chat.example.com"; else it is told by the request's Host. No other field is believed.
    ``hosts``, ``ssl``: see `serve`.

    Raises OSError where it can't listen, or another process has the file; ValueError or TypeError for a
    wrong argument.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        db: str | Path | None = None,
        identity: Identities | None = None,
        may: May | None = None,
        log: MakeLog | None = None,
        broker: MakeBroker | None = None,
        pictures: Mapping[str, Picture] | None = None,
        limits: ChatLimits = CHAT_LIMITS,
        origins: Sequence[str] = (),
        public_origin: str | None = None,
        hosts: Sequence[str] = (),
        ssl: tls.SSLContext | None = None,
    ) -> None:
        self.limits, self._pictures = limits, dict(pictures or {})
        public_name = None if public_origin is None else name_of(public_origin)
        self._leaving = False  # a balancer shall send no one here
        self.identity = Guests(limits) if identity is None else identity
        for name, arguments in IDENTITIES.items():
            function = getattr(self.identity, name, None)
            check_function(f"identity.{name}", function, arguments, f"a method with {arguments} arguments")
        self._entrance = Entrance(self.identity, origins, ssl is not None)
        self.rooms = Rooms(Rights() if may is None else may, self._entrance.identify, limits.rooms)
        if isinstance(self.identity, Guests):
            self.identity.is_here = self.rooms.is_here
        self._recordings = Recordings(limits)
        self._received = 0  # messages, when the time was told last
        self._commit = Histogram(SECONDS)
        make = log or (lambda done, call: _log(db, done, call, self._commit))
        with contextlib.ExitStack() as made:  # and closed again where a later one can't be made
            self._measured = MeasuredLog(make, self.rooms.stored, self._soon)
            self.log = self._measured.log
            made.callback(self.log.close)
            self._broker = broker(self._soon) if broker else LocalBroker()
            self._is_node = broker is not None
            made.callback(self._broker.close)
            self.server = serve(
                self,
                host,
                port,
                subprotocols=[PROTOCOL],
                origins="*",  # `Entrance` looks at it
                hosts=[*hosts, *([public_name] if public_name else [])],
                authorize=self._entrance.authorize,
                compression=self._entrance.is_direct,
                limits=limits.net,
                ssl=ssl,
            )
            made.pop_all()
        credentials = Credentials(self.identity, self.server.port, ssl is not None, public_origin)
        self._entrance.begin(credentials)
        login = Login(self.identity, credentials, self._recordings.find, self._told, self.rooms.dismiss)
        for path, function in login.routes.items():
            self.server.route(path, function)
        for path, file in routes().items():
            self.server.route(path, file)
        self.server.route("/health", partial(answer, "GET", self._health))
        self.server.route("/metrics", partial(answer, "GET", self._metrics))
        self._soon(self.rooms.begin, self.server, self._measured, self._broker)
        self.server.every(TICK, self._tell_time)
        self.server.every(LOOK, self._recordings.look)
        self.identity.begin(lambda user: self._soon(self.rooms.dismiss, user))

    def __enter__(self) -> Chat:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Chat {self.url}: {len(self.server.connections)} connections>"

    @property
    def websocket_url(self) -> str:
        """The URL for a program on this machine: ``ws://127.0.0.1:PORT/chat``."""
        return f"{self.server.url}{PATH}"

    @property
    def url(self) -> str:
        """The URL of the page, for a browser on this machine."""
        return f"http{self.server.url.removeprefix('ws')}/"

    def drain(self, seconds: float) -> bool:
        """End slowly, for another process to take over: see `Rooms.drain`, also for its errors."""
        self.lame_duck()
        try:
            return self.rooms.drain(seconds)
        finally:
            self.close()

    def lame_duck(self) -> None:
        """From now on /health answers 503, and all else goes on: a load balancer sees it in time."""
        self._leaving = True

    def close(self) -> None:
        """End all connections, which hear a `bye`; then the server, the log and the logins."""
        self._soon(self.rooms.end)
        self.server.close()
        self.log.close()
        self._broker.close()
        self.identity.close()

    def _soon(self, function: Callable[..., object], *args: Any) -> None:
        """Call a function in the server's thread; not after its end, when no one is there to be told."""
        with contextlib.suppress(InvalidState):
            self.server.call_soon(function, *args)

    # -- callbacks of the server --------------------------------------------------------------------------

    def on_open(self, ws: Connection) -> None:
        """See `Rooms`, as the next three; the connections at /frames only listen."""
        if isinstance(ws.user, Recording):
            ws.user.watch(ws)
            return
        if ws.user.recorded:
            self._recordings.begin(ws)
        self.rooms.on_open(ws)

    def on_message(self, ws: Connection, message: str | bytes) -> None:
        if isinstance(ws.user, Visitor):
            self._recordings.heard(ws, message)
            self.rooms.on_message(ws, message)

    def on_drain(self, ws: Connection) -> None:
        if isinstance(ws.user, Recording):
            ws.user.look()
        else:
            self.rooms.on_drain(ws)

    def on_close(self, ws: Connection) -> None:
        if isinstance(ws.user, Recording):
            ws.user.leave(ws)
            return
        self.rooms.on_close(ws)
        self._recordings.end(ws)
        user = ws.user.identity.user if ws.user.identity is not None else "no user"
        stayed, code = time.monotonic() - ws.user.since, ws.close_sent or ws.close_code
        log.info("%s from %s left after %.1f s, close code %s", user, ws.address[0], stayed, code)

    def _tell_time(self) -> None:
        """The server's own channel: the time, and how it is."""
        received = self.server.counts.messages_received
        told = {
            "time": time.strftime("%H:%M:%S"),
            "connections": len(self.server.connections),
            "messages": (received - self._received) / TICK,
            "lag": round(self.server.lag, 6),
        }
        self._received = received
        self.rooms.say(TIME, told, SERVER, key="now")

    # -- plain HTTP ---------------------------------------------------------------------------------------

    def _told(self) -> dict[str, Any]:
        return {"durable": self.log.durable, "pictures": self._pictures}

    def _health(self, request: Request) -> Response:
        failing = getattr(self.log, "failing", "")
        if failing:
            return json_response({"status": f"the message log: {failing}"}, status=503)
        if self._leaving:
            return json_response({"status": "about to end: send no one here"}, status=503)
        return json_response({"status": "ok"})

    def _metrics(self, request: Request) -> Response:
        server, figures = self.server, self.rooms.figures
        connections = len(server.connections)
        up = self._broker.up if self._is_node else None
        body = collect(server.counts, connections, server.lag, figures, self._measured, self._commit, up)
        return Response(200, "OK", Headers([("Content-Type", TYPE)]), body.encode())


def _log(db: str | Path | None, done: Done, call: Callable[..., object], commit: Histogram) -> Log:
    if db is None:
        return MemoryLog(done)
    return SqliteLog(db, done, call=call, measured=lambda seconds, posts: commit.add(seconds))
