"""The users and their proofs: the seam between the chat and any kind of login.

::

    POST /login {"name": …} ──► log_in ──► a token ──► a cookie, a header, or the field of `hello`
                                            token ──► identify ──► Identity("ann", expires)

The chat knows tokens only. `Guests` have a name by asking for it; accounts with passwords have the same
methods. Knows nothing of HTTP.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Protocol

from wsdemo.chat.answers import NotAllowed
from wsdemo.chat.limits import CHAT_LIMITS, ChatLimits
from wsdemo.patterns.session import Identity

#: The names of users: those that may stand in a channel's name, as in ``@ann``.
NAME: Final = re.compile(r"[a-z0-9_-]{1,32}\Z")
#: The sender of messages of the server itself: the name of no user.
SERVER: Final = "server"
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class Identities(Protocol):
    """The methods of every kind of login. All are called in the server's thread, and must not block."""

    guests: bool  #: a name is enough

    def log_in(self, name: str, password: str | None, address: str) -> str | Future[str]:
        """A token for a user, or the Future of one. Raises `NotAllowed`, or the Future does.

        ``address``: from where; "" behind a proxy, where it is not known.
        """

    def identify(self, token: str) -> Identity | None:
        """The user of a token; None: it is no good."""

    def log_out(self, token: str) -> Future[None] | None:
        """A token is good no longer; once the Future is done, not even after a crash."""

    def issue(self, token: str) -> str | Future[str]:
        """Another token of the same user, for a program. Raises `NotAllowed`."""

    def begin(self, dismiss: Callable[[str], object]) -> None:
        """The chat serves. Call ``dismiss(user)``, in any thread, to end all connections of a user."""

    def close(self) -> None:
        """The chat has ended."""


class Guests:
    """Users by their name alone: the first who brings a name has it, until it is not used for a day.

    A guest's token is ``NAME.SECRET``; a program may choose the secret itself. Nothing is kept on disk: after
    a restart the first one has the name again, and a cookie from before still counts.

    >>> guests = Guests()
    >>> token = guests.log_in("ann", None, "127.0.0.1")
    >>> guests.identify(token), guests.identify("ann.guessed"), guests.identify("bob.my-own-secret")
    (Identity(user='ann', expires=None), None, Identity(user='bob', expires=None))
    """

    guests = True

    def __init__(self, limits: ChatLimits = CHAT_LIMITS, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._names: dict[str, tuple[bytes, float]] = {}  # secret, last use; the longest unused first
        self.is_here: Callable[[str], bool] = lambda name: False  #: a name is used by a connection

    def log_in(self, name: str, password: str | None, address: str) -> str:
        """See `Identities`."""
        self._forget()
        if not NAME.match(name):
            raise NotAllowed(400, "a name has 1 to 32 of a-z 0-9 _ -")
        if name in self._names or name == SERVER:
            raise NotAllowed(409, f"the name {name} is taken: choose another one")
        token = f"{name}.{secrets.token_urlsafe(24)}"
        if self.identify(token) is None:
            raise NotAllowed(503, "too many guests are here", 60.0)
        return token

    def identify(self, token: str) -> Identity | None:
        """See `Identities`."""
        self._forget()
        name, _, secret = token.partition(".")
        if not (NAME.match(name) and _SECRET.match(secret)) or name == SERVER:
            return None
        known = self._names.get(name)
        if known is None and len(self._names) >= self._limits.names:
            return None
        if known is not None and not hmac.compare_digest(known[0], secret.encode()):
            return None
        self._names.pop(name, None)
        self._names[name] = secret.encode(), self._clock()
        return Identity(name)

    def log_out(self, token: str) -> None:
        """See `Identities`."""
        if (identity := self.identify(token)) is not None:
            del self._names[identity.user]

    def issue(self, token: str) -> str:
        """See `Identities`. A guest has one token."""
        return token

    def begin(self, dismiss: Callable[[str], object]) -> None:
        """See `Identities`."""

    def close(self) -> None:
        """See `Identities`."""

    def _forget(self) -> None:
        now = self._clock()
        while self._names:
            name, (secret, used) = next(iter(self._names.items()))
            if used >= now - self._limits.names_kept:
                return
            del self._names[name]
            if self.is_here(name):
                self._names[name] = secret, now
