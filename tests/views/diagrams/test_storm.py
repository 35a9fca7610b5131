"""A reconnect storm: bars as high as the clients in each interval, all on one scale."""

from __future__ import annotations

import pytest

from tests.views.seen import seen, within
from wsdemo.views.diagrams.storm import BAR, GAP, LANE, NOTES, TITLE, counted, storm
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.axis import LEFT, WIDE

TIMES = {"together": [0.35] * 8, "spread": [0.05, 0.15, 0.16, 0.75]}


def test_each_bar_has_its_place_and_height() -> None:
    page = seen(storm(TIMES))
    within(page)
    bars = [box for box in page.boxes if box.fill == theme.LIGHT_BLUE]
    tenth = (WIDE - NOTES) / 8
    feet = [TITLE + (lane + 1) * LANE - GAP for lane in range(2)]
    wanted = [(3, 8, feet[0]), (0, 1, feet[1]), (1, 2, feet[1]), (7, 1, feet[1])]
    for bar, (place, count, foot) in zip(bars, wanted, strict=True):
        assert bar.x == pytest.approx(LEFT + place * tenth, abs=0.02)
        assert bar.width == pytest.approx(tenth, abs=0.02)
        assert bar.height == pytest.approx(count / 8 * BAR, abs=0.02)
        assert bar.y + bar.height == pytest.approx(foot, abs=0.02)


def test_names_and_the_highest_bars_are_written() -> None:
    page = seen(storm({"all": [0.5] * 1000, "none": []}, "A storm", width=0.25))
    assert page.find("A storm").bold
    assert page.find("all").y == page.find("at most 1,000 in 0.25 s").y
    assert page.find("none").y == page.find("at most 0 in 0.25 s").y


def test_an_interval_begins_with_its_first_instant() -> None:
    assert counted([0.3, 0.4, 0.399], 0.1) == {3: 2, 4: 1}
    with pytest.raises(ValueError, match="expected more than 0"):
        counted([], 0)
