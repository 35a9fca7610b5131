"""The experiments of lesson 12 in Chromium: what was recorded is what a browser still tells."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import needs
from tests.browser.lab import CHROMIUM_FLAGS
from tests.waiting import DEADLINE
from wsdemo import Frame, serve
from wsdemo.course.browser import RECORDED, TITLES, Experiments, beside
from wsdemo.course.lesson_12 import event_cases, told_by
from wsdemo.net.connection import Connection
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.http11 import Request
from wsdemo.views.diagrams.told import Told


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.chromium_path(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(DEADLINE * 1000)
    yield context.new_page()
    context.close()


def run(page: Page, lab: Experiments, words: str) -> None:
    page.goto(f"http://127.0.0.1:{lab.port}/")
    page.get_by_role("button", name=words).click()
    page.wait_for_function("() => document.getElementById('end').textContent")


@needs.chromium
@pytest.mark.parametrize(
    ("name", "words"),
    [("life", "short life"), ("hang", "Hang"), ("vanish", "Send after"), ("refused", "Refused")],
)
def test_a_browser_tells_today_what_was_recorded(page: Page, name: str, words: str) -> None:
    """The same events and the same packets, each in its order, and the same pairs; times are others'."""
    with Experiments() as lab:
        assert lab.lanes(name).title == f"{TITLES[name]}, as recorded in Chromium 156"
        run(page, lab, words)
        rows = lab.rows(name)
        assert lab.lanes(name).title == f"{TITLES[name]}, in your browser"
    for part in (_told, _wire, _pairs):
        assert part(rows) == part(RECORDED[name])


def _told(rows: Any) -> list[str]:
    return [row.browser for row in sorted(rows, key=lambda row: row.told_at or 0) if row.browser]


def _wire(rows: Any) -> list[str]:
    return [row.wire for row in rows if row.wire]


def _pairs(rows: Any) -> set[tuple[str, str]]:
    return {(row.browser, row.wire) for row in rows}


@needs.chromium
def test_a_page_that_hangs_has_its_pings_answered(page: Page) -> None:
    """By order alone: the pong crosses before the page is told the question that was sent before the ping."""
    with Experiments() as lab:
        run(page, lab, "Hang")
        rows = {row.browser or row.wire: row for row in lab.rows("hang")}
    question, pong = rows['message "are you there?"'], rows["→ pong"]
    assert question.wire_at < rows["← ping"].wire_at < pong.wire_at < question.told_at
    assert question.told_at - rows['message "hang now"'].told_at >= 3000


@needs.chromium
def test_the_first_exercise_asks_for_what_chromium_tells(page: Page) -> None:
    """Each case of `page_events`, sent to a page by a server that follows no rules."""
    cases = event_cases(random.Random(12))

    def authorize(request: Request) -> str:
        status = cases[int(request.path[1:])][0]
        if status != 101:
            raise HandshakeError("no", status if status >= 400 else 400)
        return "any"

    class Raw:
        def on_open(self, ws: Connection) -> None:
            frames: list[Frame] = cases[int(ws.request.path[1:])][1]
            ws.transport.write(b"".join(frame.serialize() for frame in frames))
            ws.transport.write_eof()

    script = """(url) => new Promise((done) => {
        const told = [], ws = new WebSocket(url);
        ws.binaryType = "arraybuffer";
        ws.onopen = () => told.push(["open", null]);
        ws.onerror = () => told.push(["error", null]);
        ws.onmessage = ({ data }) => told.push(
            ["message", typeof data === "string" ? data : [...new Uint8Array(data)]]);
        ws.onclose = ({ code }) => { told.push(["close", code]); done(told); };
    })"""
    with Experiments() as lab, serve(Raw(), authorize=authorize, origins="*", compression=False) as server:
        page.goto(f"http://127.0.0.1:{lab.port}/")
        for number, (status, frames) in enumerate(cases):
            told = page.evaluate(script, f"{server.url}/{number}")
            wanted = [
                [name, list(value) if isinstance(value, bytes) else value]
                for name, value in told_by(status, frames)
            ]
            assert told == wanted, f"case {number}"


def test_the_script_of_an_experiment_is_shown_whole() -> None:
    with Experiments() as lab:
        for name in TITLES:
            script = lab.script(name)
            assert script.startswith(f"async {name}() {{") and script.endswith("\n}")
        with pytest.raises(KeyError):
            lab.script("nothing")


def test_notes_without_packets_stay_in_their_order() -> None:
    notes = [(10.0, "new WebSocket"), (12.0, "error"), (12.0, "close 1006"), (30.0, "new WebSocket")]
    assert beside(notes, []) == [Told(at - 10, what, "", None) for at, what in notes]
