"""Water levels: the bytes that wait for each member of a room, by time.

::

    Ana    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁   reads as fast as it comes
    Dora   ▁▂▃▄▅▆▇█ closed         waits under a bound ┄┄┄┄┄┄┄┄┄

A `Gauge` keeps samples, each with its time; `levels` draws a lane for each member. Knows nothing of sockets:
the code of a server writes the gauge.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.axis import AXIS, LEFT, WIDE, axis, time_unit
from wsdemo.views.drawing.canvas import SMALL, Canvas, Sketch
from wsdemo.words import plural

# Lengths in pixels.
TITLE: Final = 34.0  # above the first lane
LANE: Final = 78.0
GAP: Final = 8.0  # between lanes
WATER: Final = 56.0  # of the highest level
NOTES: Final = 150.0  # room beside the lanes for the highest level


class Sample(NamedTuple):
    """A level: ``size`` bytes waited for ``who`` at ``at`` (seconds on the gauge's clock)."""

    at: float
    who: str
    size: int


class Note(NamedTuple):
    """A word about a member at a moment, such as "closed"."""

    at: float
    who: str
    words: str


class Gauge:
    """The bytes that waited for each member, as they were sampled.

    >>> gauge = Gauge(clock=iter([0.0, 1.0, 2.0]).__next__)
    >>> gauge.sample("Ana", 0)
    >>> gauge.sample("Dora", 700)
    >>> gauge.note("Dora", "closed")
    >>> gauge.highest("Dora"), gauge.members
    (700, ['Ana', 'Dora'])
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.samples: list[Sample] = []
        self.notes: list[Note] = []

    def __repr__(self) -> str:
        return f"<Gauge: {plural(len(self.samples), 'sample')} of {plural(len(self.members), 'member')}>"

    def sample(self, who: str, size: int) -> None:
        """Keep a level: ``size`` bytes wait for this member just now."""
        self.samples.append(Sample(self.clock(), who, size))

    def note(self, who: str, words: str) -> None:
        """Keep a word about this member, said just now."""
        self.notes.append(Note(self.clock(), who, words))

    @property
    def members(self) -> list[str]:
        """The members, in the order of their first sample."""
        return list(dict.fromkeys(sample.who for sample in self.samples))

    def highest(self, who: str) -> int:
        """The most bytes that have waited for this member; 0 for one without samples."""
        return max((sample.size for sample in self.samples if sample.who == who), default=0)


def levels(
    gauge: Gauge, title: str = "Bytes that wait for each member", *, bound: int | None = None
) -> Sketch:
    """Draw the level of each member by time, all on one scale; ``bound``: bytes, a line across each lane."""
    members = gauge.members
    start = min((sample.at for sample in gauge.samples), default=0.0)
    times = [sample.at for sample in gauge.samples] + [note.at for note in gauge.notes]
    length = max(times, default=start) - start or 1e-9
    most = max([1, bound or 0, *(gauge.highest(who) for who in members)])
    scale = (WIDE - NOTES) / length  # pixels a second
    canvas = Canvas(TITLE + LANE * len(members) + AXIS)
    canvas.text(LEFT, TITLE / 2, title, anchor="start", bold=True)
    for number, who in enumerate(members):
        foot = TITLE + (number + 1) * LANE - GAP
        points = [(LEFT + (at - start) * scale, size) for at, name, size in gauge.samples if name == who]
        canvas.text(LEFT - 10, foot - WATER / 2, who, anchor="end", room=LEFT - 14)
        _water(canvas, foot, [(x, foot - size / most * WATER) for x, size in _thinned(points)])
        canvas.line([(LEFT, foot), (LEFT + length * scale, foot)], color=theme.QUIET)
        if bound is not None:
            y = foot - bound / most * WATER
            canvas.line([(LEFT, y), (LEFT + length * scale, y)], color=theme.ALARM, dash="5 4")
        for note in gauge.notes:
            if note.who == who:
                x = min(LEFT + (note.at - start) * scale, LEFT + WIDE - NOTES - 60)
                canvas.text(
                    x + 6,
                    foot - WATER + 2,
                    note.words,
                    size=SMALL,
                    color=theme.ALARM,
                    anchor="start",
                    card=True,
                )
        canvas.text(
            LEFT + WIDE, foot - WATER / 2, f"at most {_size(gauge.highest(who))}", size=SMALL, anchor="end"
        )
    foot = TITLE + LANE * len(members)
    words, factor = time_unit(length)
    line = f"; dashed: the bound, {_size(bound)}" if bound is not None else ""
    axis(canvas, foot, length * factor, scale / factor, f"{words}{line}")
    return Sketch(canvas, describe(gauge, title, bound), title)


def describe(gauge: Gauge, title: str, bound: int | None = None) -> str:
    """The levels as text: of each member the highest and the last, and what was noted.

    >>> gauge = Gauge(clock=iter([0.0, 1.0, 2.0]).__next__)
    >>> gauge.sample("Dora", 700)
    >>> gauge.sample("Dora", 1234)
    >>> gauge.note("Dora", "closed")
    >>> print(describe(gauge, "Levels", bound=1000))
    Levels (bound 1,000 bytes)
    Dora  at most 1,234 bytes, at the end 1,234 bytes; closed
    """
    lines = [title if bound is None else f"{title} (bound {_size(bound)})"]
    wide = max((len(who) for who in gauge.members), default=0)
    for who in gauge.members:
        last = [sample.size for sample in gauge.samples if sample.who == who][-1]
        said = "".join(f"; {note.words}" for note in gauge.notes if note.who == who)
        lines.append(f"{who:<{wide}}  at most {_size(gauge.highest(who))}, at the end {_size(last)}{said}")
    return "\n".join(lines)


def _water(canvas: Canvas, foot: float, surface: Sequence[tuple[float, float]]) -> None:
    """The water under its surface."""
    if surface:
        shores = [(surface[0][0], foot), *surface, (surface[-1][0], foot)]
        canvas.area(shores, fill=theme.LIGHT_BLUE)
        canvas.line(surface, width=1.4)


def _thinned(points: Sequence[tuple[float, int]]) -> list[tuple[float, int]]:
    """At most one point for each pixel: the highest.

    >>> _thinned([(1.0, 5), (1.2, 9), (1.4, 7), (2.0, 1)])
    [(1.2, 9), (2.0, 1)]
    """
    best: dict[int, tuple[float, int]] = {}
    for x, size in points:
        pixel = int(x)
        if pixel not in best or size > best[pixel][1]:
            best[pixel] = x, size
    return list(best.values())


def _size(size: int) -> str:
    return plural(size, "byte", ",")
