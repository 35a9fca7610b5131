"""Lesson 07 in a real JupyterLab: it runs, and its buttons close, freeze and kill a live connection."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "07_life_and_death.ipynb"
TABLE = "table = views.buttons"


def test_the_buttons_hurt_a_live_connection(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        lesson.screenshot("07-light")
        table = lesson.widget(TABLE)
        table.scroll_into_view_if_needed()
        facts = table.locator("pre").first

        def click(name: str) -> None:
            table.get_by_role("button", name=name, exact=True).click()

        def row(name: str) -> list[str]:
            """The client's word and the server's, in a row of the facts."""
            lines = (facts.text_content() or "").splitlines()
            return next((line[17:].split() for line in lines if line.startswith(name)), [])

        def becomes(name: str, *words: str) -> None:
            lesson.wait_until(lambda: row(name) == [*words])

        becomes("TCP", "RST", "came", "RST", "came")  # the one on paper
        click("connect anew")
        becomes("state", "OPEN", "OPEN")
        click("client: send")
        click("client: close")
        becomes("reports", "1000", "1000")
        becomes("state", "CLOSED", "CLOSED")
        click("client: send")
        lesson.wait_until(lambda: "ConnectionClosed" in table.inner_text())

        click("connect anew")
        becomes("state", "OPEN", "OPEN")
        click("server: close")
        becomes("close frame came", "1001", "1001")

        click("connect anew")
        click("freeze")
        becomes("reports", "1006", "1006")  # without a further click: the keepalive finds it
        becomes("error", "TimeoutError", "TimeoutError")
        lesson.screenshot("07-buttons", whole=False)

        click("connect anew")
        becomes("state", "OPEN", "OPEN")
        anew = table.get_by_role("button", name="kill a server", exact=True)
        anew.focus()
        anew.press("Enter")
        becomes("TCP", "FIN", "came", "?")
        pictures = table.locator("img")
        assert pictures.count() == 2, "the pictures change, and no further one is added"
        first, second = (pictures.nth(at).bounding_box() for at in range(2))
        assert first["y"] == second["y"] and first["x"] + first["width"] <= second["x"], "side by side"
        window = lesson.page.viewport_size["height"]
        assert second["y"] + second["height"] - facts.bounding_box()["y"] < window, "and seen with the facts"
        lesson.dark()
        lesson.screenshot("07-dark")


def test_a_stored_lesson_shows_every_picture(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:  # untrusted, nothing run
        pictures = lesson.page.locator(".jp-OutputArea img")
        lesson.pictures_are_there(7)
        sizes = pictures.evaluate_all("images => images.map(image => image.naturalWidth)")
        assert all(size >= 440 for size in sizes)
        assert all(pictures.evaluate_all("images => images.map(image => image.alt)"))
        lesson.screenshot("07-stored")
    lab.print(NOTEBOOK, "07-print")
    with lab.open(NOTEBOOK, width=640, height=450) as lesson:  # what 200 % leave of the window
        pictures = lesson.page.locator(".jp-OutputArea img")
        lesson.pictures_are_there(7)
        pictures.nth(5).scroll_into_view_if_needed()
        widths = pictures.evaluate_all(
            "images => images.map(image => image.offsetWidth / image.naturalWidth)"
        )
        assert all(0.82 < width <= 1.01 for width in widths), "they shrink as far as they can be read"
        boxes = pictures.evaluate_all("images => images.map(image => image.parentElement.clientWidth)")
        assert all(200 < width < 640 for width in boxes), "and then scroll, each in its box"
        lesson.screenshot("07-zoomed", whole=False)
