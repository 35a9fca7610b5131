"""The token in a request: five ways to bring it, and where each of them counts.

::

    the cookie                          pages of other ports make a browser send it, so Origin decides
    Authorization: Bearer TOKEN         logs of headers; pages can't send it
    the first message, `hello`          scripts of the page
    /chat?ticket=…                      every log and the browser's history, where it is used up
    Sec-WebSocket-Protocol: wsdemo.chat.v1, wsdemo.token.TOKEN
                                        logs of headers, the browser's tools, scripts of the page: the last
                                        choice. The answer names wsdemo.chat.v1 and never repeats the token

On the right: who else may read it there. A page of another port of this host can make a browser send the
cookie, even under SameSite=Strict. So it counts only where Origin is our own, or missing, as it never is when
a page posts or opens a WebSocket. Knows nothing of routes and channels.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

from wsdemo.chat.identity import Identities
from wsdemo.patterns.session import Identity
from wsdemo.patterns.tickets import Tickets
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.handshake import own_origin
from wsdemo.protocol.http11 import Request, shown

BEARER: Final = "bearer "
#: A subprotocol that begins so is a token, for pages that can bring theirs in no other way.
TOKEN: Final = "wsdemo.token."
ORIGIN: Final = re.compile(r"https?://(?P<host>(?P<name>[a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?)")


class Credentials:
    """The credentials in requests to one chat.

    ``identity``: whose tokens these are.
    ``port``: tells this chat's cookie from that of another one on this host, since cookies ignore ports.
    ``secure``: whether it is reached over TLS.
    ``public``: the origin of our own pages, where a proxy stands in front: not the one that Host tells.
    """

    def __init__(self, identity: Identities, port: int, secure: bool, public: str | None = None) -> None:
        self._identity, self._public = identity, public
        self._secure = public.startswith("https:") if public else secure
        self.tickets = Tickets()
        self.port = port
        self.cookie = f"{'__Host-' if self._secure else ''}wsdemo_{port}"

    def token_of(self, request: Request) -> str | None:
        """The token that a request brings: Authorization first, then the cookie, where it counts."""
        given = bearer(request)
        if given is not None:
            return given
        return self._cookie_of(request) if self.is_own(request) else None

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
            value = self.tickets.take(query["ticket"])
            token = value if isinstance(value, str) else None
        if token and self._identity.identify(token) is not None:
            return token
        if "ticket" in query or bearer(request) is not None:
            raise HandshakeError("a valid ticket or token is needed", 401)
        return None

    def record(self, request: Request) -> object:
        """The record that the ticket of a request stands for. Raises HandshakeError (401)."""
        found = self.tickets.take(query_of(request).get("ticket", ""))
        if found is None or isinstance(found, str):
            raise HandshakeError("a valid ticket is needed", 401)
        return found

    def own_origin(self, request: Request) -> str:
        """The origin of our own pages. X-Forwarded-Proto is not believed: anyone can send it."""
        return self._public or own_origin(request.host, self._secure)

    def is_own(self, request: Request) -> bool:
        """Whether a request comes from a page of ours, or from no page."""
        return request.headers.get_all("origin") in ([], [self.own_origin(request)])

    def address_of(self, request: Request) -> str:
        """The address by which logins are bounded; "" where all would share that of the proxy."""
        return "" if self._public or request.address is None else str(request.address[0])

    def set_cookie(self, token: str | None) -> tuple[str, str]:
        """The header field that brings a browser the cookie; None: that takes it away."""
        # Without Path it is that of the page: behind a proxy such as Jupyter's, no other page gets it. But
        # "__Host-" needs one (RFC 6265bis §4.1.3.2).
        where = "; Secure; Path=/" if self._secure else ""
        end = "; Max-Age=0" if token is None else ""
        return "Set-Cookie", f"{self.cookie}={token or ''}; HttpOnly; SameSite=Strict{where}{end}"

    def _cookie_of(self, request: Request) -> str | None:
        pairs = [pair.partition("=") for pair in (request.headers.get("cookie") or "").split(";")]
        return next((value.strip() for name, _, value in pairs if name.strip() == self.cookie), None)


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
