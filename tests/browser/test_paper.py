"""A lesson on paper, which can't be scrolled: tables and pictures fit its width."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbconvert import HTMLExporter

from tests import needs
from tests.browser.lab import Lab
from tools import notebooks

pytestmark = needs.chromium

PAPER = 718  # CSS pixels: A4 without the margins that Chromium leaves
CUT = """() => [...document.querySelectorAll('.wsdemo-table, .wsdemo-image')]
    .filter(thing => thing.offsetWidth && thing.offsetWidth > thing.parentElement.clientWidth)
    .map(thing => `${thing.offsetWidth} of ${thing.parentElement.clientWidth} pixels: ${thing.outerHTML}`)"""


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)
def test_nothing_is_cut_on_paper(lab: Lab, path: Path, tmp_path: Path) -> None:
    html, _ = HTMLExporter().from_filename(str(path))
    page_of_html = tmp_path / "lesson.html"
    page_of_html.write_text(html, encoding="utf-8")
    context = lab.browser.new_context(viewport={"width": PAPER, "height": 1000}, offline=True)
    try:
        page = context.new_page()
        page.goto(page_of_html.as_uri(), wait_until="domcontentloaded")
        page.emulate_media(media="print")
        assert page.evaluate(CUT) == []
        assert page.locator(".wsdemo-table, .wsdemo-image").count() > 0
    finally:
        context.close()
