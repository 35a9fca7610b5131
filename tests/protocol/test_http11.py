"""HTTP/1.1: tables of wire bytes, each whole, cut at every byte, and with bytes behind it."""

from __future__ import annotations

import ast
import os
import random
from pathlib import Path

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidMessage
from websockets.http11 import Request as TheirRequest
from websockets.streams import StreamReader

import wsdemo.protocol
from wsdemo.protocol import http11
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.http11 import (
    Reader,
    Request,
    Response,
    parse_request,
    parse_response,
    request_head,
    response_head,
    serialize_request,
    serialize_response,
)
from wsdemo.protocol.limits import Limits

#: Random and mutated inputs; `FUZZ=100000 SEED=2` for more, and others.
FUZZ = int(os.environ.get("FUZZ", "10000"))

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
    ("HTTP/1.0", get(line=b"GET / HTTP/1.0"), 505, "HTTP/1.1 is needed"),
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


@pytest.mark.parametrize(
    "wire, method, target, fields, body", REQUESTS, ids=[str(row[0]) for row in REQUESTS]
)
def test_request(wire: bytes, method: str, target: str, fields: list[tuple[str, str]], body: bytes) -> None:
    request = Request(method, target, Headers(fields), body)
    assert parse_request(wire) == (request, len(wire))
    assert parse_request(wire + b"\x81\x80more") == (request, len(wire))
    for cut in range(len(wire)):
        assert parse_request(wire[:cut]) is None, cut
        reader = Reader(request_head)
        assert reader.receive(wire[:cut]) is None
        found = reader.receive(wire[cut:] + b"\x81\r\n")
        assert found == (request, b"\x81\r\n"), cut
        assert found[0].raw == wire
    assert one_by_one(request_head, wire) == (request, b"")


def test_serialize_is_the_mirror_of_parse() -> None:
    for wire, *_ in REQUESTS:
        found = parse_request(wire)
        assert found is not None
        again = parse_request(serialize_request(found[0]))
        assert again is not None and again[0] == found[0]
    for wire, *_ in RESPONSES:
        answer = parse_response(wire)
        assert answer is not None
        again_answer = parse_response(serialize_response(answer[0]))
        assert again_answer is not None and again_answer[0] == answer[0]


@pytest.mark.parametrize("wire, status, words", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_request(wire: bytes, status: int, words: str) -> None:
    with pytest.raises(HandshakeError) as caught:
        parse_request(wire)
    assert caught.value.status == status
    assert words in str(caught.value)
    with pytest.raises(HandshakeError) as caught:
        parse_request(wire + b"GET / HTTP/1.1\r\n\r\n")
    assert caught.value.status == status
    for cut in range(len(wire) if len(wire) < 200 else 0):
        reader = Reader(request_head)
        with pytest.raises(HandshakeError) as caught:
            reader.receive(wire[:cut])
            reader.receive(wire[cut:])
        assert caught.value.status == status, cut
    with pytest.raises(HandshakeError) as caught:
        one_by_one(request_head, wire)
    assert caught.value.status == status


@pytest.mark.parametrize(
    "wire", [b"hello\n", b"\0", b"GET / HTTP/1.1\r\nX: \x1b", b"GET / HTTP/1.1\n", b"a\rb"]
)
def test_what_cannot_become_a_head_is_refused_before_its_end(wire: bytes) -> None:
    for run in (Reader(request_head).receive, lambda data: one_by_one(request_head, data)):
        with pytest.raises(HandshakeError):
            run(wire)


# Bounds: each holds exactly, whole and byte by byte.

SMALL = Limits(request_line=40, header_field=30, header_fields=4, head_size=100, body_size=5)
BOUNDS = [
    ("request line", lambda n: get(line=b"GET /" + b"a" * (n - 14) + b" HTTP/1.1"), SMALL.request_line, 414),
    ("header field", lambda n: get(b"X:" + b"a" * (n - 2) + b"\r\n"), SMALL.header_field, 431),
    ("header field, all name", lambda n: get(b"X" * (n - 1) + b":\r\n"), SMALL.header_field, 431),
    ("header fields", lambda n: get(b"X:a\r\n" * (n - 1)), SMALL.header_fields, 431),
    (
        "head",
        lambda n: get(b"X:" + b"a" * 20 + b"\r\nY:" + b"a" * 20 + b"\r\nZ:" + b"a" * (n - 79) + b"\r\n"),
        SMALL.head_size,
        431,
    ),
    ("body", lambda n: get(b"Content-Length: %d\r\n" % n) + b"a" * n, SMALL.body_size, 413),
]


@pytest.mark.parametrize("make, limit, status", [row[1:] for row in BOUNDS], ids=[row[0] for row in BOUNDS])
def test_bound(make: object, limit: int, status: int) -> None:
    assert callable(make)
    limits = SMALL
    if status == 431 and len(make(limit)) > SMALL.head_size:
        limits = Limits()
    assert Reader(request_head, limits).receive(make(limit)) is not None
    assert one_by_one(request_head, make(limit), limits) is not None
    for run in (Reader(request_head, limits).receive, lambda data: one_by_one(request_head, data, limits)):
        with pytest.raises(HandshakeError) as caught:
            run(make(limit + 1))
        assert caught.value.status == status
        assert f"at most {limit} accepted" in str(caught.value)


@pytest.mark.parametrize(
    "start, repeat, status, size",
    [
        (b"GET /", b"a", 414, 8 * 1024 + 2),
        (b"GET / HTTP/1.1\r\nX: ", b"a", 431, 32 * 1024 + 1),
        (b"GET / HTTP/1.1\r\n", b"X: a\r\n", 431, 32 * 1024 + 6),
        (b"", b"a", 414, 8 * 1024 + 2),
    ],
)
def test_a_flood_without_end_is_cut_at_its_bound(start: bytes, repeat: bytes, status: int, size: int) -> None:
    """Across segments too: tungstenite CVE-2023-43669, ws CVE-2024-37890, aiohttp CVE-2026-22815."""
    reader = Reader(request_head)
    sent = 0
    with pytest.raises(HandshakeError) as caught:
        reader.receive(start)
        sent += len(start)
        while sent < 1_000_000:
            sent += len(repeat)
            reader.receive(repeat)
    assert caught.value.status == status
    assert sent <= size


class Counted(bytearray):
    """A buffer that counts the bytes that are looked at."""

    looked = 0

    def find(self, sub, start=0, end=None):  # type: ignore[no-untyped-def, override]
        end = len(self) if end is None else min(end, len(self))
        self.looked += max(end - start, 0)
        return super().find(sub, start, end)

    def __bytes__(self) -> bytes:
        self.looked += len(self)
        return bytes(memoryview(self))

    def __getitem__(self, key):  # type: ignore[no-untyped-def, override]
        found = super().__getitem__(key)
        self.looked += 1 if isinstance(found, int) else len(found)
        return found


@pytest.mark.parametrize(
    "wire",
    [
        b"GET / HTTP/1.1\r\nX: " + b"a" * 30_000,
        b"GET / HTTP/1.1\r\n" + b"X: \r\n" * 6_000,
        b"GET /" + b"a" * 8_000 + b" HTTP/1.1\r\nX: " + b"b" * 20_000,
        get(b"Content-Length: 65536\r\n", b"POST / HTTP/1.1") + b"a" * 60_000,
    ],
    ids=["one long field", "many fields", "long target", "body"],
)
def test_cost_is_linear_byte_by_byte(wire: bytes) -> None:
    reader = Reader(request_head)
    reader._buffer = buffer = Counted()
    for byte in wire:
        assert reader.receive(bytes([byte])) is None
    assert reader._buffer is buffer
    assert buffer.looked <= 10 * len(wire)


def test_no_regular_expressions() -> None:
    """No grammar here can backtrack: websocket-driver CVE-2020-7663, ws CVE-2021-32640."""
    folder = Path(next(iter(wsdemo.protocol.__path__)))
    for name in ("headers", "http11", "url", "extensions", "handshake"):
        tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
        names = [
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        ]
        names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert "re" not in names


# Properties of a request


@pytest.mark.parametrize(
    "target, path, query, host",
    [
        ("/", "/", "", "a:1"),
        ("/b/c?d=e?f", "/b/c", "d=e?f", "a:1"),
        ("//evil/x", "//evil/x", "", "a:1"),
        ("/http://x/?y", "/http://x/", "y", "a:1"),
        ("http://b:2/c?d", "/c", "d", "b:2"),
        ("HTTPS://b", "/", "", "b"),
        ("ws://b?d/e", "/", "d/e", "b"),
        ("http://[::1]:3/?", "/", "", "[::1]:3"),
    ],
)
def test_parts_of_a_target(target: str, path: str, query: str, host: str) -> None:
    found = parse_request(get(line=f"GET {target} HTTP/1.1".encode(), host=b"Host: a:1\r\n"))
    assert found is not None
    request = found[0]
    assert (request.path, request.query, request.host) == (path, query, host)


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


@pytest.mark.parametrize(
    "wire, status, reason, fields, body", RESPONSES, ids=[str(row[0]) for row in RESPONSES]
)
def test_response(wire: bytes, status: int, reason: str, fields: list[tuple[str, str]], body: bytes) -> None:
    response = Response(status, reason, Headers(fields), body)
    assert parse_response(wire) == (response, len(wire))
    for cut in range(len(wire)):
        reader = Reader(response_head)
        assert reader.receive(wire[:cut]) is None
        assert reader.receive(wire[cut:] + b"\x81\r\n") == (response, b"\x81\r\n"), cut
    assert one_by_one(response_head, wire) == (response, b"")


@pytest.mark.parametrize(
    "wire, words", [row[1:] for row in REFUSED_RESPONSES], ids=[row[0] for row in REFUSED_RESPONSES]
)
def test_refused_response(wire: bytes, words: str) -> None:
    for run in (parse_response, lambda data: one_by_one(response_head, data)):
        with pytest.raises(HandshakeError) as caught:
            run(wire)
        assert caught.value.status == 0
        assert str(caught.value).isprintable() and str(caught.value).isascii()
        if run is parse_response:
            assert words in str(caught.value)


@pytest.mark.parametrize("count", [1, http11.INTERIM])
def test_interim_responses_are_skipped(count: int) -> None:
    """ "A client MUST be able to parse one or more 1xx responses" (RFC 9110 §15.2)."""
    wire = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" * count + b"HTTP/1.1 101 Yes\r\n\r\n"
    for cut in range(len(wire)):
        reader = Reader(response_head)
        assert reader.receive(wire[:cut]) is None
        assert reader.receive(wire[cut:] + b"x") == (Response(101, "Yes"), b"x")
    assert one_by_one(response_head, wire) == (Response(101, "Yes"), b"")
    assert parse_response(wire + b"x") == (Response(101, "Yes"), len(wire))


def test_body_of_a_refusal_is_bounded_and_may_end_early() -> None:
    wire = b"HTTP/1.1 403 No\r\nContent-Length: 1000000\r\n\r\n"
    reader = Reader(response_head, SMALL)
    found = reader.receive(wire + b"much too long")
    assert found is not None and found[0].body == b"much "
    reader = Reader(response_head)
    assert reader.receive(wire + b"why") is None
    response = reader.receive_eof()
    assert response is not None and response.body == b"why"
    reader = Reader(response_head)
    assert reader.receive(wire[:30]) is None
    assert reader.receive_eof() is None
    request_reader = Reader(request_head)
    assert request_reader.receive(get(b"Content-Length: 5\r\n") + b"abc") is None
    assert request_reader.receive_eof() is None


# What we send


@pytest.mark.parametrize("target", ["/ HTTP/1.1\r\nX: y", "/a b", "/\n", "/\0", "/é", "/\u0120"])
def test_request_line_injection_on_output_is_refused(target: str) -> None:
    with pytest.raises(ValueError):
        serialize_request(Request("GET", target))
    with pytest.raises(ValueError):
        serialize_request(Request(f"GET {target}", "/"))
    with pytest.raises(ValueError):
        serialize_response(
            Response(200, target.replace("/", "\r").replace("é", "\n").replace(" ", "\0") + "\r")
        )


@pytest.mark.parametrize("status", [0, 99, 1000, -200])
def test_status_on_output_has_three_digits(status: int) -> None:
    with pytest.raises(ValueError, match="three digits"):
        serialize_response(Response(status, "?"))


def test_no_secret_in_an_error_or_a_repr() -> None:
    """jupyter CVE-2022-24757: values of fields, and queries, stay out of what may be logged."""
    secrets = [
        get(b"Authorization: hunter2\x01\r\n"),
        get(b"Cookie : hunter2\r\n"),
        get(b"Cookie: a\r\n hunter2\r\n"),
        get(b"hunter2\r\n"),
        get(line=b"GET chat?token=hunter2 HTTP/1.1"),
        get(line=b"GET /chat?token=hunter2# HTTP/1.1"),
        get(line=b"GET /chat?token=hunter2  HTTP/1.1"),
        get(line=b"GET /chat?token=hunter2\x01 HTTP/1.1"),
    ]
    for wire in secrets:
        with pytest.raises(HandshakeError) as caught:
            parse_request(wire)
        assert "hunter2" not in str(caught.value)
    with pytest.raises(ValueError) as refused:
        Headers({"Cookie": "hunter2\r\n"})
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(Request("GET", "/", Headers({"Cookie": "hunter2"}), raw=b"hunter2"))


# Oracles


def ours(wire: bytes) -> tuple[str, str, list[tuple[str, str]], bytes] | None:
    """What we read, names in lower case; None where we refuse, or want more."""
    try:
        found = parse_request(wire)
    except HandshakeError as error:
        assert str(error).isascii() and str(error).isprintable(), "what a peer sent goes unescaped into a log"
        assert len(str(error)) < 400
        assert error.status in http11.REASONS
        return None
    if found is None:
        return None
    request = found[0]
    return (
        request.method,
        request.target,
        [(name.lower(), value) for name, value in request.headers.items()],
        request.body,
    )


def h11s(wire: bytes) -> tuple[str, str, list[tuple[str, str]], bytes] | None:
    """What h11 reads."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1_000_000)
    connection.receive_data(wire)
    try:
        request = connection.next_event()
        if not isinstance(request, h11.Request):
            return None
        body = b""
        while isinstance(event := connection.next_event(), h11.Data):
            body += bytes(event.data)
        assert event is h11.PAUSED or isinstance(event, h11.EndOfMessage | type(h11.NEED_DATA))
    except h11.RemoteProtocolError:
        return None
    return (
        request.method.decode(),
        request.target.decode(),
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers],
        body,
    )


def theirs(wire: bytes) -> tuple[str, list[tuple[str, str]]] | None:
    """What websockets reads."""
    reader = StreamReader()
    reader.feed_data(wire)
    parser = TheirRequest.parse(reader.read_line)
    try:
        next(parser)
    except StopIteration as done:
        request: TheirRequest = done.value
        return request.path, list(request.headers.raw_items())
    except (ValueError, EOFError, InvalidMessage):
        return None
    return None


def test_h11_reads_the_same() -> None:
    for wire, *_ in REQUESTS:
        assert ours(wire) == h11s(wire)


TOKEN_TEXT = st.text(st.sampled_from("!#$%&'*+-.^_`|~019AZaz"), min_size=1, max_size=12)
VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30)
TARGET = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"), max_size=30)
OWN = {"host", "content-length", "transfer-encoding", "upgrade", "expect", "connection"}
FIELD = st.tuples(
    TOKEN_TEXT.filter(lambda name: name.lower() not in OWN), VALUE.filter(lambda v: v.isprintable())
)


@given(st.sampled_from(["GET", "POST", "X-1"]), TARGET, st.lists(FIELD, max_size=8), st.binary(max_size=20))
def test_oracles_read_what_we_write(
    method: str, target: str, fields: list[tuple[str, str]], body: bytes
) -> None:
    fields = [("Host", "a"), *fields, ("Content-Length", str(len(body)))]
    wire = serialize_request(Request(method, "/" + target, Headers(fields), body))
    assert ours(wire) == h11s(wire) is not None
    if method == "GET" and not body:
        wire = serialize_request(Request(method, "/" + target, Headers(fields[:-1])))
        assert theirs(wire) == ("/" + target, [(name, value.strip(" \t")) for name, value in fields[:-1]])


@given(st.binary(max_size=300))
def test_any_bytes(wire: bytes) -> None:
    """ "No exception but HandshakeError" on both sides."""
    ours(wire)
    for start in (b"", b"HTTP/1.1 "):
        try:
            parse_response(start + wire)
        except HandshakeError as error:
            assert error.status == 0 and str(error).isascii() and str(error).isprintable()


def test_mutated_requests_are_refused_or_read_as_h11_reads_them() -> None:
    """Request smuggling starts where two programs read different things: we read nothing that h11 does not.

    aiohttp CVE-2023-37276, puma CVE-2021-41136, Jetty CVE-2023-40167.
    """
    dice = random.Random(os.environ.get("SEED", "1"))
    accepted = 0
    for _ in range(FUZZ):
        wire = mutated(dice, dice.choice(REQUESTS + REFUSED_WIRES)[0])
        read = ours(wire)
        cut = dice.randrange(len(wire) + 1)
        assert read == in_two(wire, cut), (wire, cut)
        if read is not None:
            accepted += 1
            known = h11s(wire)
            assert known is not None, wire
            assert read == known, wire
    assert accepted > FUZZ // 50


REFUSED_WIRES = [(row[1],) for row in REFUSED if len(row[1]) < 300]
PIECES = [
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b":",
    b"\0",
    b"\x7f",
    b"\xff",
    b"#",
    b"Host: b\r\n",
    b"http://c",
]
PIECES += [
    b"Content-Length: 1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Upgrade: websocket\r\n",
    b"HTTP/1.1",
]


def mutated(dice: random.Random, wire: bytes) -> bytes:
    """Some bytes changed, taken out, put in, doubled."""
    for _ in range(dice.randrange(4)):
        a = dice.randrange(len(wire) + 1)
        b = min(len(wire), a + dice.randrange(12))
        match dice.randrange(5):
            case 0:
                wire = wire[:a] + bytes([dice.randrange(256)]) + wire[a + 1 :]
            case 1:
                wire = wire[:a] + wire[b:]
            case 2:
                wire = wire[:a] + dice.choice(PIECES) + wire[a:]
            case 3:
                wire = wire[:b] + wire[a:b] + wire[b:]
            case 4:
                wire = wire[:a] + dice.randbytes(dice.randrange(5)) + wire[b:]
    return wire


def in_two(wire: bytes, cut: int) -> tuple[str, str, list[tuple[str, str]], bytes] | None:
    """``ours``, but the bytes come in two pieces."""
    reader = Reader(request_head)
    try:
        found = reader.receive(wire[:cut]) or reader.receive(wire[cut:])
    except HandshakeError:
        return None
    if found is None:
        return None
    request = found[0]
    fields = [(name.lower(), value) for name, value in request.headers.items()]
    return request.method, request.target, fields, request.body


def one_by_one(parse, wire, limits=Limits()):  # type: ignore[no-untyped-def] # noqa: B008 - frozen
    """What a reader gives when the bytes come one by one, at the last of them or before."""
    reader = Reader(parse, limits)
    for byte in wire:
        found = reader.receive(bytes([byte]))
        if found is not None:
            return found
    return None
