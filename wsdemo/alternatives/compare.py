"""All alternatives in one run: one table of what each costs, does by default, and does with wrong bytes.

::

    compare(ALTERNATIVES) ── all servers start ── opening, message, limits, wire checks, memory   once each
                                              ├── echo, fan-out      round by round, in turn
                                              └── first ping         meanwhile, by a member that is silent
                          ──► Compared ──► table · as_json ──► the picture of `views.comparison`

In turn, so that a busy moment of the machine hits all of them. A library that is not installed is left out,
and told.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from wsdemo.alternatives import measures, wire
from wsdemo.alternatives.measures import Bytes, SilentMember, Slow
from wsdemo.alternatives.serving import Serving
from wsdemo.alternatives.table import Alternative
from wsdemo.rivals.measuring import machine
from wsdemo.rivals.tables import paragraph
from wsdemo.words import columns

Progress = Callable[[str, int, int], object]


class Plan(NamedTuple):
    """The extent of a run."""

    rounds: int = 5  # of echo and fan-out
    echoes: int = 500  # round trips, each round
    members: int = 50  # of the room for a fan-out
    fan_outs: int = 20  # each round
    connections: int = 500  # whose memory is measured
    flood: int = measures.FLOOD  # bytes past a slow reader
    silence: float = wire.SILENCE  # seconds
    keepalive: float = 50.0  # seconds in which a first ping must come; 0: not measured


#: A run that shows that it works: its times mean nothing.
QUICK: Final = Plan(1, 5, 3, 1, 5, 2 * measures.PIECE, 0.5, 0.0)

#: Words below the table.
NOTES: Final = (
    "Times are medians, with the smallest and the largest of the rounds; the client, the same for all, "
    "reads one connection after the other. Bytes are inside TCP, without compression; the handshake counts "
    "up to the moment at which a client can speak. aiohttp has no keepalive by default, its file asks for "
    "20 s. Wire checks: right / ~ ends with another code, or none, than RFC 6455 gives / ✗ wrong. (To send "
    "the close code back is usual, not obliged.)"
)


class Rounds(NamedTuple):
    """The median of the rounds, in seconds, and the smallest and largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Rounds:
        """That of some values.

        >>> Rounds.of([3.0, 1.0, 2.0])
        Rounds(median=2.0, low=1.0, high=3.0)
        """
        return cls(statistics.median(values), min(values), max(values))


class Figures(NamedTuple):
    """The findings about one alternative; sizes in bytes, times in seconds."""

    name: str
    version: str
    lines: int
    opening: Bytes
    message: Bytes
    echo: Rounds
    fan_out: Rounds
    memory: float | None  # for a connection; None where the system does not tell
    limit: tuple[int, int | None]  # the largest message taken, and the close code for the next
    origin: int  # the status for a foreign page
    keepalive: float | None  # seconds of silence before the first ping
    slow: Slow
    wire: tuple[wire.Reaction, ...]
    gives: str
    lacks: str

    def verdicts(self, verdict: str) -> int:
        """The number of wire checks with this verdict."""
        return sum(one.verdict == verdict for one in self.wire)


class Compared(NamedTuple):
    """The figures of all, and the conditions."""

    figures: tuple[Figures, ...]
    plan: Plan
    machine: str
    missing: tuple[str, ...]  # a line for each that was left out

    def table(self) -> str:
        """The tables as text, and the conditions below them."""
        names = [figures.name for figures in self.figures]
        costs = [["", *names], *([label, *map(cell, self.figures)] for label, cell in ROWS)]
        checks = [
            [f"§{check.section} {check.name}", *(one.did + MARKS[one.verdict] for one in reactions)]
            for check, *reactions in self._by_check()
        ]
        sides = "<" + ">" * len(names)
        parts = [
            "\n".join(columns(costs, sides)),
            "\n".join(columns([["wire check", *names], *checks], "<" * (1 + len(names)))),
            "\n".join(f"{one.name}: {one.gives}. Without: {one.lacks}." for one in self.figures),
            paragraph(" ".join([*self.missing, self.conditions, NOTES])),
        ]
        return "\n\n".join(parts)

    @property
    def conditions(self) -> str:
        """The machine, the versions and the extent of the run, in words."""
        versions = dict.fromkeys(part for one in self.figures for part in one.version.split(", "))
        plan = self.plan
        return (
            f"{self.machine}; {', '.join(versions)}; each server in a process of its own on 127.0.0.1; "
            f"{plan.rounds} rounds of {plan.echoes} echoes and {plan.fan_outs} messages to {plan.members}; "
            f"memory of {plan.connections} connections; {_size(plan.flood)} past a slow reader."
        )

    def as_json(self) -> dict[str, Any]:
        """Everything, for a file."""
        return {
            "conditions": self.conditions,
            "notes": NOTES,
            "missing": list(self.missing),
            "plan": self.plan._asdict(),
            "alternatives": {one.name: _json(one) for one in self.figures},
        }

    def _by_check(self) -> Iterable[tuple[Any, ...]]:
        for number, check in enumerate(wire.CHECKS):
            yield check, *(figures.wire[number] for figures in self.figures)


def compare(
    alternatives: Iterable[Alternative],
    plan: Plan | None = None,
    progress: Progress = lambda title, done, total: None,
) -> Compared:
    """Measure all that are installed. Raises RuntimeError, one line, where none is, or one does not start."""
    plan = plan or Plan()
    chosen = list(alternatives)
    missing = tuple(f"{one.name} is left out: {one.missing}." for one in chosen if one.missing)
    present = [one for one in chosen if not one.missing]
    if not present:
        raise RuntimeError(" ".join(missing))
    done = _Steps(progress, len(present) * (3 + 2 * plan.rounds) + (plan.keepalive > 0))
    with contextlib.ExitStack() as stack:
        servers = []
        for one in present:
            done(f"{one.name}: start")
            servers.append(stack.enter_context(Serving(one)))
        figures = _figures(servers, plan, done)
    return Compared(figures, plan, machine(), missing)


def _figures(servers: list[Serving], plan: Plan, done: _Steps) -> tuple[Figures, ...]:
    with contextlib.ExitStack() as stack:
        watches = []
        if plan.keepalive:
            for server in servers:
                watches.append(watch := SilentMember(server))
                stack.callback(watch.close)
        once = [_once(server, plan, done) for server in servers]
        echoes, fan_outs = _rounds(servers, plan, done)
        if plan.keepalive:
            done("keepalive: the first ping")
        pings = [watch.wait(plan.keepalive) for watch in watches] or [None] * len(servers)
    return tuple(
        Figures(**found, echo=Rounds.of(echo), fan_out=Rounds.of(fan_out), keepalive=ping)
        for found, echo, fan_out, ping in zip(once, echoes, fan_outs, pings, strict=True)
    )


def _once(server: Serving, plan: Plan, done: _Steps) -> dict[str, Any]:
    """Ask a server what is asked once."""
    one = server.alternative
    done(f"{one.name}: wire checks")
    reactions = tuple(wire.run(server, check, plan.silence) for check in wire.CHECKS)
    done(f"{one.name}: defaults and memory")
    return {
        "name": one.name,
        "version": one.version,
        "lines": one.lines,
        "gives": one.gives,
        "lacks": one.lacks,
        "wire": reactions,
        "opening": measures.opening(server),
        "message": measures.message(server),
        "memory": measures.memory(server, plan.connections),  # before the large messages
        "origin": measures.origin(server),
        "limit": measures.message_limit(server),
        "slow": measures.slow_reader(server, plan.flood),
    }


def _rounds(servers: list[Serving], plan: Plan, done: _Steps) -> tuple[list[list[float]], ...]:
    """Echo and fan-out of each server, round by round; each round begins with another server."""
    echoes: list[list[float]] = [[] for _ in servers]
    fan_outs: list[list[float]] = [[] for _ in servers]
    for turn in range(plan.rounds):
        for place in range(len(servers)):
            number = (turn + place) % len(servers)
            server = servers[number]
            done(f"{server.alternative.name}: echo, round {turn + 1}")
            echoes[number].append(measures.echo(server, plan.echoes))
            done(f"{server.alternative.name}: fan-out, round {turn + 1}")
            fan_outs[number].append(measures.fan_out(server, plan.members, plan.fan_outs))
    return echoes, fan_outs


class _Steps:
    """Tells the progress: the title of a step, its number, and their total."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._done, self._total = progress, 0, total

    def __call__(self, title: str) -> None:
        self._progress(title, self._done, self._total)
        self._done += 1


def _json(figures: Figures) -> dict[str, Any]:
    values = figures._asdict()
    for name in ("opening", "message", "echo", "fan_out", "slow"):
        values[name] = values[name]._asdict()
    values["wire"] = [one.row for one in figures.wire]
    return values


# -- cells of the table ------------------------------------------------------------------------------------

#: The sign of a verdict, behind a reaction.
MARKS: Final = {wire.RIGHT: "", wire.ENDS: " ~", wire.WRONG: " ✗"}


def _time(spread: Rounds) -> str:
    """Milliseconds: the median, and the range of the rounds.

    >>> _time(Rounds(0.00125, 0.001, 0.0021))
    '1.25 (1.00-2.10)'
    """
    return f"{1e3 * spread.median:.2f} ({1e3 * spread.low:.2f}-{1e3 * spread.high:.2f})"


def _size(size: float) -> str:
    """A size in its unit.

    >>> _size(65536), _size(1048576), _size(900000)
    ('64 KiB', '1 MiB', '879 KiB')
    """
    return f"{size / measures.MiB:.3g} MiB" if size >= measures.MiB else f"{size / 1024:.0f} KiB"


def _limit(limit: tuple[int, int | None]) -> str:
    """The limit of a message: its size, and the close code beyond.

    >>> _limit((1048576, 1009)), _limit((1048576, None))
    ('1 MiB, 1009', 'over 1 MiB')
    """
    size, code = limit
    return f"over {_size(size)}" if code is None else f"{_size(size)}, {code}"


def _slow(slow: Slow) -> str:
    """The fate of a slow reader.

    >>> _slow(Slow(True, 0, 10, 99, 1008)), _slow(Slow(True, 5 << 20, 99, 99, None))
    ('closed, 1008', 'kept 5 MiB')
    """
    if not slow.others:
        return "stops the room"
    if slow.code is not None:
        return f"closed, {slow.code}"
    lost = slow.sent - slow.heard
    return f"lost {lost}, untold" if lost else f"kept {_size(slow.kept or 0)}"


def _wire(figures: Figures) -> str:
    return " / ".join(str(figures.verdicts(verdict)) for verdict in (wire.RIGHT, wire.ENDS, wire.WRONG))


#: The rows of the table: a label, and the cell of one alternative.
ROWS: Final[tuple[tuple[str, Callable[[Figures], str]], ...]] = (
    ("lines of code", lambda one: str(one.lines)),
    ("handshake, bytes", lambda one: str(sum(one.opening))),
    ('"hello" to the server, bytes', lambda one: str(one.message.sent)),
    ("and back, bytes", lambda one: str(one.message.received)),
    ("echo, ms", lambda one: _time(one.echo)),
    ("fan-out, ms", lambda one: _time(one.fan_out)),
    ("memory a connection", lambda one: "–" if one.memory is None else f"{one.memory / 1024:.1f} KiB"),
    ("largest message, and beyond", lambda one: _limit(one.limit)),
    ("page of another origin", lambda one: "let in" if one.origin == 101 else f"refused, {one.origin}"),
    ("first ping after, s", lambda one: "–" if one.keepalive is None else f"{one.keepalive:.0f}"),
    ("slow reader", lambda one: _slow(one.slow)),
    ("wire checks", _wire),
)
