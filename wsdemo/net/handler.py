"""Handlers: your code, as a connection calls it.

::

    def echo(ws, message):            a function: called with each message
        ws.send(message)

    class Chat:                       an object: the names are those of the browser's API
        def on_open(self, ws): ...
        def on_message(self, ws, message): ...
        def on_drain(self, ws): ...   `pending` is 0 again, after a send that the kernel did not take whole
        def on_close(self, ws): ...   when TCP has ended; see `close_code` and `error`

A handler must not block: it runs in the reactor's thread. Where it has to, see `threaded`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from wsdemo.net.reactor import log
from wsdemo.protocol.arguments import check_function
from wsdemo.protocol.errors import HandshakeError


def log_failure(number: int, error: BaseException) -> None:
    """Log an error in connection ``number`` (0: in none), except the everyday ones of networks and peers."""
    if not isinstance(error, ConnectionError | TimeoutError | HandshakeError) and not is_tls_error(error):
        log().warning("connection %d: %s: %s", number, type(error).__name__, error, exc_info=error)


def is_tls_error(error: BaseException | None) -> bool:
    """Whether it is an ``ssl.SSLError``: never, where TLS has not loaded that module, which takes 6 ms."""
    ssl = sys.modules.get("ssl")
    return ssl is not None and isinstance(error, ssl.SSLError)


#: The values of an option ``handler``, for its errors.
HANDLER: Final = (
    "a function of (ws, message), threaded(function), or an object with on_open, on_message, "
    "on_drain or on_close"
)


class Handler:
    """The callbacks of a connection, in the reactor's thread; each of the four may be missing."""

    __slots__ = ("on_close", "on_drain", "on_message", "on_open")

    def __init__(
        self,
        on_open: Callable[[Any], object] | None = None,
        on_message: Callable[[Any, Any], object] | None = None,
        on_close: Callable[[Any], object] | None = None,
        on_drain: Callable[[Any], object] | None = None,
    ) -> None:
        self.on_open = on_open
        self.on_message = on_message
        self.on_close = on_close
        self.on_drain = on_drain

    @classmethod
    def of(cls, handler: Any) -> Handler:
        """The handler for a function of each message, or for an object with these methods; or TypeError."""
        if handler is None:
            return cls(on_message=lambda connection, message: None)
        methods = {name: getattr(handler, name, None) for name in cls.__slots__}
        if isinstance(handler, type) or not any(methods.values()):
            check_function("handler", handler, 2, HANDLER)
            return cls(on_message=handler)
        for name, method in methods.items():
            if method is not None:
                takes, text = (2, "(ws, message)") if name == "on_message" else (1, "(ws)")
                check_function(f"handler.{name}", method, takes, f"a method of {text}, not async")
        return cls(**methods)
