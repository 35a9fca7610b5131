"""The sending half of a connection: messages and fragments, in order, and never without bound.

::

    send("…") ──► room? ──► encode ──► transport        one lock around the two, so frames leave in order
                   │
                   └─ no: another thread waits; a handler can't, so `limits.overflow` decides

It also sends the last frame, a close frame. Knows nothing of receiving.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any, Final

from wsdemo.net.transport import Transport
from wsdemo.protocol.errors import ConnectionClosed, InvalidState, PolicyViolation, ProtocolError
from wsdemo.protocol.frames import short_reason
from wsdemo.protocol.limits import Limits
from wsdemo.protocol.prepared import Prepared
from wsdemo.protocol.protocol import Protocol
from wsdemo.protocol.states import CONNECTING, OPEN

Data = str | bytes | bytearray | memoryview
#: A message that waits: the first byte of its frame, its payload, and whether it may be compressed.
Waiting = tuple[int, bytes, bool]

FORKED: Final = "this connection belongs to the process that opened it: open one after the fork"


class Sender:
    """Encodes the messages of a connection and writes them to its transport."""

    __slots__ = (
        "_at_once",
        "_latest",
        "_protocol",
        "_streamer",
        "closing_since",
        "dropped",
        "error",
        "messages",
        "transport",
    )

    def __init__(self, protocol: Protocol, transport: Transport) -> None:
        self.messages = 0  #: messages that were sent whole (those of `fan_out` apart)
        self.dropped = 0  #: messages of handlers that were not sent
        self.error: BaseException | None = None  #: the error that ended the connection, if one did
        self.closing_since = 0.0  #: time of our close frame, seconds on the monotonic clock
        self._protocol = protocol
        self.transport = transport
        # Up to this many pending bytes no thread waits and no policy applies: without it each answer to
        # messages that came together would go a slow reader's way, at 1.2 times the cost of 100 in flight.
        self._at_once = min(protocol.limits.high_water, protocol.limits.buffer_size)
        self._latest: Waiting | None = None  # the message that replaces those not sent
        self._streamer: _Streamer | None = None  # the thread that sends a message in fragments

    @property
    def limits(self) -> Limits:
        """The bounds of this connection."""
        return self._protocol.limits

    def send(self, first: int, payload: bytes, compress: bool = True) -> None:
        """Send a whole message. ``first``: the first byte of its frame, TEXT_WHOLE or BINARY_WHOLE.

        ``compress``: false for one that must not be compressed.
        Raises as `Connection.send`: InvalidState, ConnectionClosed, TimeoutError.
        """
        transport = self.transport
        if transport.reactor.forked:
            raise InvalidState(FORKED)
        with transport.lock:
            if (
                transport.pending + len(payload) > self._at_once
                or self._streamer is not None
                or self._latest is not None
            ):
                if not transport.reactor.here:
                    self._wait_for_turn(time.monotonic() + self.limits.write_timeout)
                elif not self._admit(first, payload, compress):
                    return
            self._write(first, payload, compress)

    def send_prepared(self, prepared: Prepared) -> None:
        """Write an encoded message without waiting: a `broadcast` in the reactor's thread.

        A connection that is not open is skipped, without InvalidState or ConnectionClosed.
        """
        with self.transport.lock:
            if not self.alive:
                return
            waits = self.transport.pending or self._streamer is not None or self._latest is not None
            if not waits or self._admit(prepared.first, prepared.payload, prepared.compress):
                self.messages += 1
                self.transport.write(prepared.for_connection(self._protocol))

    def offer_prepared(self, prepared: Prepared) -> bool:
        """Write an encoded message if there is room: a `broadcast` in another thread.

        False: not now. True as well where the connection has ended, and nothing can be written any more:
        neither InvalidState nor ConnectionClosed is raised then.
        """
        with self.transport.lock:
            if not self.alive:
                return True
            if self._must_wait(None):
                return False
            self._write_latest()
            self.messages += 1
            self.transport.write(prepared.for_connection(self._protocol))
            return True

    def to_write(self, prepared: Prepared) -> bytes | None:
        """The frame of a broadcast; None: not now. Neither InvalidState nor ConnectionClosed is raised."""
        if self._protocol.state is not OPEN or self._streamer is not None or self._latest is not None:
            return None
        return prepared.frame(self._protocol)

    def resume_writing(self) -> None:
        """The peer has caught up: send the latest message, where that is the policy.

        On a connection that is not open nothing is sent, without InvalidState or ConnectionClosed.
        """
        with self.transport.lock:
            self._write_latest()
            if self._protocol.has_data_to_send:  # pongs that waited
                self.transport.write(self._protocol.data_to_send())

    def flush(self) -> None:
        """Send the protocol's own bytes: the handshake, pongs, a close frame.

        While too much is pending the pongs wait, and of those that wait only the newest is kept.
        """
        transport, protocol = self.transport, self._protocol
        with transport.lock:
            if transport.pending <= self.limits.high_water or protocol.state is not OPEN:
                transport.write(protocol.data_to_send())

    def flush_first(self) -> None:
        """Send the handshake, and pongs: before the answers to the messages that came after them."""
        transport = self.transport
        with transport.lock:
            if transport.pending <= self.limits.high_water:
                transport.write(self._protocol.data_to_send_first())

    def ping(self, payload: bytes) -> None:
        """Send a ping; the caller holds the transport's lock. Raises ConnectionClosed, InvalidState."""
        self._check_open()
        self.transport.write(self._protocol.ping(payload))

    @property
    def alive(self) -> bool:
        """Whether messages can be sent."""
        return self._protocol.state is OPEN and self.transport.broken is None

    def closed_error(self) -> ConnectionClosed:
        """The error to raise where nothing can be sent any more."""
        code = self._protocol.close_code
        return ConnectionClosed(1006 if code is None else code, self._protocol.close_reason or "")

    # -- the end ------------------------------------------------------------------------------------------

    def close(self, code: int, reason: str) -> None:
        """Send a close frame behind all earlier frames.

        Where the connection is not open it does nothing, without InvalidState or ConnectionClosed.
        """
        with self.transport.lock:
            if self._protocol.state is OPEN:
                self._write_latest()
                self._close(code, reason)

    def fail(self, error: BaseException, code: int | None = None, reason: str | None = None) -> None:
        """End the connection because of ``error``: a close frame that says so, then TCP (RFC 6455 §7.1.7).

        Without ``reason`` the peer reads the text of a ProtocolError or TimeoutError; other errors are for
        the server's log only. The frame is written at once, so that no later `close` is faster, with 1000.
        """
        with self.transport.lock:
            self._fail(error, code, reason)

    def blame(self, error: BaseException | None) -> None:
        """Keep the error that ended the connection: the first one counts."""
        self.error = self.error or error

    def _fail(self, error: BaseException, code: int | None = None, reason: str | None = None) -> None:
        self.blame(error)
        if self._protocol.state is OPEN:
            if code is None:
                code = error.code if isinstance(error, ProtocolError) else 1011
            if reason is None:
                reason = str(error) if isinstance(error, ProtocolError | TimeoutError) else "internal error"
            self._close(code, short_reason(reason))

    def _close(self, code: int, reason: str) -> None:
        self.closing_since = time.monotonic()  # first: `Heartbeat.check` may look before the frame is out
        self.transport.write(self._protocol.close(code, reason))
        self.give_up()

    def give_up(self) -> None:
        """Count and drop the messages that wait, and wake the threads; the caller holds the lock."""
        if self._latest is not None:
            self._latest = None
            self.dropped += 1
        if self._streamer is not None:
            self.dropped += len(self._streamer.waiting)
            self._streamer.waiting.clear()
        self.transport.wake()

    # -- one message, one frame: the caller holds the transport's lock --------------------------------------

    def _write(self, first: int, payload: bytes, compress: bool) -> None:
        transport, protocol = self.transport, self._protocol
        if transport.broken is not None or protocol.state is not OPEN:
            self._check_open()
        self.messages += 1
        transport.write(protocol.send_whole(first, payload, compress))

    def _write_latest(self) -> None:
        """Write the latest message, where one waits and no thread's fragments are under way."""
        if self._latest is not None and self._streamer is None and self.alive:
            message, self._latest = self._latest, None
            self._write(*message)

    def _admit(self, first: int, payload: bytes, compress: bool) -> bool:
        """Whether a handler's message may be written now; if not, it is kept, or ``overflow`` decides."""
        self._check_open()
        streamer = self._streamer
        before = 0 if streamer is None else streamer.size
        if self._latest is not None or not self._fits(before, len(payload)):
            self._overflow((first, payload, compress))
            return False
        if streamer is not None:
            streamer.waiting.append((first, payload, compress))
            streamer.size += len(payload)
            return False
        return True

    def _fits(self, before: int, size: int) -> bool:
        """Whether there is room for ``size`` bytes, behind ``before`` that wait; the first always fits."""
        transport, bound = self.transport, self.limits.buffer_size
        if transport.pending + before + size <= bound:
            return True
        transport.push()  # corked bytes are not held up by a slow reader
        return not transport.pending + before or transport.pending + before + size <= bound

    def _overflow(self, message: Waiting) -> None:
        """The reader is too slow, and there is no room: follow ``limits.overflow``."""
        if self.limits.overflow == "close":
            self.dropped += 1
            self._fail(
                PolicyViolation(f"{self.transport.pending} bytes wait for a slow reader: no more are kept")
            )
        elif self.limits.overflow == "latest" and self._latest is None:
            self._latest = message
        else:
            self.dropped += 1
            if self.limits.overflow == "latest":
                self._latest = message  # the one that waited is dropped

    def _must_wait(self, mine: _Streamer | None) -> bool:
        """Whether a thread has to wait; ``mine``: the fragmented message that it is sending itself."""
        return self._streamer is not mine or self.transport.pending > self.limits.high_water

    def _wait_for_turn(self, deadline: float, mine: _Streamer | None = None) -> None:
        """Block until there is room, and no other thread's fragmented message is under way."""
        transport = self.transport
        while self._must_wait(mine):
            self._check_open()
            streamer = self._streamer
            if streamer is not mine and streamer is not None and streamer.thread == threading.get_ident():
                raise InvalidState("send was called while it iterates over the fragments of another message")
            if transport.wait(deadline):
                continue
            if streamer is not mine:
                raise TimeoutError("another thread's fragmented message has not ended")
            raise TimeoutError(
                f"the peer reads too slowly: {transport.pending} bytes still pending "
                f"after {self.limits.write_timeout:g} seconds"
            )
        self._write_latest()

    def _check_open(self) -> None:
        if self._protocol.state is CONNECTING:
            raise InvalidState("the opening handshake is not done yet")
        if self.transport.broken is not None or not self._protocol.can_send:
            raise self.closed_error()

    # -- one message, many frames ---------------------------------------------------------------------------

    def send_fragments(self, message: object, compress: bool = True) -> None:
        """Send a message in as many frames as it has parts, as they come (RFC 6455 §5.4).

        Raises as `Connection.send`: InvalidState, ConnectionClosed, TimeoutError, TypeError, ValueError.
        """
        parts = fragments(message)
        transport = self.transport
        if transport.reactor.here:
            raise InvalidState("a handler can't send a message in fragments: it would hold up the others")
        if transport.reactor.forked:
            raise InvalidState(FORKED)
        with transport.lock:
            self._wait_for_turn(time.monotonic() + self.limits.write_timeout)
            self._check_open()
            streamer = self._streamer = _Streamer()
        try:
            last: Data | None = None
            for part in parts:  # the caller's code: not under the lock
                if last is not None:
                    self._send_fragment(streamer, last, False, compress)
                last = part
            if last is None:
                raise ValueError("a message of no fragments; send '' or b'' for an empty message")
            self._send_fragment(streamer, last, True, compress)
        except BaseException as error:
            with transport.lock:
                if streamer.begun and self.alive:  # half a message is out: only its rest may follow it
                    self._fail(error, 1011)
            raise
        finally:
            with transport.lock:
                self._streamer = None
                if self.alive:
                    for message in streamer.waiting:  # within the bound, see `_admit`
                        self._write(*message)
                    self._write_latest()
                else:
                    self.dropped += len(streamer.waiting)
                transport.wake()

    def _send_fragment(self, streamer: _Streamer, part: Data, fin: bool, compress: bool) -> None:
        with self.transport.lock:
            self._wait_for_turn(time.monotonic() + self.limits.write_timeout, streamer)
            self._check_open()
            data = self._protocol.send_fragment(part, fin, compress=compress)
            streamer.begun = not fin
            self.messages += fin
            self.transport.write(data)


class _Streamer:
    """A message that a thread sends in fragments, and the messages of handlers that wait behind it."""

    __slots__ = ("begun", "size", "thread", "waiting")

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.begun = False  # a first frame is out, and the last is not
        self.waiting: list[Waiting] = []
        self.size = 0  # bytes in `waiting`


def fragments(message: object) -> Iterator[Data]:
    """The parts of a message; TypeError for a value that has none, and before a part of the wrong type.

    The parts of a list or tuple are checked before the first is given. A mapping or a set has elements too,
    but its keys are not meant as a message.

    >>> list(fragments(["Hel", "lo"]))
    ['Hel', 'lo']
    >>> fragments({"type": "login"})
    Traceback (most recent call last):
    TypeError: a message is str, bytes or an iterable of fragments, not dict; json.dumps makes a str of it
    """
    if isinstance(message, Set) or hasattr(message, "keys") or not isinstance(message, Iterable):
        hint = "; json.dumps makes a str of it" if hasattr(message, "keys") else ""
        raise TypeError(
            f"a message is str, bytes or an iterable of fragments, not {type(message).__name__}{hint}"
        )
    if isinstance(message, Sequence):
        message = list(_alike(message))
    return _alike(message)


def _alike(parts: Iterable[Any]) -> Iterator[Data]:
    """The parts as they come. TypeError for one that is neither text nor bytes, or unlike the first."""
    text: bool | None = None
    for part in parts:
        if not isinstance(part, Data):
            raise TypeError(f"a fragment is str or bytes, not {type(part).__name__}")
        if text is None:
            text = isinstance(part, str)
        elif text is not isinstance(part, str):
            raise TypeError("fragments of one message are all str or all bytes, not both")
        yield part
