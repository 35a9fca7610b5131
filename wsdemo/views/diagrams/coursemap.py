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

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, WIDTH, Canvas, Sketch


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

#: Lengths in pixels.
GAP: Final = 11.0  # between boxes
HEAD: Final = 28.0  # for the name of a part
MARGIN: Final = 12.0  # around everything
STRIP: Final = 11.0  # of colour at the left of a box
TITLE: Final = 15.0  # size of a title's letters
LARGE: Final = 20.0  # from line to line of a title
FINE: Final = 17.0  # and of a question
BOLD: Final = 0.68  # width of one bold letter by its size, on average
LETTER: Final = 0.57  # and of another one


def coursemap(written: Iterable[int] | None = None) -> Sketch:
    """Draw all lessons in the order in which they build on each other, left to right and down.

    `written` are the numbers of those that exist (by default all): the others are dashed, and say so.
    """
    there = frozenset(range(17) if written is None else written)
    title = "The map of the course"
    canvas = Canvas(MARGIN + sum(HEAD + _height(part) + GAP for part in PARTS))
    top = MARGIN / 2
    for part in PARTS:
        canvas.text(
            MARGIN, top + HEAD / 2, part.title, size=TITLE, anchor="start", bold=True, color=theme.QUIET
        )
        top += HEAD
        wide, tall = _width(part), _height(part)
        for index, lesson in enumerate(part.lessons):
            box = (MARGIN + index * (wide + GAP), top, wide, tall)
            _box(canvas, box, part, lesson, lesson.number in there)
        top += tall + GAP
    return Sketch(canvas.svg(title), describe(there), title)


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
    return (WIDTH - 2 * MARGIN - (count - 1) * GAP) / count


def _wrapped(part: Part, lesson: Lesson) -> tuple[list[str], list[str]]:
    """The lines of the title and of the question, as they fit into a box of this part."""
    room = _width(part) - STRIP - 16
    title = textwrap.wrap(f"{lesson.number:02d} · {lesson.title}", int(room / (TITLE * BOLD)))
    return title, textwrap.wrap(lesson.question, int(room / ((SMALL + 1) * LETTER)))


def _height(part: Part) -> float:
    lines = [_wrapped(part, lesson) for lesson in part.lessons]
    return max(LARGE * len(title) + FINE * len(question) for title, question in lines) + 40


def _box(
    canvas: Canvas, box: tuple[float, float, float, float], part: Part, lesson: Lesson, there: bool
) -> None:
    left, top, wide, tall = box
    dash, ink = ("", theme.INK) if there else ("6 4", theme.QUIET)
    for width, fill in ((wide, theme.PAPER), (STRIP, part.fill if there else theme.PAPER)):
        canvas.box(left, top, width, tall, fill=fill, edge=theme.QUIET, dash=dash)
    title, question = _wrapped(part, lesson)
    x, y = left + STRIP + 10, top + 16
    for text in title:
        canvas.text(x, y, text, size=TITLE, anchor="start", bold=True, color=ink)
        y += LARGE
    y += 2
    for text in question:
        canvas.text(x, y, text, size=SMALL + 1, anchor="start", color=ink)
        y += FINE
    minutes = f"{lesson.minutes} min" if there else "not yet written"
    canvas.text(left + wide - 9, top + tall - 13, minutes, size=SMALL, anchor="end", color=theme.QUIET)
