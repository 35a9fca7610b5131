"""Chunks: as h11 writes them, cut at every byte, and what is none."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsdemo.protocol.errors import ProtocolError
from wsdemo.protocol.http11.chunked import BodyChunk, parse_chunk

CHUNKS = [
    (b"5\r\nhello\r\n", BodyChunk(3, 8, 10, False)),
    (b"A\r\n0123456789\r\n", BodyChunk(3, 13, 15, False)),
    (b"00a\t;x=y\r\n0123456789\r\n", BodyChunk(10, 20, 22, False)),
    (b"2\r\n\r\n\r\n", BodyChunk(3, 5, 7, False)),
    (b"0\r\n\r\n", BodyChunk(3, 3, 5, True)),
    (b"000;a\r\nX: y\r\nZ: 1\r\n\r\n", BodyChunk(7, 7, 21, True)),
]


@pytest.mark.parametrize(("wire", "chunk"), CHUNKS)
def test_a_chunk_is_found_when_it_is_whole(wire: bytes, chunk: BodyChunk) -> None:
    for size in range(len(wire)):
        assert parse_chunk(wire[:size]) is None, size
    assert parse_chunk(wire) == parse_chunk(bytearray(wire + b"5\r\nrest\0")) == chunk
    assert parse_chunk(b"\0\0\0" + wire, 3) == BodyChunk(*(place + 3 for place in chunk[:3]), chunk.last)


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (b"\r\n", "expected hexadecimal digits"),
        (b"-1\r\n", "expected hexadecimal digits"),
        (b"0x5\r\nhello\r\n", "expected hexadecimal digits"),
        (b"1_0\r\n", "expected hexadecimal digits"),
        (b";a\r\n", "expected hexadecimal digits"),
        (b"1" * 16 + b"\r\n", "expected hexadecimal digits"),
        (b"5\r\nhello, world\r\n", "a chunk of 5 bytes that goes on behind them"),
        (b"5;" + b"a" * 1022, "a line of over 1024 bytes"),
    ],
)
def test_what_is_no_chunk_is_refused(wire: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason) as refused:
        parse_chunk(wire)
    assert refused.value.section == "RFC 9112 §7.1"


def test_the_longest_line_and_the_longest_length() -> None:
    assert parse_chunk(b"1;" + b"a" * 1020 + b"\r\nx\r\n") == BodyChunk(1024, 1025, 1027, False)
    assert parse_chunk(b"5;" + b"a" * 1021) is None
    assert parse_chunk(b"f" * 15 + b"\r\n") is None, "it may still come"


@given(st.lists(st.binary(max_size=300), max_size=5), st.dictionaries(st.just("x-trailer"), st.just("y")))
def test_we_read_what_h11_writes(pieces: list[bytes], trailer: dict[str, str]) -> None:
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    server.next_event()
    server.next_event()
    server.send(h11.Response(status_code=200, headers=[("Transfer-Encoding", "chunked")]))
    wire = b"".join(server.send(h11.Data(piece)) or b"" for piece in pieces)
    wire += server.send(h11.EndOfMessage(headers=list(trailer.items()))) or b""
    body, at, chunk = b"", 0, None
    while chunk is None or not chunk.last:
        chunk = parse_chunk(wire, at)
        assert chunk is not None
        body += wire[chunk.start : chunk.stop]
        at = chunk.end
    assert (body, at) == (b"".join(pieces), len(wire))
