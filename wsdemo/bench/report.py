"""What people see of a run: the table, as text."""

from __future__ import annotations

from collections.abc import Iterator

from wsdemo.bench.run import Result, Run
from wsdemo.words import columns


def table(run: Run) -> str:
    """Row, ours, goal, measured, met or missed; below it everybody's values, and the conditions."""
    heads = ("row", "ours", "", "goal", "measured", "")
    lines = [heads, *(line for result in run.results for line in _goals(result))]
    text = [*columns(lines, "<><<><"), ""]
    for result in run.results:
        text.extend(_values(result))
    text.append("")
    text += [f"{name}: not installed, skipped (pip install {what})" for name, what in run.skipped.items()]
    text += [
        f"{result.row.title}: {name} failed: {why}"
        for result in run.results
        for name, why in result.failed.items()
    ]
    conditions = run.conditions
    load = "" if conditions["load"] is None else f", load {conditions['load']:.1f} at the start"
    text.append(
        f"Medians of {run.rounds} rounds{' (quick: they mean nothing)' if run.quick else ''}, "
        f"Python {conditions['python']}, {conditions['cores']} cores{load}."
    )
    return "\n".join(text)


def _goals(result: Result) -> Iterator[tuple[str, ...]]:
    row, title = result.row, result.row.title
    for goal in row.goals:
        ours, value = result.median(goal.ours), result.measured(goal)
        verdict = "not measured" if value is None else "met" if goal.met(value) else "MISSED"
        name = "" if goal.ours == "wsdemo" else f" ({goal.ours.removeprefix('wsdemo ')})"
        yield title + name, _shown(ours), row.unit, str(goal), _shown(value), verdict


def _values(result: Result) -> Iterator[str]:
    """Everybody's medians, and as a ratio to plain TCP where that took part."""
    yield f"{result.row.title} ({result.row.unit})"
    for name in result.values:
        ratio = result.ratio(name, "tcp")
        compared = "" if ratio is None else f"   {ratio:7.2f} × tcp"
        yield f"    {name:22} {_shown(result.median(name)):>10}{compared}"


def _shown(value: float | None) -> str:
    """Three significant digits.

    >>> _shown(1234567.0), _shown(0.01234), _shown(None)
    ('1,234,567', '0.0123', '–')
    """
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
