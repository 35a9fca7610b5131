"""The load on a server: CPU time, requests and bytes for each event delivered, by way and audience.

The server runs in a process of its own and tells the CPU time, user and system, of all its threads, from the
first event until the last has reached all clients. These and their taps are in this process and are not
counted. Ways take turns, and each turn has a fresh server; nothing else is varied.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wsdemo.rivals import news as told
from wsdemo.rivals import tables
from wsdemo.rivals.audience import PATIENCE, Audience
from wsdemo.rivals.costs import Costs, count
from wsdemo.rivals.measuring import machine
from wsdemo.rivals.news import clock
from wsdemo.rivals.serving import Child
from wsdemo.rivals.ways import FIVE, Way, find
from wsdemo.trace.trace import Trace

#: File descriptors that a process needs beside one for each client.
SPARE = 100


@dataclass(frozen=True, slots=True)
class Load:
    """The work of one server for a number of clients."""

    way: str
    server: str  #: a description of it
    clients: int
    delivered: int  #: events × clients that arrived
    expected: int
    cpu: float  #: seconds of CPU time, of the server's process
    wall: float  #: seconds that it took
    threads: int  #: of the server's process, at the end
    costs: Costs = field(repr=False)
    errors: tuple[str, ...] = ()

    @property
    def cpu_per_event(self) -> float:
        """Seconds of CPU time for each event delivered."""
        return self.cpu / max(1, self.delivered)

    @property
    def requests_per_event(self) -> float:
        """HTTP requests for each event delivered."""
        return self.costs.requests / max(1, self.delivered)

    @property
    def bytes_per_event(self) -> float:
        """Bytes above TCP, both directions, for each event delivered; the opening is in it."""
        return self.costs.total / max(1, self.delivered)


@dataclass(frozen=True, slots=True)
class Loads:
    """The outcome of `compare`, one entry per way and number of clients: ``loads["SSE", 100]``."""

    entries: tuple[Load, ...]
    events: int
    rate: float
    interval: float
    seed: int
    machine: str

    def __repr__(self) -> str:
        ways = list(dict.fromkeys(entry.way for entry in self.entries))
        counts = sorted({entry.clients for entry in self.entries})
        return f"<Loads: {', '.join(ways)}; {', '.join(map(str, counts))} clients; {self.events} events>"

    def __getitem__(self, key: tuple[str, int]) -> Load:
        for entry in self.entries:
            if (entry.way, entry.clients) == key:
                return entry
        raise KeyError(key)

    def __iter__(self) -> Iterator[Load]:
        return iter(self.entries)

    @property
    def complete(self) -> bool:
        """Whether every event reached every client."""
        return all(entry.delivered == entry.expected for entry in self.entries)

    def rows(self) -> list[dict[str, tables.Value]]:
        """One row per way and number of clients."""
        return [
            {
                "way": entry.way,
                "clients": entry.clients,
                "delivered": entry.delivered,
                "of": entry.expected,
                "CPU s": entry.cpu,
                "wall s": entry.wall,
                "CPU µs/event": entry.cpu_per_event * 1e6,
                "requests/event": entry.requests_per_event,
                "bytes/event": entry.bytes_per_event,
                "threads": entry.threads,
            }
            for entry in self.entries
        ]

    def table(self) -> str:
        """The rows as text, and the conditions below."""
        conditions = (
            f"{self.events} events at {self.rate:g}/s to every client; a short poll every "
            f"{self.interval:g} s; CPU time of the server's own process; no compression; loopback; "
            f"seed {self.seed}; {self.machine}"
        )
        return f"{tables.table(self.rows())}\n\n{tables.paragraph(conditions)}"

    def to_csv(self, path: str | Path) -> None:
        """Write the rows to a file."""
        tables.write_csv(path, self.rows())


def compare(
    ways: Sequence[str] = FIVE,
    *,
    clients: Sequence[int] = (1, 100, 1000),
    events: int = 10,
    rate: float = 5.0,
    interval: float = 1.0,
    size: int | None = None,
    seed: int = 1,
    grace: float = 10.0,
    progress: Callable[[str, int, int, int], object] | None = None,
    cancel: threading.Event | None = None,
) -> Loads:
    """Tell the same events to all clients by each way, and measure the costs for the server.

    ``ways``: names of `ways.WAYS`.
    ``clients``: numbers of clients, each measured by itself.
    ``events``: for each entry.
    ``rate``: events a second, on average.
    ``interval``: seconds from one short poll to the next.
    ``size``: bytes of each event's text; None: as short as it is.
    ``seed``: of the random times; the same seed gives the same news.
    ``grace``: seconds for which an entry may take longer, besides twice the interval; then it ends.
    ``progress``: called with (way, clients, done, total) before each entry, and once at the end.
    ``cancel``: once it is set, the rest is left out.

    An entry takes about ``events`` / ``rate`` seconds. Raises ValueError for values that can't be, OSError
    where the system allows fewer open files than there are clients.
    """
    found = find(ways)
    if not clients or min(clients) < 1:
        raise ValueError(f"clients {list(clients)}, expected numbers from 1")
    allow_files(max(clients) + SPARE)
    turns = [(way, number) for number in clients for way in found]
    stop = cancel or threading.Event()
    seconds = told.events(events, rate, seed, size)[-1].at + grace + 2 * interval
    news: dict[str, Any] = {"events": events, "rate": rate, "seed": seed, "size": size}
    entries: list[Load] = []
    with Child() as child:
        for way, number in turns:
            if stop.is_set():
                break
            if progress is not None:
                progress(way.name, number, len(entries), len(turns))
            entries.append(_measure(way, child, number, news, interval, seconds, stop))
    if progress is not None and entries:
        progress(entries[-1].way, entries[-1].clients, len(entries), len(turns))
    return Loads(tuple(entries), events, rate, interval, seed, machine())


def _measure(
    way: Way,
    child: Child,
    clients: int,
    news: dict[str, Any],
    interval: float,
    seconds: float,
    stop: threading.Event,
) -> Load:
    """One round: a fresh server in the child's process, and an audience here."""
    trace = Trace(clock=clock, limit=1 << 30)
    expected = news["events"] * clients
    child.serve(way.name)
    with Audience(way, child.port, clients, interval=interval, trace=trace) as audience:
        audience.listening(PATIENCE)
        child.start(clients=clients, **news)
        deadline = clock() + seconds
        while not stop.is_set() and not audience.errors and clock() < deadline:
            if audience.wait(expected, 0.1):
                break
        spent = child.stop()
        heard = list(audience.heard)
    child.done()
    costs = count(trace, sum(len(one.text.encode()) for one in heard))
    errors = tuple(f"{type(error).__name__}: {error}" for error in audience.errors)
    return Load(
        way.name,
        child.about,
        clients,
        len(heard),
        expected,
        spent["cpu"],
        spent["wall"],
        spent["threads"],
        costs,
        errors,
    )


def allow_files(count: int) -> None:
    """Let this process and its children open ``count`` files; OSError where the system forbids it."""
    try:
        import resource
    except ImportError:
        return  # Windows has no such bound
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise OSError(f"{count} open files are needed, the system allows {hard}: use fewer clients")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
