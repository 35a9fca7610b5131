"""The event, its moment and the strategy over the four lanes: each change is drawn."""

from __future__ import annotations

import pytest

from wsdemo.views.benches.dragging import dragging
from wsdemo.views.diagrams.fate import EVENTS, LATEST, STRATEGIES, describe


def test_each_control_changes_the_picture() -> None:
    live = dragging("power cut", 5, "send once")
    event, strategy, moment = live.controls
    assert live.text == describe("power cut", 5, "send once")
    moment.value = 7.5
    assert live.text == describe("power cut", 7.5, "send once")
    strategy.value = "send until confirmed"
    assert live.text == describe("power cut", 7.5, "send until confirmed")
    event.value = "network cut"
    assert live.text == describe("network cut", 7.5, "send until confirmed")
    assert (event.options, strategy.options) == (EVENTS, STRATEGIES)
    assert (moment.min, moment.max, moment.step) == (0, LATEST, 0.5)
    still = live.outputs[0]["text/plain"]
    assert still.startswith("send once; power cut after 5 ms\n") and "a slider drags the event" in still
    live.close()


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of"):
        dragging("rain")
