"""Lesson 15 in a real JupyterLab: it runs, and nodes can be added and killed."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "15_many_servers.ipynb"
ADDING = "views.adding("


def test_nodes_are_added_and_killed(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.dark(False)
        lesson.run_all()
        bench = lesson.widget(ADDING)
        bench.scroll_into_view_if_needed()
        text = bench.locator("pre").first
        said = lambda: text.text_content() or ""  # noqa: E731
        lesson.wait_until(lambda: "3 nodes, the broker killed: Ana is heard by 1 of 5" in said())
        bench.get_by_role("combobox").select_option("node 3")
        lesson.wait_until(lambda: "node 3 killed: Ana is heard by 5 of 5" in said())
        slider = bench.get_by_role("slider")
        slider.focus()
        slider.press("ArrowRight")
        lesson.wait_until(lambda: "4 nodes, node 3 killed" in said())
        for _ in range(2):
            slider.press("ArrowLeft")
        lesson.wait_until(lambda: "2 nodes, nothing killed" in said())
        lesson.screenshot("15-adding", whole=False)
        lesson.screenshot("15-light")
        lesson.dark()
        bench.scroll_into_view_if_needed()
        lesson.screenshot("15-adding-dark", whole=False)
        lesson.screenshot("15-dark")
        lesson.dark(False)
    lab.print(NOTEBOOK, "15-print")
