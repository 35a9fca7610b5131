"""Quantiles, the samples that carry them, and a word on the machine."""

from __future__ import annotations

import math
import os
import platform
import random
import statistics

import pytest

from wsdemo.rivals.measuring import BEYOND, carries, machine, quantile


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.9, 1.0])
def test_quantiles_are_those_of_the_standard_library(share: float) -> None:
    values = [math.sin(number) for number in range(101)]
    cuts = [min(values), *statistics.quantiles(values, n=100, method="inclusive"), max(values)]
    assert quantile(values, share) == pytest.approx(cuts[round(share * 100)])
    assert math.isnan(quantile([], share))


def test_a_quantile_of_one_value_is_that_value() -> None:
    assert quantile([3.5], 0.99) == 3.5


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 0.01])
def test_ten_values_lie_beyond_a_quantile_that_is_stated(share: float) -> None:
    least = round(BEYOND / min(share, 1 - share))
    assert carries(least, share) and not carries(least - 1, share)
    values = random.Random(1).sample(range(10 * least), least)
    cut = quantile(values, share)
    beyond = sum(value > cut for value in values) if share >= 0.5 else sum(value < cut for value in values)
    assert beyond == BEYOND


def test_the_machine_is_named() -> None:
    words = machine()
    for part in (platform.system(), platform.machine(), f"{os.cpu_count()} cores", platform.python_version()):
        assert part in words
