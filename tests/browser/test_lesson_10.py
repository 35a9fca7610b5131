"""Lesson 10 in a real JupyterLab: it runs, and its bench plays the room with each policy and pace."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "10_rooms.ipynb"
BENCH = "views.throttling"


def test_the_bench_plays_the_room_anew(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.dark(False)
        lesson.run_all()
        bench = lesson.widget(BENCH)
        bench.scroll_into_view_if_needed()
        text = bench.locator("pre").first
        said = lambda: text.text_content() or ""  # noqa: E731
        lesson.wait_until(lambda: said().startswith("drop, 200,000 bytes a second: "))
        bench.get_by_role("combobox").select_option("latest")
        lesson.wait_until(lambda: said().startswith("latest, 200,000 bytes a second: "))
        assert "Dora  at most 5" not in said(), "one message waits in the out-buffer, and no more"
        slider = bench.get_by_role("slider")
        slider.focus()
        slider.press("End")
        lesson.wait_until(lambda: said().startswith("latest, 1,000,000 bytes a second: "))
        lesson.screenshot("10-bench", whole=False)
        lesson.screenshot("10-light")
        lesson.dark()
        bench.scroll_into_view_if_needed()
        lesson.screenshot("10-bench-dark", whole=False)
        lesson.screenshot("10-dark")
        lesson.dark(False)
    lab.print(NOTEBOOK, "10-print")
