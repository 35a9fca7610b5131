"""The map of the course: its lessons in five parts, each with its question and its solved exercises.

::

    Bytes on a wire      00 · 01 · 02
    The protocol         03 · 04 · 05 · 06 · 07
    …

Knows nothing of notebooks: it is the plan of `wsdemo.lessons`, drawn.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Final

from wsdemo.lessons import LESSONS, PARTS, Lesson, Part
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, WIDTH, Canvas, Sketch

#: The colours of the parts' boxes.
FILLS: Final = (theme.YELLOW, theme.CYAN, theme.PEAR, theme.PINK, theme.MINT)

Solved = Mapping[int, tuple[int, int]]  # by a lesson's number: its exercises that are solved, and all

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


def coursemap(written: Iterable[int] | None = None, solved: Solved | None = None) -> Sketch:
    """Draw all lessons in the order in which they build on each other, left to right and down.

    `written` are the numbers of those that exist (by default as the table has it): the others are dashed, and
    say so. `solved` is the result of `wsdemo.course.progress.solved`.
    """
    there = _there(written)
    title = "The map of the course"
    rows = [_Row(part) for part in PARTS]
    canvas = Canvas(MARGIN + sum(HEAD + row.height + GAP for row in rows))
    top = MARGIN / 2
    for row, fill in zip(rows, FILLS, strict=True):
        middle = top + HEAD / 2
        canvas.text(MARGIN, middle, row.part.title, size=TITLE, anchor="start", bold=True, color=theme.QUIET)
        top += HEAD
        for index, lesson in enumerate(row.part.lessons):
            place = (MARGIN + index * (row.width + GAP), top)
            if lesson.number in there:
                notes = f"{lesson.minutes} min", _progress(lesson, solved or {})
                _box(canvas, place, row, lesson, fill, *notes)
            else:
                _box(canvas, place, row, lesson, None, "not yet written")
        top += row.height + GAP
    return Sketch(canvas, describe(there, solved), title)


def describe(written: Iterable[int] | None = None, solved: Solved | None = None) -> str:
    """The map as text.

    >>> print(describe(solved={0: (2, 4)}).splitlines()[2])
      00  Start here: Where is a WebSocket right now? (40 minutes; 2 of 4 exercises solved)
    """
    there = _there(written)
    lines = ["The map of the course"]
    for part in PARTS:
        lines.append(part.title)
        for lesson in part.lessons:
            notes = [f"{lesson.minutes} minutes"]
            if lesson.number not in there:
                notes.append("not yet written")
            elif progress := _progress(lesson, solved or {}):
                notes.append(f"{progress.removesuffix(' ✓')} exercises solved")
            lines.append(f"  {lesson.number:02d}  {lesson.title}: {lesson.question} ({'; '.join(notes)})")
    return "\n".join(lines)


def _there(written: Iterable[int] | None) -> frozenset[int]:
    if written is None:
        return frozenset(lesson.number for lesson in LESSONS if lesson.file)
    return frozenset(written)


def _progress(lesson: Lesson, solved: Solved) -> str:
    """The progress in a lesson's exercises; "" where none is solved.

    >>> lesson = LESSONS[0]
    >>> _progress(lesson, {0: (3, 4)}), _progress(lesson, {0: (4, 4)}), _progress(lesson, {0: (0, 4)})
    ('3 of 4', '4 of 4 ✓', '')
    """
    done, all_of_them = solved.get(lesson.number, (0, 0))
    if not done:
        return ""
    return f"{done} of {all_of_them}{' ✓' if done == all_of_them else ''}"


class _Row:
    """The boxes of one part: all of one size (pixels), in which every word has room."""

    def __init__(self, part: Part) -> None:
        count = len(part.lessons)
        self.part = part
        self.width = (WIDTH - 2 * MARGIN - (count - 1) * GAP) / count
        lines = [self.wrapped(lesson) for lesson in part.lessons]
        self.height = max(LARGE * len(title) + FINE * len(question) for title, question in lines) + 40

    def wrapped(self, lesson: Lesson) -> tuple[list[str], list[str]]:
        """The lines of a lesson's title and of its question."""
        room = self.width - STRIP - 16
        title = textwrap.wrap(f"{lesson.number:02d} · {lesson.title}", int(room / (TITLE * BOLD)))
        return title, textwrap.wrap(lesson.question, int(room / ((SMALL + 1) * LETTER)))


def _box(
    canvas: Canvas,
    place: tuple[float, float],
    row: _Row,
    lesson: Lesson,
    fill: str | None,
    right: str,
    left: str = "",
) -> None:
    """One lesson; `right` and `left` stand at its foot. Without a `fill` it is dashed."""
    x, y = place
    dash, ink = ("", theme.INK) if fill else ("6 4", theme.QUIET)
    for width, colour in ((row.width, theme.PAPER), (STRIP, fill or theme.PAPER)):
        canvas.box(x, y, width, row.height, fill=colour, edge=theme.QUIET, dash=dash)
    title, question = row.wrapped(lesson)
    margin, foot = x + STRIP + 10, y + row.height - 13
    y += 16
    for text in title:
        canvas.text(margin, y, text, size=TITLE, anchor="start", bold=True, color=ink)
        y += LARGE
    y += 2
    for text in question:
        canvas.text(margin, y, text, size=SMALL + 1, anchor="start", color=ink)
        y += FINE
    canvas.text(x + row.width - 9, foot, right, size=SMALL, anchor="end", color=theme.QUIET)
    if left:
        canvas.text(margin, foot, left, size=SMALL, anchor="start", bold=True)
