"""Tickets: a value that travels in a URL, counts once, and half a minute at most.

::

    issue("ann") ──► "Zk1…"  ──► GET /frames?ticket=Zk1… ──► take("Zk1…") ──► "ann"
                                                             take("Zk1…") ──► None

URLs end up in logs, histories and screenshots. A ticket that is found there has been used, or has expired.
The server keeps no ticket, only its hash. Pure: the clock is an argument.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

#: Random bytes of a ticket.
SIZE: Final = 32


class Tickets:
    """Tickets for values, such as users.

    ``seconds``: the life of one; ``bound``: tickets that may be open; ``clock``: seconds that never go back.

    >>> now = [0.0]
    >>> tickets = Tickets(clock=lambda: now[0])
    >>> first, second = tickets.issue("ann"), tickets.issue("ann")
    >>> tickets.take(first), tickets.take(first)
    ('ann', None)
    >>> now[0] = 30.0
    >>> print(tickets.take(second))
    None
    """

    def __init__(
        self, seconds: float = 30.0, bound: int = 1000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._bound, self._clock = seconds, bound, clock
        self._open: dict[bytes, tuple[float, Any]] = {}  # by hash: the end, the value; the oldest first

    def issue(self, value: Any) -> str | None:
        """A new ticket for ``value``; None where too many are open: ask again later."""
        now = self._clock()
        for key, (until, _) in list(self._open.items()):
            if until > now:
                break  # those behind it are younger
            self._open.pop(key, None)
        if len(self._open) >= self._bound:
            return None
        ticket = secrets.token_urlsafe(SIZE)
        self._open[_hash(ticket)] = now + self._seconds, value
        return ticket

    def take(self, ticket: str) -> Any:
        """The ticket's value, the first time and in time; else None."""
        until, value = self._open.pop(_hash(ticket), (0.0, None))
        return value if self._clock() < until else None


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).digest()
