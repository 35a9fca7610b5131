"""A reconnect storm: how many clients come back in each tenth of a second, one lane for each strategy.

::

    without jitter  ▁█▁▁▁▁█▁▁▁▁    all at once: at most 1,000 in 0.1 s
    full jitter     ▂▃▂▂▁▂▁▁▁▁▁    spread

Takes times and draws them. Knows nothing of clients.
"""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from typing import Final

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.axis import AXIS, LEFT, WIDE, axis
from wsdemo.views.drawing.canvas import SMALL, Canvas, Sketch
from wsdemo.words import plural

# Lengths in pixels.
TITLE: Final = 34.0
LANE: Final = 84.0
GAP: Final = 8.0  # between lanes
BAR: Final = 58.0  # of the highest bar
NOTES: Final = 200.0  # room beside the lanes


def storm(
    arrivals: Mapping[str, Sequence[float]], title: str = "Clients that come back", *, width: float = 0.1
) -> Sketch:
    """Draw for each strategy how many arrive in each interval of ``width`` seconds, all on one scale.

    ``arrivals``: by strategy each client's time, in seconds. Raises ValueError for a width of 0.
    """
    counts = {name: counted(times, width) for name, times in arrivals.items()}
    end = max((max(bins) + 1 for bins in counts.values() if bins), default=1) * width
    most = max((max(bins.values()) for bins in counts.values() if bins), default=1)
    scale = (WIDE - NOTES) / end  # pixels a second
    canvas = Canvas(TITLE + LANE * len(arrivals) + AXIS)
    canvas.text(LEFT, TITLE / 2, title, anchor="start", bold=True)
    for number, (name, bins) in enumerate(counts.items()):
        foot = TITLE + (number + 1) * LANE - GAP
        canvas.text(LEFT - 10, foot - BAR / 2, name, anchor="end", room=LEFT - 14)
        for place, count in sorted(bins.items()):
            high = count / most * BAR
            canvas.box(
                LEFT + place * width * scale,
                foot - high,
                width * scale,
                high,
                fill=theme.LIGHT_BLUE,
                line=0.6,
            )
        canvas.line([(LEFT, foot), (LEFT + end * scale, foot)], color=theme.QUIET)
        note = f"at most {max(bins.values(), default=0):,} in {width:g} s"
        canvas.text(LEFT + WIDE, foot - BAR / 2, note, size=SMALL, anchor="end")
    axis(canvas, TITLE + LANE * len(arrivals), end, scale, "seconds since the server ended")
    return Sketch(canvas, describe(arrivals, title, width=width), title)


def describe(arrivals: Mapping[str, Sequence[float]], title: str, *, width: float = 0.1) -> str:
    """The same in words. Raises ValueError for a width of 0.

    >>> print(describe({"all": [0.5, 0.51, 0.52], "one by one": [0.1, 0.7]}, "Back"))
    Back
    all         3 clients, at most 3 in 0.1 s, the last after 0.5 s
    one by one  2 clients, at most 1 in 0.1 s, the last after 0.7 s
    """
    wide = max(map(len, arrivals), default=0)
    lines = [title]
    for name, times in arrivals.items():
        most = max(counted(times, width).values(), default=0)
        last = max(times, default=0.0)
        lines.append(
            f"{name:<{wide}}  {plural(len(times), 'client', ',')}, at most {most:,} in {width:g} s, "
            f"the last after {last:.1f} s"
        )
    return "\n".join(lines)


def counted(times: Sequence[float], width: float) -> dict[int, int]:
    """Count the times in each interval. Raises ValueError for a width that is not above 0.

    >>> counted([0.05, 0.31, 0.39], 0.1)
    {0: 1, 3: 2}
    """
    if not width > 0:
        raise ValueError(f"width of {width:g} seconds, expected more than 0")
    return dict(sorted(collections.Counter(int(at / width + 1e-9) for at in times).items()))
