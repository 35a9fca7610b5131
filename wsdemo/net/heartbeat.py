"""Is the peer still there? Pings, round-trip times, and every deadline of a connection.

TCP does not tell: a peer that lost its power, or its network, looks like one that has nothing to say. So
after ``limits.ping_interval`` seconds without a byte a ping goes out, and something must come back within
``limits.pong_timeout`` (RFC 6455 §5.5.2). Knows nothing of messages.
"""

from __future__ import annotations

import threading
import time

from wsdemo.net.sending import FORKED, Sender
from wsdemo.net.waiting import wait
from wsdemo.protocol.errors import HandshakeError, InvalidState
from wsdemo.protocol.limits import Limits
from wsdemo.protocol.protocol import Protocol
from wsdemo.protocol.states import State


class Heartbeat(Sender):
    """What of a connection watches the time: seconds on the monotonic clock."""

    __slots__ = ("_active", "_born", "_pinged", "_pings", "authenticated", "error", "latency")

    def __init__(self, protocol: Protocol, limits: Limits, now: float) -> None:
        super().__init__(protocol, limits)
        self.latency: float | None = None  #: seconds from the last answered ping to its pong
        self.error: BaseException | None = None  #: why it ended, where it did not end well
        self.authenticated = True  #: false until the first message has said who this is (`first_message`)
        self._born = now
        self._active = now  # the last message, or change of state
        self._pinged = 0.0  # when the last keepalive ping went out
        self._pings: dict[bytes, _Waiting] | None = None  # by payload, the oldest first

    def ping(self, timeout: float | None = None) -> float:
        """Send a ping and wait for its pong: the round-trip time, in seconds (RFC 6455 §5.5.2).

        Raises TimeoutError after ``timeout`` seconds (``limits.pong_timeout`` by default), ConnectionClosed,
        and InvalidState in a handler, where waiting would hold up the thread that has to hear the pong.
        """
        if self.transport.reactor.here:
            raise InvalidState("a handler can't wait for a pong; `latency` has the last round-trip time")
        if self.transport.reactor.forked:
            raise InvalidState(FORKED)
        timeout = self._limits.pong_timeout if timeout is None else timeout
        waiting = _Waiting(threading.Event())
        with self.transport.lock:
            payload = self._send_ping(waiting)
        assert waiting.answered is not None
        if not wait(waiting.answered, timeout):
            with self.transport.lock:
                if self._pings is not None:
                    self._pings.pop(payload, None)
            raise TimeoutError(f"no pong within {timeout:g} seconds")
        if waiting.took is None:
            raise self._closed_error()
        return waiting.took

    def check(self, now: float) -> None:
        """Hold the deadlines; called in the reactor's thread, several times within each of them."""
        limits, transport = self._limits, self.transport
        state = self._protocol.state
        if transport.stalled(now):
            self.error = self.error or TimeoutError(f"took no byte for {limits.write_timeout:g} seconds")
            transport.abort()
        elif state is State.OPEN and self.authenticated:
            if (
                limits.ping_interval is not None
                and now - transport.received_at > limits.ping_interval
                and transport.is_reading
            ):
                self._keep_alive(now)
            if limits.idle_timeout is not None and now - self._active > limits.idle_timeout:
                self.fail(TimeoutError(f"no message for {limits.idle_timeout:g} seconds"), 1000)
        elif state is State.CONNECTING or state is State.OPEN:
            if now - self._born > limits.open_timeout:
                what = "the opening handshake" if state is State.CONNECTING else "the first message"
                if transport.tls is not None and not transport.tls.ready:
                    what = "the TLS handshake"
                self.refuse(
                    HandshakeError(f"{what} did not come within {limits.open_timeout:g} seconds", 408)
                )
                if transport.tls is not None and not transport.tls.ready:
                    transport.abort()  # there is no way yet to tell it so
        elif now - self._active > limits.close_timeout:
            self.cut_off()

    def cut_off(self) -> None:
        """End TCP without the peer's close frame; where bytes are still pending ``error`` says so."""
        raise NotImplementedError

    def refuse(self, error: HandshakeError) -> None:
        """Give up an opening that is not done: by ``error``'s HTTP status, after the 101 by a close code."""
        raise NotImplementedError

    def _keep_alive(self, now: float) -> None:
        """Nothing was heard for the ping interval: ask, or give up."""
        transport, timeout = self.transport, self._limits.pong_timeout
        if transport.received_at >= self._pinged:
            self._pinged = now
            with transport.lock:
                self._send_ping(_Waiting(None))
        elif timeout is not None and now - self._pinged > timeout:
            self.fail(TimeoutError(f"no pong within {timeout:g} seconds"), 1011)

    def _send_ping(self, waiting: _Waiting) -> bytes:
        """Send a ping of our own; the caller holds the transport's lock."""
        self._check_open()
        if self._pings is None:
            self._pings = {}
        payload = b"%x" % time.monotonic_ns()
        while payload in self._pings:  # a clock may stand still for a while
            payload += b"+"
        self._pings[payload] = waiting
        self.transport.write(self._protocol.ping(payload))
        return payload

    def _pong(self, payload: bytes) -> None:
        """ "A Pong frame sent in response to a Ping frame" may answer several: all that went before it
        (RFC 6455 §5.5.3). One that answers none is a heartbeat of the peer's."""
        with self.transport.lock:  # a thread in `ping` may be adding to them
            pings = self._pings
            if pings is None or payload not in pings:
                return
            now = time.monotonic()
            self.latency = now - pings[payload].sent
            for earlier in list(pings):
                pings.pop(earlier).end(now)
                if earlier == payload:
                    break
            if not pings:
                self._pings = None

    def _end_pings(self) -> None:
        """Nobody will answer any more; the caller holds the transport's lock."""
        pings, self._pings = self._pings, None
        for waiting in list((pings or {}).values()):
            waiting.end(None)


class _Waiting:
    """A ping without its pong, and perhaps a thread that waits for it."""

    __slots__ = ("answered", "sent", "took")

    def __init__(self, answered: threading.Event | None) -> None:
        self.answered = answered
        self.sent = time.monotonic()
        self.took: float | None = None

    def end(self, now: float | None) -> None:
        if now is not None:
            self.took = now - self.sent
        if self.answered is not None:
            self.answered.set()
