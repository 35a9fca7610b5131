"""A bound on the requests of a user: a bucket of tokens that fills steadily (*token bucket*).

::

    rate: 50/s ──► [ ● ● ● ● … at most burst ] ──► each message takes one; none left: wait, or be refused

A burst is allowed, a flood is not. Pure: the time is an argument, on any clock that never goes back.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

#: Keys whose attempts are remembered.
KEYS: Final = 10_000


class Bucket:
    """A token bucket: ``rate`` tokens a second, at most ``burst`` at once; it begins full.

    Raises ValueError where they are not above 0, or the bucket holds less than one token.

    >>> bucket = Bucket(rate=2, burst=3, now=0.0)
    >>> [bucket.take(0.0) for _ in range(4)]
    [True, True, True, False]
    >>> bucket.wait(0.0), bucket.take(0.5)
    (0.5, True)
    """

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        if not (rate > 0 and burst >= 1):
            raise ValueError(f"rate {rate:g}/s and burst {burst:g}, expected more than 0, and at least 1")
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._at = now

    def take(self, now: float, tokens: float = 1.0) -> bool:
        """Take tokens, or none where there are too few."""
        self._fill(now)
        if self._tokens < tokens:
            return False
        self._tokens -= tokens
        return True

    def wait(self, now: float, tokens: float = 1.0) -> float:
        """Seconds until `take` would succeed: the value of ``retry`` in a refusal. ``inf``: never."""
        if tokens > self._burst:
            return float("inf")
        self._fill(now)
        return max(0.0, (tokens - self._tokens) / self._rate)

    def _fill(self, now: float) -> None:
        if now > self._at:
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
            self._at = now


class Attempts:
    """A token bucket for each key, such as a name or an address.

    Beyond `KEYS` keys the one that was not used for longest is forgotten.

    >>> attempts = Attempts(rate=1 / 60, burst=2)
    >>> [attempts.take("ann", now=0.0) for _ in range(3)]
    [0.0, 0.0, 60.0]
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._buckets: dict[Hashable, Bucket] = {}

    def take(self, key: Hashable, now: float) -> float:
        """Take an attempt: 0.0, or the seconds until there is one."""
        bucket = self._buckets.pop(key, None) or Bucket(self._rate, self._burst, now)
        self._buckets[key] = bucket  # the last one now
        if len(self._buckets) > KEYS:
            del self._buckets[next(iter(self._buckets))]
        return 0.0 if bucket.take(now) else bucket.wait(now)
