"""A connection that is recorded from its opening on, although its server records nothing else."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import trustme

from tests import raw
from tests.waiting import DEADLINE, Seen
from wsdemo import Connection, InvalidState, Request, State, Trace, connect, serve


class Recording:
    """Records connections with the path /recorded, and echoes."""

    def __init__(self) -> None:
        self.trace = Trace()

    def on_open(self, ws: Connection) -> None:
        assert ws.request is not None
        if ws.request.path == "/recorded":
            ws.record(self.trace)

    def on_message(self, ws: Connection, message: str | bytes) -> None:
        ws.send(message)


@pytest.fixture(params=["ws", "wss"])
def options(request: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of a server and of its client."""
    if request.param == "ws":
        return {}, {}
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return {"ssl": context}, {"ssl": trusting}


def test_one_connection_among_others_is_recorded_whole(options: Any) -> None:
    handler, whole = Recording(), Trace()
    with serve(handler, **options[0]) as server:
        with connect(f"{server.url}/other", **options[1]) as other:
            other.send("not on record")
            other.recv(DEADLINE)
            with connect(f"{server.url}/recorded", trace=whole, **options[1]) as ws:
                ws.send("héllo" * 100)
                assert ws.recv(DEADLINE)
                server.broadcast("to all")
                assert ws.recv(DEADLINE) == "to all" == other.recv(DEADLINE)
    packets = [(p.direction, p.bytes) for p in handler.trace.packets]
    assert packets == [(p.direction, p.bytes) for p in whole.packets]
    assert [p.summary for p in handler.trace.packets][:2] == ["GET /recorded", "101 Switching Protocols"]
    assert [mark.what for mark in handler.trace.marks][:1] == ["open"]


def test_a_client_is_recorded_too() -> None:
    trace = Trace()
    with serve(lambda ws, message: ws.send(message)) as server, connect(server.url) as ws:
        ws.record(trace)
        ws.send("hello")
        assert ws.recv(DEADLINE) == "hello"
    assert [(p.direction, p.summary.split()[0]) for p in trace.packets][:4] == [
        ("to server", "GET"),
        ("to client", "101"),
        ("to server", "text"),
        ("to client", "text"),
    ]


def test_an_end_is_no_error_and_a_connection_without_a_handshake_is_one() -> None:
    with serve(lambda ws, message: None) as server:
        ws = connect(server.url)
        ws.close()
        trace = Trace()
        ws.record(trace)
        assert (ws.state, len(trace), trace.marks) == (State.CLOSED, 0, [])
        with pytest.raises(TypeError, match="record: got 5, expected a Trace"):
            ws.record(5)  # type: ignore[arg-type]


def test_before_the_opening_there_is_nothing_to_record() -> None:
    seen = Seen()

    def authorize(request: Request) -> str:
        (opening,) = server._opening.values()
        with pytest.raises(InvalidState, match="without its opening handshake cannot be recorded yet"):
            opening.record(Trace())
        seen(request.address)
        return "ann"

    with serve(lambda ws, message: None, authorize=authorize) as server, connect(server.url) as ws:
        assert seen.next() == ws.transport.sock.getsockname()


def test_a_route_knows_the_address_that_asks() -> None:
    with serve(lambda ws, message: None) as server, raw.dial(server.port) as peer:
        server.route("/", lambda request: f"{request.address}")
        peer.send(b"GET / HTTP/1.0\r\n\r\n")
        assert peer.answer() == (200, f"{peer.sock.getsockname()}")
