"""One run: every row, round after round; the medians and their spread.

A ratio is taken between two values of the same round, seconds apart: a busy machine slows both. A goal is met
when the ratio of every round meets it, not the median only.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import statistics
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wsdemo.bench.rows import Goal, Row
from wsdemo.bench.served import Contestant, Served


class Spread(NamedTuple):
    """The values of all rounds: the lowest, the median, the highest."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of one value or more.

        >>> Spread.of([3.0, 1.0, 1.5])
        Spread(low=1.0, median=1.5, high=3.0)
        """
        return cls(min(values), statistics.median(values), max(values))


@dataclass
class Result:
    """The results of a row: the values of each contestant, round by round."""

    row: Row
    values: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)  #: contestants that could not take part, and why

    def ratios(self, name: str, by: str) -> list[float]:
        """The values as multiples of those of ``by``, round by round; empty where one was not measured.

        >>> result = Result(Row("", "", "", (), lambda served, quick: 0.0, ()))
        >>> result.values = {"a": [2.0, 9.0, 4.0], "b": [1.0, 3.0, 2.0]}
        >>> result.ratios("a", "b")
        [2.0, 3.0, 2.0]
        """
        if name not in self.values or by not in self.values:
            return []
        return [a / b for a, b in zip(self.values[name], self.values[by], strict=True)]

    def measured(self, goal: Goal) -> list[float]:
        """The values that the goal is about, round by round; empty where they were not measured."""
        return self.ratios(goal.ours, goal.by) if goal.by else self.values.get(goal.ours, [])

    def as_json(self) -> dict[str, Any]:
        """Everything, for a file."""
        return {
            "key": self.row.key,
            "title": self.row.title,
            "unit": self.row.unit,
            "values": self.values,
            "spreads": {name: Spread.of(values)._asdict() for name, values in self.values.items()},
            "failed": self.failed,
            "goals": [self._goal_as_json(goal) for goal in self.row.goals],
        }

    def _goal_as_json(self, goal: Goal) -> dict[str, Any]:
        values = self.measured(goal)
        return {
            "goal": str(goal),
            "of": goal.ours,
            "measured": Spread.of(values)._asdict() if values else None,
            "met": all(map(goal.met, values)) if values else None,
        }


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
            "rows": [result.as_json() for result in self.results],
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
    total = rounds * sum(map(len, chosen.values()))
    done, results = 0, []
    for row, contestants in chosen.items():
        result = Result(row)
        results.append(result)

        def step(row: Row = row) -> None:
            nonlocal done
            progress(row.title, done, total)
            done += 1

        with _one_processor() if row.together else contextlib.nullcontext():
            for numbers in [[number] for number in range(rounds)] if row.fresh else [range(rounds)]:
                _measure(result, contestants, numbers, quick, step)
    return Run(results, rounds, quick, skipped, conditions)


def _measure(
    result: Result,
    contestants: Sequence[Contestant],
    rounds: Iterable[int],
    quick: bool,
    step: Callable[[], object],
) -> None:
    """The rounds of one row with the same servers: A B C, B C A, C A B … so that none is always first."""
    with contextlib.ExitStack() as stack:
        servers = []
        for contestant in contestants:  # all start at once
            served = Served(contestant)
            stack.callback(served.close)
            servers.append(served)
        for served in servers:
            with _noting(result, served):
                served.wait()
        for number in rounds:
            turn = number % max(1, len(servers))
            for served in servers[turn:] + servers[:turn]:
                step()
                name = served.contestant.name
                if name not in result.failed:
                    with _noting(result, served):
                        value = result.row.measure(served, quick)
                        result.values.setdefault(name, []).append(value)


@contextlib.contextmanager
def _one_processor() -> Iterator[None]:
    """A context in which this process and its children run on one processor, where the system can do that."""
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
def _noting(result: Result, served: Served) -> Iterator[None]:
    """A contestant that fails leaves the row, with the reason; the others go on."""
    name = served.contestant.name
    try:
        yield
    except (OSError, EOFError, RuntimeError, AssertionError) as error:
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
