"""Where an HTTP message ends, row by row of RFC 9112 §6.3."""

from __future__ import annotations

import pytest

from wsdemo.trace.lengths import Length, head_end, outline, request_length, response_length

HEADS = [
    (b"GET / HTTP/1.1\r\nA: b\r\n\r\nrest", 24),
    (b"GET / HTTP/1.1\nA: b\n\nrest", 21),
    (b"GET / HTTP/1.1\r\nA: b\n\r\nrest", 23),
    (b"GET / HTTP/1.1\r\n\r\n\r\n\r\n", 18),
    (b"\r\n\nGET / HTTP/1.1\r\n\r\n", 21),
    (b"\r\n\r\n\r\n", -1),
    (b"GET / HTTP/1.1\r\nA: b\r\n\r", -1),
    (b"GET / HTTP/1.1\r\r\r\r", -1),
]


@pytest.mark.parametrize(("data", "end"), HEADS)
def test_a_head_ends_with_its_empty_line_wherever_it_was_searched(data: bytes, end: int) -> None:
    assert head_end(data) == head_end(bytearray(data)) == end
    for searched in range(end if end > 0 else len(data)):
        assert head_end(data, searched) == end, searched
        assert head_end(data[:searched]) == -1


def test_what_a_head_says_of_its_message() -> None:
    head = outline(
        b"\r\nPUT /a HTTP/1.1\r\nA : b\r\na:\tc \r\n d\r\nno colon\r\nUpgrade: WebSocket, h2c\r\n\r\n"
    )
    assert (head.method, head.status, head.upgrade) == ("PUT", 0, True)
    assert head.fields["a"] == ["b", "c d"] and head.protocols == ["websocket", "h2c"]
    assert outline(b"GET\r\n folded: first\r\n\r\n").fields.keys() == {"folded"}
    assert not outline(b"GET / HTTP/1.1\r\n\r\n").upgrade


STATUS_LINES = [
    (b"HTTP/1.1 200 OK", 200),
    (b"HTTP/1.0 404", 404),
    (b"HTTP/2  101 x", 101),
    (b"HTTP/1.1 2000", 0),
    (b"HTTP/1.1 20", 0),
    (b"HTTP 200 OK", 0),
    (b" HTTP/1.1 200 OK", 0),
    (b"ICY 200 OK", 0),
]


@pytest.mark.parametrize(("line", "status"), STATUS_LINES)
def test_the_status_of_a_response(line: bytes, status: int) -> None:
    assert outline(line + b"\r\n\r\n").status == status
    assert bool(outline(line + b"\r\n\r\n").method) is (status == 0 and not line.startswith(b" "))


NONE, CHUNKED, END = Length(0), Length(None, True), Length(None)
TWO_READINGS = "a Content-Length that is not one number"
BOTH = "both Content-Length and Transfer-Encoding"

RESPONSES = [
    ("GET", 200, "Content-Length: 5", Length(5)),
    ("GET", 404, "Content-Length: 0", NONE),
    ("GET", 200, "", END),
    ("", 200, "Content-Length: 5", Length(5)),
    ("HEAD", 200, "Content-Length: 5", NONE),
    ("HEAD", 200, "Transfer-Encoding: chunked", NONE),
    ("GET", 100, "Content-Length: 5", NONE),
    ("GET", 199, "", NONE),
    ("GET", 204, "Content-Length: 5", NONE),
    ("GET", 205, "Content-Length: 5", Length(5)),
    ("GET", 304, "Transfer-Encoding: chunked", NONE),
    ("GET", 305, "", END),
    ("CONNECT", 200, "Content-Length: 5", NONE),
    ("CONNECT", 299, "", NONE),
    ("CONNECT", 300, "Content-Length: 5", Length(5)),
    ("GET", 200, "Transfer-Encoding: chunked", CHUNKED),
    ("GET", 200, "Transfer-Encoding: gzip, Chunked ,", CHUNKED),
    ("GET", 200, "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", CHUNKED),
    ("GET", 200, "Transfer-Encoding: chunked, gzip", END),
    ("GET", 200, "Transfer-Encoding: ,", END),
    ("GET", 200, "Content-Length: 5\r\nTransfer-Encoding: chunked", Length(None, True, BOTH)),
    ("GET", 200, "Content-Length: 5\r\nContent-Length: 5", Length(5)),
    ("GET", 200, "Content-Length: 5, 5", Length(5)),
    ("GET", 200, "Content-Length: 5\r\nContent-Length: 6", Length(6, doubt=TWO_READINGS)),
    ("GET", 200, "Content-Length: 6, 5", Length(5, doubt=TWO_READINGS)),
    ("GET", 200, "Content-Length: +5", Length(5, doubt=TWO_READINGS)),
    ("GET", 200, "Content-Length: 05", Length(5, doubt=TWO_READINGS)),
    ("GET", 200, "Content-Length: 5x", Length(5, doubt=TWO_READINGS)),
    ("GET", 200, "Content-Length: x", Length(None, doubt=TWO_READINGS)),
    ("GET", 200, "Content-Length: -5", Length(None, doubt=TWO_READINGS)),
    ("GET", 200, "Content-Length:", Length(None, doubt=TWO_READINGS)),
    ("GET", 200, "Content-Length: " + "1" * 19, Length(None, doubt=TWO_READINGS)),
    ("GET", 200, "Content-Length: " + "1" * 18, Length(int("1" * 18))),
]


@pytest.mark.parametrize(("method", "status", "fields", "length"), RESPONSES)
def test_the_body_of_a_response(method: str, status: int, fields: str, length: Length) -> None:
    head = f"HTTP/1.1 {status} Any\r\n{fields}\r\n\r\n".encode()
    assert response_length(outline(head), method) == length


REQUESTS = [
    ("", NONE),
    ("Content-Length: 5", Length(5)),
    ("Content-Length: 5, 6", Length(6, doubt=TWO_READINGS)),
    ("Transfer-Encoding: chunked", CHUNKED),
    ("Content-Length: 5\r\nTransfer-Encoding: chunked", Length(None, True, BOTH)),
    ("Transfer-Encoding: gzip", Length(0, doubt="a Transfer-Encoding that does not end with chunked")),
]


@pytest.mark.parametrize(("fields", "length"), REQUESTS)
def test_the_body_of_a_request(fields: str, length: Length) -> None:
    assert request_length(outline(f"POST / HTTP/1.1\r\n{fields}\r\n\r\n".encode())) == length
