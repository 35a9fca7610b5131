"""One WebSocket connection: a `Protocol` (bytes ↔ events) on a `Transport` (bytes ↔ socket).

::

    your thread ── send ──► Protocol ──► Transport ──► socket
    your thread ◄── recv ◄── Inbox ◄─┐
    handler     ◄── on_message ◄─────┴── events ◄── Protocol ◄── Transport ◄── socket    reactor's thread

The same class serves both sides. The reactor's thread answers pings and close frames and watches the
deadlines, so a connection stays healthy while your own thread does something else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from typing import Protocol as Interface

from wsdemo.net.handler import Handler
from wsdemo.net.heartbeat import Heartbeat
from wsdemo.net.inbox import Inbox
from wsdemo.net.reactor import current
from wsdemo.net.sending import FORKED
from wsdemo.net.waiting import wait
from wsdemo.protocol.arguments import check_done
from wsdemo.protocol.codes import CloseCode, Side
from wsdemo.protocol.errors import (
    ConnectionClosed,
    HandshakeError,
    InvalidState,
    ProtocolError,
)
from wsdemo.protocol.events import Closed, Closing, Event, Failed, Message, Opened, Ping, Pong, Refused
from wsdemo.protocol.frames import short_reason
from wsdemo.protocol.limits import Limits
from wsdemo.protocol.protocol import Protocol
from wsdemo.protocol.states import State

if TYPE_CHECKING:
    from wsdemo.protocol.http11 import Request, Response

#: Close codes after which iterating over a connection simply ends (RFC 6455 §7.4.1).
GOOD: Final = (1000, 1001, 1005)


#: What waits for nothing: the end of a connection that has ended.
GONE: Final = threading.Event()
GONE.set()


class Owner(Interface):
    """Callbacks to the creator of a connection, in the reactor's thread (the last three: in any)."""

    def opened(self, connection: Connection) -> None:
        """The handshake is done, and the server's answer about to be sent; the transport's lock is held."""

    def refused(self, connection: Connection, event: Refused) -> None:
        """There will be no WebSocket: it was refused, or answered as plain HTTP."""

    def closing(self, connection: Connection) -> None:
        """No messages will come or go any more; where that is no good end, `error` says why."""

    def ended(self, connection: Connection) -> None:
        """The socket is closed. Comes last."""

    def failed(self, connection: Connection, error: BaseException) -> None:
        """Something went wrong in this connection."""

    def started(self, thread: threading.Thread) -> None:
        """A thread works for a connection."""

    def stopped(self, thread: threading.Thread) -> None:
        """It does so no longer."""


class Connection(Heartbeat):
    """A WebSocket connection, from ``connect`` or as a server's handler gets it (RFC 6455).

    ``send``, ``ping`` and ``close`` may be called from any thread. Iterating yields the messages until the
    connection ends; it raises ConnectionClosed where that end was not a good one.
    """

    __slots__ = ("_gone", "_handler", "_inbox", "_reported", "address", "id", "owner", "user")

    def __init__(
        self,
        number: int,
        address: Any,
        protocol: Protocol,
        handler: Handler,
        limits: Limits,
        owner: Owner,
        now: float,
    ) -> None:
        super().__init__(protocol, limits, now)
        self.id = number  #: 1, 2, 3 … of its server, or of the clients of this process
        self.address = address  #: the peer's IP address and port
        self.user: Any = None  #: what `authorize` gave for this connection
        self.owner = owner
        self._handler = handler
        self._inbox: Inbox | None = None
        self._gone: threading.Event | None = None  # made when somebody waits for the end
        self._reported: BaseException | None = None  # the last error that the owner was told

    def __repr__(self) -> str:
        return f"<Connection {self.id}: {self.state.name}>"

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[str | bytes]:
        while True:
            try:
                message = self.recv()
            except ConnectionClosed as closed:
                if closed.code in GOOD:
                    return
                raise
            yield message

    # -- what it is ---------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """CONNECTING, OPEN, CLOSING (a close frame was sent or received) or CLOSED (TCP has ended)."""
        return self._protocol.state

    @property
    def request(self) -> Request | None:
        """The client's opening request (RFC 6455 §4.1)."""
        return self._protocol.request

    @property
    def response(self) -> Response | None:
        """The server's answer (RFC 6455 §4.2.2)."""
        return self._protocol.response

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that both agreed on (RFC 6455 §1.9)."""
        return self._protocol.subprotocol

    @property
    def close_code(self) -> int | None:
        """The code of the peer's close frame, 1005 if it has none (RFC 6455 §7.1.5).

        1006: it ended without a valid close frame (`error` may say why). ``None`` while it lives.
        """
        return self._protocol.close_code

    @property
    def close_reason(self) -> str:
        """The reason in the peer's close frame (RFC 6455 §7.1.6): escape it where it is shown."""
        return self._protocol.close_reason

    @property
    def close_sent(self) -> int | None:
        """The code of our own close frame, 1005 if it has none; ``None``: we have sent no close frame."""
        return self._protocol.close_sent

    # -- what you do with it ------------------------------------------------------------------------------

    def recv(self, timeout: float | None = None) -> str | bytes:
        """The next message, waiting at most ``timeout`` seconds (``None`` or ``math.inf``: without end).

        Raises TimeoutError; ConnectionClosed once all messages are taken and no more will come; and
        InvalidState in a handler, which would wait for its own thread (``timeout`` 0 does not wait).
        """
        if self._inbox is None:
            raise InvalidState("the messages of this connection go to on_message; recv has none to give")
        if self.transport.reactor.forked:
            raise InvalidState(FORKED)
        if self.transport.reactor.here and (timeout is None or timeout > 0):
            raise InvalidState(
                "recv in a handler waits for the thread that it runs in: "
                "give the connection a handler of its own, or call recv in another thread"
            )
        return self._inbox.get(timeout)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Do the closing handshake (RFC 6455 §7.1.2), and wait for its end at most ``limits.close_timeout``.

        What was sent before goes first. Bytes that a slow reader has not taken by then are lost, and
        ``error`` says so. In a handler it does not wait. Closing what is closed does nothing. Raises
        ValueError for a code that no endpoint may send, or a reason of more than 123 bytes.
        """
        transport = self.transport
        if transport.reactor.forked:
            return
        with transport.lock:
            if self._protocol.state is State.OPEN:
                self._active = time.monotonic()  # first: `check` may look before the frame is out
                self._write_latest()
                transport.write(self._protocol.close(code, reason))
                self._give_up()
            opening = self._protocol.state is State.CONNECTING
        if opening:
            transport.abort()  # not under the lock, which it takes itself
        if current() is None:  # in a handler of any connection waiting could be for its own thread
            if not self.wait_closed(self._limits.close_timeout + 1.0):
                self.cut_off()
                self.wait_closed()
            if transport.reactor.stopping:
                transport.reactor.close()

    def wait_closed(self, timeout: float | None = None) -> bool:
        """Wait until the socket is closed; false: not within ``timeout`` seconds.

        Raises InvalidState in a handler, which would wait for its own thread.
        """
        with self.transport.lock:
            if self._gone is None:
                self._gone = threading.Event()
        if self.transport.reactor.here and not self._gone.is_set() and (timeout is None or timeout > 0):
            raise InvalidState("wait_closed in a handler waits for the thread that it runs in: use on_close")
        return wait(self._gone, timeout)

    def fail(self, error: BaseException, code: int | None = None) -> None:
        """End this connection because of ``error``: a close frame that says so, then TCP (§7.1.7).

        What another kind of error says is for the server's log, not for the peer. At once, so that no
        ``close`` that follows is faster and says 1000; the caller does not hold the transport's lock.
        """
        with self.transport.lock:
            self.fail_locked(error, code)

    def fail_locked(self, error: BaseException, code: int | None = None) -> None:
        """As `fail`; the caller holds the transport's lock."""
        if code is None:
            code = error.code if isinstance(error, ProtocolError) else 1011
        reason = str(error) if isinstance(error, ProtocolError | TimeoutError) else "internal error"
        self._end(error, code, reason)

    def handler_failed(self, error: BaseException) -> None:
        """Your code raised ``error``: it is kept and logged, and the connection ends with 1011, at once.

        SystemExit and KeyboardInterrupt too: they would end a thread that others depend on. Only the
        ConnectionClosed of a handler that wanted to answer a peer who has left is no error.
        """
        if not (isinstance(error, ConnectionClosed) and not self._alive):
            self.report(error)
            self._fail(error, 1011, "internal error")

    def report(self, error: BaseException) -> None:
        """Tell the owner, who keeps and logs it; each error once."""
        if error is not self._reported:
            self._reported = error
            self.owner.failed(self, error)

    def cut_off(self) -> None:
        """End TCP without the peer's close frame; where bytes are still pending ``error`` says so."""
        if self.transport.pending:
            self.error = self.error or TimeoutError(
                f"closed with {self.transport.pending} bytes not sent: the peer reads too slowly"
            )
        self.transport.abort()

    def refuse(self, error: HandshakeError) -> None:
        """Give up an opening that is not done: by ``error``'s HTTP status, after the 101 by a close code."""
        if self._protocol.state is State.OPEN:
            code = CloseCode.TRY_AGAIN_LATER if error.status == 503 else CloseCode.POLICY_VIOLATION
            self._fail(error, code, str(error))
        else:
            with self.transport.lock:
                events = self._protocol.refuse(error)
            self._tell(events)

    def begin(self, handler: Handler) -> None:
        """From now on ``handler`` is told; where there is none for messages, they wait for `recv`."""
        self._handler = handler
        self.authenticated = True
        if handler.on_message is None:
            limits = self._limits
            self._inbox = Inbox(limits.inbox_messages, limits.inbox_size, self._room)
        with self.transport.lock:  # it is listed when the peer hears the 101, and no broadcast comes before
            self.owner.opened(self)
            self.transport.write(self._protocol.data_to_send_first())
        self._call(handler.on_open)

    # -- the transport's sink, in the reactor's thread ----------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes came: turn them into events, and tell of them."""
        with self.transport.lock:
            events = self._protocol.receive(data)
        if len(events) == 1 and type(events[0]) is Message:  # what `_tell` does, 0.1 µs faster
            self._message(events[0].data)
        else:
            self._tell(events)

    def get_buffer(self) -> memoryview | None:
        """The rest of a large message goes to its place at once."""
        return self._protocol.get_buffer()

    def buffer_updated(self, size: int) -> None:
        """So much of it came."""
        with self.transport.lock:
            events = self._protocol.buffer_updated(size)
        self._tell(events)

    def eof_received(self) -> None:
        """The peer will send no more."""
        with self.transport.lock:
            events = self._protocol.receive_eof()
        self._tell(events)
        self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed: whoever waits is woken."""
        with self.transport.lock:
            events = self._protocol.receive_eof()
        self.error = self.error or error
        self._tell(events)
        self.owner.ended(self)
        with self.transport.lock:
            gone, self._gone = self._gone, GONE
        if gone is not None:
            gone.set()

    # -- events -------------------------------------------------------------------------------------------

    def _tell(self, events: list[Event]) -> None:
        if len(events) == 1:
            event = events[0]
            if type(event) is Message:
                self._message(event.data)
            else:
                self._event(event)
        elif events:  # answers to messages that came together leave together
            transport = self.transport
            transport.cork()
            try:
                for event in events:
                    if type(event) is Message:
                        self._message(event.data)
                    else:
                        self._event(event)
            finally:
                transport.uncork()
        if self._protocol.has_data_to_send:
            self.flush()

    def flush(self) -> None:
        """Send what the protocol itself owes: the handshake, pongs, a close frame.

        While too much is pending the pongs wait, and of those that wait only the newest is kept.
        """
        transport, protocol = self.transport, self._protocol
        with transport.lock:
            if transport.pending <= self._limits.high_water or protocol.state is not State.OPEN:
                transport.write(protocol.data_to_send())

    def _flush_first(self) -> None:
        """The handshake, and pongs: before the answers to the messages that came after them."""
        transport = self.transport
        with transport.lock:
            if transport.pending <= self._limits.high_water:
                transport.write(self._protocol.data_to_send_first())

    def _message(self, data: str | bytes) -> None:
        on_message = self._handler.on_message
        self._active = self.transport.reactor.now
        if on_message is not None:
            if self.error is not None:
                return  # it has failed, and only waits for the peer's close frame
            try:
                done = on_message(self, data)
                if done is not None:
                    check_done("on_message", done)
            except BaseException as error:
                self.handler_failed(error)
        elif self._inbox is not None and not self._inbox.put(data):
            self.transport.pause_reading()

    def _event(self, event: Event) -> None:
        now = self.transport.reactor.now
        match event:
            case Opened():
                self._active = now
                if self.authenticated:
                    self.begin(self._handler)
                else:
                    self.flush()
            case Refused():
                self._active = now
                self.error = self.error or event.error
                self.owner.refused(self, event)  # on record before the peer hears of it
                self.flush()
                self.transport.write_eof()
            case Ping():
                self._flush_first()
            case Pong(payload):
                self._pong(payload)
            case Closing() | Failed():
                self._ended(now)
                self.flush()
                # The server ends TCP first (RFC 6455 §7.1.1). After a failure it lingers, because closing a
                # socket with unread bytes resets it, and the close frame could be lost.
                if type(event) is Closing and self._protocol.side is Side.SERVER:
                    self.transport.close()
                else:
                    self.transport.write_eof()
            case Closed():
                self._ended(now)
                self._call(self._handler.on_close)

    def _ended(self, now: float) -> None:
        """Nothing more will be heard: whoever waits for it is woken."""
        self._active = now
        self.error = self.error or self._protocol.error
        with self.transport.lock:
            self._end_pings()
            self._give_up()
        if self._inbox is not None:
            self._inbox.end(self.close_code or CloseCode.ABNORMAL, self.close_reason, self.error)
        self.owner.closing(self)

    def _call(self, function: Callable[[Any], object] | None) -> None:
        if function is not None:
            try:
                check_done(getattr(function, "__name__", "handler"), function(self))
            except BaseException as error:
                self.handler_failed(error)

    def _fail(self, error: BaseException, code: int, reason: str) -> None:
        """End the connection with a close code and reason that say whose fault it was."""
        with self.transport.lock:
            self._end(error, code, reason)

    def _end(self, error: BaseException, code: int, reason: str) -> None:
        """As `_fail`; the caller holds the transport's lock."""
        self.error = self.error or error
        if self._protocol.state is State.OPEN:
            self._active = time.monotonic()
            self.transport.write(self._protocol.close(code, short_reason(reason)))
            self._give_up()

    def _room(self) -> None:
        self.transport.reactor.call_soon(self._resume)

    def _resume(self) -> None:
        if self._inbox is not None and not self._inbox.full:  # more may have come since there was room
            self.transport.resume_reading()
