"""Plain HTTP beside the WebSocket: who am I, log in, log out, a token for a program, a ticket for a URL.

::

    GET  /session                   ──► {"user": "ann"} or {"user": null}
    POST /login   {"name": "ann"}   ──► {"user": "ann"}, Set-Cookie: wsdemo_8000=…; HttpOnly; SameSite=Strict
    POST /logout  {}                ──► {"user": null}, and the user's connections end
    POST /token   {}                ──► {"token": …} for `hello`, or the field Authorization
    POST /ticket  {}                ──► {"ticket": …, "seconds": 30} for /chat?ticket=…, once
    POST /ticket  {"device": …}     ──► the same for /frames?ticket=…, the record of that connection

A POST must come from our own origin, and be JSON, which no form can send. Read `credentials` first. Knows
nothing of channels.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from wsdemo.chat.answers import Fields, NotAllowed, Route, answer, check_json, fields_of, json_response, then
from wsdemo.chat.credentials import Credentials
from wsdemo.chat.identity import Identities
from wsdemo.patterns.session import Identity
from wsdemo.protocol.http11 import Request, Response


class Login:
    """The routes.

    ``identity``: the logins.
    ``credentials``: the tokens in requests.
    ``record_of``: gives what a ticket for the frames of (user, device) stands for, None where there is none.
    ``told``: fields that `session` adds, such as whether messages are kept.
    ``dismiss``: ends all connections of a user; all three are called in the server's thread.
    """

    def __init__(
        self,
        identity: Identities,
        credentials: Credentials,
        record_of: Callable[[str, str], object | None],
        told: Callable[[], Fields],
        dismiss: Callable[[str], object],
    ) -> None:
        self._identity, self._credentials = identity, credentials
        self._record_of, self._told, self._dismiss = record_of, told, dismiss

    @property
    def routes(self) -> dict[str, Route]:
        """The functions by their paths."""
        return {
            "/session": partial(answer, "GET", self._session),
            "/login": partial(answer, "POST", self._log_in),
            "/logout": partial(answer, "POST", self._log_out),
            "/token": partial(answer, "POST", self._token),
            "/ticket": partial(answer, "POST", self._ticket),
        }

    def _session(self, request: Request) -> Response:
        return json_response(self._about(self._credentials.identity_of(request)))

    def _log_in(self, request: Request) -> Any:
        self._check_post(request)
        fields = fields_of(request)
        name, password = fields.get("name"), fields.get("password")
        if not isinstance(name, str) or not isinstance(password, str | None):
            raise NotAllowed(400, 'expected {"name": "…"}, and "password" where there are accounts')
        known = self._credentials.identity_of(request)
        if password is None and known is not None and known.user == name:
            return json_response({"user": name})  # already, in this browser
        found = self._identity.log_in(name, password, self._credentials.address_of(request))
        return then(found, lambda token: self._logged_in(name, token))

    def _logged_in(self, name: str, token: str) -> Response:
        return json_response({"user": name}, [self._credentials.set_cookie(token)])

    def _log_out(self, request: Request) -> Any:
        self._check_post(request)
        token, user, found = self._credentials.token_of(request), self._credentials.identity_of(request), None
        if token is not None and user is not None:
            found = self._identity.log_out(token)
            self._dismiss(user.user)
        return then(found, self._logged_out)

    def _logged_out(self, found: None) -> Response:
        return json_response({"user": None}, [self._credentials.set_cookie(None)])

    def _token(self, request: Request) -> Any:
        self._check_post(request)
        token, identity = self._credentials.token_of(request), self._credentials.identity_of(request)
        if token is None or identity is None:
            raise NotAllowed(401, "log in first")
        return then(self._identity.issue(token), lambda made: json_response({"token": made}))

    def _ticket(self, request: Request) -> Response:
        self._check_post(request)
        value: object = self._credentials.token_of(request)
        identity = self._credentials.identity_of(request)
        if identity is None:
            raise NotAllowed(401, "log in first")
        if (device := fields_of(request).get("device")) is not None:
            value = self._record_of(identity.user, str(device))
        if value is None:
            raise NotAllowed(404, "no connection of yours with this device is on record")
        if (ticket := self._credentials.tickets.issue(value)) is None:
            raise NotAllowed(503, "too many tickets are open", 5.0)
        return json_response({"ticket": ticket, "seconds": 30})

    def _about(self, identity: Identity | None) -> Fields:
        end = {} if identity is None or identity.expires is None else {"expires": identity.expires}
        user = None if identity is None else identity.user
        return {"user": user, **end, "guests": self._identity.guests, "now": time.time(), **self._told()}

    def _check_post(self, request: Request) -> None:
        if not self._credentials.is_own(request):
            raise NotAllowed(403, "not from a page of another origin")
        check_json(request)
