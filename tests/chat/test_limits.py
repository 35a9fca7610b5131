"""The bounds of the chat as one value, and those that must agree."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.chat.front import anywhere
from tests.chat.visiting import Visitor, ask
from wsdemo.chat import Chat
from wsdemo.chat.limits import CHAT_LIMITS, ChatLimits
from wsdemo.patterns.session import RoomLimits


def test_they_are_frozen_and_agree() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CHAT_LIMITS.names = 1  # type: ignore[misc]
    assert ChatLimits() == CHAT_LIMITS
    assert CHAT_LIMITS.net.message_size > CHAT_LIMITS.rooms.size  # so that `too_large` can be said
    assert CHAT_LIMITS.net.message_size < CHAT_LIMITS.net.buffer_size


@anywhere
def test_a_message_that_is_too_large_is_told_and_the_connection_lives(chat: Chat) -> None:
    with Visitor(chat) as ann:
        ann.until("welcome")
        ann.publish(1, "x" * CHAT_LIMITS.rooms.size)
        assert ann.until("error")["code"] == "too_large"
        ann.publish(1, "x" * (CHAT_LIMITS.rooms.size - 100))
        assert ann.until("confirm")["n"] == 1


@anywhere
def test_the_body_of_a_request_is_bounded(chat: Chat) -> None:
    body = b" " * (CHAT_LIMITS.net.body_size + 1)
    assert ask(chat, "POST", "/login", body).status == 413


def test_other_bounds_reach_the_rooms() -> None:
    with Chat(limits=ChatLimits(rooms=RoomLimits(per_user=1))) as chat:
        with Visitor(chat, device="one") as one, Visitor(chat, device="two") as two:
            assert one.until("welcome") and two.bye()["code"] == 4429


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"size": 0}, ValueError),
        ({"size": 1.5}, TypeError),
        ({"size": "64"}, TypeError),
        ({"window": True}, TypeError),
        ({"per_user": None}, TypeError),
        ({"silence": -1.0}, ValueError),
        ({"silence": float("nan")}, ValueError),
        ({"retry": "soon"}, TypeError),
        ({"publishes": 50}, TypeError),
        ({"publishes": (50.0,)}, TypeError),
        ({"volatiles": (0.0, 1.0)}, ValueError),
        ({"requests": (1.0, 0.5)}, ValueError),
    ],
)
def test_a_bound_that_is_none_is_refused_in_the_call(wrong: dict[str, Any], kind: type[Exception]) -> None:
    (name,) = wrong
    with pytest.raises(kind, match="rate" if kind is ValueError and type(wrong[name]) is tuple else name):
        RoomLimits(**wrong)
    RoomLimits(silence=40, retry=float("inf"))


def test_bounds_that_do_not_agree_are_refused_in_the_call() -> None:
    """A client would send what it may, be cut off with 1009, and not come back."""
    with pytest.raises(ValueError, match="expected the first one to be larger"):
        ChatLimits(rooms=RoomLimits(size=72 * 1024))
