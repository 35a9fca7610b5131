"""The attack and its limit over the costs: each change attacks anew, with both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wsdemo.views import Live, column
from wsdemo.views.benches.bounding import bounding
from wsdemo.views.drawing.drawing import Drawing

LIMITS = {"little": 0.5, "much": 64.0, "none": None}
done: list[tuple[str, float | None]] = []


def watch(attack: str, limit: float | None) -> Drawing:
    done.append((attack, limit))
    return column(f"{attack} at {limit}")


@pytest.fixture
def bench() -> Iterator[Live]:
    done.clear()
    live = bounding(watch, ["bomb", "flood"], LIMITS, start=("flood", "much"))
    yield live
    live.close()


def test_it_begins_as_told_and_attacks_as_chosen(bench: Live) -> None:
    attack, limit = bench.controls
    assert done == [("flood", 64.0)] and bench.text == "flood at 64.0"
    assert list(attack.options) == ["bomb", "flood"] and list(limit.options) == list(LIMITS)
    attack.value = "bomb"
    limit.value = "none"
    assert done[1:] == [("bomb", 64.0), ("bomb", None)]
    assert bench.text == "bomb at None" and "bomb at None" in bench.view.value


def test_the_still_is_the_beginning_and_tells_of_the_controls(bench: Live) -> None:
    bench.controls[0].value = "bomb"
    text = bench.outputs[0]["text/plain"]
    assert text.startswith("flood at 64.0\n") and "a menu chooses the attack, a slider its limit" in text


def test_a_slider_that_is_dragged_attacks_once(bench: Live) -> None:
    assert bench.controls[1].continuous_update is False
