"""The map of the course: seventeen lessons in five parts, each with its question.

::

    Bytes on a wire      00 · 01 · 02
    The protocol         03 · 04 · 05 · 06 · 07
    What it costs        08 · 09 · 10
    Out in the world     11 · 12 · 13 · 14 · 15
    Your choice          16

Knows nothing of notebooks: it is a plan, drawn.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final, NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from wsdemo.views import theme
from wsdemo.views.picture import Picture, figure, own_style


class Lesson(NamedTuple):
    """One lesson: its number, title, question, and how long it takes (minutes)."""

    number: int
    title: str
    question: str
    minutes: int


class Part(NamedTuple):
    """Lessons that belong together, and the colour of their boxes."""

    title: str
    fill: str
    lessons: tuple[Lesson, ...]


PARTS: Final = (
    Part(
        "Bytes on a wire",
        theme.YELLOW,
        (
            Lesson(0, "Start here", "Where is a WebSocket right now?", 15),
            Lesson(1, "A chat on raw TCP", "Where does a message end?", 45),
            Lesson(2, "Many clients, one thread", "How does one thread serve many?", 40),
        ),
    ),
    Part(
        "The protocol",
        theme.CYAN,
        (
            Lesson(3, "The handshake", "How does HTTP stop being HTTP?", 40),
            Lesson(4, "Every bit of a frame", "What do 2 to 14 bytes say?", 50),
            Lesson(5, "Masking", "Why scramble what stays readable?", 35),
            Lesson(6, "Messages", "What is a message made of?", 50),
            Lesson(7, "Life and death of a connection", "How do you know that it is over?", 55),
        ),
    ),
    Part(
        "What it costs",
        theme.PEAR,
        (
            Lesson(8, "Latency", "How late is the news?", 50),
            Lesson(9, "Bytes and compression", "What does a message cost?", 45),
            Lesson(10, "Rooms and backpressure", "What if one listener is slow?", 50),
        ),
    ),
    Part(
        "Out in the world",
        theme.PINK,
        (
            Lesson(11, "The browser client", "What can JavaScript see, and what not?", 45),
            Lesson(12, "Private and authenticated", "Who can read it, who may send it?", 60),
            Lesson(13, "Attack your own server", "How does it break?", 55),
            Lesson(14, "Reconnect without losing anything", "What happened while I was gone?", 50),
            Lesson(15, "Many servers", "How do two processes share a room?", 60),
        ),
    ),
    Part("Your choice", theme.MINT, (Lesson(16, "Choose well", "Which tool for which job?", 60),)),
)

GAP: Final = 0.1  # inches between boxes
HEAD: Final = 0.27  # inches for the name of a part
MARGIN: Final = 0.12  # inches around everything
STRIP: Final = 0.1  # inches of colour at the left of a box
LARGE: Final = 0.19  # inches from line to line of a title
FINE: Final = 0.16  # and of a question
BOLD: Final = 0.095  # inches of one letter of a title, on average
LETTER: Final = 0.075  # and of a question


@own_style()
def coursemap(written: Iterable[int] | None = None) -> Picture:
    """Draw all lessons in the order in which they build on each other, left to right and down.

    `written` are the numbers of those that exist (by default all): the others are dashed, and say so.
    """
    there = frozenset(range(17) if written is None else written)
    heights = [_height(part) for part in PARTS]
    height = sum(heights) + len(PARTS) * (HEAD + GAP) + MARGIN
    drawing = figure(height)
    axes = drawing.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, theme.WIDTH)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    top = MARGIN / 2
    for part, tall in zip(PARTS, heights, strict=True):
        axes.text(
            MARGIN,
            top + 0.17,
            part.title,
            fontsize=theme.FONT,
            fontweight="bold",
            color=theme.QUIET,
            va="center",
        )
        top += HEAD
        wide = _width(part)
        for index, lesson in enumerate(part.lessons):
            _box(axes, MARGIN + index * (wide + GAP), top, wide, tall, part, lesson, lesson.number in there)
        top += tall + GAP
    return Picture(drawing, describe(there), "The map of the course")


def describe(written: Iterable[int] = range(17)) -> str:
    """The map as text.

    >>> print(describe().splitlines()[2])
      00  Start here: Where is a WebSocket right now? (15 minutes)
    """
    there = frozenset(written)
    lines = ["The map of the course"]
    for part in PARTS:
        lines.append(part.title)
        lines += [
            f"  {n:02d}  {title}: {question} ({minutes} minutes{'' if n in there else '; not yet written'})"
            for n, title, question, minutes in part.lessons
        ]
    return "\n".join(lines)


def _width(part: Part) -> float:
    count = len(part.lessons)
    return (theme.WIDTH - 2 * MARGIN - (count - 1) * GAP) / count


def _wrapped(part: Part, lesson: Lesson) -> tuple[list[str], list[str]]:
    """The lines of the title and of the question, as they fit into a box of this part."""
    room = _width(part) - STRIP - 0.14
    title = textwrap.wrap(f"{lesson.number:02d} · {lesson.title}", max(1, int(room / BOLD)))
    return title, textwrap.wrap(lesson.question, max(1, int(room / LETTER)))


def _height(part: Part) -> float:
    lines = [_wrapped(part, lesson) for lesson in part.lessons]
    return max(LARGE * len(title) + FINE * len(question) for title, question in lines) + 0.4


def _box(
    axes: Axes, left: float, top: float, wide: float, tall: float, part: Part, lesson: Lesson, there: bool
) -> None:
    line, ink = ("-", theme.INK) if there else ((0, (4, 3)), theme.QUIET)
    for width, fill in ((wide, theme.PAPER), (STRIP, part.fill if there else theme.PAPER)):
        axes.add_patch(
            Rectangle(
                (left, top), width, tall, facecolor=fill, edgecolor=theme.QUIET, linewidth=0.8, linestyle=line
            )
        )
    title, question = _wrapped(part, lesson)
    x, y = left + STRIP + 0.09, top + 0.05
    for text in title:
        y += LARGE
        axes.text(x, y, text, fontsize=theme.FONT, fontweight="bold", color=ink)
    y += 0.05
    for text in question:
        y += FINE
        axes.text(x, y, text, fontsize=theme.SMALL, color=ink)
    minutes = f"{lesson.minutes} min" if there else "not yet written"
    axes.text(
        left + wide - 0.08, top + tall - 0.08, minutes, fontsize=theme.SMALL, color=theme.QUIET, ha="right"
    )
