"""Lesson 09 in a real JupyterLab: it runs, and its compressor measures each choice."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "09_bytes.ipynb"
COMPRESSOR = 'press = views.compressor("ticks")'


def test_the_compressor_measures_each_choice(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.dark(False)
        lesson.run_all()
        press = lesson.widget(COMPRESSOR)
        press.scroll_into_view_if_needed()
        text = press.locator("pre").first
        said = lambda: text.text_content() or ""  # noqa: E731
        lesson.wait_until(lambda: "now" in said() and "before" not in said())
        for place in range(4):  # message size, window bits, memory level, level
            before = said()
            slider = press.get_by_role("slider").nth(place)
            slider.focus()
            slider.press("ArrowLeft")
            lesson.wait_until(lambda before=before: said() != before)
        press.get_by_role("checkbox").click()
        lesson.wait_until(lambda: " no " in said())
        press.get_by_role("combobox").select_option("random")
        lesson.wait_until(lambda: " random " in said())
        now = next(line for line in said().splitlines() if line.startswith("now"))
        assert now.split()[2:8] == ["64", "random", "5", "11", "4", "no"]
        assert float(now.split()[8]) > 1, "random bytes become more"
        lesson.screenshot("09-compressor", whole=False)
        lesson.screenshot("09-light")
        lesson.dark()
        press.scroll_into_view_if_needed()
        lesson.screenshot("09-compressor-dark", whole=False)
        lesson.screenshot("09-dark")
        lesson.dark(False)
    lab.print(NOTEBOOK, "09-print")
