"""What is on a drawing: its words, boxes and lines, with their places, read from the SVG file itself.

page = seen(views.ruler(frame))
page.words                          # every text, from top to bottom, from left to right
page.boxes                          # every rectangle but the paper
page.inside(box)                    # the words whose middle is in a box
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml
from dataclasses import dataclass
from typing import NamedTuple

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import Sketch, width

SVG = "{http://www.w3.org/2000/svg}"
BASELINE = 0.36  # of a letter's size: how far the foot of a text is below its middle


class Words(NamedTuple):
    """A text: what it says, where its middle line is, and how it looks."""

    text: str
    x: float
    y: float
    size: float
    anchor: str
    color: str
    bold: bool
    mono: bool
    squeezed: float  #: the width into which it is pressed; 0: as wide as it is

    @property
    def left(self) -> float:
        return self.x - self.wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor]

    @property
    def right(self) -> float:
        return self.left + self.wide

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def wide(self) -> float:
        return self.squeezed or width(self.text, self.size, mono=self.mono, bold=self.bold)


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    pattern: str
    edge: str
    dash: str

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def foot(self) -> float:
        return self.y + self.height

    def holds(self, x: float, y: float, slack: float = 0.01) -> bool:
        return self.x - slack <= x <= self.right + slack and self.y - slack <= y <= self.foot + slack

    def looks_like(self, field: str | theme.FieldStyle) -> bool:
        """It has the colour of this field, and a pattern where that has one."""
        look = theme.field(field) if isinstance(field, str) else field
        return self.fill == look.fill and bool(self.pattern) == bool(look.hatch)


class Line(NamedTuple):
    """A line through points; ``closed``: the head of an arrow, or another shape that is filled."""

    points: tuple[tuple[float, float], ...]
    color: str
    width: float
    dash: str
    closed: bool

    @property
    def upright(self) -> bool:
        return len({x for x, _ in self.points}) == 1


@dataclass(frozen=True)
class Page:
    """Everything on a drawing."""

    width: float
    height: float
    words: list[Words]
    boxes: list[Box]
    lines: list[Line]

    @property
    def texts(self) -> list[str]:
        """What is written, from top to bottom, and in a line from left to right."""
        return [word.text for word in sorted(self.words, key=lambda word: (round(word.y), word.x))]

    def find(self, text: str) -> Words:
        """The one text that says this."""
        found = [word for word in self.words if word.text == text]
        assert len(found) == 1, f"{text!r} stands {len(found)} times among {self.texts}"
        return found[0]

    def inside(self, box: Box) -> list[str]:
        """The words in a box, from top to bottom, and in a line from left to right."""
        found = [word for word in self.words if box.holds(word.middle, word.y)]
        return [word.text for word in sorted(found, key=lambda word: (round(word.y), word.x))]

    def like(self, field: str | theme.FieldStyle) -> list[Box]:
        """The boxes that look like this field, in the order of reading."""
        return sorted((box for box in self.boxes if box.looks_like(field)), key=lambda box: (box.y, box.x))

    def arrows(self) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        """Where each arrow begins and ends: a line whose last point is the tip of a filled head."""
        tips = {line.points[0] for line in self.lines if line.closed}
        return [
            (line.points[0], line.points[-1])
            for line in self.lines
            if not line.closed and line.points[-1] in tips
        ]


def seen(sketch: Sketch) -> Page:
    """Read a drawing; raises where its file is not XML."""
    root = xml.fromstring(sketch.svg)
    assert root.find(f"{SVG}title").text == sketch.title  # type: ignore[union-attr]
    drawing = [item for item in root if item.tag.removeprefix(SVG) in ("rect", "text", "path")]
    paper, *shapes = drawing
    assert (paper.get("width"), paper.get("fill")) == ("100%", theme.PAPER)
    words = [_words(item) for item in shapes if item.tag == f"{SVG}text"]
    lines = [_line(item) for item in shapes if item.tag == f"{SVG}path"]
    page = Page(
        float(root.get("width", "")),
        float(root.get("height", "")),
        words,
        list(_boxes([item for item in shapes if item.tag == f"{SVG}rect"])),
        lines,
    )
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    return page


def within(page: Page) -> None:
    """Every word and every shape is on the page, and no two words are on each other."""
    for word in page.words:
        assert word.left >= -1 and word.right <= page.width + 1, f"{word} is not on the page"
        assert word.size * 0.5 <= word.y <= page.height - word.size * 0.4, f"{word} is not on the page"
    for box in page.boxes:
        assert box.width >= 0 and box.height > 0
        assert box.x >= 0 and box.y >= 0 and box.right <= page.width and box.foot <= page.height, box
    for line in page.lines:
        assert all(-1 <= x <= page.width + 1 and -1 <= y <= page.height + 1 for x, y in line.points), line
    for number, one in enumerate(page.words):
        for other in page.words[number + 1 :]:
            apart = abs(one.y - other.y) >= 0.4 * (one.size + other.size)
            apart = apart or one.right <= other.left + 1 or other.right <= one.left + 1
            assert apart, f"{one} is on {other}"


def _words(item: xml.Element) -> Words:
    size = float(item.get("font-size", ""))
    return Words(
        item.text or "",
        float(item.get("x", "")),
        float(item.get("y", "")) - size * BASELINE,
        size,
        item.get("text-anchor", "middle"),
        item.get("fill", theme.INK),
        "bold" in item.get("class", ""),
        "mono" in item.get("class", ""),
        float(item.get("textLength", "0")),
    )


def _boxes(items: list[xml.Element]) -> list[Box]:
    """Rectangles; one that has a pattern lies on one of its size with its colour. No cards behind words."""
    found: list[Box] = []
    for item in items:
        if item.get("fill-opacity"):
            continue
        x, y, wide, high = (float(item.get(name, "")) for name in ("x", "y", "width", "height"))
        fill, pattern = item.get("fill", ""), ""
        if fill.startswith("url("):
            below = found.pop()
            assert below[:4] == (x, y, wide, high)
            fill, pattern = below.fill, fill
        edge = item.get("stroke", "none")
        found.append(Box(x, y, wide, high, fill, pattern, edge, item.get("stroke-dasharray", "")))
    return found


def _line(item: xml.Element) -> Line:
    path = item.get("d", "")
    numbers = re.findall(r"(-?[\d.]+),(-?[\d.]+)", path)
    if item.get("fill-opacity"):  # a mark: where its middle is
        del numbers[1:]
    return Line(
        tuple((float(x), float(y)) for x, y in numbers),
        item.get("stroke") or item.get("fill", ""),
        float(item.get("stroke-width", "0")),
        item.get("stroke-dasharray", ""),
        path.endswith("Z"),
    )
