"""The axis of time below the lanes of a picture: round numbers, and a unit in which they read well.

::

    ├────┬────┬────┬────┬────┤
    0    10   20   30   40   50     milliseconds since …

Knows nothing of the lanes.
"""

from __future__ import annotations

import math
from typing import Final

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, Canvas

# Lengths in pixels.
LEFT: Final = 116.0  #: room for the names
WIDE: Final = 850.0  #: of the axis
AXIS: Final = 46.0  #: height, below the last lane


def axis(canvas: Canvas, y: float, length: float, scale: float, label: str) -> None:
    """The axis of time below the lanes: ``length`` in units of ``scale`` pixels."""
    canvas.line([(LEFT, y), (LEFT + length * scale, y)], color=theme.QUIET)
    for tick in ticks(length):
        x = LEFT + tick * scale
        canvas.line([(x, y), (x, y + 5)], color=theme.QUIET)
        canvas.text(x, y + 14, f"{tick:g}", size=SMALL, color=theme.QUIET)
    canvas.text(LEFT + WIDE / 2, y + 31, label, size=SMALL, color=theme.QUIET)


def ticks(length: float) -> list[float]:
    """Round numbers from 0 to ``length``: five to eleven of them.

    >>> ticks(0.62), ticks(300)
    ([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0])
    """
    power = 10.0 ** math.floor(math.log10(length))
    step = next(power * part for part in (0.1, 0.2, 0.5, 1) if length / (power * part) <= 10)
    return [round(number * step, 12) for number in range(int(length / step + 1e-9) + 1)]


def time_unit(seconds: float) -> tuple[str, float]:
    """The unit in which such a duration reads well, and how many of it make a second.

    >>> time_unit(0.00025)
    ('microseconds', 1000000.0)
    """
    if seconds < 2e-3:
        return "microseconds", 1e6
    return ("milliseconds", 1e3) if seconds < 2.0 else ("seconds", 1.0)
