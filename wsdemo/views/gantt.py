"""Who was served when: what one thread did, and what each client waited for.

::

    the thread  ████ Ada ░░░░░░░░░░░░░░░░░░░▌Ben▐      one lane for the thread: never two at once
    Ada
    Ben         ▨▨▨▨▨▨▨▨▨ waits ▨▨▨▨▨▨▨▨▨▨▨▨▌ █ ▐      one lane for each client

A `Diary` keeps facts, each with its times; `lanes` derives from them who waited; `gantt` draws that. Knows
nothing of sockets: whoever runs a server writes the diary.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from wsdemo.views import theme
from wsdemo.views.picture import Picture, figure, own_style

What = Literal["says", "served", "stuck", "frozen", "thawed", "gone"]
State = Literal["serves", "stuck", "waits", "served", "frozen", "gone"]

THREAD: Final = "the thread"

#: How each state looks: fill, hatch. Every state has its pattern, and the key below the picture its name.
LOOK: Final[dict[State, tuple[str, str]]] = {
    "serves": (theme.MINT, ""),
    "served": (theme.MINT, ""),
    "waits": (theme.YELLOW, "///"),
    "stuck": (theme.ORANGE, "xxx"),
    "frozen": (theme.GREY, "..."),
    "gone": (theme.PAPER, ""),
}

#: What the key says of each state, in this order.
KEY: Final[dict[State, str]] = {
    "served": "served: the thread works for this client",
    "waits": "waits: has spoken, and nobody has listened yet",
    "stuck": "stuck: the thread waits in a call that one client alone can end",
    "frozen": "frozen: connected, but reads nothing",
}

NARROWEST: Final = 0.006  #: of the picture's width: a bar that is shorter in time is still seen
ROOMY: Final = 0.0135  #: of the picture's width: what one character of a label needs


class Fact(NamedTuple):
    """Something that happened, from ``start`` to ``stop`` (seconds on the diary's clock)."""

    start: float
    stop: float
    who: str
    what: What


class Bar(NamedTuple):
    """One piece of a lane: a state from ``start`` to ``stop`` in seconds, and what is written on it."""

    start: float
    stop: float
    state: State
    label: str


class Diary:
    """What a server did and what its clients did, as it happened.

    >>> diary = Diary(clock=iter([0.0, 1.0, 2.0]).__next__)
    >>> diary.note("Ben", "says")
    >>> with diary.span("Ben", "served"):
    ...     pass
    >>> diary.facts[-1]
    Fact(start=1.0, stop=2.0, who='Ben', what='served')
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.facts: list[Fact] = []

    def __repr__(self) -> str:
        return f"<Diary: {len(self.facts)} facts>"

    def note(self, who: str, what: What) -> None:
        """It happened just now."""
        now = self.clock()
        self.facts.append(Fact(now, now, who, what))

    def add(self, who: str, what: What, start: float) -> None:
        """It began at ``start`` and is over just now."""
        self.facts.append(Fact(start, self.clock(), who, what))

    @contextlib.contextmanager
    def span(self, who: str, what: What) -> Iterator[None]:
        """It lasts as long as the ``with`` block, also when that ends in an error."""
        start = self.clock()
        try:
            yield
        finally:
            self.add(who, what, start)

    def clear(self) -> None:
        """Forget everything: a new page."""
        self.facts.clear()

    def waited(self, who: str) -> float:
        """How long this client has waited, in seconds, all its waits together."""
        return sum(bar.stop - bar.start for bar in lanes(self.facts).get(who, ()) if bar.state == "waits")

    @property
    def served(self) -> list[str]:
        """Who was served, in the order of service."""
        return [fact.who for fact in self.facts if fact.what == "served"]


@own_style()
def gantt(facts: Diary | Sequence[Fact], title: str = "Who was served when") -> Picture:
    """Draw a lane for the thread and a lane for each client, on one axis of time."""
    facts = list(facts.facts if isinstance(facts, Diary) else facts)
    rows = lanes(facts)
    start = min((fact.start for fact in facts), default=0.0)
    stop = max((fact.stop for fact in facts), default=0.0)
    length = max(stop - start, 1e-9)
    unit, factor = _unit(length)
    states = {bar.state for bars in rows.values() for bar in bars}
    shown = [state for state in KEY if state in states]
    above, lane, below = 0.34, 0.44, 0.50 + 0.2 * ((len(shown) + 1) // 2)  # inches
    height = above + lane * len(rows) + below
    drawing = figure(height)
    axes = drawing.add_axes((0.11, below / height, 0.88, lane * len(rows) / height))
    for number, bars in enumerate(rows.values()):
        axes.axhline(number, color=theme.GREY, linewidth=0.8, zorder=0)
        for bar in bars:
            _draw(axes, number, bar, start, length, factor)
    room = 1.07 if "gone" in states else 1.01  # for the word beside the mark
    axes.set_xlim(-0.01 * length * factor, room * length * factor)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), list(rows), fontsize=theme.FONT, fontfamily=theme.SANS)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=theme.SMALL, colors=theme.QUIET)
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.set_xlabel(
        f"{unit} since the first of these events", fontsize=theme.SMALL, color=theme.QUIET, labelpad=2
    )
    axes.set_title(title, fontsize=theme.FONT, loc="left", color=theme.INK, fontweight="bold")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(theme.QUIET)
    _key(drawing, shown)
    return Picture(drawing, describe(rows, title), title)


def lanes(facts: Sequence[Fact]) -> dict[str, list[Bar]]:
    """The bars of the thread, then those of each client in the order in which they first appear.

    A client waits from its word to the moment when the thread begins to serve it. Words said meanwhile
    share that wait.

    >>> facts = [Fact(0, 0, "Ben", "says"), Fact(0, 3, "Ada", "stuck"), Fact(3, 4, "Ben", "served")]
    >>> for who, bars in lanes(facts).items():
    ...     print(who, [(bar.start, bar.stop, bar.state) for bar in bars])
    the thread [(0, 3, 'stuck'), (3, 4, 'serves')]
    Ben [(0, 3, 'waits'), (3, 4, 'served')]
    Ada []
    """
    facts = sorted(facts, key=lambda fact: (fact.start, fact.stop))
    end = max((fact.stop for fact in facts), default=0.0)
    rows: dict[str, list[Bar]] = {THREAD: []}
    for who in dict.fromkeys(fact.who for fact in facts):
        rows[who] = _lane([fact for fact in facts if fact.who == who], end)
    for fact in facts:
        if fact.what == "served":
            rows[THREAD].append(Bar(fact.start, fact.stop, "serves", fact.who))
        elif fact.what == "stuck":
            rows[THREAD].append(Bar(fact.start, fact.stop, "stuck", f"stuck with {fact.who}"))
    return rows


def describe(rows: dict[str, list[Bar]], title: str) -> str:
    """The lanes as text: for each, what happened, in order; a repetition is counted."""
    lines = [title]
    width = max(len(who) for who in rows)
    for who, bars in rows.items():
        steps: list[list[object]] = []
        for bar in bars:
            words = f"serves {bar.label}" if bar.state == "serves" else bar.label or bar.state
            if steps and steps[-1][0] == words:
                steps[-1][1] = int(str(steps[-1][1])) + 1
            else:
                steps.append([words, 1])
        story = " → ".join(f"{words} ×{count}" if count != 1 else str(words) for words, count in steps)
        lines.append(f"{who:<{width}}  {story or 'nothing'}")
    return "\n".join(lines)


def _lane(facts: Sequence[Fact], end: float) -> list[Bar]:
    """One client's bars, from its own facts in the order of time."""
    bars: list[Bar] = []
    spoke: float | None = None
    froze: float | None = None
    for fact in facts:
        match fact.what:
            case "says":
                spoke = fact.start if spoke is None else spoke
            case "served":
                if spoke is not None:
                    bars.append(Bar(spoke, fact.start, "waits", "waits"))
                    spoke = None
                bars.append(Bar(fact.start, fact.stop, "served", "served"))
            case "frozen":
                froze = fact.start
            case "thawed" | "gone":
                if froze is not None:
                    bars.append(Bar(froze, fact.start, "frozen", "frozen"))
                    froze = None
                if fact.what == "gone":
                    after = bars[-1].stop if bars else fact.start  # while it was served: marked behind that
                    when = max(fact.start, after)
                    bars.append(Bar(when, when, "gone", "gone"))
                    spoke = None
            case "stuck":
                pass  # the thread's affair
    if froze is not None:
        bars.append(Bar(froze, end, "frozen", "frozen"))
    if spoke is not None:
        bars.append(Bar(spoke, end, "waits", "waits to the end"))
    return sorted(bars, key=lambda bar: (bar.start, bar.stop))


def _draw(axes: Axes, row: int, bar: Bar, origin: float, length: float, factor: float) -> None:
    left = (bar.start - origin) * factor
    if bar.state == "gone":
        axes.plot([left], [row], marker="X", markersize=9, color=theme.ALARM, zorder=4)
        axes.annotate(
            bar.label,
            (left, row),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=theme.ALARM,
            fontsize=theme.SMALL,
        )
        return
    fill, hatch = LOOK[bar.state]
    share = (bar.stop - bar.start) / length
    width = max(share, NARROWEST) * length * factor
    height = 0.34 if bar.state == "frozen" else 0.62
    axes.barh(row, width, height, left, color=fill, edgecolor=theme.INK, linewidth=0.7, hatch=hatch, zorder=2)
    words = bar.label
    if bar.state == "serves" and share <= ROOMY * len(words):
        words = words[:1]  # whose bar it is, at least
    if share > ROOMY * len(words):
        label = axes.text(
            left + width / 2, row, words, ha="center", va="center", fontsize=theme.SMALL, zorder=3
        )
        label.set_color(theme.INK)
        if hatch:
            label.set_bbox({"facecolor": theme.PAPER, "edgecolor": "none", "pad": 1.2, "alpha": 0.9})


def _key(drawing: Figure, shown: Sequence[State]) -> None:
    """The key at the foot: only what the picture shows."""
    patches = [
        Patch(
            facecolor=LOOK[state][0],
            hatch=LOOK[state][1],
            edgecolor=theme.INK,
            linewidth=0.7,
            label=KEY[state],
        )
        for state in shown
    ]
    if patches:
        drawing.legend(
            handles=patches,
            loc="lower left",
            bbox_to_anchor=(0.1, 0.0),
            ncols=2,
            frameon=False,
            fontsize=theme.SMALL,
            handlelength=2.2,
            columnspacing=1.6,
            labelspacing=0.3,
            borderaxespad=0.2,
        )


def _unit(seconds: float) -> tuple[str, float]:
    """The unit in which so long a time reads well, and how many of it make a second.

    >>> _unit(0.00025)
    ('microseconds', 1000000.0)
    """
    if seconds < 2e-3:
        return "microseconds", 1e6
    return ("milliseconds", 1e3) if seconds < 2.0 else ("seconds", 1.0)
