"""Users of the chat's page, each with a browser of its own; screenshots; and axe-core."""

from __future__ import annotations

import functools
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.waiting import DEADLINE

SCREENSHOTS = Path(__file__).parent.parent / "browser" / "screenshots"
#: A failed request is told by the browser in its console: these are meant to fail.
MEANT = (
    "net::ERR_",
    "WebSocket connection to",
    "status of 403",
    "status of 409",
    "Synchronous XMLHttpRequest",
)

expect.set_options(timeout=DEADLINE * 1000)


class User:
    """A browser of its own, with the page in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.console: list[str] = []
        self.meant = MEANT
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))

    def log_in(self, url: str, name: str) -> User:
        self.page.goto(url)
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_role("button", name="Join the chat").click()
        return self.connected()

    def connected(self) -> User:
        expect(self.page.locator("#state")).to_have_attribute("data-state", "open")
        return self

    def away(self) -> User:
        expect(self.page.locator("#state")).not_to_have_attribute("data-state", "open")
        return self

    def say(self, *texts: str) -> None:
        for text in texts:
            self.page.get_by_label("Message", exact=True).fill(text)
            self.page.get_by_label("Message", exact=True).press("Enter")

    def open(self, channel: str) -> None:
        self.page.get_by_role("navigation").get_by_role("button", name=channel).click()

    def sees(self, *texts: str) -> None:
        expect(self.page.locator("#log .text")).to_have_text(list(texts))

    def shot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    @property
    def faults(self) -> list[str]:
        told = [line for line in self.console if not any(part in line for part in self.meant)]
        return [line for line in told if line.startswith(("error", "warning", "uncaught"))]


@functools.cache
def axe() -> str:
    """The source of axe-core, which a package brings."""
    import axe_core_python

    return (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe-core finds. It is evaluated, not added as a script: the page's policy forbids that."""
    page.evaluate(axe())
    found = page.evaluate("axe.run().then(({ violations }) => violations)")
    return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]
