"""The sending half of a connection: messages and fragments onto a wire, in order, and never without bound.

::

    send("…") ──► room? ──► encode ──► wire        one lock around the two, so frames leave in order
                   │
                   └─ no: a thread of yours waits; a handler can't, so `limits.overflow` decides

Knows nothing of receiving.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Final

from wsdemo.net.wire import Wire
from wsdemo.protocol.errors import ConnectionClosed, InvalidState, PolicyViolation
from wsdemo.protocol.limits import Limits
from wsdemo.protocol.prepared import Prepared
from wsdemo.protocol.protocol import Protocol
from wsdemo.protocol.sending import payload_size
from wsdemo.protocol.states import State

Data = str | bytes | bytearray | memoryview
#: The same for ``isinstance``: a union would be made anew for each message (0.4 µs).
KINDS: Final = (str, bytes, bytearray, memoryview)

OPEN: Final = State.OPEN  # an attribute of an Enum costs 0.03 µs each time

FORKED: Final = "this connection belongs to the process that opened it: open one after the fork"


class Sender:
    """What of a connection sends. ``wire`` is set by who makes it, before anything else."""

    __slots__ = ("_latest", "_limits", "_protocol", "_streamer", "dropped", "wire")

    wire: Wire

    def __init__(self, protocol: Protocol, limits: Limits) -> None:
        self.dropped = 0  #: messages not sent, by the policy for slow readers
        self._protocol = protocol
        self._limits = limits
        self._latest: Data | None = None  # the message that replaces those not sent
        self._streamer: _Streamer | None = None  # the thread that sends a message in fragments

    def send(self, message: Data | Iterable[Data]) -> None:
        """Send a message: ``str`` as text, bytes as binary, an iterable of either as its fragments.

        From a thread of yours it waits while more than ``limits.high_water`` bytes are pending, at most
        ``limits.write_timeout`` seconds (TimeoutError: nothing of the message was sent). From a handler it
        never waits: over ``limits.buffer_size`` pending bytes ``limits.overflow`` decides.
        Raises ConnectionClosed.
        """
        if not isinstance(message, KINDS):
            self._send_fragments(message)
            return
        wire = self.wire
        if wire.reactor.forked:
            raise InvalidState(FORKED)
        with wire.lock:
            if wire.pending > self._limits.high_water or self._streamer is not None:
                if not wire.reactor.here:
                    self._wait_for_turn()
                elif self._streamer is not None:
                    self._streamer.waiting.append(message)
                    return
            self._write(message)

    def send_prepared(self, message: Data, prepared: Prepared) -> None:
        """Write a message that is encoded already, without waiting: what a server's `broadcast` does."""
        wire, protocol = self.wire, self._protocol
        with wire.lock:
            if wire.broken is not None or protocol.state is not State.OPEN:
                return
            if self._streamer is not None:
                self._streamer.waiting.append(message)
            elif wire.pending and wire.pending + payload_size(message) > self._limits.buffer_size:
                self._overflow(message)
            else:
                wire.write(prepared.for_connection(protocol))

    def ready(self) -> bool:
        """Whether the plain frame of a broadcast may be written now: open, no compression, no fragments."""
        protocol = self._protocol
        return protocol.state is OPEN and protocol.deflate is None and self._streamer is None

    def drained(self) -> None:
        """The peer has caught up: now the latest message, where that is the policy."""
        with self.wire.lock:
            message, self._latest = self._latest, None
            if message is not None and self._protocol.state is State.OPEN and self._streamer is None:
                self._write(message)
            if self._protocol.owes:  # pongs that waited
                self.wire.write(self._protocol.owed())

    def fail(self, error: BaseException, code: int | None = None) -> None:
        """End this connection because of ``error``; from any thread."""
        raise NotImplementedError

    # -- one message, one frame: the caller holds the wire's lock ------------------------------------------

    def _write(self, message: Data) -> None:
        wire, protocol = self.wire, self._protocol
        if wire.broken is not None or protocol.state is not OPEN:
            self._check_open()
        if wire.pending and wire.pending + payload_size(message) > self._limits.buffer_size:
            self._overflow(message)
        elif isinstance(message, str):
            wire.write(protocol.send_text(message))
        else:
            wire.write(protocol.send_binary(message))

    def _overflow(self, message: Data) -> None:
        """A slow reader, and no room: what ``limits.overflow`` says."""
        if self._limits.overflow == "close":
            slow = PolicyViolation(f"{self.wire.pending} bytes wait for a slow reader: no more are kept")
            self.wire.reactor.call_soon(self.fail, slow)  # not under the lock, which the caller holds
        elif self._limits.overflow == "latest" and self._latest is None:
            self._latest = message  # it waits
        else:
            self.dropped += 1
            if self._limits.overflow == "latest":
                self._latest = message  # and the one that waited will not be sent

    def _wait_for_turn(self) -> None:
        """Wait for room, and for the end of somebody's fragmented message."""
        deadline = time.monotonic() + self._limits.write_timeout
        while (streamer := self._streamer) is not None:
            if streamer.thread == threading.get_ident():
                raise InvalidState("send was called while it iterates over the fragments of another message")
            if not streamer.done.wait(deadline - time.monotonic()):
                raise TimeoutError("another thread's fragmented message has not ended")
        self._wait_for_room(deadline)

    def _wait_for_room(self, deadline: float) -> None:
        if not self.wire.wait_for_room(deadline):
            raise TimeoutError(
                f"the peer reads too slowly: {self.wire.pending} bytes still pending "
                f"after {self._limits.write_timeout:g} seconds"
            )

    def _check_open(self) -> None:
        if self._protocol.state is State.CONNECTING:
            raise InvalidState("the opening handshake is not done yet")
        if self.wire.broken is not None or not self._protocol.can_send:
            raise self._closed()

    def _closed(self) -> ConnectionClosed:
        code = self._protocol.close_code
        return ConnectionClosed(1006 if code is None else code, self._protocol.close_reason or "")

    # -- one message, many frames ---------------------------------------------------------------------------

    def _send_fragments(self, parts: Iterable[Data]) -> None:
        """One message in as many frames as ``parts`` has, sent as they come (RFC 6455 §5.4)."""
        wire = self.wire
        if wire.reactor.here:
            raise InvalidState("a handler can't send a message in fragments: it would hold up the others")
        if wire.reactor.forked:
            raise InvalidState(FORKED)
        with wire.lock:
            self._wait_for_turn()
            self._check_open()
            streamer = self._streamer = _Streamer(threading.Condition(wire.lock))
        try:
            last: Data | None = None
            for part in parts:  # somebody else's code: not under the lock
                if last is not None:
                    self._send_fragment(last, fin=False)
                last = part
            if last is None:
                raise ValueError("a message of no fragments; send '' or b'' for an empty message")
            self._send_fragment(last, fin=True)
        except BaseException as error:
            if streamer.begun:  # half a message is out: nothing may follow it but its rest
                self.fail(error, 1011)
            raise
        finally:
            with wire.lock:
                self._streamer = None
                streamer.done.notify_all()
                for message in streamer.waiting:
                    if self._protocol.state is State.OPEN:
                        self._write(message)

    def _send_fragment(self, part: Data, fin: bool) -> None:
        with self.wire.lock:
            self._wait_for_room(time.monotonic() + self._limits.write_timeout)
            self._check_open()
            assert self._streamer is not None
            data = self._protocol.send_fragment(part, fin)
            self._streamer.begun = not fin
            self.wire.write(data)


class _Streamer:
    """A message that a thread sends in fragments, and the messages of handlers that wait behind it."""

    __slots__ = ("begun", "done", "thread", "waiting")

    def __init__(self, done: threading.Condition) -> None:
        self.thread = threading.get_ident()
        self.done = done
        self.begun = False  # a first frame is out, and the last is not
        self.waiting: list[Data] = []
