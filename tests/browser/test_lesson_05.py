"""Lesson 05 in a real JupyterLab: it runs, and a key chosen decides what the proxy believes."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "05_masking.ipynb"
CHOOSER = "views.choose_a_key"


def test_the_key_decides_what_the_proxy_believes(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        chooser = lesson.widget(CHOOSER)
        chooser.scroll_into_view_if_needed()
        verdict = chooser.get_by_role("status")
        key = chooser.get_by_role("textbox").first

        def says(words: str) -> bool:
            return words in (verdict.text_content() or "")

        def press(text: str) -> None:
            key.fill(text)
            key.press("Enter")

        lesson.wait_until(lambda: says("keeps: nothing"))
        press("00 00 00 00")
        lesson.wait_until(lambda: says("bank.example/script.js") and says("GET /script.js"))
        press("00 00 01 00")
        lesson.wait_until(lambda: says("keeps: nothing"))
        press("37 fa 21 3d")
        chooser.get_by_role("combobox").select_option("EVIL, masked beforehand")
        lesson.wait_until(lambda: says("bank.example/script.js"))
        lesson.screenshot("05-light")
        lesson.dark()
        lesson.screenshot("05-dark")
        lesson.dark(False)
        press("37 fa")
        lesson.wait_until(lambda: "a key has 4 bytes, this one has 2" in (chooser.text_content() or ""))
        chooser.get_by_role("button", name="fresh key").click()
        lesson.wait_until(lambda: says("keeps: nothing"))
        lesson.zoom(2)
        lesson.screenshot("05-zoomed", whole=False)


def test_a_stored_lesson_shows_every_picture(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:  # untrusted, nothing run
        pictures = lesson.page.locator(".jp-OutputArea img")
        lesson.pictures_are_there(2)
        assert all(pictures.evaluate_all("images => images.map(image => image.naturalWidth > 500)"))
        assert "keeps: nothing" in lesson.text(CHOOSER)
        lesson.screenshot("05-stored")
    lab.print(NOTEBOOK, "05-print")
