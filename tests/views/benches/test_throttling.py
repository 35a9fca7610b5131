"""The policy and the pace over the levels: each change plays the room anew, with both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wsdemo.views import Live, column
from wsdemo.views.benches.throttling import PACES, throttling
from wsdemo.views.drawing.drawing import Drawing

played: list[tuple[str, int]] = []


def watch(policy: str, pace: int) -> Drawing:
    played.append((policy, pace))
    return column(f"{policy} at {pace}")


@pytest.fixture
def bench() -> Iterator[Live]:
    played.clear()
    live = throttling(watch, ["close", "drop"], start=("drop", 200_000))
    yield live
    live.close()


def test_it_begins_as_told_and_plays_what_is_chosen(bench: Live) -> None:
    policy, pace = bench.controls
    assert played == [("drop", 200_000)] and bench.text == "drop at 200000"
    policy.value = "close"
    pace.value = 50_000
    assert played[1:] == [("close", 200_000), ("close", 50_000)]
    assert bench.text == "close at 50000" and "close at 50000" in bench.view.value


def test_the_still_is_the_beginning_and_tells_of_the_controls(bench: Live) -> None:
    bench.controls[0].value = "close"
    text = bench.outputs[0]["text/plain"]
    assert text.startswith("drop at 200000\n") and "a menu sets the policy, a slider the pace" in text


def test_a_slider_that_is_dragged_plays_once() -> None:
    live = throttling(watch, ["close"], start=("close", 0))
    assert live.controls[1].continuous_update is False
    assert [value for _, value in live.controls[1].options] == list(PACES)
    live.close()
