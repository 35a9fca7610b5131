"""The bounds of the chat as one value, and those that must agree."""

from __future__ import annotations

import dataclasses

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
