"""A reader's way through the log: over random schedules of a log, a peer who stops, and channels left."""

from __future__ import annotations

import collections
import json
import os

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from wsdemo.patterns.following import KEYS, Place, Reader, entry_text
from wsdemo.patterns.log import Keep, MemoryLog, Post

#: Random schedules of one run; 10,000 for a long one.
RUNS = int(os.environ.get("WSDEMO_SCHEDULES", "200"))
HIGH_WATER = 100


class Peer:
    """A connection whose bytes leave when the test says so; it stops at the first send above the mark."""

    def __init__(self):
        self.pending = 0
        self.heard = []

    def send(self, text):
        assert self.pending <= HIGH_WATER + 100, "sent to a peer who does not read"
        self.pending += len(text)
        self.heard.append(json.loads(text))

    def drain(self):
        self.pending = 0


class LateLog(MemoryLog):
    """A log that answers when the test says so, in the order of asking, or not at all."""

    def __init__(self, done, **options):
        super().__init__(done, **options)
        self.answers = collections.deque()
        self.busy = self.broken = False

    def read(self, channel, after, size, then):
        if self.busy:
            return False
        if self.broken:
            self.answers.append(lambda: then(None))
            return True
        return super().read(channel, after, size, lambda page: self.answers.append(lambda: then(page)))


class World:
    """One reader of two channels, and the model: what it must have heard."""

    CHANNELS = ("#a", "#b")

    def __init__(self):
        self.peer, self.numbers, self.model = Peer(), collections.Counter(), {}
        self.log = LateLog(self.stored, keep=lambda channel: Keep(count=8))
        self.reader = Reader(self.peer, self.log, "own", size=20, high_water=HIGH_WATER)

    def stored(self, outcomes):
        """As `Rooms.stored`: the entry waits in the same queue as the answers of the log."""
        for outcome in outcomes:
            self.log.answers.append(lambda outcome=outcome: self.deliver(outcome))

    def deliver(self, outcome):
        place = self.reader.places.get(outcome.post.channel)
        if place is not None and self.reader.live(place, outcome.entry.offset):
            self.peer.send(entry_text(place.channel, outcome.entry))

    def publish(self, channel):
        self.numbers[channel] += 1
        n = self.numbers[channel]
        self.log.append(Post(channel, channel, n, "ann", str(n)))

    def join(self, channel):
        self.reader.leave(channel)
        place = self.reader.places[channel] = Place(channel)
        after = self.heard(channel)

        def joined(page):
            if self.reader.places.get(channel) is place:
                if page is None:
                    self.leave(channel)
                else:
                    self.reader.follow(place, after, page.top)

        if not self.log.read(channel, after, 0, joined):
            self.leave(channel)

    def leave(self, channel):
        self.reader.leave(channel)

    def heard(self, channel):
        """The last offset that is accounted for; fails where one is missing and nothing was told."""
        last = 0
        for message in self.peer.heard:
            if message["channel"] == channel:
                if message["type"] == "gap":
                    assert message["from"] == last + 1
                    last = message["to"]
                else:
                    assert message["offset"] == last + 1 and message["body"] == message["offset"]
                    last = message["offset"]
        return last

    def answer(self, channel):
        if self.log.answers:
            self.log.answers.popleft()()

    def drain(self, channel):
        self.peer.drain()
        self.reader.drained()

    def busy(self, channel):
        self.log.busy = not self.log.busy

    def broken(self, channel):
        self.log.broken = not self.log.broken

    def settle(self):
        """All goes well again: then nothing may be missing."""
        self.log.busy = self.log.broken = False
        while self.log.answers:
            self.answer("")
        for channel in self.CHANNELS:
            if channel not in self.reader.places:
                self.join(channel)
        for _ in range(200):
            self.answer("")
            self.drain("")
        assert [self.heard(channel) for channel in self.CHANNELS] == [
            self.numbers[channel] for channel in self.CHANNELS
        ]
        assert all(place.live for place in self.reader.places.values())


STEPS = ("publish", "publish", "publish", "answer", "answer", "drain", "join", "leave", "busy", "broken")
SCHEDULES = st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(World.CHANNELS)), max_size=80)


@seed(12)
@settings(
    max_examples=RUNS,
    deadline=None,
    derandomize=False,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(SCHEDULES)
def test_nothing_is_missing_that_was_not_told(steps):
    world = World()
    for step, channel in steps:
        getattr(world, step)(channel)
        assert all(world.heard(name) <= world.numbers[name] for name in World.CHANNELS)
    world.settle()


def test_a_log_that_answers_at_once_needs_no_deep_stack():
    peer = Peer()
    log = MemoryLog(lambda outcomes: None)
    for n in range(1, 5001):
        log.append(Post("#a", "x", n, "ann", '"0123456789"'))
    reader = Reader(peer, log, "own", size=1, high_water=10**9)
    peer.pending = -(10**9)
    place = reader.places["#a"] = Place("#a")
    reader.follow(place, 0, 5000)
    assert [message["offset"] for message in peer.heard] == list(range(1, 5001)) and place.live


def test_pages_of_several_channels_take_turns():
    peer, log = Peer(), MemoryLog(lambda outcomes: None)
    peer.pending = -10_000
    for n in range(1, 5):
        for channel in ("#a", "#b"):
            log.append(Post(channel, channel, n, "ann", "1"))
    reader = Reader(peer, log, "own", size=1, high_water=HIGH_WATER)
    reader._going = True  # both are behind before it goes
    for channel in ("#a", "#b"):
        place = reader.places[channel] = Place(channel)
        reader.follow(place, 0, 4)
    reader._going = False
    reader.go_on()
    assert [m["channel"] for m in peer.heard] == ["#a", "#b"] * 4


def test_of_volatile_messages_the_newest_of_each_key_is_kept_and_the_rest_is_told():
    peer = Peer()
    reader = Reader(peer, MemoryLog(print), "own", size=1, high_water=HIGH_WATER)
    place = reader.places["#a"] = Place("#a")
    assert reader.volatile(place, "k", "{}")  # in time: the caller sends it to all at once
    peer.pending = HIGH_WATER + 1
    for n in range(3):
        assert not reader.volatile(place, "k", f'{{"k":{n}}}')
    assert not reader.volatile(place, None, "{}")
    for n in range(KEYS):
        assert not reader.volatile(place, n, f'{{"n":{n}}}')
    peer.pending = 1
    assert not reader.volatile(place, "k", '{"k":9}')  # behind those that are kept, not before them
    for _ in range(KEYS):
        peer.drain()
        reader.drained()
    gap, *rest = peer.heard
    assert gap == {"type": "gap", "channel": "#a", "from": 1, "to": 3, "why": "slow"}
    assert rest == [*({"n": n} for n in range(1, KEYS)), {"k": 9}]
    assert reader.volatile(place, "k", "{}")


def test_a_page_for_a_channel_that_was_left_or_joined_anew_is_passed_over():
    for again in (False, True):
        world = World()
        for _ in range(3):
            world.publish("#a")
        world.join("#a")
        for _ in range(4):
            world.answer("")  # the three entries, and the answer to the join: now a page is asked for
        world.leave("#a")
        if again:
            world.join("#a")
        world.answer("")  # the page
        assert world.peer.heard == []
        world.settle()


def test_a_message_of_its_own_has_its_number_also_when_it_is_read_from_the_log():
    peer, log = Peer(), MemoryLog(lambda outcomes: None)
    for device in ("own", "another"):
        log.append(Post("#a", device, 1, "ann", '"x"'))
    reader = Reader(peer, log, "own", 1000, 10_000)
    place = reader.places["#a"] = Place("#a")
    reader.follow(place, 0, 2)
    assert [message.get("n") for message in peer.heard] == [1, None]


def follower():
    """A reader at the top of a channel with two entries."""
    peer, log, place = Peer(), MemoryLog(lambda outcomes: None), Place("#a")
    for n in (1, 2):
        log.append(Post("#a", "writer", n, "bob", '"x"'))
    reader = Reader(peer, log, "own", 1000, 10_000)
    reader.places["#a"] = place
    reader.follow(place, 0, 2)
    return peer, reader, place


def test_news_that_a_page_has_brought_already_is_not_sent_again():
    peer, reader, place = follower()
    assert not reader.live(place, 1) and not reader.live(place, 2)
    reader.drained()
    assert [message["offset"] for message in peer.heard] == [1, 2] and place.live
    assert reader.live(place, 3)


def test_what_a_server_has_missed_is_read_from_the_log():
    peer, reader, place = follower()
    reader.missed(place, 1)
    assert place.live  # it was sent before
    place.offset = 1  # as if the second one had never come
    reader.missed(place, 2)
    reader.go_on()
    assert [message["offset"] for message in peer.heard] == [1, 2, 2] and place.live
