"""Lesson 02 in a real JupyterLab: it runs, and its buttons add, freeze and kill clients."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "02_many_clients.ipynb"
STAGE = "stage = views.scene"


def test_the_buttons_play_the_scene_anew(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        stage = lesson.widget(STAGE)
        stage.scroll_into_view_if_needed()
        story = stage.locator("pre").first

        def click(name: str) -> None:
            stage.get_by_role("button", name=name).click()

        def tells(words: str) -> bool:
            return words in (story.text_content() or "")

        assert not tells("Dora")
        click("add a client")
        lesson.wait_until(lambda: tells("Dora"))
        stage.get_by_role("combobox").select_option("Ana")
        click("freeze it")
        lesson.wait_until(lambda: tells("the last: freeze Ana"))
        stage.get_by_role("combobox").select_option("Dora")
        click("kill it")
        lesson.wait_until(lambda: tells("the last: kill Dora"))
        for events in (15, 16, 17, 18):
            click("let them talk")
            lesson.wait_until(lambda events=events: tells(f"{events} events"))
        assert tells("frozen → gone"), "who reads nothing is dropped at the bound"
        assert stage.locator("img").count() == 1, "the picture changes, and no second one is added"
        lesson.screenshot("02-buttons", whole=False)
        lesson.screenshot("02-light")
        lesson.dark()
        lesson.screenshot("02-dark")
        lesson.dark(False)
        click("start over")
        lesson.wait_until(lambda: (story.text_content() or "").startswith("8 events"))
        lesson.zoom(2)
        lesson.screenshot("02-zoomed", whole=False)


def test_a_stored_lesson_shows_every_picture(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:  # untrusted, nothing run
        pictures = lesson.page.locator(".jp-OutputArea img")
        lesson.pictures_are_there(6)
        sizes = pictures.evaluate_all("images => images.map(image => image.naturalWidth)")
        assert all(size > 900 for size in sizes)
        assert all(pictures.evaluate_all("images => images.map(image => image.alt)"))
        lesson.screenshot("02-stored")
    lab.print(NOTEBOOK, "02-print")
