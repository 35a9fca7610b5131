"""The client's half of the protocol without a wire: texts in, texts out, on a clock of the test."""

from __future__ import annotations

import json
import threading
from typing import ClassVar

import pytest

from wsdemo import ConnectionClosed, ProtocolError
from wsdemo.patterns.device import Device, publish
from wsdemo.patterns.messages import BadMessage, frame
from wsdemo.patterns.outbox import Outbox, Outgoing
from wsdemo.patterns.reading import Reading

WELCOME = {
    "v": 1,
    "user": "ann",
    "next": 1,
    "expires": 0,
    "durable": True,
    "limits": {"window": 64},
    "now": 0,
}


class Guarded:
    """A part of a device, used only by the thread that holds the lock; any may call its methods ``free``."""

    def __init__(self, part, look, free=()):
        self._part, self._look, self._free = part, look, free

    def __getattr__(self, name):
        if name not in self._free:
            self._look(name)
        return getattr(self._part, name)

    def __setitem__(self, key, value):
        self._look("setitem")
        self._part[key] = value

    def __contains__(self, key):
        self._look("contains")
        return key in self._part

    def __iter__(self):
        self._look("iter")
        return iter(self._part)

    def __len__(self):
        self._look("len")
        return len(self._part)

    def __bool__(self):
        return bool(self._part)


class Watched(Device):
    """A device that notes what is done without its lock."""

    unheld: ClassVar[list[str]] = []

    def __setattr__(self, name, value):
        def look(what):
            if not self._changed._is_owned():
                self.unheld.append(f"{name} {what}")

        if name in ("_channels", "_due"):
            value = Guarded(value, look)
        elif name == "_joining":
            value = Guarded(value, look, free=("get",))
        elif name == "_window" and "_window" in vars(self):
            look("set")
            value = value and Guarded(value, look)
        super().__setattr__(name, value)


@pytest.fixture(autouse=True)
def locked():
    """Each test is one of the lock, too: no other thread sees a change half made."""
    Watched.unheld.clear()
    yield
    assert Watched.unheld == []


class Desk:
    """A device at work, and what it says and tells."""

    def __init__(self, outbox, token=None):
        self.bodies, self.told, self.now = [], [], 100.0
        reading = Reading(outbox, lambda m: self.bodies.append(m["body"]), self.told.append, lambda s: True)
        self.changed = threading.Condition()
        self.device = Watched(outbox, reading, self.told.append, token, self.changed, lambda: self.now)
        self.outbox = outbox

    def begin(self, **fields):
        hello = json.loads(self.device.begin())
        self.hear("welcome", **{**WELCOME, "next": self.outbox.first, **fields})
        return hello

    def hear(self, kind, **fields):
        self.device.receive(frame(kind, **fields))

    def says(self):
        """All that it says now."""
        jobs = iter(self.next_job, None)
        return [json.loads(text) for text in map(self.device.text, jobs) if text]

    def next_job(self):
        with self.changed:
            return self.device.next_job()

    @property
    def idle(self):
        with self.changed:
            return self.device.idle


@pytest.fixture
def desk():
    with Outbox() as outbox:
        yield Desk(outbox)


def test_nothing_before_the_welcome(desk):
    desk.outbox.add("#a", "1")
    desk.device.join("#a", {})
    desk.device.begin()
    assert desk.says() == [] and desk.device.ask({"type": "pong"}) is False
    with pytest.raises(ProtocolError, match="confirm before welcome"):
        desk.hear("confirm", n=1)
    desk.hear("welcome", **WELCOME)
    assert [message["type"] for message in desk.says()] == ["join", "publish"]
    with pytest.raises(ProtocolError, match="welcome twice"):
        desk.hear("welcome", **WELCOME)


def test_joins_are_asked_again_on_each_connection(desk):
    desk.begin()
    desk.device.join("#a", {"after": 7, "presence": True})
    desk.device.join("#a", {"after": 7, "presence": True})
    assert desk.says() == [{"type": "join", "channel": "#a", "id": 1, "after": 7, "presence": True}]
    desk.hear("ok", id=1, epoch="e", offset=9, complete=True)
    desk.hear("message", channel="#a", offset=8, **{"from": "bob"}, at=0, body="x")
    desk.device.end()
    desk.begin()
    assert desk.says() == [
        {"type": "join", "channel": "#a", "id": 2, "after": 8, "presence": True, "epoch": "e"}
    ]


def test_a_join_with_other_fields_is_asked_at_once(desk):
    desk.begin()
    desk.device.join("#a", {})
    desk.device.join("#a", {"presence": True})
    desk.device.join("#a", {"presence": True})
    assert [message.get("presence") for message in desk.says()] == [True, True]  # as they are by then
    desk.device.join("#a", {})
    assert [message.get("presence") for message in desk.says()] == [None]


def test_a_message_counts_only_after_the_answer_to_the_latest_join(desk):
    def message(offset):
        desk.hear("message", channel="#a", offset=offset, **{"from": "bob"}, at=0, body=offset)

    desk.begin()
    desk.device.join("#a", {"after": 0})
    (join,) = desk.says()
    message(1)
    desk.hear("ok", id=join["id"], epoch="e", offset=9, complete=True)
    message(1)
    desk.device.leave("#a")
    message(2)
    desk.device.join("#a", {})
    message(3)
    leave, join = desk.says()
    message(4)
    desk.hear("ok", id=leave["id"])
    message(5)
    assert join["after"] == 1
    desk.hear("ok", id=join["id"], epoch="e", offset=9, complete=True)
    message(2)
    assert desk.bodies == [1, 2]


def test_the_answer_to_a_join_before_the_channel_was_left(desk):
    desk.begin()
    desk.device.join("#a", {"after": 0})
    (join,) = desk.says()
    desk.device.leave("#a")
    desk.hear("ok", id=join["id"], epoch="e", offset=9, complete=True)
    desk.hear("message", channel="#a", offset=1, **{"from": "bob"}, at=0, body=1)
    desk.hear("gap", channel="#a", **{"from": 1, "to": 5}, why="expired")
    assert desk.bodies == [] and [event["type"] for event in desk.told] == ["welcome"]


def test_an_ok_of_a_join_must_be_whole(desk):
    desk.begin()
    desk.device.join("#a", {})
    desk.says()
    with pytest.raises(ProtocolError, match="ok of a join without"):
        desk.hear("ok", id=1)


def test_what_is_refused_for_now_is_asked_again_later(desk):
    desk.begin()
    desk.device.join("#a", {})
    desk.outbox.add("#a", "1")
    desk.says()
    desk.hear("error", id=1, code="busy", reason="", retry=5)
    desk.hear("error", n=1, code="busy", reason="")  # the server does not say when
    assert desk.says() == [] and desk.idle == 1.0
    desk.now += 1.0
    assert [message["type"] for message in desk.says()] == ["publish"] and desk.idle == 4.0
    desk.now += 4.0
    assert desk.says() == [{"type": "join", "channel": "#a", "id": 2}] and desk.idle is None


def test_what_is_asked_again_is_what_the_application_wants_by_then(desk):
    """A leave that came behind the next join would end it, and its messages would be missing."""
    desk.begin()
    desk.device.join("#a", {})
    (join,) = desk.says()
    desk.hear("ok", id=join["id"], epoch="e", offset=0, complete=True)
    desk.device.leave("#a")
    desk.device.join("#b", {})
    leave, join = desk.says()
    for request in (leave, join):
        desk.hear("error", id=request["id"], code="too_many", reason="", retry=5)
    desk.device.join("#a", {})
    desk.device.leave("#b")
    assert [(message["type"], message["channel"]) for message in desk.says()] == [
        ("join", "#a"),
        ("leave", "#b"),
    ]
    desk.now += 5.0
    assert desk.says() == []


def test_a_join_that_is_refused_for_good_is_not_asked_again(desk):
    desk.begin()
    for channel in ("#a", "#b"):
        desk.device.join(channel, {})
    desk.says()
    desk.hear("error", id=1, code="not_allowed", reason="")
    assert desk.told[-1]["type"] == "refused" and desk.told[-1]["request"]["channel"] == "#a"
    desk.device.end()
    desk.begin()
    assert [message["channel"] for message in desk.says()] == ["#b"]


def test_a_retry_has_a_bound(desk):
    desk.begin()
    desk.outbox.add("#a", "1")
    desk.says()
    desk.hear("error", n=1, code="busy", reason="", retry=1e300)
    assert desk.idle == 3600.0


def test_a_dropped_message_is_told_before_it_is_gone(desk):
    desk.begin()
    key = desk.outbox.add("#a", '"no"')
    desk.says()
    left = []
    desk.device._tell = lambda event: left.append((event["message"]["key"], len(desk.outbox)))
    desk.hear("error", n=1, code="not_allowed", reason="")
    assert left == [(key, 1)] and not desk.outbox


def test_a_refusal_from_a_flight_that_is_over_drops_nothing(desk):
    desk.begin()
    for body in "123":
        desk.outbox.add("#a", body)
    desk.says()
    desk.hear("error", n=1, code="not_allowed", reason="")
    desk.hear("error", n=2, code="not_allowed", reason="")  # it was 2 then, and is 1 now
    assert [desk.outbox.get(number).body for number in (1, 2)] == ["2", "3"]
    assert [event["type"] for event in desk.told].count("dropped") == 1


def test_volatile_messages_do_not_pile_up(desk):
    desk.begin()
    sent = [desk.device.ask({"type": "volatile", "channel": "#a", "body": n}) for n in range(70)]
    assert sent == [True] * 64 + [False] * 6
    assert len(desk.says()) == 64 and desk.device.ask({"type": "volatile"})


@pytest.mark.parametrize(("number", "code"), [(4, 4409), (8, 4409), (5, None), (7, None)])
def test_the_number_that_a_server_expects(number, code):
    with Outbox() as outbox:
        for body in "123456":
            outbox.add("#a", body)
        outbox.confirm(4)
        desk = Desk(outbox)
        if code is None:
            desk.begin(next=number)
            assert [message["n"] for message in desk.says()] == list(range(number, 7))
        else:
            with pytest.raises(ConnectionClosed) as caught:
                desk.begin(next=number)
            assert caught.value.code == code and len(outbox) == 2


@pytest.mark.parametrize("number", [5, 6, 7, 9])
def test_the_numbers_of_an_earlier_opening_are_the_same_in_a_copy_and_it_sends_no_others(tmp_path, number):
    with Outbox(tmp_path / "me.db") as outbox:
        for body in "123456":
            outbox.add("#a", body)
        outbox.confirm(4)
    with Outbox(tmp_path / "me.db") as outbox:
        outbox.add("#a", "7")
        desk = Desk(outbox)
        desk.begin(next=number)  # 9: the copy was made while the first one was open, which went on
        assert [message["n"] for message in desk.says()] == list(range(number, 7))
        assert outbox.finished == (number > 6) and outbox.get(7).body == "7"
        if number < 7:
            desk.hear("confirm", n=6)
        desk.device.end()
        outbox.renew()
        desk.begin(next=1)
        assert [(message["n"], message["body"]) for message in desk.says()] == [(1, 7)]


def test_a_server_that_has_forgotten_the_id_of_an_earlier_opening(tmp_path):
    with Outbox(tmp_path / "me.db") as outbox:
        for body in "12":
            outbox.add("#a", body)
        outbox.confirm(1)
    with Outbox(tmp_path / "me.db") as outbox, pytest.raises(ConnectionClosed, match="expects 1 of this"):
        Desk(outbox).begin(next=1)


def test_a_message_published_after_hello_is_not_one_that_the_server_knows(desk):
    desk.outbox.add("#a", "1")
    desk.device.begin()
    desk.outbox.add("#a", "2")
    with pytest.raises(ConnectionClosed, match="expects 3 of this device"):
        desk.hear("welcome", **{**WELCOME, "next": 3})


def test_another_version_is_told(desk):
    with pytest.raises(ConnectionClosed) as caught:
        desk.begin(v=2)
    assert caught.value.code == 4426 and "version 2, expected 1" in str(caught.value)


def test_a_refresh_without_a_token_function_is_not_sent(desk):
    desk.begin()
    desk.hear("expiring", **{"in": 60})
    assert desk.says() == [] and desk.told[-1]["type"] == "expiring"


def test_nonsense(desk):
    desk.begin()
    for text in ("{}", "[]", "x", b"{}", '{"type":"confirm","n":0}'):
        with pytest.raises(BadMessage):
            desk.device.receive(text)


def test_a_text_is_what_a_server_parses():
    assert json.loads(publish(7, Outgoing(1, "#a", '{"ü":[1]}'))) == {
        "type": "publish",
        "n": 7,
        "channel": "#a",
        "body": {"ü": [1]},
    }


def test_a_copy_that_has_sent_messages_by_the_same_numbers_is_noticed(desk):
    """Else the messages here would count as confirmed, and be lost."""
    desk.begin()
    for body in "12":
        desk.outbox.add("#a", body)
    desk.device.end()  # before anything was sent
    with pytest.raises(ConnectionClosed) as caught:
        desk.begin(next=2)
    assert caught.value.code == 4409 and len(desk.outbox) == 2
    desk.device.end()
    desk.begin(next=1)
    assert [message["n"] for message in desk.says()] == [1, 2]
    desk.device.end()
    desk.outbox.renew()
    with pytest.raises(ConnectionClosed):
        desk.begin(next=2)  # the new device has sent nothing
    desk.device.end()
    desk.begin(next=1)
    assert [message["n"] for message in desk.says()] == [1, 2]
    desk.device.end()
    desk.begin(next=3)
    assert len(desk.outbox) == 0


def test_what_was_dropped_was_not_sent(desk):
    desk.begin()
    for body in "123":
        desk.outbox.add("#a", body)
    desk.says()
    desk.hear("error", n=1, code="not_allowed", reason="")
    desk.device.end()  # 2 and 3 are 1 and 2 now, and were not sent as such
    with pytest.raises(ConnectionClosed):
        desk.begin(next=2)


def test_an_earlier_life_may_have_sent_all_of_the_outbox():
    with Outbox() as outbox:
        for body in "12":
            outbox.add("#a", body)
        Desk(outbox).begin(next=3)
        assert len(outbox) == 0
