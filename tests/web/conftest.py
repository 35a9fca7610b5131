"""Browsers for the pages of `wsdemo.web`, and servers that can be closed and served again on the same port.

(Playwright's synchronous interface runs an asyncio loop in this thread: no other test should find it there.)
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import needs
from tests.browser.lab import CHROMIUM_FLAGS
from tests.ports import held_port
from tests.waiting import DEADLINE
from tests.web.users import User
from wsdemo import Headers, Response, serve
from wsdemo.patterns.log import KEEP, Keep, MemoryLog
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.patterns.rooms import Rooms
from wsdemo.patterns.session import Identity
from wsdemo.patterns.sqlitelog import SqliteLog
from wsdemo.web import routes

EVENTS = (
    *("state", "welcome", "confirm", "gap", "error", "joined", "refused", "volatile", "presence"),
    *("dropped", "doubled", "incomplete", "parked"),
)
#: Makes `socket`; `seen`: what it drew; `told`: its events.
CONNECT = """async ([events, user, options]) => {
    const { ChatSocket } = await import("/socket.js");
    window.seen = [];
    window.told = [];
    const draw = (message) => { window.onDraw?.(message); seen.push(message); };
    window.socket = new ChatSocket(location.href.replace(/^http/, "ws"), draw, {
        name: user, session: async () => user, ...options });
    for (const name of events)
        socket.addEventListener(name, ({ detail }) => told.push([name, detail]));
}"""


class Site:
    """Rooms, and a page with nothing on it. ``file``: of the log; None keeps it in memory."""

    def __init__(self, port: int, file: Path | None = None, keep: Keep = KEEP, **options: Any) -> None:
        self.port, self._file, self._keep, self._options = port, file, keep, options
        self.open()

    def open(self) -> None:
        """Serve, on the port that it had."""
        self.rooms = Rooms(identify=lambda ws, token: Identity(token) if token else None, **self._options)
        self.server = serve(self.rooms, port=self.port, subprotocols=[PROTOCOL])
        page = Response(
            200, "OK", Headers([("Content-Type", "text/html")]), b"<!doctype html><title>test</title>"
        )
        self.server.route("/", lambda request: page)
        self.server.route("/favicon.ico", lambda request: Response(204, "No Content", Headers([])))
        for path, file in routes().items():
            if path != "/":
                self.server.route(path, file)
        done, call = self.rooms.stored, self.server.call_soon
        self.log = (
            MemoryLog(done, keep=lambda channel: self._keep)
            if self._file is None
            else SqliteLog(self._file, done, call=call)
        )
        self.run(self.rooms.begin, self.server, self.log)

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call it in the server's thread, and wait for the end."""
        done, result = threading.Event(), []
        self.server.call_soon(lambda: (result.append(function(*args)), done.set()))
        assert done.wait(DEADLINE)
        return result[0]

    def close(self) -> None:
        """End it as a program ends: without a word to the clients."""
        self.server.close()
        self.log.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


class Tab:
    """A page with a ChatSocket."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def connect(self, user: str = "ann", **options: Any) -> Tab:
        """Make its socket, and wait for the welcome."""
        self.make(user, **options)
        return self.until("socket.state.name === 'open'")

    def make(self, user: str = "ann", **options: Any) -> Tab:
        self.page.evaluate(CONNECT, [EVENTS, user, options])
        return self

    def js(self, code: str, argument: Any = None) -> Any:
        return self.page.evaluate(code, argument)

    def until(self, condition: str) -> Tab:
        try:
            self.page.wait_for_function(f"() => {condition}", timeout=DEADLINE * 1000, polling=20)
        except Exception as error:
            raise AssertionError(f"never: {condition}; told: {json.dumps(self.js('told'))}") from error
        return self

    def publish(self, *texts: str, channel: str = "#lobby") -> None:
        self.js("([channel, texts]) => texts.forEach((t) => socket.publish(channel, t))", [channel, texts])

    def join(self, channel: str = "#lobby", **options: Any) -> Tab:
        self.js("([channel, options]) => socket.join(channel, options)", [channel, options])
        return self.until(f"told.some(([n, d]) => n === 'joined' && d.channel === '{channel}')")

    @property
    def seen(self) -> list[Any]:
        """The bodies that were drawn."""
        return self.js("seen.map(({ body }) => body)")

    def told(self, name: str) -> list[Any]:
        return self.js("(name) => told.filter(([n]) => n === name).map(([, detail]) => detail)", name)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.chromium_path(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(DEADLINE * 1000)
    yield context
    context.close()


@pytest.fixture
def user(browser: Browser) -> Iterator[Callable[..., User]]:
    users: list[User] = []

    def make(**options: Any) -> User:
        context = browser.new_context(**options)
        context.set_default_timeout(DEADLINE * 1000)
        users.append(User(context.new_page()))
        return users[-1]

    yield make
    for one in users:
        one.page.context.close()
    assert [fault for one in users for fault in one.faults] == []


@pytest.fixture
def site() -> Iterator[Callable[..., Site]]:
    with contextlib.ExitStack() as stack:

        def make(*args: Any, **options: Any) -> Site:
            made = Site(stack.enter_context(held_port()), *args, **options)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def tab(context: BrowserContext) -> Iterator[Callable[[str], Tab]]:
    """Opens a page; no script of it may have failed at the end."""
    tabs: list[Tab] = []

    def make(url: str) -> Tab:
        tabs.append(Tab(context.new_page()))
        tabs[-1].page.goto(url)
        return tabs[-1]

    yield make
    assert [fault for tab in tabs for fault in tab.faults] == []
