"""The speed of each contestant: a bar for the median, a line for the range; data of ``bench --json``.

::

    echo round trip, p50 (µs)    tcp     █████├┤ 21.0
                                 wsdemo  ██████├─┤ 24.4

Knows nothing of the measurement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from wsdemo.views.charts.picture import Picture, figure, own_style
from wsdemo.views.drawing import theme
from wsdemo.words import columns, plural, three_digits


@own_style()
def picture(data: Mapping[str, Any]) -> Picture:
    """One panel for each row of the benchmark, in the row's unit, ours in colour."""
    rows = [row for row in data["rows"] if row["spreads"]]
    bars = sum(len(row["spreads"]) for row in rows)
    drawing = figure(0.5 + 0.24 * bars + 0.6 * len(rows))
    heights = [len(row["spreads"]) + 1 for row in rows]
    panels = drawing.subplots(len(rows), 1, squeeze=False, gridspec_kw={"height_ratios": heights})
    lines = []
    for row, (axes,) in zip(rows, panels, strict=True):
        title = f"{row['title']} ({row['unit']})"
        axes.set_title(title, loc="left", fontsize=theme.SMALL, fontweight="bold", fontfamily=theme.SANS)
        _bars(axes, row["spreads"])
        cells = [(f"    {name}", *map(three_digits, s.values())) for name, s in row["spreads"].items()]
        lines += columns([(title, "lowest", "median", "highest"), *cells], "<>>>", rule=False)
    drawing.tight_layout()
    rounds = plural(data["rounds"], "round")
    title = f"Benchmark: {plural(len(rows), 'row')}, medians of {rounds} and their ranges"
    return Picture(drawing, "\n".join(lines), title)


def _bars(axes: Axes, spreads: Mapping[str, Mapping[str, float]]) -> None:
    names, medians = list(spreads), [spread["median"] for spread in spreads.values()]
    below = [spread["median"] - spread["low"] for spread in spreads.values()]
    above = [spread["high"] - spread["median"] for spread in spreads.values()]
    axes.barh(
        names,
        medians,
        color=[theme.LIGHT_BLUE if name.startswith("wsdemo") else theme.GREY for name in names],
        edgecolor=theme.INK,
        linewidth=0.5,
        xerr=[below, above],
        error_kw={"ecolor": theme.INK, "elinewidth": 1.0, "capsize": 2.5, "capthick": 1.0},
    )
    axes.invert_yaxis()
    for y, spread in enumerate(spreads.values()):
        text = f" {three_digits(spread['median'])}"
        axes.text(spread["high"], y, text, va="center", fontsize=theme.SMALL, color=theme.INK)
    axes.tick_params(labelsize=theme.SMALL, length=0, labelbottom=False)
    axes.margins(x=0.12)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
