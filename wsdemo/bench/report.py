"""The report of a run for people: the table, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wsdemo.bench.run import Result, Run, Spread
from wsdemo.words import columns, plural, three_digits

#: The meaning of the names in the table.
DEFINITIONS: Final = """\
A range is from the lowest round to the highest; a ratio is taken within a round; a goal is met when every
round meets it. tcp: blocking sockets, a 10-byte header, two recv a message; tcp-buffered, for messages in
flight: one recv for all that came. Round trips of small messages: both ends on one CPU, if the system can."""


def table(run: Run) -> str:
    """Row, ours, goal, measured, met or missed; then the values of each contestant, and the conditions."""
    heads = ("row", "ours", "", "goal", "measured", "range", "")
    lines = [heads, *(line for result in run.results for line in _goals(result))]
    text = [*columns(lines, "<><<>><"), ""]
    for result in run.results:
        text += [*columns(list(_values(result)), "<>>>>", rule=False), ""]
    text += [f"{name}: not installed, skipped (pip install {what})" for name, what in run.skipped.items()]
    text += [
        f"{result.row.title}: {name} failed: {why}"
        for result in run.results
        for name, why in result.failed.items()
    ]
    conditions = run.conditions
    load = "" if conditions["load"] is None else f", load {conditions['load']:.1f} at the start"
    text.append(
        f"{plural(run.rounds, 'round')}{' (quick: they mean nothing)' if run.quick else ''}, "
        f"Python {conditions['python']}, {plural(conditions['cores'], 'core')}{load}."
    )
    text.append(DEFINITIONS)
    return "\n".join(text)


def _goals(result: Result) -> Iterator[tuple[str, ...]]:
    row = result.row
    for goal in row.goals:
        measured = result.measured(goal)
        name = "" if goal.ours == "wsdemo" else f" ({goal.ours.removeprefix('wsdemo ')})"
        missed = sum(not goal.met(value) for value in measured)
        verdict = (
            f"MISSED in {missed} of {len(measured)}" if missed else "met" if measured else "not measured"
        )
        ours = _median(result.values.get(goal.ours, []))
        yield row.title + name, ours, row.unit, str(goal), _median(measured), _range(measured), verdict


def _values(result: Result) -> Iterator[tuple[str, ...]]:
    """Median and range of each contestant, and of its ratio to the one that the row compares with."""
    beside = result.row.beside
    yield f"{result.row.title} ({result.row.unit})", "median", "range", f"× {beside}" if beside else "", ""
    for name, values in result.values.items():
        ratios = [] if name == beside else result.ratios(name, beside)
        compared = (_median(ratios), _range(ratios)) if ratios else ("", "")
        yield f"    {name}", _median(values), _range(values), *compared


def _median(values: Sequence[float]) -> str:
    return three_digits(Spread.of(values).median) if values else "–"


def _range(values: Sequence[float]) -> str:
    """The lowest and the highest value.

    >>> _range([1.1, 1.05, 1.2])
    '1.05 – 1.2'
    """
    if not values:
        return ""
    low, _, high = map(three_digits, Spread.of(values))
    return f"{low} – {high}"
