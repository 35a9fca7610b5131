"""One WebSocket connection: a `Protocol` (bytes ↔ events) on a `Transport` (bytes ↔ socket).

::

    your thread ── send ──► Protocol ──► Transport ──► socket
    your thread ◄── recv ◄── Inbox ◄─┐
    handler     ◄── on_message ◄─────┴── events ◄── Protocol ◄── Transport ◄── socket    reactor's thread

The same class serves both sides. The reactor's thread answers pings and close frames and watches the
deadlines, so a connection stays healthy while your own thread does something else.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar
from typing import Protocol as Interface

from wsdemo.net.counts import Traffic
from wsdemo.net.handler import Handler
from wsdemo.net.heartbeat import CutOff, Fail, Heartbeat, Refuse
from wsdemo.net.inbox import Inbox
from wsdemo.net.reactor import Reactor, current
from wsdemo.net.sending import FORKED, Data, Sender
from wsdemo.net.transport import Transport
from wsdemo.net.waiting import wait
from wsdemo.protocol.arguments import check_done, check_flag, check_kind
from wsdemo.protocol.codes import CloseCode, Side
from wsdemo.protocol.errors import ConnectionClosed, HandshakeError, InvalidState
from wsdemo.protocol.events import Closed, Closing, Event, Failed, Message, Opened, Ping, Pong, Refused
from wsdemo.protocol.http11 import serialize_response
from wsdemo.protocol.protocol import Protocol
from wsdemo.protocol.sending import BINARY_WHOLE, TEXT_WHOLE, as_bytes
from wsdemo.protocol.states import CLOSING, CONNECTING, OPEN, State
from wsdemo.record.record import Record, Tap

if TYPE_CHECKING:
    from wsdemo.net.tls import Tls
    from wsdemo.protocol.http11 import Request, Response
    from wsdemo.protocol.opening import Answer

#: For ``isinstance``: a union would be made anew for each message (0.4 µs).
BYTES: Final = (bytes, bytearray, memoryview)

#: Close codes after which iterating over a connection simply ends (RFC 6455 §7.4.1).
GOOD: Final = (1000, 1001, 1005)

T = TypeVar("T")

#: The event for the end of a connection that has ended already.
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
        """A thread works for a connection no longer."""


class Connection:
    """A WebSocket connection, from ``connect`` or as a server's handler gets it (RFC 6455).

    ``send``, ``ping`` and ``close`` may be called from any thread. Iterating yields the messages until the
    connection ends; it raises ConnectionClosed where that end was not a good one.
    """

    __slots__ = (
        "_address",
        "_gone",
        "_handler",
        "_heartbeat",
        "_inbox",
        "_protocol",
        "_reported",
        "authenticated",
        "id",
        "owner",
        "sender",
        "transport",
        "user",
    )

    def __init__(
        self,
        number: int,
        address: Any,
        protocol: Protocol,
        handler: Handler,
        owner: Owner,
        reactor: Reactor,
        sock: socket.SocketType,
        tap: Tap | None = None,
        tls: Tls | None = None,
    ) -> None:
        self.id = number  #: 1, 2, 3 … of its server, or of the clients of this process
        self._address = _packed(address)
        self.user: Any = None  #: the user that `authorize` gave for this connection
        self.authenticated = True  #: false until the first message has authorized the peer (`first_message`)
        self.owner = owner
        self.transport = Transport(reactor, sock, self, protocol.limits, tap, tls)
        self._protocol = protocol
        self.sender = Sender(protocol, self.transport)  #: see `Server.broadcast`
        self._heartbeat = Heartbeat(self.sender)
        self._handler = handler
        self._inbox: Inbox | None = None
        self._gone: threading.Event | None = None  # made when a thread waits for the end
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

    # -- its state ----------------------------------------------------------------------------------------

    @property
    def address(self) -> Any:
        """The peer's IP address and port."""
        packed = self._address
        if not isinstance(packed, int):
            return packed
        return socket.inet_ntoa((packed >> 16).to_bytes(4, "big")), packed & 0xFFFF

    @property
    def state(self) -> State:
        """CONNECTING, OPEN, CLOSING (a close frame was sent or received) or CLOSED (TCP has ended)."""
        return self._protocol.state

    @property
    def undecided(self) -> bool:
        """Whether the request has come, and `authorize` or the route has not decided yet."""
        return self._protocol.undecided

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

    @property
    def error(self) -> BaseException | None:
        """The error that ended the connection; None where it ended well."""
        return self.sender.error

    @property
    def latency(self) -> float | None:
        """Seconds from the last answered ping to its pong."""
        return self._heartbeat.latency

    @property
    def pending(self) -> int:
        """Bytes that were sent and that the kernel has not taken yet: above 0, the peer reads too slowly.

        While it is above 0, `on_drain` is still to come, or the end. Replies that are held until the end of
        a batch count only behind such bytes; messages that wait for another thread's fragments, or as the
        latest (``limits.overflow``), are not among them.
        """
        return self.transport.unsent

    @property
    def dropped(self) -> int:
        """Messages of handlers that were not sent, by ``limits.overflow`` or because the connection ended."""
        return self.sender.dropped

    @property
    def traffic(self) -> Traffic:
        """Messages and bytes each way so far, without those of broadcasts (see `Server.counts`)."""
        transport = self.transport
        return Traffic(
            self._heartbeat.messages, self.sender.messages, transport.bytes_received, transport.bytes_sent
        )

    @property
    def was_opened(self) -> bool:
        """Whether the opening handshake was done, even if the connection has ended since."""
        return self._protocol.state in (OPEN, CLOSING) or self.close_code is not None

    # -- messages, and the end ----------------------------------------------------------------------------

    def send(self, message: Data | Iterable[Data], *, compress: bool = True) -> None:
        """Send a message: ``str`` as text, bytes as binary, an iterable of either as its fragments.

        ``compress=False`` for a secret beside a stranger's text: the length of what is compressed tells how
        much they have in common, under TLS too (CRIME), and RFC 7692 has no answer to that. Such a message
        is not compressed, whatever was agreed, and with context takeover no later one refers back to it.

        Blocks when called outside the reactor thread while more than ``limits.high_water`` bytes are
        pending, at most ``limits.write_timeout`` seconds (TimeoutError: nothing of the message was sent).
        In a handler it never blocks: over ``limits.buffer_size`` pending bytes ``limits.overflow`` decides.
        Raises ConnectionClosed, also in a thread that waits when the connection closes; InvalidState before
        the connection is open, and for fragments in a handler; TypeError for any other type, and ValueError
        for an iterable of no fragments.
        """
        if compress is not True:
            check_flag("compress", compress)
        if isinstance(message, str):
            self.sender.send(TEXT_WHOLE, message.encode(), compress)
        elif isinstance(message, BYTES):
            self.sender.send(BINARY_WHOLE, as_bytes(message), compress)
        else:
            self.sender.send_fragments(message, compress)

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

    def ping(self, timeout: float | None = None) -> float:
        """Send a ping and wait for its pong: the round-trip time, in seconds (RFC 6455 §5.5.2).

        Raises TimeoutError after ``timeout`` seconds (``limits.pong_timeout`` by default), ConnectionClosed,
        and InvalidState in a handler, where waiting would hold up the thread that has to hear the pong.
        """
        if self.transport.reactor.here:
            raise InvalidState("a handler can't wait for a pong; `latency` has the last round-trip time")
        if self.transport.reactor.forked:
            raise InvalidState(FORKED)
        return self._heartbeat.ping(timeout)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Do the closing handshake (RFC 6455 §7.1.2), and wait for its end at most ``limits.close_timeout``.

        Earlier messages go first. Bytes that a slow reader has not taken by then are lost, and ``error``
        says so. In a handler it does not wait. Closing a closed connection does nothing. Raises ValueError
        for a code that no endpoint may send, or a reason of more than 123 bytes.
        """
        transport = self.transport
        if transport.reactor.forked:
            return
        if self._protocol.state is CONNECTING:
            transport.abort()
        else:
            self.sender.close(code, reason)
        if current() is None:  # in a handler of any connection waiting could be for its own thread
            if not self.wait_closed(self._protocol.limits.close_timeout + 1.0):
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

    def record(self, record: Record) -> None:
        """Record this connection from now on, behind its opening handshake; with TLS, its plain bytes.

        Nothing is missing where ``on_open`` calls it. TypeError for anything but a `Record`, InvalidState
        before the connection is open; nothing happens where it has ended.
        """
        check_kind("record", record, Record, "a Trace")
        request, response = self.request, self.response
        if request is None or response is None:
            raise InvalidState("a connection without its opening handshake cannot be recorded yet")
        side = self._protocol.side
        with self.transport.lock:
            tap = self.transport.record(record, "server" if side is Side.SERVER else "client", self.address)
            if tap is not None:
                first, then = (tap.received, tap.sent) if side is Side.SERVER else (tap.sent, tap.received)
                first(request.raw)
                then(response.raw or serialize_response(response))

    # -- for the creator of the connection ----------------------------------------------------------------

    def flush(self) -> None:
        """Send the protocol's own bytes: the handshake, pongs, a close frame."""
        self.sender.flush()

    def fail(self, error: BaseException) -> None:
        """End this connection because of ``error``: a close frame that says so, then TCP (§7.1.7)."""
        self.sender.fail(error)

    def handler_failed(self, error: BaseException) -> None:
        """Your code raised ``error``: it is kept and logged, and the connection ends with 1011, at once.

        SystemExit and KeyboardInterrupt too: they would end a thread that others depend on. Only the
        ConnectionClosed of a handler that wanted to answer a peer that has left is no error.
        """
        if not (isinstance(error, ConnectionClosed) and not self.sender.alive):
            self.report(error)
            self.sender.fail(error, CloseCode.INTERNAL_ERROR, "internal error")

    def report(self, error: BaseException) -> None:
        """Tell the owner, who keeps and logs it; each error once."""
        if error is not self._reported:
            self._reported = error
            self.owner.failed(self, error)

    def check(self, now: float) -> None:
        """Hold the deadlines; called in the reactor's thread, several times within each of them."""
        match self._heartbeat.check(now, self._protocol.state, self.authenticated):
            case Fail(error, code):
                self.sender.fail(error, code)
            case Refuse(error):
                self.refuse(self._not_decided() if self.undecided else error)
            case CutOff(error):
                self.cut_off(error)

    def cut_off(self, error: TimeoutError | None = None) -> None:
        """End TCP without the peer's close frame; where bytes are still pending ``error`` says so."""
        pending = self.transport.pending
        if error is None and pending:
            error = TimeoutError(f"closed with {pending} bytes not sent: the peer reads too slowly")
        self.sender.blame(error)
        self.transport.abort()

    def refuse(self, error: HandshakeError) -> None:
        """Give up an opening that is not done: by ``error``'s HTTP status, after the 101 by a close code."""
        if self._protocol.state is OPEN:
            code = CloseCode.TRY_AGAIN_LATER if error.status == 503 else CloseCode.POLICY_VIOLATION
            self.sender.fail(error, code, str(error))
            return
        with self.transport.lock:
            events = self._protocol.refuse(error)
        self._tell(self._event, events)
        if self.transport.tls is not None and not self.transport.tls.ready:
            self.transport.abort()  # before TLS is ready nothing can be told to the peer

    def decide(self, answer: Answer | HandshakeError) -> None:
        """Answer a request that was undecided; nothing happens where that comes too late."""
        with self.transport.lock:
            events = self._protocol.decide(answer)
        self._tell(self._event, events)

    def _not_decided(self) -> HandshakeError:
        """The error for an opening that is late by our own fault."""
        seconds = self._protocol.limits.open_timeout
        return HandshakeError(f"not decided within {seconds:g} seconds: try again later", 503)

    def begin(self, handler: Handler) -> None:
        """Call ``handler`` from now on; where it takes no messages, they wait for `recv`."""
        self._handler = handler
        self.authenticated = True
        if handler.on_message is None:
            limits = self._protocol.limits
            self._inbox = Inbox(limits.inbox_messages, limits.inbox_size, self._room)
        with self.transport.lock:  # it is listed when the peer hears the 101, and no broadcast comes before
            self.owner.opened(self)
            self.transport.write(self._protocol.data_to_send_first())
        self._call(handler.on_open)

    # -- the transport's sink, in the reactor's thread ----------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes came: turn them into events, and report these."""
        messages, end = self._protocol.messages(data)
        if messages:
            self._heartbeat.messages += len(messages)
            self._tell(self._message, messages)
        if end < len(data):
            with self.transport.lock:
                events = self._protocol.receive(data[end:])
            self._tell(self._event, events)

    def get_buffer(self) -> memoryview | None:
        """The rest of a large message goes to its place at once."""
        return self._protocol.get_buffer()

    def buffer_updated(self, size: int) -> None:
        """``size`` bytes of it came."""
        with self.transport.lock:
            events = self._protocol.buffer_updated(size)
        self._tell(self._event, events)

    def eof_received(self) -> None:
        """The peer will send no more."""
        with self.transport.lock:
            events = self._protocol.receive_eof()
        self._tell(self._event, events)
        self.transport.close()

    def resume_writing(self) -> None:
        """The kernel has taken all pending bytes."""
        self.sender.resume_writing()
        if self._protocol.state is OPEN:
            self._call(self._handler.on_drain)

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed: wake the threads that wait for that."""
        with self.transport.lock:
            events = self._protocol.receive_eof()
        self.sender.blame(error)
        self._tell(self._event, events)
        self.owner.ended(self)
        with self.transport.lock:
            gone, self._gone = self._gone, GONE
        if gone is not None:
            gone.set()

    # -- events -------------------------------------------------------------------------------------------

    def _tell(self, tell: Callable[[T], object], things: list[T]) -> None:
        """Call ``tell`` with each; answers to messages that came together leave together."""
        if len(things) == 1:
            tell(things[0])
            return
        if not things:
            return
        self.transport.cork()
        try:
            for thing in things:
                tell(thing)
        finally:
            self.transport.uncork()
        if self._protocol.has_data_to_send:  # pongs, while too much was corked
            self.sender.flush()

    def _message(self, message: str | bytes) -> None:
        """Hand on a message, to your handler or the inbox."""
        on_message = self._handler.on_message
        if on_message is not None:
            if self.sender.error is not None:
                return  # it has failed, and only waits for the peer's close frame
            try:
                done = on_message(self, message)
                if done is not None:
                    check_done("on_message", done)
            except BaseException as error:
                self.handler_failed(error)
        elif self._inbox is not None and not self._inbox.put(message):
            self.transport.pause_reading()

    def _event(self, event: Event) -> None:
        if type(event) is Message:  # 2 µs less than as a case
            self._heartbeat.messages += 1
            self._message(event.data)
            return
        now = self.transport.reactor.now
        match event:
            case Opened():
                if self.authenticated:
                    self._heartbeat.active = now
                    self.begin(self._handler)
                else:
                    self.sender.flush()
            case Refused():
                self._heartbeat.active = now
                self.sender.blame(event.error)
                self.owner.refused(self, event)  # on record before the peer hears of it
                self.sender.flush()
                self.transport.write_eof()
            case Ping():
                self.sender.flush_first()
            case Pong(payload):
                self._heartbeat.pong(payload)
            case Closing() | Failed():
                self._ended(now)
                self.sender.flush()
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
        """Nothing more will be heard: wake the threads that wait for it."""
        self._heartbeat.active = now
        self.sender.blame(self._protocol.error)
        with self.transport.lock:
            self._heartbeat.end()
            self.sender.give_up()
        if self._inbox is not None:
            self._inbox.end(self.close_code or CloseCode.ABNORMAL, self.close_reason, self.error)
        self.owner.closing(self)

    def _call(self, function: Callable[[Any], object] | None) -> None:
        if function is not None:
            try:
                check_done(getattr(function, "__name__", "handler"), function(self))
            except BaseException as error:
                self.handler_failed(error)

    def _room(self) -> None:
        self.transport.reactor.call_soon(self._resume)

    def _resume(self) -> None:
        if self._inbox is not None and not self._inbox.full:  # more may have come since there was room
            self.transport.resume_reading()


def _packed(address: Any) -> Any:
    """An IPv4 address and its port as one number, 0.12 KiB less; any other address as it is."""
    if len(address) != 2:
        return address
    host, port = address
    return int.from_bytes(socket.inet_aton(host), "big") << 16 | port
