"""Full jitter: its bounds, its spread, and that it starts anew."""

from __future__ import annotations

import itertools
import math
import random
from statistics import fmean

import pytest

from wsdemo.patterns.backoff import delays


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
