"""Users with passwords: the accounts of a file, and tokens that end.

::

    POST /login {"name": "ann", "password": "…"} ──► Accounts, in a thread of its own ──► a token for 12 hours
    POST /token {}                               ──► Tokens ──► another one, for 15 minutes
    POST /logout {}                              ──► Accounts.revoke ──► all tokens of ann end, and are told

The keys that sign tokens are in a file beside that of the accounts, so a token outlives the server's process,
and so does its revocation. See `patterns.accounts` and `patterns.tokens`.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from wsdemo.chat.answers import NotAllowed
from wsdemo.chat.identity import SERVER
from wsdemo.chat.limits import CHAT_LIMITS, ChatLimits
from wsdemo.patterns.accounts import Accounts, TooMany
from wsdemo.patterns.session import Identity
from wsdemo.patterns.tokens import BadToken, Tokens

#: Seconds for which a cookie counts, and a token for programs.
COOKIE: Final = 12 * 3600.0
PROGRAM: Final = 15 * 60.0
#: Seconds after which a start of the server makes a new key; the one before it still counts.
KEY_AGE: Final = 30 * 86_400.0


class Members:
    """The users in the file ``path``, and beside it the keys, in ``path.keys``: see `Identities`.

    ``limits``: its ``logins``; ``wall``: seconds since 1970; ``options``: see `Accounts`.

    Raises OSError or ValueError for files that can't be used, ImportError without PyJWT.
    """

    guests = False

    def __init__(
        self,
        path: str | Path,
        *,
        limits: ChatLimits = CHAT_LIMITS,
        wall: Callable[[], float] = time.time,
        **options: Any,
    ) -> None:
        options = {"attempts": limits.logins, "wall": wall, **options}
        self._dismiss: Callable[[str], object] = lambda user: None
        self.accounts = Accounts(path, revoked=lambda user: self._dismiss(user), **options)
        try:
            with self.accounts.alone():  # two that start at once would make two keys, and know one each
                keys = signing_keys(f"{path}.keys", wall())
            self._tokens = Tokens(keys, lifetime=COOKIE, not_before=self.accounts.not_before, clock=wall)
        except BaseException:
            self.accounts.close()
            raise

    def log_in(self, name: str, password: str | None, address: str) -> Future[str]:
        """See `Identities`. A wrong name and a wrong password look alike."""
        if password is None:
            raise NotAllowed(401, "a password is needed")
        if name == SERVER:
            raise NotAllowed(401, "wrong name or password")
        try:
            return self.accounts.check(name, password, address, lambda good: self._token(name, good))
        except TooMany as error:
            raise NotAllowed(429, str(error), error.retry) from None

    def identify(self, token: str) -> Identity | None:
        """See `Identities`."""
        try:
            claims = self._tokens.check(token)
        except BadToken:
            return None
        return Identity(claims.user, claims.expires)

    def log_out(self, token: str) -> Future[None]:
        """See `Identities`: every token of the user ends. Raises `NotAllowed` for a token that is no good."""
        return self.accounts.revoke(self._user(token))

    def issue(self, token: str) -> str:
        """See `Identities`."""
        return self._tokens.issue(self._user(token), PROGRAM)

    def begin(self, dismiss: Callable[[str], object]) -> None:
        """See `Identities`."""
        self._dismiss = dismiss

    def close(self) -> None:
        """See `Identities`."""
        self.accounts.close()

    def _token(self, name: str, good: bool) -> str:
        if not good:
            raise NotAllowed(401, "wrong name or password")
        return self._tokens.issue(name)

    def _user(self, token: str) -> str:
        identity = self.identify(token)
        if identity is None:
            raise NotAllowed(401, "log in first")
        return identity.user


def signing_keys(path: str | Path, now: float) -> dict[str, bytes]:
    """The keys in a file, the newest first, at most two; a new one where the newest is `KEY_AGE` old.

    A key's name is the second since 1970 in which it was made. Raises ValueError for another kind of file.
    """
    path = Path(path)
    try:
        keys = {name: bytes.fromhex(key) for name, key in json.loads(path.read_text()).items()}
        newest = max(map(int, keys), default=0)
    except FileNotFoundError:
        keys, newest = {}, 0
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise ValueError(f"{path}: no file of keys: give another name to the accounts") from None
    if now - newest >= KEY_AGE:
        keys[f"{now:.0f}"] = secrets.token_bytes(32)
    keys = {name: keys[name] for name in sorted(keys, key=int, reverse=True)[:2]}
    _write(path, json.dumps({name: key.hex() for name, key in keys.items()}))
    return keys


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole; only its owner may read it."""
    new = path.with_name(f"{path.name}.new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
