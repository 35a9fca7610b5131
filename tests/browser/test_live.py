"""A live view in a real JupyterLab: it keeps up with fast traffic, calmly, and ends with its cell."""

from __future__ import annotations

from pathlib import Path

from tests import needs
from tests.browser.lab import Lab
from wsdemo.views.live.following import EVERY

pytestmark = needs.chromium

NOTEBOOK = Path(__file__).parent / "data" / "live.ipynb"

WATCH = """(output) => {
    window.redraws = [];
    new MutationObserver(() => window.redraws.push(performance.now()))
        .observe(output, {subtree: true, childList: true, attributes: true, attributeFilter: ['src']});
}"""


def test_a_live_ladder(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        output = lesson.output("live = views")
        story = lesson.widget("live = views").locator("pre").first
        lesson.wait_until(lambda: "'number 3999'" in (story.text_content() or ""))
        lesson.wait_until(lambda: lesson.text("print(sum") == "1")

        output.evaluate(WATCH)
        started: float = lesson.page.evaluate("performance.now()")
        lesson.run("for number")
        took: float = (lesson.page.evaluate("performance.now()") - started) / 1000
        lesson.wait_until(lambda: "'number 3999'" in (story.text_content() or ""))
        redraws: list[float] = lesson.page.evaluate("window.redraws")
        print(f"8,000 frames in {took:.1f} s: {len(redraws)} redraws")
        assert 2 < len(redraws) <= took / EVERY + 3

        lesson.run("live = views")
        lesson.run("print(sum")
        lesson.wait_until(lambda: lesson.text("print(sum") == "1")  # the one before has ended
        lesson.screenshot("live-ladder")
