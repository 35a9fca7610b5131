"""The heartbeat of a connection: pings, round-trip times, and every deadline.

TCP does not tell whether a peer is still there: one that lost its power, or its network, looks like one that
sends nothing. So after ``limits.ping_interval`` seconds without a byte a ping goes out, and bytes must come
back within ``limits.pong_timeout`` (RFC 6455 §5.5.2). Knows nothing of messages.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from typing import NamedTuple

from wsdemo.net.sending import Sender
from wsdemo.net.waiting import wait
from wsdemo.protocol.errors import ConnectionClosed, HandshakeError
from wsdemo.protocol.states import CONNECTING, OPEN, State


class Fail(NamedTuple):
    """End the connection with a close frame."""

    error: TimeoutError
    code: int


class Refuse(NamedTuple):
    """End the opening: it took too long."""

    error: HandshakeError


class CutOff(NamedTuple):
    """End TCP now: the peer does not do its part of the closing handshake, or reads nothing."""

    error: TimeoutError | None


class Heartbeat:
    """The clock of a connection; all times are seconds on the monotonic clock."""

    __slots__ = ("_heard", "_pinged", "_pings", "_sender", "active", "latency", "messages")

    def __init__(self, sender: Sender) -> None:
        self.latency: float | None = None  #: seconds from the last answered ping to its pong
        self.messages = 0  #: messages that have come
        self.active = sender.transport.reactor.now  #: the last message, as far as seen, or change of state
        self._heard = 0  # messages that had come at the last look
        self._sender = sender
        self._pinged = -math.inf  # when the last keepalive ping went out; the clock may begin anywhere
        self._pings: dict[bytes, _Waiting] | None = None  # by payload, the oldest first

    def ping(self, timeout: float | None) -> float:
        """See `Connection.ping`: raises TimeoutError and ConnectionClosed."""
        timeout = self._sender.limits.pong_timeout if timeout is None else timeout
        waiting = _Waiting(threading.Event())
        payload = self._send_ping(waiting)
        assert waiting.answered is not None
        if not wait(waiting.answered, timeout):
            with self._sender.transport.lock:
                if self._pings is not None:
                    self._pings.pop(payload, None)
            raise TimeoutError(f"no pong within {timeout:g} seconds")
        if waiting.took is None:
            raise self._sender.closed_error()
        return waiting.took

    def pong(self, payload: bytes) -> None:
        """ "A Pong frame sent in response to a Ping frame" may answer several: all that went before it
        (RFC 6455 §5.5.3). One that answers none is a heartbeat of the peer's."""
        with self._sender.transport.lock:  # a thread in `ping` may be adding to them
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

    def end(self) -> None:
        """No pong will come any more: wake the threads that wait; the caller holds the transport's lock."""
        pings, self._pings = self._pings, None
        for waiting in list((pings or {}).values()):
            waiting.end(None)

    def check(self, now: float, state: State, authenticated: bool) -> Fail | Refuse | CutOff | None:
        """The action that a deadline demands, or None; called several times within each, by the reactor."""
        limits = self._sender.limits
        if self._sender.transport.stalled(now):
            return CutOff(TimeoutError(f"took no byte for {limits.write_timeout:g} seconds"))
        if state is CONNECTING or (state is OPEN and not authenticated):
            return self._opening(now, state)
        if state is OPEN:
            return self._keep_alive(now) or self._idle(now)
        late = now - max(self.active, self._sender.closing_since) > limits.close_timeout
        return CutOff(None) if late else None

    def _opening(self, now: float, state: State) -> Refuse | None:
        """The deadline of the opening: TLS, the handshake, and the first message where that authorizes."""
        seconds = self._sender.limits.open_timeout
        if now - self.active <= seconds:
            return None
        what = "the opening handshake" if state is CONNECTING else "the first message"
        if self._sender.transport.tls is not None and not self._sender.transport.tls.ready:
            what = "the TLS handshake"
        return Refuse(HandshakeError(f"{what} did not come within {seconds:g} seconds", 408))

    def _keep_alive(self, now: float) -> Fail | None:
        """After the ping interval without a byte: ask, or give up."""
        transport, limits = self._sender.transport, self._sender.limits
        interval, timeout = limits.ping_interval, limits.pong_timeout
        if interval is None or now - transport.received_at <= interval or not transport.is_reading:
            return None
        if transport.received_at >= self._pinged:
            self._pinged = now
            with contextlib.suppress(ConnectionClosed):  # by another thread, just now
                self._send_ping(_Waiting(None))
        elif timeout is not None and now - self._pinged > timeout:
            return Fail(TimeoutError(f"no pong within {timeout:g} seconds"), 1011)
        return None

    def _idle(self, now: float) -> Fail | None:
        seconds = self._sender.limits.idle_timeout
        if self.messages != self._heard:
            self._heard, self.active = self.messages, self._sender.transport.received_at
        if seconds is None or now - self.active <= seconds:
            return None
        return Fail(TimeoutError(f"no message for {seconds:g} seconds"), 1000)

    def _send_ping(self, waiting: _Waiting) -> bytes:
        with self._sender.transport.lock:
            if self._pings is None:
                self._pings = {}
            payload = b"%x" % time.monotonic_ns()
            while payload in self._pings:  # a clock may stand still for a while
                payload += b"+"
            self._sender.ping(payload)
            self._pings[payload] = waiting
        return payload


class _Waiting:
    """A ping without its pong, and perhaps a thread that waits for it."""

    __slots__ = ("answered", "sent", "took")

    def __init__(self, answered: threading.Event | None) -> None:
        self.answered = answered
        self.sent = time.monotonic()
        self.took: float | None = None

    def end(self, now: float | None) -> None:
        """The pong has come ``now``; None: none will."""
        if now is not None:
            self.took = now - self.sent
        if self.answered is not None:
            self.answered.set()
