"""Boxes, letters and lines, as they stand in the SVG file."""

from __future__ import annotations

import xml.etree.ElementTree as xml

import pytest

from tests.views.seen import SVG, seen
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import MARKS, SQUEEZE, Canvas, Sketch, cut, width


def drawn(canvas: Canvas, title: str = "a title") -> list[xml.Element]:
    """The shapes behind the paper, in the order in which they are drawn."""
    root = xml.fromstring(canvas.svg(title))
    return [
        node for node in root if node.tag in (f"{SVG}{kind}" for kind in ("rect", "text", "path", "polygon"))
    ][1:]


def test_the_file_has_the_size_and_the_title() -> None:
    root = xml.fromstring(Canvas(20, 300).svg("a < b & c"))
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("300", "20", "0 0 300 20")
    assert root.findtext(f"{SVG}title") == "a < b & c"


def test_a_plain_box() -> None:
    canvas = Canvas(100)
    canvas.box(1, 2.5, 30, 40, fill="#123456", edge="#654321", line=2, dash="3 1", round=5)
    canvas.box(0, 0, 1, 1, line=0)
    first, second = (node.attrib for node in drawn(canvas))
    assert first == {
        "x": "1", "y": "2.5", "width": "30", "height": "40", "rx": "5",
        "fill": "#123456", "stroke": "#654321", "stroke-width": "2", "stroke-dasharray": "3 1",
    }  # fmt: skip
    assert (second["fill"], second["stroke"]) == ("none", "none")


def test_a_field_s_box_has_its_colour_and_its_pattern() -> None:
    hatched = next(name for name in theme.FIELDS if theme.field(name).hatch)
    canvas = Canvas(100)
    canvas.box(0, 0, 10, 10, hatched)
    canvas.box(10, 0, 10, 10, theme.field(hatched))
    fill, pattern, *_ = drawn(canvas)
    assert fill.get("fill") == theme.field(hatched).fill
    name = (pattern.get("fill") or "")[5:-1]
    root = xml.fromstring(canvas.svg(""))
    assert [node.get("id") for node in root.iter(f"{SVG}pattern")] == [name], "one for both boxes"


def test_words_are_printable_and_escaped() -> None:
    canvas = Canvas(100)
    canvas.text(10, 20, "<a>\x1b&", size=10, anchor="start", color="#ff0000", mono=True, bold=True)
    canvas.text(10, 20, "")
    (node,) = drawn(canvas)
    assert node.text == "<a>·&"
    assert (node.get("x"), node.get("y"), node.get("font-size")) == ("10", "23.6", "10")
    assert (node.get("class"), node.get("fill"), node.get("text-anchor")) == ("mono bold", "#ff0000", "start")


def test_words_without_room_are_squeezed_then_cut() -> None:
    words = "a rather long sentence"
    wide = width(words, 10)
    canvas = Canvas(100)
    for room in (wide, wide / SQUEEZE + 1, wide / 3):
        canvas.text(0, 0, words, size=10, room=room)
    fits, squeezed, short = drawn(canvas)
    assert (fits.text, fits.get("textLength")) == (words, None)
    assert squeezed.text == words and float(squeezed.get("textLength") or 0) == pytest.approx(
        wide / SQUEEZE + 1, abs=0.01
    )
    assert short.text is not None and short.text.endswith("…") and words.startswith(short.text[:-1])
    assert width(short.text, 10) <= wide / 3 * SQUEEZE


@pytest.mark.parametrize("anchor", ["start", "middle", "end"])
def test_a_card_lies_behind_its_words(anchor: str) -> None:
    canvas = Canvas(100)
    canvas.text(100, 50, "words", anchor=anchor, card=True)
    card, words = drawn(canvas)
    wide = width("words") + 4
    expected = 100 - wide * {"start": 0, "middle": 0.5, "end": 1}[anchor]
    assert float(card.get("x") or 0) == pytest.approx(expected, abs=0.01)
    assert float(card.get("width") or 0) == pytest.approx(wide, abs=0.01)
    assert words.text == "words"


def test_lines_areas_and_marks() -> None:
    canvas = Canvas(100)
    canvas.line([(0, 1), (2.5, 3)], color="#111111", width=2, dash="1 2")
    canvas.area([(0, 0), (1, 0), (1, 1)], fill="#222222")
    for mark in MARKS:
        canvas.mark(5, 6, mark, color="#333333")
    line, area, *marks = drawn(canvas)
    assert (line.get("d"), line.get("stroke-dasharray")) == ("M0,1 L2.5,3", "1 2")
    assert area.get("points") == "0,0 1,0 1,1"
    assert [node.get("d") for node in marks] == [f"M5,6 {path}" for path in MARKS.values()]


def test_an_arrow_has_its_head_at_the_end() -> None:
    plain, arrow = Canvas(10), Canvas(10)
    plain.line([(0, 0), (50, 0)])
    arrow.line([(0, 0), (50, 0)], arrow=True)
    assert len(drawn(plain)) == 1
    _, head = drawn(arrow)
    points = head.get("points") or head.get("d") or ""
    assert "50,0" in points


def test_letters_are_as_wide_as_they_are() -> None:
    assert width("iiii") < width("nnnn") < width("mmmm")
    assert width("iiii", mono=True) == width("mmmm", mono=True)
    assert width("n", bold=True) > width("n") and width("n", 20) == 2 * width("n", 10)


def test_cutting_leaves_a_letter_at_least() -> None:
    assert cut("short", 1000) == "short"
    assert cut("words", 0) == "w…"
    assert width(cut("a long sentence", 60)) <= 60 < width(cut("a long sentence", 60)[:-1] + "s…")


def test_a_sketch_is_its_canvas_as_a_file() -> None:
    canvas = Canvas(30, 200)
    canvas.text(5, 5, "hello")
    sketch = Sketch(canvas, "the text", "the title")
    assert (sketch.data.decode(), sketch.width, sketch.text) == (sketch.svg, 200, "the text")
    assert [words.text for words in seen(sketch).words] == ["hello"]
