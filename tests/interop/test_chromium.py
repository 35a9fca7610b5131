"""Chromium against our server. (Playwright runs an event loop in its thread, so it has its own file.)"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests import needs, raw
from tests.waiting import DEADLINE, Seen
from wsdemo import Connection, Deflate, Opcode, Server, State, connect, serve

pytestmark = needs.chromium

COMPRESSION: dict[str, bool | Deflate] = {
    "none": False,
    "ours": True,
    "with takeover": Deflate(server_context_takeover=True, client_context_takeover=True, threshold=0),
}


class Echo:
    """Echoes; does what a few words ask for; tells how connections end."""

    def __init__(self) -> None:
        self.ended = Seen()

    def on_message(self, ws: Connection, message: str | bytes) -> None:
        if message == "close":
            ws.close(4001, "as you wish")
        else:
            ws.send(message)

    def on_close(self, ws: Connection) -> None:
        self.ended(ws.close_code, ws.close_reason)


HANDLER = Echo()


@pytest.fixture(scope="module", params=COMPRESSION)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    options: dict[str, Any] = {"compression": COMPRESSION[request.param], "subprotocols": ["chat"]}
    with serve(HANDLER, **options) as made:
        made.route("/page", lambda request: "a page of this server's own")
        yield made


def drain() -> None:
    while not HANDLER.ended.empty():
        HANDLER.ended.next()


PAGE = """async (url) => {
  const large = "words and more words, ".repeat(5000);
  const sent = ["hello", "", "é€😀", large, large];
  const ws = new WebSocket(url, ["other", "chat"]);
  ws.binaryType = "arraybuffer";
  const inbox = [];
  let wake = () => {};
  ws.onmessage = (event) => { inbox.push(event.data); wake(); };
  const next = async () => {
    while (!inbox.length) await new Promise((done) => (wake = done));
    return inbox.shift();
  };
  const end = (socket) => new Promise((done) => {
    socket.onclose = (event) => done([event.code, event.reason, event.wasClean]);
  });
  const ended = end(ws);
  await new Promise((done, failed) => { ws.onopen = done; ws.onerror = failed; });
  let same = 0;
  for (const data of sent) { ws.send(data); if ((await next()) === data) same++; }
  const bytes = new Uint8Array(70000).map((_, i) => i);
  ws.send(bytes);
  const back = new Uint8Array(await next());
  if (back.length === bytes.length && back.every((byte, i) => byte === bytes[i])) same++;
  ws.send("close");
  const theirs = await ended;
  const second = new WebSocket(url);
  await new Promise((done) => (second.onopen = done));
  second.close(3000, "bye");
  const ours = await end(second);
  return { protocol: ws.protocol, extensions: ws.extensions, same, theirs, ours };
}"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    if needs.missing("chromium"):
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.chromium_path(), args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def test_chromium(server: Server, page: Any) -> None:
    page.goto(f"http://127.0.0.1:{server.port}/page")
    drain()
    result = page.evaluate(PAGE, server.url)
    compressed = result.pop("extensions")
    assert compressed == "" or compressed.startswith("permessage-deflate")
    assert result == {
        "protocol": "chat",
        "same": 6,
        "theirs": [4001, "as you wish", True],
        "ours": [3000, "", True],  # the answer to a close frame echoes the code
    }


#: The payload of a server's close frame, and what is reported after it.
CLOSES = {
    b"\x03\xe8": 1000,
    b"\x0f\xa0bye": 4000,
    b"": 1005,
    b"\x03\xed": 1006,
    b"\x03\xee": 1006,
    b"\x03": 1006,
}


@pytest.mark.parametrize("payload", CLOSES, ids=bytes.hex)
def test_states_and_close_codes_are_chromiums(page: Any, payload: bytes) -> None:
    heard, leave = threading.Event(), threading.Event()

    def script(peer: raw.Peer) -> None:
        peer.send(raw.frame(Opcode.CLOSE, payload, key=None))
        peer.frame()
        heard.set()
        leave.wait(DEADLINE)

    with raw.server(script) as url, serve() as origin:
        origin.route("/page", lambda request: "a page")
        page.goto(f"http://127.0.0.1:{origin.port}/page")
        page.evaluate(
            """(url) => {
                window.ws = new WebSocket(url);
                window.ended = new Promise((done) => {
                    ws.onclose = (event) => done([event.code, event.reason, event.wasClean, ws.readyState]);
                });
            }""",
            url,
        )
        assert heard.wait(DEADLINE)
        if CLOSES[payload] != 1006:  # Chromium ends TCP at once when it fails a connection
            page.wait_for_function("ws.readyState !== WebSocket.OPEN")
            assert page.evaluate("ws.readyState") == 2
        leave.set()
        code, reason, clean, state = page.evaluate("ended")
        heard.clear()
        leave.clear()
        ws = connect(url)
        assert heard.wait(DEADLINE)
        assert ws.state is State.CLOSING
        leave.set()
        assert ws.wait_closed(DEADLINE)
        assert (ws.close_code, ws.close_reason) == (code, reason)
        assert (code, clean, state) == (CLOSES[payload], CLOSES[payload] != 1006, 3)


def test_chromium_from_a_foreign_page_is_refused(page: Any) -> None:
    with serve(HANDLER) as server, serve() as foreign:
        foreign.route("/page", lambda request: "a page from elsewhere")
        page.goto(f"http://127.0.0.1:{foreign.port}/page")
        attempt = """(url) => new Promise((done) => {
            const ws = new WebSocket(url);
            ws.onopen = () => done("open");
            ws.onerror = () => done("refused");
        })"""
        assert page.evaluate(attempt, server.url) == "refused"
        assert any("option origins" in str(error) for _, error in server.errors)


def test_a_page_that_is_left_says_1001(page: Any) -> None:
    ended = Seen()

    class Tells:
        def on_close(self, ws: Connection) -> None:
            ended(ws.close_code, ws.close_reason)

    with serve(Tells()) as server:
        server.route("/page", lambda request: "a page")
        page.goto(f"http://127.0.0.1:{server.port}/page")
        page.evaluate(
            "(url) => new Promise((done) => { (window.ws = new WebSocket(url)).onopen = done; })", server.url
        )
        page.goto("about:blank")
        assert ended.next() == (1001, "")
