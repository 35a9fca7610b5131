"""A chat in a cell of a real JupyterLab: its page, by both ways, with a login that lasts."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import FrameLocator

from tests import needs
from tests.browser.lab import Lab, Lesson

pytestmark = needs.chromium

NOTEBOOK = Path(__file__).parent / "data" / "chat.ipynb"


def page_of(lesson: Lesson) -> FrameLocator:
    lesson.run("chat  # its page")
    lesson.page.wait_for_selector(".wsdemo-way")
    return lesson.page.frame_locator("iframe")


def log_in(lesson: Lesson, frame: FrameLocator) -> None:
    """Log in on the page, and wait until the server knows the user."""
    frame.get_by_label("Your name").fill("ann")
    frame.get_by_role("button", name="Join the chat").click()

    def known() -> bool:
        lesson.run("print([getattr")
        return "ann" in lesson.text("print([getattr")

    lesson.wait_until(known)


def test_its_page_in_a_cell_directly(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        port = lesson.text("# the port")
        frame = page_of(lesson)
        host = lesson.page.evaluate("location.hostname")
        told = lesson.page.locator(".wsdemo-way").inner_text()
        assert told == f"http://{host}:{port}/ directly"
        log_in(lesson, frame)  # and so the cookie came back: the frame is of the same site
        lesson.screenshot("chat-cell")


def test_its_page_in_a_cell_through_jupyters_own_port(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        port = lesson.text("# the port")
        host = lesson.page.evaluate("location.hostname")
        lesson.page.route(f"http://{host}:{port}/**", lambda route: route.abort())
        frame = page_of(lesson)
        told = lesson.page.locator(".wsdemo-way").inner_text()
        assert told.endswith(f"/proxy/{port}/ through jupyter-server-proxy")
        log_in(lesson, frame)
        lesson.screenshot("chat-cell-proxied")
