"""Lesson 01 in a real JupyterLab: it runs, and its slider cuts the stream anew."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "01_raw_tcp.ipynb"
SLIDER = "explorer = views.slider"


def test_the_slider_cuts_the_stream_anew(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        explorer = lesson.widget(SLIDER)
        explorer.scroll_into_view_if_needed()
        picture = explorer.locator("img").first
        before = picture.get_attribute("src")
        slider = explorer.get_by_role("slider").first
        slider.focus()
        slider.press("ArrowLeft")
        slider.press("ArrowLeft")
        lesson.wait_until(lambda: "recv 1: 18 bytes" in (explorer.locator("pre").first.text_content() or ""))
        assert picture.get_attribute("src") != before
        assert explorer.locator("img").count() == 1, "the picture moves, and no second one is added"
        lesson.screenshot("01-light")
        lesson.dark()
        lesson.screenshot("01-dark")
        lesson.dark(False)
        lesson.zoom(2)
        lesson.screenshot("01-zoomed", whole=False)


def test_a_stored_lesson_shows_every_picture(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:  # untrusted, nothing run
        pictures = lesson.page.locator(".jp-OutputArea img")
        lesson.pictures_are_there(6)
        sizes = pictures.evaluate_all("images => images.map(image => image.naturalWidth)")
        assert all(size > 900 for size in sizes)
        assert all(pictures.evaluate_all("images => images.map(image => image.alt)"))
        lesson.screenshot("01-stored")
    lab.print(NOTEBOOK, "01-print")
