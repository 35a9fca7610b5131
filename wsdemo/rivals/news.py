"""The news: events at random times, the same for every way of telling them.

Events are numbered 1, 2, 3 … without gaps, so the number of events that a client has tells which ones they
are. Times are random, but of a seeded generator: the same seed gives the same news. Knows nothing of servers.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

#: The one clock of all times here: seconds, monotonic, of one process.
clock: Final = time.perf_counter


@dataclass(frozen=True, slots=True)
class NewsItem:
    """A piece of news, and the time when it happens."""

    number: int  #: 1, 2, 3 …
    at: float  #: seconds after the start
    text: str  #: its text: a JSON object


def events(count: int, rate: float, seed: int = 1, size: int | None = None) -> tuple[NewsItem, ...]:
    """``count`` events at random times, ``rate`` a second on average (a Poisson process).

    ``size``: bytes of each text, padded with a note; ``None``: not padded.
    Raises ValueError for values out of range.

    >>> events(2, rate=10, seed=1)[1].text
    '{"event":2,"symbol":"WSD","price":99.92}'
    >>> len(events(1, rate=10, size=200)[0].text)
    200
    """
    if count < 1 or not rate > 0:
        raise ValueError(f"{count} events at {rate:g} a second, expected at least 1 and more than 0")
    chance = random.Random(seed)
    told = []
    at, price = 0.0, 100.0
    for number in range(1, count + 1):
        at += chance.expovariate(rate)
        price += chance.gauss(0.0, 0.2)
        told.append(NewsItem(number, at, _text(number, price, size)))
    return tuple(told)


def _text(number: int, price: float, size: int | None) -> str:
    tick: dict[str, object] = {"event": number, "symbol": "WSD", "price": round(price, 2)}
    text = json.dumps(tick, separators=(",", ":"))
    if size is None:
        return text
    missing = size - len(text) - len(',"note":""')
    if missing < 0:
        raise ValueError(f"size {size} bytes, event {number} takes {size - missing}")
    words = "the quick brown fox jumps over the lazy dog "
    return json.dumps(
        {**tick, "note": (words * (missing // len(words) + 1))[:missing]}, separators=(",", ":")
    )


class Publisher:
    """A thread that publishes each event at its time.

    The thread starts with `start` and ends with the last event, or with `stop`. ``times`` are those at which
    the events were *due*: a reader waits from then on, also where this thread, or a server that makes it
    wait, is late. To count from when an event was published at last would leave out just the worst delays
    ("coordinated omission").
    """

    def __init__(self, told: Sequence[NewsItem], publish: Callable[[str], object]) -> None:
        self.times: list[float] = []  #: when event 1, 2, 3 … was due, on `clock`; empty until `start`
        self.error: BaseException | None = None
        self.told = told
        self._publish = publish
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wsdemo-news", daemon=True)

    def start(self) -> None:
        """Begin: time 0 of the events is now."""
        started = clock()
        self.times = [started + event.at for event in self.told]
        self._thread.start()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the last event; false: not yet."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Publish no more, and wait for the thread."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            for event, due in zip(self.told, self.times, strict=True):
                if self._stop.wait(max(0.0, due - clock())):
                    return
                self._publish(event.text)
        except BaseException as error:
            self.error = error
