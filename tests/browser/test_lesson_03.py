"""Lesson 03 in a real JupyterLab: it runs, and a request taken apart is answered by a real server."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "03_the_handshake.ipynb"
BENCH = "views.asking"


def test_a_header_left_out_or_edited_changes_the_verdict(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        bench = lesson.widget(BENCH)
        bench.scroll_into_view_if_needed()
        verdict = bench.get_by_role("status")

        def says(words: str) -> bool:
            return words in (verdict.text_content() or "")

        lesson.wait_until(lambda: says("101 Switching Protocols"))
        box = bench.get_by_role("checkbox", name="send line 4")
        box.focus()
        box.press("Space")  # by keyboard: without Connection
        lesson.wait_until(lambda: says("400 Bad Request") and says("send Connection: Upgrade, got none"))
        box.press("Space")
        lesson.wait_until(lambda: says("101 Switching Protocols"))
        version = bench.get_by_role("textbox").nth(4)
        version.fill("Sec-WebSocket-Version: 8")
        version.press("Enter")
        lesson.wait_until(lambda: says("426 Upgrade Required") and says("only 13 is spoken here"))
        spare = bench.get_by_role("textbox").nth(6)
        spare.fill("X: <b>bold</b>")
        spare.press("Enter")
        lesson.wait_until(lambda: says("426"))
        assert verdict.locator("b").count() == 0, "what is typed is text, never HTML"
        lesson.screenshot("03-light")
        lesson.dark()
        lesson.screenshot("03-dark")
        lesson.dark(False)
        bench.get_by_role("button", name="start over").click()
        lesson.wait_until(lambda: says("101 Switching Protocols"))
        origin = bench.get_by_role("textbox").nth(6)
        origin.fill("Origin: http://evil.example")
        origin.press("Enter")
        lesson.wait_until(lambda: says("403 Forbidden"))
        lesson.zoom(2)
        lesson.screenshot("03-zoomed", whole=False)


def test_a_stored_lesson_shows_every_picture(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:  # untrusted, nothing run
        pictures = lesson.page.locator(".jp-OutputArea img")
        lesson.pictures_are_there(2)
        assert all(pictures.evaluate_all("images => images.map(image => image.naturalWidth > 900)"))
        assert "101 Switching Protocols" in lesson.text(BENCH)
        lesson.screenshot("03-stored")
    lab.print(NOTEBOOK, "03-print")
