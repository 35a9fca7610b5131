"""A proxy that behaves like a bad network: it splits, joins, delays, throttles, freezes, resets and cuts.

::

    with Chaos("127.0.0.1", server.port, [Pass(500), Freeze(), Wait(2), Thaw()]) as network:
        ws = connect(f"ws://127.0.0.1:{network.port}")      500 bytes each way, silence for 2 seconds, go on

A script is a list of steps, run once for each direction of each connection: ``Split``, ``Join``, ``Delay``
and ``Throttle`` are settings that hold from now on, ``Pass`` and ``Wait`` delay the next step, the others act
once. Steps can also be done live: ``network.freeze()``. It works on loopback, in one thread, without special
rights; times are kept to about a millisecond.
"""

from __future__ import annotations

import collections
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

from wsdemo.net.reactor import Timer
from wsdemo.protocol.arguments import check_kind, list_of
from wsdemo.protocol.limits import Limits
from wsdemo.proxy.relay import Leg, Pipe, Relay, RelaySession
from wsdemo.record.facts import TO_SERVER, Direction

#: Bytes that one direction holds back before it stops reading its source.
HELD: Final = 1024 * 1024
#: Seconds that stand for "without end".
LONG: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Split:
    """From now on pieces of at most ``size`` bytes arrive, ``gap`` seconds apart. ``Split(0)``: no more."""

    size: int
    gap: float = 0.001


@dataclass(frozen=True, slots=True)
class Join:
    """From now on bytes wait until there are ``size`` of them, or for ``seconds``, and arrive as one."""

    size: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Delay:
    """From now on every byte arrives ``seconds`` later: in both directions, twice that for a round trip."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Throttle:
    """From now on at most ``rate`` bytes a second arrive. ``Throttle(0)``: no bound."""

    rate: float


@dataclass(frozen=True, slots=True)
class Freeze:
    """From now on nothing arrives, and neither end notices: as if a cable were pulled."""


@dataclass(frozen=True, slots=True)
class Thaw:
    """The bytes that were held arrive, in order."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Both sides get a TCP reset."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Both sides see the end of the stream; bytes that were held are lost."""


@dataclass(frozen=True, slots=True)
class Pass:
    """The next step comes when ``size`` more bytes have arrived."""

    size: int


@dataclass(frozen=True, slots=True)
class Wait:
    """The next step comes after ``seconds``; bytes travel in the meantime."""

    seconds: float


ChaosStep = Split | Join | Delay | Throttle | Freeze | Thaw | Reset | Cut | Pass | Wait


class Chaos(Relay):
    """A bad network in front of ``target_host`` and ``target_port``.

    ``target_host``: the address of the server.
    ``target_port``: its port.
    ``script``: the steps of both directions.
    ``to_server``: those of one direction, in place of ``script``.
    ``to_client``: those of the other direction, in place of ``script``.
    ``host``: the address to listen on.
    ``port``: 0 takes a free one.
    ``limits``: bounds and timeouts; see `Limits`.
    ``context``: for TLS to the target, so that the client's side is plain.

    Raises TypeError or ValueError for a wrong argument, OSError where it can't listen.
    """

    def __init__(
        self,
        target_host: str,
        target_port: int,
        script: Sequence[ChaosStep] = (),
        *,
        to_server: Sequence[ChaosStep] | None = None,
        to_client: Sequence[ChaosStep] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: Limits | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._scripts = (
            list_of("script", script if to_server is None else to_server, "a list of steps"),
            list_of("script", script if to_client is None else to_client, "a list of steps"),
        )
        for step in (*self._scripts[0], *self._scripts[1]):
            _check(step)
        self._live: tuple[list[ChaosStep], list[ChaosStep]] = ([], [])  # the first steps of new connections
        super().__init__(
            target_host,
            target_port,
            host=host,
            port=port,
            limits=limits,
            context=context,
            name="wsdemo-chaos",
        )

    def apply(self, step: ChaosStep, direction: Direction | None = None) -> None:
        """Do a step now, on every connection, in one direction or both; settings hold for new ones too.

        When it returns, the step holds: bytes sent after ``freeze()`` do not arrive. TypeError for anything
        but a step, ValueError for one that belongs in a script.
        """
        _check(step)
        if isinstance(step, Pass | Wait):
            raise ValueError(f"{step} belongs in a script")
        done = threading.Event()
        self._reactor.call_soon(self._apply, step, direction)
        self._reactor.call_soon(done.set)
        if not (self._reactor.here or self._reactor.stopping):
            done.wait(1.0)  # a proxy that is just being closed does no more steps

    def freeze(self, direction: Direction | None = None) -> None:
        """Let nothing arrive any more, without a sign to either end."""
        self.apply(Freeze(), direction)

    def thaw(self, direction: Direction | None = None) -> None:
        """Let the bytes that were held arrive."""
        self.apply(Thaw(), direction)

    def reset(self) -> None:
        """End every connection by a TCP reset."""
        self.apply(Reset())

    def cut(self) -> None:
        """End every connection by the end of TCP alone, without a close frame."""
        self.apply(Cut())

    def pipe(self, source: Leg, target: Leg, direction: Direction) -> Pipe:
        """A pipe with the script of its direction."""
        which = 0 if direction == TO_SERVER else 1
        return Rough(source, target, direction, (*self._live[which], *self._scripts[which]))

    def _apply(self, step: ChaosStep, direction: Direction | None) -> None:
        for which in (0, 1):
            if direction in (None, (TO_SERVER, "to client")[which]):
                kept = [other for other in self._live[which] if not _replaces(step, other)]
                self._live[which][:] = kept if isinstance(step, Thaw | Reset | Cut) else [*kept, step]
        for session in list(self._sessions.values()):
            if isinstance(step, Reset | Cut):
                _end(session, step)
                continue
            for leg in session.legs:
                pipe = leg.pipe
                if isinstance(pipe, Rough) and direction in (None, pipe.direction):
                    pipe.apply(step)


class Rough(Pipe):
    """One direction of a bad network: bytes wait here until the steps so far let them go."""

    def __init__(self, source: Leg, target: Leg, direction: Direction, steps: Sequence[ChaosStep]) -> None:
        super().__init__(source, target)
        self.direction: Direction = direction
        self._reactor = source.session.relay._reactor
        self._steps = collections.deque(steps)
        #: Time when it is due, and its content: bytes, None for the end, or the error that broke the source.
        self._waiting: collections.deque[tuple[float, bytes | Exception | None]] = collections.deque()
        self._size = 0  # bytes that wait
        self._split, self._join, self._delay, self._throttle = Split(0), Join(), Delay(0.0), Throttle(0.0)
        self._frozen = False
        self._left: int | None = None  # bytes until the next step; None: no step waits for bytes
        self._next = 0.0  # when the next piece may arrive
        self._timer: Timer | None = None
        self._step_timer: Timer | None = None

    # -- bytes that come ------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The first steps."""
        self._advance()

    def data_received(self, data: bytes) -> None:
        """Bytes came from the source."""
        if self.stopped:
            return
        self._waiting.append((time.monotonic() + self._delay.seconds, data))
        self._size += len(data)
        if self._size > HELD:
            self.source.transport.pause_reading()
        self._pump()

    def eof_received(self) -> None:
        """The source will send no more: that, too, travels."""
        if self.stopped:
            super().eof_received()
            return
        self._waiting.append((time.monotonic() + self._delay.seconds, None))
        self._pump()

    def connection_lost(self, error: Exception | None) -> None:
        """The source is gone: that, too, travels."""
        if self.stopped or self.ended or error is None:
            super().connection_lost(error)
            return
        self._waiting.append((time.monotonic() + self._delay.seconds, error))
        self._pump()

    def resume_writing(self) -> None:
        """The target has room again."""
        self._pump()
        if self._size <= HELD and not self._frozen:
            super().resume_writing()

    def stop(self) -> None:
        """One of both sides is gone."""
        super().stop()
        for timer in (self._timer, self._step_timer):
            if timer is not None:
                timer.cancel()
        self._waiting.clear()
        self._steps.clear()

    # -- the script -----------------------------------------------------------------------------------------

    def apply(self, step: ChaosStep) -> None:
        """Do one step now, at whatever point the script is."""
        self._do(step)
        self._pump()

    def _do(self, step: ChaosStep) -> None:
        """Do one step; bytes are released only after the steps behind it are done too."""
        match step:
            case Split():
                self._split = step
            case Join():
                self._join = step
            case Delay():
                self._delay = step
            case Throttle():
                self._throttle = step
            case Freeze():
                self._frozen = True
                self.source.transport.pause_reading()
            case Thaw():
                self._frozen = False
            case Reset() | Cut():
                _end(self.source.session, step)
            case Pass():
                self._left = step.size or None
            case Wait():
                self._step_timer = self._reactor.call_later(step.seconds, self._waited)

    def _advance(self) -> None:
        """Do all steps up to the next that has to wait, and release the bytes that may go."""
        self._next_steps()
        self._pump()

    def _next_steps(self) -> None:
        while self._steps and not self.stopped and self._left is None and self._step_timer is None:
            self._do(self._steps.popleft())

    def _waited(self) -> None:
        self._step_timer = None
        self._advance()

    # -- bytes that arrive ----------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Release the bytes that may go now, and come back for the rest."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and not self._frozen and not self.stopped:
            now = time.monotonic()
            wait = self._ready(now)
            if wait > 0:
                self._timer = self._reactor.call_later(wait, self._pump)
                return
            piece = self._take()
            if not isinstance(piece, bytes):
                if piece is None:
                    self.end()
                else:
                    super().connection_lost(piece)
                return
            if self._throttle.rate:
                self._next = max(now, self._next) + len(piece) / self._throttle.rate
            elif self._split.size:
                self._next = now + self._split.gap
            self.deliver(piece)
            self._passed(len(piece))
        if self._size <= HELD and not self._frozen and not self.stopped and not self._backpressured:
            super().resume_writing()

    @property
    def _backpressured(self) -> bool:
        """Whether the target has more pending than it should."""
        return self.target.transport.pending > self.source.session.relay.limits.high_water

    def _ready(self, now: float) -> float:
        """Seconds until the next piece may go; 0 or less: now."""
        due, join = self._waiting[0][0], self._join
        more = isinstance(self._waiting[-1][1], bytes)  # may come
        if more and join.size and self._size < join.size:
            due += join.seconds or LONG
        elif more and not join.size:
            due += join.seconds
        return max(due, self._next) - now

    def _take(self) -> bytes | Exception | None:
        """The next piece: as much as split, throttle and script release at once; or the end."""
        waiting = self._waiting
        first = waiting[0][1]
        if not isinstance(first, bytes):
            waiting.popleft()
            return first
        most = self._size if self._join.size or self._join.seconds else len(first)
        if self._split.size:
            most = min(most, self._split.size)
        if self._throttle.rate:
            most = min(most, max(1, int(self._throttle.rate / 50)))  # fifty pieces a second look smooth
        if self._left is not None:
            most = min(most, self._left)
        pieces, size = [], 0
        while waiting and size < most:
            due, data = waiting[0]
            if not isinstance(data, bytes):
                break
            part = data[: most - size]
            pieces.append(part)
            size += len(part)
            waiting.popleft()
            if len(part) < len(data):
                waiting.appendleft((due, data[len(part) :]))
        self._size -= size
        return b"".join(pieces)

    def _passed(self, size: int) -> None:
        """``size`` bytes have arrived: perhaps the next step is due."""
        if self._left is not None:
            self._left -= size
            if self._left <= 0:
                self._left = None
                self._next_steps()


def _end(session: RelaySession, step: ChaosStep) -> None:
    for leg in session.legs:
        leg.pipe.stop()
    if isinstance(step, Reset):
        session.reset()
    else:
        for leg in session.legs:
            leg.transport.write_eof()
            leg.transport.resume_reading()  # and discard what comes: closing with unread bytes resets


def _replaces(step: ChaosStep, other: ChaosStep) -> bool:
    """Whether a live setting ends an earlier one."""
    return type(step) is type(other) or (isinstance(step, Thaw) and isinstance(other, Freeze))


def _check(step: ChaosStep) -> None:
    """Refuse a step that makes no sense, before the thread meets it."""
    check_kind("step", step, get_args(ChaosStep), "a step, such as Delay(0.1) or Freeze()")
    values = [getattr(step, name) for name in step.__slots__]
    if not all(isinstance(value, int | float) and 0 <= value < float("inf") for value in values):
        raise ValueError(f"{step}: numbers of 0 or more are needed")
