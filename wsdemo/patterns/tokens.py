"""Tokens: signed statements of who a user is, good for some minutes (JWT, RFC 7519).

::

    issue("ann") ──► eyJhbGciOi….eyJpc3MiOi….Xq3…    header · claims · HMAC-SHA256 of both, with the key
    check(token) ──► Claims("ann", …)  or BadToken

A token makes its bearer the user: it belongs into no URL, log or error, and no error here repeats it. All can
read its claims; only the key makes them. Two keys may be live, named by ``kid`` in the header, so that a new
one comes into use while tokens of the old one run out. The algorithm that a token names is compared with the
one that is expected, never obeyed (RFC 8725 §3.1). Needs PyJWT.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

ALGORITHM: Final = "HS256"
#: Bytes of a key at least: as many as the hash has (RFC 7518 §3.2).
KEY: Final = 32
#: Characters of a token at most.
LONGEST: Final = 4096
#: Seconds by which the clock of another server may be ahead.
LEEWAY: Final = 30.0
#: Seconds from a revocation to the next token that counts, and from that one to the next revocation.
STEP: Final = 0.001
REQUIRED: Final = ["iss", "aud", "sub", "jti", "iat", "exp"]


class BadToken(ValueError):
    """A token that proves nothing, and why. It does not repeat the token."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The statements of a good token. Times are seconds since 1970."""

    user: str  # sub
    id: str  # jti: unlike that of any other token
    issued: float  # iat
    expires: float  # exp


class Tokens:
    """Issues and checks tokens.

    ``keys``: one or two by their ``kid``, of 32 bytes at least; the first one signs.
    ``issuer``, ``audience``: the values of ``iss`` and ``aud``; a token for another audience is refused.
    ``lifetime``: seconds from `issue` to ``exp``.
    ``not_before``: a function of (user); tokens issued up to that time don't count, as `Accounts.not_before`.
    ``clock``: seconds since 1970.

    Raises ValueError for bad keys, ImportError without PyJWT.
    """

    def __init__(
        self,
        keys: Mapping[str, bytes],
        *,
        issuer: str = "wsdemo",
        audience: str = "wsdemo.chat",
        lifetime: float = 900.0,
        not_before: Callable[[str], float] = lambda user: 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not 1 <= len(keys) <= 2 or any(len(key) < KEY for key in keys.values()):
            raise ValueError(f"{len(keys)} keys, expected one or two, each of {KEY} bytes or more")
        self._jwt = _library()
        self._keys = dict(keys)
        self._issuer, self._audience, self.lifetime = issuer, audience, lifetime
        self._not_before, self._clock = not_before, clock

    def issue(self, user: str, lifetime: float | None = None) -> str:
        """A token that proves its bearer to be ``user``, for ``lifetime`` seconds; None: as of all."""
        kid, key = next(iter(self._keys.items()))
        now = self._clock()
        issued = max(now, self._not_before(user) + STEP)  # also where the clock was set back since
        who = {"iss": self._issuer, "aud": self._audience, "sub": user, "jti": secrets.token_urlsafe(12)}
        claims = {**who, "iat": issued, "exp": now + (lifetime or self.lifetime)}
        token: str = self._jwt.encode(claims, key, ALGORITHM, headers={"kid": kid})
        return token

    def check(self, token: str) -> Claims:
        """The claims of a token. Raises BadToken."""
        claims = self._verified(token)
        user, issued, expires = claims["sub"], claims["iat"], claims["exp"]
        if not all(type(value) in (int, float) and math.isfinite(value) for value in (issued, expires)):
            raise BadToken("a token whose times are no numbers")
        now, not_before = self._clock(), self._not_before(user)
        if now >= expires:
            raise BadToken(f"a token that ended {now - expires:.0f} s ago")
        if issued > max(now, not_before) + LEEWAY:
            raise BadToken("a token from the future")
        if issued <= not_before:
            raise BadToken("a token that was revoked")
        return Claims(user, claims["jti"], issued, expires)

    def _verified(self, token: str) -> dict[str, Any]:
        """The claims under a good signature. PyJWT checks times by a clock of its own: not asked for here."""
        if not isinstance(token, str) or len(token) > LONGEST or not token.isascii():
            raise BadToken(f"no token: at most {LONGEST} ASCII characters are read")
        try:
            key = self._keys[self._jwt.get_unverified_header(token)["kid"]]
            options = {"require": REQUIRED, "strict_aud": True}
            options |= dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf"), False)
            claims: dict[str, Any] = self._jwt.decode(
                token, key, [ALGORITHM], options, audience=self._audience, issuer=self._issuer
            )
        except KeyError:
            raise BadToken("a token without the name of a key that is live") from None
        except self._jwt.InvalidTokenError as error:
            raise BadToken(f"a token that does not hold: {type(error).__name__}") from None
        return claims


def _library() -> Any:
    try:
        import jwt
    except ImportError as error:
        raise ImportError("tokens need PyJWT: pip install pyjwt") from error
    return jwt
