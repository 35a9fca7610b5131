"""Lesson 16 in a real JupyterLab: it runs, and its menus draw the reader's line to a recommendation."""

from __future__ import annotations

import pytest

from tests import needs
from tests.browser.lab import Lab

pytestmark = [needs.chromium, pytest.mark.timeout(400)]  # it starts six servers four times

NOTEBOOK = "16_choose_well.ipynb"
BENCH = "views.choosing"


def test_each_answer_draws_the_line_anew(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.dark(False)
        lesson.run_all()
        bench = lesson.widget(BENCH)
        bench.scroll_into_view_if_needed()
        text = bench.locator("pre").first
        said = lambda: (text.text_content() or "").strip("\n").rpartition("\n")[2]  # noqa: E731
        first = "─► WebSocket, on FastAPI or aiohttp; published; a broker between servers"
        lesson.wait_until(lambda: said().endswith(first))
        menus = bench.get_by_role("combobox")
        menus.nth(1).select_option("only the server")
        lesson.wait_until(lambda: said().endswith("─► SSE; published; a broker between servers"))
        menus.nth(0).select_option("sensors")
        lesson.wait_until(lambda: said().endswith("─► MQTT; published"))
        lesson.screenshot("16-bench", whole=False)
        lesson.screenshot("16-light")
        lesson.dark()
        bench.scroll_into_view_if_needed()
        lesson.screenshot("16-bench-dark", whole=False)
        lesson.screenshot("16-dark")
        lesson.dark(False)
    lab.print(NOTEBOOK, "16-print")
