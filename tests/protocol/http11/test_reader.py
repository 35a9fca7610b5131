"""Bytes of HTTP/1.1 that come bit by bit: bounds that hold exactly, and a cost that is linear."""

from __future__ import annotations

import pytest

from tests.protocol.http11.wires import get, one_by_one
from wsdemo.protocol import http11
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.http11 import HeadReader, Response, parse_response, request_head, response_head
from wsdemo.protocol.limits import Limits


@pytest.mark.parametrize(
    "wire", [b"hello\n", b"\0", b"GET / HTTP/1.1\r\nX: \x1b", b"GET / HTTP/1.1\n", b"a\rb"]
)
def test_what_cannot_become_a_head_is_refused_before_its_end(wire: bytes) -> None:
    for run in (HeadReader(request_head).receive, lambda data: one_by_one(request_head, data)):
        with pytest.raises(HandshakeError):
            run(wire)


SMALL = Limits(request_line=40, header_field=30, header_fields=4, head_size=100, body_size=5)
BOUNDS = [
    (
        "request line",
        lambda n: get(line=b"GET /" + b"a" * (n - 14) + b" HTTP/1.1"),
        SMALL.request_line,
        414,
        "first line of {} bytes or more",
    ),
    (
        "header field",
        lambda n: get(b"X:" + b"a" * (n - 2) + b"\r\n"),
        SMALL.header_field,
        431,
        "header field of {} bytes or more",
    ),
    (
        "header field, all name",
        lambda n: get(b"X" * (n - 1) + b":\r\n"),
        SMALL.header_field,
        431,
        "header field of {} bytes or more",
    ),
    ("header fields", lambda n: get(b"X:a\r\n" * (n - 1)), SMALL.header_fields, 431, "{} header fields"),
    (
        "head",
        lambda n: get(b"X:" + b"a" * 20 + b"\r\nY:" + b"a" * 20 + b"\r\nZ:" + b"a" * (n - 79) + b"\r\n"),
        SMALL.head_size,
        431,
        "head of {} bytes or more",
    ),
    (
        "body",
        lambda n: get(b"Content-Length: %d\r\n" % n) + b"a" * n,
        SMALL.body_size,
        413,
        "body of {} bytes",
    ),
]


@pytest.mark.parametrize(
    "make, limit, status, got", [row[1:] for row in BOUNDS], ids=[row[0] for row in BOUNDS]
)
def test_bound(make: object, limit: int, status: int, got: str) -> None:
    assert callable(make)
    limits = SMALL
    if status == 431 and len(make(limit)) > SMALL.head_size:
        limits = Limits()
    assert HeadReader(request_head, limits).receive(make(limit)) is not None
    assert one_by_one(request_head, make(limit), limits) is not None
    for run in (
        HeadReader(request_head, limits).receive,
        lambda data: one_by_one(request_head, data, limits),
    ):
        with pytest.raises(HandshakeError) as caught:
            run(make(limit + 1))
        assert caught.value.status == status
        sizes = (limit + 1, limit + 2)  # of the first line with or without the CR behind it
        assert str(caught.value) in [f"{got.format(size)}, at most {limit} accepted" for size in sizes]


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
    reader = HeadReader(request_head)
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


ENDLESS = {
    "one long field": (request_head, b"GET / HTTP/1.1\r\nX: " + b"a" * 30_000),
    "many fields": (request_head, b"GET / HTTP/1.1\r\n" + b"X: \r\n" * 6_000),
    "long target": (request_head, b"GET /" + b"a" * 8_000 + b" HTTP/1.1\r\nX: " + b"b" * 20_000),
    "body": (request_head, get(b"Content-Length: 65536\r\n", b"POST / HTTP/1.1") + b"a" * 60_000),
    "answer, one long field": (response_head, b"HTTP/1.1 101 \r\nX: " + b"a" * 30_000),
    "answer, many fields": (response_head, b"HTTP/1.1 101 \r\n" + b"X: \r\n" * 6_000),
    "answer, body": (response_head, b"HTTP/1.1 403 \r\nContent-Length: 65536\r\n\r\n" + b"a" * 60_000),
    "interim answers": (response_head, (b"HTTP/1.1 103 \r\n" + b"X: a\r\n" * 99 + b"\r\n") * http11.INTERIM),
}


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_cost_is_linear_however_it_comes(name: str, size: int) -> None:
    parse, wire = ENDLESS[name]
    reader = HeadReader(parse)  # type: ignore[type-var]
    reader._buffer = buffer = Counted()
    for start in range(0, len(wire), size):
        assert reader.receive(wire[start : start + size]) is None
    assert reader._buffer is buffer
    assert len(buffer) <= len(wire)
    assert buffer.looked <= 10 * len(wire)


@pytest.mark.parametrize("count", [1, http11.INTERIM])
def test_interim_responses_are_skipped(count: int) -> None:
    """ "A client MUST be able to parse one or more 1xx responses" (RFC 9110 §15.2)."""
    wire = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" * count + b"HTTP/1.1 101 Yes\r\n\r\n"
    for cut in range(len(wire)):
        reader = HeadReader(response_head)
        assert reader.receive(wire[:cut]) is None
        assert reader.receive(wire[cut:] + b"x") == (Response(101, "Yes"), b"x")
    assert one_by_one(response_head, wire) == (Response(101, "Yes"), b"")
    assert parse_response(wire + b"x") == (Response(101, "Yes"), len(wire))


def test_body_of_a_refusal_is_bounded_and_may_end_early() -> None:
    wire = b"HTTP/1.1 403 No\r\nContent-Length: 1000000\r\n\r\n"
    reader = HeadReader(response_head, SMALL)
    found = reader.receive(wire + b"much too long")
    assert found is not None and found[0].body == b"much "
    reader = HeadReader(response_head)
    assert reader.receive(wire + b"why") is None
    response = reader.receive_eof()
    assert response is not None and response.body == b"why"
    reader = HeadReader(response_head)
    assert reader.receive(wire[:30]) is None
    assert reader.receive_eof() is None
    request_reader = HeadReader(request_head)
    assert request_reader.receive(get(b"Content-Length: 5\r\n") + b"abc") is None
    assert request_reader.receive_eof() is None
