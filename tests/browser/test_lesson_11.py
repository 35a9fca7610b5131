"""Lesson 11 in a real JupyterLab: it runs, and the kill can be dragged along the way of a message."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "11_nothing_lost.ipynb"
DRAGGING = "views.dragging("


def test_the_kill_is_dragged(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.dark(False)
        lesson.run_all()
        bench = lesson.widget(DRAGGING)
        bench.scroll_into_view_if_needed()
        text = bench.locator("pre").first
        said = lambda: text.text_content() or ""  # noqa: E731
        lesson.wait_until(lambda: "kill -9 of the server after 8 ms" in said() and "DOUBLED" in said())
        slider = bench.get_by_role("slider")
        slider.focus()
        for _ in range(4):
            slider.press("ArrowRight")
        lesson.wait_until(lambda: "after 10 ms" in said() and "once" in said())
        bench.get_by_role("combobox").nth(0).select_option("power cut")
        bench.get_by_role("combobox").nth(1).select_option("numbered, but confirmed before the sync")
        lesson.wait_until(lambda: "confirmed before the sync; power cut after 10 ms" in said())
        for _ in range(9):
            slider.press("ArrowLeft")
        lesson.wait_until(lambda: "LOST, although it was confirmed" in said())
        lesson.screenshot("11-dragging", whole=False)
        lesson.screenshot("11-light")
        lesson.dark()
        bench.scroll_into_view_if_needed()
        lesson.screenshot("11-dragging-dark", whole=False)
        lesson.screenshot("11-dark")
        lesson.dark(False)
    lab.print(NOTEBOOK, "11-print")
