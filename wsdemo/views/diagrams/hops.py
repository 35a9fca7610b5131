"""The way of one message over several machines: a dot wherever it has arrived, and the clock there.

::

    Ana      ●╲
    node A     ●╲──╮ 0.31
    broker        ●╲───╮ 0.52
    node B            ●╲ 0.74
    Ben                 ● 0.9       milliseconds since it was sent

Knows nothing of brokers: the moves are measured, or told, by others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.axis import AXIS, LEFT, WIDE, axis, time_unit
from wsdemo.views.drawing.canvas import SMALL, Canvas, Sketch

# Lengths in pixels.
TITLE: Final = 34.0
LANE: Final = 40.0
DOT: Final = 9.0
MARGIN: Final = 60.0  # right of the last dot, for its clock


class Leap(NamedTuple):
    """A message goes from one place to another. Times are seconds since it was sent."""

    source: str
    left: float
    target: str
    arrived: float


def hops(leaps: Sequence[Leap | tuple[str, float, str, float]], title: str) -> Sketch:
    """Draw the way of a message, one lane for each place in the order in which it comes there.

    Raises ValueError without a leap, or for one that arrives before it left.
    """
    moves = [Leap(*leap) for leap in leaps]
    if not moves or any(move.arrived < move.left or move.left < 0 for move in moves):
        raise ValueError(f"{moves}: expected leaps that leave at 0 or later, and arrive after that")
    places = list(dict.fromkeys(place for move in moves for place in (move.source, move.target)))
    last = max(move.arrived for move in moves) or 1e-6
    unit, factor = time_unit(last)
    scale = (WIDE - MARGIN) / (last * factor)
    canvas = Canvas(TITLE + LANE * len(places) + AXIS)
    canvas.text(LEFT, TITLE / 2, title, anchor="start", bold=True)

    def point(place: str, at: float) -> tuple[float, float]:
        return LEFT + at * factor * scale, TITLE + LANE * (places.index(place) + 0.5)

    for place in places:
        x, y = point(place, 0.0)
        canvas.text(x - 14, y, place, anchor="end")
        canvas.line([(x, y), (LEFT + WIDE, y)], color=theme.QUIET, width=0.8)
    for move in moves:
        canvas.line([point(move.source, move.left), point(move.target, move.arrived)], width=1.4)
    for move in moves:
        x, y = point(move.target, move.arrived)
        _dot(canvas, x, y)
        canvas.text(x + DOT, y - 11, _number(move.arrived * factor), size=SMALL, anchor="start", card=True)
    _dot(canvas, *point(moves[0].source, moves[0].left))
    axis(canvas, TITLE + LANE * len(places), last * factor, scale, f"{unit} since it was sent")
    return Sketch(canvas, describe(moves, title), title)


def describe(leaps: Sequence[Leap | tuple[str, float, str, float]], title: str) -> str:
    """The leaps in words, in the order of their arrival.

    >>> print(describe([("Ana", 0.0, "node A", 0.0005), ("node A", 0.0006, "broker", 0.0011)], "Hello"))
    Hello
      Ana → node A: arrived after 500 microseconds
      node A → broker: arrived after 1100 microseconds
    """
    moves = [Leap(*leap) for leap in leaps]
    unit, factor = time_unit(max(move.arrived for move in moves))
    lines = [
        f"  {move.source} → {move.target}: arrived after {_number(move.arrived * factor)} {unit}"
        for move in sorted(moves, key=lambda move: move.arrived)
    ]
    return "\n".join([title, *lines])


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _dot(canvas: Canvas, x: float, y: float) -> None:
    canvas.box(x - DOT / 2, y - DOT / 2, DOT, DOT, "payload", round=DOT / 2)
