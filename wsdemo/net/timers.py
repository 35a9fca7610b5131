"""Time in a server: repeated calls, and the interval between checks of deadlines."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

from wsdemo.net.reactor import Reactor, Timer
from wsdemo.protocol.arguments import check_done, check_function, check_seconds
from wsdemo.protocol.limits import Limits

T = TypeVar("T")


class Repeating:
    """A call every ``seconds`` in the reactor's thread, until `cancel`.

    ``failed(error)`` is called for an error in it. Raises TypeError or ValueError for a wrong argument.
    """

    def __init__(
        self,
        reactor: Reactor,
        seconds: float,
        function: Callable[[], object],
        failed: Callable[[BaseException], object],
    ) -> None:
        check_seconds("seconds", seconds)
        check_function("function", function, 0, "a function without arguments")
        self._reactor = reactor
        self._seconds = seconds
        self._function = function
        self._failed = failed
        self._cancelled = False
        self._timer: Timer = reactor.call_later(seconds, self._fire)

    def cancel(self) -> None:
        """End the calls."""
        self._cancelled = True  # for good: a call may be under way, which arms the next timer
        self._timer.cancel()

    def _fire(self) -> None:
        if not self._cancelled:
            self._timer = self._reactor.call_later(self._seconds, self._fire)
            try:
                check_done("function", self._function())
            except BaseException as error:
                self._failed(error)


def period(limits: Limits) -> float:
    """Seconds between two looks at the deadlines: several within the shortest, at least one a second.

    >>> period(Limits()), period(Limits(close_timeout=0.2))
    (1.0, 0.05)
    """
    times = (
        limits.open_timeout,
        limits.close_timeout,
        limits.ping_interval,
        limits.pong_timeout,
        limits.write_timeout,
        limits.idle_timeout,
    )
    return max(0.01, min(1.0, *(seconds / 4 for seconds in times if seconds is not None)))


def spread(things: Sequence[T], seconds: float) -> list[tuple[float, T]]:
    """All things in random order, each with its time: evenly from 0 to less than ``seconds``.

    >>> [time for time, _ in spread("abcd", 2.0)]
    [0.0, 0.5, 1.0, 1.5]
    """
    shuffled = sorted(things, key=lambda thing: os.urandom(8))
    return [(seconds * place / len(things), thing) for place, thing in enumerate(shuffled)]
