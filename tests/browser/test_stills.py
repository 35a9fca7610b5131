"""Every widget of the course: on a narrow page, and the next day, when its still is there without it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import needs
from tests.browser.lab import WIDGET, Lab, Lesson

pytestmark = needs.chromium

NOTEBOOK = Path(__file__).parent / "data" / "widgets.ipynb"
CELLS = (  # what the source of each cell begins with, and a word of its still
    ("views.type_a_word", "U+00E9"),
    ("views.slider", "here it stands at 9"),
    ("views.scene", "buttons add, freeze and kill clients"),
    ("views.asking", "send Upgrade"),
    ("views.microscope", "every bit can be flipped"),
    ("views.choose_a_key", "any key can be chosen"),
    ("views.sequence", "1. ping"),
    ("views.buttons", "a column"),
    ("views.laboratory", "press run"),
    ("views.compressor", "you choose the stream"),
    ("views.throttling", "the room is played again"),
    ("views.bounding", "then it is done again"),
    ("views.ladder", "the picture follows the traffic"),
    ("views.dragging", "a slider drags the event"),
    ("views.leaking", "a menu sets the way"),
    ("views.adding", "a slider adds nodes"),
    ("views.choosing", "a menu answers each question"),
)
ERROR = re.compile("Error displaying|model not found")


@pytest.fixture(scope="module")
def saved(lab: Lab) -> str:
    """The notebook with all of them, run and saved; while it runs, each shows itself and not its still."""
    with lab.open(NOTEBOOK) as lesson:
        run(lesson)
        lesson.save()
    return NOTEBOOK.name


def run(lesson: Lesson) -> None:
    lesson.run_all()
    for cell, _ in CELLS:
        output = lesson.output(cell)
        lesson.wait_until(lambda output=output: output.locator(WIDGET).first.is_visible())
        still = output.locator("[class^='still-']")
        assert still.count() == 1 and not still.is_visible(), f"{cell} and its still are both there"


@pytest.mark.parametrize("kernel", [True, False], ids=["a new kernel", "no kernel"])
def test_the_still_is_there_and_no_error(lab: Lab, saved: str, kernel: bool) -> None:
    with lab.reopen(saved, kernel=kernel) as lesson:
        for cell, words in CELLS:
            output = lesson.output(cell)
            still = output.locator("[class^='still-']")
            lesson.wait_until(still.is_visible)
            assert words in still.inner_text(), cell
            for image in still.locator("img").all():
                assert image.evaluate("image => image.complete && image.naturalWidth > 0"), cell
        assert not any(error.is_visible() for error in lesson.page.get_by_text(ERROR).all())
        lesson.screenshot("stills-" + ("kernel" if kernel else "none"))


#: Of each picture in the page: how high its smallest letters are, in CSS pixels.
LETTERS = """() => [...document.querySelectorAll('.wsdemo-image')].filter(i => i.offsetWidth).map(i => {
    const svg = atob(i.src.split(',')[1]);
    const sizes = [...svg.matchAll(/font-size="([\\d.]+)"/g)].map(found => Number(found[1]));
    const look = getComputedStyle(i);
    const edges = ['paddingLeft', 'paddingRight', 'borderLeftWidth', 'borderRightWidth'];
    const card = edges.reduce((sum, edge) => sum + parseFloat(look[edge]), 0);
    return (i.getBoundingClientRect().width - card) / i.naturalWidth * Math.min(...sizes);
})"""


def test_letters_grow_with_the_page(lab: Lab, saved: str) -> None:
    """At 200 % they are at least 20 pixels high; what is wider than the page scrolls in its place."""
    with lab.reopen(saved, kernel=False) as lesson:
        lesson.zoom(2)
        letters: list[float] = lesson.page.evaluate(LETTERS)
        assert len(letters) == 11
        assert min(letters) * 2 >= 20, letters
        for output in lesson.page.locator(".jp-RenderedHTMLCommon").all():
            assert output.evaluate("box => box.scrollWidth <= box.clientWidth + 1"), "wider than the page"
        lesson.screenshot("stills-zoomed", whole=False)


#: What is wider than its place, and cut there: the words on a button, or a widget as a whole.
CUT = """() => [...document.querySelectorAll('.widget-button, .widget-vbox')]
    .filter(box => box.offsetWidth && box.scrollWidth > box.clientWidth + 1)
    .map(box => `${box.innerText.slice(0, 40)}: ${box.scrollWidth} of ${box.clientWidth}`)"""


def test_live_widgets_fit_a_narrow_page(lab: Lab) -> None:
    """At 200 %: buttons go on in a second row with all their words; pictures scroll, controls do not."""
    with lab.open(NOTEBOOK) as lesson:
        run(lesson)
        lesson.zoom(2)
        assert lesson.page.locator(".widget-button:visible").count() > 10
        assert lesson.page.evaluate(CUT) == []
        lesson.screenshot("live-zoomed", whole=False)
