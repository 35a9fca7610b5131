"""The page of the chat in Chromium: users, rooms, mailboxes, a bad network, another origin, and axe."""

from __future__ import annotations

import functools
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, expect

from tests import needs
from tests.chat.front import PLACES, anywhere, fronted, nginx
from tests.waiting import DEADLINE
from tests.web.killing import Room, kill_a_room
from tests.web.users import violations
from wsdemo import Headers, Request, Response, serve
from wsdemo.chat import Chat
from wsdemo.net.static import StaticFile
from wsdemo.patterns.session import RoomLimits
from wsdemo.proxy.chaos import Chaos

pytestmark = needs.chromium

NUMBERS = [str(number) for number in range(10)]
#: Keeps in `typists` all that is said of who types.
TYPISTS = """() => {
    window.typists = [];
    const typing = document.getElementById("typing");
    new MutationObserver(() => typists.push(typing.textContent)).observe(typing, { childList: true });
}"""
#: Hangs, so that no timer runs and no message is told, until the server says go.
HANG = """() => { setTimeout(() => {
    const ask = new XMLHttpRequest();
    do { ask.open("GET", "held", false); ask.send(); } while (ask.responseText !== "go");
}); }"""


@pytest.fixture
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chat]:
    """A chat; behind nginx where the test is marked with `anywhere`."""
    with fronted(tmp_path, getattr(request, "param", "direct")) as made:
        yield made


@anywhere
def test_two_users_chat_and_see_who_is_there_and_who_types(chat: Chat, user) -> None:
    ann, bob = user().log_in(chat.url, "ann"), user().log_in(chat.url, "bob")
    ann.say("Hello?")
    bob.sees("Hello?")
    ann.page.evaluate(TYPISTS)  # for it is shown for four seconds only
    bob.page.get_by_label("Message", exact=True).press_sequentially("H")
    ann.page.wait_for_function("() => typists.includes('bob is typing …')")
    bob.say("Hello!")
    ann.sees("Hello?", "Hello!")
    expect(ann.page.locator("#typing")).to_have_text("")
    expect(ann.page.locator("#about")).to_have_text("Here: you, bob")
    bob.page.close()
    expect(ann.page.locator("#about")).to_have_text("You are alone here.")


def test_a_script_stays_text_and_the_policy_would_stop_it(chat: Chat, user) -> None:
    ann, bob = user().log_in(chat.url, "ann"), user().log_in(chat.url, "bob")
    evil = "<script>window.evil = 1</script><img src=x onerror='window.evil = 1'>"
    ann.say(evil)
    bob.sees(evil)
    assert bob.page.evaluate("window.evil") is None
    bob.meant += ("TrustedHTML",)
    assert bob.page.locator("#log img, #log script").count() == 0
    refused = "() => { try { document.body.innerHTML = '<b>x</b>'; } catch (error) { return error.name; } }"
    assert bob.page.evaluate(refused) == "TypeError"  # Trusted Types


def test_rooms_and_mailboxes(chat: Chat, user) -> None:
    ann, bob = user().log_in(chat.url, "ann"), user().log_in(chat.url, "bob")
    field = ann.page.get_by_label("Open a room, or a mailbox")
    field.fill("tea")
    field.press("Enter")
    expect(ann.page.locator("#title")).to_have_text("#tea")
    ann.say("nobody else is here")
    ann.sees("nobody else is here")
    bob.sees()
    ann.open("#lobby")
    ann.page.get_by_role("button", name="bob", exact=True).click()
    ann.say("for you alone")
    ann.sees("for you alone")  # confirmed: it is in the mailbox
    expect(bob.page.get_by_role("button", name="@bob 1")).to_be_visible()
    bob.open("@bob")
    bob.sees("for you alone")
    bob.page.get_by_role("button", name="Answer ann").click()
    bob.say("thank you")
    ann.open("@ann")
    ann.sees("thank you")
    field.fill("no such room!")
    field.press("Enter")
    expect(ann.page.locator("#join-problem")).to_contain_text("1 to 32")


@anywhere
def test_a_page_from_elsewhere_gets_nothing(chat: Chat, user, tmp_path: Path) -> None:
    """By the Origin alone: SameSite ignores ports, and the cookie of 127.0.0.1 goes to all its ports."""
    ann = user().log_in(chat.url, "ann")
    page = tmp_path / "index.html"
    page.write_text("<!doctype html><title>elsewhere</title><link rel=icon href=data:,>")
    with serve(lambda ws, message: None) as other:
        other.route("/", StaticFile(page))
        ann.page.goto(f"http://127.0.0.1:{other.port}/")
        told = ann.page.evaluate(
            """(url) => new Promise((done) => {
                const ws = new WebSocket(url, "wsdemo.chat.v1");
                ws.onopen = () => ws.send('{"type":"hello","v":1,"device":"d"}');
                ws.onmessage = ({ data }) => done(data);
                ws.onclose = ({ code }) => done(code); })""",
            chat.websocket_url,
        )
    assert told == 1006 or json.loads(told)["type"] == "bye"
    assert ann.page.evaluate("location.host") not in chat.url


def test_offline_messages_wait_and_arrive_once_and_in_order(chat: Chat, user) -> None:
    bob = user().log_in(chat.url, "bob")
    with Chaos("127.0.0.1", chat.server.port) as network:
        ann = user().log_in(f"http://127.0.0.1:{network.port}/", "ann")
        ann.say("0")
        bob.sees("0")
        network.freeze()
        ann.say(*NUMBERS[1:4])
        expect(ann.page.locator("#waiting li")).to_have_count(3)
        network.cut()
        ann.away()
        ann.say(*NUMBERS[4:])
        network.thaw()
        ann.page.evaluate("dispatchEvent(new Event('online'))")
        ann.sees(*NUMBERS)
        bob.sees(*NUMBERS)
        expect(ann.page.locator("#waiting li")).to_have_count(0)


def test_a_server_that_is_started_again_loses_nothing(user, tmp_path: Path, port: int) -> None:
    make = functools.partial(Chat, port=port, db=tmp_path / "chat.db")
    with make() as chat:
        ann, bob = user().log_in(chat.url, "ann"), user().log_in(chat.url, "bob")
        ann.say("before")
        bob.sees("before")
    ann.away()
    bob.away()
    ann.say(*NUMBERS)
    expect(ann.page.locator("#waiting li")).to_have_count(10)
    with make():
        for reader in (ann, bob):
            reader.sees("before", *NUMBERS)
            reader.connected()
        ann.page.reload()
        ann.connected().sees("before", *NUMBERS)
        expect(ann.page.locator(".note")).to_have_count(0)


def test_two_frames_of_a_tab_keep_their_messages_apart(user, tmp_path: Path, port: int) -> None:
    """As in a notebook that shows the chat twice: the frames have one user, and one storage."""
    make = functools.partial(Chat, port=port, db=tmp_path / "chat.db")

    def frames() -> list[FrameLocator]:
        ann.page.evaluate(
            """(url) => {
                for (const name of ["a", "b"]) {
                    const frame = document.createElement("iframe");
                    [frame.name, frame.src] = [name, url];
                    document.body.append(frame);
                }
            }""",
            chat.url,
        )
        found = [ann.page.frame_locator(f"iframe[name={name}]") for name in ("a", "b")]
        for frame in found:
            expect(frame.locator("#state")).to_have_attribute("data-state", "open")
        return found

    with make() as chat:
        ann = user().log_in(chat.url, "ann")
        ann.meant += ("status of 404",)  # the icon of a page that has none
        ann.page.goto(f"{chat.url}health")  # the chat's own page has a policy, and no frames
        pages = frames()
    for name, page in zip("ab", pages, strict=True):
        expect(page.locator("#state")).not_to_have_attribute("data-state", "open")
        page.get_by_label("Message", exact=True).fill(f"from {name}")
        page.get_by_label("Message", exact=True).press("Enter")
        expect(page.locator("#waiting li")).to_have_count(1)
    ann.page.evaluate("document.querySelectorAll('iframe').forEach((frame) => frame.remove())")
    with make() as chat:
        for page in frames():
            expect(page.locator("#log .text")).to_have_text([re.compile("from [ab]")] * 2)
            expect(page.locator("#waiting li")).to_have_count(0)


@pytest.mark.parametrize("where", PLACES)
def test_a_server_that_is_killed_under_pages_a_program_and_a_terminal(
    browser: Browser, tmp_path: Path, where: str
) -> None:
    """kill -9 of ``python -m wsdemo chat`` while all write; what the pages show is compared."""
    front = functools.partial(nginx, tmp_path) if where == "nginx" else None
    kills = 1 if front else 2
    room = kill_a_room(browser, tmp_path / "chat.db", kills, front=front)
    assert {user: room.figures(user) for user in room.heard} == dict.fromkeys(room.written, (0, 0, 0))
    assert room.one_order and room.total == 12 * kills


def test_what_is_lost_doubled_and_out_of_order_is_counted() -> None:
    heard = {"bob": ["ann 3", "ann 2", "ann 2", "missing: 4"]}
    assert Room(written={"ann": 4}, heard=heard).figures("bob") == (2, 2, 2)


def test_a_page_that_hangs_misses_nothing(chat: Chat, user) -> None:
    asked, go = threading.Event(), threading.Event()

    def held(request: Request) -> Response:
        asked.set()
        return Response(200, "OK", Headers([]), b"go" if go.is_set() else b"")

    chat.server.route("/held", held)
    ann, bob = user().log_in(chat.url, "ann"), user().log_in(chat.url, "bob")
    bob.page.evaluate(HANG)
    assert asked.wait(DEADLINE)
    (hung,) = [ws for ws in chat.server.connections if ws.user.identity.user == "bob"]
    assert hung.ping(timeout=DEADLINE) > 0  # by the browser, not by the page
    ann.say(*NUMBERS)
    ann.sees(*NUMBERS)
    go.set()
    bob.sees(*NUMBERS)


def test_what_is_too_large_stays_in_the_field(user) -> None:
    from wsdemo.chat import ChatLimits

    with Chat(limits=ChatLimits(rooms=RoomLimits(size=200))) as chat:
        ann = user().log_in(chat.url, "ann")
        ann.say("x" * 300)
        expect(ann.page.get_by_role("alert").last).to_contain_text("at most 200 accepted")
        expect(ann.page.get_by_label("Message", exact=True)).to_have_value("x" * 300)
        ann.say("short")
        ann.sees("short")


@anywhere
def test_a_name_that_is_taken_is_told_and_a_user_can_leave(chat: Chat, user) -> None:
    ann, other = user().log_in(chat.url, "ann"), user()
    other.page.goto(chat.url)
    other.page.get_by_label("Your name").fill("ann")
    other.page.get_by_role("button", name="Join the chat").click()
    expect(other.page.get_by_role("alert").first).to_contain_text("ann")
    ann.page.reload()
    ann.connected()  # by its cookie
    ann.page.get_by_role("button", name="Log out").click()
    expect(ann.page.get_by_label("Your name")).to_be_visible()
    ann.page.get_by_label("Your name").fill("anna")
    ann.page.get_by_role("button", name="Join the chat").click()
    ann.connected()


def test_a_browser_that_keeps_no_cookie_is_told(chat: Chat, user) -> None:
    ann = user()
    ann.page.route("**/login", lambda route: route.fulfill(json={"user": "ann"}))
    ann.page.goto(chat.url)
    ann.page.get_by_label("Your name").fill("ann")
    ann.page.get_by_role("button", name="Join the chat").click()
    expect(ann.page.get_by_role("alert").first).to_contain_text("keeps no cookie")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(chat: Chat, user, scheme: str, width: int) -> None:
    ann = user(color_scheme=scheme, viewport={"width": width, "height": 800})
    bob = user().log_in(chat.url, "bob")
    ann.page.route("**/session", lambda route: None)  # the page asks who it is, and is not answered
    ann.page.goto(chat.url)
    assert violations(ann.page) == []
    ann.page.unroute("**/session")
    ann.page.goto(chat.url)
    expect(ann.page.get_by_label("Your name")).to_be_visible()
    assert violations(ann.page) == []
    ann.log_in(chat.url, "ann")
    ann.say("Hello?", "Is anybody here?")
    answers = "I am.", "What a quiet room, and what a long sentence to be wrapped on a phone."
    bob.say(*answers)
    ann.sees("Hello?", "Is anybody here?", *answers)
    expect(ann.page.locator("#waiting li")).to_have_count(0)
    ann.page.get_by_role("button", name="Under the hood").click()
    expect(ann.page.locator("#rows")).to_contain_text("welcome")
    ann.shot(f"chat-{scheme}-{width}")
    assert violations(ann.page) == []
    ann.open("#time")
    expect(ann.page.locator("#chart-text")).not_to_have_text("no number yet")
    assert violations(ann.page) == []
    ann.shot(f"chat-time-{scheme}-{width}")


def test_at_twice_the_size_nothing_runs_out_of_the_window(chat: Chat, user) -> None:
    ann = user(viewport={"width": 640, "height": 450}, device_scale_factor=2).log_in(chat.url, "ann")
    ann.say("a long word: " + "x" * 200)
    ann.sees("a long word: " + "x" * 200)
    ann.page.get_by_role("button", name="Under the hood").click()
    assert ann.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ann.shot("chat-zoomed")


def test_with_the_keyboard_alone(chat: Chat, user) -> None:
    ann = user()
    ann.page.goto(chat.url)
    expect(ann.page.get_by_label("Your name")).to_be_focused()
    ann.page.keyboard.type("ann")
    ann.page.keyboard.press("Enter")
    ann.connected()
    expect(ann.page.get_by_label("Message", exact=True)).to_be_focused()
    ann.page.keyboard.type("by keyboard")
    ann.page.keyboard.press("Enter")
    ann.sees("by keyboard")
    assert ann.page.evaluate("document.activeElement.id") == "text"
    stops = set()
    for _ in range(20):
        ann.page.keyboard.press("Tab")
        stops.add(ann.page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert {"hood-button", "logout", "#lobby", "@ann", "room", "log", "text"} <= stops


@anywhere
def test_under_the_hood_the_page_and_the_wire_stand_side_by_side(chat: Chat, user) -> None:
    ann = user().log_in(chat.url, "ann")
    ann.page.get_by_role("button", name="Under the hood").click()
    rows = ann.page.locator("#rows tr:not(.bits)")
    wire = {"GET /chat": "new WebSocket", "101 Switching": "open", '"hello"': "send", '"welcome"': "message"}
    for words, event in wire.items():
        row = rows.filter(has=ann.page.locator("td:nth-child(3)", has_text=words)).first
        expect(row.locator("td").first).to_contain_text(event)
    (ws,) = [ws for ws in chat.server.connections if ws.request.path == "/chat"]
    ws.ping(timeout=DEADLINE)
    for words in ("← ping", "→ pong"):
        row = rows.filter(has_text=words).first
        expect(row.locator("td").first).to_have_class("hatched")
        expect(row.locator("td").first).to_contain_text("not told")
    pong = rows.filter(has_text="→ pong").first
    pong.get_by_role("button", name="bits").click()
    for words in ("fin = 1", "rsv1 = 0", "opcode = 10", "mask = 1", "masking key", "RFC 6455 §5.2"):
        expect(ann.page.locator(".bits:not([hidden])")).to_contain_text(words)
    assert violations(ann.page) == []
    ann.shot("chat-hood")


def test_each_frame_belongs_to_the_event_that_it_made(chat: Chat, user) -> None:
    """`lanes` alone: fragments, control frames, what came too late, and frames that are no longer kept."""
    ann = user()
    ann.page.goto(chat.url)

    def packet(number: int, direction: str, kind: str = "frame", text: str = "", **fields: int) -> Any:
        given = [{"name": name, "value": value} for name, value in fields.items()]
        at = float(number * 10)
        return {"at": at, "direction": direction, "kind": kind, "text": text, "fields": given}

    up, down = "to server", "to client"
    packets = [
        packet(1, up, "request"),
        packet(2, down, "response"),
        packet(3, up, text="a", opcode=1, fin=1),
        packet(4, down, text="b", opcode=1, fin=0),
        packet(5, down, opcode=9, fin=1),
        packet(6, down, text="b", opcode=0, fin=1),
        packet(7, down, opcode=8, fin=1),
    ]
    names = ["new WebSocket", "open", "send", "message", "close", "send"]
    data = [None, None, "a", "b", None, "lost"]
    events = [
        {"what": what, "data": text, "at": 15.0 + 10 * at}
        for at, (what, text) in enumerate(zip(names, data, strict=True))
    ]
    script = """async ([events, packets, facts]) => {
        const { lanes } = await import(new URL("frames.js", location));
        return lanes(events, packets, facts).map(({ event, packet }) =>
            [event?.what ?? null, packet && packets.indexOf(packet) + 1]); }"""
    whole = [["new WebSocket", 1], ["open", 2], ["send", 3], [None, 4], [None, 5], ["message", 6]]
    assert ann.page.evaluate(script, [events, packets, {}]) == [*whole, ["send", None], ["close", 7]]
    late = ann.page.evaluate(script, [events, packets[3:], {"missed": 3}])
    assert [None, 1] in late and ["message", 3] in late and ["close", 4] in late
