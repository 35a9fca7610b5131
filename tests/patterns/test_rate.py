"""The token bucket against a plain count of what a window may let through."""

from __future__ import annotations

import math
import random

import pytest

from wsdemo.patterns import rate
from wsdemo.patterns.rate import Attempts, Bucket


@pytest.mark.parametrize("seed", range(20))
def test_no_window_lets_through_more_than_burst_and_rate(seed):
    chance = random.Random(seed)
    rate, burst = chance.uniform(1, 50), chance.randrange(1, 30)
    bucket, now, taken = Bucket(rate, burst, 0.0), 0.0, []
    for _ in range(500):
        now += chance.expovariate(4 * rate)
        if bucket.take(now):
            taken.append(now)
    for i, start in enumerate(taken):
        for j in range(i, len(taken)):
            assert j - i + 1 <= burst + rate * (taken[j] - start) + 1e-6
    assert len(taken) >= rate * now * 0.7  # and a demand of four times the rate gets most of it


def test_the_wait_is_exactly_what_is_needed():
    bucket = Bucket(rate=4, burst=2, now=10.0)
    assert bucket.take(10.0, 2)
    wait = bucket.wait(10.0)
    assert wait == 0.25
    assert not bucket.take(10.0 + wait - 0.01) and bucket.take(10.0 + wait)


def test_a_pause_fills_no_more_than_the_burst():
    bucket = Bucket(rate=10, burst=3, now=0.0)
    assert [bucket.take(1000.0) for _ in range(4)] == [True, True, True, False]


def test_a_clock_that_goes_back_gives_nothing():
    bucket = Bucket(rate=8, burst=1, now=5.0)
    assert bucket.take(5.0)
    assert not bucket.take(1.0) and not bucket.take(5.1) and bucket.take(5.125)


def test_more_than_the_burst_never():
    assert Bucket(1, 2, 0.0).wait(0.0, 3) == math.inf


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0), (1, 0.5), (math.nan, 1), (1, math.nan)])
def test_bounds(rate, burst):
    with pytest.raises(ValueError, match="expected more than 0, and at least 1"):
        Bucket(rate, burst, 0.0)


def test_attempts_of_one_key_are_not_those_of_another(monkeypatch):
    attempts = Attempts(rate=1, burst=2)
    assert [attempts.take(key, 0.0) for key in "aaab"] == [0.0, 0.0, 1.0, 0.0]
    assert attempts.take("a", 1.0) == 0.0


def test_keys_are_bounded_and_the_one_unused_for_longest_goes(monkeypatch):
    monkeypatch.setattr(rate, "KEYS", 3)
    attempts = Attempts(rate=1, burst=1)
    for key in "abcad":  # b is the oldest when d comes
        attempts.take(key, 0.0)
    assert len(attempts._buckets) == 3
    assert [attempts.take(key, 0.0) for key in "adc"] == [1.0, 1.0, 1.0] and attempts.take("b", 0.0) == 0.0
