"""Who comes in, how long they may stay, and the close code they get."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial

import pytest

from tests.patterns.house import Client, Clock, welcomed
from tests.waiting import DEADLINE, Seen
from wsdemo import connect
from wsdemo.patterns.log import MemoryLog
from wsdemo.patterns.session import Identity, RoomLimits


def test_the_same_device_twice_the_newer_stays(house):
    place = house()
    older = welcomed(place)
    newer, other, bob = welcomed(place), welcomed(place, device="laptop"), welcomed(place, "bob")
    assert older.ended()["code"] == 4409
    for client in (newer, other, bob):  # another device, and another user's of the same name
        client.publish(1)
        assert client.until("confirm")["n"] == 1


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"type":"join","id":1,"channel":"#a"}', 4400),
        ("{}", 4400),
        ('{"type":"hello","v":2,"device":"d","token":"ann"}', 4426),
        ('{"type":"hello","v":1,"device":"d"}', 4401),
        ('{"type":"hello","v":1,"device":"d","x":"' + "x" * 5000 + '"}', 4413),
        ('{"type":"hello","v":1,"device":"d","x":"' + "ü" * 2048 + '"}', 4413),
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


def test_a_user_has_only_so_many_connections(house):
    place = house(limits=RoomLimits(per_user=2))
    first, _, other = (welcomed(place, name[:3], name[3:]) for name in ("ann1", "ann2", "bob1"))
    assert Client(place, "ann", "3").ended()["code"] == 4429
    welcomed(place, "ann", "1")  # the same device is no further one
    assert first.ended()["code"] == 4409
    other.ws.close()
    place.run(lambda: None)
    welcomed(place, "bob", "1")
    welcomed(place, "bob", "2")


@pytest.mark.parametrize("log", ["none", "busy", "broken"])
def test_without_a_log_clients_are_sent_away_for_a_while(house, log):
    place = house(log=NoLast)
    place.log.answer = log == "broken"
    if log == "none":
        place.rooms._door._house = None
    bye = Client(place).ended()
    assert bye["code"] == 1013 and bye["after"] == 0.5


class NoLast(MemoryLog):
    """A log that does not find the last number of a device; ``answer``: it says so."""

    answer = False

    def last(self, device, then):
        if self.answer:
            then(None)
        return self.answer


def test_a_welcome_that_cannot_be_said_ends_the_connection(house):
    place = house(log=SlowLast, identify=lambda ws, token: Identity(token, float("inf")))
    client = Client(place)
    place.run(place.log.asked.next())
    assert client.ended()["code"] == 1011


class SlowLast(MemoryLog):
    """A log that knows the last number of a device later."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = Seen()

    def last(self, device, then):
        self.asked(partial(MemoryLog.last, self, device, then))
        return True


def test_a_token_that_ends_and_one_that_is_renewed(house):
    wall = Clock()
    wall.now = 1e9

    def identify(ws, token):
        user, seconds = token.split()
        return Identity(user, wall.now + float(seconds))

    place = house(identify=identify, wall=wall)
    ann, bob = welcomed(place, "ann 100"), welcomed(place, "bob 100")
    assert ann.welcome["expires"] == wall.now + 100
    wall.now -= 5000.0  # a clock jumps: the deadline stands
    place.tick(45.0)
    for client in (ann, bob):
        assert client.until("expiring")["in"] == 55.0
    place.tick(1.0)
    ann.say("refresh", id=1, token="ann 200")
    heard = [ann.hear()["type"] for _ in range(2)]
    assert sorted(heard) == ["ok", "ping"]  # it is told once
    bob.say("refresh", id=1, token="ann 200")
    assert bob.until("error")["code"] == "not_allowed"
    place.tick(60.0)
    assert bob.ended()["code"] == 4401
    ann.join()


@pytest.fixture
def later(house):
    """A house whose identities the test decides: the Futures by their token."""
    asked = {}

    def identify(ws, token):
        return asked.setdefault(token, Future())

    place = house(identify=identify)
    place.asked = asked
    return place


def begun(place, token):
    """A client whose hello is being looked at."""
    client = Client(place, token)
    client.ws.ping(DEADLINE)
    assert token in place.asked
    return client


def test_an_identity_that_is_found_out_later(later):
    ann, bob, eve = (begun(later, user) for user in ("ann", "bob", "eve"))
    ann.say("join", id=1, channel="#lobby")
    assert ann.hear()["code"] == "bad_request"  # wait for the welcome
    later.asked["ann"].set_result(Identity("ann"))
    later.asked["bob"].set_result(None)
    later.asked["eve"].set_exception(OSError("the list of users can't be read"))
    assert ann.until("welcome")["user"] == "ann"
    assert bob.ended()["code"] == 4401
    assert eve.ended()["code"] == 1011
    assert any(isinstance(error, OSError) for _, error in later.server.errors)


def test_who_leaves_or_waits_too_long_is_no_longer_found_out(later):
    ann, bob = begun(later, "ann"), begun(later, "bob")
    later.asked["ann"].set_running_or_notify_cancel()  # it can't be cancelled any more
    bob.ws.close()
    later.run(lambda: None)
    assert later.asked["bob"].cancelled()
    later.tick(10.5)
    assert (bye := ann.ended())["code"] == 1013 and bye["after"] > 0  # it was not the client who was slow
    later.asked["ann"].set_result(Identity("ann"))
    later.run(lambda: None)
    assert later.rooms._door.of("ann") == []


def test_one_token_at_a_time_is_renewed(later):
    ann = begun(later, "ann")
    later.asked["ann"].set_result(Identity("ann"))
    ann.until("welcome")
    ann.say("refresh", id=1, token="new")
    ann.say("refresh", id=2, token="newer")
    assert (error := ann.hear())["id"] == 2 and error["code"] == "too_many"
    later.asked["new"].set_result(Identity("ann"))
    assert ann.hear()["id"] == 1
