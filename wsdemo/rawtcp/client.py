"""The client of the time server: connects, iterates over messages, and sends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final

from wsdemo.net import reactor as reactors
from wsdemo.net.dial import dial
from wsdemo.net.inbox import Inbox
from wsdemo.net.waiting import wait
from wsdemo.protocol.arguments import check_kind
from wsdemo.protocol.errors import ConnectionClosed, InvalidState
from wsdemo.protocol.limits import Limits, limits_or_default
from wsdemo.rawtcp.link import Link, encode
from wsdemo.record.record import Record

#: Seconds that `close` waits for the server to end too.
LINGER: Final = 1.0
#: Seconds of silence before TCP asks whether the server still knows this connection, and between questions.
KEEPALIVE: Final = 5


class TimeClient:
    """A connection to a time server, kept by a background thread.

    Raises OSError with one clear line when no server answers at ``host`` and ``port`` within ``timeout``
    seconds, and TypeError or ValueError for a wrong argument.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 1234,
        *,
        timeout: float = 10.0,
        limits: Limits | None = None,
        trace: Record | None = None,
    ) -> None:
        check_kind("trace", trace, (Record, type(None)), "a Trace, or None")
        self._limits = limits = limits_or_default(limits)
        self._gone = threading.Event()
        self._inbox = Inbox(limits.inbox_messages, limits.inbox_size, self._room)
        sock = dial(host, port, timeout)
        try:
            keep_alive(sock)
            self.address: Any = sock.getpeername()  #: the server's IP address and port
            tap = trace.tap("client", sock.getsockname(), self.address) if trace is not None else None
            self._reactor = reactors.acquire()
        except OSError as error:
            sock.close()
            raise OSError(error.errno, f"cannot connect to {host}:{port}: the server has left") from error
        self._link = Link(self._reactor, sock, limits, tap, self._inbox.put, self._lost)
        self._reactor.call_soon(self._link.transport.start)

    def __enter__(self) -> TimeClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[str]:
        """Each message as it comes, until the connection ends."""
        while True:
            try:
                yield self.recv()
            except ConnectionClosed:
                return

    @property
    def error(self) -> BaseException | None:
        """The error that ended the connection; None where it ended well."""
        return self._link.error

    def send(self, text: str) -> None:
        """Send a message; waits while too much is pending. Raises ConnectionClosed, TimeoutError."""
        self._link.send(encode(text))

    def recv(self, timeout: float | None = None) -> str:
        """The next message, waiting at most ``timeout`` seconds (``None`` or ``math.inf``: without end).

        Raises TimeoutError; ConnectionClosed once all messages are taken and no more will come; and
        InvalidState in a client's handler, or in a process forked from the one that connected.
        """
        if self._reactor.forked:
            raise InvalidState(
                "this connection belongs to the process that opened it: open one after the fork"
            )
        if self._reactor.here and (timeout is None or timeout > 0):
            raise InvalidState(
                "recv in a handler of a client waits for the thread that it runs in: call it in another one"
            )
        message = self._inbox.get(timeout)
        assert isinstance(message, str)
        return message

    def close(self) -> None:
        """Send all pending bytes, end the connection and, with the last client, the thread.

        Bytes that the server has not taken after ``limits.close_timeout`` seconds are lost, and ``error``
        says so.
        """
        if self._reactor.forked:
            return
        if not self._gone.is_set():
            patience = self._limits.close_timeout if self._link.transport.pending else LINGER
            self._link.close(linger=True)
            if reactors.current() is not None:
                return
            if not wait(self._gone, patience):
                self._link.cut_off()
                self._gone.wait()
        if self._reactor.stopping:
            self._reactor.close()

    # -- in the reactor's thread --------------------------------------------------------------------------

    def _room(self) -> None:
        self._reactor.call_soon(self._resume)

    def _resume(self) -> None:
        if not self._inbox.full:  # more may have come since there was room
            self._link.transport.resume_reading()

    def _lost(self, error: BaseException | None) -> None:
        self._inbox.end(1006, str(error) if error else "")
        reactors.release(self._reactor)
        self._gone.set()


def keep_alive(sock: socket.socket) -> None:
    """Let TCP ask after a silence whether the other end still knows this connection (RFC 9293 §3.8.4).

    A server that vanishes while it is being connected to may leave a connection that only this end knows.
    There is nothing to hear on it, ever, and this protocol has no ping of its own.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name in ("TCP_KEEPIDLE", "TCP_KEEPALIVE", "TCP_KEEPINTVL"):  # Linux and Windows; macOS; all
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, KEEPALIVE)
