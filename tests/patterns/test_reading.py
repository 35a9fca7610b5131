"""Each message once: offsets, epochs, holes, and messages that the application cannot take."""

from __future__ import annotations

import pytest

from wsdemo.patterns.outbox import Outbox, Position
from wsdemo.patterns.reading import Reading


class Reader(Reading):
    """A reading, and what it has led to."""

    def __init__(self, outbox, on_message=None, pause=lambda seconds: True):
        self.bodies, self.told, self.outbox = [], [], outbox
        super().__init__(outbox, on_message or self.take, self.told.append, pause)

    def take(self, message):
        self.bodies.append(message["body"])

    def come(self, *offsets):
        for offset in offsets:
            self.message({"channel": "#a", "offset": offset, "body": f"m{offset}"})


@pytest.fixture
def outbox():
    with Outbox() as outbox:
        yield outbox


def ok(offset=9, epoch="e", complete=True):
    return {"epoch": epoch, "offset": offset, "complete": complete}


def test_a_channel_that_is_new_here(outbox):
    reader = Reader(outbox)
    reader.come(10)
    assert reader.place("#a") == {}
    reader.joined({"channel": "#a"}, ok())
    reader.come(9, 10)
    assert reader.bodies == ["m10"] and reader.place("#a") == {"after": 10, "epoch": "e"}


def test_offsets_grow_not_necessarily_by_one(outbox):
    reader = Reader(outbox)
    reader.joined({"channel": "#a", "after": 3}, ok())
    reader.come(4, 7, 6, 7, 12)
    assert reader.bodies == ["m4", "m7", "m12"] and reader.told == []


def test_the_offset_is_stored_after_the_effect(outbox):
    seen = []
    reader = Reader(outbox, lambda message: seen.append(outbox.position("#a").offset))
    reader.joined({"channel": "#a", "after": 0}, ok())
    reader.come(1, 2)
    assert seen == [0, 1]


@pytest.mark.parametrize("late", [{"channel": "#a", "after": 3, "epoch": "e"}, {"channel": "#a"}])
def test_the_answer_to_an_older_join_does_not_move_the_place(outbox, late):
    outbox.seen("#a", Position("e", 5))
    reader = Reader(outbox)
    reader.joined(late, ok())
    assert outbox.position("#a") == Position("e", 5)


@pytest.mark.parametrize(
    "answer", [ok(complete=False), ok(epoch="f"), ok(epoch="f", complete=False), ok(offset=3, complete=False)]
)
def test_a_log_that_is_not_the_one_it_knows_is_told_and_read_anew(outbox, answer):
    outbox.seen("#a", Position("e", 5))
    reader = Reader(outbox)
    reader.joined({"channel": "#a", "after": 5, "epoch": "e"}, answer)
    assert reader.told == [{"type": "incomplete", "channel": "#a", "after": 5, "epoch": answer["epoch"]}]
    reader.come(1, 2)
    assert reader.bodies == ["m1", "m2"] and outbox.position("#a") == Position(answer["epoch"], 2)


def test_a_gap_is_told_and_passed(outbox):
    outbox.seen("#a", Position("e", 5))
    reader = Reader(outbox)
    expired = {"type": "gap", "channel": "#a", "from": 6, "to": 8, "why": "expired"}
    slow = {"type": "gap", "channel": "#a", "from": 1, "to": 300, "why": "slow"}  # counts, no offsets
    for gap in (expired, slow):
        reader.gap(gap)
    assert reader.told == [expired, slow] and outbox.position("#a") == Position("e", 8)


def fails(times):
    left = [True] * times

    def on_message(message):
        if message["offset"] == 2 and left:
            left.pop()
            raise ValueError("not this one")

    return on_message


@pytest.mark.parametrize(("times", "parked"), [(1, 0), (2, 0), (3, 1)])
def test_three_tries(outbox, caplog, times, parked):
    pauses = []
    reader = Reader(outbox, fails(times), lambda seconds: pauses.append(seconds) or True)
    reader.joined({"channel": "#a", "after": 0}, ok())
    reader.come(1, 2, 3)
    assert len(outbox.parked()) == len(reader.told) == parked and len(pauses) == min(times, 2)
    assert outbox.position("#a") == Position("e", 3)
    assert caplog.text.count("message 2 of #a failed") == times


def test_a_parked_message_is_in_the_outbox_when_it_is_told(outbox, caplog):
    kept = []
    reader = Reading(outbox, fails(9), lambda event: kept.extend(outbox.parked()), lambda seconds: True)
    reader.joined({"channel": "#a", "after": 1}, ok())
    reader.message({"channel": "#a", "offset": 2, "body": "poison"})
    assert [(channel, offset, why) for channel, offset, _, why in kept] == [
        ("#a", 2, "ValueError: not this one")
    ]


def test_a_client_that_closes_between_two_tries_parks_nothing(outbox, caplog):
    reader = Reader(outbox, fails(9), lambda seconds: False)
    reader.joined({"channel": "#a", "after": 1}, ok())
    reader.come(2)
    assert outbox.parked() == [] and outbox.position("#a") == Position("e", 1)


def test_an_effect_that_fails_is_a_failed_try(caplog):
    def effect(db, message):
        raise ValueError("no")

    with Outbox(effect=effect) as outbox:
        reader = Reader(outbox)
        reader.joined({"channel": "#a", "after": 1}, ok())
        reader.come(2)
        assert reader.told[0]["type"] == "parked" and outbox.position("#a") == Position("e", 2)
