"""A relay: a server that opens a connection of its own for each that comes, and passes bytes between them.

::

    client ◄──► near ──── pipe ────► far ◄──► target
                 ▲                    │
                 └──── pipe ◄─────────┘            one thread for all of them

A pipe may look at the bytes (``sniffer``) or mistreat them (``chaos``). A slow reader slows its sender and
nobody else; an end, or a reset, of one side is passed on to the other. Knows nothing of protocols.
"""

from __future__ import annotations

import collections
import logging
import socket
import ssl
import struct
import threading
from typing import Any, Final

from wsdemo.net.dial import dial
from wsdemo.net.service import Service
from wsdemo.net.tls import Tls, check_context
from wsdemo.net.wire import Wire
from wsdemo.protocol.arguments import check_kind, check_whole
from wsdemo.protocol.limits import Limits, limits_or_default
from wsdemo.record.facts import TO_CLIENT, TO_SERVER, Direction
from wsdemo.record.record import Tap

log = logging.getLogger("wsdemo")

#: Connections that may be on their way to the target at once.
DIALS: Final = 64


class Relay(Service):
    """Listens on ``host`` and ``port`` (0: any free one) and passes everything on, until `close`.

    A context manager with a thread of its own. Why connections failed is in ``errors``.
    """

    def __init__(
        self,
        target_host: str,
        target_port: int,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        context: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        name: str = "wsdemo-relay",
    ) -> None:
        check_kind("target_host", target_host, str, "a name or an IP address")
        check_whole("target_port", target_port, 1, 65535)
        check_context(context, server_side=False, name="context")
        self.target = (target_host, target_port)
        self._context = context  # TLS to the target
        self._links: dict[int, Link] = {}
        self._number = 0
        self._dialing = 0
        self.failures = 0  #: how many connections have failed
        self._errors: collections.deque[Exception] = collections.deque(maxlen=100)
        super().__init__(name, host, port, limits_or_default(limits), self._accepted, self._close)

    def __repr__(self) -> str:
        host, port = self.target
        where = f"{self.host}:{self.port} to {host}:{port}"
        return f"<{type(self).__name__}: {where}, {len(self._links)} connections>"

    @property
    def errors(self) -> list[Exception]:
        """Why connections failed: the last 100, oldest first."""
        return list(self._errors)

    @property
    def connections(self) -> int:
        """How many there are now."""
        return len(self._links)

    # -- for those who look at the bytes, or mistreat them -------------------------------------------------

    def pipe(self, source: Leg, target: Leg, direction: Direction) -> Pipe:
        """What passes the bytes of one direction of a new connection on."""
        return Pipe(source, target)

    def tap(self, near: socket.socket) -> Tap | None:
        """What records a new connection, at the client's side of the relay."""
        return None

    # -- in the reactor's thread ---------------------------------------------------------------------------

    def _accepted(self, sock: socket.socket, address: Any) -> None:
        if self._closing or self._dialing >= DIALS or len(self._links) >= self.limits.connections:
            sock.close()
            return
        self._dialing += 1
        # Finding a host may take seconds, and can't be done without waiting: not in this thread.
        threading.Thread(target=self._dial, args=(sock,), name="wsdemo-dial", daemon=True).start()

    def _dial(self, near: socket.socket) -> None:
        far: socket.socket | OSError
        try:
            far = dial(*self.target, self.limits.open_timeout)
        except OSError as error:
            far = error
        self._reactor.call_soon(self._dialed, near, far)

    def _dialed(self, near: socket.socket, far: socket.socket | OSError) -> None:
        self._dialing -= 1
        if isinstance(far, OSError) or self._closing:
            near.close()
            if isinstance(far, OSError):
                self._failed(far)
            else:
                far.close()
            return
        self._number += 1
        try:
            self._links[self._number] = Link(self, self._number, near, far)
        except OSError as error:  # the client has left already
            near.close()
            far.close()
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._errors.append(error)
        self.failures += 1
        log.info("a connection through %r failed: %s", self, error)

    def _gone(self, link: Link) -> None:
        self._links.pop(link.number, None)

    def _close(self) -> None:
        for link in list(self._links.values()):
            link.close()


class Link:
    """One connection through a relay: two sockets and two pipes."""

    def __init__(self, relay: Relay, number: int, near: socket.socket, far: socket.socket) -> None:
        self.relay = relay
        self.number = number
        self.broken = False
        tls = None
        if relay._context is not None:
            tls = Tls(relay._context, server_side=False, hostname=relay.target[0])
        self.near = Leg(self, near, relay.tap(near))
        self.far = Leg(self, far, None, tls)
        self.near.pipe = relay.pipe(self.near, self.far, TO_SERVER)
        self.far.pipe = relay.pipe(self.far, self.near, TO_CLIENT)
        for leg in self.legs:
            leg.pipe.begin()
        self.far.wire.start()
        self.near.wire.start()

    @property
    def legs(self) -> tuple[Leg, Leg]:
        """Both sides."""
        return self.near, self.far

    def close(self) -> None:
        """End both sides now."""
        for leg in self.legs:
            leg.wire.abort()

    def reset(self) -> None:
        """End both sides by a reset: what was on its way is lost (RFC 9293 §3.10.7)."""
        for leg in self.legs:
            leg.reset()

    def ended(self) -> None:
        """One direction has ended. When both have, the sockets are closed as soon as all has left."""
        if all(leg.pipe.ended for leg in self.legs):
            for leg in self.legs:
                leg.wire.finish(close=True)

    def lost(self, leg: Leg, error: Exception | None) -> None:
        """One side is gone; so the other one goes, when it has heard of it."""
        other = self.far if leg is self.near else self.near
        other.pipe.stop()
        if error is not None and not self.broken:
            self.broken = True
            self.relay._failed(error)
        if other.wire.closed:
            self.relay._gone(self)
        else:
            leg.pipe.lost(error)


class Leg:
    """One side of a connection through a relay: the sink of its wire."""

    pipe: Pipe  #: what passes on the bytes that come here

    def __init__(self, link: Link, sock: socket.socket, tap: Tap | None, tls: Tls | None = None) -> None:
        self.link = link
        self._sock = sock
        self.wire = Wire(link.relay._reactor, sock, self, link.relay.limits, tap, tls)

    def follow(self, error: Exception | None) -> None:
        """The other side has ended, or broke: so does this one."""
        if isinstance(error, ConnectionError):
            self.reset()
        else:
            self.wire.finish(close=True)

    def reset(self) -> None:
        """Close the socket so that TCP sends a reset, not an end."""
        if not self.wire.closed:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.wire.abort()

    def receive(self, data: bytes) -> None:
        """Bytes came."""
        self.pipe.feed(data)

    def wanted(self) -> memoryview | None:
        """Any place will do."""
        return None

    def took(self, size: int) -> None:
        """Never called: no place is wanted."""

    def eof(self) -> None:
        """This side will send no more."""
        self.pipe.eof()

    def drained(self) -> None:
        """This side has taken all that was pending: the other one may go on."""
        other = self.link.far if self is self.link.near else self.link.near
        other.pipe.go_on()

    def lost(self, error: Exception | None) -> None:
        """The socket is closed."""
        self.link.lost(self, error)


class Pipe:
    """Passes the bytes of one direction on, as they come."""

    def __init__(self, source: Leg, target: Leg) -> None:
        self.source = source
        self.target = target
        self.ended = False  #: the end was passed on
        self.stopped = False  #: nothing is passed on any more

    def begin(self) -> None:
        """Both pipes are there, and no byte has come yet."""

    def feed(self, data: bytes) -> None:
        """Bytes came from the source."""
        if not self.stopped:
            self.deliver(data)

    def eof(self) -> None:
        """The source will send no more."""
        if self.stopped:
            self.source.wire.finish(close=True)
        else:
            self.end()

    def lost(self, error: Exception | None) -> None:
        """The source is gone."""
        self.stop()
        self.target.follow(error)

    def stop(self) -> None:
        """Pass nothing on any more: what comes from the source is thrown away."""
        self.stopped = True

    def go_on(self) -> None:
        """The target has room again."""
        if not self.source.wire.closed:
            self.source.wire.resume()

    def deliver(self, data: bytes) -> None:
        """Hand bytes to the target; while it has too much to take, the source is not read."""
        wire = self.target.wire
        with wire.lock:
            wire.write(data)
        if wire.pending > self.source.link.relay.limits.high_water:
            self.source.wire.pause()

    def end(self) -> None:
        """Tell the target that no more will come."""
        self.ended = True
        self.target.wire.finish()
        self.source.link.ended()
