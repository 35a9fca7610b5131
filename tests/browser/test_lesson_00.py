"""Lesson 00 in a real JupyterLab: it runs, and a word typed shows its bytes."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "00_start_here.ipynb"
WORD = "views.type_a_word"


def test_a_word_typed_shows_its_bytes(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        lesson.wait_until(lambda: lesson.text("Jupyter()") == "v1.kernel.websocket.jupyter.org")
        lesson.wait_until(lambda: "execute_result   2" in lesson.text("sorted(came"))
        explorer = lesson.widget(WORD)
        explorer.scroll_into_view_if_needed()
        field = explorer.get_by_role("textbox").first
        field.fill("Ω!")
        lesson.wait_until(lambda: "2 characters, 3 bytes" in (explorer.text_content() or ""))
        assert "ce" in explorer.locator("td").all_text_contents()
        field.fill("<b>x</b>")
        lesson.wait_until(lambda: "8 characters, 8 bytes" in (explorer.text_content() or ""))
        assert explorer.locator("td b").count() == 0, "what is typed is text, never HTML"
        field.fill("héllo 👋")
        lesson.wait_until(lambda: "7 characters, 11 bytes" in (explorer.text_content() or ""))
        lesson.screenshot("00-light")
        lesson.dark()
        lesson.screenshot("00-dark")
        lesson.dark(False)
        lesson.zoom(2)
        lesson.screenshot("00-zoomed", whole=False)


def test_a_stored_lesson_shows_its_pictures(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:  # untrusted, nothing run
        pictures = lesson.page.locator(".jp-OutputArea img")
        lesson.pictures_are_there(2)
        alts = pictures.evaluate_all("images => images.map(image => image.alt)")
        assert alts == ["8 bytes: text 6 B 'Hello!'", "The map of the course"]
        assert "c3" in lesson.output(WORD).locator("td").all_text_contents()
        lesson.screenshot("00-stored")
    lab.print(NOTEBOOK, "00-print")
