"""One socket: bytes in, bytes out, and the tap. The only code that has the socket.

::

    any thread ── write(data) ──► [TLS] ──► socket               nothing is kept: one system call
                                      └──► outbox ──► socket     the reactor flushes, when there is room
    reactor    ◄── sink.data_received(data) ◄── [TLS] ◄── socket

The names are those of ``asyncio.Transport``, and of ``asyncio.BufferedProtocol`` for the sink. The reactor's
thread alone reads, flushes and closes. Knows nothing of frames, HTTP or messages.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Final, Protocol

from wsdemo.net.outbox import GATHER, Outbox
from wsdemo.net.reactor import READ, WRITE, Reactor
from wsdemo.net.waiting import LONGEST
from wsdemo.protocol.limits import Limits
from wsdemo.record.facts import End
from wsdemo.record.record import Record, Tap

if TYPE_CHECKING:
    from wsdemo.net.tls import Tls

#: From this many bytes in one ``recv`` on the sink may choose where the next go: not after each small one.
BULK: Final = 8 * 1024


class Sink(Protocol):
    """Callbacks to the owner of a transport, which gives the bytes a meaning; in the reactor's thread."""

    def data_received(self, data: bytes) -> None:
        """These bytes came."""

    def get_buffer(self) -> memoryview | None:
        """Memory for the next bytes, inside a large message; ``None``: anywhere."""

    def buffer_updated(self, size: int) -> None:
        """``size`` bytes were put there."""

    def eof_received(self) -> None:
        """The peer will send no more."""

    def resume_writing(self) -> None:
        """The kernel has taken all pending bytes, after a write that it could not take whole."""

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed. Comes exactly once, and last."""


class Transport:
    """A connected socket on a reactor.

    ``lock`` guards all writing, and the order in which the sink encodes and writes; no user's code is called
    while it is held.
    """

    __slots__ = (
        "_above_high_water",
        "_backpressured",
        "_bulk",
        "_close_at_end",
        "_closed",
        "_corked",
        "_eof_received",
        "_finishing",
        "_kernel_tap",
        "_limits",
        "_outbox",
        "_paused",
        "_plain_socket",
        "_shut_down",
        "_sink",
        "_waiters",
        "broken",
        "bytes_received",
        "bytes_sent",
        "events",
        "lock",
        "pending",
        "reactor",
        "received_at",
        "sent_at",
        "sock",
        "tap",
        "tls",
    )

    def __init__(
        self,
        reactor: Reactor,
        sock: socket.SocketType,
        sink: Sink,
        limits: Limits,
        tap: Tap | None = None,
        tls: Tls | None = None,
    ) -> None:
        self.reactor = reactor
        self.tap = tap
        self.tls = tls
        self.lock = threading.Lock()
        self.pending = 0  #: bytes written and not yet taken by the kernel
        self.bytes_received = self.bytes_sent = 0  #: bytes that the kernel gave, and took (`fan_out` apart)
        self.sent_at = self.received_at = reactor.now  #: seconds; when bytes last went out, and came in
        self.broken: OSError | None = None  #: the socket takes no more bytes
        self.sock = sock
        self._sink = sink
        self._limits = limits
        self._kernel_tap = tap if tls is None else tls.tap  # records what the kernel takes
        self._plain_socket = tls is None and tap is None  # and neither broken nor closed
        self._outbox: Outbox | None = None  # bytes that the kernel did not take
        self._corked: list[bytes] | None = None  # pieces held back so that they leave together
        self._waiters: list[threading.Event] | None = None  # threads that wait for room
        self.events = 0  #: see `Watched`
        self._above_high_water = False  # since the high-water mark was passed, until all has left
        self._backpressured = False  # replies are piling up: we do not read until they drain
        self._bulk = False  # the last `recv` gave much: a large message may be under way
        self._paused = self._eof_received = False
        self._finishing = self._close_at_end = self._shut_down = self._closed = False
        if tap is not None:
            tap.mark("open")

    def record(self, record: Record, end: End, peer: object) -> Tap | None:
        """Record the program's bytes from now on, in place of an earlier tap; None: closed. Lock is held.

        ``peer``: the address of the other end.
        """
        if self._closed:
            return None
        self.tap = tap = record.tap(end, self.sock.getsockname(), peer)
        if self.tls is None:
            self._kernel_tap = tap
            self._plain_socket = False
        tap.mark("open")
        return tap

    @property
    def closed(self) -> bool:
        """Whether the socket is closed."""
        return self._closed

    @property
    def is_reading(self) -> bool:
        """Whether the socket is read; where it is not, silence is no sign of a dead peer."""
        return not (self._paused or self._backpressured)

    @property
    def unsent(self) -> int:
        """Bytes that the kernel did not take: while there are any, `Sink.resume_writing` is still to come.

        Corked pieces count only behind such bytes: until then they were not offered to the kernel.
        """
        return 0 if self._outbox is None else self.pending

    def stalled(self, now: float) -> bool:
        """Whether bytes are pending and none has left for the write timeout."""
        return (self.pending > 0 or self.broken is not None) and (
            now - self.sent_at > self._limits.write_timeout
        )

    # -- writing, from any thread; the caller holds the lock ------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send ``data``. May have sent some, all, or none: the rest is kept.

        A socket that is broken takes bytes silently: its end is told through the sink.
        """
        corked = self._corked
        if corked is None and self._outbox is None and self._plain_socket and data:
            # Nothing is held, nothing listens: what `_write` does, 0.3 µs faster without the calls.
            try:
                sent = self.sock.send(data)
            except OSError as error:
                self._refused(data, error)
            else:
                self.bytes_sent += sent
                if sent != len(data):
                    self._sent(data, sent)
        elif corked is None:
            self._write(data)
        else:
            corked.append(data)
            self.pending += len(data)
            if self.pending > GATHER:
                self.push()

    def push(self) -> None:
        """Send the corked pieces now. Later ones are corked too."""
        corked = self._corked
        if corked:
            self._corked = []
            data = b"".join(corked)
            self.pending -= len(data)
            self._write(data)

    def _write(self, data: bytes) -> None:
        if self.tls is None:
            self._send(data)
        elif data and not self._closed and self.broken is None:
            try:
                encrypted = self.tls.encrypt(data)
            except OSError as error:  # an ssl.SSLError: the peer has broken TLS, or ended it
                self._break(error)
                return
            if self.tap is not None:
                self.tap.sent(data)
            self._send(encrypted)

    def _send(self, data: bytes) -> None:
        """Offer bytes to the kernel, behind those that it did not take before."""
        if self.broken is not None or self._closed or not data:
            return
        if self._outbox is not None:
            self._keep(data)
            return
        tap = self._kernel_tap
        if tap is not None:
            tap.offer()
        try:
            sent = self.sock.send(data)
        except OSError as error:
            self._refused(data, error)
            return
        self.bytes_sent += sent
        if sent != len(data):
            self._sent(data, sent)
        elif tap is not None:
            tap.sent(data)

    def _refused(self, data: bytes, error: OSError) -> None:
        """The kernel took nothing: for now, or for ever."""
        if isinstance(error, BlockingIOError | InterruptedError):
            self._sent(data, 0)
        else:
            self._break(error)

    def _sent(self, data: bytes, sent: int) -> None:
        """The kernel took ``sent`` bytes only: tell the tap, keep the rest."""
        if self._kernel_tap is not None and sent:
            self._kernel_tap.sent(data[:sent])
        self.sent_at = time.monotonic()
        self._keep(memoryview(data)[sent:])

    def _keep(self, data: bytes | memoryview) -> None:
        if self._outbox is None:
            self._outbox = Outbox(data)
        else:
            self._outbox.append(data)
        self.pending += len(data)
        self._above_high_water = self._above_high_water or self.pending > self._limits.high_water
        if not self.events & WRITE:
            if self.reactor.here:
                self._watch()
            else:
                self.reactor.call_soon(self._watch)

    def _break(self, error: OSError) -> None:
        """The peer takes no more bytes. What it sent before, such as a close frame, can still be read."""
        self.broken = error
        self._plain_socket = False
        self._outbox = None
        self.pending = 0
        self.sent_at = time.monotonic()
        self.wake()
        self.reactor.call_soon(self._read_rest)

    # -- waiting for room, in any thread but the reactor's; the caller holds the lock ------------------------

    def wait_for_room(self, deadline: float) -> bool:
        """Wait until no more than the high-water mark is pending, or nothing can be written any more.

        ``deadline`` is in seconds on the monotonic clock; false: it has passed.
        """
        while self.pending > self._limits.high_water and not self._closed and self.broken is None:
            if not self.wait(deadline):
                return False
        return True

    def wait(self, deadline: float) -> bool:
        """Release ``lock`` until there may be room, or `wake`; false: the deadline has passed."""
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return False
        woken = threading.Event()
        self.add_waiter(woken)
        self.lock.release()
        try:
            woken.wait(min(remaining, LONGEST))
        finally:
            self.lock.acquire()
            self.remove_waiter(woken)
        return True

    def wake(self) -> None:
        """Let every waiting thread look again."""
        for woken in self._waiters or ():
            woken.set()

    def add_waiter(self, woken: threading.Event) -> None:
        """Set ``woken`` whenever there may be room, until `remove_waiter`."""
        if self._waiters is None:
            self._waiters = []
        self._waiters.append(woken)

    def remove_waiter(self, woken: threading.Event) -> None:
        """End `add_waiter`."""
        assert self._waiters is not None
        self._waiters.remove(woken)

    def _made_room(self) -> None:
        if self._waiters and self.pending <= self._limits.high_water:
            self.wake()

    # -- in the reactor's thread ----------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to read."""
        if self.tls is not None:
            with self.lock:
                self._send(self.tls.outgoing())
        self._watch()

    def pause_reading(self) -> None:
        """Stop reading: TCP pushes back on the sender."""
        self._paused = True
        self._watch()

    def resume_reading(self) -> None:
        """Read again, unless the peer has ended."""
        self._paused = self._eof_received
        self._watch()

    def cork(self) -> None:
        """Hold written bytes back until `uncork`, so that many answers leave in one ``send``."""
        self._corked = []

    def uncork(self) -> None:
        """Send the bytes that were held back."""
        with self.lock:
            self.push()
            self._corked = None
            self._made_room()

    def _watch(self) -> None:
        """Let the reactor wait for the right events.

        It looks again after each change: another thread may have filled the outbox in the meantime, seen
        that WRITE was still waited for, and relied on that.
        """
        while not self._closed:
            events = (READ if self.is_reading else 0) | (0 if self._outbox is None else WRITE)
            if events == self.events:
                return
            self.reactor.watch(self, events)

    def ready(self, mask: int) -> None:
        """See `Watched`; an error or an end counts as both READ and WRITE."""
        if mask & self.events & WRITE:
            self._flush()
        if mask & self.events & READ:
            self._read()

    def _flush(self) -> None:
        """The operating system has room: offer it the bytes that it did not take before."""
        with self.lock:
            while self._outbox and self._flush_some(self._outbox):
                pass
            drained = self._outbox is not None and not self._outbox
            if drained:
                self._outbox, self._above_high_water, self._backpressured = None, False, False
            self._made_room()
        if drained:
            self._sink.resume_writing()
        if not self.pending and self._finishing:
            self._shut()
        self._watch()

    def _flush_some(self, outbox: Outbox) -> bool:
        """Offer the next bytes to the operating system; whether it took them all."""
        data = outbox.take()
        if self._kernel_tap is not None:
            self._kernel_tap.offer()
        try:
            sent = self.sock.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._break(error)
            return False
        if sent:
            self.pending -= sent
            self.bytes_sent += sent
            self.sent_at = self.reactor.now
            if self._kernel_tap is not None:
                self._kernel_tap.sent(bytes(data[:sent]))
        if sent < len(data):
            outbox.put_back(memoryview(data)[sent:])
        return sent == len(data)

    # -- reading, in the reactor's thread -------------------------------------------------------------------

    def _read(self) -> None:
        sink, before = self._sink, self.pending
        try:
            view = sink.get_buffer() if self._bulk else None
            if view is None:
                data = self.sock.recv(self._limits.turn_size)
                size = len(data)
            else:
                size = self.sock.recv_into(view)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._close(error)
            return
        self.received_at = self.reactor.now
        self.bytes_received += size
        self._bulk = size >= BULK and self.tls is None
        try:
            if not size:
                self._end_of_stream()
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
            self._send(tls.outgoing())  # after a failure, the alert with its reason
        if failed is not None:
            self._close(failed)
            return
        if plain:
            if self.tap is not None:
                self.tap.received(plain)
            self._sink.data_received(plain)
        if tls.ended and not self._closed:
            self._end_of_stream()

    def _end_of_stream(self) -> None:
        if self.tap is not None:
            self.tap.mark("eof")
        self._eof_received = self._paused = True  # an ended stream is always readable
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
        """Writing failed: read the bytes that are still there, turn by turn, up to the error at their end."""
        self._backpressured = False
        self._watch()

    # -- the end, asked for from any thread -----------------------------------------------------------------

    def write_eof(self) -> None:
        """Send all pending bytes, then tell the peer that no more will come. Reading goes on."""
        self.reactor.call_soon(self._finish, False)

    def close(self) -> None:
        """Send all pending bytes, then close the socket."""
        self.reactor.call_soon(self._finish, True)

    def abort(self, error: Exception | None = None) -> None:
        """Close the socket now, whatever is pending."""
        if self.reactor.here:
            self._close(error)
        else:
            self.reactor.call_soon(self._close, error)

    def _finish(self, close: bool) -> None:
        self._finishing = True
        self._close_at_end = self._close_at_end or close
        if not self.pending:
            self._shut()

    def _shut(self) -> None:
        """All bytes are sent: shut the writing direction down."""
        if self._closed:
            return
        if self.tls is not None and not self.tls.closing:
            with self.lock:
                self._send(self.tls.close())
            if self.pending:
                return  # flushing comes back here
        if not self._shut_down:
            self._shut_down = True
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the peer was faster
        if self._close_at_end:
            self._close(None)

    def _close(self, error: Exception | None) -> None:
        if self._closed:
            return
        with self.lock:
            self._closed = True
            self._plain_socket = False
            self._outbox = self._corked = None
            self.pending = 0
            self.wake()
        self.reactor.watch(self, 0)
        if self.tap is not None:
            if isinstance(error, ConnectionResetError):
                self.tap.mark("reset")
            self.tap.mark("closed")
        self.sock.close()
        self._sink.connection_lost(error or self.broken)
