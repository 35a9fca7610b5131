"""The listeners of one way together: they connect, hear, are counted, and leave.

One reactor's thread reads all their sockets, so the time of each event is taken in one place, at the moment
when its text has arrived.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import NamedTuple

from wsdemo.net.reactor import Reactor
from wsdemo.rivals.clients import Client, Terms
from wsdemo.rivals.news import clock
from wsdemo.rivals.ways import Way
from wsdemo.trace.trace import Trace

#: Seconds in which all clients must have connected, or left.
PATIENCE = 30.0
#: Seconds for a client to leave politely, and once more to be cut off.
LEAVING = 2.0


class Heard(NamedTuple):
    """An event has reached a client."""

    client: int
    text: str
    time: float  #: seconds on the news' clock


class Audience:
    """``count`` clients of one way. Use it in a ``with``: at its end all of them have left.

    ``way``: of `ways.WAYS`.
    ``port``: of the server.
    ``count``: clients.
    ``host``: of the server.
    ``interval``: seconds from one short poll to the next.
    ``headers``: further fields of each HTTP request.
    ``trace``: a `Trace` that records every byte.

    ``heard`` grows while you look; `wait` returns when it has a given number of entries.
    """

    def __init__(
        self,
        way: Way,
        port: int,
        count: int = 1,
        *,
        host: str = "127.0.0.1",
        interval: float = 0.1,
        headers: tuple[tuple[str, str], ...] = (),
        trace: Trace | None = None,
    ) -> None:
        self.heard: list[Heard] = []
        self.errors: list[Exception] = []
        self._changed = threading.Condition()
        self._ready: set[int] = set()
        self._gone: set[int] = set()
        self._target = 0
        self._reactor = Reactor("wsdemo-audience")
        terms = Terms(
            self._reactor,
            host,
            port,
            trace,
            interval,
            way.keep_alive,
            way.http,
            headers,
            self._on_heard,
            self._on_ready,
            self._on_gone,
        )
        self.clients: list[Client] = [way.client(terms, number, count) for number in range(count)]
        for client in self.clients:
            self._reactor.call_soon(client.start)

    def __enter__(self) -> Audience:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def requests(self) -> int:
        """HTTP requests so far, of all clients."""
        return sum(client.requests for client in self.clients)

    @property
    def connections(self) -> int:
        """TCP connections so far, of all clients."""
        return sum(client.connections for client in self.clients)

    def listening(self, timeout: float = PATIENCE) -> None:
        """Wait until all clients listen. Raises TimeoutError, or the error that prevented it."""
        with self._changed:
            self._changed.wait_for(lambda: self._all_ready or self.errors, timeout)
            if self.errors:
                raise self.errors[0]
            if not self._all_ready:
                raise TimeoutError(
                    f"{len(self._ready)} of {len(self.clients)} clients listen after {timeout:g} seconds"
                )

    def wait(self, count: int, timeout: float) -> bool:
        """Wait until ``count`` events have been heard, by all clients in total; false: not in that time."""
        with self._changed:
            self._target = count
            self._changed.wait_for(lambda: len(self.heard) >= count or self.errors, timeout)
        return len(self.heard) >= count

    def close(self) -> None:
        """Let all clients leave; a client that can't do so politely is cut off."""
        for client in self.clients:
            self._reactor.call_soon(client.leave)
        with self._changed:
            count = len(self.clients)
            if not self._changed.wait_for(lambda: len(self._gone) == count, LEAVING):
                for client in self.clients:
                    self._reactor.call_soon(client.cut)
                self._changed.wait_for(lambda: len(self._gone) == count, LEAVING)
        self._reactor.close()

    @property
    def _all_ready(self) -> bool:
        return len(self._ready) == len(self.clients)

    # -- in the reactor's thread --------------------------------------------------------------------------

    def _on_heard(self, client: int, text: str) -> None:
        self.heard.append(Heard(client, text, clock()))
        if len(self.heard) == self._target:
            with self._changed:
                self._changed.notify_all()

    def _on_ready(self, client: int) -> None:
        self._ready.add(client)
        if self._all_ready:
            with self._changed:
                self._changed.notify_all()

    def _on_gone(self, client: int, error: Exception | None) -> None:
        with self._changed:
            self._gone.add(client)
            if error is not None:
                self.errors.append(error)
            self._changed.notify_all()
