"""The client that comes back: numbers, refusals, offsets, ends; the server follows the protocol, or lies."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import random
import shutil
import threading

import pytest

from tests.patterns.chatserver import ChatServer
from tests.waiting import DEADLINE, Seen
from wsdemo import ConnectionClosed, HandshakeError, InvalidState, Limits, connect, serve
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.messages import BadMessage
from wsdemo.patterns.outbox import Outbox
from wsdemo.patterns.reconnect import QUIET, ReconnectingClient


@pytest.fixture
def server():
    with ChatServer() as server:
        yield server


class Client(ReconnectingClient):
    """A client that keeps what it is told, and comes back at once."""

    def __init__(self, url, on_message=None, **options):
        self.messages, self.events = Seen(), Seen()
        options.setdefault("waits", Waits(0.001, 0.01))
        super().__init__(url, on_message or self.messages, on_event=self.events, **options)

    def told(self, kind):
        """The next event of that type."""
        return self.events.until(lambda event: event["type"] == kind)

    def done(self):
        """Wait until all is confirmed."""
        self.flush(DEADLINE)

    def rest(self):
        """The events that nobody has taken; call it after `close`."""
        return [self.events.next() for _ in iter(self.events.empty, True)]

    def bodies(self, count):
        return [self.messages.next()["body"] for _ in range(count)]


def of_kind(server, kind):
    """The next message of that type that the server has got."""
    return server.seen.until(lambda message: message["type"] == kind)


def once(kind, *replies, when=lambda message: True):
    """An `answer` that gives other replies to the first message of that type; the usual ones later."""
    left = [list(replies)]

    def answer(message):
        if left and message["type"] == kind and when(message):
            return left.pop()
        return None

    return answer


def error(n, code, **fields):
    return {"type": "error", "n": n, "code": code, "reason": "", **fields}


# -- coming back ------------------------------------------------------------------------------------------


def test_hello_has_the_device_and_a_token_asked_anew_each_time(server):
    tokens = iter(["one", "two"])
    with Client(server.url, token=lambda: next(tokens)) as client:
        client.told("welcome")
        server.all({"close": 1012})
        client.told("welcome")
        assert [hello["token"] for hello in server.hellos] == ["one", "two"]
        assert [hello["device"] for hello in server.hellos] == [client.outbox.device] * 2
        assert {hello["v"] for hello in server.hellos} == {1}


def test_messages_published_while_away_come_in_order(server):
    with Client(server.url) as client:
        client.join("#lobby", after=0)
        for body in range(300):  # more than a window
            client.publish("#lobby", body)
            if body % 100 == 50:
                server.all({"close": 1012})
        client.done()
        assert server.bodies() == list(range(300))
        assert client.bodies(300) == list(range(300))


def test_at_most_64_are_on_their_way(server):
    server.welcome = {"limits": {"window": 1000}}
    server.answer = lambda message: [] if message["type"] == "publish" else None
    with Client(server.url) as client:
        for body in range(100):
            client.publish("#lobby", body)
        assert [of_kind(server, "publish")["n"] for _ in range(64)] == list(range(1, 65))
        assert client._device.next_job() is None
        server.all({"type": "confirm", "n": 10})  # cumulative
        assert [of_kind(server, "publish")["n"] for _ in range(10)] == list(range(65, 75))
        assert len(client.outbox) == 90


def test_a_server_may_allow_less(server):
    server.welcome = {"limits": {"window": 2, "size": 100}}
    server.answer = lambda message: [] if message["type"] == "publish" else None
    with Client(server.url) as client:
        client.told("welcome")
        for body in range(5):
            client.publish("#lobby", body)
        assert [of_kind(server, "publish")["n"] for _ in range(2)] == [1, 2]
        assert client._device.next_job() is None


def test_what_was_stored_without_a_confirmation_is_not_sent_again(server):
    def answer(message):
        if message["type"] == "publish" and message["n"] == 3 and len(server.hellos) == 1:
            list(server.publish(next(iter(server.devices)), message))  # stored, and the answer is lost
            return [{"close": 1012}]
        return None

    server.answer = answer
    with Client(server.url) as client:
        for body in range(5):
            client.publish("#lobby", body)
        client.done()
    assert server.bodies() == [0, 1, 2, 3, 4]


# -- refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["busy", "too_many", "failed"])
def test_after_a_temporary_error_it_goes_on_from_there(server, code):
    server.answer = once("publish", error(2, code, retry=0.001), when=lambda message: message["n"] == 2)
    with Client(server.url) as client:
        for body in range(10):
            client.publish("#lobby", body)
        client.done()
        assert server.bodies() == list(range(10)) and len(server.hellos) == 1


def test_it_waits_as_long_as_the_server_says(server):
    server.answer = once("publish", error(1, "busy", retry=3600))
    with Client(server.url) as client:
        client.publish("#lobby", 0)
        of_kind(server, "publish")
        server.all({"type": "ping", "now": 0})
        of_kind(server, "pong")
        with client._changed:
            assert client._device.next_job() is None and 3500 < client._device.idle <= 3600


def test_a_permanent_error_drops_one_and_tells(server):
    server.answer = lambda m: [error(m["n"], "not_allowed")] if m.get("channel") == "#secret" else None
    with Client(server.url) as client:
        keys = [client.publish("#secret" if body in (3, 4, 8) else "#lobby", body) for body in range(12)]
        client.done()
        dropped = [client.told("dropped") for _ in range(3)]
        assert [event["message"]["key"] for event in dropped] == [keys[3], keys[4], keys[8]]
        assert [event["code"] for event in dropped] == ["not_allowed"] * 3
        assert server.bodies() == [0, 1, 2, 5, 6, 7, 9, 10, 11]
        assert server.next[client.outbox.device] == 10 and client.outbox.first == 10


def test_a_server_that_checks_rights_before_the_order(server):
    """Its refusals of a flight that is over must not hit the messages that have moved up."""

    def answer(message):
        # All are refused by their body, in order or not: the second refusal is for a number that has moved.
        if message["type"] == "publish" and message["body"] in ("bad 1", "bad 2"):
            return [error(message["n"], "not_allowed")]
        return None

    server.answer = answer
    with Client(server.url) as client:
        for body in ("a", "bad 1", "bad 2", "b", "c"):
            client.publish("#lobby", body)
        client.done()
        bodies = [json.loads(client.told("dropped")["message"]["body"]) for _ in range(2)]
        assert bodies == ["bad 1", "bad 2"] and server.bodies() == ["a", "b", "c"]


def test_an_unknown_code_is_permanent_unless_it_has_a_retry(server):
    def answer(message):
        if message.get("body") == "odd":
            return [error(message["n"], "odd")]
        return first(message)

    first = once("publish", error(1, "later", retry=0.001))
    server.answer = answer
    with Client(server.url) as client:
        client.publish("#lobby", "kept")
        client.publish("#lobby", "odd")
        client.done()
        assert json.loads(client.told("dropped")["message"]["body"]) == "odd"
        assert server.bodies() == ["kept"]


@pytest.mark.parametrize("reply", [{"type": "confirm", "n": 9}, error(1, "out_of_order", expect=5)])
def test_a_server_that_lies_loses_nothing(server, reply):
    server.answer = once("publish", reply)
    with Client(server.url) as client:
        client.publish("#lobby", "kept")
        assert client.told("away")["code"] == 1011
        client.done()
        assert server.bodies() == ["kept"]


def test_out_of_order_goes_back_to_what_is_expected(server):
    server.answer = once("publish", when=lambda message: message["n"] == 2)  # it vanishes
    with Client(server.url) as client:
        for body in range(6):
            client.publish("#lobby", body)
        client.done()
        assert server.bodies() == list(range(6)) and len(server.hellos) == 1


# -- sizes and bounds -------------------------------------------------------------------------------------


def test_publish_raises_above_the_size_before_anything_is_sent(server):
    server.welcome = {"limits": {"size": 60}}
    with Client(server.url) as client:
        client.told("welcome")
        with pytest.raises(ValueError, match="message of 61 bytes, at most 60 accepted"):
            client.publish("#lobby", "ü" * 4)
        client.publish("#lobby", "x" * 7)
        client.done()
        assert server.bodies() == ["x" * 7] and len(server.hellos) == 1


def test_a_message_that_is_too_large_by_now_is_dropped_and_told(server):
    with Outbox() as outbox:
        for body in ('"a"', f'"{"x" * 100}"', '"b"'):
            outbox.add("#lobby", body)
        server.welcome = {"limits": {"size": 100}}
        with Client(server.url, outbox=outbox) as client:
            client.done()
            assert client.told("dropped")["code"] == "too_large"
        assert server.bodies() == ["a", "b"]


@pytest.mark.parametrize(
    "body", [float("nan"), "\ud800", 2**53, json.loads("[" * 40 + "]" * 40), "x" * 70_000]
)
def test_a_body_that_no_server_takes_is_refused_at_once(server, body):
    with Client(server.url) as client:
        with pytest.raises(ValueError):
            client.publish("#lobby", body)
        with pytest.raises(BadMessage, match="channel"):
            client.publish("lobby", 1)
        with pytest.raises(BadMessage, match="channel"):
            client.join("lobby")
        with pytest.raises(ValueError):
            client.volatile("#lobby", body)
        assert not client.outbox


def test_a_full_outbox_blocks_and_then_raises(server):
    gate = threading.Event()
    server.answer = lambda message: [] if message["type"] == "publish" and not gate.is_set() else None
    with Outbox(count=3) as outbox, Client(server.url, outbox=outbox) as client:
        for body in range(3):
            client.publish("#lobby", body)
        with pytest.raises(TimeoutError, match="3 messages not confirmed within"):
            client.publish("#lobby", 3, timeout=0.01)
        for _ in range(3):
            of_kind(server, "publish")
        gate.set()
        waiting = threading.Thread(target=client.publish, args=("#lobby", 3))
        waiting.start()
        server.all({"close": 1012})
        waiting.join(DEADLINE)
        client.done()
        assert server.bodies() == [0, 1, 2, 3]


def test_a_callback_does_not_wait_for_its_own_thread(server):
    server.answer = lambda message: [] if message["type"] == "publish" else None
    failed = Seen()

    def on_message(message):
        try:
            client.publish("#lobby", "more")
        except InvalidState as error:
            failed(error)

    with Outbox(count=1) as outbox, Client(server.url, on_message, outbox=outbox) as client:
        client.publish("#lobby", 0)
        client.join("#lobby", after=0)
        of_kind(server, "join")
        server.post("#lobby", 1)
        assert "own thread" in str(failed.next())


def test_a_callback_may_publish_and_close(server):
    answered = Seen()

    def on_message(message):
        if message["body"] == "question":
            client.publish("#lobby", "answer")
        else:
            client.close()
            answered(message["body"])

    client = Client(server.url, on_message)
    client.join("#lobby", after=0)
    client.publish("#lobby", "question")
    assert answered.next() == "answer"
    client.close()


# -- the device's id --------------------------------------------------------------------------------------


def test_a_server_that_has_forgotten_the_device(server):
    with Client(server.url) as client:
        client.publish("#lobby", 0)
        client.done()
        device = client.outbox.device
        client.told("welcome")
        server.answer = lambda message: [] if message["type"] == "publish" else None
        client.publish("#lobby", 1)
        of_kind(server, "publish"), of_kind(server, "publish")
        server.next.clear()
        server.answer = lambda message: None
        server.all({"close": 1012})
        assert client.told("doubled")["count"] == 1
        client.done()
        assert server.bodies() == [0, 1]
        assert client.outbox.device != device and server.next == {device: 1, client.outbox.device: 2}


def test_nothing_is_told_where_nothing_can_be_doubled(server):
    with Client(server.url) as client:
        client.publish("#lobby", 0)
        client.done()
        server.next.clear()
        server.all({"close": 1012})
        assert client.told("away")["code"] == 1012
        assert client.events.until(lambda event: event["type"] == "away")["code"] == 4409
        assert client.events.until(lambda event: event["type"] in ("doubled", "welcome"))["next"] == 1
        client.publish("#lobby", 1)
        client.done()
        assert server.bodies() == [0, 1]


def test_a_server_that_knows_more_of_the_device_than_its_outbox(server):
    """An outbox from a backup, or the device's id in use elsewhere: its numbers belong to other messages."""
    with Outbox() as outbox:
        server.next[outbox.device] = 5
        outbox.add("#lobby", '"kept"')
        with Client(server.url, outbox=outbox) as client:
            assert client.told("doubled")["count"] == 1
            client.done()
    assert server.bodies() == ["kept"]


def test_a_client_restarted_without_its_outbox_is_a_new_device(server):
    for body in range(2):
        with Client(server.url) as client:
            client.publish("#lobby", body)
            client.done()
    assert server.bodies() == [0, 1] and len({hello["device"] for hello in server.hellos}) == 2


def test_the_older_of_two_with_one_id_becomes_a_new_device(server, tmp_path):
    with Outbox(tmp_path / "a") as outbox:
        outbox.add("#lobby", '"both"')
        device = outbox.device
    (tmp_path / "b").write_bytes((tmp_path / "a").read_bytes())
    server.answer = lambda message: [] if message["type"] == "publish" else None
    with (
        Outbox(tmp_path / "a") as first,
        Outbox(tmp_path / "b") as second,
        Client(server.url, outbox=first) as older,
    ):
        older.told("welcome")
        (old,) = server.devices
        with Client(server.url, outbox=second) as newer:
            newer.told("welcome")
            assert {hello["device"] for hello in server.hellos} == {device}
            older.publish("#lobby", "older")  # by an id that none has had
            server.answer = lambda message: None
            server.send(old, {"type": "bye", "code": 4409, "reason": "the same device came again"})
            server.send(old, {"close": 4409})
            assert older.told("doubled")["count"] == 1
            older.told("welcome")
            server.all({"close": 1012})  # nobody waits for what was not answered
            newer.publish("#lobby", "newer")
            older.done(), newer.done()
        assert sorted(server.bodies()) == ["both", "both", "newer", "older"]


@pytest.mark.parametrize("copied", ["while it is closed", "while it is in use"])
def test_copies_that_take_turns_lose_nothing(server, tmp_path, copied):
    """Else the number that one of them has stored would confirm a message of the other one."""

    def copy():
        for path in tmp_path.glob("a*"):  # the file, and SQLite's log beside it
            shutil.copy(path, tmp_path / path.name.replace("a", "b", 1))

    with Outbox(tmp_path / "a") as outbox:
        outbox.add("#lobby", '"both"')
        if copied == "while it is in use":
            copy()
            outbox.add("#lobby", '"a1"')
    if copied == "while it is closed":
        copy()
        with Outbox(tmp_path / "a") as outbox:
            outbox.add("#lobby", '"a1"')
    told = []
    for turn in (1, 2):
        for name in "ba":
            with Outbox(tmp_path / name) as outbox:
                outbox.add("#lobby", f'"{name}{turn + 1}"')
                with Client(server.url, outbox=outbox) as client:
                    client.done()
                    client.publish("#lobby", f"{name}{turn + 1} later")
                    client.done()
                told += [event for event in client.rest() if event["type"] not in QUIET]
    names = [[f"{name}{turn}", f"{name}{turn} later"] for turn in (2, 3) for name in "ba"]
    assert sorted(server.bodies()) == sorted(["both", "a1", *itertools.chain(*names)])
    assert told == []


def test_the_rest_of_an_earlier_opening_goes_first_and_the_next_id_follows_at_once(server, tmp_path):
    with Outbox(tmp_path / "me.db") as outbox:
        outbox.add("#lobby", "1")
        first = outbox.device
    with Outbox(tmp_path / "me.db") as outbox:
        outbox.add("#lobby", "2")
        with Client(server.url, outbox=outbox, waits=Waits(3600.0, 3600.0)) as client:
            client.done()
            assert [client.told("welcome")["next"] for _ in range(2)] == [1, 1]
            assert server.bodies() == [1, 2] and server.next == {first: 2, outbox.device: 2}
        assert {event["type"] for event in client.rest()} == {"confirm"}


@pytest.mark.parametrize("where", ["at the server", "here"])
def test_behind_what_is_dropped_of_an_earlier_opening_all_goes_by_the_next_id(server, tmp_path, where):
    with Outbox(tmp_path / "me.db") as outbox:
        for body in ("1", json.dumps("x" * 200), "3"):
            outbox.add("#lobby", body)
        first = outbox.device
    if where == "here":
        server.welcome = {"limits": {"size": 150, "window": 64}}
    else:
        server.answer = once("publish", error(2, "too_large"), when=lambda message: message["n"] == 2)
    with Outbox(tmp_path / "me.db") as outbox, Client(server.url, outbox=outbox) as client:
        assert client.told("dropped")["code"] == "too_large"
        client.done()
        assert server.bodies() == [1, 3] and server.next == {first: 2, outbox.device: 2}


def test_an_outbox_has_one_client(server):
    with Outbox() as outbox:
        with Client(server.url, outbox=outbox):
            with pytest.raises(InvalidState, match="this outbox has a client already"):
                Client(server.url, outbox=outbox)
        with Client(server.url, outbox=outbox) as client:
            client.publish("#lobby", 1)
            client.done()


# -- reading ----------------------------------------------------------------------------------------------


def test_it_reads_on_from_the_offset_where_it_stopped(server, tmp_path):
    for body in range(3):
        server.post("#lobby", body)
    with Outbox(tmp_path / "me.db") as outbox, Client(server.url, outbox=outbox) as client:
        client.join("#lobby", after=1)
        assert client.bodies(2) == [1, 2]
        server.all({"close": 1012})
        client.told("welcome"), client.told("welcome")
        server.post("#lobby", 3)
        assert client.bodies(1) == [3]
    server.post("#lobby", 4)
    with Outbox(tmp_path / "me.db") as outbox, Client(server.url, outbox=outbox) as client:
        client.join("#lobby")
        assert client.bodies(1) == [4]
    assert [of_kind(server, "join").get("after") for _ in range(3)] == [1, 3, 4]


def test_from_now_on_means_nothing_is_missed_from_then_on(server):
    server.post("#lobby", "before")
    with Client(server.url) as client:
        client.join("#lobby")
        of_kind(server, "join")
        server.all({"type": "ping", "now": 0})
        of_kind(server, "pong")  # so the answer to the join has come
        server.answer = once("hello", {"close": 1012})
        server.all({"close": 1012})
        server.post("#lobby", "while away")
        assert client.bodies(1) == ["while away"]


def test_a_message_that_comes_twice_is_one_in_the_application(server):
    with Client(server.url) as client:
        client.join("#lobby", after=0)
        of_kind(server, "join")
        for body in range(3):
            server.post("#lobby", body)
        for offset in (1, 2, 3):
            server.all(server.message("#lobby", offset))
        server.post("#lobby", 3)
        assert client.bodies(4) == [0, 1, 2, 3]


def test_another_epoch_begins_anew_and_is_told(server):
    with Client(server.url) as client:
        client.join("#lobby", after=0)
        of_kind(server, "join")
        for body in ("a", "b"):
            server.post("#lobby", body)
        assert client.bodies(2) == ["a", "b"]
        server.epoch, server.logs = "second", {"#lobby": [("", 0, "c")]}
        server.all({"close": 1012})
        told = client.told("incomplete")
        assert (told["channel"], told["after"], told["epoch"]) == ("#lobby", 2, "second")
        assert client.bodies(1) == ["c"]


def test_an_offset_above_the_top_begins_anew_and_is_told(server):
    with Client(server.url) as client:
        client.join("#lobby", after=0)
        of_kind(server, "join")
        for body in ("a", "b", "c"):
            server.post("#lobby", body)
        assert client.bodies(3) == ["a", "b", "c"]
        del server.logs["#lobby"][1:]
        server.all({"close": 1012})
        assert client.told("incomplete")["after"] == 3
        assert client.bodies(1) == ["a"]


def test_a_gap_is_told_once(server):
    with Client(server.url) as client:
        client.join("#lobby", after=0)
        of_kind(server, "join")
        server.post("#lobby", 1)
        client.bodies(1)
        server.logs["#lobby"] += [("", 0, body) for body in range(2, 6)]
        server.first = 6  # all of them have expired
        server.all({"close": 1012})
        gap = client.told("gap")
        assert (gap["from"], gap["to"], gap["why"]) == (2, 5, "expired")
        server.all({"close": 1012})
        client.told("welcome")
        server.post("#lobby", 6)
        assert client.bodies(1) == [6]
        kinds = [event["type"] for event in iter(lambda: client.events.empty() or client.events.next(), True)]
        assert "gap" not in kinds


def test_what_is_on_its_way_when_a_channel_is_left_is_no_part_of_the_next_reading(server):
    with Client(server.url) as client:
        client.join("#lobby", after=0)
        of_kind(server, "join")
        server.post("#lobby", 1)
        client.bodies(1)
        # 2 is dropped because the channel was left; 3 must not be taken as if 2 had come.
        held = threading.Event()
        server.answer = lambda m: [] if m["type"] in ("leave", "join") and not held.is_set() else None
        client.leave("#lobby")
        of_kind(server, "leave")
        server.post("#lobby", 2)
        server.all({"type": "ping", "now": 0})
        of_kind(server, "pong")
        client.join("#lobby")
        of_kind(server, "join")
        server.post("#lobby", 3)
        server.all({"type": "ping", "now": 0})
        of_kind(server, "pong")
        held.set()
        server.all({"close": 1012})
        assert client.bodies(2) == [2, 3]


def test_a_poison_message_is_parked_after_three_tries_and_told(server, caplog):
    tries, good = [], Seen()

    def on_message(message):
        if message["body"] == "poison":
            tries.append(message["offset"])
            raise SystemExit("not this one")
        good(message["body"])

    with Client(server.url, on_message) as client:
        client.join("#lobby", after=0)
        of_kind(server, "join")
        for body in ("a", "poison", "b"):
            server.post("#lobby", body)
        assert [good.next(), good.next()] == ["a", "b"]
        told = client.told("parked")
        assert (told["channel"], told["offset"], told["message"]["body"]) == ("#lobby", 2, "poison")
        assert tries == [2, 2, 2]
        ((channel, offset, text, reason),) = client.outbox.parked()
        assert (channel, offset, reason) == ("#lobby", 2, "SystemExit: not this one")
        assert json.loads(text)["body"] == "poison"


def test_a_message_that_fails_once_is_not_lost(server, caplog):
    good, fails = Seen(), iter([True, False])

    def on_message(message):
        if next(fails):
            raise OSError("the disk was full for a moment")
        good(message["body"])

    with Client(server.url, on_message) as client:
        client.join("#lobby", after=0)
        of_kind(server, "join")
        server.post("#lobby", "a")
        assert good.next() == "a" and client.outbox.parked() == []


def test_an_error_in_on_event_ends_nothing(server, caplog):
    def on_event(event):
        raise SystemExit("not that")

    with ReconnectingClient(server.url, print, on_event=on_event, waits=Waits(0.001, 0.01)) as client:
        client.publish("#lobby", "a")
        client.flush(DEADLINE)
    assert "on_event failed" in caplog.text


def test_the_other_messages_are_events(server):
    with Client(server.url) as client:
        client.told("welcome")
        client.join("#lobby", presence=True)
        assert of_kind(server, "join")["presence"] is True
        server.all({"type": "presence", "channel": "#lobby", "joined": ["bob"], "left": []})
        assert client.told("presence")["joined"] == ["bob"]
        assert client.volatile("#lobby", 7, key="cursor")
        told = client.told("volatile")
        assert (told["body"], told["key"]) == (7, "cursor")
        server.all({"type": "error", "code": "bad_request", "reason": "what?"})
        assert client.told("error")["reason"] == "what?"


def test_a_volatile_message_is_for_now_or_never():
    def nowhere(url, **options):
        raise ConnectionRefusedError("no server")

    with Client("ws://127.0.0.1:1/", connect=nowhere) as client:
        assert client.volatile("#lobby", 7) is False
        assert client.told("away")["code"] == 1006


@pytest.mark.parametrize(
    ("fields", "told"), [({"retry": 0.001, "code": "busy"}, None), ({"code": "not_allowed"}, "refused")]
)
def test_a_join_that_is_refused(server, fields, told):
    def answer(message):
        if message["type"] == "join" and message["id"] == 1:
            return [{"type": "error", "id": message["id"], "reason": "", **fields}]
        return None

    server.answer = answer
    server.post("#lobby", "a")
    with Client(server.url) as client:
        client.told("welcome")
        client.join("#lobby", after=0)
        if told is None:
            assert client.bodies(1) == ["a"]
        else:
            event = client.told("refused")
            assert event["request"]["channel"] == "#lobby" and event["code"] == "not_allowed"


def test_a_token_that_expires_is_asked_for_anew(server):
    tokens = iter(["one", "two"])
    with Client(server.url, token=lambda: next(tokens)) as client:
        client.told("welcome")
        server.all({"type": "expiring", "in": 60})
        assert client.told("expiring")["in"] == 60
        assert of_kind(server, "refresh")["token"] == "two"


# -- ends -------------------------------------------------------------------------------------------------

NEVER = [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4400, 4401, 4403, 4413, 4426]


@pytest.mark.parametrize("code", NEVER)
def test_it_does_not_come_back(server, code):
    with Client(server.url) as client:
        client.told("welcome")
        server.answer = lambda message: [] if message["type"] == "publish" else None
        client.publish("#lobby", 1)
        of_kind(server, "publish")
        server.all({"close": code})
        assert client.told("ended") == {"type": "ended", "code": code, "reason": "as told"}
        with pytest.raises(ConnectionClosed) as caught:
            client.publish("#lobby", 2)
        assert caught.value.code == code and len(client.outbox) == 1
        assert len(server.hellos) == 1


@pytest.mark.parametrize("code", [1001, 1011, 1012, 1013, 4408, 4409, 4429, 4999])
def test_it_comes_back(server, code):
    with Client(server.url) as client:
        client.told("welcome")
        server.all({"close": code})
        assert client.told("away")["code"] == code
        client.told("welcome")


def test_it_comes_back_with_a_new_token(server):
    tokens = iter(["old", "new"])
    with Client(server.url, token=lambda: next(tokens)) as client:
        client.told("welcome")
        server.all({"close": 4401})
        client.told("welcome")
        assert server.hellos[-1]["token"] == "new"


@pytest.mark.parametrize(
    ("status", "code", "end"), [(403, 4403, "ended"), (503, 4503, "away"), (426, 4426, "ended")]
)
def test_a_refused_opening_counts_as_its_close_code(status, code, end):
    def authorize(request):
        raise HandshakeError("no", status)

    with serve(lambda ws, message: None, port=0, authorize=authorize) as refusing:
        with Client(f"ws://127.0.0.1:{refusing.port}/") as client:
            assert client.told(end)["code"] == code


def test_the_servers_word_goes_before_chance(server):
    with Client(server.url, waits=Waits(100, 100)) as client:
        client.told("welcome")
        server.all({"type": "bye", "code": 1012, "reason": "restart", "after": 0.015625})
        server.all({"close": 1012})
        assert client.told("away")["in"] == 0.015625
        client.told("welcome")


def test_a_bye_counts_where_the_close_frame_is_lost(server):
    with Client(server.url) as client:
        client.told("welcome")
        server.all({"type": "bye", "code": 4403, "reason": "revoked"})
        server.server.call_soon(lambda: [ws.transport.abort() for ws in list(server.devices)])
        assert client.told("ended")["code"] == 4403


def test_waits_grow_until_a_connection_is_of_use(server):
    waits = Waits(0.001, 10, uniform=lambda low, high: high)
    server.answer = once("hello", {"close": 1012})
    with Client(server.url, waits=waits) as client:
        assert client.told("away")["in"] == 0.001
        client.told("welcome")
        server.all({"close": 1012})
        assert client.told("away")["in"] == 0.002  # a welcome alone is no use
        client.publish("#lobby", 1)
        client.told("confirm")
        server.all({"close": 1012})
        assert client.told("away")["in"] == 0.001


def test_many_that_lose_their_server_at_once_come_back_spread():
    """200 clients, by seeded chance: no tenth of the first bound has more than a fifth of them."""
    first = [Waits(uniform=random.Random(seed).uniform).before(1006) for seed in range(200)]
    assert max(sum(low / 20 <= wait < (low + 1) / 20 for wait in first) for low in range(10)) < 40


def test_silence_means_death(server):
    with Client(server.url, silence=0.5) as client:
        client.told("welcome")
        away = client.told("away")
        assert away["code"] == 1006 and "no message within 0.5 seconds" in away["reason"]
        client.told("welcome")


def test_a_ping_is_answered(server):
    with Client(server.url) as client:
        client.told("welcome")
        server.all({"type": "ping", "now": 1.0})
        assert of_kind(server, "pong") == {"type": "pong"}


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        b"bytes",
        '{"type":"confirm"}',
        '{"type":"confirm","n":1e400}',
        '{"type":"odd"}',
        "[" * 9999,
    ],
)
def test_nonsense_ends_the_connection_and_no_more(server, text, caplog):
    with Client(server.url) as client:
        client.told("welcome")
        for ws in list(server.devices):
            ws.send(text)
        assert client.told("away")["code"] == 1011
        client.publish("#lobby", 1)
        client.done()
        assert server.bodies() == [1]
    assert f"a connection to {server.url} failed" in caplog.text


@pytest.mark.parametrize(
    ("welcome", "code"),
    [({"v": 2}, "ended"), ({"limits": {"window": "many"}}, "away"), ({"limits": {"size": 0}}, "away")],
)
def test_a_welcome_that_makes_no_sense(server, welcome, code, caplog):
    server.welcome = welcome
    with Client(server.url) as client:
        assert client.told(code)["code"] in (4426, 1011)


def test_close_keeps_the_outbox_and_ends_both_threads(server):
    server.answer = lambda message: [] if message["type"] == "publish" else None
    with Outbox() as outbox:
        client = Client(server.url, outbox=outbox)
        client.publish("#lobby", 1)
        of_kind(server, "publish")
        client.close()
        client.close()
        assert len(outbox) == 1 and not any(thread.is_alive() for thread in client._threads)
        with pytest.raises(ConnectionClosed, match="closed by this client") as caught:
            client.publish("#lobby", 2)
        assert caught.value.code == 1000
        with pytest.raises(ConnectionClosed):
            client.flush()


def test_a_close_in_the_middle_of_publish_is_told_as_one(server):
    client = Client(server.url)
    add = client.outbox.add

    def closing(*args):
        client.close()
        return add(*args)

    client.outbox.add = closing
    with pytest.raises(ConnectionClosed):
        client.publish("#lobby", 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is of POSIX")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_fork_has_no_client(server):
    """Its threads are the parent's: what was stored here would never be sent."""
    with Client(server.url) as client:
        client.publish("#lobby", 0)
        client.flush(DEADLINE)
        if (child := os.fork()) == 0:
            raised = 0
            try:
                for ask in (lambda: client.publish("#lobby", 1), lambda: client.flush(1)):
                    with contextlib.suppress(InvalidState):
                        ask()
                        raised -= 1
                    raised += 1
            finally:
                os._exit(raised)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
        client.publish("#lobby", 2)
        client.done()
    assert server.bodies() == [0, 2]


def test_close_does_not_wait_for_the_next_attempt():
    with Client("ws://127.0.0.1:1/", waits=Waits(3000, 3000)) as client:
        client.told("away")


def test_it_is_told_by_default_in_the_log(server, caplog):
    with ReconnectingClient(server.url, print) as client:
        client.join("#lobby")
        of_kind(server, "join")
        server.all({"close": 4403})
        with pytest.raises(ConnectionClosed):
            while True:
                client.publish("#lobby", 1)
                client.flush(DEADLINE)
    assert "'ended', 'code': 4403" in caplog.text


def test_a_wrong_url_is_refused_at_once():
    with pytest.raises(ValueError):
        ReconnectingClient("http://example.com/", print)


def test_options_of_connect(server):
    limits = Limits(open_timeout=5)
    with Client(server.url, connect=functools.partial(connect, limits=limits)) as client:
        client.told("welcome")
