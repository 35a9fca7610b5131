"""Pages of others in Chromium: a page of another port sends the cookie, and is refused all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import needs
from tests.chat.visiting import ask
from wsdemo import Headers, Request, Response, Server, serve
from wsdemo.chat import Chat, app, entrance

pytestmark = needs.chromium

#: A stranger's page: it opens the chat's WebSocket, says hello, and tells how that went.
PAGE = b"""<!doctype html><title>a game</title><script>
window.tried = (url) => new Promise((done) => {
  const ws = new WebSocket(url, "wsdemo.chat.v1");
  const heard = [];
  ws.onopen = () => ws.send(JSON.stringify({ type: "hello", v: 1, device: "stolen" }));
  ws.onmessage = (event) => {
    heard.push(JSON.parse(event.data).type);
    if (heard.includes("welcome")) ws.close();
  };
  ws.onclose = (event) => done([heard.join(), event.code]);
});
window.posted = (url) => fetch(url, { method: "POST", credentials: "include", mode: "no-cors",
  headers: { "Content-Type": "text/plain" }, body: "{}" }).then(() => "sent", () => "failed");
</script>"""

LOOKALIKES = "MAP *.example 127.0.0.1, MAP *.test 127.0.0.1"


class Watched(Chat):
    """A chat that notes the requests which ask to come in."""

    def __init__(self, **options: Any) -> None:
        self.asked = asked = list[Request]()

        class Entrance(entrance.Entrance):
            def authorize(self, request: Request) -> Any:
                asked.append(request)
                return super().authorize(request)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(app, "Entrance", Entrance)
            super().__init__(**options)


def html(request: Request) -> Response:
    return Response(200, "OK", Headers([("Content-Type", "text/html")]), PAGE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", f"--host-resolver-rules={LOOKALIKES}"]
        made = playwright.chromium.launch(executable_path=needs.chromium_path(), args=arguments)
        yield made
        made.close()


@pytest.fixture
def game() -> Iterator[Server]:
    with serve(None, hosts=["127.0.0.1.evil.example", "evil.example", "rebound.test"]) as server:
        server.route("/", html)
        yield server


def logged_in(browser: Any, chat: Chat) -> Any:
    """A browser in which ann is logged in."""
    context = browser.new_context()
    name, _, value = ask(chat, "POST", "/login", {"name": "ann"}).cookie.partition("=")
    cookie = {"name": name, "value": value, "httpOnly": True, "sameSite": "Strict"}
    context.add_cookies([{**cookie, "domain": "127.0.0.1", "path": "/"}])
    return context.new_page()


def test_her_own_page_comes_in_with_the_cookie(browser: Any) -> None:
    with Watched() as chat:
        page = logged_in(browser, chat)
        page.goto(chat.url)
        page.evaluate(PAGE.decode().partition("<script>")[2].partition("</script>")[0])
        assert page.evaluate("url => tried(url)", chat.websocket_url)[0].startswith("welcome")
        page.context.close()


@pytest.mark.parametrize("origins", [(), "*"], ids=["by default", "where any page may connect"])
def test_a_page_of_another_port_sends_the_cookie_and_does_not_come_in(
    browser: Any, game: Server, origins: Any
) -> None:
    """SameSite=Strict or not: a site has no port. Where any page may connect, it does so as nobody."""
    with Watched(origins=origins) as chat:
        page = logged_in(browser, chat)
        page.goto(f"http://127.0.0.1:{game.port}/")
        heard, code = page.evaluate("url => tried(url)", chat.websocket_url)
        (request,) = chat.asked
        assert "=ann." in (request.headers.get("cookie") or "")  # the browser has sent it
        assert request.headers.get("origin") == f"http://127.0.0.1:{game.port}"
        assert (heard, code) == (("bye", 4401) if origins else ("", 1006))
        for path in ("login", "logout", "token"):
            page.evaluate("url => posted(url)", f"{chat.url}{path}")
        cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        assert cookies[f"wsdemo_{chat.server.port}"].startswith("ann.")  # not logged out
        page.context.close()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "rebound.test"])
def test_strangers_and_look_alikes_are_refused(browser: Any, game: Server, host: str) -> None:
    with Watched() as chat:
        page = logged_in(browser, chat)
        page.goto(f"http://{host}:{game.port}/")
        assert page.evaluate("url => tried(url)", chat.websocket_url) == ["", 1006]
        assert chat.asked[0].headers.get("origin") == f"http://{host}:{game.port}"
        page.context.close()


def test_an_origin_of_null_is_refused(browser: Any, game: Server) -> None:
    """A sandboxed frame, here of the chat's own host."""
    with Watched() as chat:
        page = logged_in(browser, chat)
        page.goto(f"http://127.0.0.1:{game.port}/")
        page.evaluate("""() => new Promise((done) => {
            const frame = document.createElement("iframe");
            frame.sandbox = "allow-scripts"; frame.src = "/"; frame.onload = done;
            document.body.append(frame);
        })""")
        frame = page.frames[1]
        assert frame.evaluate("url => tried(url)", chat.websocket_url) == ["", 1006]
        assert chat.asked[0].headers.get("origin") == "null"
        page.context.close()


def test_a_rebound_name_is_refused(browser: Any, game: Server) -> None:
    """The name of the stranger's page leads to the chat by now: then its Origin looks like the chat's own."""
    with Watched() as chat:
        page = browser.new_page()
        page.goto(f"http://rebound.test:{game.port}/")
        assert page.evaluate("url => tried(url)", f"ws://rebound.test:{chat.server.port}/chat") == ["", 1006]
        page.goto(f"http://rebound.test:{chat.server.port}/session")
        assert "ann" not in page.content() and '"guests"' not in page.content()
        page.close()
