"""How fast everybody was: a bar for each, as multiples of plain TCP; data as ``bench --json`` writes it.

::

    echo round trip, p50      tcp     █████ 1.00
                              wsdemo  ██████ 1.19

Knows nothing of how it was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wsdemo.views.charts.picture import Picture, figure, own_style
from wsdemo.views.drawing import theme


@own_style()
def picture(data: Mapping[str, Any]) -> Picture:
    """One panel for each row of the benchmark: everybody's median in the row's unit, ours in colour."""
    rows = [row for row in data["rows"] if row["medians"]]
    bars = sum(len(row["medians"]) for row in rows)
    drawing = figure(0.5 + 0.24 * bars + 0.6 * len(rows))
    lines = []
    heights = [len(row["medians"]) + 1 for row in rows]
    panels = drawing.subplots(len(rows), 1, squeeze=False, gridspec_kw={"height_ratios": heights})
    for row, (axes,) in zip(rows, panels, strict=True):
        names = list(row["medians"])
        values = [row["medians"][name] for name in names]
        colours = [theme.LIGHT_BLUE if name.startswith("wsdemo") else theme.GREY for name in names]
        axes.barh(names, values, color=colours, edgecolor=theme.INK, linewidth=0.5)
        axes.invert_yaxis()
        for y, value in enumerate(values):
            axes.text(value, y, f" {value:,.3g}", va="center", fontsize=theme.SMALL, color=theme.INK)
        title = f"{row['title']} ({row['unit']})"
        axes.set_title(title, loc="left", fontsize=theme.SMALL, fontweight="bold", fontfamily=theme.SANS)
        axes.tick_params(labelsize=theme.SMALL, length=0, labelbottom=False)
        axes.margins(x=0.12)
        for side in ("top", "right", "bottom"):
            axes.spines[side].set_visible(False)
        lines.append(title)
        lines += [f"    {name:22} {value:,.3g}" for name, value in zip(names, values, strict=True)]
    drawing.tight_layout()
    return Picture(
        drawing, "\n".join(lines), f"Benchmark: {len(rows)} rows, medians of {data['rounds']} rounds"
    )
