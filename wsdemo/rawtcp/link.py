"""One end of a raw TCP connection: text messages over a transport, in both directions.

The server's peers and the client each have one. Knows nothing of time servers.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from wsdemo.net.reactor import Reactor
from wsdemo.net.transport import Transport
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

    ``on_message(text) -> bool`` and ``on_lost(error)`` are called in the reactor's thread; a false result
    pauses reading until the transport's `resume_reading`.
    """

    __slots__ = ("_limits", "_on_lost", "_on_message", "_waiting", "closing", "error", "transport")

    def __init__(
        self,
        reactor: Reactor,
        sock: socket.SocketType,
        limits: Limits,
        tap: Tap | None,
        on_message: Callable[[str], bool],
        on_lost: Callable[[BaseException | None], object],
    ) -> None:
        self.error: BaseException | None = None  #: the error that ended the connection, if one did
        self.closing = False  #: we have ended it: nothing more is sent, nothing more is heard
        self._limits = limits
        self._on_message = on_message
        self._on_lost = on_lost
        self._waiting = bytearray()  # the start of a message whose rest has not come
        self.transport = Transport(reactor, sock, self, limits, tap)

    def send(self, data: bytes) -> None:
        """Write an encoded message; outside the reactor's thread it blocks while too much is pending.

        Raises ConnectionClosed; TimeoutError when the peer takes nothing for the write timeout: then nothing
        of the message was sent; and InvalidState in a process forked from the one that connected.
        """
        transport = self.transport
        if transport.reactor.forked:
            raise InvalidState(
                "this connection belongs to the process that opened it: open one after the fork"
            )
        if transport.reactor.here:
            self._check()
            self.post(data)
            return
        seconds = self._limits.write_timeout
        with transport.lock:
            if not transport.wait_for_room(time.monotonic() + seconds):
                raise TimeoutError(f"the peer reads too slowly: no room after {seconds:g} seconds")
            self._check()
            transport.write(data)

    def post(self, data: bytes) -> None:
        """Write an encoded message without ever waiting: a reader too slow for it is dropped at the bound."""
        transport = self.transport
        with transport.lock:
            if self.closing or transport.closed or transport.broken is not None:
                return  # it is leaving, and `lost` comes
            pending = transport.pending
            if not pending or pending + len(data) <= self._limits.buffer_size:
                transport.write(data)
                return
        self.fail(too_slow(pending))

    def offer(self, data: bytes) -> bool:
        """Write an encoded message if there is room; false: not now. True as well when it is over."""
        transport = self.transport
        with transport.lock:
            if not self.over and transport.broken is None:
                if transport.pending > self._limits.high_water:
                    return False
                transport.write(data)
            return True

    def fail(self, error: BaseException) -> None:
        """End this connection, and only this one, because of ``error``."""
        if self.error is None:
            self.error = error
        self.transport.abort()

    def close(self, linger: bool = False) -> None:
        """Send all pending bytes and end the connection; nothing more is heard of it.

        With ``linger`` the socket is closed when the peer has ended too: closing one with unread bytes
        resets the connection, and the peer would see an error where there is none.
        """
        self.closing = True
        if linger:
            self.transport.write_eof()
            self.transport.reactor.call_soon(self.transport.resume_reading)
        else:
            self.transport.close()

    def cut_off(self) -> None:
        """End TCP now; where bytes are still pending ``error`` says so."""
        if self.transport.pending and self.error is None:
            self.error = TimeoutError(
                f"closed with {self.transport.pending} bytes not sent: the peer reads too slowly"
            )
        self.transport.abort()

    def _check(self) -> None:
        if self.closing or self.transport.closed or self.transport.broken is not None:
            raise ConnectionClosed(1006, str(self.error) if self.error else "")

    # -- the transport's sink, in the reactor's thread ----------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes came: report every message that is complete."""
        waiting = self._waiting
        waiting += data
        start = 0
        try:
            # A handler may end the connection: later messages are not reported any more.
            while not self.over and (found := parse(waiting, self._limits.message_size, start)):
                text, start = found
                if not self._on_message(text):
                    self.transport.pause_reading()
        except WebSocketError as error:
            self.fail(error)
        if self.over:
            waiting.clear()
        else:
            del waiting[:start]

    def get_buffer(self) -> memoryview | None:
        """No memory of its own: the transport uses its buffer."""
        return None

    def buffer_updated(self, size: int) -> None:
        """Never called: `get_buffer` gives no memory."""

    def eof_received(self) -> None:
        """The peer has ended; so do we, once all pending bytes have left."""
        if self._waiting and self.error is None:
            self.error = ProtocolError(
                f"the stream ended inside a message, {len(self._waiting)} bytes into it"
            )
        self.transport.close()

    def resume_writing(self) -> None:
        """Ignored: no thread waits for this."""

    def to_write(self, message: bytes) -> bytes:
        """The message as it is: always, since each is written whole."""
        return message

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed."""
        if not self.closing:  # else a reset is only the peer's answer to our own end
            self.error = self.error or error
        self._on_lost(self.error)

    @property
    def over(self) -> bool:
        """Whether nothing is sent or heard any more."""
        return self.closing or self.transport.closed


def too_slow(pending: int) -> PolicyViolation:
    """The error for a peer that is dropped because it does not read."""
    return PolicyViolation(f"{pending} bytes wait for a slow reader: no more are kept")


def encode(text: str) -> bytes:
    """The bytes of a message; TypeError for anything but a text."""
    if not isinstance(text, str):
        raise TypeError(f"a message is text, a str; got {type(text).__name__}")
    return serialize(text)
