"""The time server: welcomes each client, tells everyone the time, and hears what they say.

::

    with TimeServer(port=1234) as server:      # its own thread; 127.0.0.1
        ...

Any number of clients, one thread. A slow or frozen client does not hold up the others, and is dropped at a
bound; one that breaks the protocol loses its own connection. The reason is kept in ``errors``.
"""

from __future__ import annotations

import collections
import itertools
import logging
import socket
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from wsdemo.net.broadcast import fan_out, not_taken, offer_until
from wsdemo.net.service import Service
from wsdemo.protocol.arguments import check_done, check_function, check_kind, check_seconds
from wsdemo.protocol.errors import ConnectionClosed, InvalidState
from wsdemo.protocol.limits import Limits, limits_or_default
from wsdemo.rawtcp.link import Link, encode, too_slow
from wsdemo.record.record import Record

log = logging.getLogger("wsdemo")

WELCOME = "Welcome! The time follows."


def wall_clock() -> str:
    """The time of day, to the second.

    >>> len(wall_clock())
    8
    """
    return datetime.now().strftime("%H:%M:%S")


class Peer:
    """One client, as the server sees it."""

    __slots__ = ("_link", "_server", "address", "id", "transport")

    def __init__(self, server: TimeServer, number: int, sock: socket.SocketType, address: Any) -> None:
        self.id = number  #: 1, 2, 3 … in the order of arrival
        self.address = address  #: the client's IP address and port
        self._server = server
        tap = server.trace.tap("server", sock.getsockname(), address) if server.trace is not None else None
        self._link = Link(server._reactor, sock, server.limits, tap, self._heard, self._lost)
        self.transport = self._link.transport  #: the socket's side of it

    def __repr__(self) -> str:
        return f"<Peer {self.id}>"

    def send(self, text: str) -> None:
        """Send a message; outside the server's thread it blocks while too much is pending.

        Raises ConnectionClosed, TimeoutError, InvalidState and TypeError, as `Link.send` and `encode`.
        """
        self._link.send(encode(text))

    def close(self) -> None:
        """Send all pending bytes and end this connection."""
        self._link.close()

    @property
    def error(self) -> BaseException | None:
        """The error that ended the connection; None where it ended well."""
        return self._link.error

    @property
    def pending(self) -> int:
        """Bytes sent to this client that the kernel has not taken yet."""
        return self.transport.pending

    def _heard(self, text: str) -> bool:
        self._tell(self._server.on_message, text)
        return True

    def _tell(self, handler: Callable[..., object] | None, *args: object) -> None:
        """Call a handler; an error in it is kept and logged, and ends only this client's connection."""
        if handler is None:
            return
        try:
            check_done("handler", handler(self, *args))
        except BaseException as error:  # SystemExit too, which would end the thread of all
            left = isinstance(error, ConnectionClosed) and self._link.over  # it wanted to answer
            if not left:
                self._server._failed(self, error)
                self._link.fail(error)

    def _lost(self, error: BaseException | None) -> None:
        self._server._lost(self, error)


class TimeServer(Service):
    """Serves ``host`` and ``port`` (0: any free one) from a thread of its own until `close`.

    ``on_message``: called with (peer, text) for each message of a client.
    ``host``: the address to listen on.
    ``port``: 0 takes a free one.
    ``on_open``: called with (peer) when a client has come.
    ``on_close``: called with (peer) when a client has gone.
    ``every``: seconds between two messages to all clients; ``math.inf``: none.
    ``clock``: a function that gives the text of these messages.
    ``welcome``: the text of the first message to each client.
    ``limits``: bounds and timeouts; see `Limits`.
    ``trace``: a `Trace` that records every byte.

    The functions are called in the server's thread and must not block. Raises TypeError or ValueError for a
    wrong argument, OSError where it can't listen.
    """

    def __init__(
        self,
        on_message: Callable[[Peer, str], object] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        on_open: Callable[[Peer], object] | None = None,
        on_close: Callable[[Peer], object] | None = None,
        every: float = 3.0,
        clock: Callable[[], str] = wall_clock,
        welcome: str = WELCOME,
        limits: Limits | None = None,
        trace: Record | None = None,
    ) -> None:
        for name, told in (("on_message", on_message), ("on_open", on_open), ("on_close", on_close)):
            if told is not None:
                takes, text = (2, "(peer, text)") if name == "on_message" else (1, "(peer)")
                check_function(name, told, takes, f"a function of {text}, or None")
        check_seconds("every", every)
        check_function("clock", clock, 0, "a function without arguments")
        check_kind("trace", trace, (Record, type(None)), "a Trace, or None")
        self.on_message = on_message
        self.on_open = on_open
        self.on_close = on_close
        self.every = every
        self.clock = clock
        self.trace = trace
        self._errors: collections.deque[tuple[int, BaseException]] = collections.deque(maxlen=100)
        self._welcome = encode(welcome)
        self._peers: dict[int, Peer] = {}
        self._numbers = itertools.count(1)
        bounds = limits_or_default(limits)
        super().__init__("wsdemo-time-server", host, port, bounds, self._accepted, self._close)
        self._reactor.call_later(every, self._tick)
        self._sweep()

    def __repr__(self) -> str:
        return f"<TimeServer: {len(self._peers)} clients>"

    @property
    def clients(self) -> list[Peer]:
        """The clients that are connected now, in the order of arrival."""
        return list(self._peers.values())

    @property
    def errors(self) -> list[tuple[int, BaseException]]:
        """The reasons why clients were dropped, as (peer's number, error): the last 100, oldest first.

        The number 0 stands for an error that concerns no client: one of ``clock``.
        """
        return list(self._errors)

    def broadcast(self, text: str, to: Iterable[Peer] | None = None) -> None:
        """Send a message to all clients, or to some. It is encoded once; no client waits for another.

        In the server's thread (a handler, the clock) it never blocks: clients over ``limits.buffer_size``
        are dropped. In another thread every client with room gets it at once; then the call blocks until
        those over ``limits.high_water`` have caught up and have it too, or have gone, at most
        ``limits.write_timeout`` seconds in all. Clients that are still without room then do not get this
        message, stay connected, and are named in the TimeoutError. InvalidState in a process forked from the
        server's.
        """
        if self._reactor.forked:
            raise InvalidState("this server belongs to the process that started it: start one after the fork")
        data, limits = encode(text), self.limits
        peers = self.clients if to is None else list(to)
        if self._reactor.here:
            for link in fan_out([peer._link for peer in peers], data, limits.buffer_size).others:
                link.transport.abort(too_slow(link.transport.pending))
            return
        deadline = time.monotonic() + limits.write_timeout
        links = fan_out([peer._link for peer in peers], data, limits.high_water).others
        if links and (late := offer_until(deadline, links, lambda link: link.offer(data))):
            ids = [peer.id for peer in peers if peer._link in late]
            raise TimeoutError(not_taken(ids, len(peers), limits.write_timeout))

    def close(self) -> None:
        """End all connections, the listening socket and the thread; in a handler it does not wait.

        It closes at once: bytes still pending are lost, and `errors` names the client.
        """
        super().close()

    # -- in the reactor's thread --------------------------------------------------------------------------

    def _accepted(self, sock: socket.SocketType, address: Any) -> None:
        if len(self._peers) >= self.limits.connections:
            sock.close()
            return
        try:
            peer = Peer(self, next(self._numbers), sock, address)
        except OSError:  # gone already
            sock.close()
            return
        self._peers[peer.id] = peer
        peer.transport.start()
        peer._link.post(self._welcome)
        peer._tell(self.on_open)

    def _tick(self) -> None:
        self._reactor.call_later(self.every, self._tick)
        try:
            self.broadcast(self.clock())
        except BaseException as error:
            self._failed(None, error)

    def _sweep(self) -> None:
        """Drop clients that have taken no byte for too long."""
        self._reactor.call_later(min(1.0, self.limits.write_timeout / 4), self._sweep)
        for peer in self.clients:
            if peer.transport.stalled(self._reactor.now):
                seconds = self.limits.write_timeout
                peer._link.fail(TimeoutError(f"took no byte for {seconds:g} seconds"))

    def _failed(self, peer: Peer | None, error: BaseException) -> None:
        """A function of the user raised ``error``."""
        number = 0 if peer is None else peer.id
        self._errors.append((number, error))
        log.error("error in a handler of client %d", number, exc_info=error)

    def _lost(self, peer: Peer, error: BaseException | None) -> None:
        self._peers.pop(peer.id, None)
        known = any(kept is error for _, kept in self._errors)  # of a handler: on record already
        if error is not None and not known and not (self._closing and isinstance(error, ConnectionError)):
            self._errors.append((peer.id, error))
        peer._tell(self.on_close)

    def _close(self) -> None:
        for peer in self.clients:
            peer._link.cut_off()
