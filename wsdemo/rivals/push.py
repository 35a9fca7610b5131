"""The same news pushed: over WebSocket and over raw TCP, by the package's own servers."""

from __future__ import annotations

import math
import threading
from types import TracebackType
from typing import Any

from wsdemo.net.server import serve
from wsdemo.protocol.limits import Limits
from wsdemo.rawtcp.server import TimeServer


class _Counter:
    """Counts the listeners. A push reaches those that are connected, so the news starts when all are."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def on_open(self, connection: Any) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def on_message(self, connection: Any, message: Any) -> None:
        """Ignored: no client talks back."""

    def on_close(self, connection: Any) -> None:
        with self._changed:
            self._count -= 1

    def wait(self, count: int, timeout: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._count >= count, timeout):
                raise TimeoutError(f"{self._count} of {count} clients listen after {timeout:g} seconds")


class _Push:
    """The base of both servers."""

    about: str
    port: int

    def __init__(self) -> None:
        self._counter = _Counter()
        self._server: Any = None

    def __enter__(self) -> _Push:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def publish(self, text: str) -> None:
        """Tell the next event to all clients, from any thread."""
        self._server.broadcast(text)

    def ready(self, clients: int, timeout: float) -> None:
        """Wait until ``clients`` listen; TimeoutError after ``timeout`` seconds."""
        self._counter.wait(clients, timeout)

    def close(self) -> None:
        """End all connections, the thread and the socket."""
        self._server.close()


class WebSocketServer(_Push):
    """The news as WebSocket messages; not compressed, as the others are not."""

    about = "wsdemo.serve, one thread, no compression"

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__()
        limits = Limits(handshakes=4096)
        self._server = serve(self._counter, host, port, compression=False, limits=limits)
        self.port = self._server.port


class RawServer(_Push):
    """The news as messages with a length header of ten bytes, over plain TCP."""

    about = "wsdemo.rawtcp, one thread"

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__()
        self._server = TimeServer(
            None,
            host,
            port,
            on_open=self._counter.on_open,
            on_close=self._counter.on_close,
            every=math.inf,
            welcome="",
        )
        self.port = self._server.port
