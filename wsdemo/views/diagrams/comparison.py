"""The alternatives beside each other: bars of what each costs, and a table of what it did with wrong bytes.

::

    echo, ms                              wire check             wsdemo   aiohttp
    wsdemo   ████├┤ 0.05                  frame without a mask   1002 ✓   heard ✗
    aiohttp  █████├─┤ 0.07                ping is answered       pong ✓   pong ✓

Data of ``compare --json``. Knows nothing of servers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, WIDTH, Canvas, Sketch
from wsdemo.words import columns, three_digits

# Lengths in pixels.
TITLE: Final = 34.0
ROW: Final = 20.0
PANEL: Final = WIDTH / 2  # two of them side by side
NAMES: Final = 96.0  # room for the names of a panel
BAR: Final = 250.0  # the longest bar, with its range
GAP: Final = 16.0  # between panels
CHECKS: Final = 236.0  # room for the names of the checks
#: The title of the table of wire checks.
WIRE: Final = "Bytes that break the RFC, and some that do not"

#: The sign and the colour of a verdict.
SIGNS: Final = {
    "right": ("✓", theme.MINT),
    "ends without the reason": ("~", theme.YELLOW),
    "wrong": ("✗", theme.PINK),
}


class Cost(NamedTuple):
    """One panel: the median, the smallest and the largest value of each alternative, in a unit."""

    title: str
    values: dict[str, tuple[float, float, float] | None]  # None: not measured


def comparison(data: Mapping[str, Any], title: str = "One server, several libraries") -> Sketch:
    """A panel for each cost, with a bar for each alternative, and below them the verdicts.

    ``data``: a comparison as ``as_json`` gives it. A line at a bar's end is the range of the rounds.
    """
    canvas = Canvas()
    words = [*_costs(canvas, data, title), "", *_verdicts(canvas, data, WIRE)]
    return Sketch(canvas, "\n".join(words), title)


def verdicts(data: Mapping[str, Any], title: str = WIRE) -> Sketch:
    """The reaction of each alternative to each wire check, with a sign for the verdict.

    ``data``: a comparison as ``as_json`` gives it.
    """
    canvas = Canvas()
    return Sketch(canvas, "\n".join(_verdicts(canvas, data, title)), title)


def _costs(canvas: Canvas, data: Mapping[str, Any], title: str) -> list[str]:
    """Draw the panels, two in a row; the same in words."""
    panels = costs(data["alternatives"])
    high = TITLE + ROW * len(data["alternatives"]) + GAP
    canvas.text(14, TITLE / 2, title, anchor="start", bold=True)
    for number, panel in enumerate(panels):
        _panel(canvas, panel, PANEL * (number % 2) + 14, TITLE + high * (number // 2))
    canvas.height = TITLE + high * ((len(panels) + 1) // 2)
    return [title, *_lines(panels)]


def _verdicts(canvas: Canvas, data: Mapping[str, Any], title: str) -> list[str]:
    """Draw the table below what is there; the same in words."""
    top = canvas.height
    found = {name: one["wire"] for name, one in data["alternatives"].items()}
    checks = [f"§{check['section']} {check['check']}" for check in next(iter(found.values()), [])]
    canvas.height = top + TITLE + ROW * (len(checks) + 1) + 2 * GAP
    canvas.text(14, top + TITLE / 2, title, anchor="start", bold=True)
    wide = (WIDTH - 28 - CHECKS) / max(1, len(found))
    for place, name in enumerate(found):
        canvas.text(14 + CHECKS + (place + 0.5) * wide, top + TITLE + ROW / 2, name, bold=True, room=wide - 6)
    for row, check in enumerate(checks):
        y = top + TITLE + ROW * (row + 1)
        canvas.text(14, y + ROW / 2, check, anchor="start", room=CHECKS - 8)
        for place, reactions in enumerate(found.values()):
            sign, fill = SIGNS[reactions[row]["verdict"]]
            x = 14 + CHECKS + place * wide
            canvas.box(x, y, wide, ROW, fill=fill, edge=theme.PAPER, line=1.5)
            canvas.text(
                x + wide / 2, y + ROW / 2, f"{reactions[row]['did']} {sign}", size=SMALL, room=wide - 6
            )
    legend = ", ".join(f"{sign} {verdict}" for verdict, (sign, _) in SIGNS.items())
    canvas.text(14, top + TITLE + ROW * (len(checks) + 1) + GAP, legend, size=SMALL, anchor="start")
    signed = [
        [check, *(f"{one[row]['did']} {SIGNS[one[row]['verdict']][0]}" for one in found.values())]
        for row, check in enumerate(checks)
    ]
    table = columns([["wire check", *found], *signed], "<" * (1 + len(found)))
    return [title, *table, legend]


def costs(alternatives: Mapping[str, Mapping[str, Any]]) -> list[Cost]:
    """The panels, in their order, from the figures of each alternative."""

    def exact(title: str, value: Any) -> Cost:
        found = {name: value(one) for name, one in alternatives.items()}
        return Cost(title, {name: None if v is None else (v, v, v) for name, v in found.items()})

    def timed(title: str, key: str) -> Cost:
        return Cost(
            title,
            {
                name: (1e3 * one[key]["median"], 1e3 * one[key]["low"], 1e3 * one[key]["high"])
                for name, one in alternatives.items()
            },
        )

    return [
        exact("lines of code", lambda one: one["lines"]),
        exact("handshake, bytes", lambda one: sum(one["opening"].values())),
        exact("a message of 5 characters there and back, bytes", lambda one: sum(one["message"].values())),
        exact(
            "memory a connection, KiB", lambda one: None if one["memory"] is None else one["memory"] / 1024
        ),
        timed("echo, ms", "echo"),
        timed("fan-out, ms", "fan_out"),
    ]


def _panel(canvas: Canvas, panel: Cost, left: float, top: float) -> None:
    canvas.text(left, top + TITLE - 14, panel.title, size=SMALL, anchor="start", bold=True, room=PANEL - 30)
    most = max([high for value in panel.values.values() if value for *_, high in [value]], default=1) or 1
    for row, (name, value) in enumerate(panel.values.items()):
        y = top + TITLE + ROW * row + ROW / 2
        canvas.text(left + NAMES - 6, y, name, size=SMALL, anchor="end", room=NAMES - 6)
        if value is None:
            canvas.text(left + NAMES, y, "not measured", size=SMALL, color=theme.QUIET, anchor="start")
            continue
        median, low, high = (left + NAMES + part / most * BAR for part in value)
        fill = theme.LIGHT_BLUE if name == "wsdemo" else theme.GREY
        canvas.box(left + NAMES, y - 6, median - left - NAMES, 12, fill=fill, line=0.6)
        if high > low:
            canvas.line([(low, y), (high, y)], width=1.6)
            for x in (low, high):
                canvas.line([(x, y - 4), (x, y + 4)])
        canvas.text(max(median, high) + 6, y, three_digits(value[0]), size=SMALL, anchor="start")


def _lines(panels: Sequence[Cost]) -> list[str]:
    rows = [
        [panel.title, *("–" if value is None else three_digits(value[0]) for value in panel.values.values())]
        for panel in panels
    ]
    names = list(panels[0].values)
    return columns([["", *names], *rows], "<" + ">" * len(names))
