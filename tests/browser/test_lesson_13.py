"""Lesson 13 in a real JupyterLab: it runs, and the token can be moved from one way to another."""

from __future__ import annotations

from tests import needs
from tests.browser.lab import Lab

pytestmark = needs.chromium

NOTEBOOK = "13_private.ipynb"
LEAKING = "views.leaking("


def test_the_token_is_moved(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.dark(False)
        lesson.run_all()
        bench = lesson.widget(LEAKING)
        bench.scroll_into_view_if_needed()
        said = lambda: bench.inner_text()  # noqa: E731
        lesson.wait_until(lambda: "ticket in the URL, with TLS: bad in 0 of 6 places" in said())
        assert "used up" in said()
        menu = bench.get_by_role("combobox")
        menu.select_option("cookie")
        lesson.wait_until(lambda: "cookie, with TLS: bad in 2 of 6 places" in said())
        assert "COMES ALONG" in said() and "Cookie: session=TOKEN" in said()
        menu.select_option("first message")
        bench.get_by_role("checkbox").uncheck()
        lesson.wait_until(lambda: "first message, without TLS: bad in 2 of 6 places" in said())
        lesson.screenshot("13-leaking", whole=False)
        lesson.screenshot("13-light")
        lesson.dark()
        bench.scroll_into_view_if_needed()
        lesson.screenshot("13-leaking-dark", whole=False)
        lesson.screenshot("13-dark")
        lesson.dark(False)
    lab.print(NOTEBOOK, "13-print")
