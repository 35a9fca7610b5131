"""A request and a response: the values (RFC 9112 §2.1), and the forms of a request's target (§3.2).

::

    GET /chat?room=1 HTTP/1.1                        HTTP/1.1 404 Not Found
        ╰path╯ ╰query╯                                        ╰┬╯ ╰──┬───╯
        ╰── target ──╯                                      status reason

Knows nothing of their form on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import HandshakeError
from ..headers import Headers, split_authority
from ..url import hidden, until, without_secrets

REASONS: Final = {
    101: "Switching Protocols",
    200: "OK",
    204: "No Content",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    417: "Expectation Failed",
    426: "Upgrade Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request. ``raw`` is its bytes on the wire; empty where it was never there."""

    method: str
    target: str  #: as in the request line: ``/chat?room=1``, or ``http://example.com/chat`` for a proxy
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    raw: bytes = field(default=b"", compare=False, repr=False)
    version: str = field(default="HTTP/1.1", repr=False)
    #: the client's IP address and port, for the functions of a server that answer it
    address: Any = field(default=None, compare=False, repr=False)

    def __repr__(self) -> str:
        target = without_secrets(self.target)  # a repr ends up in logs
        start = f"Request(method={self.method!r}, target={target!r}"
        return f"{start}, headers={self.headers!r}, body={self.body!r})"

    @property
    def path(self) -> str:
        """The path of the target, not decoded, without the query.

        >>> Request("GET", "/chat?room=1").path, Request("GET", "http://example.com?x").path
        ('/chat', '/')
        """
        return _origin_form(self.target).partition("?")[0]

    @property
    def query(self) -> str:
        """The part of the target behind its first question mark, not decoded."""
        return self.target.partition("?")[2]

    @property
    def host(self) -> str:
        """The host and port asked for: of the target where it is absolute, else of the field Host.

        "the origin server MUST ignore the received Host header field (if any) and instead replace it with
        the host information of the request-target" (RFC 9112 §3.2.2).

        >>> Request("GET", "/", Headers([("Host", "a.example:81")])).host
        'a.example:81'
        """
        if self.target.startswith("/"):
            return self.headers.get("host") or ""
        return absolute_authority(self.target)


@dataclass(frozen=True, slots=True)
class Response:
    """A server's response. ``raw`` is its bytes on the wire; empty where it was never there."""

    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    raw: bytes = field(default=b"", compare=False, repr=False)


def absolute_authority(target: str) -> str:
    """Host and port of an absolute target (RFC 9112 §3.2.2), which proxies are sent, and we accept.

    ``*`` and ``host:port`` are for OPTIONS and CONNECT; here they are refused (``HandshakeError``).

    >>> absolute_authority("http://example.com:81/chat")
    'example.com:81'
    """
    scheme, mark, rest = target.partition("://")
    if not mark or scheme.lower() not in ("http", "https", "ws", "wss"):
        raise HandshakeError(f"request target {hidden(target)}: a path, such as /chat, is needed")
    authority = until(rest, "/?#")
    split_authority(authority)
    return authority


def _origin_form(target: str) -> str:
    """Path and query of a target, without scheme and authority where it is absolute."""
    if target.startswith("/"):
        return target
    rest = target.partition("://")[2]
    rest = rest[len(until(rest, "/?#")) :]
    return rest if rest.startswith("/") else "/" + rest
