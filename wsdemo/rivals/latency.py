"""The delay of the news: the same events by several ways, in one run, on one clock.

::

    round 1    short polling | long polling | SSE | WebSocket | raw TCP        each hears the same events
    round 2    long polling | SSE | WebSocket | raw TCP | short polling        the order rotates
    …

    delay = the moment when a client has the event's text − the moment when it happened

Servers, clients and clock are in one process. Other work of the machine slows all ways alike, since they
take turns. The first events of each turn warm up and are not counted.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Any, Final

from wsdemo.rivals import tables
from wsdemo.rivals.audience import PATIENCE, Audience
from wsdemo.rivals.clients import number_of
from wsdemo.rivals.costs import ByteCounts, Costs, count
from wsdemo.rivals.measuring import carries, machine, quantile
from wsdemo.rivals.news import NewsItem, Publisher, clock
from wsdemo.rivals.news import events as make_events
from wsdemo.rivals.ways import FIVE, Way, find
from wsdemo.trace.trace import Trace
from wsdemo.words import plural

#: Seconds from one report of progress to the next.
REPORT: Final = 0.05


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event has reached a client. Times in seconds; the clock's zero means nothing."""

    way: str
    round: int  #: 1, 2, 3 …
    client: int  #: 0, 1, 2 …
    event: int  #: 1, 2, 3 … in its round
    due: float  #: the time when it happened, and should have been published at once
    received: float
    warm_up: bool  #: not counted

    @property
    def delay(self) -> float:
        """Seconds from the event to having it; a publisher that was held up is in it."""
        return self.received - self.due


@dataclass(frozen=True, slots=True)
class Progress:
    """The argument of a progress callback, which is called in the thread that called `compare`."""

    way: str
    round: int
    done: int  #: deliveries so far, of all ways
    total: int
    new: tuple[Delivery, ...]  #: those since the last call


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of a measurement."""

    events: int  #: in all rounds together, for each way
    rate: float  #: events a second, on average
    interval: float  #: seconds from one short poll to the next
    clients: int
    rounds: int
    warm_up: int  #: the first events of each round are not counted
    round_trip: float  #: seconds added to each round trip
    size: int | None  #: bytes of an event's text; None: as short as it is
    headers: int  #: further fields of each HTTP request
    seed: int
    machine: str

    def __str__(self) -> str:
        rounds, clients = plural(self.rounds, "round"), plural(self.clients, "client")
        return (
            f"{self.events} events at {self.rate:g}/s in {rounds}, the first {self.warm_up} of each for "
            f"warming up; {clients}; a short poll every {self.interval:g} s; {self.round_trip * 1000:g} ms "
            f"added to a round trip; no compression; servers and clients in one process; loopback; "
            f"seed {self.seed}; {self.machine}"
        )


@dataclass(frozen=True, slots=True)
class WayResult:
    """The results of one way."""

    way: str
    server: str  #: a description of the server
    deliveries: tuple[Delivery, ...] = field(repr=False)
    expected: int  #: deliveries that there should be: events × clients
    costs: Costs = field(repr=False)
    trace: Trace = field(repr=False, compare=False)  #: every byte, as the clients' ends saw it
    errors: tuple[str, ...] = ()

    @property
    def delays(self) -> tuple[float, ...]:
        """Seconds, in the order of arrival; without those that warmed up."""
        return tuple(delivery.delay for delivery in self.deliveries if not delivery.warm_up)

    @property
    def bytes_per_event(self) -> float:
        """Bytes above TCP, both directions, for each event delivered; the opening is in it."""
        return self.costs.total / len(self.deliveries) if self.deliveries else math.nan

    def quantile(self, share: float) -> float:
        """The delay that this share of the events does not exceed, in seconds.

        NaN where there are too few events to say so: see `measuring.carries`.
        """
        return quantile(self.delays, share) if carries(len(self.delays), share) else math.nan

    @property
    def p50(self) -> float:
        """The median delay, in seconds."""
        return self.quantile(0.5)

    @property
    def p90(self) -> float:
        """The delay that nine of ten events do not exceed, in seconds."""
        return self.quantile(0.9)

    @property
    def p99(self) -> float:
        """The delay that 99 of 100 events do not exceed, in seconds."""
        return self.quantile(0.99)

    @property
    def calm(self) -> float:
        """The median delay in the calmest quarter of the rounds, in seconds.

        Other work of a busy machine disturbs it the least; `p50` has all of that.
        """
        rounds: dict[int, list[float]] = {}
        for delivery in self.deliveries:
            if not delivery.warm_up:
                rounds.setdefault(delivery.round, []).append(delivery.delay)
        calmest = sorted(rounds.values(), key=median)[: max(1, len(rounds) // 4)]
        return quantile([delay for delays in calmest for delay in delays], 0.5)

    @property
    def mean(self) -> float:
        """The mean delay, in seconds."""
        return fmean(self.delays) if self.delays else math.nan


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome of `compare`: one entry per way, and the conditions. ``comparison["SSE"]`` is one entry."""

    conditions: Conditions
    outcomes: tuple[WayResult, ...]
    complete: bool  #: every event reached every client, and the run was not cancelled

    def __repr__(self) -> str:
        given = self.conditions
        return (
            f"<Comparison: {', '.join(outcome.way for outcome in self.outcomes)}; {given.events} events, "
            f"{given.clients} clients, interval {given.interval:g}, seed {given.seed}>"
        )

    def __getitem__(self, way: str) -> WayResult:
        for outcome in self.outcomes:
            if outcome.way == way:
                return outcome
        raise KeyError(way)

    def __iter__(self) -> Iterator[WayResult]:
        return iter(self.outcomes)

    def rows(self) -> list[dict[str, tables.Value]]:
        """One row per way: delays in milliseconds, and the costs; no quantile that no way carries."""
        return tables.filled([_row(outcome) for outcome in self.outcomes])

    def table(self) -> str:
        """The rows as text, and the conditions below."""
        return f"{tables.table(self.rows())}\n\n{tables.paragraph(str(self.conditions))}"

    def bytes_rows(self) -> list[dict[str, tables.Value]]:
        """One row per way: bytes by purpose and direction, for each event delivered."""
        return [_bytes_row(outcome) for outcome in self.outcomes]

    def to_csv(self, path: str | Path) -> None:
        """Write every delivery as a line: way, round, client, event, times and delay in seconds, warm-up."""
        start = min((d.due for o in self.outcomes for d in o.deliveries), default=0.0)
        lines: list[dict[str, tables.Value]] = [
            {
                "way": delivery.way,
                "round": delivery.round,
                "client": delivery.client,
                "event": delivery.event,
                "due": delivery.due - start,
                "received": delivery.received - start,
                "delay": delivery.delay,
                "warm_up": int(delivery.warm_up),
            }
            for outcome in self.outcomes
            for delivery in outcome.deliveries
        ]
        tables.write_csv(path, lines)


def compare(
    ways: Sequence[str] = FIVE,
    *,
    events: int = 100,
    rate: float = 20.0,
    interval: float = 0.1,
    clients: int = 1,
    rounds: int = 2,
    warm_up: int = 3,
    round_trip: float = 0.0,
    size: int | None = None,
    headers: Sequence[tuple[str, str]] = (),
    seed: int = 1,
    grace: float = 5.0,
    progress: Callable[[Progress], object] | None = None,
    cancel: threading.Event | None = None,
) -> Comparison:
    """Tell the same news by each way, and measure its delays and its costs.

    ``ways``: names of `ways.WAYS`.
    ``events``: for each way, in all rounds together.
    ``rate``: events a second, on average.
    ``interval``: seconds from one short poll to the next.
    ``clients``: that listen at once.
    ``rounds``: in each of them all ways take a turn.
    ``warm_up``: the first events of each turn, which are not counted.
    ``round_trip``: seconds that a proxy adds to each round trip.
    ``size``: bytes of each event's text; None: as short as it is.
    ``headers``: further fields of each HTTP request, such as `clients.BROWSER`.
    ``seed``: of the random times; the same seed gives the same news.
    ``grace``: seconds for which a turn may take longer, besides twice the interval.
    ``progress``: called with a `Progress` 20 times a second at most, in this thread.
    ``cancel``: once it is set, the rest is left out.

    Takes about ``len(ways)`` × ``events`` / ``rate`` seconds. Raises ValueError for values that can't be.
    """
    found = find(ways)
    _check(events, interval, clients, rounds, warm_up, round_trip)
    told = _rounds(events, rate, rounds, seed, size)
    conditions = Conditions(
        events, rate, interval, clients, rounds, warm_up, round_trip, size, len(headers), seed, machine()
    )
    turns = {way.name: _Turns(way, conditions, tuple(headers)) for way in found}
    report = _Reporter(progress, len(found) * events * clients)
    stop = cancel or threading.Event()
    for index, news in enumerate(told):
        shift = index % len(found)
        for way in (*found[shift:], *found[:shift]):
            if not stop.is_set():
                turns[way.name].run(index + 1, news, grace + 2 * interval, report, stop)
    outcomes = tuple(turns[way.name].outcome(events * clients) for way in found)
    complete = all(len(outcome.deliveries) == outcome.expected for outcome in outcomes)
    return Comparison(conditions, outcomes, complete)


def _check(count: int, interval: float, clients: int, rounds: int, warm_up: int, round_trip: float) -> None:
    if not interval > 0 or round_trip < 0:
        raise ValueError(
            f"interval {interval:g} s, round trip {round_trip:g} s; expected more than 0, and at least 0"
        )
    if clients < 1 or rounds < 1 or warm_up < 0:
        raise ValueError(
            f"{clients} clients, {rounds} rounds, {warm_up} to warm up; expected 1, 1, 0 or more"
        )
    if count // rounds <= warm_up:
        raise ValueError(
            f"{count} events in {rounds} rounds: none is left after {warm_up} to warm up in each"
        )


def _rounds(count: int, rate: float, rounds: int, seed: int, size: int | None) -> list[tuple[NewsItem, ...]]:
    """The events of each round; each round has its own times."""
    shares = [count // rounds + (index < count % rounds) for index in range(rounds)]
    return [make_events(share, rate, seed * 1000 + index, size) for index, share in enumerate(shares)]


class _Turns:
    """The turns of one way."""

    def __init__(self, way: Way, conditions: Conditions, headers: tuple[tuple[str, str], ...]) -> None:
        self.way = way
        self.conditions = conditions
        self.headers = headers
        self.trace = Trace(clock=clock)
        self.deliveries: list[Delivery] = []
        self.payload = 0
        self.errors: list[str] = []
        self.about = ""

    def run(
        self, number: int, news: Sequence[NewsItem], grace: float, report: _Reporter, stop: threading.Event
    ) -> None:
        """One turn: all clients connect, hear ``news``, and leave."""
        given = self.conditions
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(self.way.server())
            self.about = server.about
            port = stack.enter_context(_far_away(server.port, given.round_trip))
            audience = stack.enter_context(
                Audience(
                    self.way,
                    port,
                    given.clients,
                    interval=given.interval,
                    headers=self.headers,
                    trace=self.trace,
                )
            )
            audience.listening(PATIENCE)
            server.ready(given.clients, PATIENCE)
            publisher = Publisher(news, server.publish)
            stack.callback(publisher.stop)
            publisher.start()
            self._follow(number, audience, publisher, news[-1].at + grace, report, stop)
        self.errors += [f"{type(error).__name__}: {error}" for error in audience.errors]

    def _follow(
        self,
        number: int,
        audience: Audience,
        publisher: Publisher,
        seconds: float,
        report: _Reporter,
        stop: threading.Event,
    ) -> None:
        """Report deliveries until all clients have heard everything or the time is up."""
        total = len(publisher.told) * self.conditions.clients
        deadline = clock() + seconds
        seen = 0
        while seen < total and not stop.is_set() and not audience.errors and clock() < deadline:
            audience.wait(total, REPORT)
            new = self._deliveries(number, audience, publisher, seen)
            seen += len(new)
            self.deliveries += new
            report(self.way.name, number, new)
        if publisher.error is not None:
            raise publisher.error

    def _deliveries(self, number: int, audience: Audience, publisher: Publisher, seen: int) -> list[Delivery]:
        new = []
        for heard in audience.heard[seen:]:
            event = number_of(heard.text)
            self.payload += len(heard.text.encode())
            new.append(
                Delivery(
                    self.way.name,
                    number,
                    heard.client,
                    event,
                    publisher.times[event - 1],
                    heard.time,
                    event <= self.conditions.warm_up,
                )
            )
        return new

    def outcome(self, expected: int) -> WayResult:
        """The results of all turns together."""
        empty = Costs(ByteCounts(), ByteCounts(), 0, 0, 0)
        costs = count(self.trace, self.payload) if len(self.trace) else empty
        deliveries = tuple(self.deliveries)
        return WayResult(
            self.way.name, self.about, deliveries, expected, costs, self.trace, tuple(self.errors)
        )


class _Reporter:
    """Counts deliveries, and calls the callback where there is one."""

    def __init__(self, callback: Callable[[Progress], object] | None, total: int) -> None:
        self._callback = callback
        self._total = total
        self._done = 0

    def __call__(self, way: str, number: int, new: list[Delivery]) -> None:
        self._done += len(new)
        if self._callback is not None:
            self._callback(Progress(way, number, self._done, self._total, tuple(new)))


@contextlib.contextmanager
def _far_away(port: int, round_trip: float) -> Iterator[int]:
    """The port of a proxy that makes a server ``round_trip`` seconds further away."""
    if not round_trip:
        yield port
        return
    from wsdemo.proxy.chaos import Chaos, Delay

    with Chaos("127.0.0.1", port, script=[Delay(round_trip / 2)]) as proxy:
        yield proxy.port


def _row(outcome: WayResult) -> dict[str, Any]:
    costs = outcome.costs
    each = max(1, len(outcome.deliveries))
    return {
        "way": outcome.way,
        "p50 ms": outcome.p50 * 1000,
        "p90 ms": outcome.p90 * 1000,
        "p99 ms": outcome.p99 * 1000,
        "delivered": len(outcome.deliveries),
        "of": outcome.expected,
        "requests": costs.requests,
        "connections": costs.connections,
        "bytes/event": outcome.bytes_per_event,
        "TCP/IP (estimate)": costs.tcp_ip_estimate / each,
    }


def _bytes_row(outcome: WayResult) -> dict[str, Any]:
    costs = outcome.costs
    each = max(1, len(outcome.deliveries))
    return {
        "way": outcome.way,
        "payload": costs.received.payload / each,
        "framing up": costs.sent.framing / each,
        "framing down": costs.received.framing / each,
        "HTTP heads up": costs.sent.heads / each,
        "HTTP heads down": costs.received.heads / each,
        "all": costs.total / each,
        "TCP/IP (estimate)": costs.tcp_ip_estimate / each,
    }
