"""Delays between attempts to reconnect: random, and longer each time (*exponential backoff, full jitter*).

::

    attempt    1          2          3          4 …
    at most    0.5 s      1 s        2 s        4 s …  10 s       the wait: anything from 0 to that

When a server ends, all its clients lose it at the same moment. Without chance they would also come back at
the same moment, and again after each doubling; chance spreads them. Pure: no clock, chance is an argument.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator


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
