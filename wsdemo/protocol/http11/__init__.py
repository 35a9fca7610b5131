r"""HTTP/1.1, as much of it as a WebSocket needs (RFC 9112): one request, one response, strict and bounded.

::

    GET /chat?room=1 HTTP/1.1 CR LF    request line: method, target, version     Limits.request_line
    Host: example.com CR LF            field lines: name, colon, value           Limits.header_field each
    Upgrade: websocket CR LF                                                     Limits.header_fields of them
    CR LF                              the empty line ends the head              Limits.head_size in all
    ...                                the body, Content-Length bytes            Limits.body_size

Where programs read HTTP leniently, two of them can read the same bytes in two ways, and attacks live in
that difference. So what has two readings is refused: a bare CR or LF, a folded line, a space before a
colon, a second Host, two lengths. A connection carries one request: nothing behind it is read as HTTP.

The cost is linear in the bytes that come, also when they come one by one. Error messages leave out values
of fields and queries, which may be secrets.
Knows nothing of sockets; of WebSockets only that frames follow the head of an upgrade at once.
Read ``message`` first, then ``head``, then ``reader``; ``chunked`` is for bodies in chunks.
"""

from __future__ import annotations

from ..headers import CRLF, TEXT, TOKEN, VISIBLE, Headers, check_sendable, shown
from ..limits import Limits
from .head import request_head, response_head
from .message import REASONS, Request, Response, absolute_authority
from .reader import INTERIM, HeadReader

__all__ = [
    "INTERIM",
    "REASONS",
    "Headers",
    "HeadReader",
    "Request",
    "Response",
    "absolute_authority",
    "parse_request",
    "parse_response",
    "request_head",
    "response_head",
    "serialize_request",
    "serialize_response",
    "shown",
]


def serialize_request(request: Request) -> bytes:
    r"""The bytes to send. ``ValueError`` where the method or the target could be misread.

    >>> serialize_request(Request("GET", "/", Headers([("Host", "example.com")])))
    b'GET / HTTP/1.1\r\nHost: example.com\r\n\r\n'
    """
    check_sendable("method", request.method, TOKEN)
    check_sendable("target", request.target, VISIBLE)
    check_sendable("version", request.version, VISIBLE)
    line = f"{request.method} {request.target} {request.version}\r\n".encode("ascii")
    return b"".join((line, request.headers.raw, CRLF, request.body))


def parse_request(
    data: bytes | bytearray,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> tuple[Request, int] | None:
    r"""The request at the start of ``data`` and its length in bytes, or None: more bytes are needed.

    ``HandshakeError`` with the status to answer where it is not a request that we accept. For bytes that
    come bit by bit there is ``HeadReader``, which does not start again each time.

    >>> parse_request(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n\r\n...")
    (Request(method='GET', target='/chat', headers=<Headers: Host>, body=b''), 41)
    >>> parse_request(b"GET /chat HTTP/1.1\r\nHost: exam") is None
    True
    """
    found = HeadReader(request_head, limits).receive(data)
    return found and (found[0], len(data) - len(found[1]))


def serialize_response(response: Response) -> bytes:
    r"""The bytes to send. ``ValueError`` where the status has not three digits, or the reason can't be sent.

    >>> serialize_response(Response(404, "Not Found", Headers([("Content-Length", "2")]), b"no"))
    b'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno'
    """
    check_sendable("reason", response.reason, TEXT)
    if not 100 <= response.status <= 999:
        raise ValueError(f"status {response.status}: three digits needed")
    line = f"HTTP/1.1 {response.status} {response.reason}\r\n".encode("latin-1")
    return b"".join((line, response.headers.raw, CRLF, response.body))


def parse_response(
    data: bytes | bytearray,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> tuple[Response, int] | None:
    r"""The response at the start of ``data`` and its length in bytes, or None: more bytes are needed.

    ``HandshakeError`` with status 0 where it is not HTTP. Interim responses (1xx) before it are skipped.

    >>> parse_response(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n...")
    (Response(status=101, reason='Switching Protocols', headers=<Headers: Upgrade>, body=b''), 56)
    """
    found = HeadReader(response_head, limits).receive(data)
    return found and (found[0], len(data) - len(found[1]))
