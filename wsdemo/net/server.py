"""A WebSocket server: one thread, any number of connections, plain HTTP routes on the same port.

::

    with serve(echo) as server:           # 127.0.0.1, a free port, a thread of its own
        print(server.url)

An error in one connection ends that connection alone; the reason is kept in ``errors``. Read `connection`
first.
"""

from __future__ import annotations

import collections
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from wsdemo.net.authorize import Authorize, by_message, by_request, check_authorize, first_message
from wsdemo.net.broadcast import fan_out, not_taken, offer_until
from wsdemo.net.connection import Connection
from wsdemo.net.counts import Counts, Tally
from wsdemo.net.decisions import Decisions
from wsdemo.net.handler import Handler, is_tls_error, log_failure
from wsdemo.net.listener import local_host
from wsdemo.net.reactor import current
from wsdemo.net.routes import R, Routes, response_to
from wsdemo.net.sending import Data, Sender
from wsdemo.net.service import Service
from wsdemo.net.timers import Repeating, period, spread
from wsdemo.net.waiting import LONGEST
from wsdemo.protocol.arguments import (
    check_callable,
    check_done,
    check_flag,
    check_function,
    check_kind,
    check_seconds,
    list_of,
)
from wsdemo.protocol.codes import CloseCode, Side
from wsdemo.protocol.deflate import Deflate
from wsdemo.protocol.errors import HandshakeError, InvalidState, PolicyViolation, WebSocketError
from wsdemo.protocol.events import Refused
from wsdemo.protocol.frames import close_payload
from wsdemo.protocol.handshake import (
    Accepted,
    accept,
    check_host,
    check_hosts,
    check_origins,
    check_subprotocols,
)
from wsdemo.protocol.http11 import Request
from wsdemo.protocol.limits import Limits, limits_or_default
from wsdemo.protocol.opening import Answer, Undecided
from wsdemo.protocol.prepared import Prepared
from wsdemo.protocol.protocol import Protocol
from wsdemo.protocol.states import State
from wsdemo.record.record import Record

if TYPE_CHECKING:
    import ssl as tls


def serve(
    handler: Any = None,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    subprotocols: Sequence[str] = (),
    origins: Sequence[str | None] | None = None,
    hosts: Sequence[str] = (),
    authorize: Authorize | None = None,
    compression: bool | Deflate | Callable[[Request], bool | Deflate] = True,
    limits: Limits | None = None,
    ssl: tls.SSLContext | None = None,
    trace: Record | None = None,
) -> Server:
    """Start a WebSocket server in a thread of its own; it serves until `close`, or the end of its ``with``.

    ``handler``: a function of (connection, message), called in the server's thread, where it must not block;
    or an object with ``on_open(ws)``, ``on_message(ws, message)``, ``on_drain(ws)``, ``on_close(ws)``; or
    ``threaded(f)``.
    ``host``: the address to listen on; "0.0.0.0" for all of this machine.
    ``port``: 0 takes a free one.
    ``subprotocols``: the names that it speaks (RFC 6455 §1.9).
    ``origins``: the web pages that may connect, None among them for clients that are no page; "*" for any.
    By default pages of the server's own origin, and clients that are no page (RFC 6455 §10.2).
    ``hosts``: names of this server on loopback, besides IP addresses and localhost.
    ``authorize``: called with the request before the 101; its result is the connection's ``user``; to refuse
    it gives None or False (403), or raises HandshakeError with a status. What takes long, such as a
    password's hash, it gives to an executor, and returns the `concurrent.futures.Future`. Or
    ``first_message(f)``.
    ``compression``: whether to agree to permessage-deflate (RFC 7692), or a `Deflate` with its settings; or a
    function of (request) that gives one of these.
    ``limits``: bounds and timeouts; see `Limits`.
    ``ssl``: a context with a certificate, for ``wss://``.
    ``trace``: a `Trace` that records every byte.

    Raises OSError where it can't listen, TypeError or ValueError for a wrong argument.
    """
    import hashlib  # noqa: F401 - now: the first opening may come when no file can be opened any more

    check_authorize(authorize)
    if ssl is not None:
        from wsdemo.net.tls import check_context

        check_context(ssl, server_side=True)
    check_kind("trace", trace, (Record, type(None)), "a Trace, or None")
    hosts = check_hosts(hosts)
    deflate = _deflate(compression)
    accepts = partial(
        accept,
        origins=check_origins(origins),
        secure=ssl is not None,
        subprotocols=check_subprotocols(subprotocols),
    )
    return Server(
        Handler.of(handler),
        host,
        port,
        lambda request: accepts(request, deflate=deflate(request)),
        hosts=hosts,
        authorize=authorize,
        limits=limits_or_default(limits),
        ssl=ssl,
        trace=trace,
    )


class Server(Service):
    """A running server, as `serve` makes it.

    ``errors`` keeps the last 100 as (connection's id, error), with the id 0 for one that concerns no
    connection, such as in `every`.
    """

    def __init__(
        self,
        handler: Handler,
        host: str,
        port: int,
        accept: Callable[..., Accepted],
        *,
        hosts: Sequence[str],
        authorize: Authorize | None,
        limits: Limits,
        ssl: tls.SSLContext | None,
        trace: Record | None,
    ) -> None:
        self.trace = trace
        self.errors: collections.deque[tuple[int, BaseException]] = collections.deque(maxlen=100)
        self._handler = handler
        self._accept = accept
        self._hosts = hosts
        self._authorize = authorize
        self._gate = Handler(on_message=self._introduced) if isinstance(authorize, first_message) else None
        self._ssl = ssl
        self._routes = Routes()
        self._open: dict[int, Connection] = {}
        self._opening: dict[int, Connection] = {}  # the oldest first
        self._leaving: dict[int, Connection] = {}
        self._addresses: collections.Counter[str] = collections.Counter()
        self._numbers = itertools.count(1)
        self._tally = Tally(self._living)
        self._threads: set[threading.Thread] = set()
        self._draining: list[Connection] | None = None  # the connections that a drain asks to leave
        self._decisions = Decisions(self.failed)
        super().__init__("wsdemo-server", host, port, limits, self._accepted, self._close)
        self._loopback = all(_is_loopback(address) for address in self._listener.addresses)
        self._period = period(limits)
        self._reactor.call_later(self._period, self._check)

    def __repr__(self) -> str:
        return f"<Server {self.url}: {len(self._open)} connections>"

    @property
    def url(self) -> str:
        """The URL for a client on this machine: ``ws://127.0.0.1:PORT``."""
        host = local_host(self.host)
        return f"{'wss' if self._ssl else 'ws'}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def connections(self) -> list[Connection]:
        """The open connections, in the order of their opening."""
        return list(self._open.values())

    @property
    def counts(self) -> Counts:
        """The totals since the server began: connections, messages, bytes, errors; see `Counts`.

        In any thread. It takes about a microsecond for each connection, and nothing while messages pass.

        >>> with serve() as server:
        ...     counts = server.counts
        >>> counts.opened, counts.refused, counts.closed, counts.messages_sent
        (0, {}, {}, 0)
        """
        return self._tally.counts()

    @property
    def lag(self) -> float:
        """Seconds that the server's timers were late, the most in the last ten to twenty.

        More than a few thousandths: a handler, `authorize`, a route or a function of `every` blocks the
        server's thread, and with it all connections. In any thread, also while it is blocked.
        """
        return self._reactor.lag

    def broadcast(
        self, message: Data, to: Iterable[Connection] | None = None, *, compress: bool = True
    ) -> None:
        """Send a message to all connections, or to some. It is encoded once; no connection waits for another.

        It is compressed by itself, without reference to other messages; for ``compress=False``, see
        `Connection.send`.
        In the server's thread (a handler, `every`) it never blocks: connections without room follow
        ``limits.overflow``. In another thread every connection with room gets it at once; then the call
        blocks until those over ``limits.high_water`` have caught up and have it too, or have closed, at
        most ``limits.write_timeout`` seconds in all. Connections that are still without room then do not
        get this message, stay open, and are named in the TimeoutError. TypeError for a message that is
        neither text nor bytes; InvalidState in a process forked from the server's.
        """
        self._check_process()
        check_flag("compress", compress)
        prepared, limits = Prepared(message, compress=compress), self.limits
        connections = self.connections if to is None else list_of("to", to, "connections")
        for connection in connections if to is not None else ():
            check_kind("to", connection, Connection, "connections")
        senders = [connection.sender for connection in connections]
        if self._reactor.here:
            for sender in self._fan_out(senders, prepared, limits.buffer_size):
                sender.send_prepared(prepared)
            return
        deadline = time.monotonic() + limits.write_timeout
        late = self._fan_out(senders, prepared, limits.high_water)
        if late and (late := offer_until(deadline, late, lambda sender: sender.offer_prepared(prepared))):
            ids = [connection.id for connection in connections if connection.sender in late]
            raise TimeoutError(not_taken(ids, len(connections), limits.write_timeout))

    def _fan_out(self, senders: list[Sender], prepared: Prepared, bound: int) -> list[Sender]:
        others, written, size = fan_out(senders, prepared, bound)
        self._tally.broadcast(written, size)
        return others

    def every(self, seconds: float, function: Callable[[], object]) -> Repeating:
        """Call ``function()`` in the server's thread every ``seconds``, until ``cancel()`` or the end.

        An exception is kept in `errors` with the id 0, and logged; the calls go on. Raises TypeError or
        ValueError for a wrong argument.
        """
        return Repeating(self._reactor, seconds, function, self._call_failed)

    def call_soon(self, function: Callable[..., object], *args: Any) -> None:
        """Call ``function(*args)`` in the server's thread, after what it does now; from any thread.

        This is the way back for work that another thread has done, since handlers, `every` and `authorize`
        run in the server's thread, one after the other: what only they use needs no lock. Calls take place
        in the order in which they were made, those before the server's end too. It never blocks, and may
        be used in a signal handler. An exception is kept in `errors` with the id 0, and logged. Raises
        TypeError for what can't be called or is ``async``; InvalidState once the server has closed, and in a
        process forked from the server's.

        >>> with serve() as server:
        ...     server.call_soon(lambda name: print(name, threading.current_thread().name), "runs in")
        runs in wsdemo-server
        """
        check_callable("function", function, "a function")
        self._check_process()
        if self._reactor.stopping:
            raise InvalidState("this server has closed, and with it the thread for the call")
        self._reactor.call_soon(self._call, function, args)

    def route(self, path: str, function: R | None = None) -> Any:
        """Answer plain HTTP requests for ``path`` by ``function(request)``: a Response, text or bytes.

        Or a `concurrent.futures.Future` of one, where that takes long. Also a decorator. The connection
        closes after each answer. Raises TypeError or ValueError for a wrong argument.
        """
        return self._routes.add(path, function)

    def close(self, code: int = 1001) -> None:
        """Close all connections with ``code`` (1001: "going away"), then the socket and the thread.

        Connections that do not answer within ``limits.close_timeout`` seconds are cut off; where bytes were
        still pending, `errors` has a TimeoutError. In a handler, a client's too, it does not wait for that.
        """
        close_payload(code)  # raises ValueError for a code that can't be sent
        if self._reactor.forked:
            return
        self._reactor.call_soon(self._hurry, code)
        self._end(code)
        if current() is None:
            self._join()

    def drain(
        self, seconds: float, code: int = 1012, told: Callable[[Connection, float], object] | None = None
    ) -> bool:
        """Close the server slowly, so that its clients do not all come back at once.

        It listens no more, and refuses unfinished openings with 503. Then it closes one connection after the
        other, in random order, with ``code`` (1012: "service restart"). Messages that were sent before go
        before. ``told(ws, after)`` is called first, in the server's thread, to send a last message: a client
        that comes back ``after`` seconds finds a server whose drain is over, and the others do not come with
        it. The last ones are closed early enough to answer within ``limits.close_timeout``, or half of
        ``seconds``. After ``seconds`` those that remain are cut off.

        Blocks until the server has ended; true: every client has answered its close frame, so that nothing
        was lost. A second call waits for the first; `close` meanwhile closes the rest at once. May be called
        in a signal handler. Raises InvalidState in a handler, which would hold up the drain itself, and in a
        process forked from the server's; TypeError or ValueError for a wrong argument.

        >>> serve().drain(10)
        True
        """
        check_seconds("seconds", seconds)
        close_payload(code)  # raises ValueError for a code that can't be sent
        if told is not None:
            check_function("told", told, 2, "a function of (ws, after)")
        self._check_process()
        if current() is not None:
            raise InvalidState("drain in a handler waits for the thread that it runs in: call it in another")
        self._reactor.call_soon(self._drain, seconds, code, told)
        self._join()
        return all(connection.close_code != CloseCode.ABNORMAL for connection in self._draining or ())

    def _join(self) -> None:
        self._reactor.thread.join()
        for thread in list(self._threads):
            if thread is not threading.current_thread():
                thread.join(min(self.limits.close_timeout, LONGEST))

    # -- connections come, in the reactor's thread --------------------------------------------------------

    def _accepted(self, sock: socket.SocketType, address: Any) -> None:
        limits = self.limits
        held = len(self._open) + len(self._opening) + len(self._leaving)
        if held >= limits.connections + 2 * limits.handshakes or self._closing:
            sock.close()
            self._tally.refused(0)
            return
        number = next(self._numbers)
        tap = encrypted = None
        if self.trace is not None:
            here = sock.getsockname()
            tap = self.trace.tap("server", here, address)
            encrypted = tap.encrypted() if self._ssl else None
        protocol = Protocol(
            Side.SERVER,
            limits=limits,
            accept=lambda request: self._decide(connection, request),
            authenticated=self._gate is None,
        )
        handler = self._gate or self._handler
        secure = None
        if self._ssl is not None:
            from wsdemo.net.tls import Tls

            secure = Tls(self._ssl, server_side=True, tap=encrypted)
        reactor = self._reactor
        connection = Connection(number, address, protocol, handler, self, reactor, sock, tap, secure)
        connection.authenticated = self._gate is None
        self._opening[number] = connection
        if limits.per_address is not None:
            self._addresses[address[0]] += 1
        connection.transport.start()
        if len(self._opening) > limits.handshakes:
            oldest = next(iter(self._opening.values()))
            busy = HandshakeError(f"more than {limits.handshakes} openings at once: try again later", 503)
            oldest.refuse(busy)

    def _decide(self, connection: Connection, request: Request) -> Answer | Undecided:
        """The answer to a request: one place for plain HTTP and for upgrades."""
        check_host(request, hosts=self._hosts, loopback=self._loopback)
        # "A server MAY ignore a received Upgrade header field" (RFC 9110 §7.8): curl and Java offer h2c.
        if self._routes and "websocket" not in (request.headers.get("upgrade") or "").lower():
            ask = partial(self._routes.ask, replace(request, address=connection.address))
            return self._decisions.answer(connection, ask, partial(response_to, request))
        limit = self.limits.per_address
        self._check_room()
        if limit is not None and self._addresses[connection.address[0]] > limit:
            raise HandshakeError(f"at most {limit} connections from one address are accepted", 503)
        try:
            accepted = self._accept(request)
        except HandshakeError:
            raise
        except Exception as error:  # of the function that chooses the compression
            raise self._decisions.failure(connection, error) from error
        if self._authorize is None or isinstance(self._authorize, first_message):
            return accepted
        ask = partial(self._authorize, replace(request, address=connection.address))
        return self._decisions.answer(connection, ask, partial(self._admit, connection, accepted))

    def _admit(self, connection: Connection, accepted: Accepted, found: Any) -> Accepted:
        """The yes to a request, where ``authorize`` gave ``found``."""
        connection.user = by_request(found)
        self._check_room()  # again: it may have taken a while
        return accepted

    def _check_room(self) -> None:
        if len(self._open) >= self.limits.connections:
            raise HandshakeError(f"{len(self._open)} connections, no more are accepted: try again later", 503)

    def _introduced(self, connection: Connection, message: str | bytes) -> None:
        """The first message of a connection has authorized it: the handler hears of it now."""
        assert isinstance(self._authorize, first_message)
        try:
            connection.user = by_message(self._authorize, connection, message)
        except PolicyViolation as error:
            connection.fail(error)
        else:
            if connection.state is State.OPEN:  # `check` may have closed it
                connection.begin(self._handler)

    # -- callbacks of connections -------------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        """The handshake is done; or, where the first message authorizes, that message has come."""
        self._open[connection.id] = connection  # before it leaves the other group: `_living` finds it
        del self._opening[connection.id]
        if self._closing:
            self._reactor.call_soon(connection.close, 1001)  # behind the 101

    def refused(self, connection: Connection, event: Refused) -> None:
        """There will be no WebSocket: it was refused, or answered as plain HTTP."""
        self._decisions.cancel(connection)
        self._leaving[connection.id] = connection
        del self._opening[connection.id]
        error = connection.error if is_tls_error(connection.error) else event.error
        if error is not None:  # a failure of TLS: the missing request is only its consequence
            self._keep(connection.id, error)
        if event.error is not None:  # a status below 400 refuses with 400
            self._tally.refused(0 if event.response is None else event.response.status)

    def closing(self, connection: Connection) -> None:
        """No messages will come or go any more."""
        if connection.id in self._open or connection.id in self._opening:
            self._leaving[connection.id] = connection
            self._open.pop(connection.id, None)
            self._opening.pop(connection.id, None)
            if connection.error is not None:
                connection.report(connection.error)

    def ended(self, connection: Connection) -> None:
        """The socket is closed."""
        self._tally.ended(connection, partial(self._forget, connection))
        if self.limits.per_address is not None:
            address = connection.address[0]
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]
        if self._closing and not (self._opening or self._open or self._leaving):
            self._reactor.close()

    def failed(self, connection: Connection, error: BaseException) -> None:
        """Something went wrong in this connection."""
        self._keep(connection.id, error)
        if isinstance(error, ConnectionError | TimeoutError | WebSocketError) or is_tls_error(error):
            error.__traceback__ = None  # its stack frames would keep the connection and its unread bytes
        log_failure(connection.id, error)

    def _living(self) -> list[Connection]:
        """All connections that have not ended, in any thread: one that moves on meanwhile is found once."""
        groups = (self._opening, self._open, self._leaving)  # in the order in which it passes them
        return list(
            {connection.id: connection for group in groups for connection in list(group.values())}.values()
        )

    def _forget(self, connection: Connection) -> None:
        for group in (self._opening, self._open, self._leaving):
            group.pop(connection.id, None)

    def started(self, thread: threading.Thread) -> None:
        """A thread works for a connection; `close` waits for it."""
        self._threads.add(thread)

    def stopped(self, thread: threading.Thread) -> None:
        """It does so no longer."""
        self._threads.discard(thread)

    # -- calls of the program -----------------------------------------------------------------------------

    def _check_process(self) -> None:
        if self._reactor.forked:
            raise InvalidState("this server belongs to the process that started it: start one after the fork")

    def _call(self, function: Callable[..., object], args: tuple[Any, ...]) -> None:
        try:
            check_done("function", function(*args))
        except BaseException as error:
            self._call_failed(error)

    def _call_failed(self, error: BaseException) -> None:
        self._keep(0, error)
        log_failure(0, error)

    def _keep(self, number: int, error: BaseException) -> None:
        self.errors.append((number, error))
        self._tally.failed()

    # -- time, and the end --------------------------------------------------------------------------------

    def _check(self) -> None:
        self._reactor.call_later(self._period, self._check)
        now = self._reactor.now
        for group in (self._opening, self._open, self._leaving):
            for connection in list(group.values()):
                connection.check(now)

    def _drain(self, seconds: float, code: int, told: Callable[[Connection, float], object] | None) -> None:
        if self._closing:
            return
        self._closing = True
        self._listener.close()
        for opening in list(self._opening.values()):
            opening.refuse(HandshakeError("the server is closing: try again later", 503))
        self._draining = self.connections
        answers = min(self.limits.close_timeout, seconds / 2)
        for delay, connection in spread(self._draining, seconds - answers):
            self._reactor.call_later(delay, self._dismiss, connection, code, told, seconds)
        self._reactor.call_later(seconds, self._cut_off)
        if not self._living():
            self._reactor.close()

    def _hurry(self, code: int) -> None:
        """`close` during a drain: it does not go on slowly."""
        if self._draining is not None:
            self._close(code)

    def _dismiss(
        self,
        connection: Connection,
        code: int,
        told: Callable[[Connection, float], object] | None,
        after: float,
    ) -> None:
        """Ask one client to leave, if it is still there."""
        if connection.state is State.OPEN and told is not None:
            try:
                check_done("told", told(connection, after))
            except BaseException as error:
                connection.handler_failed(error)
        connection.close(code)

    def _close(self, code: int) -> None:
        closing = HandshakeError("the server is closing: try again later", 503)
        for connection in list(self._opening.values()):
            if connection.undecided:
                connection.refuse(closing)
        for connection in [*self._opening.values(), *self._open.values()]:
            connection.close(code)  # one without a handshake yet is cut off
        self._reactor.call_later(self.limits.close_timeout, self._cut_off)
        if not (self._opening or self._open or self._leaving):
            self._reactor.close()

    def _cut_off(self) -> None:
        for group in (self._opening, self._open, self._leaving):
            for connection in list(group.values()):
                connection.cut_off()
        self._reactor.close()


def _deflate(compression: Any) -> Callable[[Request], Deflate | None]:
    """The choice of a compression for each request. TypeError or ValueError for a wrong option."""
    if callable(compression):
        check_function("compression", compression, 1, "True, False, a Deflate, or a function of (request)")
        return lambda request: Deflate.of(compression(request))
    fixed = Deflate.of(compression)
    return lambda request: fixed


def _is_loopback(address: tuple[Any, ...]) -> bool:
    import ipaddress

    return ipaddress.ip_address(address[0].partition("%")[0]).is_loopback
