"""Delays between attempts to reconnect: random, and longer each time (*exponential backoff, full jitter*).

::

    attempt    1          2          3          4 …
    at most    0.5 s      1 s        2 s        4 s …  10 s       the wait: anything from 0 to that

When a server ends, all its clients lose it at the same moment. Without chance they would also come back at
the same moment, and again after each doubling; chance spreads them. The close code says whether to come back
at all, and a server that knows better says when. Pure: no clock, chance is an argument.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Final, Literal

Answer = Literal["never", "after a new token", "as a new device", "slowly", "yes"]

#: Come back after this close code? Codes from 4000 on: the HTTP status that it would have been, and 4000.
_ANSWERS: Final[dict[int, Answer]] = {
    **dict.fromkeys((1000, 1002, 1003, 1007, 1008, 1009, 1010, 4400, 4403, 4413, 4426), "never"),
    4401: "after a new token",
    4409: "as a new device",  # the same one came again, and the newer one stays
    **dict.fromkeys((1001, 1005, 1006, 1012, 4408), "yes"),
}
#: Seconds of the longest wait, whatever a server says.
LONGEST: Final = 3600.0


def come_back(code: int) -> Answer:
    """Whether a client should come back after a connection that ended with close code ``code``.

    >>> [come_back(code) for code in (1000, 1006, 1011, 4401)]
    ['never', 'yes', 'slowly', 'after a new token']
    """
    return _ANSWERS.get(code, "slowly")


class Waits:
    """The waits of one client. ``base``, ``cap``, ``uniform``: as in `delays`, which may raise ValueError.

    >>> waits = Waits(uniform=lambda low, high: high)
    >>> waits.before(1006), waits.before(1006), waits.before(1011), waits.before(1001, after=7.0)
    (0.5, 1.0, 10.0, 7.0)
    """

    def __init__(
        self, base: float = 0.5, cap: float = 10.0, uniform: Callable[[float, float], float] = random.uniform
    ) -> None:
        self._bounds = base, cap, uniform
        self.reset()

    def reset(self) -> None:
        """The connection was of use: begin again with short waits."""
        base, cap, uniform = self._bounds
        self._soon = delays(base, cap, uniform)
        self._slowly = delays(cap, 6 * cap, uniform)

    def before(self, code: int, after: float | None = None) -> float:
        """Seconds to wait after the end with ``code``; ``after``: the server's word, which goes first."""
        if after is not None:
            return min(max(after, 0.0), LONGEST)
        return next(self._slowly if come_back(code) == "slowly" else self._soon)


def delays(
    base: float = 0.5, cap: float = 10.0, uniform: Callable[[float, float], float] = random.uniform
) -> Iterator[float]:
    """Seconds to wait before the first, second, third … attempt, without end. Make a new one after success.

    ``base``: the first wait's bound, in seconds; it doubles up to ``cap``. ``uniform``: chance, such as
    ``random.Random(seed).uniform``. Raises ValueError for bounds that are not above 0.

    >>> largest = delays(uniform=lambda low, high: high)
    >>> [next(largest) for _ in range(7)]
    [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    """
    if not 0 < base <= cap < float("inf"):
        raise ValueError(f"base {base:g} s and cap {cap:g} s, expected 0 < base <= cap")
    return _delays(base, cap, uniform)


def _delays(base: float, cap: float, uniform: Callable[[float, float], float]) -> Iterator[float]:
    bound = base
    while True:
        yield uniform(0.0, bound)
        bound = min(cap, 2 * bound)
