"""Plain HTTP beside the WebSocket: who am I, log in, log out, a token for a program, a ticket for a URL.

::

    GET  /session                   ──► {"user": "ann"} or {"user": null}
    POST /login   {"name": "ann"}   ──► {"user": "ann"}, Set-Cookie: wsdemo_8000=…; HttpOnly; SameSite=Strict
    POST /logout  {}                ──► {"user": null}, and the user's connections end
    POST /token   {}                ──► {"token": …} for `hello`, or the field Authorization
    POST /ticket  {}                ──► {"ticket": …, "seconds": 30} for /chat?ticket=…, once
    POST /ticket  {"device": …}     ──► the same for /frames?ticket=…, the record of that connection

Five ways to bring a token to the WebSocket, and who else may read it there:

    the cookie                          pages of other ports make a browser send it, so Origin decides
    Authorization: Bearer TOKEN         logs of headers; pages can't send it
    the first message, `hello`          scripts of the page
    /chat?ticket=…                      every log and the browser's history, where it is used up
    Sec-WebSocket-Protocol: wsdemo.chat.v1, wsdemo.token.TOKEN
                                        logs of headers, the browser's tools, scripts of the page: the last
                                        choice. The answer names wsdemo.chat.v1 and never repeats the token

A page of another port of this host can make a browser send the cookie, even under SameSite=Strict. So it
counts only where Origin is our own, or missing, as it never is when a page posts or opens a WebSocket; and a
POST must be JSON, which no form can send. Knows nothing of channels.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

from wsdemo.chat.answers import Fields, NotAllowed, Route, answer, check_json, fields_of, json_response, then
from wsdemo.chat.identity import Identities
from wsdemo.patterns.session import Identity
from wsdemo.patterns.tickets import Tickets
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.handshake import own_origin
from wsdemo.protocol.http11 import Request, Response, shown

BEARER: Final = "bearer "
#: A subprotocol that begins so is a token, for pages that can bring theirs in no other way.
TOKEN: Final = "wsdemo.token."
ORIGIN: Final = re.compile(r"https?://(?P<host>(?P<name>[a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?)")


class Login:
    """The routes, and the token in a request.

    ``record_of``: gives what a ticket for the frames of (user, device) stands for, None where there is none.
    ``told``: fields that `session` adds, such as whether messages are kept.
    ``dismiss``: ends all connections of a user; all three are called in the server's thread.
    ``port``: tells this chat's cookie from that of another one on this host, since cookies ignore ports.
    ``secure``: whether it is reached over TLS.
    ``public``: the origin of our own pages, where it is not the one that Host tells.
    """

    def __init__(
        self,
        identity: Identities,
        record_of: Callable[[str, str], object | None],
        told: Callable[[], Fields],
        dismiss: Callable[[str], object],
        port: int,
        secure: bool,
        public: str | None = None,
    ) -> None:
        self._identity, self._record_of, self._told, self._dismiss = identity, record_of, told, dismiss
        self._public, self._secure = public, public.startswith("https:") if public else secure
        self._tickets = Tickets()
        self.cookie = f"{'__Host-' if self._secure else ''}wsdemo_{port}"

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

    def token_of(self, request: Request) -> str | None:
        """The token that a request brings: Authorization first, then the cookie, where it counts."""
        given = bearer(request)
        if given is not None:
            return given
        return self._cookie_of(request) if self._is_own(request) else None

    def identity_of(self, request: Request) -> Identity | None:
        """The user of a request."""
        token = self.token_of(request)
        return self._identity.identify(token) if token else None

    def visitor(self, request: Request) -> str | None:
        """The token that opens a WebSocket; None: `hello` may bring one. A ticket counts first, then a
        subprotocol.

        Raises HandshakeError (401) for a ticket or a token in Authorization that is no good. A subprotocol
        or an old cookie that is none opens all the same: JavaScript would not be told the status.
        """
        query, token = query_of(request), offered_token(request) or self.token_of(request)
        if "ticket" in query:
            value = self._tickets.take(query["ticket"])
            token = value if isinstance(value, str) else None
        if token and self._identity.identify(token) is not None:
            return token
        if "ticket" in query or bearer(request) is not None:
            raise HandshakeError("a valid ticket or token is needed", 401)
        return None

    def record(self, request: Request) -> object:
        """The record that the ticket of a request stands for. Raises HandshakeError (401)."""
        found = self._tickets.take(query_of(request).get("ticket", ""))
        if found is None or isinstance(found, str):
            raise HandshakeError("a valid ticket is needed", 401)
        return found

    def own_origin(self, request: Request) -> str:
        """The origin of our own pages. X-Forwarded-Proto is not believed: anyone can send it."""
        return self._public or own_origin(request.host, self._secure)

    # -- routes -------------------------------------------------------------------------------------------

    def _session(self, request: Request) -> Response:
        return json_response(self._about(self.identity_of(request)))

    def _log_in(self, request: Request) -> Any:
        self._check_post(request)
        fields = fields_of(request)
        name, password = fields.get("name"), fields.get("password")
        if not isinstance(name, str) or not isinstance(password, str | None):
            raise NotAllowed(400, 'expected {"name": "…"}, and "password" where there are accounts')
        known = self.identity_of(request)
        if password is None and known is not None and known.user == name:
            return json_response({"user": name})  # already, in this browser
        address = "" if self._public or request.address is None else str(request.address[0])
        found = self._identity.log_in(name, password, address)  # all would share the address of a proxy
        return then(found, lambda token: self._logged_in(name, token))

    def _logged_in(self, name: str, token: str) -> Response:
        return json_response({"user": name}, [("Set-Cookie", self._set_cookie(token, ""))])

    def _log_out(self, request: Request) -> Any:
        self._check_post(request)
        token, user, found = self.token_of(request), self.identity_of(request), None
        if token is not None and user is not None:
            found = self._identity.log_out(token)
            self._dismiss(user.user)
        return then(found, self._logged_out)

    def _logged_out(self, found: None) -> Response:
        return json_response({"user": None}, [("Set-Cookie", self._set_cookie("", "; Max-Age=0"))])

    def _token(self, request: Request) -> Any:
        self._check_post(request)
        token, identity = self.token_of(request), self.identity_of(request)
        if token is None or identity is None:
            raise NotAllowed(401, "log in first")
        return then(self._identity.issue(token), lambda made: json_response({"token": made}))

    def _ticket(self, request: Request) -> Response:
        self._check_post(request)
        value: object = self.token_of(request)
        identity = self.identity_of(request)
        if identity is None:
            raise NotAllowed(401, "log in first")
        if (device := fields_of(request).get("device")) is not None:
            value = self._record_of(identity.user, str(device))
        if value is None:
            raise NotAllowed(404, "no connection of yours with this device is on record")
        if (ticket := self._tickets.issue(value)) is None:
            raise NotAllowed(503, "too many tickets are open", 5.0)
        return json_response({"ticket": ticket, "seconds": 30})

    def _about(self, identity: Identity | None) -> Fields:
        end = {} if identity is None or identity.expires is None else {"expires": identity.expires}
        user = None if identity is None else identity.user
        return {"user": user, **end, "guests": self._identity.guests, "now": time.time(), **self._told()}

    # -- cookies and origins ------------------------------------------------------------------------------

    def _set_cookie(self, value: str, more: str) -> str:
        # Without Path it is that of the page: behind a proxy such as Jupyter's, no other page gets it. But
        # "__Host-" needs one (RFC 6265bis §4.1.3.2).
        where = "; Secure; Path=/" if self._secure else ""
        return f"{self.cookie}={value}; HttpOnly; SameSite=Strict{where}{more}"

    def _cookie_of(self, request: Request) -> str | None:
        pairs = [pair.partition("=") for pair in (request.headers.get("cookie") or "").split(";")]
        return next((value.strip() for name, _, value in pairs if name.strip() == self.cookie), None)

    def _is_own(self, request: Request) -> bool:
        origins = request.headers.get_all("origin")
        return origins in ([], [self.own_origin(request)])

    def _check_post(self, request: Request) -> None:
        if not self._is_own(request):
            raise NotAllowed(403, "not from a page of another origin")
        check_json(request)


def bearer(request: Request) -> str | None:
    """The token in Authorization; None for other kinds, such as the password of a proxy in front.

    >>> from wsdemo.protocol.http11 import Headers
    >>> bearer(Request("GET", "/chat", Headers([("Authorization", "Bearer ann.x")])))
    'ann.x'
    """
    given = request.headers.get("authorization") or ""
    return given[len(BEARER) :].strip() if given.lower().startswith(BEARER) else None


def offered_token(request: Request) -> str | None:
    """The token among the subprotocols that a client offers (RFC 6455 §1.9).

    >>> from wsdemo.protocol.http11 import Headers
    >>> offered_token(Request("GET", "/chat", Headers([("Sec-WebSocket-Protocol", "a, wsdemo.token.ann.x")])))
    'ann.x'
    """
    names = ",".join(request.headers.get_all("sec-websocket-protocol")).split(",")
    found = (name.strip().removeprefix(TOKEN) for name in names if name.strip().startswith(TOKEN))
    return next(found, None)


def name_of(origin: str) -> str:
    """The name in an origin of ours, as browsers write it. Raises ValueError for anything else.

    >>> name_of("https://chat.example.com:8443")
    'chat.example.com'
    """
    found = ORIGIN.fullmatch(origin)
    if found is None or own_origin(found["host"], origin.startswith("https:")) != origin:
        raise ValueError(
            f"public origin {shown(origin)}, expected 'https://example.com' or '...:8443', no more"
        )
    return found["name"]


def query_of(request: Request) -> dict[str, str]:
    """The fields of a request's query; of one name the last.

    >>> query_of(Request("GET", "/chat?frames=1&ticket=a%20b"))
    {'frames': '1', 'ticket': 'a b'}
    """
    return dict(parse_qsl(request.query))
