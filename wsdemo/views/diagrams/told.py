"""Two lanes: what a browser tells a page of its WebSocket, beside the frames on the wire.

::

     ms   told to the page      on the wire                  ms
      0   new WebSocket       │ → GET /life                   2
      5   open                │ ← 101 Switching Protocols     4
          ▨▨▨▨▨▨▨▨▨▨▨▨▨       │ ← ping                        9

Hatched: the page is told nothing, or nothing is sent. Knows nothing of browsers and connections.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, Canvas, Sketch

# Lengths in pixels.
TITLE: Final = 34.0
HEAD: Final = 26.0
ROW: Final = 28.0
GAP: Final = 4.0  # between rows
TIME: Final = 70.0  # the place for times, on either side
LANE: Final = 414.0
BETWEEN: Final = 12.0  # lanes

#: The words in a hatched box.
UNTOLD: Final = "the page is told nothing"
UNSENT: Final = "nothing is sent"
#: The look of such a box.
UNSEEN: Final = theme.FieldStyle("unseen", "unseen", theme.PAPER, "/")


class Told(NamedTuple):
    """One row: the browser's event, and what is on the wire; "" for none. Times in milliseconds."""

    told_at: float | None
    browser: str
    wire: str  #: begins with its direction, "→ " to the server or "← " from it
    wire_at: float | None


def told(rows: Sequence[Told], title: str = "Told to the page, and on the wire") -> Sketch:
    """Draw the rows in two lanes; a box without words of its own is hatched."""
    canvas = Canvas(TITLE + HEAD + ROW * len(rows) + GAP)
    canvas.text(8, TITLE / 2, title, anchor="start", bold=True)
    for lane, name in enumerate(("told to the page", "on the wire")):
        canvas.text(_x(lane) + LANE / 2, TITLE + HEAD / 2, name, size=SMALL, color=theme.QUIET)
    _time(canvas, TIME - 10, TITLE + HEAD / 2, "ms")
    _time(canvas, canvas.width - 8, TITLE + HEAD / 2, "ms")
    for number, row in enumerate(rows):
        y = TITLE + HEAD + ROW * number
        _time(canvas, TIME - 10, y + ROW / 2, _ms(row.told_at))
        _time(canvas, canvas.width - 8, y + ROW / 2, _ms(row.wire_at))
        _box(canvas, 0, y, row.browser, UNTOLD, theme.YELLOW)
        _box(canvas, 1, y, row.wire, UNSENT, theme.CYAN if row.wire[:1] == "→" else theme.LIGHT_BLUE)
    return Sketch(canvas, describe(rows, title), title)


def describe(rows: Sequence[Told], title: str) -> str:
    """The same in words.

    >>> rows = Told(2, "open", "← 101", 1), Told(None, "", "← ping", 7), Told(9, "send", "", None)
    >>> print(describe(rows, "A life"))
    A life
        ms  told to the page                         ms  on the wire
         2  open                                      1  ← 101
            (the page is told nothing)                7  ← ping
         9  send                                         (nothing is sent)
    """
    lines = [title, f"{'ms':>6}  {'told to the page':36} {'ms':>6}  on the wire"]
    for told_at, browser, wire, wire_at in rows:
        left = f"{_ms(told_at):>6}  {browser or f'({UNTOLD})':36}"
        lines.append(f"{left} {_ms(wire_at):>6}  {wire or f'({UNSENT})'}")
    return "\n".join(lines)


def _ms(at: float | None) -> str:
    return "" if at is None else f"{at:,.0f}"


def _time(canvas: Canvas, x: float, y: float, words: str) -> None:
    canvas.text(x, y, words, size=SMALL, color=theme.QUIET, anchor="end")


def _x(lane: int) -> float:
    return TIME + lane * (LANE + BETWEEN)


def _box(canvas: Canvas, lane: int, y: float, words: str, none: str, fill: str) -> None:
    x, high = _x(lane), ROW - GAP
    if words:
        canvas.box(x, y + GAP / 2, LANE, high, fill=fill, line=0.8)
    else:
        canvas.box(x, y + GAP / 2, LANE, high, UNSEEN, line=0.8)
    canvas.text(
        x + 10,
        y + ROW / 2,
        words or none,
        size=SMALL,
        anchor="start",
        room=LANE - 20,
        color=theme.INK if words else theme.QUIET,
        card=not words,
    )
