"""A stream of a real NATS: the consumer that is made anew, bounds, another stream, an older copy."""

from __future__ import annotations

import asyncio
import shutil
from types import SimpleNamespace

import pytest

from tests.patterns.test_nats import wait_until
from tests.waiting import Seen
from wsdemo.patterns.nats import Nats
from wsdemo.patterns.stream import NatsStream
from wsdemo.proxy.chaos import Chaos

BOUNDS = {"seconds": 3600.0, "size": 10**6}


class Follower:
    """A connection, and what its stream brings: sequences, and a negative one for what was missed."""

    def __init__(self, url, **options):
        self.seen, self.full = Seen(), False
        self.nats = Nats(url)
        self.stream = NatsStream(
            self.nats,
            "S",
            "s",
            lambda message: self.seen((message.sequence, message.body)),
            lambda first: self.seen(("missed", first)),
            lambda: self.full,
            **{**BOUNDS, **options},
        )
        try:
            self.nats.add(self.stream)
        except Exception:
            self.nats.close()
            raise

    def put(self, body, subject="s.a", last=None):
        """Store a message; its sequence."""
        if last is None:
            last, _ = self.nats.run(self.stream.ask.newest(subject))
        return self.nats.run(self.stream.ask.publish(subject, body, {"X": "y"}, last, of=subject))

    def page(self, subjects="s.>", after=0, size=10_000):
        return self.nats.run(self.stream.ask.page(subjects, after, size))

    def info(self):
        return self.nats.run(self.stream.ask._js.stream_info("S"))


@pytest.fixture
def follower():
    made = []

    def make(url, **options):
        made.append(Follower(url, **options))
        return made[-1]

    yield make
    for each in made:
        each.nats.close()


def test_all_messages_come_in_one_order_and_are_read_again(broker, follower, patient):
    one, two = follower(broker.url), follower(broker.url)
    assert [one.put(b"1"), two.put(b"2", "s.b"), one.put(b"3")] == [1, 2, 3]
    for each in (one, two):
        assert [each.seen.next() for _ in range(3)] == [(1, b"1"), (2, b"2"), (3, b"3")]
    assert [(found.sequence, found.subject, found.body) for found in one.page("s.a")] == [
        (1, "s.a", b"1"),
        (3, "s.a", b"3"),
    ]
    assert one.page("s.a")[0].headers["X"] == "y" and one.page("s.c") == []
    newest = [one.nats.run(one.stream.ask.newest(subject))[0] for subject in ("s.b", "s.c")]
    assert newest == [2, 0]


def test_the_second_of_two_that_expect_the_same_is_not_stored(broker, follower, patient):
    one, two = follower(broker.url), follower(broker.url)
    assert (one.put(b"1", last=0), two.put(b"1", last=0)) == (1, 0)
    assert [found.body for found in two.page()] == [b"1"]


def test_a_consumer_with_a_hole_is_made_anew(broker, follower):
    one, two = follower(broker.url), follower(broker.url)
    assert two.put(b"1") and one.seen.next() == (1, b"1")
    one.nats.call(setattr, one.stream, "_count", 7)  # as if messages had been dropped on the way
    assert two.put(b"2")
    assert one.seen.next() == (2, b"2") and one.seen.empty()


def test_nothing_is_brought_to_one_who_is_full(broker, follower, patient):
    one, two = follower(broker.url), follower(broker.url)
    one.full = True
    two.put(b"1")
    assert two.seen.next() == (1, b"1") and one.seen.empty()
    one.full = False
    assert one.seen.next() == (1, b"1")


def test_a_follower_that_was_cut_off_is_brought_the_rest_and_told_the_gap(broker, follower):
    with Chaos("127.0.0.1", broker.port) as network:
        one, two = follower(f"nats://127.0.0.1:{network.port}"), follower(broker.url)
        network.freeze()
        wait_until(lambda: not one.nats.up)
        for number in range(1, 6):
            two.put(b"%d" % number)
        two.nats.run(two.stream.ask._js.purge_stream("S", seq=4))
        network.thaw()
        assert [one.seen.next() for _ in range(3)] == [("missed", 4), (4, b"4"), (5, b"5")]
        one.nats.close()


def test_the_bounds_are_those_of_the_last_one(broker, follower):
    follower(broker.url)
    one = follower(broker.url, seconds=60.0, size=10**5)
    assert (one.info().config.max_age, one.info().config.max_bytes) == (60, 10**5)


def test_one_server_keeps_no_two_copies(broker, follower):
    with pytest.raises(Exception, match="replicas > 1 not supported in non-clustered mode"):
        follower(broker.url, replicas=2)
    assert follower(broker.url, replicas=1).info().config.num_replicas == 1


def test_another_stream_of_the_same_name_is_told(broker, follower):
    one = follower(broker.url)
    epoch = one.stream.epoch
    one.put(b"1")
    one.nats.run(one.stream.ask._js.delete_stream("S"))
    assert one.seen.until(lambda found: found[0] == "missed") == ("missed", 0)
    assert one.stream.epoch != epoch


@pytest.fixture
def older(broker, tmp_path):
    """Two functions: copy the store of NATS, and put the copy back. NATS is away meanwhile; all notice."""
    store, copy = tmp_path / "nats/jetstream", tmp_path / "copy"

    def copying(source, target, followers):
        broker.close()
        wait_until(lambda: not any(each.nats.up for each in followers))
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
        broker.start()

    return lambda *followers: copying(store, copy, followers), lambda *followers: copying(
        copy, store, followers
    )


def test_a_follower_finds_that_the_stream_is_an_older_copy(broker, follower, older):
    """Its next sequences are known here already: in the same epoch they would be passed over."""
    keep, put_back = older
    one, two = follower(broker.url), follower(broker.url)
    one.put(b"1")
    keep(one, two)
    wait_until(lambda: one.nats.up and two.nats.up)
    one.put(b"lost")
    for each in (one, two):
        assert [each.seen.next() for _ in range(2)] == [(1, b"1"), (2, b"lost")]
    epoch = one.stream.epoch
    put_back(one, two)
    for each in (one, two):
        assert each.seen.next() == ("missed", 0)
    wait_until(lambda: one.nats.up and two.nats.up)
    assert epoch not in (one.stream.epoch, two.stream.epoch)
    assert two.put(b"2") == 2
    for each in (one, two):
        assert each.seen.next() == (2, b"2")
    assert follower(broker.url).stream.epoch in (one.stream.epoch, two.stream.epoch)


def test_a_new_epoch_is_seen_by_all(broker, follower):
    one, two = follower(broker.url), follower(broker.url)
    before = one.stream.epoch
    one.nats.run(one.stream.renew())
    third = follower(broker.url)
    assert third.stream.epoch not in ("", before) and two.stream.epoch == before
    two.nats.run(two.stream.first())  # with each page
    assert two.seen.next() == ("missed", 0)
    assert two.stream.epoch == third.stream.epoch


class FakeTime:
    """A connection to NATS of which only the clock is there."""

    def __init__(self):
        self.loop, self.now = self, 100.0

    def time(self):
        return self.now


def test_a_stream_lives_as_long_as_it_is_heard_in_time_or_the_node_is_busy():
    """Three signs of life may be missing; a node that takes nothing for an hour is not cut off."""
    nats, brought, busy = FakeTime(), [], [True]
    stream = NatsStream(nats, "S", "s", brought.append, print, lambda: bool(busy), **BOUNDS)

    def came(headers=None, sequence=7, count=1):
        reply = f"$JS.ACK.S.consumer.1.{sequence}.{count}.1795708495854110166.0"
        asyncio.run(stream._came(SimpleNamespace(headers=headers, reply=reply, subject="s.a", data=b"1")))

    async def an_hour(seconds):
        nats.now += 3600.0
        busy.clear()

    came({"Status": "100", "Nats-Last-Consumer": "0"})
    nats.now += 2.9
    assert stream.alive()
    nats.now += 0.1
    assert not stream.alive()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "sleep", an_hour)
        came()
    assert stream.alive() and [message.sequence for message in brought] == [7]
    came({"Status": "100", "Nats-Last-Consumer": "2"})  # one message was not brought
    assert not stream.alive()


@pytest.mark.parametrize("brought_again", [(9, 2), (8, 2)])
def test_behind_a_hole_nothing_is_brought(brought_again):
    """The connection is made anew, and the next consumer brings all of it."""
    nats, brought = FakeTime(), []
    stream = NatsStream(nats, "S", "s", brought.append, print, **BOUNDS)
    for sequence, count in ((7, 1), (9, 3), brought_again):
        reply = f"$JS.ACK.S.consumer.1.{sequence}.{count}.1795708495854110166.0"
        asyncio.run(stream._came(SimpleNamespace(headers=None, reply=reply, subject="s.a", data=b"1")))
    assert [message.sequence for message in brought] == [7] and not stream.alive()


def test_questions_without_a_connection_are_errors(broker, follower):
    one = follower(broker.url)
    broker.kill()
    wait_until(lambda: not one.nats.up)
    with pytest.raises(ConnectionError, match="NATS can't be reached"):
        one.page()
