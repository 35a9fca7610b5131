"""The browser tests' own machinery, on a notebook of two widgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

DATA = Path(__file__).parent / "data"


def test_a_notebook_runs_and_its_widget_moves(lab: Lab) -> None:
    with lab.open(DATA / "tiny.ipynb") as lesson:
        lesson.run_all()
        lesson.wait_until(lambda: lesson.text("print(") == "hello")
        slider = lesson.page.get_by_role("slider").first
        slider.focus()
        slider.press("ArrowRight")
        lesson.wait_until(lambda: lesson.text("# what the slider sets") == "4 bytes")
        light = lesson.screenshot("tiny-light").read_bytes()
        lesson.dark()
        assert lesson.screenshot("tiny-dark").read_bytes() != light
        lesson.dark(False)
        lesson.zoom(2)
        lesson.screenshot("tiny-zoomed", whole=False)
    assert lab.server.sessions() == [], "its kernel ended with it"


def test_what_a_cell_prints_to_stderr_is_seen(lab: Lab) -> None:
    with lab.open(DATA / "loud.ipynb") as lesson:
        with pytest.raises(AssertionError, match="loud"):
            lesson.run_all()
        lesson.run_all(stderr=True)


def test_a_stored_notebook_prints(lab: Lab) -> None:
    lab.print(DATA / "tiny.ipynb", "tiny-print")
