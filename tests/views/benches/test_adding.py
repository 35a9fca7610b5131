"""Nodes that are added and killed: each change is drawn."""

from __future__ import annotations

import pytest

from wsdemo.views.benches.adding import adding
from wsdemo.views.diagrams.cluster import describe


def test_each_control_changes_the_picture() -> None:
    live = adding(3)
    nodes, killed = live.controls
    assert live.text == describe(3)
    killed.value = "node 3"
    assert live.text == describe(3, "node 3")
    nodes.value = 4
    assert live.text == describe(4, "node 3") and "node 4" in killed.options
    nodes.value = 2  # what is killed is no longer there
    assert live.text == describe(2) and killed.value == "nothing"
    killed.value = "the broker"
    assert live.text == describe(2, "the broker")
    nodes.value = 1
    assert live.text == describe(1, "the broker")
    still = live.outputs[0]["text/plain"]
    assert still.startswith("3 nodes, nothing killed") and "a slider adds nodes" in still
    live.close()


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 1 to 4"):
        adding(3, "node 4")
