r"""HTTP/1.1, as much of it as a WebSocket needs (RFC 9112): one request, one response, strict and bounded.

::

    GET /chat?room=1 HTTP/1.1 CR LF      request line: method, target, version     at most Limits.request_line
    Host: example.com CR LF              field lines: name, colon, value           at most Limits.header_field
    Upgrade: websocket CR LF                                                       and Limits.header_fields of them
    CR LF                                the empty line ends the head              at most Limits.head_size in all
    ...                                  a body, of Content-Length bytes           at most Limits.body_size

Where HTTP software is lenient, two programs can read the same bytes in two ways, and attacks live in the
difference. So whatever has two readings is refused: a bare CR or LF, a folded line, space before a colon,
a second Host, two lengths. A connection carries one request, so there is no keep-alive here.

Every byte is looked at a bounded number of times, also when the head comes byte by byte.
Knows nothing of sockets, and of WebSockets only that nothing may stand between an upgrade and its frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Generic, TypeVar

from .errors import HandshakeError
from .limits import Limits

CRLF: Final = b"\r\n"
#: Characters of a token: names of fields, methods, subprotocols, extensions (RFC 9110 §5.6.2).
TOKEN: Final = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: Everything but control characters: what may stand in a line (RFC 9110 §5.5); the tab is allowed there.
TEXT: Final = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
#: What may stand in a request target: visible ASCII.
VISIBLE: Final = bytes(range(0x21, 0x7F))
#: Characters of a host name (RFC 3986 §3.2.2), without the brackets of an IPv6 address.
HOST: Final = b"-._~!$&'()*+,;=%0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
IPV6: Final = b"0123456789ABCDEFabcdef:."
DIGITS: Final = b"0123456789"
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


class Headers:
    r"""Header fields, in the order of the wire; names are case-insensitive and may repeat. Immutable.

    The bytes are kept, and what they say is worked out when it is asked for. A ``Headers`` that could not
    be sent cannot be made: control characters and bad names are refused (``ValueError``).

    >>> headers = Headers([("Host", "example.com"), ("Connection", "keep-alive, Upgrade")])
    >>> headers["host"], headers.get("Origin"), headers.tokens("Connection")
    ('example.com', None, ['keep-alive', 'upgrade'])
    >>> headers.raw
    b'Host: example.com\r\nConnection: keep-alive, Upgrade\r\n'
    >>> Headers([("Cookie", "a\r\nSet-Cookie: b")])
    Traceback (most recent call last):
    ValueError: header field 'Cookie': control character in 'a\r\nSet-Cookie: b'
    """

    __slots__ = ("_fields", "_raw", "_start")

    def __init__(self, fields: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> None:
        if isinstance(fields, Mapping):
            fields = fields.items()
        lines = [_field_line(name, value) for name, value in fields]
        self._raw = b"".join([*lines, CRLF])
        self._start = 0
        self._fields: dict[str, list[str]] | None = None

    @classmethod
    def _of(cls, raw: bytes, start: int, fields: dict[str, list[str]]) -> Headers:
        """Headers of a head that was checked: its bytes, where the field lines start, and what they say."""
        headers = cls.__new__(cls)
        headers._raw = raw
        headers._start = start
        headers._fields = fields
        return headers

    @property
    def raw(self) -> bytes:
        """The field lines as on the wire, without the empty line behind them."""
        return self._raw[self._start : -2]

    def release(self) -> None:
        """Keep the bytes only: 0.3 KiB rather than 3. What they say is worked out again where needed."""
        self._fields = None

    def get_all(self, name: str) -> list[str]:
        """The values of each field of this name.

        >>> Headers([("A", "1"), ("a", "2")]).get_all("a")
        ['1', '2']
        """
        if self._fields is None:
            fields: dict[str, list[str]] = {}
            self._fields = fields
            for key, value in self.items():
                fields.setdefault(key.lower(), []).append(value)
        return self._fields.get(name.lower(), [])

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of a field; several of one name are one list, joined by commas (RFC 9110 §5.3)."""
        values = self.get_all(name)
        return ", ".join(values) if values else default

    def tokens(self, name: str) -> list[str]:
        """The elements of a comma-separated list, in lower case; empty ones are ignored (RFC 9110 §5.6.1)."""
        return [
            token
            for value in self.get_all(name)
            for part in value.split(",")
            if (token := part.strip(" \t").lower())
        ]

    def items(self) -> list[tuple[str, str]]:
        """(name, value) of each field line, as the sender wrote them."""
        lines = self.raw.decode("latin-1").split("\r\n")[:-1]
        pairs = [line.partition(":") for line in lines]
        return [(name, value.strip(" \t")) for name, _, value in pairs]

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_all(name))

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self.items()])

    def __len__(self) -> int:
        return self.raw.count(CRLF)

    def __eq__(self, other: object) -> bool:
        return self.items() == other.items() if isinstance(other, Headers) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.items()))

    def __repr__(self) -> str:
        # Names only: values may be secrets (Cookie, Authorization), and a repr ends up in logs.
        return f"<Headers: {', '.join(self)}>"


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
            return self.headers.get("host", "") or ""
        return _authority(self.target)


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
    _sendable("method", request.method, TOKEN)
    _sendable("target", request.target, VISIBLE)
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
    _sendable("reason", response.reason, TEXT)
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
        """The message and the bytes behind it, or None: more bytes are needed. Not to be called afterwards."""
        buffer = self._buffer
        buffer += data
        while self._message is None:
            end = _head_end(buffer, self._searched, self._limits, self._parse is response_head)
            if end is None:
                self._searched = len(buffer)
                return None
            message, length = self._parse(bytes(buffer[:end]), self._limits)
            if isinstance(message, Response) and message.status < 200 and message.status != 101:
                self._skip(end)
            else:
                self._message, self._start, self._length = message, end, length
        if len(buffer) < self._start + self._length:
            return None
        return self._complete()

    def receive_eof(self) -> M | None:
        """Nothing more will come: the response with as much of its body as came, or None without a head."""
        found = self._complete() if isinstance(self._message, Response) else None
        return found and found[0]

    def _complete(self) -> tuple[M, bytes]:
        message, start, buffer = self._message, self._start, self._buffer
        assert message is not None
        end = start + self._length
        if self._length:
            raw = bytes(buffer[:end])
            message = replace(message, body=raw[start:], raw=raw)
        return message, bytes(buffer[end:])

    def _skip(self, end: int) -> None:
        """Forget an interim response: "a client MUST be able to parse one or more" (RFC 9110 §15.2)."""
        self._interim += 1
        if self._interim > INTERIM:
            raise HandshakeError(f"more than {INTERIM} interim responses (1xx)", 0)
        del self._buffer[:end]
        self._searched = 0


def _head_end(buffer: bytearray, searched: int, limits: Limits, response: bool) -> int | None:
    """Where the head ends, behind its empty line. What can't become a head is refused before it is whole."""
    end = buffer.find(b"\r\n\r\n", max(searched - 3, 0))
    size = len(buffer) if end < 0 else end + 4
    try:
        if response and not buffer.startswith(b"HTTP/"[: len(buffer)]):
            raise HandshakeError(f"{_not_http(buffer)}; expected 'HTTP/1.1 101 Switching Protocols'")
        if end < 0 and searched <= limits.request_line + 1 < size:
            if buffer.find(CRLF, 0, limits.request_line + 2) < 0:
                raise _too_long("request line", size, limits.request_line, 414)
        if size > limits.head_size:
            raise _too_long("head", size, limits.head_size, 431)
        if end < 0:
            _check_controls(buffer, searched)
    except HandshakeError as error:
        raise HandshakeError(str(error), 0) if response else error from None
    return None if end < 0 else size


def _check_controls(buffer: bytearray, searched: int) -> None:
    """Refuse control characters in the new part of an unfinished head: nobody need wait for its end."""
    if searched and buffer[searched - 1] == 0x0D:  # a CR whose LF may be the first new byte
        searched -= 1
    new = bytes(buffer[searched:])
    controls = new.translate(None, TEXT)
    if controls and controls != CRLF * new.count(CRLF) + b"\r" * new.endswith(b"\r"):
        raise _not_a_head(bytes(buffer))


def request_head(head: bytes, limits: Limits = Limits()) -> tuple[Request, int]:  # noqa: B008 - frozen
    """The request whose head is ``head``, to the empty line, and how many bytes of body follow it."""
    line, fields, start = _lines(head, limits)
    if len(line) > limits.request_line:
        raise _too_long("request line", len(line), limits.request_line, 414)
    words = line.split(" ")
    if len(words) != 3 or not words[0] or words[0].encode("latin-1").translate(None, TOKEN):
        raise _not_a_head(head)
    method, target, version = words
    if not (version.startswith("HTTP/1.") and version[7:] in _MINOR_VERSIONS):
        raise _bad_version(version)
    if not target.startswith("/"):
        _authority(target)
    if "#" in target or not target.isascii():
        raise HandshakeError(f"request target {shown(target)}: a fragment or a character that is not ASCII")

    hosts = fields.get("host", ())
    if len(hosts) != 1:
        raise HandshakeError(
            f"{len(hosts) or 'no'} Host fields, exactly one is needed (RFC 9112 section 3.2)"
        )
    split_authority(hosts[0])
    length = 0
    if "content-length" in fields or "transfer-encoding" in fields:
        length = _request_body(fields, limits)
    return Request(method, target, Headers._of(head, start, fields), b"", head), length


def response_head(head: bytes, limits: Limits = Limits()) -> tuple[Response, int]:  # noqa: B008 - frozen
    """The response whose head is ``head``, and how many bytes of its body are worth waiting for.

    Its body is there for people: the first ``Limits.body_size`` bytes of it, and only where the head says
    how long it is. Everything that is wrong here is status 0: it is the server's, not ours to answer.
    """
    try:
        line, fields, start = _lines(head, limits)
        version, _, rest = line.partition(" ")
        status, _, reason = rest.partition(" ")
        if not (version.startswith("HTTP/1.") and version[7:] in _MINOR_VERSIONS | {"0"}):
            raise _bad_version(version)
        if len(status) != 3 or status.encode("latin-1").translate(None, DIGITS) or status[0] not in "12345":
            raise HandshakeError(f"status line {shown(line)}: no status of three digits")
        code = int(status)
        if code == 101 and version == "HTTP/1.0":
            raise HandshakeError("101 in HTTP/1.0, which has no upgrade")
        length = 0
        if code >= 200 and code not in (204, 304) and "transfer-encoding" not in fields:
            length = min(_content_length(fields), limits.body_size)
    except HandshakeError as error:
        raise HandshakeError(str(error), 0) from None
    return Response(code, reason, Headers._of(head, start, fields), b"", head), length


def _lines(head: bytes, limits: Limits) -> tuple[str, dict[str, list[str]], int]:
    """The first line, what the field lines say (by lower-case name), and where these start. All checks."""
    lines = head[:-4].decode("latin-1").split("\r\n")
    # "The only control characters are the CRs and LFs that end the lines": bare CR, bare LF, NUL, at once.
    if head.translate(None, TEXT) != CRLF * (len(lines) + 1):
        raise _not_a_head(head)
    if len(lines) > limits.header_fields + 1:
        raise _too_many(len(lines) - 1, limits.header_fields)
    if len(head) > limits.header_field:  # else no line can be too long
        longest = max(lines[1:], key=len, default="")
        if len(longest) > limits.header_field:
            raise _too_long("header field", len(longest), limits.header_field, 431)
    fields: dict[str, list[str]] = {}
    names = ""
    first = lines[0]
    del lines[0]
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name:
            raise _bad_field(line)
        names += name
        key = name.lower()
        if key in fields:
            fields[key].append(value.strip(" \t"))
        else:
            fields[key] = [value.strip(" \t")]
    if names.encode("latin-1").translate(None, TOKEN):  # all names at once: 1 µs less than one by one
        raise _bad_field(next(line for line in lines if not is_token(line.partition(":")[0])))
    return first, fields, len(first) + 2


def _request_body(fields: Mapping[str, list[str]], limits: Limits) -> int:
    """Bytes of body that follow the head of a request: the rules against request smuggling (RFC 9112 §6)."""
    if "transfer-encoding" in fields:
        if "content-length" in fields:
            raise HandshakeError(
                "both Content-Length and Transfer-Encoding: the length of the body is unclear"
            )
        raise HandshakeError("Transfer-Encoding is not supported here, send a Content-Length", 501)
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


def split_authority(authority: str) -> tuple[str, int | None]:
    """The host, an IPv6 address in its brackets, and the port where there is one (RFC 3986 §3.2).

    >>> split_authority("example.com"), split_authority("[::1]:1234")
    (('example.com', None), ('[::1]', 1234))
    """
    if authority.startswith("["):
        host, bracket, port = authority[1:].partition("]")
        good = bracket and (not port or port[0] == ":") and ":" in host and _only(host, IPV6)
        host, port = f"[{host}]", port[1:]
    else:
        host, _, port = authority.partition(":")
        good = host and _only(host, HOST)
    if not good or (port and not (_only(port, DIGITS) and len(port) <= 5 and int(port) <= 65535)):
        raise HandshakeError(f"{shown(authority)} is not a host, or host:port")
    return host, int(port) if port else None


def is_token(text: str) -> bool:
    """Whether it is a token (RFC 9110 §5.6.2): a name of a field, a method, a subprotocol, an extension.

    >>> is_token("permessage-deflate"), is_token("two words"), is_token("")
    (True, False, False)
    """
    return bool(text) and _only(text, TOKEN)


def shown(text: str, length: int = 60) -> str:
    r"""What a peer sent, made safe to print, to log or to send back: escaped, quoted, cut.

    >>> shown("a\r\n\x1b[31m")
    "'a\\r\\n\\x1b[31m'"
    """
    return ascii(text) if len(text) <= length else f"{ascii(text[:length])}..."


_MINOR_VERSIONS: Final = frozenset("123456789")  # RFC 6455 §4.1: "HTTP/1.1 or higher"


def _only(text: str, allowed: bytes) -> bool:
    return text.isascii() and not text.encode("ascii").translate(None, allowed)


def _origin_form(target: str) -> str:
    """Path and query of a target, without scheme and authority where it is absolute."""
    if target.startswith("/"):
        return target
    rest = target.partition("://")[2]
    start = min(i for i in (rest.find("/"), rest.find("?"), len(rest)) if i >= 0)
    return rest[start:] if rest.startswith("/", start) else "/" + rest[start:]


def _authority(target: str) -> str:
    """The authority of an absolute target, checked; ``*`` and ``host:port`` are for OPTIONS and CONNECT."""
    scheme, mark, rest = target.partition("://")
    if not mark or scheme.lower() not in ("http", "https", "ws", "wss"):
        raise HandshakeError(f"request target {shown(target)}: a path, such as /chat, is needed")
    authority = rest.partition("/")[0].partition("?")[0].partition("#")[0]
    split_authority(authority)
    return authority


def _field_line(name: str, value: str) -> bytes:
    if not is_token(name):
        raise ValueError(f"header field name {shown(name)}: letters, digits and hyphens only")
    _sendable(f"header field {name!r}", value, TEXT)
    return f"{name}: {value}\r\n".encode("latin-1")


def _sendable(what: str, text: str, allowed: bytes) -> None:
    """Refuse what would end a line and begin another: header injection."""
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"{what}: {shown(text)} is not Latin-1; encode it first") from None
    if data.translate(None, allowed):
        raise ValueError(f"{what}: control character in {shown(text)}")


def _too_long(what: str, size: int, limit: int, status: int) -> HandshakeError:
    return HandshakeError(f"{what} of {size} bytes or more, at most {limit} accepted", status)


def _too_many(count: int, limit: int) -> HandshakeError:
    return HandshakeError(f"{count} header fields, at most {limit} accepted", 431)


def _bad_version(version: str) -> HandshakeError:
    status = 505 if version.startswith("HTTP/") else 400
    return HandshakeError(f"version {shown(version)}, HTTP/1.1 is needed", status)


def _bad_field(line: str) -> HandshakeError:
    why = (
        "a folded line"
        if line[:1] in (" ", "\t")
        else "no name of letters, digits and hyphens before a colon"
    )
    return HandshakeError(f"header field {shown(line)}: {why}")


def _not_http(data: bytes | bytearray) -> str:
    if data[:2] in (b"\x16\x03", b"\x15\x03"):
        return "TLS where plain HTTP is spoken (wss:// or ws://?)"
    return f"{shown(data[:100].decode('latin-1'))} is not HTTP"


def _not_a_head(head: bytes) -> HandshakeError:
    """Say which line it is; only called where there is one."""
    if head[:1] == b"\x16":
        return HandshakeError(_not_http(head))
    lines = head.split(CRLF)
    bad = [line for line in lines[1:] if line.translate(None, TEXT)]
    if bad and not lines[0].translate(None, TEXT):
        return HandshakeError(f"header field {shown(bad[0].decode('latin-1'))}: a control character")
    return HandshakeError(
        f"request line {shown(lines[0].decode('latin-1'))}: METHOD /target HTTP/1.1 is needed"
    )
