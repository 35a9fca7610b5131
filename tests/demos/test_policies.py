"""The table of uses: thirteen, six with a demo, each with its reason."""

from __future__ import annotations

from typing import get_args

from wsdemo.demos.policies import USES, Policy
from wsdemo.demos.running import DEMOS


def test_the_table_is_whole() -> None:
    assert len({use.name for use in USES}) == len(USES) == 13
    assert DEMOS == ("chat", "ticker", "game", "document", "sensors", "payment")
    for use in USES:
        assert use.policy in get_args(Policy)
        assert use.messages and use.reason


def test_the_words_agree_with_the_policy() -> None:
    for use in USES:
        if use.policy == "both":
            assert "published" in use.messages and "volatile" in use.messages, use.name
        elif use.policy == "volatile":
            assert "published" not in use.messages, use.name
        else:
            assert "published" in use.messages, use.name
