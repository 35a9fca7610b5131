"""The exercises of lesson 08: the delay of the news."""

from __future__ import annotations

import io
import math
import random
import socket
from collections.abc import Callable
from numbers import Real
from typing import Any, Final

from wsdemo.course.exercises import Wrong, exercise, same, show

CORK: Final = getattr(socket, "TCP_CORK", 3)  # Linux; where there is none, no answer sets it
MORE: Final = getattr(socket, "MSG_MORE", 0)
ROOM: Final = 7  # bytes that a send takes of what it is offered
WAYS = ("short polling", "long polling", "SSE", "WebSocket")


@exercise()
def poll_delays(answer: Callable[[list[int], int], list[int]], rng: random.Random) -> None:
    """From each event to the next poll."""
    interval = rng.randint(3, 500)
    polls = [interval * rng.randint(0, 9)]
    between = [interval * rng.randint(0, 9) + 1 for _ in range(2)]
    times = sorted([*polls, *between, *(rng.randint(1, 5000) for _ in range(3))])
    for given in ([interval * 3 + 1], times, []):
        wanted = [-time % interval for time in given]
        same(answer(given, interval), wanted, f"poll_delays({given}, {interval})")


@exercise()
def expected_delay(answer: Callable[[str, float, float], float], rng: random.Random) -> None:
    """Half an interval for polling, half a round trip for all ways; each poll is back before the next."""
    for way in rng.sample(WAYS, len(WAYS)):
        interval, round_trip = rng.randint(6, 50) / 10, rng.randint(1, 50) / 100
        wanted = (interval / 2 if way == "short polling" else 0.0) + round_trip / 2
        got = answer(way, interval, round_trip)
        if not isinstance(got, Real) or not math.isclose(got, wanted, abs_tol=1e-9):
            raise Wrong(
                f"expected_delay({way!r}, {interval}, {round_trip}) should be {wanted:g}; got {show(got)}"
            )


class Nagled:
    """A fake socket with Nagle's algorithm on, and a peer that acknowledges late: the bytes sent, and stalls.

    It has the ways that a real one has: options, `MSG_MORE`, `sendmsg`, a file. `send` and `sendmsg` take
    less than they are offered, as with a full buffer: what is left over goes with the segments before it.
    """

    def __init__(self) -> None:
        self.sent = b""
        self.sizes: list[int] = []  # of each write, one that follows a full buffer counted to it
        self._corked = False
        self._full = False
        self._waits = False  # for the acknowledgement of an earlier write
        self._nodelay = False
        self.held = b""  # under a cork, or behind a promise of more

    def __repr__(self) -> str:
        return "sock"

    @property
    def stalls(self) -> bool:
        """Whether a write is held back until the peer has acknowledged the one before it."""
        return self._waits

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        if level != socket.IPPROTO_TCP:
            return
        if option == socket.TCP_NODELAY:
            self._nodelay = bool(value)
            self._waits = self._waits and not value  # set, it also sends what is held back
        elif option == CORK:
            self._corked = bool(value)
            if not self._corked:
                self._write()

    def getsockopt(self, level: int, option: int) -> int:
        return int(self._corked if option == CORK else self._nodelay)

    def sendall(self, data: Any, flags: int = 0) -> None:
        self._take(bytes(data), flags)

    def send(self, data: Any, flags: int = 0) -> int:
        offered = bytes(data)
        self._take(offered[:ROOM], flags, full=len(offered) > ROOM)
        return min(len(offered), ROOM)

    def sendmsg(self, buffers: Any, ancillary: Any = (), flags: int = 0) -> int:
        return self.send(b"".join(bytes(data) for data in buffers), flags)

    def makefile(self, mode: str = "r", buffering: int = -1) -> io.BufferedWriter:
        return io.BufferedWriter(_File(self))

    def _take(self, data: bytes, flags: int, full: bool = False) -> None:
        self.held += data
        if not (self._corked or flags & MORE):
            self._write(full)

    def _write(self, full: bool = False) -> None:
        data, self.held = self.held, b""
        self.sent += data
        if self._full and self.sizes:
            self.sizes[-1] += len(data)
        elif data:
            self._waits = self._waits or bool(self.sizes and not self._nodelay)
            self.sizes.append(len(data))
        self._full = full


class _File(io.RawIOBase):
    """The raw file below the buffer of makefile: each write of it is one of the socket."""

    def __init__(self, sock: Nagled) -> None:
        self._sock = sock

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._sock.send(data)


@exercise()
def send_message(answer: Callable[[Any, bytes, bytes], None], rng: random.Random) -> None:
    """All bytes in order, and no small write that waits for the acknowledgement of another."""
    header, payload = rng.randbytes(10), rng.randbytes(rng.randint(20, 40))
    sock = Nagled()
    answer(sock, header, payload)
    if sock.held:
        raise Wrong(
            f"{len(sock.held)} bytes wait under a cork, or for more that was promised: that is held back"
        )
    same(sock.sent, header + payload, f"what send_message writes for {show(payload)}")
    if sock.stalls:
        sizes = " and ".join(map(str, sock.sizes))
        raise Wrong(
            f"writes of {sizes} bytes with Nagle's algorithm on: the second is held back "
            "until the first is acknowledged"
        )


@exercise()
def enough_way(answer: Callable[[float, bool, bool], str], rng: random.Random) -> None:
    """First whether clients talk back, then time, then bytes."""
    cases = [
        (late, talks_back, binary)
        for late in (rng.randint(1, 59) / 10, rng.randint(6, 58), 59.9, 60, rng.randint(61, 9999))
        for talks_back in (False, True)
        for binary in (False, True)
    ]
    for late, talks_back, binary in rng.sample(cases, len(cases)):
        patient = "short polling" if late >= 60 else "WebSocket" if binary else "SSE"
        wanted = "WebSocket" if talks_back else patient
        got = answer(late, talks_back, binary)
        same(got, wanted, f"enough_way({late}, talks_back={talks_back}, binary={binary})")
