"""Lesson 14 in a real JupyterLab: it runs, and its bench attacks again with each limit."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "14_attack.ipynb"
BENCH = "views.bounding"


def test_the_bench_attacks_with_each_limit(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.dark(False)
        lesson.run_all()
        bench = lesson.widget(BENCH)
        bench.scroll_into_view_if_needed()
        text = bench.locator("pre").first
        said = lambda: text.text_content() or ""  # noqa: E731
        lesson.wait_until(lambda: said().startswith("answers not read: the default\n"))
        assert "ends with 1008" in said()
        slider = bench.get_by_role("slider")
        slider.focus()
        slider.press("End")
        lesson.wait_until(lambda: said().startswith("answers not read: none\n"))
        assert "ends with 1000" in said()
        bench.get_by_role("combobox").select_option("deflate bomb")
        lesson.wait_until(lambda: said().startswith("deflate bomb: none\n"))
        slider.focus()
        slider.press("Home")
        lesson.wait_until(lambda: said().startswith("deflate bomb: 1/64 of the default\n"))
        assert "ends with 1009" in said()
        lesson.screenshot("14-bench", whole=False)
        lesson.screenshot("14-light")
        lesson.dark()
        lesson.screenshot("14-dark")
        lesson.dark(False)
    lab.print(NOTEBOOK, "14-print")
