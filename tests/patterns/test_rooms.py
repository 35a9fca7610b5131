"""Rooms over a real server, by their wire protocol: numbers, reading, mailboxes, and who is told what."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import ClassVar

import pytest

from tests.waiting import DEADLINE
from wsdemo import ConnectionClosed, Limits, connect, serve
from wsdemo.patterns.log import Keep, MemoryLog, Outcome, Post
from wsdemo.patterns.messages import PROTOCOL, SERVER, parse
from wsdemo.patterns.rooms import Rooms
from wsdemo.patterns.session import Identity, RoomLimits
from wsdemo.patterns.sqlitelog import SqliteLog

FAST = {"publishes": (1e6, 1e6), "requests": (1e6, 1e6)}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class House:
    """A server of rooms; users name themselves by their token."""

    def __init__(self, log=MemoryLog, limits=None, server_limits=None, may=lambda *a: True, **options):
        self.clock = Clock()
        identify = options.pop("identify", lambda ws, token: Identity(token) if token else None)
        self.rooms = Rooms(may, identify, limits or RoomLimits(**FAST), clock=self.clock)
        self.server = serve(self.rooms, subprotocols=[PROTOCOL], limits=server_limits)
        self.log = log(self.rooms.stored, **options)
        self.run(self.rooms.begin, self.server, self.log)

    def run(self, function, *args):
        """Call it in the server's thread, and wait for the end."""
        done, result = threading.Event(), []
        self.server.call_soon(lambda: (result.append(function(*args)), done.set()))
        assert done.wait(DEADLINE)
        return result[0]

    def tick(self, seconds):
        self.clock.now += seconds
        self.run(self.rooms.tick)


@pytest.fixture
def house():
    with contextlib.ExitStack() as stack:

        def make(**options):
            made = House(**options)
            stack.callback(made.log.close)
            stack.callback(made.server.close)
            return made

        yield make
    while Client.made:  # also where a test failed, and a full inbox hides the server's end
        Client.made.pop().close()


class Client:
    """A client without any help: it sends what it is told, and checks the form of what comes."""

    made: ClassVar = []

    def __init__(self, house, user="ann", device="phone", **options):
        self.ws = connect(house.server.url, subprotocols=[PROTOCOL], compression=False, **options)
        self.made.append(self.ws)
        self.say("hello", v=1, device=device, token=user)

    def say(self, kind, **fields):
        self.ws.send(json.dumps({"type": kind, **fields}))

    def hear(self):
        return parse(self.ws.recv(DEADLINE), SERVER)

    def until(self, kind):
        while (message := self.hear())["type"] != kind:
            pass
        return message

    def join(self, channel="#lobby", **fields):
        self.say("join", id=1, channel=channel, **fields)
        return self.until("ok")

    def publish(self, n, body="hi", channel="#lobby"):
        self.say("publish", n=n, channel=channel, body=body)

    def ended(self):
        """The bye, and the close code."""
        bye = self.until("bye")
        with pytest.raises(ConnectionClosed) as caught:
            self.ws.recv(DEADLINE)
        assert caught.value.code == bye["code"]
        return bye


def welcomed(house, *args, **options):
    client = Client(house, *args, **options)
    client.welcome = client.until("welcome")
    return client


# -- numbers -------------------------------------------------------------------------------------------------


def test_a_message_is_confirmed_and_shown_to_all_with_the_number_for_its_device_only(house):
    place = house()
    ann, bob = welcomed(place), welcomed(place, "bob")
    assert ann.welcome["next"] == 1 and ann.welcome["user"] == "ann" and not ann.welcome["durable"]
    assert ann.welcome["limits"] == {"size": 65536, "window": 64, "rate": 1e6}
    for client in (ann, bob):
        assert client.join()["complete"]
    ann.publish(1, {"text": "grüße"})
    mine, theirs = ann.until("message"), bob.until("message")
    assert mine.pop("n") == 1 and mine == theirs
    assert theirs["from"] == "ann" and theirs["body"] == {"text": "grüße"} and theirs["offset"] == 1
    assert ann.until("confirm")["n"] == 1


def test_a_number_is_stored_once_and_none_is_left_out(house):
    place = house()
    ann = welcomed(place)
    ann.publish(2)
    assert ann.hear() | {"reason": ""} == {
        "type": "error",
        "n": 2,
        "code": "out_of_order",
        "reason": "",
        "expect": 1,
    }
    ann.publish(1, "first")
    ann.publish(1, "first")
    ann.publish(2, "second")
    assert [ann.hear()["n"] for _ in range(3)] == [1, 1, 2]
    again = welcomed(place)
    assert again.welcome["next"] == 3
    again.join(after=0)
    assert [again.until("message")["body"] for _ in range(2)] == ["first", "second"]


def test_the_same_device_twice_the_newer_stays(house):
    place = house()
    older = welcomed(place)
    newer, other, bob = welcomed(place), welcomed(place, device="laptop"), welcomed(place, "bob")
    assert older.ended()["code"] == 4409
    for client in (newer, other, bob):  # another device, and another user's of the same name
        client.publish(1)
        assert client.until("confirm")["n"] == 1


class BusyLog(MemoryLog):
    """A log that takes no posts while ``busy``."""

    busy = False

    def append(self, post):
        return not self.busy and super().append(post)


@pytest.mark.parametrize("behind", [0, 63])
def test_busy_at_one_number_takes_nothing_after_it(house, behind):
    place = house(log=BusyLog)
    ann = welcomed(place)
    place.log.busy = True
    ann.publish(1)
    busy = ann.hear()
    assert (busy["n"], busy["code"]) == (1, "busy") and busy["retry"] > 0
    place.log.busy = False
    for n in range(2, 2 + behind):
        ann.publish(n)
    errors = [ann.hear() for _ in range(behind)]
    assert all((error["code"], error["expect"]) == ("out_of_order", 1) for error in errors)
    for n in range(1, 65):
        ann.publish(n, n)
    while ann.until("confirm")["n"] < 64:
        pass


class HeldLog(MemoryLog):
    """A log on a slow disk, which may turn out to be full: posts wait until the test says so."""

    def __init__(self, done, **options):
        super().__init__(done, **options)
        self.held = []

    def append(self, post):
        self.held.append(post)
        return True

    def store(self, full=False):
        held, self.held = self.held, []
        for post in held:
            if full:
                self._done([Outcome(post, "failed", reason="the disk is full")])
            else:
                super().append(post)


def test_a_full_disk_fails_what_is_in_flight_and_goes_on_when_there_is_room(house):
    place = house(log=HeldLog)
    ann = welcomed(place)
    for n in (1, 2, 3):
        ann.publish(n)
    ann.join()  # its answer: the log has them
    place.run(place.log.store, True)
    assert [ann.hear()["code"] for _ in range(3)] == ["failed"] * 3
    ann.publish(3)
    assert ann.hear()["expect"] == 1
    for n in (1, 2, 3):
        ann.publish(n, n)
    ann.join()
    place.run(place.log.store)
    assert [ann.until("message")["body"] for _ in range(3)] == [1, 2, 3]


def test_what_is_on_its_way_is_not_confirmed_before_it_is_stored(house):
    place = house(log=HeldLog, limits=RoomLimits(window=3, **FAST))
    ann, bob = welcomed(place), welcomed(place, "bob")
    bob.join()
    for n in (1, 2, 3, 1):
        ann.publish(n)
    ann.publish(4)
    assert (error := ann.hear())["code"] == "too_many" and error["n"] == 4
    bob.say("join", id=2, channel="#other")
    assert bob.hear()["type"] == "ok"  # and no message before it
    place.run(place.log.store)
    while ann.until("confirm")["n"] < 3:
        pass
    assert bob.until("message")["offset"] == 1


def test_a_permanent_refusal_leaves_the_number_free(house):
    place = house(may=lambda user, action, channel: channel != "#secret", server_limits=Limits())
    ann = welcomed(place)
    ann.publish(1, channel="#secret")
    assert (error := ann.hear())["code"] == "not_allowed" and error["n"] == 1
    ann.publish(1, "x" * 70_000)
    assert (error := ann.hear())["code"] == "too_large" and error["n"] == 1
    ann.say("publish", n=1, channel="lobby", body=1)
    assert (error := ann.hear())["code"] == "bad_request" and error["n"] == 1
    ann.publish(1)
    assert ann.until("confirm")["n"] == 1


def test_a_rate_above_the_bound_is_told_with_the_time_to_wait(house):
    place = house(limits=RoomLimits(publishes=(2.0, 3.0)))
    ann = welcomed(place)
    for n in range(1, 5):
        ann.publish(n)
    heard = [ann.hear() for _ in range(4)]
    assert [message.get("code") for message in heard] == [None, None, None, "too_many"]
    assert heard[-1]["n"] == 4 and heard[-1]["retry"] == 0.5


# -- reading -------------------------------------------------------------------------------------------------


def fill(place, count, size=10, channel="#lobby", device="writer"):
    for n in range(1, count + 1):
        place.log.append(Post(channel, device, n, "bob", json.dumps("x" * size)))


def test_joining_reads_from_the_offset_to_the_top_and_then_live(house):
    place = house()
    place.run(fill, place, 5)
    ann, bob = welcomed(place), welcomed(place, "bob")
    ok = ann.join(after=2)
    assert ok["offset"] == 5 and ok["complete"] and ok["epoch"] == place.log.epoch
    bob.publish(1)
    assert [ann.until("message")["offset"] for _ in range(4)] == [3, 4, 5, 6]


@pytest.mark.parametrize(("after", "epoch"), [(9, None), (2, "another"), (5, "another")])
def test_an_offset_that_this_log_never_gave_begins_with_the_oldest(house, after, epoch):
    place = house(keep=lambda channel: Keep(count=3))
    place.run(fill, place, 5)
    ann = welcomed(place)
    ok = ann.join(after=after, **({} if epoch is None else {"epoch": epoch}))
    assert not ok["complete"]
    assert [ann.hear()["offset"] for _ in range(3)] == [3, 4, 5]


def test_what_is_no_longer_kept_is_told_exactly(house):
    place = house(keep=lambda channel: Keep(count=3))
    place.run(fill, place, 10)
    ann = welcomed(place)
    assert not ann.join(after=2, epoch=place.log.epoch)["complete"]
    gap = ann.hear()
    assert (gap["type"], gap["from"], gap["to"], gap["why"]) == ("gap", 3, 7, "expired")
    assert [ann.hear()["offset"] for _ in range(3)] == [8, 9, 10]


def small_buffers():
    return Limits(high_water=32 * 1024)


def test_a_hundred_large_entries_all_reach_a_slow_reader(house):
    place = house(server_limits=small_buffers())
    place.run(fill, place, 100, 60_000)
    ann = welcomed(place)
    ann.join(after=0)
    pending = place.run(lambda: [ws.pending for ws in place.server.connections])
    assert max(pending) < 32 * 1024 + 2 * 61_000
    assert [ann.until("message")["offset"] for _ in range(100)] == list(range(1, 101))


def test_a_reader_who_stops_reads_the_rest_of_the_log_later(house):
    place = house(server_limits=small_buffers())
    slow, bob = welcomed(place), welcomed(place, "bob")
    slow.join()
    bob.join()
    for n in range(1, 301):  # nobody reads `slow` meanwhile
        bob.publish(n, "x" * 20_000)
        assert bob.until("message")["offset"] == n
    assert max(place.run(lambda: [ws.pending for ws in place.server.connections])) < 100_000
    assert [slow.until("message")["offset"] for _ in range(300)] == list(range(1, 301))
    bob.publish(301, "and live again")
    assert slow.until("message")["body"] == "and live again"


def test_retention_overtakes_a_reader_who_stopped(house):
    place = house(server_limits=small_buffers(), keep=lambda channel: Keep(count=20))
    slow = welcomed(place)
    slow.join()
    place.run(fill, place, 500, 50_000)
    offset = 0
    while offset < 500:
        message = slow.hear()
        if message["type"] == "gap":
            assert message["from"] == offset + 1  # exactly what is missing, and no more
            offset = message["to"]
            gap = message
        else:
            assert message["offset"] == offset + 1
            offset = message["offset"]
    assert gap["why"] == "expired"


# -- rights and mailboxes ------------------------------------------------------------------------------------


def test_a_mailbox_is_joined_by_its_owner_and_published_to_by_anyone(house):
    place = house()
    ann, bob = welcomed(place), welcomed(place, "bob")
    bob.publish(1, "for you", channel="@ann")
    assert bob.until("confirm")["n"] == 1
    bob.say("join", id=7, channel="@ann")
    assert (error := bob.hear())["code"] == "not_allowed" and error["id"] == 7
    ann.join("@ann", after=0)
    assert ann.until("message")["body"] == "for you"


def test_leaving_and_what_was_not_joined(house):
    place = house()
    ann, bob = welcomed(place), welcomed(place, "bob")
    ann.say("leave", id=3, channel="#lobby")
    assert (error := ann.hear())["code"] == "not_joined" and error["id"] == 3
    ann.join()
    ann.say("leave", id=4, channel="#lobby")
    assert ann.until("ok")["id"] == 4
    bob.publish(1)
    bob.until("confirm")
    ann.say("volatile", channel="#lobby", body=1)
    assert ann.hear()["code"] == "not_joined"  # and no message came before it


def test_at_most_so_many_channels(house):
    place = house(limits=RoomLimits(joined=2))
    ann = welcomed(place)
    for name in ("#a", "#b", "#a"):  # joining again is no further channel
        ann.join(name)
    ann.say("join", id=9, channel="#c")
    assert (error := ann.until("error"))["code"] == "too_many" and error["id"] == 9


# -- volatile, presence --------------------------------------------------------------------------------------


def test_volatile_reaches_the_other_members_and_a_slow_one_gets_the_newest_of_each_key(house):
    place = house(server_limits=small_buffers(), limits=RoomLimits(volatiles=(1e6, 1e6), **FAST))
    slow, bob, eve = welcomed(place), welcomed(place, "bob"), welcomed(place, "eve")
    for client in (slow, bob, eve):
        client.join()
    place.run(fill, place, 400, 30_000)  # more than the kernel keeps for a reader who stops
    for n in range(100):
        bob.say("volatile", channel="#lobby", body=["price", n], key="XYZ")
        bob.say("volatile", channel="#lobby", body=["typing", n])
    bob.say("volatile", channel="#lobby", body="end", key="end")
    while eve.until("volatile")["body"] != "end":
        pass
    heard = []
    while not heard or heard[-1].get("body") != "end":
        heard.append(message := slow.hear())
        if message["type"] == "message":
            heard.pop()
    prices = [message["body"][1] for message in heard if message.get("body", "")[:1] == ["price"]]
    typed = [message for message in heard if message.get("body", "")[:1] == ["typing"]]
    assert prices == sorted(prices) and prices[-1] == 99 and len(prices) < 50, "until it was slow it had each"
    gaps = [(message["why"], message["to"]) for message in heard if message["type"] == "gap"]
    assert {why for why, _ in gaps} == {"slow"}
    assert sum(missed for _, missed in gaps) == 100 - len(typed)


def test_presence_is_told_together_to_those_who_asked(house):
    place = house()
    ann, bob = welcomed(place), welcomed(place, "bob")
    assert "members" not in bob.join()
    place.tick(0.5)
    assert ann.join(presence=True)["members"] == ["ann", "bob"]
    eve, other = welcomed(place, "eve"), welcomed(place, "bob", "laptop")
    eve.join()
    other.join()
    place.tick(0.5)
    change = ann.until("presence")
    assert (change["joined"], change["left"]) == (["ann", "eve"], []) or change["joined"] == ["ann"]
    for client in (eve, other):  # bob is still here by another device
        client.ws.close()
    place.tick(0.5)
    while "eve" not in change["left"]:
        change = ann.until("presence")
        assert "bob" not in change["left"]


def test_a_client_without_a_word_is_asked_and_then_counts_as_left(house):
    place = house()
    ann, bob = welcomed(place), welcomed(place, "bob")
    ann.join(presence=True)
    bob.join()
    place.tick(26.0)
    for client in (ann, bob):
        client.until("ping")
    ann.say("pong")
    ann.join("#other")  # its answer: the pong was heard
    place.tick(15.0)
    while "bob" not in ann.until("presence")["left"]:
        pass
    bob.say("pong")
    bob.join("#other")
    place.tick(0.5)
    while "bob" not in ann.until("presence")["joined"]:
        pass


# -- the end -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"type":"join","id":1,"channel":"#a"}', 4400),
        ("{}", 4400),
        ('{"type":"hello","v":2,"device":"d","token":"ann"}', 4426),
        ('{"type":"hello","v":1,"device":"d"}', 4401),
        ('{"type":"hello","v":1,"device":"d","x":"' + "x" * 5000 + '"}', 4413),
    ],
)
def test_a_first_message_that_is_no_good_hello_ends_with_a_reason(house, first, code):
    client = Client.__new__(Client)
    client.ws = connect(house().server.url)
    client.ws.send(first)
    bye = client.ended()
    assert bye["code"] == code and bye["reason"]


def test_no_hello_at_all(house):
    place = house()
    client = Client.__new__(Client)
    client.ws = connect(place.server.url)
    client.ws.ping(DEADLINE)  # the handler knows of it
    place.tick(10.5)
    assert client.ended()["code"] == 4408


def test_three_offences_are_too_many(house):
    ann = welcomed(house())
    for text in ("{", '{"type":"shout","id":3}', b"binary"):
        ann.ws.send(text)
    assert [ann.hear()["code"] for _ in range(3)] == ["bad_request", "unknown_type", "bad_request"]
    assert ann.ended()["code"] == 4400


def test_a_token_that_ends_and_one_that_is_renewed(house):
    wall = Clock()
    wall.now = 1e9
    place = house(identify=lambda ws, token: Identity(token.split()[0], wall.now + float(token.split()[1])))
    place.rooms._wall = wall
    ann, bob = welcomed(place, "ann 100"), welcomed(place, "bob 100")
    assert ann.welcome["expires"] == wall.now + 100
    wall.now -= 5000.0  # a clock jumps: the deadline stands
    place.tick(45.0)
    for client in (ann, bob):
        assert client.until("expiring")["in"] == 55.0
    ann.say("refresh", id=1, token="ann 200")
    ann.until("ok")
    bob.say("refresh", id=1, token="ann 200")
    assert bob.until("error")["code"] == "not_allowed"
    place.tick(60.0)
    assert bob.ended()["code"] == 4401
    ann.join()


def test_the_server_says_when_to_come_back(house):
    place = house()
    clients = [welcomed(place, user) for user in ("ann", "bob")]
    place.run(place.rooms.end)
    byes = [client.ended() for client in clients]
    assert all(bye["code"] == 1001 and 0 <= bye["after"] <= 5 for bye in byes)


def test_a_user_is_dismissed(house):
    place = house()
    ann, bob = welcomed(place), welcomed(place, "bob")
    place.run(place.rooms.dismiss, "bob")
    assert bob.ended()["code"] == 4401
    ann.join()


def test_a_right_that_fails_ends_one_connection_and_no_other(house):
    def may(user, action, channel):
        return 1 / (channel != "#poison")

    place = house(may=may)
    ann, bob = welcomed(place), welcomed(place, "bob")
    bob.join()
    ann.publish(1, channel="#poison")
    assert ann.ended()["code"] == 1011
    place.run(lambda: None)  # the server's thread has done with it
    assert any(isinstance(error, ZeroDivisionError) for _, error in place.server.errors)
    bob.publish(1)
    assert bob.until("message")["offset"] == 1


def test_a_poison_message_ends_its_reader_and_no_other(house):
    place = house()
    ann, bob = welcomed(place), welcomed(place, "bob")
    place.run(place.log.append, Post("#bad", "x", 1, "x", '"\ud800"'))
    ann.say("join", id=1, channel="#bad", after=0)
    assert ann.ended()["code"] == 1011
    bob.join()
    bob.publish(1)
    assert bob.until("confirm")["n"] == 1


# -- on disk -------------------------------------------------------------------------------------------------


def test_sixty_four_in_flight_on_disk_and_a_restart(house, tmp_path):
    def log(done, path=tmp_path / "log.db"):
        return SqliteLog(path, done, call=lambda *args: place_server().call_soon(*args))

    servers = []

    def place_server():
        return servers[-1]

    class DiskHouse(House):
        def __init__(self):
            super().__init__(log=self._log)

        def _log(self, done):
            servers.append(self.server)
            return log(done)

    place = DiskHouse()
    ann, bob = welcomed(place), welcomed(place, "bob")
    assert ann.welcome["durable"]
    epoch = bob.join()["epoch"]
    for n in range(1, 65):
        ann.publish(n, n)
    while ann.until("confirm")["n"] < 64:
        pass
    assert [bob.until("message")["body"] for _ in range(64)] == list(range(1, 65))
    place.server.close()
    place.log.close()
    place = DiskHouse()
    try:
        ann, bob = welcomed(place), welcomed(place, "bob")
        assert ann.welcome["next"] == 65
        assert bob.join(after=60, epoch=epoch)["complete"]
        assert [bob.until("message")["body"] for _ in range(4)] == [61, 62, 63, 64]
    finally:
        place.server.close()
        place.log.close()
