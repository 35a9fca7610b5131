"""One run: every row, round after round, and the medians.

A ratio is taken between two values of the same round, seconds apart, and the median of the ratios is what
counts: a busy machine slows both.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import statistics
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from wsdemo.bench.rows import Goal, Row
from wsdemo.bench.served import Contestant, Served


@dataclass
class Result:
    """What a row gave: the values of each contestant, round by round."""

    row: Row
    values: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)  #: who could not take part, and why

    def median(self, name: str) -> float | None:
        """A contestant's median; None where it was not measured."""
        return statistics.median(self.values[name]) if self.values.get(name) else None

    def ratio(self, name: str, by: str) -> float | None:
        """The median of the ratios, round by round.

        >>> result = Result(Row("", "", "", (), lambda served, quick: 0.0, ()))
        >>> result.values = {"a": [2.0, 9.0, 4.0], "b": [1.0, 3.0, 2.0]}
        >>> result.ratio("a", "b")
        2.0
        """
        ours, theirs = self.values.get(name), self.values.get(by)
        if not ours or not theirs:
            return None
        return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))

    def measured(self, goal: Goal) -> float | None:
        """What the goal speaks of."""
        return self.ratio(goal.ours, goal.by) if goal.by else self.median(goal.ours)


@dataclass
class Run:
    """The results of all rows, and the conditions."""

    results: list[Result]
    rounds: int
    quick: bool
    skipped: dict[str, str]  #: peers that are not installed: what to install
    conditions: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Everything, for a file."""
        return {
            "conditions": self.conditions,
            "rounds": self.rounds,
            "quick": self.quick,
            "skipped": self.skipped,
            "rows": [
                {
                    "key": result.row.key,
                    "title": result.row.title,
                    "unit": result.row.unit,
                    "values": result.values,
                    "medians": {name: result.median(name) for name in result.values},
                    "failed": result.failed,
                    "goals": [
                        {
                            "goal": str(goal),
                            "of": goal.ours,
                            "measured": (value := result.measured(goal)),
                            "met": None if value is None else goal.met(value),
                        }
                        for goal in result.row.goals
                    ],
                }
                for result in self.results
            ],
        }


def run(
    rows: Sequence[Row],
    peers: Collection[str],
    rounds: int = 7,
    quick: bool = False,
    progress: Callable[[str, int, int], object] = lambda title, done, total: None,
) -> Run:
    """Measure ``rows`` with those of their contestants that are among ``peers``.

    ``progress(title, done, total)`` is called before each measure; counted in measures.
    """
    chosen = {row: [c for c in row.contestants if c.peer in peers and not c.missing] for row in rows}
    skipped = {c.peer: c.missing for row in rows for c in row.contestants if c.peer in peers and c.missing}
    conditions = _conditions()
    total = sum(len(who) * (1 if row.once else rounds) for row, who in chosen.items())
    done, results = 0, []
    for row, who in chosen.items():
        result = Result(row)
        results.append(result)

        def step(row: Row = row) -> None:
            nonlocal done
            progress(row.title, done, total)
            done += 1

        _measure(result, who, 1 if row.once else rounds, quick, step)
    return Run(results, rounds, quick, skipped, conditions)


def _measure(
    result: Result, who: Sequence[Contestant], rounds: int, quick: bool, step: Callable[[], object]
) -> None:
    """All rounds of one row: A B C, B C A, C A B … so that nobody always comes first."""
    with contextlib.ExitStack() as stack:
        if result.row.together:
            stack.enter_context(_one_processor())
        servers = []
        for contestant in who:  # all start at once
            served = Served(contestant)
            stack.callback(served.close)
            servers.append(served)
        for served in servers:
            with _noting(result, served):
                served.wait()
                result.values[served.contestant.name] = []
        for number in range(rounds):
            turn = number % len(servers) if servers else 0
            for served in servers[turn:] + servers[:turn]:
                step()
                name = served.contestant.name
                if name in result.values:
                    with _noting(result, served):
                        result.values[name].append(result.row.measure(served, quick))


@contextlib.contextmanager
def _one_processor() -> Iterator[None]:
    """Inside, this process and those that it starts run on one processor, where the system knows how."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def _noting(result: Result, served: Served) -> Any:
    """Who fails leaves the row, with the reason; the others go on."""
    name = served.contestant.name
    try:
        yield
    except (OSError, RuntimeError, AssertionError) as error:
        result.values.pop(name, None)
        result.failed[name] = f"{type(error).__name__}: {error}"


def _conditions() -> dict[str, Any]:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load": load,
    }
