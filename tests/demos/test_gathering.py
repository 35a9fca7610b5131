"""A gathering: guests hear each other, can be frozen and lost, and what fails is told."""

from __future__ import annotations

import pytest

from wsdemo.demos import gathering as module
from wsdemo.demos.gathering import Gathering


def test_guests_hear_each_other_from_the_beginning() -> None:
    with Gathering() as gathering:
        ann = gathering.guest("ann", "#room")
        ann.say("#room", "first")
        late = gathering.guest("late", "#room")
        assert ann.wait(1) == late.wait(1) == ["first"]


def test_a_frozen_guest_hears_later_and_a_lost_one_when_it_is_back() -> None:
    with Gathering() as gathering:
        ann, slow, lost = (gathering.guest(name, "#room") for name in ("ann", "slow", "lost"))
        slow.freeze()
        lost.lose()
        for number in range(3):
            ann.say("#room", number)
        assert ann.wait(3) == [0, 1, 2]
        assert slow.heard == lost.heard == []
        slow.thaw()
        lost.back_again("#room")
        assert slow.wait(3) == lost.wait(3) == [0, 1, 2]


def test_rights_are_asked() -> None:
    with Gathering(lambda user, action, channel: action == "join") as gathering:
        ann = gathering.guest("ann", "#room")
        ann.client.publish("#room", "no")
        gathering.until(lambda: ann.told)
        assert ann.told[0]["type"] == "dropped" and ann.told[0]["code"] == "not_allowed"


def test_what_does_not_happen_is_a_timeout(monkeypatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    with Gathering() as gathering, pytest.raises(TimeoutError, match="not within"):
        gathering.until(lambda: False)
