"""One end of a raw TCP connection: text messages over a wire, in both directions.

The server's peers and the client each have one. Knows nothing of time servers.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from wsdemo.net.reactor import Reactor
from wsdemo.net.wire import Wire
from wsdemo.protocol.errors import (
    ConnectionClosed,
    InvalidState,
    PolicyViolation,
    ProtocolError,
    WebSocketError,
)
from wsdemo.protocol.limits import Limits
from wsdemo.rawtcp.framing import parse, serialize
from wsdemo.record.record import Tap


class Link:
    """Turns bytes into messages and messages into bytes.

    ``on_message(text) -> bool`` and ``on_lost(error)`` are called in the reactor's thread; a false answer
    means that reading should pause until the wire's `resume`.
    """

    __slots__ = ("_limits", "_on_lost", "_on_message", "_waiting", "closing", "error", "wire")

    def __init__(
        self,
        reactor: Reactor,
        sock: socket.socket,
        limits: Limits,
        tap: Tap | None,
        on_message: Callable[[str], bool],
        on_lost: Callable[[BaseException | None], object],
    ) -> None:
        self.error: BaseException | None = None  #: why the connection ended, where it did not end well
        self.closing = False  #: we have said that we end it: nothing more is sent, nothing more is heard
        self._limits = limits
        self._on_message = on_message
        self._on_lost = on_lost
        self._waiting = bytearray()  # the start of a message whose rest has not come
        self.wire = Wire(reactor, sock, self, limits, tap)

    def send(self, data: bytes) -> None:
        """Write an encoded message; from a thread of yours it waits while too much is pending.

        Raises ConnectionClosed, and TimeoutError when the peer takes nothing for the write timeout: then
        nothing of the message was sent.
        """
        wire = self.wire
        if wire.reactor.forked:
            raise InvalidState(
                "this connection belongs to the process that opened it: open one after the fork"
            )
        if wire.reactor.here:
            self._check()
            self.post(data)
            return
        seconds = self._limits.write_timeout
        with wire.lock:
            if not wire.wait_for_room(time.monotonic() + seconds):
                raise TimeoutError(f"the peer reads too slowly: no room after {seconds:g} seconds")
            self._check()
            wire.write(data)

    def post(self, data: bytes) -> None:
        """Write an encoded message without ever waiting: a reader too slow for it is dropped at the bound."""
        wire = self.wire
        with wire.lock:
            if self.closing or wire.closed or wire.broken is not None:
                return  # it is leaving, and `lost` comes
            pending = wire.pending
            if not pending or pending + len(data) <= self._limits.buffer_size:
                wire.write(data)
                return
        self.fail(too_slow(pending))

    def offer(self, data: bytes) -> bool:
        """Write an encoded message if there is room; false: not now. True as well when it is over."""
        wire = self.wire
        with wire.lock:
            if not self.over and wire.broken is None:
                if wire.pending > self._limits.high_water:
                    return False
                wire.write(data)
            return True

    def fail(self, error: BaseException) -> None:
        """End this connection, and only this one, because of ``error``."""
        if self.error is None:
            self.error = error
        self.wire.abort()

    def close(self, linger: bool = False) -> None:
        """Send what is pending and end the connection; nothing more is heard of it.

        With ``linger`` the socket is closed when the peer has ended too: closing one with unread bytes
        resets the connection, and the peer would see an error where there is none.
        """
        self.closing = True
        self.wire.finish(close=not linger)
        if linger:
            self.wire.reactor.call_soon(self.wire.resume)

    def cut_off(self) -> None:
        """End TCP now; where bytes are still pending ``error`` says so."""
        if self.wire.pending and self.error is None:
            self.error = TimeoutError(
                f"closed with {self.wire.pending} bytes not sent: the peer reads too slowly"
            )
        self.wire.abort()

    def _check(self) -> None:
        if self.closing or self.wire.closed or self.wire.broken is not None:
            raise ConnectionClosed(1006, str(self.error) if self.error else "")

    # -- the wire's sink, in the reactor's thread ---------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes came: hand on every message that is whole."""
        waiting = self._waiting
        waiting += data
        start = 0
        try:
            # A handler may end the connection: what came after that message is not for it any more.
            while not self.over and (found := parse(waiting, self._limits.message_size, start)):
                text, start = found
                if not self._on_message(text):
                    self.wire.pause()
        except WebSocketError as error:
            self.fail(error)
        if self.over:
            waiting.clear()
        else:
            del waiting[:start]

    def wanted(self) -> memoryview | None:
        """Any place will do."""
        return None

    def took(self, size: int) -> None:
        """Never called: no place is wanted."""

    def eof(self) -> None:
        """The peer is done; so are we, once what is pending has left."""
        if self._waiting and self.error is None:
            self.error = ProtocolError(
                f"the stream ended inside a message, {len(self._waiting)} bytes into it"
            )
        self.wire.finish(close=True)

    def drained(self) -> None:
        """Nothing waits for this."""

    def ready(self) -> bool:
        """Messages are written whole, so always."""
        return True

    def lost(self, error: Exception | None) -> None:
        """The socket is closed."""
        if not self.closing:  # else a reset is only a brusque answer to our own end
            self.error = self.error or error
        self._on_lost(self.error)

    @property
    def over(self) -> bool:
        """Whether nothing is sent or heard any more."""
        return self.closing or self.wire.closed


def too_slow(pending: int) -> PolicyViolation:
    """Why a peer is dropped that does not read what is sent."""
    return PolicyViolation(f"{pending} bytes wait for a slow reader: no more are kept")


def encode(text: str) -> bytes:
    """The bytes of a message, after a check of its type."""
    if not isinstance(text, str):
        raise TypeError(f"a message is text, a str; got {type(text).__name__}")
    return serialize(text)
