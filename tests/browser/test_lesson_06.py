"""Lesson 06 in a real JupyterLab: it runs, and its buttons put frames in a row that a server answers."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "06_messages.ipynb"
PLAYER = "player = views.sequence"


def test_a_real_server_answers_the_row_of_frames(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        player = lesson.widget(PLAYER)
        player.scroll_into_view_if_needed()
        answer = player.locator("pre").last
        said = player.get_by_text("✗ 1002")
        lesson.wait_until(lambda: said.is_visible() and player.get_by_text("not read").is_visible())
        lesson.wait_until(lambda: "close 1002 a new message inside" in (answer.text_content() or ""))
        for _ in range(2):
            player.get_by_role("button", name="take one away").click()
        lesson.wait_until(lambda: "close 1000" in (answer.text_content() or ""))
        assert said.count() == 0
        player.get_by_role("button", name="continuation, fin 1").click()
        lesson.wait_until(lambda: "text b'Helo'" in (answer.text_content() or ""))
        player.get_by_role("button", name="continuation, fin 1").click()
        lesson.wait_until(lambda: "close 1002 continuation frame" in (answer.text_content() or ""))
        lesson.screenshot("06-light")
        lesson.dark()
        lesson.screenshot("06-dark")
    lab.print(NOTEBOOK, "06-print")
