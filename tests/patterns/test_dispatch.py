"""The way of a client's messages: one that breaks the protocol, too many requests, and mistakes of ours."""

from __future__ import annotations

from tests.patterns.house import welcomed
from wsdemo.patterns.session import RoomLimits


def test_three_offences_are_too_many(house):
    ann = welcomed(house())
    for text in ("{", '{"type":"shout","id":3}', b"binary"):
        ann.ws.send(text)
    assert [ann.hear()["code"] for _ in range(3)] == ["bad_request", "unknown_type", "bad_request"]
    assert ann.ended()["code"] == 4400


def test_offences_before_the_last_one_change_nothing(house):
    ann = welcomed(house())
    ann.ws.send("{")
    ann.say("hello", v=1, device="phone")
    assert [ann.hear()["code"] for _ in range(2)] == ["bad_request"] * 2
    ann.join()


def test_requests_above_their_rate_are_told_the_time_to_wait(house):
    ann = welcomed(house(limits=RoomLimits(requests=(4.0, 2.0))))
    for number, kind in enumerate(("join", "leave", "join"), 1):
        ann.say(kind, id=number, channel="#lobby")
    assert [ann.hear()["type"] for _ in range(2)] == ["ok", "ok"]
    assert (error := ann.hear())["code"] == "too_many"
    assert (error["id"], error["retry"]) == (3, 0.25)


def test_a_right_that_fails_ends_one_connection_and_no_other(house):
    def may(user, action, channel):
        return bool(1 / (channel != "#poison"))

    place = house(may=may)
    ann, bob = welcomed(place), welcomed(place, "bob")
    bob.join()
    ann.publish(1, channel="#poison")
    assert ann.ended()["code"] == 1011
    place.run(lambda: None)  # the server's thread has done with it
    assert any(isinstance(error, ZeroDivisionError) for _, error in place.server.errors)
    bob.publish(1)
    assert bob.until("message")["offset"] == 1
