"""The way of one message from its sender to its receiver, over four lanes, and what stops it on the way.

::

    sender    ──╲───────────────────╱── confirmed
    server    ───╲──┬────────────┬─╱╲──
    disk      ──────╲▁▁▁ sync ▁▁╱─────╲      written, then synced: only then it is safe
    receiver  ─────────────────────────╲──
                      ┆ what happens, and when

`fate` computes what comes of it: pure, and no clock. `lanes` draws it. Knows nothing of sockets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.axis import AXIS, LEFT, WIDE, axis
from wsdemo.views.drawing.canvas import SMALL, Canvas, Sketch

#: What can happen, and the strategies of a sender.
EVENTS: Final = ("kill -9 of the server", "power cut", "network cut")
STRATEGIES: Final = (
    "send once",
    "send until confirmed",
    "send until confirmed, numbered",
    "numbered, but confirmed before the sync",
)
NAMES: Final = ("sender", "server", "disk", "receiver")
#: The latest moment that can be chosen, and the length of the picture, in milliseconds.
LATEST: Final = 12
LENGTH: Final = 25

# The moments of one attempt, in milliseconds after it began.
ARRIVES, WRITTEN, SYNCED, CONFIRMED, READ = 2, 3, 7, 9, 9
#: Milliseconds from what happened until all are back and connected.
AWAY: Final = 2

# Lengths in pixels.
TITLE: Final = 36.0
LANE: Final = 62.0
SCALE: Final = WIDE / LENGTH
CROSS: Final = 2.4  # width of its lines


class Move(NamedTuple):
    """A step from one lane to another; ``lost``: it was stopped on its way, at ``end``."""

    start: float
    source: int
    end: float
    target: int
    words: str
    lost: bool = False


@dataclass(slots=True)
class Fate:
    """The end of a message's way: its moves, and how often it was stored, read and confirmed."""

    moves: list[Move] = field(default_factory=list)
    stored: int = 0
    read: int = 0
    confirmed: bool = False

    @property
    def verdict(self) -> str:
        """The end of it, in a few words.

        >>> Fate(stored=0, confirmed=True).verdict
        'LOST, although it was confirmed'
        """
        if self.stored == 1:
            return "once: stored and read"
        if self.stored > 1:
            return "DOUBLED: stored and read twice"
        return "LOST, although it was confirmed" if self.confirmed else "LOST, and no one is told"


def fate(event: str, at: float, strategy: str) -> Fate:
    """Follow a message when ``event``, one of `EVENTS`, comes ``at`` milliseconds after it is sent.

    ``strategy`` is one of `STRATEGIES`. Raises ValueError for another event or strategy.

    >>> fate("kill -9 of the server", 5.0, "send once").verdict
    'once: stored and read'
    >>> fate("power cut", 5.0, "send once").verdict
    'LOST, and no one is told'
    >>> fate("network cut", 8.0, "send until confirmed").verdict
    'DOUBLED: stored and read twice'
    """
    if event not in EVENTS or strategy not in STRATEGIES:
        raise ValueError(f"{event!r}, {strategy!r}: expected one of {EVENTS}, and one of {STRATEGIES}")
    found, early = Fate(), strategy == STRATEGIES[3]
    for move in _attempt(0.0, early):
        found.moves += _until(at, event, move)
    goes_on = event == "network cut" and at >= ARRIVES  # the server is alive, and has the message
    safe = SYNCED if event == "power cut" else WRITTEN
    found.stored = int(goes_on or (event != "network cut" and at >= safe))
    found.read = int(any(move.target == 3 and not move.lost for move in found.moves))
    found.confirmed = any(_confirms(move) and not move.lost for move in found.moves)
    _afterwards(found, at + AWAY, strategy)
    return found


def _attempt(start: float, early: bool) -> Iterator[Move]:
    """The moves of a message that nothing stops."""
    confirm = WRITTEN if early else SYNCED
    yield Move(start, 0, start + ARRIVES, 1, "publish 1")
    yield Move(start + ARRIVES, 1, start + WRITTEN, 2, "write")
    yield Move(start + WRITTEN, 2, start + SYNCED, 2, "sync")
    yield Move(start + confirm, 1, start + confirm + CONFIRMED - SYNCED, 0, "confirm 1")
    yield Move(start + SYNCED, 1, start + READ, 3, "message")


def _confirms(move: Move) -> bool:
    return move.target == 0 and move.words.startswith("confirm")


def _until(at: float, event: str, move: Move) -> list[Move]:
    """A move as far as it gets; none where it does not begin."""
    crosses = 2 not in (move.source, move.target)
    begins_late = move.start >= at
    if event == "network cut" and not crosses:
        # The server is alive and goes on, if the message has reached it.
        return [move] if at >= ARRIVES else []
    if begins_late:
        return []
    if move.end <= at or (move.words == "sync" and event == "kill -9 of the server"):
        return [move]
    return [move._replace(end=at, lost=True)]


def _afterwards(found: Fate, back: float, strategy: str) -> None:
    """All are connected again: the sender sends again, or does not; the receiver reads from where it was."""
    again = strategy != STRATEGIES[0] and not found.confirmed
    known = found.stored
    there = max(back, SYNCED) if known else back
    if known and not found.read:
        found.moves.append(Move(there, 1, there + 2, 3, "message"))
        found.read = 1
    if not again:
        return
    if known and strategy != STRATEGIES[1]:
        found.moves.append(Move(back, 0, back + 2, 1, "publish 1"))
        known_at = max(back + 2, SYNCED)
        found.moves.append(Move(known_at, 1, known_at + 2, 0, "confirm 1: known"))
    else:
        found.moves += _attempt(back, strategy == STRATEGIES[3])
        found.stored += 1
        found.read += 1
    found.confirmed = True


def lanes(event: str, at: float, strategy: str) -> Sketch:
    """Draw what becomes of a message, as `fate` computes it. Raises ValueError as `fate` does."""
    found = fate(event, at, strategy)
    title = f"{strategy}; {event} after {at:g} ms"
    canvas = Canvas(TITLE + LANE * len(NAMES) + AXIS)
    canvas.text(LEFT, TITLE / 2, title, anchor="start", bold=True)
    canvas.text(
        LEFT + WIDE,
        TITLE / 2,
        found.verdict,
        anchor="end",
        bold=True,
        color=theme.INK if found.stored == 1 else theme.ALARM,
    )
    for number, name in enumerate(NAMES):
        canvas.text(LEFT - 10, _y(number), name, anchor="end")
        canvas.line([(LEFT, _y(number)), (LEFT + WIDE, _y(number))], color=theme.QUIET, width=0.8)
    _event(canvas, event, at)
    for move in found.moves:
        _move(canvas, move)
    axis(canvas, TITLE + LANE * len(NAMES), LENGTH, SCALE, "milliseconds since it was sent")
    return Sketch(canvas, describe(event, at, strategy), title)


def describe(event: str, at: float, strategy: str) -> str:
    """The moves in words, and the verdict. Raises ValueError as `fate` does.

    >>> print(describe("power cut", 1, "send once"))
    send once; power cut after 1 ms
      0 ms  sender → server    publish 1: lost on the way at 1 ms
      LOST, and no one is told
    """
    found = fate(event, at, strategy)
    lines = [f"{strategy}; {event} after {at:g} ms"]
    for move in sorted(found.moves, key=lambda move: move.start):
        way = f"{NAMES[move.source]} → {NAMES[move.target]}" if move.source != move.target else "disk"
        stopped = f": lost on the way at {move.end:g} ms" if move.lost else f", until {move.end:g} ms"
        lines.append(f"{move.start:>3g} ms  {way:<18} {move.words}{stopped}")
    return "\n".join([*lines, f"  {found.verdict}"])


def _event(canvas: Canvas, event: str, at: float) -> None:
    """The moment of the event, across all lanes, and the time until they are back."""
    top, foot = TITLE + 6, TITLE + LANE * len(NAMES)
    canvas.box(_x(at), top, AWAY * SCALE, foot - top, fill=theme.GREY, line=0)
    canvas.line([(_x(at), top), (_x(at), foot)], color=theme.ALARM, width=2.2, dash="6 4")
    canvas.text(_x(at) + 6, foot - 10, event, size=SMALL, color=theme.ALARM, anchor="start", card=True)


def _move(canvas: Canvas, move: Move) -> None:
    start, end = (_x(move.start), _y(move.source)), (_x(move.end), _y(move.target))
    color = theme.ALARM if move.lost else theme.INK
    if move.source == move.target:  # the disk, while it syncs
        canvas.box(start[0], start[1] - 9, end[0] - start[0], 18, "payload", line=1)
        canvas.text((start[0] + end[0]) / 2, start[1], move.words, size=SMALL, room=end[0] - start[0])
    else:
        if move.lost:  # it does not reach its lane
            end = end[0], start[1] + (end[1] - start[1]) * 0.5
        canvas.line([start, end], color=color, width=1.6, arrow=not move.lost)
        part = 0.25 if move.target == 3 else 0.5  # beside the line, and on no lane
        x, y = start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])
        if move.target != 2:
            canvas.text(x + 8, y, move.words, size=SMALL, anchor="start", color=color, card=True)
    if move.lost:
        for side in (-5, 5):  # a cross
            points = [(end[0] - 5, end[1] - side), (end[0] + 5, end[1] + side)]
            canvas.line(points, color=theme.ALARM, width=CROSS)


def _x(at: float) -> float:
    return LEFT + at * SCALE


def _y(lane: int) -> float:
    return TITLE + LANE * (lane + 0.5)
