"""Who is told what a connection does: your handler, and the server or client that made it.

::

    def echo(ws, message):            a function: called with each message
        ws.send(message)

    class Chat:                       an object: the names are those of the browser's API
        def on_open(self, ws): ...
        def on_message(self, ws, message): ...
        def on_close(self, ws): ...   when TCP has ended: `close_code` says how, `error` why

    @threaded                         a function that may block: each connection gets a thread
    def echo(ws):
        for message in ws:
            ws.send(message)
"""

from __future__ import annotations

import logging
import ssl as tls
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from wsdemo.protocol.arguments import check_done, check_function
from wsdemo.protocol.errors import HandshakeError

if TYPE_CHECKING:
    from wsdemo.net.connection import Connection
    from wsdemo.protocol.events import Refused

log = logging.getLogger("wsdemo")


class Owner(Protocol):
    """Callbacks to the creator of a connection, in the reactor's thread (the last three: in any)."""

    def opened(self, connection: Connection) -> None:
        """The handshake is done, and the server's answer about to be sent; the transport's lock is held."""

    def refused(self, connection: Connection, event: Refused) -> None:
        """There will be no WebSocket: it was refused, or answered as plain HTTP."""

    def closing(self, connection: Connection) -> None:
        """No messages will come or go any more; where that is no good end, `error` says why."""

    def ended(self, connection: Connection) -> None:
        """The socket is closed. Comes last."""

    def failed(self, connection: Connection, error: BaseException) -> None:
        """Something went wrong in this connection."""

    def started(self, thread: threading.Thread) -> None:
        """A thread works for a connection."""

    def stopped(self, thread: threading.Thread) -> None:
        """It does so no longer."""


def log_failure(number: int, error: BaseException) -> None:
    """Log what went wrong in connection ``number`` (0: in none); not what networks and strangers do daily."""
    if not isinstance(error, ConnectionError | TimeoutError | tls.SSLError | HandshakeError):
        log.warning("connection %d: %s: %s", number, type(error).__name__, error, exc_info=error)


#: What an option ``handler`` takes, for the errors.
HANDLER: Final = (
    "a function of (ws, message), threaded(function), or an object with on_open, on_message or on_close"
)


class Handler:
    """What is told of a connection, in the reactor's thread; each of the three may be missing."""

    __slots__ = ("on_close", "on_message", "on_open")

    def __init__(
        self,
        on_open: Callable[[Any], object] | None = None,
        on_message: Callable[[Any, Any], object] | None = None,
        on_close: Callable[[Any], object] | None = None,
    ) -> None:
        self.on_open = on_open
        self.on_message = on_message
        self.on_close = on_close

    @classmethod
    def of(cls, handler: Any) -> Handler:
        """A function is called with each message; an object has methods with the browser's names."""
        if handler is None:
            return cls(on_message=lambda connection, message: None)
        methods = {name: getattr(handler, name, None) for name in ("on_open", "on_message", "on_close")}
        if isinstance(handler, type) or not any(methods.values()):
            check_function("handler", handler, 2, HANDLER)
            return cls(on_message=handler)
        for name, method in methods.items():
            if method is not None:
                takes, text = (2, "(ws, message)") if name == "on_message" else (1, "(ws)")
                check_function(f"handler.{name}", method, takes, f"a method of {text}, not async")
        return cls(**methods)


class threaded:
    """Serve each connection by a blocking ``handler(ws)`` in a thread of its own.

    The thread starts when the handshake is done; when the function returns, the connection is closed.

    ::

        def handler(ws):
            for message in ws:
                ws.send(message)

        serve(threaded(handler))
    """

    def __init__(self, handler: Callable[[Connection], object]) -> None:
        check_function("handler", handler, 1, "a function of (ws)")
        self.handler = handler

    def on_open(self, connection: Connection) -> None:
        """Start the thread of this connection."""
        name = f"wsdemo-connection-{connection.id}"
        thread = threading.Thread(target=self._run, args=(connection,), name=name, daemon=True)
        connection.owner.started(thread)
        thread.start()

    def _run(self, connection: Connection) -> None:
        try:
            check_done("handler", self.handler(connection))
        except BaseException as error:
            connection.handler_failed(error)
        finally:
            connection.close()
            connection.owner.stopped(threading.current_thread())
