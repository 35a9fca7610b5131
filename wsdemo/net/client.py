"""A WebSocket client: a connection that a background thread keeps alive.

::

    with connect("ws://127.0.0.1:8765") as ws:
        ws.send("hello")
        print(ws.recv(timeout=2))

All clients of a process share one thread, which ends with the last of them. Proxies are not supported.
Read `connection` first.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from wsdemo.net import reactor as reactors
from wsdemo.net.connection import Connection
from wsdemo.net.dial import dial
from wsdemo.net.handler import Handler, is_tls_error, log_failure
from wsdemo.net.timers import period
from wsdemo.net.waiting import wait
from wsdemo.protocol.arguments import check_kind
from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import Deflate
from wsdemo.protocol.errors import HandshakeError, InvalidState
from wsdemo.protocol.events import Refused
from wsdemo.protocol.handshake import parse_url, request
from wsdemo.protocol.limits import Limits, limits_or_default
from wsdemo.protocol.protocol import Protocol
from wsdemo.record.record import Record

if TYPE_CHECKING:
    import ssl as tls

OWN_THREAD: Final = (
    "connect in a handler waits for the thread that it runs in: "
    "call it in another one, as in threading.Thread(target=...).start()"
)

_numbers = itertools.count(1)


def connect(
    url: str,
    handler: Any = None,
    *,
    subprotocols: Sequence[str] = (),
    headers: Iterable[tuple[str, str]] | Mapping[str, str] = (),
    origin: str | None = None,
    compression: bool | Deflate = True,
    limits: Limits | None = None,
    ssl: tls.SSLContext | None = None,
    trace: Record | None = None,
    masking_key: bytes | Callable[[], bytes] | None = None,
) -> Connection:
    """Open a WebSocket connection to ``url`` and return it when it is open (RFC 6455 §4.1).

    ``url``: ``ws://host:port/path`` or ``wss://…``.
    ``handler``: as in `serve`, called in the background thread; without one the messages wait for `recv`.
    ``subprotocols``: the names that you speak, the best first.
    ``headers``: further fields of the request, such as Authorization.
    ``origin``: the web page that a browser would name, such as ``https://example.com``.
    ``compression``: whether to offer permessage-deflate (RFC 7692), or a `Deflate` with its settings.
    ``limits``: bounds and timeouts; see `Limits`.
    ``ssl``: a context instead of the default one, which verifies certificate and host name.
    ``trace``: a `Trace` that records every byte.
    ``masking_key``: four fixed bytes, or a function that gives them, for frames that repeat; fresh random
    bytes for each frame otherwise, as RFC 6455 §5.3 demands.

    Raises ValueError or TypeError for a wrong argument, OSError where no server answers (ssl.SSLError for a
    wrong certificate), HandshakeError where the server refuses, TimeoutError after ``limits.open_timeout``
    seconds in all, and InvalidState in a client's handler, because all clients share the thread that it would
    wait for, as well as in a server's handler that connects to that server. To connect again when a
    connection ends, loop in a thread of your own, or let ``on_close`` start one::

        def on_close(self, ws):
            threading.Thread(target=self.run).start()  # run(): connect(url, self)
    """
    if reactors.is_shared(reactors.current()):
        raise InvalidState(OWN_THREAD)
    where = parse_url(url)
    told = Handler() if handler is None else Handler.of(handler)
    limits = limits_or_default(limits)
    if ssl is not None:
        from wsdemo.net.tls import check_context

        check_context(ssl, server_side=False)
        if not where.secure:
            raise ValueError("ssl: got a context, expected None for ws://; wss:// is over TLS")
    check_kind("trace", trace, (Record, type(None)), "a Trace, or None")
    check_kind("origin", origin, (str, type(None)), "a text such as 'https://example.com', or None")
    deadline = time.monotonic() + limits.open_timeout
    deflate = Deflate.of(compression)
    asked = request(where, subprotocols=subprotocols, headers=headers, origin=origin, deflate=deflate)
    protocol = Protocol(Side.CLIENT, limits=limits, request=asked, deflate=deflate, masking_key=masking_key)
    secure = None
    if where.secure:
        from wsdemo.net.tls import Tls

        secure = Tls(ssl, server_side=False, hostname=where.host)
    sock = dial(where.host, where.port, limits.open_timeout)
    try:
        here, there = sock.getsockname(), sock.getpeername()
        if reactors.must_accept(sock):
            raise InvalidState(OWN_THREAD)
    except BaseException:  # an OSError too: a server that was just ending has reset it by now
        sock.close()
        raise
    tap = None
    if trace is not None:
        tap = trace.tap("client", here, there)
        if secure is not None:
            secure.tap = tap.encrypted()
    owner = _Owner(reactors.acquire(), limits)
    connection = Connection(next(_numbers), there, protocol, told, owner, owner.reactor, sock, tap, secure)
    owner.reactor.call_soon(owner.start, connection)
    try:
        owner.wait(deadline)
    except BaseException as error:
        connection.transport.abort()
        connection.close()
        if isinstance(error, TimeoutError):
            raise TimeoutError(f"{where} did not open within {limits.open_timeout:g} seconds") from None
        raise
    return connection


class _Owner:
    """The owner of a client's connection: reports its opening to `connect`, its end to the shared thread."""

    def __init__(self, reactor: reactors.Reactor, limits: Limits) -> None:
        self.reactor = reactor
        self._period = period(limits)
        self._decided = threading.Event()
        self._error: BaseException | None = None
        self._timer: reactors.Timer | None = None

    def start(self, connection: Connection) -> None:
        """Send the request, and begin to read. `wait` has the deadline of the opening."""
        connection.transport.start()
        connection.flush()

    def wait(self, deadline: float) -> None:
        """Wait until the connection is open. Raises TimeoutError, and the error that prevented it."""
        if not wait(self._decided, max(0.0, deadline - time.monotonic())):
            raise TimeoutError
        if self._error is not None:
            raise self._error

    def opened(self, connection: Connection) -> None:
        """The handshake is done: watch the other deadlines from now on."""
        self._check(connection)
        self._decided.set()

    def refused(self, connection: Connection, event: Refused) -> None:
        """The server refused, or sent something that is no answer."""
        failed = connection.error  # a failure of TLS: mostly the certificate
        self._error = failed if is_tls_error(failed) else event.error
        connection.transport.abort()

    def closing(self, connection: Connection) -> None:
        """The socket's end is near."""
        if connection.error is not None:
            connection.report(connection.error)

    def ended(self, connection: Connection) -> None:
        """The socket is closed."""
        if not self._decided.is_set() and self._error is None:
            why = f": {connection.error}" if connection.error else ""
            self._error = HandshakeError(f"the connection ended before the opening handshake{why}", 0)
        if self._timer is not None:
            self._timer.cancel()
        reactors.release(self.reactor)
        self._decided.set()

    def failed(self, connection: Connection, error: BaseException) -> None:
        """Log the error; the connection's own ``error`` keeps the first one."""
        log_failure(connection.id, error)

    def started(self, thread: threading.Thread) -> None:
        """A client has no threads."""

    def stopped(self, thread: threading.Thread) -> None:
        """A client has no threads."""

    def _check(self, connection: Connection) -> None:
        self._timer = self.reactor.call_later(self._period, self._check, connection)
        connection.check(self.reactor.now)
