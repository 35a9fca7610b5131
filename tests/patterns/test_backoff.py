"""Full jitter: its bounds, its spread, and that it starts anew."""

from __future__ import annotations

import itertools
import math
import random
from statistics import fmean

import pytest

from wsdemo.patterns.backoff import Waits, come_back, delays


@pytest.mark.parametrize("seed", range(5))
def test_each_wait_is_spread_from_nothing_to_its_bound(seed):
    chance = random.Random(seed)
    runs = [list(itertools.islice(delays(0.5, 10, chance.uniform), 8)) for _ in range(2000)]
    for waits, bound in zip(zip(*runs, strict=True), (0.5, 1, 2, 4, 8, 10, 10, 10), strict=True):
        assert 0 <= min(waits) < 0.02 * bound and 0.98 * bound < max(waits) <= bound
        assert abs(fmean(waits) / bound - 0.5) < 0.03


def test_the_same_chance_gives_the_same_waits():
    first, second = (list(itertools.islice(delays(uniform=random.Random(7).uniform), 9)) for _ in range(2))
    assert first == second and len(set(first)) == 9


@pytest.mark.parametrize(
    ("base", "cap"), [(0, 1), (-1, 1), (2, 1), (1, math.inf), (math.nan, 1), (1, math.nan)]
)
def test_bounds(base, cap):
    with pytest.raises(ValueError, match="expected 0 < base <= cap"):
        delays(base, cap)


@pytest.mark.parametrize(("after", "wait"), [(0, 0), (2.5, 2.5), (-1, 0), (1e300, 3600)])
def test_the_servers_word_goes_first_within_bounds(after, wait):
    assert Waits().before(1012, after) == wait


def test_slowly_begins_where_the_others_end():
    waits = Waits(uniform=lambda low, high: high)
    assert [waits.before(1013) for _ in range(5)] == [10, 20, 40, 60, 60]
    assert waits.before(1006) == 0.5
    waits.reset()
    assert (waits.before(1013), waits.before(1006)) == (10, 0.5)


def test_the_answer_to_every_close_code():
    never = {1000, 1002, 1003, 1007, 1008, 1009, 1010, 4400, 4403, 4413, 4426}
    soon = {1001, 1005, 1006, 1012, 4408}
    told = {code: come_back(code) for code in range(1000, 5000)}
    assert {code for code in told if told[code] == "never"} == never
    assert {code for code in told if told[code] == "yes"} == soon
    assert (told[4401], told[4409]) == ("after a new token", "as a new device")
    assert {told[code] for code in told if code not in never | soon | {4401, 4409}} == {"slowly"}
