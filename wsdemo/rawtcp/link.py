"""One end of a raw TCP connection: text messages over a wire, in both directions.

The server's peers and the client are both links. Knows nothing of time servers.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

from wsdemo.net.reactor import Reactor
from wsdemo.net.wire import Wire
from wsdemo.protocol.errors import ConnectionClosed, InvalidState, PolicyViolation, ProtocolError, WebSocketError
from wsdemo.protocol.limits import Limits
from wsdemo.rawtcp.framing import parse, serialize
from wsdemo.trace.recorder import Tap


class Link:
    """Turns bytes into messages and messages into bytes.

    ``on_message(text) -> bool`` and ``on_lost(error)`` are called in the reactor's thread; a false answer
    means that reading should pause until `resume`.
    """

    def __init__(
        self,
        reactor: Reactor,
        sock: socket.socket,
        limits: Limits,
        tap: Tap | None,
        on_message: Callable[[str], bool],
        on_lost: Callable[[Exception | None], object],
    ) -> None:
        self.address: Any = sock.getpeername()
        self.error: Exception | None = None  #: why the connection ended, where it did not end well
        self._limits = limits
        self._on_message = on_message
        self._on_lost = on_lost
        self._waiting = bytearray()  # the start of a message whose rest has not come
        self.wire = Wire(reactor, sock, self, limits, tap)

    def send(self, data: bytes, wait: bool) -> None:
        """Write an encoded message: waits while too much is pending, or ends the link at the hard bound."""
        wire = self.wire
        if wire.reactor.forked:
            raise InvalidState("this connection belongs to the process that opened it: open one after the fork")
        with wire.lock:
            if wait and wire.pending > self._limits.high_water and not wire.reactor.here:
                if not wire.wait_for_room(time.monotonic() + self._limits.write_timeout):
                    raise TimeoutError(f"nothing sent for {self._limits.write_timeout:g} seconds")
            if wire.closed or wire.broken is not None:
                raise ConnectionClosed(1006)
            if wire.pending + len(data) <= self._limits.buffer_size:
                wire.write(data)
                return
        self.fail(PolicyViolation(f"{wire.pending} bytes wait for a slow reader: no more are kept"))

    def fail(self, error: Exception) -> None:
        """End this connection, and only this one, because of ``error``."""
        if self.error is None:
            self.error = error
        self.wire.abort(error)

    # -- the wire's sink, in the reactor's thread ---------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes came: hand on every message that is whole."""
        waiting = self._waiting
        waiting += data
        start = 0
        try:
            while found := parse(waiting, self._limits.message_size, start):
                text, start = found
                if not self._on_message(text):
                    self.wire.pause()
        except WebSocketError as error:
            self.fail(error)
        finally:
            del waiting[:start]

    def wanted(self) -> memoryview | None:
        """Any place will do."""
        return None

    def took(self, size: int) -> None:
        """Never called: no place is wanted."""

    def eof(self) -> None:
        """The peer is done; so are we, once what is pending has left."""
        if self._waiting:
            self.error = ProtocolError(f"the stream ended inside a message, {len(self._waiting)} bytes into it")
        self.wire.finish(close=True)

    def drained(self) -> None:
        """Nothing waits for this."""

    def lost(self, error: Exception | None) -> None:
        """The socket is closed."""
        self.error = self.error or error
        self._on_lost(self.error)


def encode(text: str) -> bytes:
    """The bytes of a message, after a check of its type."""
    if not isinstance(text, str):
        raise TypeError(f"a message is text, a str; got {type(text).__name__}")
    return serialize(text)
