"""Lesson 08 in a real JupyterLab: it runs, and its laboratory measures while the page stays responsive."""

from __future__ import annotations

import time

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "08_latency.ipynb"
LABORATORY = "laboratory = views.laboratory()"
RESPONSIVE = 1.0  # seconds that the page may take to answer while a thousand events a second arrive


def test_the_laboratory_at_a_thousand_events_a_second(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        laboratory = lesson.output(LABORATORY)
        laboratory.scroll_into_view_if_needed()
        rate = laboratory.get_by_role("slider").nth(1)
        rate.focus()
        rate.press("End")
        text = laboratory.locator("pre").first
        laboratory.get_by_role("button", name="run").click()
        lesson.wait_until(lambda: "short polling 0" not in (text.text_content() or ""))
        slowest, looks = 0.0, 0
        while "WebSocket 2000" not in (text.text_content() or "") and looks < 600:
            start = time.monotonic()
            lesson.page.evaluate("new Promise(done => requestAnimationFrame(done))")
            slowest, looks = max(slowest, time.monotonic() - start), looks + 1
            lesson.page.wait_for_timeout(50)
        assert slowest < RESPONSIVE, f"the page stood still for {slowest:.2f} s"
        lesson.wait_until(lambda: laboratory.get_by_role("link", name="CSV").count() == 1, 30)
        assert "2000" in (text.text_content() or "")
        assert laboratory.locator("img").count() == 1
        lesson.screenshot("08-laboratory", whole=False)
        lesson.screenshot("08-light")
        lesson.dark()
        lesson.screenshot("08-dark")
    lab.print(NOTEBOOK, "08-print")
