"""Who is here, against a slow and obvious count."""

from __future__ import annotations

import random

import pytest

from wsdemo.patterns.presence import Change, Presence


@pytest.mark.parametrize("seed", range(20))
def test_random_words_against_a_plain_model(seed):
    chance, here, model, told, now = random.Random(seed), Presence(10), {}, set(), 0.0
    for _ in range(400):
        now += chance.choice((0.0, 0.5, 3.0))
        user, place = chance.choice("abc"), chance.randrange(3)
        if chance.random() < 0.7:
            here.seen(user, place, now)
            model[user, place] = now
        else:
            here.gone(user, place)
            model.pop((user, place), None)
        here.expire(now)
        model = {key: seen for key, seen in model.items() if now - seen < 10}
        users = {user for user, _ in model}
        assert here.users == tuple(sorted(users))
        if chance.random() < 0.3:
            change = here.changes()
            assert change == Change(tuple(sorted(users - told)), tuple(sorted(told - users)))
            told = users


def test_two_devices_are_one_user():
    here = Presence(40)
    here.seen("ann", "phone", 0.0)
    here.seen("ann", "tablet", 0.0)
    assert here.changes().joined == ("ann",)
    here.gone("ann", "phone")
    assert not here.changes() and here.users == ("ann",)
    here.gone("ann", "tablet")
    assert here.changes().left == ("ann",)


def test_who_came_and_left_between_two_looks_is_not_mentioned():
    here = Presence(40)
    here.seen("ann", 1, 0.0)
    here.gone("ann", 1)
    assert not here.changes()


def test_a_renewal_counts_from_itself_and_leaving_twice_is_leaving_once():
    here = Presence(10)
    here.seen("ann", 1, 0.0)
    here.seen("ann", 1, 9.0)
    here.expire(18.9)
    assert here.users == ("ann",)
    here.expire(19.0)
    assert here.users == ()
    here.gone("ann", 1)
    assert here.users == ()


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_bounds(timeout):
    with pytest.raises(ValueError, match="expected more than 0"):
        Presence(timeout)
