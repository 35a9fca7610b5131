"""Lesson 04 in a real JupyterLab: bits of the learner's frame are flipped, by mouse and by keyboard."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "04_frames.ipynb"
SCOPE = "scope = views.microscope"


def test_a_bit_is_flipped_and_the_server_says_what_it_thinks(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        scope = lesson.output(SCOPE).locator(".wsm")
        scope.scroll_into_view_if_needed()
        verdict = scope.get_by_role("status")
        lesson.wait_until(lambda: "accepted" in verdict.inner_text())
        scope.locator("[role=switch][data-bit='8']").click()  # MASK
        lesson.wait_until(lambda: "close code 1002" in verdict.inner_text())
        scope.get_by_role("button", name="back to the frame").click()
        lesson.wait_until(lambda: "accepted" in verdict.inner_text())
        scope.locator("[role=switch][data-bit='4']").focus()  # the opcode
        lesson.page.keyboard.press("Space")
        lesson.wait_until(lambda: "a server reads ping" in verdict.inner_text())
        lesson.screenshot("04-light")
        lesson.dark()
        lesson.screenshot("04-dark")
        lesson.dark(False)
        lesson.zoom(2)
        scope.scroll_into_view_if_needed()
        last = scope.locator("[role=switch]").last
        last.click()
        lesson.wait_until(lambda: "is now" in verdict.inner_text())
        box, window = verdict.bounding_box(), lesson.page.viewport_size
        assert box and window and box["y"] >= 0 and box["y"] + box["height"] <= window["height"], "in sight"
        lesson.screenshot("04-zoomed", whole=False)
    lab.print(NOTEBOOK, "04-print")
