"""Lesson 08 in a real JupyterLab: it runs, and its laboratory measures while the page stays responsive."""

from __future__ import annotations

import time
from statistics import median

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "08_latency.ipynb"
LABORATORY = "laboratory = views.laboratory()"
#: Characters of the picture, at most: what keeps the page quick while a thousand events a second arrive.
PICTURE = 400_000


def test_the_laboratory_at_a_thousand_events_a_second(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.dark(False)
        lesson.run_all()
        found = lesson.widget(LABORATORY)
        found.scroll_into_view_if_needed()
        rate = found.get_by_role("slider").nth(1)
        rate.focus()
        rate.press("End")
        assert float(rate.get_attribute("aria-valuenow") or 0) == 1000
        text = found.locator("pre").first
        said = lambda: text.text_content() or ""  # noqa: E731
        found.get_by_role("button", name="run").click()
        lesson.wait_until(lambda: "short polling 0" not in said())
        frames, pictures = [], set()
        while "WebSocket 2000" not in said() and len(frames) < 600:
            start = time.monotonic()
            lesson.page.evaluate("new Promise(done => requestAnimationFrame(done))")
            frames.append(time.monotonic() - start)
            pictures.add(said())
            if len(frames) == 20:
                lesson.screenshot("08-running", whole=False)
            lesson.page.wait_for_timeout(50)
        print(f"{len(frames)} frames, median {median(frames):.3f} s, longest {max(frames):.3f} s")
        assert len(pictures) > 3, "the points arrive one by one, not at the end"
        lesson.wait_until(lambda: found.get_by_role("link", name="CSV").count() == 1)
        assert said().count("2000") == 4, "all four ways have told all events"
        row = found.locator("tr").nth(1).locator("td")
        assert [row.nth(place).text_content() for place in (0, 2, -2)] == ["1", "1000", "yes"]
        assert found.locator("img").count() == 1
        size = len(found.locator("img").get_attribute("src") or "")
        print(f"{size} characters of picture")
        assert size < PICTURE, "the oldest points leave the picture"
        lesson.screenshot("08-laboratory", whole=False)
        lesson.screenshot("08-light")

        found.get_by_role("button", name="run").click()  # again, and now the kernel must hear the stop
        lesson.wait_until(lambda: "short polling 0" not in said() and "WebSocket 0" in said())
        found.get_by_role("button", name="stop").click()
        second = found.locator("tr").nth(2).locator("td")
        lesson.wait_until(lambda: second.count() > 0 and second.nth(-2).text_content() == "no")
        assert "WebSocket 2000" not in said()
        lesson.dark()
        found.scroll_into_view_if_needed()
        lesson.screenshot("08-laboratory-dark", whole=False)
        lesson.screenshot("08-dark")
        lesson.dark(False)
    lab.print(NOTEBOOK, "08-print")
