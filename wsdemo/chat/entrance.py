"""The entrance of the chat: which connections are opened, and who their users are, once they say hello.

::

    GET /chat, Upgrade     ──► path, origin, credentials ──► Visitor            in, with a token or without
    hello {token}          ──► its token, else that of the request ──► Identity, or bye 4401
    GET /frames?ticket=…   ──► the record that the ticket stands for

JavaScript is not told the status of a refused handshake, so a stranger comes in, and hears the reason by
`hello`. Read `credentials` first.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from wsdemo.chat.credentials import Credentials, query_of
from wsdemo.chat.frames import Recording
from wsdemo.chat.identity import Identities
from wsdemo.net.connection import Connection
from wsdemo.patterns.session import Identity
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.handshake import check_origin, check_origins
from wsdemo.protocol.headers import split_authority
from wsdemo.protocol.http11 import Request

#: The path of the WebSocket.
PATH: Final = "/chat"


@dataclass(slots=True)
class Visitor:
    """The ``user`` of a connection: its token, from the request, and since when it is here."""

    recorded: bool  # its page wants to see its frames
    since: float  # seconds that never go back
    token: str | None = field(repr=False)  # until `hello`, when it is looked at
    identity: Identity | None = None


class Entrance:
    """The functions that `serve` and `Rooms` ask.

    ``identity``: the logins.
    ``origins``: pages that may connect besides our own; "*" for any.
    ``secure``: whether the server itself speaks TLS.

    Raises ValueError or TypeError for origins that can't be.
    """

    def __init__(self, identity: Identities, origins: Sequence[str], secure: bool) -> None:
        self._identity, self._origins, self._secure = identity, check_origins(origins), secure
        self._credentials: Credentials | None = None  # they need the port

    def begin(self, credentials: Credentials) -> None:
        """From now on connections are opened; before, a client may try again."""
        self._credentials = credentials

    def authorize(self, request: Request) -> Visitor | Recording:
        """The ``user`` of a connection. Raises HandshakeError."""
        if self._credentials is None:
            raise HandshakeError("the chat is about to start: try again", 503)
        if self._origins != "*":
            allowed = [None, self._credentials.own_origin(request), *(self._origins or ())]
            check_origin(request, origins=allowed)
        match request.path:
            case "/chat":
                recorded = query_of(request).get("frames") == "1"
                return Visitor(recorded, time.monotonic(), self._credentials.visitor(request))
            case "/frames" if isinstance(found := self._credentials.record(request), Recording):
                return found
        raise HandshakeError(f"no WebSocket is here; the chat is at {PATH}", 404)

    def is_direct(self, request: Request) -> bool:
        """Whether a client names our own port; then its messages may be compressed.

        Through jupyter-server-proxy a browser's offer comes here as it was made, and the proxy can't read
        what was agreed (version 4.6): such a page would have no connection.
        """
        port = split_authority(request.host)[1] or (443 if self._secure else 80)
        return self._credentials is not None and port == self._credentials.port

    def identify(self, ws: Connection, token: str | None) -> Identity | None:
        """See `Rooms`: a token in a message counts before that of the request, which may have ended since."""
        visitor, token = ws.user, token or ws.user.token
        identity = self._identity.identify(token) if token else None
        if identity is not None:
            visitor.identity, visitor.token = identity, None
        return identity
