"""HTTP without I/O: both versions give the same pieces, wherever the bytes are cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from wsdemo.protocol.errors import HandshakeError, ProtocolError
from wsdemo.rivals.exchange import AnswerPiece, Exchange, Http1, Http2

Answer = tuple[int, bytes | None, bytes, bool]  # status, content-length, body, whether it ends

POLLED: Answer = (200, b"6", b"event\n", True)
NOTHING: Answer = (204, None, b"", True)
STREAM: Answer = (200, None, b"data: a\n\n", False)


class Peer:
    """The server's end of HTTP/2, by the library's own state machine."""

    def __init__(self) -> None:
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.h2.initiate_connection()

    def hear(self, data: bytes) -> list[tuple[int | None, dict[str, str]]]:
        """The requests in these bytes: stream and fields."""
        events = self.h2.receive_data(data)
        return [(e.stream_id, dict(e.headers)) for e in events if isinstance(e, RequestReceived)]

    def answer(self, stream: int, answer: Answer) -> bytes:
        status, length, body, ends = answer
        fields = [(":status", str(status)), *([("content-length", length.decode())] if length else [])]
        self.h2.send_headers(stream, fields, end_stream=ends and not body)
        if body:
            self.h2.send_data(stream, body, end_stream=ends)
        return self.h2.data_to_send()


def http1(answer: Answer) -> bytes:
    status, length, body, _ = answer
    field = b"Content-Length: " + length + b"\r\n" if length else b""
    return b"HTTP/1.1 %d What\r\n%b\r\n%b" % (status, field, body)


def joined(pieces: list[AnswerPiece]) -> dict[int, tuple[int, bytes, bool]]:
    """Request → status, what came of the body, whether that is all."""
    found: dict[int, tuple[int, bytes, bool]] = {}
    for piece in pieces:
        _, body, last = found.get(piece.request, (0, b"", False))
        assert not last, "nothing comes behind the last piece"
        found[piece.request] = piece.status, body + piece.data, piece.last
    return found


def ask(version: Callable[[], Exchange], answer: Answer) -> tuple[Exchange, bytes]:
    """A request, and the bytes of its answer."""
    http = version()
    http.request("a:1", "/news", [("Accept", "*/*"), ("Connection", "keep-alive")])
    asked = http.data_to_send()
    assert http.data_to_send() == b""
    if isinstance(http, Http1):
        assert asked == b"GET /news HTTP/1.1\r\nHost: a:1\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n"
        return http, http1(answer)
    peer = Peer()
    [(stream, fields)] = peer.hear(asked)
    assert stream == 1
    assert fields == {  # nothing that speaks of the connection
        ":method": "GET",
        ":scheme": "http",
        ":authority": "a:1",
        ":path": "/news",
        "accept": "*/*",
    }
    return http, peer.answer(1, answer)


@pytest.mark.parametrize("version", [Http1, Http2])
@pytest.mark.parametrize("answer", [POLLED, NOTHING, STREAM])
def test_an_answer_cut_at_every_byte(version: Callable[[], Exchange], answer: Answer) -> None:
    status, _, body, ends = answer
    http, wire = ask(version, answer)
    whole = {0: (status, body, ends)}
    assert joined(http.receive_data(wire)) == whole
    for cut in range(1, len(wire)):
        http, wire = ask(version, answer)
        assert joined([*http.receive_data(wire[:cut]), *http.receive_data(wire[cut:])]) == whole
    http, wire = ask(version, answer)
    assert joined([p for byte in wire for p in http.receive_data(bytes([byte]))]) == whole


@pytest.mark.parametrize("version", [Http1, Http2])
def test_a_head_alone_is_a_piece_without_data_where_the_body_has_no_end(
    version: Callable[[], Exchange],
) -> None:
    http, wire = ask(version, (200, None, b"", False))
    assert http.receive_data(wire)[-1:] == [AnswerPiece(0, 200, b"", False)]


def test_http1_answers_one_request_after_another() -> None:
    http = Http1()
    for number in range(3):
        http.request("a", "/", [])
        assert http.receive_data(http1(POLLED)) == [AnswerPiece(number, 200, b"event\n", True)]


def test_http2_answers_in_any_order_over_one_connection() -> None:
    http, peer = Http2(), Peer()
    for path in ("/a", "/b", "/c"):
        http.request("a", path, [])
    streams = {fields[":path"]: stream for stream, fields in peer.hear(http.data_to_send())}
    assert streams == {"/a": 1, "/b": 3, "/c": 5}
    wire = peer.answer(5, POLLED) + peer.answer(1, STREAM) + peer.answer(3, NOTHING)
    assert joined(http.receive_data(wire)) == {
        2: (200, b"event\n", True),
        0: (200, b"data: a\n\n", False),
        1: (204, b"", True),
    }


def test_the_second_head_of_http2_is_smaller() -> None:
    """HPACK (RFC 7541): what was said before is a number."""
    http, sizes = Http2(), []
    http.data_to_send()
    for _ in range(3):
        http.request("127.0.0.1:8000", "/news?after=7", [("User-Agent", "Mozilla/5.0 " * 10)])
        sizes.append(len(http.data_to_send()))
    assert sizes[0] > 100 > 20 > sizes[1] == sizes[2] == 9 + 5


def test_http2_gives_room_for_more_than_a_window() -> None:
    http, peer = Http2(), Peer()
    http.request("a", "/", [])
    peer.hear(http.data_to_send())
    peer.h2.send_headers(1, [(":status", "200")])
    got = 0
    for _ in range(20):
        peer.h2.send_data(1, bytes(16_000))  # raises where the window is used up: 65,535 bytes
        got += sum(len(piece.data) for piece in http.receive_data(peer.h2.data_to_send()))
        peer.hear(http.data_to_send())
    assert got == 320_000


def test_what_is_no_answer_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="1 bytes behind"):
        Http1().receive_data(http1(POLLED) + b"x")
    with pytest.raises(HandshakeError):
        Http1().receive_data(b"SSH-2.0\r\n\r\n")
    http, _ = ask(Http2, NOTHING)
    with pytest.raises(ProtocolError, match="not HTTP/2"):
        http.receive_data(bytes.fromhex("000001 00 00 00000000 78"))  # data of no stream
    http, peer = Http2(), Peer()
    http.request("a", "/", [])
    peer.hear(http.data_to_send())
    peer.h2.reset_stream(1, error_code=7)
    with pytest.raises(ProtocolError, match="reset a stream with error 7"):
        http.receive_data(peer.h2.data_to_send())
