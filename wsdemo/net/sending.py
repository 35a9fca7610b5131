"""The sending half of a connection: messages and fragments, in order, and never without bound.

::

    send("…") ──► room? ──► encode ──► transport        one lock around the two, so frames leave in order
                   │
                   └─ no: a thread of yours waits; a handler can't, so `limits.overflow` decides

Knows nothing of receiving.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any, Final

from wsdemo.net.transport import Transport
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
    """The sending half of a connection. ``transport`` is set by its creator, before anything else."""

    __slots__ = ("_latest", "_limits", "_protocol", "_streamer", "dropped", "transport")

    transport: Transport

    def __init__(self, protocol: Protocol, limits: Limits) -> None:
        self.dropped = 0  #: messages of handlers that were not sent
        self._protocol = protocol
        self._limits = limits
        self._latest: Data | None = None  # the message that replaces those not sent
        self._streamer: _Streamer | None = None  # the thread that sends a message in fragments

    def send(self, message: Data | Iterable[Data]) -> None:
        """Send a message: ``str`` as text, bytes as binary, an iterable of either as its fragments.

        Blocks when called outside the reactor thread while more than ``limits.high_water`` bytes are
        pending, at most ``limits.write_timeout`` seconds (TimeoutError: nothing of the message was sent).
        In a handler it never blocks: over ``limits.buffer_size`` pending bytes ``limits.overflow`` decides.
        Raises ConnectionClosed, also in a thread that waits when the connection closes; and TypeError.
        """
        if not isinstance(message, KINDS):
            self._send_fragments(message)
            return
        transport = self.transport
        if transport.reactor.forked:
            raise InvalidState(FORKED)
        with transport.lock:
            if transport.pending or self._streamer is not None or self._latest is not None:
                if not transport.reactor.here:
                    self._wait_for_turn(time.monotonic() + self._limits.write_timeout)
                elif not self._admit(message):
                    return
            self._write(message)

    def send_prepared(self, message: Data, prepared: Prepared) -> None:
        """Write an encoded message without waiting: a `broadcast` in the reactor thread."""
        with self.transport.lock:
            if not self._alive:
                return
            waits = self.transport.pending or self._streamer is not None or self._latest is not None
            if not waits or self._admit(message):
                self.transport.write(prepared.for_connection(self._protocol))

    def offer_prepared(self, prepared: Prepared) -> bool:
        """Write an encoded message if there is room: a `broadcast` in another thread.

        False: not now. True as well where the connection has ended, and nothing can be written any more.
        """
        with self.transport.lock:
            if not self._alive:
                return True
            if self._must_wait(None):
                return False
            self._write_latest()
            self.transport.write(prepared.for_connection(self._protocol))
            return True

    def ready(self) -> bool:
        """Whether the plain frame of a broadcast may be written now: no compression, nothing before it."""
        protocol = self._protocol
        return (
            protocol.state is OPEN
            and protocol.deflate is None
            and self._streamer is None
            and self._latest is None
        )

    def resume_writing(self) -> None:
        """The peer has caught up: now the latest message, where that is the policy."""
        with self.transport.lock:
            self._write_latest()
            if self._protocol.has_data_to_send:  # pongs that waited
                self.transport.write(self._protocol.data_to_send())

    def fail(self, error: BaseException, code: int | None = None) -> None:
        """End this connection because of ``error``; from any thread."""
        raise NotImplementedError

    def fail_locked(self, error: BaseException, code: int | None = None) -> None:
        """As `fail`; the caller holds the transport's lock."""
        raise NotImplementedError

    # -- one message, one frame: the caller holds the transport's lock -------------------------------------

    @property
    def _alive(self) -> bool:
        return self._protocol.state is OPEN and self.transport.broken is None

    def _write(self, message: Data) -> None:
        transport, protocol = self.transport, self._protocol
        if transport.broken is not None or protocol.state is not OPEN:
            self._check_open()
        if isinstance(message, str):
            transport.write(protocol.send_text(message))
        else:
            transport.write(protocol.send_binary(message))

    def _write_latest(self) -> None:
        """Where that is the policy, the message that waits, unless another's fragments are under way."""
        if self._latest is not None and self._streamer is None and self._alive:
            message, self._latest = self._latest, None
            self._write(message)

    def _admit(self, message: Data) -> bool:
        """Whether a handler's message may be written now; if not, it is kept, or ``overflow`` decides."""
        self._check_open()
        size = payload_size(message)
        streamer = self._streamer
        before = 0 if streamer is None else streamer.size
        if self._latest is not None or not self._fits(before, size):
            self._overflow(message)
            return False
        if streamer is not None:
            streamer.waiting.append(message)
            streamer.size += size
            return False
        return True

    def _fits(self, before: int, size: int) -> bool:
        """Whether there is room for ``size`` bytes, behind ``before`` that wait; the first always fits."""
        transport, bound = self.transport, self._limits.buffer_size
        if transport.pending + before + size <= bound:
            return True
        transport.push()  # bytes held for company are not a slow reader's
        return not transport.pending + before or transport.pending + before + size <= bound

    def _overflow(self, message: Data) -> None:
        """The reader is too slow, and there is no room: follow ``limits.overflow``."""
        if self._limits.overflow == "close":
            self.dropped += 1
            self.fail_locked(
                PolicyViolation(f"{self.transport.pending} bytes wait for a slow reader: no more are kept")
            )
        elif self._limits.overflow == "latest" and self._latest is None:
            self._latest = message
            self.transport.notify_drained()
        else:
            self.dropped += 1
            if self._limits.overflow == "latest":
                self._latest = message  # and the one that waited will not be sent

    def _must_wait(self, mine: _Streamer | None) -> bool:
        """Whether a thread has to wait; ``mine``: the fragmented message that it is sending itself."""
        return self._streamer is not mine or self.transport.pending > self._limits.high_water

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
                f"after {self._limits.write_timeout:g} seconds"
            )
        self._write_latest()

    def _check_open(self) -> None:
        if self._protocol.state is State.CONNECTING:
            raise InvalidState("the opening handshake is not done yet")
        if self.transport.broken is not None or not self._protocol.can_send:
            raise self._closed_error()

    def _closed_error(self) -> ConnectionClosed:
        code = self._protocol.close_code
        return ConnectionClosed(1006 if code is None else code, self._protocol.close_reason or "")

    def _give_up(self) -> None:
        """Nothing more will be sent: count the messages that wait, and wake the threads that do."""
        if self._latest is not None:
            self._latest = None
            self.dropped += 1
        if self._streamer is not None:
            self.dropped += len(self._streamer.waiting)
            self._streamer.waiting.clear()
        self.transport.wake()

    # -- one message, many frames ---------------------------------------------------------------------------

    def _send_fragments(self, message: object) -> None:
        """One message in as many frames as it has parts, sent as they come (RFC 6455 §5.4)."""
        parts = fragments(message)
        transport = self.transport
        if transport.reactor.here:
            raise InvalidState("a handler can't send a message in fragments: it would hold up the others")
        if transport.reactor.forked:
            raise InvalidState(FORKED)
        with transport.lock:
            self._wait_for_turn(time.monotonic() + self._limits.write_timeout)
            self._check_open()
            streamer = self._streamer = _Streamer()
        try:
            last: Data | None = None
            for part in parts:  # the caller's code: not under the lock
                if last is not None:
                    self._send_fragment(streamer, last, fin=False)
                last = part
            if last is None:
                raise ValueError("a message of no fragments; send '' or b'' for an empty message")
            self._send_fragment(streamer, last, fin=True)
        except BaseException as error:
            with transport.lock:
                if streamer.begun and self._alive:  # half a message is out: only its rest may follow it
                    self.fail_locked(error, 1011)
            raise
        finally:
            with transport.lock:
                self._streamer = None
                if self._alive:
                    for data in streamer.waiting:  # within the bound, see `_admit`
                        self._write(data)
                    self._write_latest()
                else:
                    self.dropped += len(streamer.waiting)
                transport.wake()

    def _send_fragment(self, streamer: _Streamer, part: Data, fin: bool) -> None:
        with self.transport.lock:
            self._wait_for_turn(time.monotonic() + self._limits.write_timeout, streamer)
            self._check_open()
            data = self._protocol.send_fragment(part, fin)
            streamer.begun = not fin
            self.transport.write(data)


class _Streamer:
    """A message that a thread sends in fragments, and the messages of handlers that wait behind it."""

    __slots__ = ("begun", "size", "thread", "waiting")

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.begun = False  # a first frame is out, and the last is not
        self.waiting: list[Data] = []
        self.size = 0  # bytes in `waiting`


def fragments(message: object) -> Iterator[Data]:
    """The parts of a message; TypeError for a thing that has none, and before a part of the wrong type.

    The parts of a list or tuple are looked at before the first is given. A mapping or a set has elements
    too, but no message is meant by its keys.

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
        if not isinstance(part, KINDS):
            raise TypeError(f"a fragment is str or bytes, not {type(part).__name__}")
        if text is None:
            text = isinstance(part, str)
        elif text is not isinstance(part, str):
            raise TypeError("fragments of one message are all str or all bytes, not both")
        yield part
