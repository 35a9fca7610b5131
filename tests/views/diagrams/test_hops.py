"""The way of a message over several machines: each place has a lane, each arrival its clock, by time."""

from __future__ import annotations

import itertools

import pytest

from tests.views.seen import seen
from wsdemo.views.diagrams.hops import Leap, describe, hops

WAY = [
    Leap("Ana", 0.0, "node A", 0.001),
    Leap("node A", 0.001, "broker", 0.002),
    Leap("broker", 0.002, "node B", 0.004),
    Leap("broker", 0.002, "node C", 0.005),
]


def test_lanes_and_clocks() -> None:
    drawn = seen(hops(WAY, "Hello"))
    places = {words.text: words for words in drawn.words}
    heights = [places[name].y for name in ("Ana", "node A", "broker", "node B", "node C")]
    assert heights == sorted(heights) and len(set(heights)) == 5
    clocks = [places[words] for words in ("1", "2", "4", "5")]
    assert all(right.x > left.x for left, right in itertools.pairwise(clocks))
    steps = [right.x - left.x for left, right in itertools.pairwise(clocks)]
    assert steps[1] == pytest.approx(2 * steps[0], abs=0.5) and steps[2] == pytest.approx(steps[0], abs=0.5)
    assert "milliseconds since it was sent" in places


def test_the_text_is_in_the_order_of_arrival() -> None:
    lines = describe(list(reversed(WAY)), "Hello").splitlines()
    assert lines[0] == "Hello"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "Ana → node A", "node A → broker", "broker → node B", "broker → node C"
    ]  # fmt: skip


@pytest.mark.parametrize("leaps", [[], [("a", 0.2, "b", 0.1)], [("a", -1.0, "b", 0.1)]])
def test_what_can_not_be_is_refused(leaps: list[tuple[str, float, str, float]]) -> None:
    with pytest.raises(ValueError, match="expected leaps"):
        hops(leaps, "no")
