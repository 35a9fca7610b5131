"""The price of attacks: what the attacker paid beside what the server paid, each without a limit and with it.

::

    deflate bomb   no limit   sent ▌▌▌▌▌▌ 64 KiB      server ▌▌▌▌▌▌▌▌▌▌▌▌▌▌ 67 MB     × 1,000
                   limit      sent ▌▌▌▌▌▌ 64 KiB      server ▌▌▌▌▌▌▌▌▌ 1 MB           × 16

Bytes stand on a logarithmic scale. Takes numbers and draws them. Knows nothing of servers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Protocol

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.axis import AXIS
from wsdemo.views.drawing.canvas import SMALL, Canvas, Sketch

# Lengths in pixels.
TITLE: Final = 58.0  # with the legend
ROW: Final = 46.0
BAR: Final = 14.0
LEFT: Final = 236.0
WIDE: Final = 520.0
NAMES: Final = 8.0
#: The scale begins with one byte; it ends with a gigabyte, or later.
DECADES: Final = 9
SENT: Final = theme.LIGHT_BLUE
SERVED: Final = theme.ORANGE


class Paid(Protocol):
    """A price: bytes sent, bytes of memory, seconds of the processor, and the end in a word."""

    @property
    def paid(self) -> int: ...

    @property
    def memory(self) -> int: ...

    @property
    def seconds(self) -> float: ...

    @property
    def end(self) -> str: ...


def costs(prices: Mapping[str, Mapping[str, Paid]], title: str = "The price on both sides") -> Sketch:
    """Draw for each attack, and each setting of its limit, two bars: sent by the attacker, and the server's.

    ``prices``: by the name of the attack, then by the word for the limit, such as "no limit".
    """
    rows = [(name, limit, price) for name, some in prices.items() for limit, price in some.items()]
    most = max((max(price.paid, price.memory) for _, _, price in rows), default=1)
    decades = max(DECADES, math.ceil(math.log10(max(most, 1))))
    scale = WIDE / decades  # pixels for a factor of ten
    canvas = Canvas(TITLE + ROW * len(rows) + AXIS)
    canvas.text(NAMES, 17, title, anchor="start", bold=True)
    _legend(canvas)
    before = ""
    for number, (name, limit, price) in enumerate(rows):
        top = TITLE + number * ROW
        if name != before:
            canvas.line([(NAMES, top - 5), (972, top - 5)], color=theme.GREY)
            canvas.text(NAMES, top + 9, name, anchor="start", bold=True, room=LEFT - 96)
        before = name
        canvas.text(LEFT - 10, top + 17, limit, anchor="end", size=SMALL)
        for place, (size, fill) in enumerate(((price.paid, SENT), (price.memory, SERVED))):
            long = _long(size, scale)
            canvas.box(LEFT, top + place * (BAR + 2), long, BAR, fill=fill, line=0.6)
            canvas.text(
                LEFT + long + 6, top + place * (BAR + 2) + BAR / 2, sized(size), anchor="start", size=SMALL
            )
        canvas.text(LEFT + WIDE + 60, top + 9, _ratio(price), anchor="start", size=SMALL)
        canvas.text(
            LEFT + WIDE + 60,
            top + 24,
            f"{price.seconds * 1000:,.1f} ms, ends with {price.end}",
            anchor="start",
            size=SMALL,
        )
    _axis(canvas, TITLE + ROW * len(rows), decades, scale)
    return Sketch(canvas, describe(prices, title), title)


def describe(prices: Mapping[str, Mapping[str, Paid]], title: str) -> str:
    """The same in words."""
    lines = [title]
    for name, some in prices.items():
        for limit, price in some.items():
            lines.append(
                f"{name}, {limit}: sent {sized(price.paid)}; the server {sized(price.memory)}, "
                f"{_ratio(price)}, {price.seconds * 1000:,.1f} ms, ends with {price.end}"
            )
    return "\n".join(lines)


def sized(size: int) -> str:
    """A number of bytes, rounded.

    >>> sized(14), sized(65_000), sized(67_108_864)
    ('14 B', '65 kB', '67 MB')
    """
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= bytes_:
            return f"{size / bytes_:,.0f} {unit}"
    return f"{size} B"


def _ratio(price: Paid) -> str:
    """The bytes that each byte of the attacker costs the server."""
    ratio = price.memory / price.paid if price.paid else 0.0
    return f"× {ratio:,.0f}" if ratio >= 10 else f"× {ratio:.1g}"


def _long(size: int, scale: float) -> float:
    return math.log10(size) * scale if size > 1 else 0.0


def _legend(canvas: Canvas) -> None:
    for x, fill, words in (
        (LEFT, SENT, "bytes sent by the attacker"),
        (LEFT + 240, SERVED, "bytes of the server's memory"),
    ):
        canvas.box(x, 34, BAR, BAR, fill=fill, line=0.6)
        canvas.text(x + BAR + 6, 34 + BAR / 2, words, anchor="start", size=SMALL)


def _axis(canvas: Canvas, y: float, decades: int, scale: float) -> None:
    canvas.line([(LEFT, y), (LEFT + decades * scale, y)], color=theme.QUIET)
    for power, words in ((0, "1 B"), (3, "1 kB"), (6, "1 MB"), (9, "1 GB"), (12, "1 TB")):
        if power <= decades:
            x = LEFT + power * scale
            canvas.line([(x, y), (x, y + 5)], color=theme.QUIET)
            canvas.text(x, y + 14, words, size=SMALL, color=theme.QUIET)
    canvas.text(
        LEFT + WIDE / 2, y + 31, "each mark is a thousand times the one before", size=SMALL, color=theme.QUIET
    )
