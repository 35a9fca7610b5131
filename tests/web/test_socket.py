"""`socket.js` in Chromium against real rooms: nothing lost, nothing doubled, and what may be is told."""

from __future__ import annotations

import json
import random

import pytest

from tests import needs
from wsdemo import connect
from wsdemo.patterns.backoff import come_back
from wsdemo.patterns.log import Keep
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.patterns.session import RoomLimits
from wsdemo.patterns.window import Window
from wsdemo.protocol.errors import ProtocolError
from wsdemo.proxy.chaos import Chaos

pytestmark = needs.chromium

NUMBERS = [str(number) for number in range(10)]
with_locks_and_without = pytest.mark.parametrize(
    "options", [{}, {"locks": None}], ids=["with locks", "without"]
)
#: The network of a page is away, and back.
CUT = """() => {
    window.uncut = WebSocket;
    window.WebSocket = class {
        constructor() { setTimeout(() => this.onclose({ code: 1006, reason: "", wasClean: false })); }
        close() {}
    };
}"""
MEND = "() => { window.WebSocket = uncut; dispatchEvent(new Event('online')); }"
#: Half a second, in which another tab answers, becomes half a minute: a busy one answers all the same.
PATIENT = """() => {
    const later = setTimeout;
    window.setTimeout = (call, wait, ...more) => later(call, wait === 500 ? 30_000 : wait, ...more);
}"""


def test_what_two_write_both_read_once_and_in_order(site, tab) -> None:
    house = site()
    ann, bob = tab(house.url).connect("ann").join(), tab(house.url).connect("bob").join()
    ann.publish(*NUMBERS)
    for reader in (ann, bob):
        assert reader.until("seen.length >= 10").seen == NUMBERS
    ann.until("socket.waiting.length === 0")
    assert bob.js("seen.map((m) => m.offset)") == list(range(1, 11))
    assert ann.js("socket.user") == "ann"


def test_the_offset_is_stored_after_the_message_is_drawn(site, tab) -> None:
    ann = tab(site().url).connect().join()
    ann.js("""() => {
        window.at = [];
        window.onDraw = () => at.push(JSON.parse(sessionStorage["ann.places"])["#lobby"].offset); }""")
    ann.publish("a", "b")
    ann.until("seen.length === 2")
    assert ann.js("at") == [0, 1]
    assert ann.js("""JSON.parse(sessionStorage["ann.places"])["#lobby"].offset""") == 2


def test_a_message_that_cannot_be_drawn_is_told_and_the_next_ones_are(site, tab) -> None:
    ann = tab(site().url).connect().join()
    ann.js("() => { window.onDraw = ({ body }) => { if (body === 'b') throw new Error('no'); }; }")
    ann.publish("a", "b", "c")
    assert ann.until("seen.length === 2").seen == ["a", "c"]
    (parked,) = ann.told("parked")
    assert parked["message"]["body"] == "b"


def test_messages_wait_for_a_server_that_is_away_and_arrive_once(site, tab, tmp_path) -> None:
    house = site(tmp_path / "log.db")
    ann, bob = tab(house.url).connect("ann").join(), tab(house.url).connect("bob").join()
    ann.publish("0")
    bob.until("seen.length === 1")
    house.close()
    ann.until("socket.state.name !== 'open'")
    ann.publish(*NUMBERS[1:])
    assert ann.js("socket.waiting.length") == 9
    house.open()
    for reader in (ann, bob):
        assert reader.until("seen.length >= 10").seen == NUMBERS
    ann.until("socket.waiting.length === 0")
    assert ann.told("doubled") == ann.told("incomplete") == bob.told("incomplete") == []


def test_a_network_that_is_cut_and_frozen_loses_nothing(site, tab) -> None:
    house = site()
    with Chaos("127.0.0.1", house.port) as network:
        ann = tab(f"http://127.0.0.1:{network.port}/").connect("ann").join()
        bob = tab(house.url).connect("bob").join()
        network.freeze()
        ann.publish(*NUMBERS[:5])
        bob.publish("bob's")
        bob.until("seen.length === 1")
        network.cut()
        network.thaw()
        ann.publish(*NUMBERS[5:])
        ann.until("seen.length >= 11")
        assert bob.until("seen.length >= 11").seen == ann.seen
        assert [text for text in bob.seen if text != "bob's"] == NUMBERS


def test_a_page_that_is_loaded_again_goes_on(site, tab, tmp_path) -> None:
    house = site(tmp_path / "log.db")
    ann = tab(house.url).connect().join()
    ann.publish("a")
    ann.until("seen.length === 1 && socket.waiting.length === 0")
    house.close()
    ann.until("socket.state.name !== 'open'")
    ann.publish("b", "c")
    ann.page.goto("about:blank")  # or it could send them before it is loaded again
    house.open()
    ann.page.goto(house.url)
    ann.connect().publish("d")
    ann.join()
    assert ann.until("seen.length >= 3").seen == ["b", "c", "d"]
    assert ann.told("doubled") == []


@with_locks_and_without
def test_a_duplicated_tab_is_a_new_device_with_an_empty_outbox(site, tab, context, options, tmp_path) -> None:
    house = site(tmp_path / "log.db")
    bob = tab(house.url).connect("bob").join()
    ann = tab(house.url).connect(**options).join()
    ann.publish("first")
    bob.until("seen.length === 1")
    ann.js(CUT)
    house.close()
    for reader in (ann, bob):
        reader.until("socket.state.name !== 'open'")
    ann.publish("waits")
    house.open()
    with context.expect_page() as opened:
        ann.js("() => { window.open(location.href); }")
    copy = type(ann)(opened.value)
    copy.js(PATIENT)
    assert copy.page.evaluate("JSON.parse(sessionStorage['ann.outbox']).devices[0].messages.length") == 1
    copy.make("ann", **options)
    copy.publish("at once")  # before it knows that it is a copy
    copy.until("socket.state.name === 'open'")
    assert copy.js("socket.device") != ann.js("socket.device")
    copy.until("socket.waiting.length === 0")
    ann.js(MEND)
    ann.until("socket.waiting.length === 0")
    assert bob.until("seen.length >= 3").seen == ["first", "at once", "waits"]
    assert ann.told("doubled") == copy.told("doubled") == []


@with_locks_and_without
def test_copies_of_a_tab_that_take_turns_lose_nothing(site, tab, context, options, tmp_path) -> None:
    """Copied between two pages of it, so that no page of another tab can be found."""
    house = site(tmp_path / "log.db")
    bob = tab(house.url).connect("bob").join()
    ann = tab(house.url).connect(**options)
    house.close()
    ann.until("socket.state.name !== 'open'")
    ann.publish("waits")
    ann.page.goto("about:blank")
    house.open()
    ann.page.goto(house.url)
    with context.expect_page() as opened:
        ann.js("() => { window.open(location.href); }")
    copy = type(ann)(opened.value)
    for one, text in ((copy, "the copy's"), (ann, "the tab's")):
        one.js(CUT)
        one.make("ann", **options).publish(text)
        one.until("socket.state.name === 'away'").js(MEND)
        one.until("socket.waiting.length === 0").js("socket.close()")
    assert bob.until("seen.length >= 3").seen == ["waits", "the copy's", "the tab's"]
    assert ann.told("doubled") == copy.told("doubled") == []


def test_a_tab_that_is_restored_in_an_old_state_loses_nothing(site, tab, tmp_path) -> None:
    """A browser writes a storage to the disk from time to time, and may crash between two times."""
    house = site(tmp_path / "log.db")
    bob = tab(house.url).connect("bob").join()
    ann, restored = tab(house.url).connect(), tab(house.url)
    ann.js(CUT)
    house.close()
    ann.until("socket.state.name === 'away'")
    ann.publish("a")
    old = ann.js("({ ...sessionStorage })")
    house.open()
    ann.js(MEND)
    ann.publish("b")
    ann.until("socket.waiting.length === 0")
    ann.page.close()
    restored.js("(old) => Object.entries(old).forEach(([k, v]) => sessionStorage.setItem(k, v))", old)
    restored.js(CUT)
    restored.make("ann").publish("c")
    restored.until("socket.state.name === 'away'").js(MEND)
    restored.until("socket.waiting.length === 0")
    assert bob.until("seen.length >= 3").seen == ["a", "b", "c"]
    assert restored.told("doubled") == []


def test_a_copy_of_a_tab_that_cannot_answer_sends_the_same_messages_once(site, tab, context) -> None:
    house = site()
    bob = tab(house.url).connect("bob").join()
    ann = tab(house.url)
    ann.js("() => { window.BroadcastChannel = class { postMessage() {} close() {} }; }")  # as if frozen
    ann.js(CUT)
    ann.make("ann", locks=None).publish("both have it")
    with context.expect_page() as opened:
        ann.js("() => { window.open(location.href); }")
    copy = type(ann)(opened.value)
    ann.publish("the tab's")
    copy.make("ann", locks=None).publish("the copy's")
    copy.until("socket.waiting.length === 0")
    ann.js(MEND)
    ann.until("socket.waiting.length === 0")
    assert bob.until("seen.length >= 3").seen == ["both have it", "the copy's", "the tab's"]
    assert ann.told("doubled") == copy.told("doubled") == []


def test_a_page_that_has_left_may_still_have_its_lock(site, tab) -> None:
    house = site()
    bob = tab(house.url).connect("bob").join()
    held = """async () => { await new Promise((done) =>
        navigator.locks.request("ann.earlier", () => { done(); return new Promise(() => {}); })); }"""
    bob.js(held)
    ann = tab(house.url)
    ann.js("""() => {
        const messages = [{ key: 1, channel: "#lobby", body: '"left"' }];
        const devices = [{ id: "earlier", confirmed: 0, messages }];
        sessionStorage["ann.outbox"] = JSON.stringify({ key: 1, devices });
        sessionStorage["ann.left"] = ""; }""")
    ann.connect()
    assert bob.until("seen.length >= 1").seen == ["left"]


def test_the_older_of_two_with_one_device_becomes_a_new_one(site, tab) -> None:
    house = site()
    ann = tab(house.url).connect().join()
    device = ann.js("socket.device")
    with connect(f"ws://127.0.0.1:{house.port}/", subprotocols=[PROTOCOL]) as other:
        other.send(json.dumps({"type": "hello", "v": 1, "device": device, "token": "ann"}))
        ann.until("told.some(([n, d]) => n === 'state' && d.code === 4409)")
        ann.until("socket.state.name === 'open'")
    assert ann.js("socket.device") != device
    ann.publish("a")
    assert ann.until("seen.length === 1").seen == ["a"]
    assert ann.told("doubled") == []


def test_a_server_that_has_forgotten_the_device_is_told(site, tab) -> None:
    house = site()
    ann = tab(house.url).connect().join()
    ann.publish("a")
    ann.until("socket.waiting.length === 0 && seen.length === 1")
    device = ann.js("socket.device")
    house.close()
    ann.until("socket.state.name !== 'open'")
    ann.publish("b")
    house.open()  # another log, in memory
    ann.until("socket.waiting.length === 0 && seen.length === 2")
    assert ann.seen == ["a", "b"]
    assert ann.js("socket.device") != device
    (doubled,), (incomplete,) = ann.told("doubled"), ann.told("incomplete")
    assert (doubled["count"], incomplete["channel"]) == (1, "#lobby")


def test_what_the_server_will_never_take_is_dropped_and_told_and_the_rest_moves_up(site, tab) -> None:
    house = site(may=lambda user, action, channel: channel != "#secret")
    ann = tab(house.url).connect().join()
    ann.js("""() => {
        for (const [channel, body] of [["#lobby", "a"], ["#secret", "b"], ["#lobby", "c"], ["#secret", "d"],
            ["#lobby", "e"]]) socket.publish(channel, body); }""")
    assert ann.until("seen.length === 3 && socket.waiting.length === 0").seen == ["a", "c", "e"]
    assert [dropped["message"]["body"] for dropped in ann.told("dropped")] == ['"b"', '"d"']
    assert {dropped["code"] for dropped in ann.told("dropped")} == {"not_allowed"}


def test_what_an_earlier_page_has_left_is_not_numbered_anew(site, tab) -> None:
    """In a copy its numbers stand as they were: what is behind a dropped message goes by another device."""
    page = tab(site(may=lambda user, action, channel: channel != "#secret").url)
    sent = page.js("""async () => {
        const { Outbox } = await import("/outbox.js");
        const outbox = () => new Outbox(sessionStorage, "ann.outbox", () => {});
        const earlier = outbox();
        earlier.open();
        for (const [channel, body] of [["#lobby", '"a"'], ["#secret", '"b"'], ["#lobby", '"c"']])
            earlier.add({ channel, body }, 50);
        const stored = sessionStorage["ann.outbox"], copy = outbox(), devices = copy.open(), sent = [];
        copy.drop(2);
        for (; copy.device !== copy.own; copy.renew()) {
            sent.push([devices.includes(copy.device), copy.text(1)]);
            copy.forget(copy.top);
        }
        sessionStorage["ann.outbox"] = stored;
        return sent; }""")
    assert [(same, json.loads(text)["body"]) for same, text in sent] == [(True, "a"), (False, "c")]
    page.connect().publish("d")
    page.join(after=0)
    assert page.until("seen.length === 3 && socket.waiting.length === 0").seen == ["a", "c", "d"]
    assert [dropped["message"]["body"] for dropped in page.told("dropped")] == ['"b"']
    assert page.told("doubled") == []


def test_a_join_that_is_not_allowed_is_told(site, tab) -> None:
    ann = tab(site().url).connect()
    ann.js("socket.join('@bob')")
    ann.until("told.some(([n]) => n === 'refused')")
    assert ann.told("refused")[0]["request"]["channel"] == "@bob"


def test_what_is_refused_for_now_is_sent_again(site, tab) -> None:
    house = site(limits=RoomLimits(publishes=(20.0, 3.0)))
    ann = tab(house.url).connect().join()
    ann.publish(*NUMBERS)
    assert ann.until("seen.length >= 10").seen == NUMBERS


@pytest.mark.parametrize(
    "error", [{"code": "busy", "retry": 0}, {"code": "no", "retry": 0}, {"code": "busy"}]
)
def test_a_join_that_is_refused_for_now_is_asked_again(site, tab, error) -> None:
    """``retry: 0`` is "at once", as for the Python client, and not "never"."""
    asked = tab(site().url).js(
        """async (error) => {
            const { ChatSocket } = await import("/socket.js");
            let ws, asked = [];
            window.WebSocket = class {
                static OPEN = 1;
                readyState = 1;
                constructor() { ws = this; }
                send(text) { asked.push(JSON.parse(text)); }
                close() {}
                hear(message) { this.onmessage({ data: JSON.stringify(message) }); }
            };
            const until = async (done) => { while (!done()) await new Promise((r) => setTimeout(r, 1)); };
            const socket = new ChatSocket("ws://x", () => {});
            await until(() => ws?.onopen);
            ws.onopen();
            ws.hear({ type: "welcome", v: 1, user: "ann", next: 1, limits: {} });
            socket.join("#lobby");
            const { id } = asked.at(-1);
            ws.hear({ type: "error", id, reason: "", ...error });
            await until(() => asked.at(-1).id > id);
            socket.close();
            return asked.map(({ type }) => type);
        }""",
        error,
    )
    assert asked == ["hello", "join", "join"]


def test_the_latest_messages_of_a_channel_that_is_new_here(site, tab) -> None:
    house = site()
    ann = tab(house.url).connect().join()
    ann.publish(*NUMBERS)
    ann.until("socket.waiting.length === 0")
    bob = tab(house.url).connect("bob").join(latest=3)
    assert bob.until("seen.length >= 3").seen == NUMBERS[-3:]
    assert bob.told("incomplete") == []


def test_messages_that_are_no_longer_kept_are_told(site, tab) -> None:
    house = site(keep=Keep(count=3))
    ann, bob = tab(house.url).connect("ann").join(), tab(house.url).connect("bob").join()
    bob.js("socket.leave('#lobby')")
    ann.publish(*NUMBERS)
    ann.until("socket.waiting.length === 0")
    bob.join()
    assert bob.until("seen.length >= 3").seen == NUMBERS[-3:]
    assert bob.told("incomplete") or bob.told("gap")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("NaN", "finite"),
        ("{ a: [1 / 0] }", "finite"),
        ("2 ** 53", "2^53"),
        ("undefined", "undefined"),
        ("{ a: undefined }", "undefined"),
        ("{ f() {} }", "function"),
        ("12n", "BigInt"),
        ("'\\ud800'", "surrogate"),
        ("{ '\\udc00': 1 }", "surrogate"),
        ("JSON.parse('['.repeat(32) + ']'.repeat(32))", "inside each other"),
        ("'x'.repeat(70_000)", "65536"),
        ("'é'.repeat(33_000)", "65536"),
    ],
)
def test_publish_refuses_what_the_server_would(site, tab, body: str, what: str) -> None:
    ann = tab(site().url).connect()
    said = ann.js(
        f"(() => {{ try {{ socket.publish('#lobby', {body}); return ''; }} "
        "catch (error) { return `${error.name}: ${error.message}`; } })()"
    )
    assert what in said
    assert ann.js("socket.waiting.length") == 0


def test_publish_takes_what_the_server_takes(site, tab) -> None:
    ann = tab(site().url).connect().join()
    bodies = [0, -1.5, 2**53 - 1, 1e300, None, True, "👋 \\u0000 é", {"a": [{}]}, ["]]", "{"]]
    ann.js("(bodies) => bodies.forEach((body) => socket.publish('#lobby', body))", bodies)
    ann.js("socket.publish('#lobby', JSON.parse('['.repeat(31) + ']'.repeat(31)))")
    assert ann.until("seen.length >= 10 || told.some(([n]) => n === 'dropped')").seen[:9] == bodies


def test_the_outbox_is_bounded(site, tab) -> None:
    house = site()
    ann = tab(house.url).connect()
    house.close()
    ann.until("socket.state.name !== 'open'")
    fill = """(body) => { try { for (;;) socket.publish("#lobby", body) }
        catch (error) { return [error.message, socket.waiting.length]; } }"""
    message, count = ann.js(fill, "x")
    assert (message, count) == ("the outbox is full: 64 messages wait for the server", 64)
    bob = tab("about:blank")
    house.open()
    bob.page.goto(house.url)
    bob.connect("bob")
    house.close()
    bob.until("socket.state.name !== 'open'")
    message, count = bob.js(fill, "x" * 60_000)
    assert "outbox is full" in message
    assert count == 17
    house.open()


def test_flight_is_the_window_of_the_python_client(site, tab) -> None:
    page = tab(site().url)
    chance = random.Random(7)
    steps = []
    for _ in range(3000):
        steps.append(
            chance.choice(
                [("take", chance.randint(0, 12))] * 4
                + [("confirmed", chance.randint(0, 9)), ("refused", chance.randint(1, 9))]
                + [("dropped", chance.randint(1, 9)), ("order", chance.randint(1, 9), chance.randint(0, 9))]
            )
        )
    ours = page.js(
        """async (rounds) => {
            const { Flight } = await import("/flight.js");
            return rounds.map((steps) => {
                const flight = new Flight(1, 4);
                return steps.map(([what, n, m], now) => {
                    try {
                        if (what === "take") return flight.take(n, now);
                        if (what === "confirmed") return flight.confirmed(n) ?? null;
                        if (what === "refused") return flight.refused(n, now, 2);
                        if (what === "dropped") return flight.dropped(n, now);
                        return flight.outOfOrder(n, m, now, 1), null;
                    } catch (error) { return error.name; }
                });
            });
        }""",
        [steps[at : at + 30] for at in range(0, len(steps), 30)],
    )
    theirs = []
    for at in range(0, len(steps), 30):
        window = Window(1, 4)
        theirs.append([_python(window, step, now) for now, step in enumerate(steps[at : at + 30])])
    assert ours == theirs
    assert sum(result not in (None, "RangeError", False) for part in ours for result in part) > 300


def _python(window: Window, step: tuple, now: int):
    try:
        match step:
            case "take", last:
                return window.take(last, now)
            case "confirmed", number:
                return window.confirmed(number)
            case "refused", number:
                return window.refused(number, now, 2)
            case "dropped", number:
                return window.dropped(number, now)
            case _, number, expected:
                return window.out_of_order(number, expected, now, 1)
    except ProtocolError:
        return "RangeError"


CODES = [
    1000,
    1001,
    1002,
    1003,
    1005,
    1006,
    1007,
    1008,
    1009,
    1010,
    1011,
    1012,
    1013,
    1015,
    3000,
    4000,
    4400,
    4401,
    4403,
    4408,
    4409,
    4413,
    4426,
    4429,
    4500,
]


def test_after_each_close_code_it_comes_back_as_the_python_client_does(site, tab) -> None:
    page = tab(site().url)
    waits = page.js(
        """async (codes) => {
            const { ChatSocket } = await import("/socket.js");
            const made = [];
            window.WebSocket = class { constructor() { made.push(this); } close() {} static OPEN = 1; };
            const found = [];
            for (const code of codes) {
                const options = { random: () => 1, session: async () => null };
                const socket = new ChatSocket("ws://x", () => {}, options);
                while (made.length === 0) await new Promise((r) => setTimeout(r, 1));
                made.pop().onclose({ code, reason: "", wasClean: true });
                found.push([socket.state.name, socket.state.in ?? null]);
                socket.close();
            }
            return found;
        }""",
        CODES,
    )
    expected = {
        "never": ["ended", None],
        "slowly": ["away", 10],
        "yes": ["away", 0.5],
        "as a new device": ["away", 0.5],
        "after a new token": ["away", 0.5],
    }
    assert dict(zip(CODES, waits, strict=True)) == {code: expected[come_back(code)] for code in CODES}


def test_a_server_that_says_when_is_obeyed_and_else_the_network_is_enough(site, tab) -> None:
    house = site()
    ann = tab(house.url).connect("ann")
    house.run(lambda: house.rooms.end(1012, "a new version", spread=0.0))
    ann.until("told.some(([n, d]) => n === 'state' && d.code === 1012 && d.in === 0)")
    ann.until("socket.state.name === 'open'")

    house.rooms._uniform = lambda low, high: 600.0
    house.run(lambda: house.rooms.end(1012, "a new version"))
    ann.until("socket.state.name === 'away'")
    ann.js("dispatchEvent(new Event('online'))")
    assert ann.js("[socket.state.name, socket.state.in]") == ["away", 600]
    ann.js("socket.close()")

    bob = tab(house.url)
    bob.page.evaluate("Math.random = () => 1")
    bob.connect("bob")
    house.close()
    bob.until("socket.state.name === 'away' && socket.state.in === 4")  # tried again and again
    house.open()
    bob.js("dispatchEvent(new Event('online'))")
    bob.until("socket.state.name === 'open'")
    assert [state["in"] for state in bob.told("state") if state["name"] == "away"][:4] == [0.5, 1, 2, 4]


def test_a_minute_of_silence_is_the_end_of_a_connection(site, tab, context) -> None:
    house = site()
    with Chaos("127.0.0.1", house.port) as network:
        context.clock.install()
        ann = tab(f"http://127.0.0.1:{network.port}/")
        begun = ann.js("Date.now()")
        ann.connect()
        network.freeze()
        took = ann.js("Date.now()") - begun
        context.clock.pause_at((begun + 59_000) / 1000)
        assert ann.js("socket.state.name") == "open"
        context.clock.fast_forward(took + 1_001)
        context.clock.fast_forward(1_000)
        ann.until("socket.state.name === 'away'")
        assert ann.told("state")[-1]["reason"] == "nothing heard for 60 seconds"


def test_a_tab_whose_timers_run_once_a_minute_stays_connected_for_ten(site, tab, context) -> None:
    house = site(limits=RoomLimits(silence=0.2))
    context.clock.install()
    ann = tab(house.url).connect()
    ann.js("""() => {
        window.pings = 0;
        socket.addEventListener("wire", ({ detail }) => pings += detail.what === "send"); }""")
    for step in range(30):  # the server's pings wake it, not its timers
        ann.until(f"pings > {step}")
        context.clock.fast_forward(20_000)
    assert [state["name"] for state in ann.told("state")] == ["open"]


def test_a_page_that_was_put_aside_begins_anew(site, tab) -> None:
    ann = tab(site().url).connect().join()
    ann.js("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    ann.until("navigator.locks.query().then(({ held }) => held.length === 0)")
    ann.publish("meanwhile")
    ann.js("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert ann.until("seen.length === 1").seen == ["meanwhile"]
    assert ann.told("doubled") == []


def test_a_user_who_is_not_logged_in_is_told_and_the_server_is_left_alone(site, tab) -> None:
    house = site()
    ann = tab(house.url)
    ann.js("""async () => {
        const { ChatSocket } = await import("/socket.js");
        const session = async () => { throw Object.assign(new Error("log in first"), { code: 4401 }); };
        window.socket = new ChatSocket("ws://127.0.0.1:1", () => {}, { session }); }""")
    ann.page.wait_for_function("() => socket.state.name === 'ended'")
    assert ann.js("[socket.state.code, socket.state.reason]") == [4401, "log in first"]


def test_volatile_messages_are_sent_now_or_not_at_all(site, tab) -> None:
    house = site()
    ann, bob = tab(house.url).connect("ann").join(), tab(house.url).connect("bob").join()
    assert ann.js("socket.volatile('#lobby', { typing: true }, 'typing')") is True
    bob.until("told.some(([n]) => n === 'volatile')")
    assert bob.told("volatile")[0] == {
        "type": "volatile",
        "channel": "#lobby",
        "from": "ann",
        "body": {"typing": True},
    }
    house.close()
    ann.until("socket.state.name !== 'open'")
    assert ann.js("socket.volatile('#lobby', 1)") is False
