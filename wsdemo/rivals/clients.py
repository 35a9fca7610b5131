"""Clients that want the news, five kinds; each is a sink on the package's own wire, so one tap records all.

::

    short polling   ask ─► answer … interval … ask ─► answer … interval …     at a fixed interval
    long polling    ask ─► ············ answer, ask ─► ···· answer, ask       the answer waits for news
    SSE             ask ─► answer ·· event ·· event ·· event ··               the answer never ends
    WebSocket       upgrade ─► 101 · frame ·· frame ·· frame ··
    raw TCP         connect ─► ····· message · message · message

Any number of clients share one thread, a reactor. The first three speak HTTP/1.1 or HTTP/2, see `exchange`.
Knows nothing of clocks and measurements.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wsdemo.net.dial import dial
from wsdemo.net.reactor import Reactor, Timer
from wsdemo.net.transport import Transport
from wsdemo.protocol.codes import Side
from wsdemo.protocol.errors import HandshakeError, ProtocolError
from wsdemo.protocol.events import Closing, Failed, Message, Opened, Refused
from wsdemo.protocol.handshake import request as opening
from wsdemo.protocol.protocol import Protocol
from wsdemo.protocol.states import State
from wsdemo.rawtcp.framing import parse
from wsdemo.rivals.exchange import LIMITS, AnswerPiece, Exchange
from wsdemo.trace.trace import Trace

#: The fields that a browser adds to each request (Chromium on Linux; no cookies).
BROWSER: Final = (
    ("Connection", "keep-alive"),
    ("sec-ch-ua-platform", '"Linux"'),
    (
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 "
        "(KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    ),
    ("Accept", "*/*"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Dest", "empty"),
    ("Referer", "http://127.0.0.1/"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-US,en;q=0.9"),
)


@dataclass(frozen=True, slots=True)
class Terms:
    """The settings and callbacks that all clients of one way share."""

    reactor: Reactor
    host: str
    port: int
    trace: Trace | None
    interval: float  #: seconds from one poll to the next
    keep_alive: bool  #: polls share a connection; else each has its own
    http: Callable[[], Exchange]  #: the version of HTTP that it speaks
    headers: tuple[tuple[str, str], ...]  #: further fields of each HTTP request
    heard: Callable[[int, str], object]  #: (client's number, text), for each event, in the reactor's thread
    ready: Callable[[int], object]  #: this client listens
    gone: Callable[[int, Exception | None], object]  #: it has ended; the error, where it did not end well


class Client:
    """A listener, and the sink of its transport. `start` and `leave` are called in the reactor's thread."""

    def __init__(self, terms: Terms, number: int, count: int) -> None:
        self.number = number  #: 0, 1, 2 … of ``count``
        self.requests = 0  #: HTTP requests that it made
        self.connections = 0  #: TCP connections that it opened
        self._terms = terms
        self._count = count
        self._last = 0  # the number of the last event heard
        self._leaving = False
        self._error: Exception | None = None
        self._wire: Transport | None = None

    def start(self) -> None:
        """Connect, and begin."""
        try:
            self._connect()
            self._begin()
        except OSError as error:
            self._terms.gone(self.number, error)

    def leave(self) -> None:
        """End, in the way that is polite for this protocol."""
        self._leaving = True
        if self._wire is None or self._wire.closed:
            self._terms.gone(self.number, None)
        else:
            self._farewell(self._wire)

    def cut(self) -> None:
        """End at once."""
        self._leaving = True
        if self._wire is not None:
            self._wire.abort()

    def _begin(self) -> None:
        raise NotImplementedError

    def _farewell(self, transport: Transport) -> None:
        transport.close()

    def _connect(self) -> None:
        terms = self._terms
        sock = dial(terms.host, terms.port, 10.0)
        tap = None
        if terms.trace is not None:
            tap = terms.trace.tap("client", sock.getsockname(), sock.getpeername())
        self._wire = Transport(terms.reactor, sock, self, LIMITS, tap)
        self._wire.start()
        self.connections += 1

    def _write(self, data: bytes) -> None:
        assert self._wire is not None
        with self._wire.lock:
            self._wire.write(data)

    def _hear(self, text: str) -> None:
        """Report an event."""
        self._last += 1
        self._terms.heard(self.number, text)

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        if self._wire is not None:
            self._wire.abort()

    # -- the transport's sink -----------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        raise NotImplementedError

    def get_buffer(self) -> memoryview | None:
        """No memory of its own: the transport uses its buffer."""
        return None

    def buffer_updated(self, size: int) -> None:
        """Never called: `get_buffer` gives no memory."""

    def eof_received(self) -> None:
        """The server will send no more."""
        if not self._leaving:
            self._error = self._error or ConnectionError("the server has ended the connection")
        assert self._wire is not None
        self._wire.close()

    def resume_writing(self) -> None:
        """Ignored: no writing is paused."""

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed."""
        self._terms.gone(self.number, None if self._leaving else self._error or error)


class HttpClient(Client):
    """A client that asks over HTTP. What all of these have in common, whichever version they speak."""

    def _connect(self) -> None:
        self._http = self._terms.http()
        super()._connect()

    def _ask(self, path: str, *more: tuple[str, str]) -> None:
        """Send a GET request."""
        terms = self._terms
        authority = f"{terms.host}:{terms.port}"
        self._http.request(authority, f"{path}?after={self._last}", [*terms.headers, *more])
        self._write(self._http.data_to_send())
        self.requests += 1

    def data_received(self, data: bytes) -> None:
        """Bytes of answers."""
        http = self._http
        try:
            pieces = http.receive_data(data)
            if due := http.data_to_send():
                self._write(due)
            for piece in pieces:
                self._on_piece(piece)
        except (HandshakeError, ProtocolError) as error:
            self._fail(error)

    def _on_piece(self, piece: AnswerPiece) -> None:
        raise NotImplementedError


class Polling(HttpClient):
    """Asks again and again: the base of all polling."""

    path: str

    def __init__(self, terms: Terms, number: int, count: int) -> None:
        super().__init__(terms, number, count)
        self._body = b""
        self._timer: Timer | None = None
        self._pause = False  # between two connections

    def leave(self) -> None:
        """Ask no more."""
        if self._timer is not None:
            self._timer.cancel()
        super().leave()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is closed: by plan, where each request has one."""
        if not self._pause:
            super().connection_lost(error)

    def _on_piece(self, piece: AnswerPiece) -> None:
        """Hand on the events of a whole answer, and think of the next request."""
        self._body += piece.data
        if not piece.last or self._leaving:
            return
        if piece.status not in (200, 204):
            raise ProtocolError(f"status {piece.status}, expected 200 or 204")
        body, self._body = self._body, b""
        if not self._terms.keep_alive:
            self._pause = True
            assert self._wire is not None
            self._wire.abort()
            self._pause = False
        for text in body.decode().splitlines():
            self._hear(text)
        self._next()

    def _next(self) -> None:
        raise NotImplementedError

    def _open(self) -> bool:
        """Connect, where there is no connection; false: that failed, and is reported."""
        try:
            if self._wire is None or self._wire.closed:
                self._connect()
        except OSError as error:
            self._terms.gone(self.number, error)
            return False
        return True

    def _poll(self) -> None:
        if not self._open():
            return
        if self._terms.keep_alive:
            self._ask(self.path)
        else:
            self._ask(self.path, ("Connection", "close"))


class ShortPolling(Polling):
    """Asks every ``interval`` seconds. Many clients spread over the interval, as they would by themselves."""

    path = "/news"

    def start(self) -> None:
        """The first request comes at this client's share of the interval; a connection to keep is open."""
        self._due = time.monotonic() + self._terms.interval * self.number / self._count
        if self._terms.keep_alive and not self._open():
            return
        self._next()
        self._terms.ready(self.number)

    def _next(self) -> None:
        now = time.monotonic()
        while self._due < now:  # an answer took longer than the interval: those polls are left out
            self._due += self._terms.interval
        self._timer = self._terms.reactor.call_later(self._due - now, self._tick)

    def _tick(self) -> None:
        self._due += self._terms.interval
        self._poll()


class LongPolling(Polling):
    """Asks, and is answered when there is news; then asks again."""

    path = "/wait"

    def start(self) -> None:
        """The first request leaves at once."""
        self._poll()
        self._terms.ready(self.number)

    def _next(self) -> None:
        self._poll()


class ServerSent(HttpClient):
    """Asks once; the answer goes on for ever (WHATWG HTML §9.2)."""

    streams = 1  #: answers that it listens to, all over one connection

    def _begin(self) -> None:
        self._texts = [b""] * self.streams
        self._listening = [False] * self.streams
        for _ in range(self.streams):
            self._ask("/stream", ("Accept", "text/event-stream"))

    def _on_piece(self, piece: AnswerPiece) -> None:
        """Hand on the events that are whole."""
        if piece.status != 200:
            raise ProtocolError(f"status {piece.status}, expected 200")
        if piece.last and not self._leaving:
            self._fail(ConnectionError("the server has ended the answer"))
            return
        if not self._listening[piece.request]:
            self._listening[piece.request] = True
            if all(self._listening):
                self._terms.ready(self.number)
        *blocks, self._texts[piece.request] = (self._texts[piece.request] + piece.data).split(b"\n\n")
        for block in blocks:
            lines = [line[6:] for line in block.split(b"\n") if line.startswith(b"data: ")]
            if lines:
                self._terms.heard(self.number + piece.request, b"\n".join(lines).decode())


class TwoStreams(ServerSent):
    """Listens to the same news twice over one connection, as HTTP/2 can; heard by its number and the next."""

    streams = 2


class WebSocketClient(Client):
    """One opening handshake, then messages (RFC 6455)."""

    def _begin(self) -> None:
        terms = self._terms
        given = [field for field in terms.headers if field[0].lower() != "connection"]
        asked = opening(f"ws://{terms.host}:{terms.port}/", headers=given)
        self._protocol = Protocol(Side.CLIENT, limits=LIMITS, request=asked)
        self._write(self._protocol.data_to_send())
        self.requests += 1

    def data_received(self, data: bytes) -> None:
        """Bytes came: report messages, and send the protocol's own answers."""
        for event in self._protocol.receive(data):
            match event:
                case Message(str(text)):
                    self._hear(text)
                case Opened():
                    self._terms.ready(self.number)
                case Refused(error):
                    self._fail(error or HandshakeError("refused", 0))
                case Failed(error):
                    self._error = error
                case Closing(code) if not self._leaving:
                    self._error = ProtocolError(f"the server closed with {code}")
        data = self._protocol.data_to_send()
        if data:
            self._write(data)

    def _farewell(self, transport: Transport) -> None:
        """A close frame; the server answers with one, and ends TCP first (RFC 6455 §7.1.1)."""
        if self._protocol.state is State.OPEN:
            self._write(self._protocol.close())
        else:
            transport.close()


class RawClient(Client):
    """Connects, and hears messages with a length header of ten bytes. The first is an empty welcome."""

    def _begin(self) -> None:
        self._waiting = b""
        self._welcomed = False

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._waiting += data
        start = 0
        try:
            while found := parse(self._waiting, LIMITS.message_size, start):
                text, start = found
                if self._welcomed:
                    self._hear(text)
                else:
                    self._welcomed = True
                    self._terms.ready(self.number)
        except ProtocolError as error:
            self._fail(error)
        self._waiting = self._waiting[start:]


def number_of(text: str) -> int:
    """The number of the event in this text.

    >>> number_of('{"event":17,"symbol":"WSD","price":99.5}')
    17
    """
    return int(json.loads(text)["event"])
