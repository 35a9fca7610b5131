"""`make lab` opens a learner's own copies: they run, lead to one another, and the map shows progress."""

from __future__ import annotations

import pytest

from tests import needs
from tests.browser.lab import Lab
from wsdemo.course import copies
from wsdemo.course.notes import note

pytestmark = [needs.chromium, pytest.mark.timeout(300)]


def test_a_copy_runs_and_leads_to_the_next_one(lab: Lab) -> None:
    my = lab.server.home / "course" / "my"
    copies.hand_out(folder=my)
    note("word_to_bytes", True, my)
    with lab.open("00_start_here.ipynb", folder=my) as lesson:
        assert lesson.page.locator(".jp-OutputArea-output").count() == 0, "nothing to be spoiled by"
        lesson.run_all()
        plan = lesson.output("coursemap")
        plan.scroll_into_view_if_needed()
        lesson.wait_until(lambda: "1 of 4 exercises solved" in (plan.text_content() or ""))
        lesson.screenshot("00-own-copy")
        lesson.page.get_by_role("link", name="01 · A chat on raw TCP").first.click()
        lesson.page.wait_for_url("**/my/01_raw_tcp.ipynb*")
