"""One socket: bytes in, bytes out, and the tap. With its writing half the only code that has the socket.

::

    any thread ── write(data) ──► [TLS] ──► out-buffer ──► socket     see `writer`
    reactor    ◄── sink.receive(data) ◄── [TLS] ◄───────── socket

The reactor's thread alone reads, flushes and closes. Who owns the transport (its *sink*) gives the bytes a
meaning. Knows nothing of frames, HTTP or messages.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from wsdemo.net.reactor import READ, WRITE, Reactor
from wsdemo.net.sink import Sink
from wsdemo.net.writer import Writer
from wsdemo.protocol.limits import Limits
from wsdemo.record.record import Tap

if TYPE_CHECKING:
    from wsdemo.net.tls import Tls

#: From so many bytes in one ``recv`` on the sink is asked where it wants the next: not after each small one.
BULK: Final = 8 * 1024


class Transport(Writer):
    """A connected socket on a reactor."""

    __slots__ = ("_bulk", "_ended", "_ending", "_last", "_paused", "received_at")

    def __init__(
        self,
        reactor: Reactor,
        sock: socket.socket,
        sink: Sink,
        limits: Limits,
        tap: Tap | None = None,
        tls: Tls | None = None,
    ) -> None:
        super().__init__(reactor, sock, sink, limits, tap, tls)
        self.received_at = reactor.now  #: seconds; when bytes last came in
        self._bulk = False  # much came at the last look: a large message may be under way
        self._paused = self._ended = self._ending = self._last = False
        if tap is not None:
            tap.mark("open")

    # -- from the reactor's thread ------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to read."""
        if self.tls is not None:
            with self.lock:
                self._write_raw(self.tls.outgoing())
        self._watch()

    def pause_reading(self) -> None:
        """Stop reading: TCP pushes back on the sender."""
        self._paused = True
        self._watch()

    def resume_reading(self) -> None:
        """Read again, unless the peer has ended."""
        self._paused = self._ended
        self._watch()

    # -- from any thread ----------------------------------------------------------------------------------

    def write_eof(self) -> None:
        """Send what is pending, then tell the peer that no more will come. Reading goes on."""
        self.reactor.call_soon(self._finish, False)

    def close(self) -> None:
        """Send what is pending, then close the socket."""
        self.reactor.call_soon(self._finish, True)

    def abort(self, error: Exception | None = None) -> None:
        """Close the socket now, whatever is pending."""
        if self.reactor.here:
            self._close(error)
        else:
            self.reactor.call_soon(self._close, error)

    @property
    def closed(self) -> bool:
        """Whether the socket is closed."""
        return self._closed

    @property
    def is_reading(self) -> bool:
        """Whether the socket is read; where it is not, hearing nothing means nothing."""
        return not (self._paused or self._backpressured)

    # -- reading, in the reactor's thread -----------------------------------------------------------------

    def _ready(self, mask: int) -> None:
        """The socket can be written to, or read from; where only READ is waited for, `_read` is called."""
        if mask & WRITE:
            self._flush()
        if mask & READ and self._events & READ:
            self._read()

    def _read(self, mask: int = READ) -> None:
        sink = self._sink
        try:
            view = sink.get_buffer() if self._bulk else None
            if view is None:
                data = self._sock.recv(self._limits.turn_size)
                size = len(data)
            else:
                size = self._sock.recv_into(view)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._close(error)
            return
        self.received_at = self.reactor.now
        self._bulk = size >= BULK and self.tls is None
        before = self.pending
        try:
            if not size:
                self._eof()
            elif self.tls is not None:
                self._decrypt(self.tls, data)
            else:
                if self.tap is not None:
                    self.tap.received(data if view is None else bytes(view[:size]))
                if view is None:
                    sink.data_received(data)
                else:
                    sink.buffer_updated(size)
        except BaseException as error:  # a mistake of ours, or of a function that gives masking keys
            self._close(error if isinstance(error, Exception) else RuntimeError(repr(error)))
            raise  # the reactor keeps and logs it
        if self.pending > before and self._above_high_water:
            self._backpressured = True
            self._watch()

    def _decrypt(self, tls: Tls, data: bytes) -> None:
        if tls.tap is not None:
            tls.tap.received(data)
        plain, failed = b"", None
        with self.lock:  # another thread may be encrypting, with the same keys
            try:
                plain = tls.decrypt(data)
            except OSError as error:  # an ssl.SSLError is one
                failed = error
            self._write_raw(tls.outgoing())  # of a failure, the alert that says why
        if failed is not None:
            self._close(failed)
            return
        if plain:
            if self.tap is not None:
                self.tap.received(plain)
            self._sink.data_received(plain)
        if tls.ended and not self._closed:
            self._eof()

    def _eof(self) -> None:
        if self.tap is not None:
            self.tap.mark("eof")
        self._ended = self._paused = True  # an ended stream is always readable
        self._watch()
        if self.tls is not None and not self.tls.ready:
            try:
                with self.lock:
                    self.tls.eof()
            except OSError as error:  # an ssl.SSLError
                self._close(error)
                return
        self._sink.eof_received()

    def _read_rest(self) -> None:
        """Writing failed: what is still there is read turn by turn, as ever, to the error at its end."""
        self._backpressured = False
        self._watch()

    # -- the end ------------------------------------------------------------------------------------------

    def _finish(self, close: bool) -> None:
        self._finishing = True
        self._last = self._last or close
        if not self.pending:
            self._shut()

    def _shut(self) -> None:
        if self._closed:
            return
        if self.tls is not None and not self.tls.closing:
            with self.lock:
                self._write_raw(self.tls.close())
            if self.pending:
                return  # flushing comes back here
        if not self._ending:
            self._ending = True
            try:
                self._sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the peer was faster
        if self._last:
            self._close(None)

    def _watch(self) -> None:
        """Wait for what there is to wait for.

        It looks again after each change: another thread may have filled the buffer in the meantime, seen
        that WRITE was still waited for, and left it at that.
        """
        while not self._closed:
            events = (0 if self._paused or self._backpressured else READ) | (WRITE if self._buffer else 0)
            if events == self._events:
                return
            ready = self._read if events == READ else self._ready
            if not self._events:
                self.reactor.register(self._sock, events, ready)
            elif not events:
                self.reactor.unregister(self._sock)
            else:
                self.reactor.modify(self._sock, events, ready)
            self._events = events

    def _close(self, error: Exception | None) -> None:
        if self._closed:
            return
        with self.lock:
            self._closed = True
            self._plain_socket = False
            self._buffer = self._corked = None
            self.pending = 0
            self.wake()
        if self._events:
            self.reactor.unregister(self._sock)
            self._events = 0
        if self.tap is not None:
            if isinstance(error, ConnectionResetError):
                self.tap.mark("reset")
            self.tap.mark("closed")
        self._sock.close()
        self._sink.connection_lost(error or self.broken)
