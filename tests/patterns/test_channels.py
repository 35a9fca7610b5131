"""Joining, catching up, rights and volatile messages, by the wire."""

from __future__ import annotations

import pytest

from tests.patterns.house import FAST, fill, small_buffers, welcomed
from tests.waiting import DEADLINE
from wsdemo.patterns.log import Keep, MemoryLog
from wsdemo.patterns.rooms import Rooms
from wsdemo.patterns.session import RoomLimits


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
    assert ann.join(after=7)["complete"] and ann.hear()["offset"] == 8  # the last one before is not missing


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


@pytest.mark.parametrize(
    ("limits", "second"), [({"channels": 1}, "#b"), ({"members": 1}, "#a"), ({"joined": 1}, None)]
)
def test_no_more_channels_and_members_than_the_bounds(house, limits, second):
    place = house(limits=RoomLimits(**FAST, **limits))
    ann, bob = welcomed(place), welcomed(place, "bob")
    ann.join("#a")
    ann.join("#a")  # no further one
    late = ann if second is None else bob
    late.say("join", id=7, channel=second or "#b")
    error = late.until("error")
    assert error["id"] == 7 and error["retry"] > 0
    assert error["code"] == ("too_many" if second is None else "busy")
    ann.say("leave", id=8, channel="#a")
    ann.until("ok")
    late.join(second or "#b")  # there is room again


def test_volatile_messages_have_bounds(house):
    place = house(limits=RoomLimits(volatiles=(2.0, 3.0), size=100))
    ann, bob = welcomed(place), welcomed(place, "bob")
    for client in (ann, bob):
        client.join()
    ann.say("volatile", channel="#lobby", body="ü" * 30)  # 60 bytes and those around them
    assert ann.hear()["code"] == "too_large"
    ann.ws.send(
        '{"type":"volatile","channel":"#lobby","body":[1e15,1e15,1e15,1e15,1e15,1e15]}'
    )  # twice as long
    assert ann.hear()["code"] == "too_large"
    for body in range(4):
        ann.say("volatile", channel="#lobby", body=body)
    assert (error := ann.hear())["code"] == "too_many" and error["retry"] == 0.5
    place.run(place.rooms.say, "#lobby", "end", "server")
    assert [bob.hear()["body"] for _ in range(4)] == [0, 1, 2, "end"]


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


def test_a_right_that_ends_while_being_a_member(house):
    banned = set()
    place = house(may=lambda user, action, channel: (user, channel) not in banned)
    ann, bob = welcomed(place), welcomed(place, "bob")
    for channel in ("#lobby", "#staff"):
        bob.join(channel)
    banned.add(("bob", "#staff"))
    place.run(place.rooms.review, "bob")
    error = bob.until("error")
    assert (error["channel"], error["code"]) == ("#staff", "not_allowed")
    ann.publish(1, "secret", channel="#staff")
    ann.publish(2, "hello")
    assert bob.hear()["body"] == "hello"
    bob.say("volatile", channel="#staff", body=1)
    assert bob.hear()["code"] == "not_joined"
    bob.say("join", id=2, channel="#staff", after=0)
    assert bob.hear()["code"] == "not_allowed"


@pytest.mark.parametrize("action", ["publish", "volatile"])
def test_a_right_is_asked_at_each_message(house, action):
    banned = set()
    place = house(may=lambda user, asked, channel: asked not in banned)
    ann = welcomed(place)
    ann.join()
    ann.say(action, channel="#lobby", body=1, **({"n": 1} if action == "publish" else {}))
    ann.ws.ping(DEADLINE)  # the first one has come
    banned.add(action)
    ann.say(action, channel="#lobby", body=2, **({"n": 2} if action == "publish" else {}))
    assert ann.until("error")["code"] == "not_allowed"


class SlowRead(MemoryLog):
    """A log that answers reads when the test says so."""

    def __init__(self, done, **options):
        super().__init__(done, **options)
        self.waiting = []

    def read(self, channel, after, size, then):
        self.waiting.append(lambda: MemoryLog.read(self, channel, after, size, then))
        return True


def test_a_forbidden_join_is_refused_before_the_log_is_asked(house):
    """It is a member at no moment."""
    place = house(log=SlowRead, may=lambda user, action, channel: False)
    ann = welcomed(place)
    ann.say("join", id=5, channel="#lobby")
    ann.say("leave", id=6, channel="#lobby")
    assert (error := ann.hear())["id"] == 5 and error["code"] == "not_allowed"
    assert (error := ann.hear())["id"] == 6 and error["code"] == "not_joined"
    assert place.log.waiting == []


def test_a_right_that_ends_before_the_answer_to_a_join(house):
    banned = set()
    place = house(log=SlowRead, may=lambda user, action, channel: user not in banned)
    ann = welcomed(place)
    ann.say("join", id=5, channel="#lobby")
    ann.say("leave", id=6, channel="#other")
    assert ann.hear()["id"] == 6  # the join has come before it
    banned.add("ann")
    place.run(place.log.waiting.pop())
    assert (error := ann.hear())["code"] == "not_allowed" and error["id"] == 5


def test_a_right_that_fails_before_the_answer_to_a_join_ends_the_connection(house):
    """Else the client would wait for ever, for an answer and for messages."""
    answers = iter([True])
    place = house(log=SlowRead, may=lambda user, action, channel: next(answers))
    ann = welcomed(place)
    ann.say("join", id=5, channel="#lobby")
    ann.say("leave", id=6, channel="#other")
    assert ann.hear()["id"] == 6
    place.run(place.log.waiting.pop())
    assert ann.ended()["code"] == 1011


@pytest.mark.parametrize("action", ["join", "publish", "volatile"])
@pytest.mark.parametrize("given", [None, 1, "yes", object()])
def test_a_right_that_is_no_yes_or_no_lets_no_one_in(house, action, given):
    """A coroutine that nobody awaits is true."""
    place = house(may=lambda user, asked, channel: asked != action or given)
    ann = welcomed(place)
    if action == "volatile":
        ann.join()
    ann.say(action, id=1, n=1, channel="#lobby", body=1)
    assert ann.ended()["code"] == 1011
    place.run(lambda: None)
    assert any("may gave a value of type" in str(error) for _, error in place.server.errors)


async def allow(*args):
    return True


@pytest.mark.parametrize("options", [{"may": allow}, {"identify": allow}, {"may": True}])
def test_rights_are_functions_and_no_async_ones(options):
    with pytest.raises(TypeError, match="expected a function, and no async one"):
        Rooms(**options)
