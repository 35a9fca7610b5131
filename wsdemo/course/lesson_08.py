"""The exercises of lesson 08: how late is the news?"""

from __future__ import annotations

import math
import random
import socket
from collections.abc import Callable
from typing import Any

from wsdemo.course.exercises import Wrong, exercise, same, show

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
    """Half an interval for those who ask, half a round trip for all."""
    for way in rng.sample(WAYS, len(WAYS)):
        interval, round_trip = rng.randint(1, 50) / 10, rng.randint(1, 50) / 100
        wanted = (interval / 2 if way == "short polling" else 0.0) + round_trip / 2
        got = answer(way, interval, round_trip)
        if not isinstance(got, int | float) or not math.isclose(got, wanted, abs_tol=1e-9):
            raise Wrong(
                f"expected_delay({way!r}, {interval}, {round_trip}) should be {wanted:g}; got {show(got)}"
            )


class _Socket:
    """A socket whose peer acknowledges late: it keeps each write, and whether it was held back."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.nodelay = False
        self.held = False

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        if (level, option) == (socket.IPPROTO_TCP, socket.TCP_NODELAY):
            self.nodelay = bool(value)

    def sendall(self, data: Any, flags: int = 0) -> None:
        self._take(bytes(data))

    def send(self, data: Any, flags: int = 0) -> int:
        taken = bytes(data)[:7]  # a full buffer takes less than it is offered
        self._take(taken)
        return len(taken)

    def sendmsg(self, buffers: Any, *rest: Any) -> int:
        return self.send(b"".join(bytes(data) for data in buffers))

    def _take(self, data: bytes) -> None:
        self.held = self.held or (bool(self.writes) and not self.nodelay)
        self.writes.append(data)


@exercise()
def send_message(answer: Callable[[Any, bytes, bytes], None], rng: random.Random) -> None:
    """All bytes in order, and no small write that waits for the acknowledgement of another."""
    header, payload = rng.randbytes(10), rng.randbytes(rng.randint(20, 40))
    sock = _Socket()
    answer(sock, header, payload)
    same(b"".join(sock.writes), header + payload, f"what send_message writes for {show(payload)}")
    if sock.held:
        sizes = " and ".join(str(len(write)) for write in sock.writes)
        raise Wrong(
            f"writes of {sizes} bytes with Nagle's algorithm on: the second is held back "
            "until the first is acknowledged"
        )


@exercise()
def enough_way(answer: Callable[[float, bool, bool], str], rng: random.Random) -> None:
    """Whoever talks back, then time, then bytes."""
    cases = [
        (late, talks_back, binary)
        for late in (rng.randint(1, 59) / 10, 60, rng.randint(61, 9999))
        for talks_back in (False, True)
        for binary in (False, True)
    ]
    for late, talks_back, binary in rng.sample(cases, len(cases)):
        patient = "short polling" if late >= 60 else "WebSocket" if binary else "SSE"
        wanted = "WebSocket" if talks_back else patient
        got = answer(late, talks_back, binary)
        same(got, wanted, f"enough_way({late}, talks_back={talks_back}, binary={binary})")
