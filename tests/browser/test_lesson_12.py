"""Lesson 12 in a real JupyterLab: its page runs an experiment, and the chat is used, both in frames."""

from __future__ import annotations

from playwright.sync_api import expect

from tests import needs
from tests.browser.lab import Lab
from tests.waiting import DEADLINE

pytestmark = needs.chromium

NOTEBOOK = "12_the_browser_client.ipynb"
LANES = 'lab.lanes("life")'
WAIT = DEADLINE * 1000


def test_the_page_and_the_chat_live_in_the_notebook(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.dark(False)
        lesson.run_all()
        said = lambda: lesson.output(LANES).text_content() or ""  # noqa: E731
        lesson.wait_until(lambda: "as recorded in Chromium" in said())
        page = lesson.page.frame_locator('iframe[title="a page with four experiments"]')
        page.get_by_role("button", name="short life").click()
        expect(page.locator("#end")).to_contain_text("run the next cell", timeout=WAIT)
        lesson.run(LANES)
        lesson.wait_until(lambda: "in your browser" in said())
        assert said().count("(the page is told nothing)") == 3

        chat = lesson.page.frame_locator('iframe[title="the chat"]')
        chat.get_by_label("Your name").fill("eve")
        chat.get_by_role("button", name="Join the chat").click()
        expect(chat.locator("#state")).to_have_attribute("data-state", "open", timeout=WAIT)
        chat.get_by_label("Message", exact=True).fill("Hello, robot")
        chat.get_by_label("Message", exact=True).press("Enter")
        expect(chat.locator("#log")).to_contain_text("I heard eve.", timeout=WAIT)
        chat.get_by_role("button", name="Under the hood").click()
        expect(chat.locator("#rows")).to_contain_text("GET /chat", timeout=WAIT)
        lesson.screenshot("12-light")
        lesson.dark()
        lesson.screenshot("12-dark")
        lesson.dark(False)
    lab.print(NOTEBOOK, "12-print")
