"""Tokens: good ones, and every kind of bad one; made by PyJWT, and by hand where it refuses to."""

from __future__ import annotations

import base64
import hmac
import json
import sys
from typing import Any

import jwt
import pytest

from wsdemo.patterns.tokens import LONGEST, BadToken, Claims, Tokens

NEW, OLD = b"n" * 32, b"o" * 32
NOW = 1_000_000.0


def tokens(now: float = NOW, **options: Any) -> Tokens:
    return Tokens({"new": NEW, "old": OLD}, clock=lambda: now, **options)


def by_hand(claims: dict[str, Any], key: bytes = NEW, kid: Any = "new", alg: str = "HS256") -> str:
    """A token as RFC 7515 §3.1 makes it."""
    parts = [_base64(json.dumps(part).encode()) for part in ({"alg": alg, "kid": kid}, claims)]
    signed = ".".join(parts)
    return f"{signed}.{_base64(hmac.digest(key, signed.encode(), 'sha256'))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


CLAIMS = {"iss": "wsdemo", "aud": "wsdemo.chat", "sub": "ann", "jti": "1", "iat": NOW, "exp": NOW + 900}


def without(name: str) -> dict[str, Any]:
    return {field: value for field, value in CLAIMS.items() if field != name}


def test_a_token_says_who_and_until_when() -> None:
    token = tokens().issue("ann")
    claims = tokens().check(token)
    assert (claims.user, claims.issued, claims.expires) == ("ann", NOW, NOW + 900.0)
    assert claims.id != tokens().check(tokens().issue("ann")).id
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "kid": "new", "typ": "JWT"}


def test_one_made_by_hand_holds() -> None:
    assert tokens().check(by_hand(CLAIMS)) == Claims("ann", "1", NOW, NOW + 900)


def test_the_old_key_still_counts_and_a_third_one_never() -> None:
    token = Tokens({"old": OLD}, clock=lambda: NOW).issue("ann")
    assert tokens().check(token).user == "ann"
    with pytest.raises(BadToken, match="a key that is live"):
        Tokens({"newest": b"3" * 32, "new": NEW}, clock=lambda: NOW).check(token)


@pytest.mark.parametrize(
    ("after", "good"),
    [(0.0, True), (899.9, True), (900.0, False), (10_000.0, False), (-29.0, True), (-31.0, False)],
)
def test_the_time_is_that_of_the_clock_given(after: float, good: bool) -> None:
    token = tokens().issue("ann")
    if good:
        assert tokens(NOW + after).check(token).user == "ann"
    else:
        with pytest.raises(BadToken, match=r"ended|future"):
            tokens(NOW + after).check(token)


def test_a_revocation_ends_what_was_issued_and_not_what_comes_after() -> None:
    revoked = {"ann": 0.0, "bob": 0.0}
    ours = tokens(not_before=lambda user: revoked[user])
    ann, bob = ours.issue("ann"), ours.issue("bob")
    revoked["ann"] = NOW
    assert ours.check(bob).user == "bob"
    with pytest.raises(BadToken, match="revoked"):
        ours.check(ann)
    assert ours.check(ours.issue("ann")).issued > NOW  # within the same tick of the clock
    revoked["ann"] = NOW + 20  # the clock was set back since
    assert ours.check(ours.issue("ann")).issued > NOW + 20


BAD = {
    "the wrong key": by_hand(CLAIMS, OLD),
    "the other key's name": by_hand(CLAIMS, NEW, "old"),
    "no such key": by_hand(CLAIMS, kid="../../dev/null"),
    "a key's name that is a list": by_hand(CLAIMS, kid=["new"]),
    "no name of a key": jwt.encode(CLAIMS, NEW, "HS256"),
    "no signature": by_hand(CLAIMS).rpartition(".")[0] + ".",
    "an unsigned one": jwt.encode(CLAIMS, "", "none", headers={"kid": "new"}),
    "another algorithm": jwt.encode(CLAIMS, NEW * 2, "HS512", headers={"kid": "new"}),
    "an algorithm's name alone": by_hand(CLAIMS, alg="none"),
    "a small letter": by_hand(CLAIMS, alg="hs256"),
    "another issuer": by_hand({**CLAIMS, "iss": "evil"}),
    "another audience": by_hand({**CLAIMS, "aud": "shop"}),
    "two audiences": by_hand({**CLAIMS, "aud": ["shop", "wsdemo.chat"]}),
    "a number for a user": by_hand({**CLAIMS, "sub": 7}),
    "a number for an id": by_hand({**CLAIMS, "jti": 7}),
    "a time in words": by_hand({**CLAIMS, "exp": "2999-01-01"}),
    "an endless time": by_hand({**CLAIMS, "exp": float("inf")}),
    "no time at all": by_hand({**CLAIMS, "exp": float("nan")}),
    "true for a time": by_hand({**CLAIMS, "exp": True}),
    "a text for iat": by_hand({**CLAIMS, "iat": "1"}),
    "the future": by_hand({**CLAIMS, "iat": NOW + 31}),
    "the past": by_hand({**CLAIMS, "exp": NOW}),
    "too long": by_hand({**CLAIMS, "more": "x" * LONGEST}),
    **{f"without {name}": by_hand(without(name)) for name in CLAIMS},
    **{repr(word): word for word in ("", ".", "..", "a.b.c", "€.€.€", "\ud800", "a" * 100)},
    "lists inside lists": f"{_base64(b'[' * 2900)}.e30.",
    "a list": by_hand([1]),  # type: ignore[arg-type]
    "no text": None,
    "bytes": by_hand(CLAIMS).encode(),
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD)
def test_bad_tokens_prove_nothing_and_are_not_repeated(token: Any) -> None:
    with pytest.raises(BadToken) as caught:
        tokens().check(token)
    told = f"{caught.value}{caught.value.__cause__}"
    assert not any(len(part) > 5 and part in told for part in str(token).split("."))


def test_every_bit_of_a_token_counts() -> None:
    """But the last bits of its last letter, which base64 does not use."""
    token = by_hand(CLAIMS)
    for i in range(len(token) - 1):
        letter = "A" if token[i] != "A" else "B"
        with pytest.raises(BadToken):
            tokens().check(token[:i] + letter + token[i + 1 :])


@pytest.mark.parametrize("keys", [{}, {"a": b"x" * 31}, {"a": NEW, "b": OLD, "c": NEW}])
def test_keys_that_are_none(keys: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="one or two, each of 32 bytes or more"):
        Tokens(keys)


def test_without_pyjwt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(ImportError, match="pip install pyjwt"):
        tokens()
