"""The axis of time: its unit and its ticks."""

from __future__ import annotations

import pytest

from tests.views.seen import seen, within
from wsdemo.views.diagrams.gantt import Fact, gantt
from wsdemo.views.drawing.axis import ticks, time_unit


@pytest.mark.parametrize(
    ("seconds", "unit"),
    [(2e-4, "microseconds"), (0.3, "milliseconds"), (12.0, "seconds"), (0.0, "microseconds")],
)
def test_the_axis_has_a_unit_that_reads_well(seconds: float, unit: str) -> None:
    assert time_unit(seconds)[0] == unit
    page = seen(gantt([Fact(1, 1 + seconds, "Ana", "served")]))
    within(page)
    assert f"{unit} since the first of these events" in page.texts


@pytest.mark.parametrize("length", [0.001, 0.0199, 0.5, 1.0, 9.99, 1234.0])
def test_ticks_are_round_and_few(length: float) -> None:
    found = ticks(length)
    assert found[0] == 0 and found[-1] <= length < found[-1] + found[1]
    assert 5 <= len(found) <= 11
