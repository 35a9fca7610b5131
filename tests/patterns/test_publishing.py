"""Numbered messages by the wire: each is stored once, confirmed when it is stored, and shown then."""

from __future__ import annotations

import pytest

from tests.patterns.house import FAST, House, welcomed
from wsdemo import Limits
from wsdemo.patterns.log import MemoryLog, Outcome
from wsdemo.patterns.session import RoomLimits
from wsdemo.patterns.sqlitelog import SqliteLog


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


class LosingLog(HeldLog):
    """A log of which an older copy was put back: the next posts are not the ones that it expects."""

    def lose(self):
        self.held.clear()


def test_the_number_that_the_log_expects_is_the_next_one(house):
    """Whatever the server believed: a client that is told a number, and sends it, must not be passed over."""
    place = house(log=LosingLog)
    ann = welcomed(place)
    for n in (1, 2):
        ann.publish(n)
    ann.join()  # its answer: the log has them
    place.run(place.log.lose)
    ann.publish(3)
    ann.join()
    place.run(place.log.store)
    error = ann.until("error")
    assert (error["n"], error["code"], error["expect"]) == (3, "out_of_order", 1)
    for n in (1, 2, 3):
        ann.publish(n)
    ann.join()
    assert [post.n for post in place.log.held] == [1, 2, 3]


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


def test_a_message_that_cannot_be_shown_at_once_is_read_from_the_log(house):
    place = house()
    ann, bob, eve = (welcomed(place, user) for user in ("ann", "bob", "eve"))
    for client in (bob, eve):
        client.join()
    channels, broken = place.rooms._channels, [OSError("just now")]
    broadcast = channels.broadcast
    channels.broadcast = lambda text, to: broadcast(text, to) if not broken else raise_(broken.pop())
    ann.publish(1, "first")
    assert ann.ended()["code"] == 1011  # it is told: come back slowly
    assert [type(error) for _, error in place.server.errors] == [OSError]
    eve.publish(1, "second")
    for client in (bob, eve):
        assert [client.until("message")["body"] for _ in range(2)] == ["first", "second"]


def raise_(error):
    raise error


def test_a_permanent_refusal_leaves_the_number_free(house):
    place = house(may=lambda user, action, channel: channel != "#secret", server_limits=Limits())
    ann = welcomed(place)
    ann.publish(1, channel="#secret")
    assert (error := ann.hear())["code"] == "not_allowed" and error["n"] == 1
    ann.publish(1, "x" * 70_000)
    assert (error := ann.hear())["code"] == "too_large" and error["n"] == 1
    ann.ws.send(
        f'{{"type":"publish","n":1,"channel":"#lobby","body":[{"1e15," * 9_000}1]}}'
    )  # 1000000000000000.0
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
