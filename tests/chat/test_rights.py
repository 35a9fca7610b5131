"""Rights by channel."""

from __future__ import annotations

import pytest

from wsdemo.chat import Rights

RIGHTS = Rights(read_only=["#time", "#news"], members={"#staff": {"ann"}, "#news": {"ann", "bob"}})
ROWS = [
    ("ann", "join", "#lobby", True),
    ("ann", "publish", "@bob", True),
    ("bob", "join", "#time", True),
    ("bob", "publish", "#time", False),
    ("bob", "volatile", "#time", False),
    ("ann", "volatile", "#staff", True),
    ("bob", "join", "#staff", False),
    ("bob", "publish", "#staff", False),
    ("bob", "join", "#news", True),
    ("eve", "join", "#news", False),
    ("ann", "publish", "#news", False),
]


@pytest.mark.parametrize(("user", "action", "channel", "allowed"), ROWS)
def test_rights(user: str, action: str, channel: str, allowed: bool) -> None:
    assert RIGHTS(user, action, channel) is allowed


def test_by_default_the_time_is_read_only_and_nothing_is_closed() -> None:
    may = Rights()
    assert may("ann", "join", "#time") and not may("ann", "publish", "#time")
    assert may("ann", "publish", "#any")
