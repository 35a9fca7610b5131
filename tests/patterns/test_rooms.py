"""All rooms of a server: its own words, poison, and the end."""

from __future__ import annotations

import functools

import pytest

from tests.patterns.house import welcomed
from wsdemo import InvalidState
from wsdemo.patterns.log import Post
from wsdemo.patterns.rooms import Rooms


def test_the_server_itself_says_something(house):
    place = house()
    ann = welcomed(place)
    ann.join()
    for body in (1, 2):
        place.run(place.rooms.say, "#lobby", body, "server")
    place.run(place.rooms.say, "#nobody", 3, "server")
    heard = [ann.until("volatile") for _ in range(2)]
    assert [(message["from"], message["body"]) for message in heard] == [("server", 1), ("server", 2)]
    with pytest.raises(TypeError):
        place.rooms.say("#lobby", object(), "server")


@pytest.mark.parametrize(("options", "bounds"), [({}, (0, 5)), ({"away": 3.0, "spread": 4.0}, (3, 7))])
def test_the_server_says_when_to_come_back(house, options, bounds):
    asked = []
    place = house(uniform=lambda *bounds: asked.append(bounds) or 4.0)
    clients = [welcomed(place, user) for user in ("ann", "bob")]
    place.run(functools.partial(place.rooms.end, **options))
    byes = [client.ended() for client in clients]
    assert all((bye["code"], bye["after"]) == (1001, 4.0) for bye in byes) and asked == [bounds] * 2


def test_a_server_that_starts_again_tells_a_member_when_to_come_back(house):
    place = house()
    ann = welcomed(place)
    assert place.rooms.drain(1000)  # ends when the last one has answered
    bye = ann.ended()
    assert (bye["code"], bye["after"]) == (1012, 1000) and bye["reason"]
    with pytest.raises(InvalidState, match="call begin first"):
        Rooms().drain(1)


def test_a_user_is_dismissed(house):
    place = house()
    ann, bob = welcomed(place), welcomed(place, "bob")
    place.run(place.rooms.dismiss, "bob")
    assert bob.ended()["code"] == 4401
    ann.join()


def test_a_poison_message_ends_its_reader_and_no_other(house):
    place = house()
    ann, bob = welcomed(place), welcomed(place, "bob")
    place.run(place.log.append, Post("#bad", "x", 1, "x", '"\ud800"'))
    ann.say("join", id=1, channel="#bad", after=0)
    assert ann.ended()["code"] == 1011
    bob.join()
    bob.publish(1)
    assert bob.until("confirm")["n"] == 1
