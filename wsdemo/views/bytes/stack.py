"""Frames stacked into messages (RFC 6455 §5.4).

::

    ┌ message 1 · text 'Hello' ─────────────────────┐
    │ text, more follows 3 B │ continuation 2 B FIN │          one row for the frames of messages
    └────────────────────────┴──────────────────────┘
                    ping 4 B                                 control frames may stand between them

Frames stand in the order of the wire. A refused one says so, with the reason. Knows nothing of connections:
it takes the verdict of dissection on each frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from wsdemo.protocol.codes import CONTROL, Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.record.facts import TO_SERVER, Direction
from wsdemo.trace.fields import count, described, opcode_name
from wsdemo.trace.packets import FramePacket
from wsdemo.trace.trace import Trace
from wsdemo.views.bytes.specimen import Source, as_frames
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, SQUEEZE, WIDTH, Canvas, Sketch
from wsdemo.views.drawing.canvas import width as measure
from wsdemo.words import plural

MOST: Final = 60  #: frames drawn unless told otherwise

LEFT: Final = 12.0
TALL: Final = 52.0  # of a frame
LANE: Final = 176.0  # of a row: message, frames, control frames, captions
UPPER: Final = 76.0  # of these the message and its frames
NARROWEST: Final = 150.0  # a frame's box
WIDEST: Final = 330.0  # a frame's box that makes room for its message's label
BETWEEN: Final = 6.0  # two frames


class Group(NamedTuple):
    """A message: the places of its frames, and its label."""

    frames: list[int]
    label: str
    whole: bool  #: whether its last frame is there


def stack(
    frames: Trace | Source | Iterable[Source],
    receiver: Side | str | None = None,
    *,
    direction: Direction = TO_SERVER,
    connection: int | None = None,
    deflate: Parameters | None = None,
    most: int = MOST,
) -> Sketch:
    """Draw frames of one direction and the messages that they make.

    ``frames``: packets of a trace; or bytes, or a list of frames, judged as one stream that comes to
    ``receiver``; or a trace, of which one direction of one connection is drawn.
    """
    packets = as_frames(frames, receiver, direction=direction, connection=connection, deflate=deflate)
    found = groups(packets)
    messages = sum(group.whole for group in found)
    title = f"{plural(len(packets), 'frame')}, {plural(messages, 'whole message')}"
    return Sketch(_draw(packets[:most], groups(packets[:most])), _text(packets, found, title), title)


def groups(frames: Sequence[FramePacket]) -> list[Group]:
    """The frames of each message: control frames belong to none, a refused one ends its message."""
    found: list[Group] = []
    open_ = False
    for at, frame in enumerate(frames):
        if frame.opcode & CONTROL or frame.verdict.outcome in ("refused", "ignored"):
            continue
        if not (open_ and frame.opcode == 0):
            found.append(Group([], "", False))
        found[-1].frames.append(at)
        open_ = not frame.fin
        if frame.fin and frame.complete:
            kind = opcode_name(frames[found[-1].frames[0]].opcode)
            says = described(frame.message) if frame.message is not None else ""
            found[-1] = Group(found[-1].frames, f"{kind} {says}".rstrip(), True)
    return [g if g.whole else Group(g.frames, "not finished", False) for g in found]


def label(frame: FramePacket) -> str:
    """A frame in a few words.

    >>> label(as_frames("010348656c")[0])
    'text 3 B'
    """
    code = f" {frame.close_code}" if frame.close_code is not None else ""
    return f"{opcode_name(frame.opcode)}{code} {frame.length or 0} B"


def _text(frames: Sequence[FramePacket], found: Sequence[Group], title: str) -> str:
    owner = {at: number for number, group in enumerate(found, start=1) for at in group.frames}
    lines = [title]
    for at, frame in enumerate(frames):
        end = f"message {owner[at]}" if at in owner else "control frame" if frame.opcode & CONTROL else ""
        verdict = "" if frame.verdict.accepted else str(frame.verdict)
        fin = f"fin {int(frame.fin)}"
        lines.append(f"frame {at + 1}: {label(frame)}, {fin}; " + "; ".join(filter(None, (end, verdict))))
    for number, group in enumerate(found, start=1):
        size = count(sum(frames[at].length or 0 for at in group.frames))
        lines.append(
            f"message {number}: {group.label}; {plural(len(group.frames), 'frame')}, {size} of payload"
        )
    return "\n".join(lines)


def _draw(frames: Sequence[FramePacket], found: Sequence[Group]) -> Canvas:
    canvas = Canvas()
    room = WIDTH - 2 * LEFT
    rows: list[list[tuple[float, float]]] = [[]]  # x, width of each frame
    x = 0.0
    for width in _widths(frames, found):
        if x + width > room:
            rows.append([])
            x = 0.0
        rows[-1].append((LEFT + x, width))
        x += width + BETWEEN
    places: list[tuple[float, float, float]] = []  # top of its row, x, width of each frame
    top = 0.0
    for row in rows:
        if all(frame.opcode & CONTROL for frame in frames[len(places) : len(places) + len(row)]):
            top -= UPPER  # nothing stands there
        places += [(top, x, width) for x, width in row]
        top += LANE
    for number, group in enumerate(found, start=1):
        _message(canvas, number, group, places)
    for at, (frame, place) in enumerate(zip(frames, places, strict=True)):
        _frame(canvas, at, frame, place)
    canvas.height = top + 4
    return canvas


def _widths(frames: Sequence[FramePacket], found: Sequence[Group]) -> list[float]:
    """The width of each frame: by its length, with room above for its message's label, a little narrower."""
    widths = [min(300.0, NARROWEST + 0.9 * min(frame.length or 0, 200)) for frame in frames]
    for number, group in enumerate(found, start=1):
        wanted = min(WIDEST, measure(_title(number, group), bold=True) / SQUEEZE + 14)
        missing = wanted - sum(widths[at] for at in group.frames) - BETWEEN * (len(group.frames) - 1)
        for at in group.frames:
            widths[at] += max(0.0, missing / len(group.frames))
    return widths


def _title(number: int, group: Group) -> str:
    return f"message {number}: {group.label}"


def _message(canvas: Canvas, number: int, group: Group, places: Sequence[tuple[float, float, float]]) -> None:
    """A bar above its frames, in each row that they are in."""
    tops = sorted({places[at][0] for at in group.frames})
    for top in tops:
        mine = [places[at] for at in group.frames if places[at][0] == top]
        left, right = mine[0][1], mine[-1][1] + mine[-1][2]
        y = top + 8
        canvas.box(
            left, y, right - left, 28, fill=theme.PAPER, line=2, dash="" if group.whole else "6 4", round=6
        )
        words = _title(number, group) if top == tops[0] else f"message {number}, continued"
        canvas.text((left + right) / 2, y + 14, words, bold=True, room=right - left - 12)
        for _, x, width in mine:
            canvas.line([(x + width / 2, y + 29), (x + width / 2, y + 44)], color=theme.QUIET)


def _frame(canvas: Canvas, at: int, frame: FramePacket, place: tuple[float, float, float]) -> None:
    top, x, width = place
    control = bool(frame.opcode & CONTROL)
    y = top + 52 + (40 if control else 0)
    refused = frame.verdict.outcome in ("refused", "ignored")
    look = "refused" if refused else "opcode" if control else "masked payload" if frame.masked else "payload"
    edge = theme.ALARM if refused else theme.INK
    canvas.box(x, y, width, TALL, look, edge=edge, line=2 if refused else 1.2, round=12 if control else 0)
    middle = x + width / 2
    card = bool(theme.field(look).hatch)
    canvas.text(middle, y + 16, label(frame), bold=True, room=width - 10, card=card)
    if not frame.complete:
        words = "incomplete"
    elif refused:
        words = f"{frame.verdict.outcome} {frame.verdict.code or ''}".strip()
    else:
        words = "FIN 1: the end" if frame.fin else "FIN 0: more follows"
        words = "a control frame" if control else words
    color = theme.ALARM if refused else theme.INK
    canvas.text(middle, y + 36, words, size=SMALL, room=width - 10, card=card, color=color)
    canvas.text(x + 3, y - 6, str(at + 1), size=SMALL, anchor="start", color=theme.QUIET)
    if frame.verdict.outcome == "refused":
        words = f"frame {at + 1} {frame.verdict}"
        left = min(x, WIDTH - LEFT - measure(words, SMALL))
        canvas.text(max(LEFT, left), top + 160, words, anchor="start", size=SMALL,
                    color=theme.ALARM, room=WIDTH - 2 * LEFT)  # fmt: skip
