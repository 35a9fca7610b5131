"""The base of every server in the package: listening sockets and a thread of its own, until `close`.

::

    Service ──┬── Server        WebSocket         wsdemo.net.server
              ├── TimeServer    plain TCP         wsdemo.rawtcp.server
              └── Relay         a proxy           wsdemo.proxy.relay

Knows nothing of protocols.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from wsdemo.net.listener import Listener
from wsdemo.net.reactor import Reactor
from wsdemo.protocol.limits import Limits


class Service:
    """Listens on ``host`` and ``port`` (0: any free one) from a thread of its own; a context manager.

    It calls in that thread ``accepted(sock, address)`` for each connection, at once, so this must be ready
    before the constructor is called; and ``ending`` when `close` was called. Raises OSError where it can't
    listen.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        limits: Limits,
        accepted: Callable[[socket.SocketType, Any], object],
        ending: Callable[..., object],
    ) -> None:
        self.host = host
        self.limits = limits
        self._ending = ending
        self._closing = False
        self._reactor = Reactor(name)
        try:
            self._listener = Listener(self._reactor, host, port, limits.backlog, accepted)
        except BaseException:
            self._reactor.close()
            raise
        self.port = self._listener.port

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all connections, the listening socket and the thread; in a handler it does not wait."""
        self._end()
        self._reactor.close()

    def _end(self, *arguments: object) -> None:
        """Let the thread accept no more and call ``ending``: the first time only.

        The thread decides which is the first, so another caller, who may stop it next, finds that done.
        """
        self._reactor.call_soon(self._begin_to_end, *arguments)

    def _begin_to_end(self, *arguments: object) -> None:
        if not self._closing:
            self._closing = True
            self._listener.close()
            self._ending(*arguments)
