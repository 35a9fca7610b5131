"""Requests and responses as bytes: those that are read, and those that are refused."""

from __future__ import annotations

from wsdemo.protocol.http11 import HeadReader
from wsdemo.protocol.limits import Limits

UPGRADE = (
    b"GET /chat?room=1 HTTP/1.1\r\nHost: example.com:8765\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def get(fields: bytes = b"", line: bytes = b"GET / HTTP/1.1", host: bytes = b"Host: a\r\n") -> bytes:
    """A request with one more field line, or another request line."""
    return line + b"\r\n" + host + fields + b"\r\n"


# What is accepted: (wire bytes, method, target, (name, value) pairs, body)
REQUESTS = [
    (get(), "GET", "/", [("Host", "a")], b""),
    (get(host=b"hOST: a\r\n"), "GET", "/", [("hOST", "a")], b""),
    (get(b"X:\r\n"), "GET", "/", [("Host", "a"), ("X", "")], b""),
    (get(b"X: \t b c \t\r\n"), "GET", "/", [("Host", "a"), ("X", "b c")], b""),
    (get(b"X:a:b\r\n"), "GET", "/", [("Host", "a"), ("X", "a:b")], b""),
    (get(b"X: a\tb\r\n"), "GET", "/", [("Host", "a"), ("X", "a\tb")], b""),
    (get(b"X: caf\xe9\r\n"), "GET", "/", [("Host", "a"), ("X", "caf\xe9")], b""),
    (get(b"X: 1\r\nx: 2\r\n"), "GET", "/", [("Host", "a"), ("X", "1"), ("x", "2")], b""),
    (get(b"!#$%&'*+-.^_`|~09: 1\r\n"), "GET", "/", [("Host", "a"), ("!#$%&'*+-.^_`|~09", "1")], b""),
    (get(host=b"Host: [::1]:80\r\n"), "GET", "/", [("Host", "[::1]:80")], b""),
    (get(line=b"GET /%zz?{}|^~[] HTTP/1.1"), "GET", "/%zz?{}|^~[]", [("Host", "a")], b""),
    (get(line=b"GET //x HTTP/1.1"), "GET", "//x", [("Host", "a")], b""),
    (get(line=b"GET http://b:81/c?d HTTP/1.1"), "GET", "http://b:81/c?d", [("Host", "a")], b""),
    (get(line=b"GET wss://b HTTP/1.1"), "GET", "wss://b", [("Host", "a")], b""),
    (get(line=b"GET / HTTP/1.2"), "GET", "/", [("Host", "a")], b""),
    (get(line=b"GET / HTTP/1.0"), "GET", "/", [("Host", "a")], b""),
    (get(line=b"GET / HTTP/1.0", host=b"X: 1\r\n"), "GET", "/", [("X", "1")], b""),
    (get(line=b"BREW / HTTP/1.1"), "BREW", "/", [("Host", "a")], b""),
    (get(b"Content-Length: 0\r\n"), "GET", "/", [("Host", "a"), ("Content-Length", "0")], b""),
    (
        get(b"Content-Length: 003\r\n") + b"a\r\n",
        "GET",
        "/",
        [("Host", "a"), ("Content-Length", "003")],
        b"a\r\n",
    ),
    (
        get(b"Upgrade: h2c\r\nContent-Length: 1\r\n", b"POST /p HTTP/1.1") + b"\0",
        "POST",
        "/p",
        [("Host", "a"), ("Upgrade", "h2c"), ("Content-Length", "1")],
        b"\0",
    ),
]


# What is refused: (name, wire bytes, status, words of the message)
REFUSED = [
    ("nothing", b"\r\n\r\n", 400, "request line ''"),
    ("empty line first", b"\r\n" + get(), 400, "request line ''"),
    ("bare LF", get().replace(b"\r\n", b"\n"), 400, "only CR LF ends a line"),
    ("one bare LF", get(b"X: a\nY: b\r\n"), 400, r"'\n' in line 3"),
    ("bare CR", get(b"X: a\rY: b\r\n"), 400, r"'\r' in line 3"),
    ("CR CR LF", get(b"X: a\r\r\n"), 400, r"'\r' in line 3"),
    ("LF CR", get(b"X: a\n\rY: b\r\n"), 400, r"'\n' in line 3"),
    ("NUL in a value", get(b"X: a\0b\r\n"), 400, r"'\x00' in line 3"),
    ("NUL in a name", get(b"X\0: a\r\n"), 400, r"'\x00' in line 3"),
    ("escape in a value", get(b"X: \x1b[31m\r\n"), 400, r"'\x1b' in line 3"),
    ("DEL in a value", get(b"X: \x7f\r\n"), 400, r"'\x7f' in line 3"),
    ("control character in the target", get(line=b"GET /\x01 HTTP/1.1"), 400, r"'\x01' in line 1"),
    ("folded line, space", get(b"X: a\r\n b\r\n"), 400, "folded"),
    ("folded line, tab", get(b"X: a\r\n\tb\r\n"), 400, "folded"),
    ("space before the first field", get(host=b" Host: a\r\n"), 400, "folded"),
    ("space before the colon", get(b"X : a\r\n"), 400, "header field name 'X '"),
    ("tab before the colon", get(b"X\t: a\r\n"), 400, "header field name"),
    ("no colon", get(b"X\r\n"), 400, "without a colon"),
    ("no name", get(b": a\r\n"), 400, "header field name ''"),
    ("name in brackets", get(b"[X]: a\r\n"), 400, "header field name '[X]'"),
    ("name not ASCII", get(b"X\xe9: a\r\n"), 400, "header field name 'X\\xe9'"),
    ("no target", get(line=b"GET HTTP/1.1"), 400, "METHOD /target HTTP/1.1"),
    ("no version", get(line=b"GET /"), 400, "METHOD /target HTTP/1.1"),
    ("two spaces", get(line=b"GET  / HTTP/1.1"), 400, "METHOD /target HTTP/1.1"),
    ("a tab for a space", get(line=b"GET\t/ HTTP/1.1"), 400, "METHOD /target HTTP/1.1"),
    ("space at the end", get(line=b"GET / HTTP/1.1 "), 400, "METHOD /target HTTP/1.1"),
    ("space first", get(line=b" GET / HTTP/1.1"), 400, "METHOD /target HTTP/1.1"),
    ("no method", get(line=b" / HTTP/1.1"), 400, "METHOD /target HTTP/1.1"),
    ("method no token", get(line=b"GE(T / HTTP/1.1"), 400, "METHOD /target HTTP/1.1"),
    ("method not ASCII", get(line=b"G\xcaT / HTTP/1.1"), 400, "METHOD /target HTTP/1.1"),
    ("HTTP/0.9", get(line=b"GET / HTTP/0.9"), 505, "HTTP/1.1 is needed"),
    ("HTTP/1.0, two Hosts", get(b"Host: a\r\n", line=b"GET / HTTP/1.0"), 400, "2 Host fields"),
    ("HTTP/1.0, bad Host", get(line=b"GET / HTTP/1.0", host=b"Host: a/b\r\n"), 400, "is not a host"),
    ("HTTP/1.x", get(line=b"GET / HTTP/1.x"), 505, "HTTP/1.1 is needed"),
    ("HTTP/1.", get(line=b"GET / HTTP/1."), 505, "HTTP/1.1 is needed"),
    ("HTTP/1.10", get(line=b"GET / HTTP/1.10"), 505, "HTTP/1.1 is needed"),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\n", 505, "HTTP/1.1 is needed"),
    ("lower-case http", get(line=b"GET / http/1.1"), 400, "HTTP/1.1 is needed"),
    ("another protocol", get(line=b"GET / ICY/1.1"), 400, "HTTP/1.1 is needed"),
    ("asterisk", get(line=b"OPTIONS * HTTP/1.1"), 400, "a path, such as /chat"),
    ("authority", get(line=b"CONNECT a:443 HTTP/1.1"), 400, "a path, such as /chat"),
    ("a path without a slash", get(line=b"GET chat HTTP/1.1"), 400, "a path, such as /chat"),
    ("another scheme", get(line=b"GET file:///etc HTTP/1.1"), 400, "a path, such as /chat"),
    ("absolute, no host", get(line=b"GET http:///x HTTP/1.1"), 400, "is not a host"),
    ("absolute, user name", get(line=b"GET http://u:p@a/ HTTP/1.1"), 400, "is not a host"),
    ("absolute, bad port", get(line=b"GET http://a:x/ HTTP/1.1"), 400, "is not a host"),
    ("fragment", get(line=b"GET /# HTTP/1.1"), 400, "without #"),
    ("fragment, absolute", get(line=b"GET http://a#b HTTP/1.1"), 400, "without #"),
    ("tab in the target", get(line=b"GET /\ta HTTP/1.1"), 400, "visible ASCII"),
    ("target not ASCII", get(line=b"GET /\xe9 HTTP/1.1"), 400, "visible ASCII"),
    ("no Host", get(host=b""), 400, "no Host fields"),
    ("two Hosts", get(b"Host: a\r\n"), 400, "2 Host fields"),
    ("two Hosts, other case", get(b"HOST: b\r\n"), 400, "2 Host fields"),
    ("empty Host", get(host=b"Host:\r\n"), 400, "is not a host"),
    ("Host, list", get(host=b"Host: a, b\r\n"), 400, "is not a host"),
    ("Host, user name", get(host=b"Host: u@a\r\n"), 400, "is not a host"),
    ("Host, path", get(host=b"Host: a/b\r\n"), 400, "is not a host"),
    ("Host, not ASCII", get(host=b"Host: \xe9\r\n"), 400, "is not a host"),
    ("Host, port too large", get(host=b"Host: a:65536\r\n"), 400, "is not a host"),
    ("Host, port no number", get(host=b"Host: a:+1\r\n"), 400, "is not a host"),
    ("Host, two colons", get(host=b"Host: a:1:2\r\n"), 400, "is not a host"),
    ("Host, bracket open", get(host=b"Host: [::1\r\n"), 400, "is not a host"),
    ("Host, behind the bracket", get(host=b"Host: [::1]a\r\n"), 400, "is not a host"),
    ("Host, no IPv6 in brackets", get(host=b"Host: [a.b]\r\n"), 400, "is not a host"),
    ("both lengths", get(b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400, "both"),
    ("chunked", get(b"Transfer-Encoding: chunked\r\n"), 501, "Transfer-Encoding"),
    ("two lengths", get(b"Content-Length: 1\r\nContent-Length: 2\r\n"), 400, "'1, 2'"),
    ("one length twice", get(b"Content-Length: 1\r\ncontent-length: 1\r\n"), 400, "'1, 1'"),
    ("list of lengths", get(b"Content-Length: 1, 1\r\n"), 400, "one number"),
    ("length empty", get(b"Content-Length:\r\n"), 400, "one number"),
    ("length with a sign", get(b"Content-Length: +1\r\n"), 400, "one number"),
    ("length negative", get(b"Content-Length: -1\r\n"), 400, "one number"),
    ("length as Python writes it", get(b"Content-Length: 1_0\r\n"), 400, "one number"),
    ("length in hexadecimal", get(b"Content-Length: 0x1\r\n"), 400, "one number"),
    ("length in superscript", get(b"Content-Length: \xb2\r\n"), 400, "one number"),
    ("length beyond counting", get(b"Content-Length: " + b"9" * 5000 + b"\r\n"), 413, "too large"),
    ("body too large", get(b"Content-Length: 65537\r\n"), 413, "at most 65536"),
    ("body on an upgrade", UPGRADE[:-2] + b"Content-Length: 1\r\n\r\n", 400, "with an upgrade"),
    ("chunks on an upgrade", UPGRADE[:-2] + b"Transfer-Encoding: chunked\r\n\r\n", 501, "Transfer-Encoding"),
    ("expectation", get(b"Expect: 100-continue\r\nContent-Length: 1\r\n"), 417, "Expect"),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "TLS"),
]


# Responses: (wire bytes, status, reason, (name, value) pairs, body)
RESPONSES = [
    (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101, "Switching Protocols", [], b""),
    (b"HTTP/1.1 200 \r\nA: b\r\n\r\n", 200, "", [("A", "b")], b""),
    (b"HTTP/1.1 404\r\n\r\n", 404, "", [], b""),
    (b"HTTP/1.0 503 No\r\n\r\n", 503, "No", [], b""),
    (
        b"HTTP/1.1 403 No entry!\r\nContent-Length: 3\r\n\r\nwhy",
        403,
        "No entry!",
        [("Content-Length", "3")],
        b"why",
    ),
    (b"HTTP/1.1 204 \r\nContent-Length: 3\r\n\r\n", 204, "", [("Content-Length", "3")], b""),
    (b"HTTP/1.1 101 \r\nContent-Length: 3\r\n\r\n", 101, "", [("Content-Length", "3")], b""),
    (
        b"HTTP/1.1 500 \r\nTransfer-Encoding: chunked\r\n\r\n",
        500,
        "",
        [("Transfer-Encoding", "chunked")],
        b"",
    ),
]


REFUSED_RESPONSES = [
    ("raw TCP", b"5         hello", "is not an HTTP response"),
    (
        "our own request",
        b"GET /chat?token=s3cret HTTP/1.1\r\nAuthorization: s3cret\r\n\r\n",
        "'GET /chat?...' is not",
    ),
    (
        "a status line with a query",
        b"HTTP/1.1 x /chat?token=s3cret\r\n\r\n",
        "'HTTP/1.1 x /chat?...': HTTP/1.1, ",
    ),
    ("another server", b"220 mail.example ESMTP\r\n\r\n", "is not an HTTP response"),
    ("escape sequences", b"\x1b]0;owned\x07\r\n\r\n", r"'\x1b]0;owned\x07"),
    ("TLS", b"\x15\x03\x01\x00\x02\x02\x16", "TLS came"),
    ("HTTP/2", b"HTTP/2 101 \r\n\r\n", "HTTP/1.1 is needed"),
    ("lower case", b"http/1.1 101 \r\n\r\n", "is not an HTTP response"),
    ("no status", b"HTTP/1.1\r\n\r\n", "a status of three digits"),
    ("two spaces", b"HTTP/1.1  101 \r\n\r\n", "a status of three digits"),
    ("two digits", b"HTTP/1.1 99 \r\n\r\n", "a status of three digits"),
    ("status with a sign", b"HTTP/1.1 +10 \r\n\r\n", "a status of three digits"),
    ("status 600", b"HTTP/1.1 600 \r\n\r\n", "a status of three digits"),
    ("status in superscript", b"HTTP/1.1 10\xb9 \r\n\r\n", "a status of three digits"),
    ("101 in HTTP/1.0", b"HTTP/1.0 101 \r\n\r\n", "no upgrade"),
    ("bare LF", b"HTTP/1.1 101 \nA: b\n\n", "only CR LF"),
    ("folded", b"HTTP/1.1 101 \r\nA: b\r\n c\r\n\r\n", "folded"),
    ("two lengths", b"HTTP/1.1 404 \r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "one number"),
    ("long status line", b"HTTP/1.1 404 " + b"a" * 9000, "at most 8192"),
    ("long field", b"HTTP/1.1 404 \r\nA: " + b"a" * 9000 + b"\r\n\r\n", "at most 8192"),
    ("endless head", b"HTTP/1.1 404 \r\n" + b"A: a\r\n" * 7000, "at most 32768"),
    ("many fields", b"HTTP/1.1 404 \r\n" + b"A: a\r\n" * 101 + b"\r\n", "at most 100"),
    ("interim without end", b"HTTP/1.1 100 \r\n\r\n" * 9, "interim"),
]


def one_by_one(parse, wire, limits=Limits()):  # type: ignore[no-untyped-def] # noqa: B008 - frozen
    """What a reader gives when the bytes come one by one, at the last of them or before."""
    reader = HeadReader(parse, limits)
    for byte in wire:
        found = reader.receive(bytes([byte]))
        if found is not None:
            return found
    return None
