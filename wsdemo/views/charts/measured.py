"""Measurements as charts: the delay of the news, its bytes on the wire, the gain from memory.

::

    ecdf     share of the events │    ╭──── a      strip   a │ ·::·            one mark for each event
             that have arrived   │ ╭──╯  ╭─ b              b │      · : :· ·
    wire     a ▒▒▒░░░██████┆┆┆┆┆  bytes for each event, by purpose
    memory   ratio over memory, one mark for each choice of settings

They take what `wsdemo.rivals` gives and draw that; nothing is measured here. A curve has its own line style,
its own mark and its name beside it, so that no chart needs colour. Times are on a logarithmic scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle, islice
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, NullFormatter

from wsdemo.rivals import tables
from wsdemo.rivals.compression import Compressed, Grid
from wsdemo.rivals.latency import Comparison
from wsdemo.rivals.measuring import carries, quantile
from wsdemo.views.charts.picture import Picture, figure, own_style
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.theme import LOOKS, Look

Delays = Mapping[str, Sequence[float]]

#: The purposes of bytes: the column of the result, its label, fill and pattern.
PURPOSES: Final = (
    ("payload", "payload", theme.CYAN, ""),
    ("framing", "framing", theme.YELLOW, "///"),
    ("heads", "HTTP heads", theme.ORANGE, "..."),
    ("TCP/IP (estimate)", "TCP/IP headers (estimate)", theme.WHITE, "xxx"),
)

#: The quantiles that stand in the text, where there are enough events for them.
SHARES: Final = (0.1, 0.5, 0.9, 0.99)


@own_style()
def ecdf(result: Comparison | Delays, title: str = "How late is the news?") -> Picture:
    """The share of the events that had arrived, by milliseconds: one curve for each way.

    ``result``: the result of `latency.compare`, or delays in seconds by name. ValueError for no delay at all.
    """
    delays = _delays(result)
    above, below, height = 0.34, 0.5, 3.9
    drawing = figure(height)
    axes = drawing.add_axes((0.075, below / height, 0.70, (height - above - below) / height))
    names = sorted(delays, key=lambda name: quantile(delays[name], 0.5))
    looks = dict(zip(delays, islice(cycle(LOOKS), len(delays)), strict=True))
    for place, name in enumerate(reversed(names)):
        look = looks[name]
        values = sorted(_shown(delay) for delay in delays[name])
        shares = [(index + 1) / len(values) for index in range(len(values))]
        axes.step(
            [values[0], *values],
            [0.0, *shares],
            where="post",
            color=look.ink,
            linestyle=look.line,
            linewidth=1.9,
            marker=look.mark,
            markersize=5.5,
            markevery=max(1, len(values) // 8),
            zorder=3,
        )
        _name(axes, name, quantile(values, at := _height(place, len(names))), at, look)
    _milliseconds(axes, [delay for values in delays.values() for delay in values])
    axes.set_ylim(0, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "¼", "½", "¾", "all"])
    axes.set_ylabel("share of the events", fontsize=theme.SMALL, color=theme.QUIET)
    axes.axhline(0.5, color=theme.GREY, linewidth=1.0, zorder=1)
    _frame(axes, title)
    return Picture(drawing, _text(title, delays, _conditions(result)), title)


@own_style()
def strip(result: Comparison | Delays, title: str = "Each event, and how late it was") -> Picture:
    """One mark for each event, one lane for each way; the bar in a lane is the median.

    Inside a lane the first event is at the top and the last at the bottom. ValueError where no event arrived.
    """
    delays = _delays(result)
    above, lane, below = 0.34, 0.55, 0.5
    height = above + lane * len(delays) + below
    drawing = figure(height)
    left = _margin(delays)
    axes = drawing.add_axes((left, below / height, 0.98 - left, lane * len(delays) / height))
    for row, (name, look) in enumerate(zip(delays, cycle(LOOKS), strict=False)):
        values = [_shown(delay) for delay in delays[name]]
        rows = [row - 0.34 + 0.68 * (index + 0.5) / len(values) for index in range(len(values))]
        axes.plot(
            values,
            rows,
            linestyle="",
            marker=look.mark,
            markersize=4,
            markerfacecolor=look.ink,
            markeredgecolor=theme.PAPER,
            markeredgewidth=0.4,
            zorder=3,
        )
        axes.vlines(quantile(values, 0.5), row - 0.42, row + 0.42, color=theme.INK, linewidth=2.2, zorder=4)
        axes.axhline(row + 0.5, color=theme.GREY, linewidth=0.8, zorder=1)
    _milliseconds(axes, [delay for values in delays.values() for delay in values])
    axes.set_ylim(len(delays) - 0.5, -0.5)
    axes.set_yticks(range(len(delays)), list(delays), fontsize=theme.FONT)
    axes.tick_params(axis="y", length=0)
    _frame(axes, title)
    return Picture(drawing, _text(title, delays, _conditions(result)), title)


@own_style()
def wire(result: Comparison, title: str = "Bytes on the wire for each event") -> Picture:
    """The bytes for one event in both directions: payload, framing, HTTP heads, and TCP/IP as an estimate."""
    rows = [_purposes(row) for row in result.bytes_rows()]
    above, lane, below = 0.34, 0.46, 0.78
    height = above + lane * len(rows) + below
    drawing = figure(height)
    left = _margin(str(row["way"]) for row in rows)
    axes = drawing.add_axes((left, below / height, 0.98 - left, lane * len(rows) / height))
    longest = max(sum(_number(row[key]) for key, *_ in PURPOSES) for row in rows)
    for place, row in enumerate(rows):
        done = 0.0
        for key, _, fill, hatch in PURPOSES:
            width = _number(row[key])
            estimate = key == PURPOSES[-1][0]
            axes.barh(
                place,
                width,
                0.62,
                done,
                color=fill,
                edgecolor=theme.QUIET if estimate else theme.INK,
                linestyle="--" if estimate else "-",
                linewidth=0.8,
                hatch=hatch,
            )
            done += width
        label = f"{tables.shown(row['all'])} + {tables.shown(row[PURPOSES[-1][0]])}"
        axes.text(done + 0.01 * longest, place, label, va="center", fontsize=theme.SMALL, color=theme.INK)
    axes.set_xlim(0, longest * 1.16)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [str(row["way"]) for row in rows], fontsize=theme.FONT)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(
        "bytes for each event delivered; beside the bar: above TCP + estimate",
        fontsize=theme.SMALL,
        color=theme.QUIET,
    )
    patches = [
        Patch(facecolor=fill, hatch=hatch, edgecolor=theme.INK, linewidth=0.7, label=label)
        for _, label, fill, hatch in PURPOSES
    ]
    _key(drawing, patches)
    _frame(axes, title)
    return Picture(drawing, f"{title}\n{tables.table(rows)}\n\n{result.conditions}", title)


@own_style()
def memory(grid: Grid, title: str = "What memory buys") -> Picture:
    """Size on the wire against memory for each connection: a mark for each choice of settings.

    A filled mark has context takeover, an empty one has not. The line joins the settings that no other beats
    with as little memory; the text lists them (window bits, memory level).
    """
    streams = list(dict.fromkeys(entry.stream for entry in grid))
    above, below, height = 0.34, 0.76, 4.2
    drawing = figure(height)
    axes = drawing.add_axes((0.085, below / height, 0.765, (height - above - below) / height))
    for name, look in zip(streams, cycle(LOOKS), strict=False):
        for entry in grid.select(name):
            axes.plot(
                _kib(entry),
                entry.ratio,
                marker=look.mark,
                markersize=6,
                markerfacecolor=look.ink if entry.settings.takeover else theme.PAPER,
                markeredgecolor=look.ink,
                zorder=3,
            )
        best = frontier(grid.select(name))
        steps = [_kib(entry) for entry in best], [entry.ratio for entry in best]
        axes.step(*steps, where="post", color=look.ink, linestyle=look.line, linewidth=1.4, zorder=2)
        axes.text(
            1.01,
            best[-1].ratio,
            name,
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=theme.FONT,
            color=look.ink,
        )
        axes.axhline(best[-1].ratio, color=look.ink, linewidth=0.5, linestyle=":", zorder=1)
    axes.axhline(1.0, color=theme.QUIET, linewidth=1.0, zorder=1)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.set_xlabel("memory for each connection, KiB", fontsize=theme.SMALL, color=theme.QUIET)
    axes.set_ylabel("bytes out for each byte in", fontsize=theme.SMALL, color=theme.QUIET)
    axes.set_ylim(0, max(1.05, 1.05 * max(entry.ratio for entry in grid)))
    marks = [
        Line2D([], [], marker="o", linestyle="", color=theme.INK, markerfacecolor=fill, label=label)
        for fill, label in ((theme.INK, "context takeover"), (theme.PAPER, "no context takeover"))
    ]
    _key(drawing, marks)
    _frame(axes, title)
    rows = [entry.row() for name in streams for entry in frontier(grid.select(name))]
    return Picture(drawing, f"{title}: the settings that no other beats\n{tables.table(rows)}", title)


def frontier(entries: Sequence[Compressed]) -> list[Compressed]:
    """The settings that no other beats with as little memory: from little memory to much."""
    best: list[Compressed] = []
    for entry in sorted(entries, key=lambda entry: (entry.memory, entry.ratio)):
        if not best or entry.ratio < best[-1].ratio:
            best.append(entry)
    return best


# -- parts ------------------------------------------------------------------------------------------------


def _delays(result: Comparison | Delays) -> dict[str, Sequence[float]]:
    """Seconds by name, without the ways that have none; ValueError where none is left."""
    if isinstance(result, Comparison):
        found: Delays = {outcome.way: outcome.delays for outcome in result}
    else:
        found = result
    delays = {name: values for name, values in found.items() if values}
    if not delays:
        raise ValueError("no event has arrived: nothing to draw")
    return delays


def _margin(names: Iterable[str]) -> float:
    """The share of the width that the longest name needs.

    >>> _margin(["SSE", "short polling"]), _margin(["x" * 30])
    (0.2, 0.32)
    """
    return round(max(0.2, 0.02 + 0.01 * max(map(len, names))), 2)


def _conditions(result: Comparison | Delays) -> str:
    return f"\n\n{result.conditions}" if isinstance(result, Comparison) else ""


def _text(title: str, delays: Delays, conditions: str) -> str:
    rows: list[dict[str, tables.Value]] = [
        {
            "way": name,
            "events": len(values),
            **{f"p{share * 100:g} ms": _quantile(values, share) for share in SHARES},
            "latest ms": max(values) * 1000,
        }
        for name, values in delays.items()
    ]
    return f"{title}\n{tables.table(tables.filled(rows))}{conditions}"


def _quantile(values: Sequence[float], share: float) -> float | None:
    """The quantile in milliseconds; None: there are too few values for it."""
    return quantile(values, share) * 1000 if carries(len(values), share) else None


def _height(place: int, count: int) -> float:
    """The share of the events at which the name of this curve stands: all names apart.

    >>> [_height(place, 4) for place in range(4)]
    [0.125, 0.375, 0.625, 0.875]
    """
    return (place + 0.5) / count


def _name(axes: Axes, name: str, x: float, y: float, look: Look) -> None:
    """The name in the right margin, and a hairline from the curve to it."""
    axes.annotate(
        name,
        (x, y),
        xytext=(1.015, y),
        textcoords=axes.get_yaxis_transform(),
        va="center",
        fontsize=theme.FONT,
        color=look.ink,
        arrowprops={"arrowstyle": "-", "color": look.ink, "linewidth": 0.6, "linestyle": ":"},
    )
    axes.plot([x], [y], marker=look.mark, markersize=9, color=look.ink, markeredgecolor=theme.PAPER, zorder=5)


def _shown(seconds: float) -> float:
    """Milliseconds; a time shorter than a microsecond stands at the axis' left end."""
    return max(seconds, 1e-6) * 1000


def _milliseconds(axes: Axes, seconds: Sequence[float]) -> None:
    """A logarithmic axis of milliseconds with plain numbers."""
    axes.set_xscale("log")
    low, high = _shown(min(seconds)), _shown(max(seconds))
    axes.set_xlim(low / 1.3, high * 1.3)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("milliseconds late, logarithmic", fontsize=theme.SMALL, color=theme.QUIET)
    axes.grid(axis="x", color=theme.GREY, linewidth=0.6)


def _frame(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=theme.FONT, fontweight="bold", color=theme.INK, pad=5)
    axes.tick_params(axis="x", labelsize=theme.SMALL, colors=theme.QUIET)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _key(drawing: Figure, handles: Sequence[Patch | Line2D]) -> None:
    drawing.legend(
        handles=list(handles),
        loc="lower left",
        bbox_to_anchor=(0.06, 0.0),
        ncols=len(handles),
        frameon=False,
        fontsize=theme.SMALL,
        handlelength=2.2,
        columnspacing=1.6,
        borderaxespad=0.2,
    )


def _purposes(row: Mapping[str, tables.Value]) -> dict[str, tables.Value]:
    """Both directions of a row of bytes together.

    >>> _purposes({"way": "SSE", "payload": 1.0, "framing up": 0, "framing down": 2.0, "HTTP heads up": 3.0,
    ...     "HTTP heads down": 4.0, "all": 10.0, "TCP/IP (estimate)": 5.0})
    {'way': 'SSE', 'payload': 1.0, 'framing': 2.0, 'heads': 7.0, 'all': 10.0, 'TCP/IP (estimate)': 5.0}
    """
    return {
        "way": row["way"],
        "payload": row["payload"],
        "framing": _number(row["framing up"]) + _number(row["framing down"]),
        "heads": _number(row["HTTP heads up"]) + _number(row["HTTP heads down"]),
        "all": row["all"],
        "TCP/IP (estimate)": row["TCP/IP (estimate)"],
    }


def _number(value: tables.Value) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _kib(entry: Compressed) -> float:
    """KiB; a connection that keeps next to nothing stands at the axis' left end."""
    return max(entry.memory / 1024, 0.25)
