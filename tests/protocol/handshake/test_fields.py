"""The fields that both sides use: tables of texts and what they are."""

from __future__ import annotations

from typing import Any

import pytest

from wsdemo.protocol.handshake.fields import (
    accept_key,
    check_hosts,
    check_origins,
    check_subprotocols,
    fresh_key,
    is_key,
)


def test_a_key_and_its_proof() -> None:
    """The RFC's own example (RFC 6455 §1.3)."""
    assert accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    keys = {fresh_key() for _ in range(10)}
    assert len(keys) == 10 and all(map(is_key, keys))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "dGhlIHNhbXBsZQ==",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZ===",
        "dGhlIHNhbXBsZSBub25jZé==",
    ],
)
def test_what_is_no_key(key: str) -> None:
    assert not is_key(key)


CHECKS: list[tuple[Any, Any, Any]] = [
    (check_subprotocols, ["chat", "v2"], ("chat", "v2")),
    (check_hosts, ["example.com"], ("example.com",)),
    (check_origins, None, None),
    (check_origins, "*", "*"),
    (check_origins, ["https://example.com", None], ("https://example.com", None)),
]


@pytest.mark.parametrize(("check", "given", "kept"), CHECKS)
def test_options_that_are_right(check: Any, given: Any, kept: Any) -> None:
    assert check(given) == kept


@pytest.mark.parametrize(
    ("check", "given"),
    [
        (check_subprotocols, "chat"),
        (check_subprotocols, ["a b"]),
        (check_subprotocols, ["chat", "chat"]),
        (check_hosts, "example.com"),
        (check_hosts, ["http://example.com"]),
        (check_origins, ["example.com"]),
        (check_origins, ["https://example.com/page"]),
    ],
)
def test_options_that_are_wrong_are_refused_in_one_line(check: Any, given: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        check(given)
    assert "\n" not in str(caught.value)
