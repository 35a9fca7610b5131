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
Knows nothing of sockets; of WebSockets only that nothing stands between an upgrade and its frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Generic, TypeVar

from .errors import HandshakeError
from .headers import (
    CRLF,
    DIGITS,
    TEXT,
    TOKEN,
    VISIBLE,
    check_sendable,
    is_token,
    only,
    split_authority,
)
from .headers import Headers as Headers
from .headers import shown as shown
from .limits import Limits

#: Responses 1xx before the real one that a client puts up with (RFC 9110 §15.2).
INTERIM: Final = 8

REASONS: Final = {
    101: "Switching Protocols",
    200: "OK",
    204: "No Content",
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
    """What a client asks. ``raw`` is the bytes on the wire, where it came from or was made for there."""

    method: str
    target: str  #: as in the request line: ``/chat?room=1``, or ``http://example.com/chat`` for a proxy
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    raw: bytes = field(default=b"", compare=False, repr=False)

    @property
    def path(self) -> str:
        """The path of the target, not decoded, without the query.

        >>> Request("GET", "/chat?room=1").path, Request("GET", "http://example.com?x").path
        ('/chat', '/')
        """
        return _origin_form(self.target).partition("?")[0]

    @property
    def query(self) -> str:
        """What follows the first question mark of the target, not decoded."""
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
    """What a server answers. ``raw`` is the bytes on the wire, where it came from there."""

    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    raw: bytes = field(default=b"", compare=False, repr=False)


def serialize_request(request: Request) -> bytes:
    r"""The bytes to send. ``ValueError`` where the method or the target could be read as something else.

    >>> serialize_request(Request("GET", "/", Headers([("Host", "example.com")])))
    b'GET / HTTP/1.1\r\nHost: example.com\r\n\r\n'
    """
    check_sendable("method", request.method, TOKEN)
    check_sendable("target", request.target, VISIBLE)
    line = f"{request.method} {request.target} HTTP/1.1\r\n".encode("ascii")
    return b"".join((line, request.headers.raw, CRLF, request.body))


def parse_request(
    data: bytes | bytearray,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> tuple[Request, int] | None:
    r"""The request at the start of ``data`` and its length in bytes, or None: more bytes are needed.

    ``HandshakeError`` with the status to answer where it is not a request that we accept. For bytes that
    come bit by bit there is ``Reader``, which does not start again each time.

    >>> parse_request(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n\r\n...")
    (Request(method='GET', target='/chat', headers=<Headers: Host>, body=b''), 41)
    >>> parse_request(b"GET /chat HTTP/1.1\r\nHost: exam") is None
    True
    """
    found = Reader(request_head, limits).receive(data)
    return found and (found[0], len(data) - len(found[1]))


def serialize_response(response: Response) -> bytes:
    r"""The bytes to send.

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
    found = Reader(response_head, limits).receive(data)
    return found and (found[0], len(data) - len(found[1]))


M = TypeVar("M", Request, Response)


class Reader(Generic[M]):
    r"""Collects bytes until they are a whole request or response; looks at each byte once.

    >>> reader = Reader(request_head)
    >>> reader.receive(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r")
    >>> request, rest = reader.receive(b"\nabc")
    >>> request.target, rest
    ('/', b'abc')
    """

    __slots__ = ("_buffer", "_interim", "_length", "_limits", "_message", "_parse", "_searched", "_start")

    def __init__(
        self,
        parse: Callable[[bytes, Limits], tuple[M, int]],  # request_head or response_head
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        self._parse: Callable[[bytes, Limits], tuple[M, int]] = parse
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0  # bytes in which there is no end of the head
        self._message: M | None = None  # its head, once it is there
        self._start = 0  # where its body starts
        self._length = 0  # bytes of its body that we wait for
        self._interim = 0

    def receive(self, data: bytes | bytearray) -> tuple[M, bytes] | None:
        """The message and the bytes behind it, or None: more bytes are needed. It reads one message."""
        self._buffer += data
        try:
            while self._message is None:
                if not self._read_head():
                    return None
        except HandshakeError as error:
            if self._parse is response_head:  # a server's mistake is nothing that a client answers
                raise HandshakeError(str(error), 0) from None
            raise
        return self._complete() if len(self._buffer) >= self._start + self._length else None

    def receive_eof(self) -> M | None:
        """Nothing more will come: the response with as much of its body as came, or None without a head."""
        found = self._complete() if isinstance(self._message, Response) else None
        return found and found[0]

    def _read_head(self) -> bool:
        buffer = self._buffer
        end = _head_end(buffer, self._searched, self._limits, self._parse is response_head)
        if end is None:
            self._searched = len(buffer)
            return False
        message, length = self._parse(bytes(buffer[:end]), self._limits)
        if isinstance(message, Response) and message.status < 200 and message.status != 101:
            # "A client MUST be able to parse one or more 1xx responses received prior to a final response"
            self._interim += 1  # (RFC 9110 §15.2), but not any number of them
            if self._interim > INTERIM:
                raise HandshakeError(f"more than {INTERIM} interim responses (1xx)")
            del buffer[:end]
            self._searched = 0
        else:
            self._message, self._start, self._length = message, end, length
        return True

    def _complete(self) -> tuple[M, bytes]:
        message, start, end = self._message, self._start, self._start + self._length
        assert message is not None
        if self._length:
            raw = bytes(self._buffer[:end])
            message = replace(message, body=raw[start:], raw=raw)
        return message, bytes(self._buffer[end:])


def _head_end(buffer: bytearray, searched: int, limits: Limits, response: bool) -> int | None:
    """Where the head ends, behind its empty line; None where it goes on.

    ``searched`` bytes were looked at before. What can't become a head is refused before it is whole.
    """
    end = buffer.find(b"\r\n\r\n", max(searched - 3, 0))
    size = len(buffer) if end < 0 else end + 4
    if response and not buffer.startswith(b"HTTP/"[: len(buffer)]):
        raise _not_http(bytes(buffer[:60]))
    line = limits.request_line + len(CRLF)
    if end < 0 and searched < line <= size and buffer.find(CRLF, 0, line) < 0:
        raise _too_long("first line", size, limits.request_line, 414)
    if size > limits.head_size:
        raise _too_long("head", size, limits.head_size, 431)
    if end < 0:
        _check_controls(buffer, searched)
        return None
    return size


def _check_controls(buffer: bytearray, searched: int) -> None:
    """Refuse control characters in the new part of an unfinished head: nobody need wait for its end."""
    if searched and buffer[searched - 1] == 0x0D:  # a CR whose LF may be the first new byte
        searched -= 1
    new = bytes(buffer[searched:])
    controls = new.translate(None, TEXT)
    if controls and controls != CRLF * new.count(CRLF) + b"\r" * new.endswith(b"\r"):
        raise _bad_control(bytes(buffer))


def request_head(head: bytes, limits: Limits) -> tuple[Request, int]:
    """The request whose head, with its empty line, is ``head``; and how many bytes of body follow it."""
    line, *lines = _split(head, limits)
    method, target = _request_line(line)
    fields = _fields(lines)
    hosts = fields.get("host", ())
    if len(hosts) != 1:
        # "A server MUST respond with a 400 [...] to any HTTP/1.1 request message that lacks a Host header
        # field and to any request message that contains more than one" (RFC 9112 §3.2)
        raise HandshakeError(f"{len(hosts) or 'no'} Host fields, exactly one is needed")
    split_authority(hosts[0])
    length = 0
    if "content-length" in fields or "transfer-encoding" in fields:
        length = _request_body(fields, limits)
    return Request(method, target, Headers.checked(head, len(line) + 2, fields), b"", head), length


def response_head(head: bytes, limits: Limits) -> tuple[Response, int]:
    """The response whose head, with its empty line, is ``head``; and how many bytes of body to wait for.

    A refusal's body is read for the human who gets the error, so the first ``Limits.body_size`` bytes of it
    are enough, and none are waited for where the head does not say how many there are.
    """
    line, *lines = _split(head, limits)
    version, _, rest = line.partition(" ")
    digits, _, reason = rest.partition(" ")
    _check_version(version, _MINOR_VERSIONS | {"0"})
    if len(digits) != 3 or not only(digits, DIGITS) or not "1" <= digits[0] <= "5":
        raise HandshakeError(f"status line {shown(line)}: HTTP/1.1, a status of three digits and a reason")
    status = int(digits)
    if status == 101 and version == "HTTP/1.0":
        raise HandshakeError("101 in HTTP/1.0, which has no upgrade")
    fields = _fields(lines)
    length = 0
    if status >= 200 and status not in (204, 304) and "transfer-encoding" not in fields:
        length = min(_content_length(fields), limits.body_size)
    return Response(status, reason, Headers.checked(head, len(line) + 2, fields), b"", head), length


def _split(head: bytes, limits: Limits) -> list[str]:
    """The lines of a head, the empty one left out; each may be as long, and they as many, as allowed."""
    lines = head[:-4].decode("latin-1").split("\r\n")
    # The only control characters are those that end the lines. So no bare CR or LF, no NUL: one look at all.
    if head.translate(None, TEXT) != CRLF * (len(lines) + 1):
        raise _bad_control(head)
    if len(lines[0]) > limits.request_line:
        raise _too_long("first line", len(lines[0]), limits.request_line, 414)
    if len(lines) - 1 > limits.header_fields:
        raise HandshakeError(f"{len(lines) - 1} header fields, at most {limits.header_fields} accepted", 431)
    if len(head) > limits.header_field:  # else no line can be too long
        size = max(map(len, lines[1:]), default=0)
        if size > limits.header_field:
            raise _too_long("header field", size, limits.header_field, 431)
    return lines


def _fields(lines: list[str]) -> dict[str, list[str]]:
    """The values of each field, by its name in lower case."""
    fields: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name:
            raise _bad_field(line)
        name = name.lower()
        if name in fields:
            fields[name].append(value.strip(" \t"))
        else:
            fields[name] = [value.strip(" \t")]
    if not only("".join(fields), TOKEN):  # one look at all of them: 1 µs less than one by one
        raise _bad_field(next(line for line in lines if not is_token(line.partition(":")[0])))
    return fields


def _request_line(line: str) -> tuple[str, str]:
    """Method and target. One space between the parts, not two, not a tab (RFC 9112 §3)."""
    words = line.split(" ")
    if len(words) != 3 or not is_token(words[0]):
        raise HandshakeError(f"request line {_hidden(line)}: METHOD /target HTTP/1.1 is needed")
    method, target, version = words
    _check_version(version, _MINOR_VERSIONS)
    if not target.startswith("/"):
        absolute_authority(target)
    if "#" in target or not only(target, VISIBLE):
        raise HandshakeError(f"request target {_hidden(target)}: visible ASCII without # is needed")
    return method, target


def _request_body(fields: Mapping[str, list[str]], limits: Limits) -> int:
    """Bytes of body that follow the head of a request: the rules against request smuggling (RFC 9112 §6)."""
    if "transfer-encoding" in fields:
        if "content-length" in fields:
            raise HandshakeError(
                "both Content-Length and Transfer-Encoding: the length of the body is unclear"
            )
        raise HandshakeError("Transfer-Encoding is not supported here: send a Content-Length", 501)
    length = _content_length(fields)
    if length and any("websocket" in value.lower() for value in fields.get("upgrade", ())):
        raise HandshakeError(f"a body of {length} bytes with an upgrade to WebSocket, none is allowed")
    if length > limits.body_size:
        raise HandshakeError(f"body of {length} bytes, at most {limits.body_size} accepted", 413)
    if length and "expect" in fields:
        raise HandshakeError("Expect is not supported here, send the body at once", 417)
    return length


def _content_length(fields: Mapping[str, list[str]]) -> int:
    """The number in Content-Length, 0 without one. Digits only: ``+1`` and ``1_0`` are numbers to Python."""
    values = fields.get("content-length", ["0"])
    value = values[0]
    if len(values) > 1 or not value or value.encode("latin-1").translate(None, DIGITS):
        raise HandshakeError(f"Content-Length {shown(', '.join(values))}: one number is needed")
    if len(value) > 18:
        raise HandshakeError(f"Content-Length {shown(value)}: a body too large to count", 413)
    return int(value)


def absolute_authority(target: str) -> str:
    """Host and port of an absolute target (RFC 9112 §3.2.2), which proxies are sent, and we accept.

    ``*`` and ``host:port`` are for OPTIONS and CONNECT; here they are refused, ``HandshakeError``.

    >>> absolute_authority("http://example.com:81/chat")
    'example.com:81'
    """
    scheme, mark, rest = target.partition("://")
    if not mark or scheme.lower() not in ("http", "https", "ws", "wss"):
        raise HandshakeError(f"request target {_hidden(target)}: a path, such as /chat, is needed")
    authority = rest[: _authority_end(rest)]
    split_authority(authority)
    return authority


def _origin_form(target: str) -> str:
    """Path and query of a target, without scheme and authority where it is absolute."""
    if target.startswith("/"):
        return target
    rest = target.partition("://")[2]
    rest = rest[_authority_end(rest) :]
    return rest if rest.startswith("/") else "/" + rest


def _authority_end(rest: str) -> int:
    return min((place for mark in "/?#" if (place := rest.find(mark)) >= 0), default=len(rest))


_MINOR_VERSIONS: Final = frozenset("123456789")  # "HTTP/1.1 or higher" (RFC 6455 §4.1)


def _check_version(version: str, minor: frozenset[str]) -> None:
    if not (version.startswith("HTTP/1.") and version[7:] in minor):
        status = 505 if version.startswith("HTTP/") else 400
        raise HandshakeError(f"version {shown(version)}, HTTP/1.1 is needed", status)


def _too_long(what: str, size: int, limit: int, status: int) -> HandshakeError:
    return HandshakeError(f"{what} of {size} bytes or more, at most {limit} accepted", status)


def _bad_field(line: str) -> HandshakeError:
    if line.startswith((" ", "\t")):
        return HandshakeError(
            "a folded header field: each stands on a line of its own (RFC 9112 section 5.2)"
        )
    name, colon, _ = line.partition(":")
    if not colon:
        return HandshakeError("a header field without a colon")
    return HandshakeError(f"header field name {shown(name)}: letters, digits and hyphens only")


def _bad_control(head: bytes) -> HandshakeError:
    """Name the first control character that is not part of a CR LF."""
    if head.startswith(_TLS):
        return _not_http(head)
    number = 0
    for number, line in enumerate(head.split(CRLF), 1):
        bad = line.translate(None, TEXT)
        if bad:
            return HandshakeError(f"{chr(bad[0])!a} in line {number} of the head: only CR LF ends a line")
    return HandshakeError(f"a control character in the {number} lines of the head")


def _not_http(start: bytes) -> HandshakeError:
    if start.startswith(_TLS):
        return HandshakeError("TLS came where plain HTTP is spoken: is it ws:// or wss:// ?")
    return HandshakeError(f"{shown(start.decode('latin-1'))} is not an HTTP response")


_TLS: Final = (b"\x16\x03", b"\x15\x03")  # the records of a hello and of an alert


def _hidden(text: str) -> str:
    """A target or a request line to show, without its query, which may hold a token."""
    path, mark, _ = text.partition("?")
    return shown(path) + "?..." * bool(mark)
