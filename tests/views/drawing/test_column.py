"""Drawings above and beside each other: all their words, in order, escaped."""

from __future__ import annotations

from wsdemo.views.drawing.column import beside, column
from wsdemo.views.drawing.drawing import Drawing


class Small(Drawing):
    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def text(self) -> str:
        return f"text of {self.name}"

    @property
    def html(self) -> str:
        return f"<i>{self.name}</i>"


def test_a_column_is_its_parts_in_order() -> None:
    drawn = column("the client", Small("a"), "two\nlines", Small("b"))
    assert drawn.text == "the client\n\ntext of a\n\ntwo\nlines\n\ntext of b"
    places = [drawn.html.index(part) for part in ("the client", "<i>a</i>", "two\nlines", "<i>b</i>")]
    assert places == sorted(places)


def test_one_line_of_words_is_a_caption_and_more_are_kept_as_they_are() -> None:
    html = column("a caption", "more\n  lines").html
    assert "<strong>a caption</strong>" in html
    assert ">more\n  lines</pre>" in html and "white-space:pre-wrap" in html


def test_words_are_escaped() -> None:
    for drawn in (column("<b>", "<i>\n&"), beside("<b>", "<i>\n&")):
        assert "<b>" not in drawn.html and "<i>" not in drawn.html
        assert "&lt;b&gt;" in drawn.html and "&lt;i&gt;\n&amp;" in drawn.html


def test_beside_has_a_cell_that_wraps_for_each_part() -> None:
    drawn = beside(Small("a"), "words", Small("b"))
    assert drawn.html.count("flex:1 1 420px") == 3 and "flex-wrap:wrap" in drawn.html
    assert drawn.html.index("<i>a</i>") < drawn.html.index("words") < drawn.html.index("<i>b</i>")
    assert drawn.text == column(Small("a"), "words", Small("b")).text
