"""The clients' parsing: bytes cut anywhere, and servers that make no sense."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from tests.waiting import DEADLINE
from wsdemo.protocol.errors import ProtocolError
from wsdemo.rivals.audience import Audience
from wsdemo.rivals.clients import LongPolling, ServerSent
from wsdemo.rivals.exchange import Dechunker
from wsdemo.rivals.ways import Way

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"

CHUNKED = [
    (b"5\r\nhello\r\n", b"hello"),
    (b"5;a=b\r\nhello\r\n1\r\n!\r\n", b"hello!"),
    (b"A\r\n0123\r\n6789\r\n0\r\n\r\n", b"0123\r\n6789"),
    (b"", b""),
]


@pytest.mark.parametrize(("wire", "body"), CHUNKED)
def test_chunks_cut_at_every_byte(wire: bytes, body: bytes) -> None:
    assert Dechunker().receive(wire) == body
    for cut in range(len(wire) + 1):
        chunks = Dechunker()
        assert chunks.receive(wire[:cut]) + chunks.receive(wire[cut:]) == body
    chunks = Dechunker()
    assert b"".join(chunks.receive(bytes([byte])) for byte in wire) == body


@pytest.mark.parametrize("wire", [b"x\r\n", b"\r\nhello", b"-5\r\nhello\r\n", b"0x5\r\nhello\r\n"])
def test_a_chunk_without_a_size_is_an_error(wire: bytes) -> None:
    with pytest.raises(ProtocolError, match="chunk size"):
        Dechunker().receive(wire)


class Fixed:
    """A server that says these bytes, piece by piece, to the first request of its one client."""

    about = "fixed"

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        sock, _ = self._listener.accept()
        with sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.recv(4096)
            for piece in self._pieces:
                sock.sendall(piece)
            sock.recv(1)

    def __enter__(self) -> Fixed:
        return self

    def __exit__(self, *error: Any) -> None:
        self._thread.join()
        self._listener.close()


def hear(client: Any, count: int, *pieces: bytes) -> Audience:
    """What a client of this kind makes of such an answer."""
    way = Way("fixed", client, Fixed)  # type: ignore[arg-type]
    with Fixed(*pieces) as server, Audience(way, server.port) as audience:
        audience.wait(count, DEADLINE)
    return audience


@pytest.mark.parametrize(
    "body",
    [
        b'id: 1\ndata: {"event":1}\n\nid: 2\ndata: {"event":2}\n\n',
        b'data: {"event":1}\n\n: a comment\n\nevent: tick\ndata: {"event":2}\n\n',
    ],
)
def test_server_sent_events_byte_by_byte(body: bytes) -> None:
    wire = HEAD + b"\r\n" + body
    for pieces in ((wire,), tuple(wire[at : at + 1] for at in range(len(wire)))):
        audience = hear(ServerSent, 2, *pieces)
        assert [heard.text for heard in audience.heard] == ['{"event":1}', '{"event":2}']
        assert not audience.errors


def test_an_event_of_several_lines_is_joined() -> None:
    audience = hear(ServerSent, 1, HEAD + b"\r\ndata: a\ndata: b\n\n")
    assert audience.heard[0].text == "a\nb"


def test_a_stream_in_chunks() -> None:
    audience = hear(ServerSent, 1, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"9\r\ndata: a\n\n", b"\r\n")
    assert [heard.text for heard in audience.heard] == ["a"]


@pytest.mark.parametrize("client", [ServerSent, LongPolling])
@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
    ],
)
def test_a_senseless_answer_is_an_error(client: Any, wire: bytes) -> None:
    audience = hear(client, 1, wire)
    assert not audience.heard and len(audience.errors) == 1
