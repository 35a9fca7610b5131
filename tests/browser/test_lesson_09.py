"""Lesson 09 in a real JupyterLab: it runs, and its slider changes the window."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "09_bytes.ipynb"
SLIDER = "views.slider(window"


def test_the_slider_changes_the_window(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        output = lesson.output(SLIDER)
        output.scroll_into_view_if_needed()
        text = output.locator("pre").first
        assert "A window of 2 to the 9" in (text.text_content() or "")
        handle = output.get_by_role("slider")
        handle.focus()
        handle.press("ArrowRight")
        lesson.wait_until(lambda: "A window of 2 to the 12" in (text.text_content() or ""))
        lesson.screenshot("09-light")
        lesson.dark()
        lesson.screenshot("09-dark")
    lab.print(NOTEBOOK, "09-print")
