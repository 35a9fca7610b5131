"""The clients' parsing: bytes cut anywhere, and servers that make no sense."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.waiting import DEADLINE
from wsdemo.protocol.errors import ProtocolError
from wsdemo.protocol.handshake import accept
from wsdemo.protocol.http11 import parse_request, serialize_response
from wsdemo.rawtcp.framing import serialize
from wsdemo.rivals import clients
from wsdemo.rivals.audience import Audience
from wsdemo.rivals.clients import (
    Client,
    HttpClient,
    LongPolling,
    RawClient,
    ServerSent,
    ShortPolling,
    Terms,
    WebSocketClient,
)
from wsdemo.rivals.exchange import Dechunker, Http1
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


# -- a client by itself: its wire, its clock, and those that it tells are the test's -------------------------


class Wire:
    """Stands in for a transport: what was written and done."""

    def __init__(self) -> None:
        self.closed = False
        self.done: list[object] = []
        self.lock = threading.Lock()

    def write(self, data: bytes) -> None:
        assert self.lock.locked(), "frames of two threads must not be mixed"
        self.done.append(data)

    def close(self) -> None:
        self.done.append("close")

    def abort(self) -> None:
        self.done.append("abort")
        self.closed = True


class Stand:
    """One client without a network: `told` is what it reported, `later` its timers."""

    def __init__(self, kind: type[Client], number: int = 0, count: int = 1, **terms: Any) -> None:
        self.told: list[object] = []
        self.later: list[tuple[float, Any]] = []
        self.wires: list[Wire] = []
        stand = self

        class OnFakes(kind):  # type: ignore[misc,valid-type]
            def _connect(self) -> None:
                if hasattr(self, "_http"):
                    del self._http
                if issubclass(kind, HttpClient):
                    self._http = self._terms.http()
                self._wire = Wire()
                stand.wires.append(self._wire)
                self.connections += 1

        told = self.told
        given = {
            "reactor": self,
            "host": "127.0.0.1",
            "port": 80,
            "trace": None,
            "interval": 8.0,
            "keep_alive": True,
            "http": Http1,
            "headers": (),
            "heard": lambda number, text: told.append((number, text)),
            "ready": lambda number: told.append("ready"),
            "gone": lambda number, error: told.append(("gone", error)),
        }
        self.client: Any = OnFakes(Terms(**(given | terms)), number, count)

    def call_later(self, seconds: float, function: Callable[[], object]) -> Any:
        self.later.append((seconds, function))
        return SimpleNamespace(cancel=lambda: self.later.remove((seconds, function)))


OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b"
NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize("wire", ["none", "closed", "open"])
def test_who_leaves_closes_a_wire_that_is_open_and_is_gone_where_none_is(wire: str) -> None:
    stand = Stand(LongPolling)
    if wire != "none":
        stand.client._connect()
        stand.wires[0].closed = wire == "closed"
    stand.client.leave()
    assert stand.told == ([] if wire == "open" else [("gone", None)])
    assert [made.done for made in stand.wires] == {"none": [], "closed": [[]], "open": [["close"]]}[wire]
    stand.client.cut()
    assert [made.done[-1] for made in stand.wires] == ["abort"] * len(stand.wires)


def test_an_end_that_nobody_asked_for_is_an_error_and_the_first_counts() -> None:
    reset = ConnectionResetError("reset")
    for deed, wanted in [
        (lambda client: None, reset),
        (lambda client: client.eof_received(), "the server has ended the connection"),
        (lambda client: client._fail(ProtocolError("first")), "first"),
        (lambda client: (client._fail(ProtocolError("first")), client._fail(ProtocolError("no"))), "first"),
        (lambda client: (client._fail(ProtocolError("first")), client.eof_received()), "first"),
        (lambda client: client.leave(), None),
        (lambda client: (client.leave(), client.eof_received()), None),
    ]:
        stand = Stand(LongPolling)
        stand.client.start()
        deed(stand.client)
        stand.client.connection_lost(reset)
        (gone,) = [told for told in stand.told if told != "ready"]
        assert gone == ("gone", wanted) or str(gone[1]) == wanted


def test_long_polling_asks_for_what_it_has_not_heard() -> None:
    stand = Stand(LongPolling, headers=(("X-A", "b"),))
    stand.client.start()
    assert stand.told == ["ready"] and stand.client.requests == 1
    stand.client.data_received(OK % (4, b"a\nbc"))
    assert stand.told[1:] == [(0, "a"), (0, "bc")]
    stand.client.data_received(NOTHING)
    heads = [parse_request(data) for data in stand.wires[0].done]
    targets = [request.target for request, _ in heads if request is not None]
    assert targets == ["/wait?after=0", "/wait?after=2", "/wait?after=2"]
    assert heads[0][0].headers["x-a"] == "b"
    assert (stand.client.requests, stand.client.connections) == (3, 1)
    stand.client.data_received(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    assert stand.wires[0].done[-1] == "abort"
    stand.client.connection_lost(None)
    assert "status 404, expected 200 or 204" in str(stand.told[-1])


def test_without_keep_alive_each_poll_has_a_connection() -> None:
    stand = Stand(LongPolling, keep_alive=False)
    stand.client.start()
    for _ in range(2):
        stand.client.data_received(NOTHING)
    assert (stand.client.requests, stand.client.connections) == (3, 3)
    assert [wire.done[-1] for wire in stand.wires[:2]] == ["abort"] * 2
    assert b"Connection: close" in stand.wires[0].done[0]
    assert stand.told == ["ready"], "those ends were meant"


def test_short_polls_come_at_their_share_of_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(clients, "time", SimpleNamespace(monotonic=lambda: now[0]))
    stand = Stand(ShortPolling, number=3, count=4)
    stand.client.start()
    ((seconds, poll),) = stand.later
    assert seconds == 6.0 and stand.told == ["ready"] and not stand.wires[0].done
    now[0] = 106.0
    stand.later.clear()
    poll()
    assert len(stand.wires[0].done) == 1
    for when, wait in ((107.0, 7.0), (123.5, 6.5)):  # an answer that took more than an interval
        now[0] = when
        stand.client.data_received(NOTHING)
        ((seconds, poll),) = stand.later
        assert seconds == wait
        stand.later.clear()
        now[0] += wait
        poll()
    stand.client.data_received(NOTHING)
    assert len(stand.later) == 1
    stand.client.leave()
    assert not stand.later and stand.wires[0].done[-1] == "close"
    stand.client.data_received(NOTHING)
    assert not stand.later, "who leaves asks no more"


def test_two_streams_are_ready_when_both_are() -> None:
    stand = Stand(ServerSent)
    stand.client.start()
    assert stand.told == []
    stand.client.data_received(HEAD + b"\r\ndata: a\n\n")
    assert stand.told == ["ready", (0, "a")]
    stand.client.data_received(b"data: b\n")
    stand.client.data_received(b"\ndata: c")
    assert stand.told[2:] == [(0, "b")]


def test_a_websocket_says_good_bye_where_it_is_open() -> None:
    stand = Stand(WebSocketClient, headers=(("Connection", "keep-alive"), ("X-A", "b")))
    stand.client.start()
    wire = stand.wires[0]
    request, _ = parse_request(wire.done[0])
    assert (
        request is not None and request.headers["connection"] == "Upgrade" and request.headers["x-a"] == "b"
    )
    stand.client.data_received(serialize_response(accept(request).response))
    assert stand.told == ["ready"] and stand.client.requests == 1
    stand.client.data_received(b"\x81\x01a\x89\x00")
    assert stand.told == ["ready", (0, "a")]
    assert wire.done[-1][:2] == b"\x8a\x80", "a pong"
    stand.client.leave()
    assert wire.done[-1][:1] == b"\x88"
    stand.client.data_received(b"\x88\x02\x03\xe8")
    stand.client.connection_lost(None)
    assert stand.told[-1] == ("gone", None)


def test_a_websocket_that_is_closed_by_the_server_says_with_what() -> None:
    for wire, words in [
        (b"\x88\x02\x03\xe9", "the server closed with 1001"),
        (b"\x83\x00", "opcode 0x3"),
    ]:
        stand = Stand(WebSocketClient)
        stand.client.start()
        request, _ = parse_request(stand.wires[0].done[0])
        stand.client.data_received(serialize_response(accept(request).response) + wire)
        stand.client.connection_lost(None)
        assert words in str(stand.told[-1])
    stand = Stand(WebSocketClient)
    stand.client.start()
    stand.client.leave()
    assert stand.wires[0].done[-1] == "close", "not open: nothing to say"
    stand = Stand(WebSocketClient)
    stand.client.start()
    stand.client.data_received(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    stand.client.connection_lost(None)
    assert "403" in str(stand.told[-1])


def test_a_raw_client_takes_the_first_message_for_a_welcome() -> None:
    stand = Stand(RawClient)
    stand.client.start()
    wire = serialize("") + serialize("a") + serialize("bc")
    for cut in range(len(wire) + 1):
        stand = Stand(RawClient)
        stand.client.start()
        stand.client.data_received(wire[:cut])
        stand.client.data_received(wire[cut:])
        assert stand.told == ["ready", (0, "a"), (0, "bc")]
    stand.client.data_received(b"no header!")
    assert stand.wires[0].done == ["abort"]
