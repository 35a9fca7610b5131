"""The head of a request or a response, complete: its lines parsed by the strict grammar (RFC 9112).

::

    GET /chat HTTP/1.1      _request_line                 HTTP/1.1 101 Switching Protocols      response_head
    Host: example.com       _fields                       Upgrade: websocket
    Content-Length: 0       _request_body

Every refusal is a ``HandshakeError`` with the status to answer; its text quotes no field's value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import HandshakeError
from ..headers import CRLF, DIGITS, TEXT, TOKEN, VISIBLE, Headers, is_token, only, shown, split_authority
from ..limits import Limits
from ..url import hidden, until
from .message import Request, Response, absolute_authority


def request_head(head: bytes, limits: Limits) -> tuple[Request, int]:
    """The request whose head, with its empty line, is ``head``; and the size of its body in bytes.

    Raises ``HandshakeError`` with the status to answer.
    """
    line, *lines = _split(head, limits)
    method, target, version = _request_line(line)
    fields = _fields(lines)
    hosts = fields.get("host", ())
    if len(hosts) == 1:
        split_authority(hosts[0])
    elif hosts or version != "HTTP/1.0":
        # "A server MUST respond with a 400 [...] to any HTTP/1.1 request message that lacks a Host header
        # field and to any request message that contains more than one" (RFC 9112 §3.2)
        raise HandshakeError(f"{len(hosts) or 'no'} Host fields, exactly one is needed")
    length = 0
    if "content-length" in fields or "transfer-encoding" in fields:
        length = _request_body(fields, limits)
    headers = Headers.checked(head, len(line) + 2, fields)
    return Request(method, target, headers, b"", head, version), length


def response_head(head: bytes, limits: Limits) -> tuple[Response, int]:
    """The response whose head, with its empty line, is ``head``; and how many bytes of body to wait for.

    A refusal's body is read for the human who gets the error, so the first ``Limits.body_size`` bytes of it
    are enough, and none are waited for where the head does not say how many there are.
    Raises ``HandshakeError`` where it is no HTTP, or breaks a bound.
    """
    line, *lines = _split(head, limits)
    version, _, rest = line.partition(" ")
    digits, _, reason = rest.partition(" ")
    _check_version(version)
    if len(digits) != 3 or not only(digits, DIGITS) or not "1" <= digits[0] <= "5":
        raise HandshakeError(f"status line {hidden(line)}: HTTP/1.1, a status of three digits and a reason")
    status = int(digits)
    if status == 101 and version == "HTTP/1.0":
        raise HandshakeError("101 in HTTP/1.0, which has no upgrade")
    fields = _fields(lines)
    length = min(_content_length(fields), limits.body_size) if "content-length" in fields else 0
    if status < 200 or status in (204, 304) or "transfer-encoding" in fields:
        # "always terminated by the first empty line [...] regardless of the header fields" (RFC 9112 §6.3);
        # and where a body comes in chunks, its length is not what Content-Length says.
        length = 0
    return Response(status, reason, Headers.checked(head, len(line) + 2, fields), b"", head), length


def _split(head: bytes, limits: Limits) -> list[str]:
    """The lines of a head, the empty one left out; each may be as long, and they as many, as allowed."""
    lines = head[:-4].decode("latin-1").split("\r\n")
    # The only control characters are those that end the lines. So no bare CR or LF, no NUL: one look at all.
    if head.translate(None, TEXT) != CRLF * (len(lines) + 1):
        raise bad_control(head)
    if len(lines[0]) > limits.request_line:
        raise too_long("first line", len(lines[0]), limits.request_line, 414)
    if len(lines) - 1 > limits.header_fields:
        raise HandshakeError(f"{len(lines) - 1} header fields, at most {limits.header_fields} accepted", 431)
    if len(head) > limits.header_field:  # else no line can be too long
        size = max(map(len, lines[1:]), default=0)
        if size > limits.header_field:
            raise too_long("header field", size, limits.header_field, 431)
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


def _request_line(line: str) -> tuple[str, str, str]:
    """Method, target and version. One space between them, not two, not a tab (RFC 9112 §3)."""
    words = line.split(" ")
    if len(words) != 3 or (words[0] != "GET" and not is_token(words[0])):
        raise HandshakeError(f"request line {hidden(line)}: METHOD /target HTTP/1.1 is needed")
    method, target, version = words
    if version != "HTTP/1.1":
        _check_version(version)
    if not target.startswith("/"):
        absolute_authority(target)
    if "#" in target or not only(target, VISIBLE):
        raise HandshakeError(f"request target {hidden(target)}: visible ASCII without # is needed")
    return method, target, version


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


def _check_version(version: str) -> None:
    """Any HTTP/1.x: health checks and proxies ask in 1.0. An upgrade needs 1.1 or higher (RFC 6455 §4.1)."""
    if not (version.startswith("HTTP/1.") and len(version) == 8 and only(version[7:], DIGITS)):
        # 505 is for "the major version of HTTP" (RFC 9110 §15.6.6)
        status = 505 if version.startswith("HTTP/") else 400
        raise HandshakeError(f"version {shown(version)}, HTTP/1.1 is needed", status)


def too_long(what: str, size: int, limit: int, status: int) -> HandshakeError:
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


def bad_control(head: bytes) -> HandshakeError:
    """Name the first control character that is not part of a CR LF."""
    if head.startswith(_TLS):
        return not_http(head)
    number = 0
    for number, line in enumerate(head.split(CRLF), 1):
        bad = line.translate(None, TEXT)
        if bad:
            return HandshakeError(f"{chr(bad[0])!a} in line {number} of the head: only CR LF ends a line")
    return HandshakeError(f"a control character in the {number} lines of the head")


def not_http(start: bytes) -> HandshakeError:
    if start.startswith(_TLS):
        return HandshakeError("TLS came where plain HTTP is spoken: is it ws:// or wss:// ?")
    line = until(start.decode("latin-1"), "\r\n")  # it may be our own request, from a server that echoes
    return HandshakeError(f"{hidden(line)} is not an HTTP response")


_TLS: Final = (b"\x16\x03", b"\x15\x03")  # the records of a hello and of an alert
