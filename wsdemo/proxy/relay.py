"""A relay: a server that opens a connection of its own for each that comes, and passes bytes between them.

::

    client ◄──► near ──── pipe ────► far ◄──► target
                 ▲                    │
                 └──── pipe ◄─────────┘            one thread for all of them

A pipe may look at the bytes (``sniffer``) or mistreat them (``chaos``). A slow reader slows only its sender;
an end, or a reset, of one side is passed on to the other. Knows nothing of protocols.
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
from wsdemo.net.transport import Transport
from wsdemo.protocol.arguments import check_kind, check_whole
from wsdemo.protocol.limits import Limits, limits_or_default
from wsdemo.record.facts import TO_CLIENT, TO_SERVER, Direction
from wsdemo.record.record import Tap

log = logging.getLogger("wsdemo")

#: Connections that may be on their way to the target at once.
DIALS: Final = 64


class Relay(Service):
    """Listens on ``host`` and ``port`` (0: any free one) and passes everything on, until `close`.

    A context manager with a thread of its own. ``errors`` keeps the errors of connections.

    ``target_host``: the address to connect to.
    ``target_port``: its port.
    ``host``: the address to listen on.
    ``port``: 0 takes a free one.
    ``context``: for TLS to the target, so that the client's side is plain.
    ``limits``: bounds and timeouts; see `Limits`.
    ``name``: of the thread.

    Raises TypeError or ValueError for a wrong argument, OSError where it can't listen.
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
        self._sessions: dict[int, RelaySession] = {}
        self._number = 0
        self._dialing = 0
        self.failures = 0  #: the number of connections that have failed
        self._errors: collections.deque[Exception] = collections.deque(maxlen=100)
        super().__init__(name, host, port, limits_or_default(limits), self._accepted, self._close)

    def __repr__(self) -> str:
        host, port = self.target
        where = f"{self.host}:{self.port} to {host}:{port}"
        return f"<{type(self).__name__}: {where}, {len(self._sessions)} connections>"

    @property
    def errors(self) -> list[Exception]:
        """The errors of connections that failed: the last 100, oldest first."""
        return list(self._errors)

    @property
    def connections(self) -> int:
        """The number of connections now."""
        return len(self._sessions)

    # -- for subclasses that look at the bytes, or mistreat them -------------------------------------------

    def pipe(self, source: Leg, target: Leg, direction: Direction) -> Pipe:
        """The pipe for one direction of a new connection."""
        return Pipe(source, target)

    def tap(self, near: socket.socket) -> Tap | None:
        """The recorder of a new connection, at the client's side of the relay."""
        return None

    # -- in the reactor's thread ---------------------------------------------------------------------------

    def _accepted(self, sock: socket.SocketType, address: Any) -> None:
        if self._closing or self._dialing >= DIALS or len(self._sessions) >= self.limits.connections:
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
            self._sessions[self._number] = RelaySession(self, self._number, near, far)
        except OSError as error:  # the client has left already
            near.close()
            far.close()
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._errors.append(error)
        self.failures += 1
        log.info("a connection through %r failed: %s", self, error)

    def _gone(self, session: RelaySession) -> None:
        self._sessions.pop(session.number, None)

    def _close(self) -> None:
        for session in list(self._sessions.values()):
            session.close()


class RelaySession:
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
        self.far.transport.start()
        self.near.transport.start()

    @property
    def legs(self) -> tuple[Leg, Leg]:
        """Both sides."""
        return self.near, self.far

    def close(self) -> None:
        """End both sides now."""
        for leg in self.legs:
            leg.transport.abort()

    def reset(self) -> None:
        """End both sides by a reset: bytes on their way are lost (RFC 9293 §3.10.7)."""
        for leg in self.legs:
            leg.reset()

    def ended(self) -> None:
        """One direction has ended. After both have, the sockets are closed as soon as all bytes have left."""
        if all(leg.pipe.ended for leg in self.legs):
            for leg in self.legs:
                leg.transport.close()

    def connection_lost(self, leg: Leg, error: Exception | None) -> None:
        """One side is gone; the other one is closed when it has been told so."""
        other = self.far if leg is self.near else self.near
        other.pipe.stop()
        if error is not None and not self.broken:
            self.broken = True
            self.relay._failed(error)
        if other.transport.closed:
            self.relay._gone(self)
        else:
            leg.pipe.connection_lost(error)


class Leg:
    """One side of a connection through a relay: the sink of its transport."""

    pipe: Pipe  #: passes on the bytes that come here

    def __init__(
        self, session: RelaySession, sock: socket.SocketType, tap: Tap | None, tls: Tls | None = None
    ) -> None:
        self.session = session
        self._sock = sock
        self.transport = Transport(session.relay._reactor, sock, self, session.relay.limits, tap, tls)

    def follow(self, error: Exception | None) -> None:
        """The other side has ended, or broke: end this one in the same way."""
        if isinstance(error, ConnectionError):
            self.reset()
        else:
            self.transport.close()

    def reset(self) -> None:
        """Close the socket so that TCP sends a reset, not an end."""
        if not self.transport.closed:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self.pipe.data_received(data)

    def get_buffer(self) -> memoryview | None:
        """No memory of its own: the transport uses its buffer."""
        return None

    def buffer_updated(self, size: int) -> None:
        """Never called: `get_buffer` gives no memory."""

    def eof_received(self) -> None:
        """This side will send no more."""
        self.pipe.eof_received()

    def resume_writing(self) -> None:
        """This side has taken all that was pending: the other one may go on."""
        other = self.session.far if self is self.session.near else self.session.near
        other.pipe.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed."""
        self.session.connection_lost(self, error)


class Pipe:
    """Passes the bytes of one direction on, as they come."""

    def __init__(self, source: Leg, target: Leg) -> None:
        self.source = source
        self.target = target
        self.ended = False  #: the end was passed on
        self.stopped = False  #: nothing is passed on any more

    def begin(self) -> None:
        """Both pipes are there, and no byte has come yet."""

    def data_received(self, data: bytes) -> None:
        """Bytes came from the source."""
        if not self.stopped:
            self.deliver(data)

    def eof_received(self) -> None:
        """The source will send no more."""
        if self.stopped:
            self.source.transport.close()
        else:
            self.end()

    def connection_lost(self, error: Exception | None) -> None:
        """The source is gone."""
        self.stop()
        self.target.follow(error)

    def stop(self) -> None:
        """Pass nothing on any more: bytes from the source are discarded."""
        self.stopped = True

    def resume_writing(self) -> None:
        """The target has room again."""
        if not self.source.transport.closed:
            self.source.transport.resume_reading()

    def deliver(self, data: bytes) -> None:
        """Write bytes to the target; while too much is pending there, the source is not read."""
        transport = self.target.transport
        with transport.lock:
            transport.write(data)
        if transport.pending > self.source.session.relay.limits.high_water:
            self.source.transport.pause_reading()

    def end(self) -> None:
        """Tell the target that no more will come."""
        self.ended = True
        self.target.transport.write_eof()
        self.source.session.ended()
