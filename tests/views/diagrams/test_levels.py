"""Water levels: each member's lane, on one scale, with the bound across it."""

from __future__ import annotations

import pytest

from tests.views.samples import water
from tests.views.seen import Line, Page, seen, within
from wsdemo.views.diagrams.levels import AXIS, GAP, LANE, LEFT, NOTES, TITLE, WATER, WIDE, Gauge, levels
from wsdemo.views.drawing import theme

LONG = WIDE - NOTES  # pixels of the whole time


def surface(page: Page, lane: int) -> Line:
    """The line on the water of the lane with this number."""
    foot = TITLE + (lane + 1) * LANE - GAP
    found = [
        line
        for line in page.lines
        if line.color == theme.INK and not line.closed and foot - WATER - 1 <= line.points[0][1] <= foot
    ]
    assert len(found) == 1
    return found[0]


def test_each_sample_is_a_point_at_its_time_and_height() -> None:
    page = seen(levels(water(), bound=600))
    within(page)
    foot = TITLE + 2 * LANE - GAP
    times = (1, 3, 5, 7)  # tenths of a second: every second sample is Dora's; the whole takes 8 of them
    wanted = [
        (LEFT + at / 8 * LONG, foot - size / 1234 * WATER)
        for at, size in zip(times, (0, 300, 700, 1234), strict=True)
    ]
    assert [pytest.approx(point, abs=0.02) for point in wanted] == list(surface(page, 1).points)
    assert {y for _, y in surface(page, 0).points} == {TITLE + LANE - GAP}, "nothing waits for Ana"


def test_the_bound_lies_across_each_lane_at_its_height() -> None:
    dashed = [line for line in seen(levels(water(), bound=600)).lines if line.dash]
    wanted = [TITLE + lane * LANE - GAP - 600 / 1234 * WATER for lane in (1, 2)]
    assert [line.points[0][1] for line in dashed] == [pytest.approx(y, abs=0.02) for y in wanted]
    assert all(line.points[0][0] == LEFT and line.color == theme.ALARM for line in dashed)
    assert not [line for line in seen(levels(water())).lines if line.dash], "no bound, no line"


def test_a_bound_above_all_water_sets_the_scale() -> None:
    page = seen(levels(water(), bound=2468))
    assert surface(page, 1).points[-1][1] == pytest.approx(TITLE + 2 * LANE - GAP - WATER / 2, abs=0.02)


def test_names_notes_and_the_highest_level_are_written() -> None:
    page = seen(levels(water(), "A room", bound=600))
    assert page.find("A room").bold
    for lane, (who, most) in enumerate((("Ana", "at most 0 bytes"), ("Dora", "at most 1,234 bytes"))):
        assert TITLE + lane * LANE < page.find(who).y == page.find(most).y < TITLE + (lane + 1) * LANE
    closed = page.find("closed")
    assert closed.color == theme.ALARM and TITLE + LANE < closed.y < TITLE + 2 * LANE
    assert "milliseconds; dashed: the bound, 600 bytes" in page.texts
    assert page.height == TITLE + 2 * LANE + AXIS


def test_a_gauge_keeps_times_in_order_of_its_clock() -> None:
    gauge = Gauge(clock=iter([0.5, 0.75]).__next__)
    gauge.sample("Ana", 3)
    gauge.note("Ben", "left")
    assert (gauge.samples[0].at, gauge.notes[0].at) == (0.5, 0.75)
    assert gauge.members == ["Ana"] and gauge.highest("Ben") == 0
    assert repr(gauge) == "<Gauge: 1 sample of 1 member>"
