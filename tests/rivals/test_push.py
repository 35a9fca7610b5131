"""News that is pushed: who listens is counted, and hears what comes after."""

from __future__ import annotations

import pytest

from tests import raw
from tests.waiting import DEADLINE, turn_until
from wsdemo import connect
from wsdemo.rawtcp.framing import HEADER, parse_header
from wsdemo.rivals.push import RawServer, WebSocketServer


def raw_message(peer: raw.Peer) -> str:
    while len(peer.buffer) < HEADER:
        peer._more()
    end = HEADER + parse_header(peer.buffer[:HEADER])
    while len(peer.buffer) < end:
        peer._more()
    text, peer.buffer = peer.buffer[HEADER:end].decode(), peer.buffer[end:]
    return text


def test_over_websocket_messages_are_not_compressed() -> None:
    with WebSocketServer() as server, connect(f"ws://127.0.0.1:{server.port}") as ws:
        server.ready(1, DEADLINE)
        server.publish("news " * 50)
        assert ws.recv(DEADLINE) == "news " * 50
        assert ws.response is not None and "Sec-WebSocket-Extensions" not in ws.response.headers


def test_over_tcp_an_empty_welcome_comes_first_and_never_the_time() -> None:
    with RawServer() as server, raw.dial(server.port) as peer:
        server.ready(1, DEADLINE)
        server.publish("one")
        server.publish("two")
        assert [raw_message(peer) for _ in range(3)] == ["", "one", "two"]


@pytest.mark.parametrize("kind", [WebSocketServer, RawServer])
def test_those_who_have_left_do_not_count(kind: type[WebSocketServer] | type[RawServer]) -> None:
    dial = raw.client if kind is WebSocketServer else raw.dial
    with kind() as server:
        with dial(server.port) as first, dial(server.port):
            server.ready(2, DEADLINE)
            first.reset()
            turn_until(server._server._reactor, lambda: server._counter._count == 1)
            with pytest.raises(TimeoutError, match=r"^1 of 2 clients listen after 0\.01 seconds"):
                server.ready(2, 0.01)
            server.ready(1, DEADLINE)


@pytest.mark.parametrize("kind", [WebSocketServer, RawServer])
def test_the_end_closes_the_port(kind: type[WebSocketServer] | type[RawServer]) -> None:
    with kind() as server:
        pass
    with pytest.raises(ConnectionRefusedError):
        raw.dial(server.port)
