"""Mistakes in your functions: each is kept, logged, and ends its connection at once, and no other."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest

from tests import raw
from tests.waiting import DEADLINE, Seen
from wsdemo import (
    Connection,
    ConnectionClosed,
    Limits,
    Opcode,
    connect,
    first_message,
    serve,
    threaded,
)
from wsdemo.rawtcp import Peer, TimeClient, TimeServer

ERRORS = [ValueError, SystemExit, KeyboardInterrupt, ConnectionClosed]
each_error = pytest.mark.parametrize("kind", ERRORS)
#: Nothing here waits for `close_timeout`, which would be that long.
LONG = Limits(close_timeout=DEADLINE)


def made(kind: type[BaseException]) -> BaseException:
    return ConnectionClosed(1000, "another one") if kind is ConnectionClosed else kind("a mistake")


class Fails:
    """A handler that fails where it is told to."""

    def __init__(self, where: str, error: BaseException) -> None:
        self._where, self._error = where, error

    def _maybe(self, where: str) -> None:
        if where == self._where:
            raise self._error

    def on_open(self, ws: Connection) -> None:
        self._maybe("on_open")

    def on_message(self, ws: Connection, message: str | bytes) -> None:
        self._maybe("on_message")
        ws.send(message)

    def on_close(self, ws: Connection) -> None:
        self._maybe("on_close")


def is_logged(caplog: pytest.LogCaptureFixture, error: BaseException) -> bool:
    return sum(record.exc_info is not None and record.exc_info[1] is error for record in caplog.records) == 1


def unharmed(url: str) -> None:
    with connect(url) as other:
        assert other.ping(DEADLINE) < DEADLINE


@each_error
@pytest.mark.parametrize("where", ["on_open", "on_message"])
def test_a_server_s_handler(where: str, kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    error = made(kind)
    with serve(Fails(where, error), limits=LONG) as server, raw.client(server.port) as peer:
        begun = time.monotonic()
        peer.send(raw.frame(Opcode.TEXT, b"x"))
        assert peer.closed() == (1011, "internal error")
        assert time.monotonic() - begun < DEADLINE / 2
        assert [kept for _, kept in server.errors] == [error], "on record before the peer hears of it"
        assert is_logged(caplog, error)
        if where == "on_message":
            unharmed(server.url)


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("first", [False, True])
def test_on_close(first: bool, kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It is too late for a close code, and the end comes at once. A first mistake does not hide a second."""
    error, before = kind("a mistake"), RuntimeError("before it")

    class Both(Fails):
        def on_message(self, ws: Connection, message: str | bytes) -> None:
            raise before

    handler = Both("on_close", error) if first else Fails("on_close", error)
    with serve(handler, limits=LONG) as server:
        ws = connect(server.url, limits=LONG)
        begun = time.monotonic()
        if first:
            ws.send("x")
            assert list_closed(ws) == 1011
        ws.close()
        assert time.monotonic() - begun < DEADLINE / 2
    assert [kept for _, kept in server.errors] == ([before, error] if first else [error])
    assert is_logged(caplog, error)


def list_closed(ws: Connection) -> int:
    with pytest.raises(ConnectionClosed) as caught:
        ws.recv(DEADLINE)
    return caught.value.code


def test_an_answer_to_a_peer_who_has_left_is_no_mistake() -> None:
    class Farewell:
        def on_close(self, ws: Connection) -> None:
            ws.send("goodbye")

    with serve(Farewell()) as server:
        connect(server.url).close()
    assert not server.errors


@each_error
@pytest.mark.parametrize("late", [False, True])
def test_a_thread(late: bool, kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Also after the end of its connection."""
    error = made(kind)

    @threaded
    def fails(ws: Connection) -> None:
        if late:
            list(ws)
        raise error

    with serve(fails, limits=LONG) as server:
        ws = connect(server.url)
        if not late:
            assert list_closed(ws) == 1011
        ws.close()
    expected = [] if late and kind is ConnectionClosed else [error]
    assert [kept for _, kept in server.errors] == expected
    assert is_logged(caplog, error) is bool(expected)


@each_error
def test_a_client_s_handler(kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    error, closed = made(kind), Seen()

    class Server:
        def on_open(self, ws: Connection) -> None:
            ws.send("x")

        def on_close(self, ws: Connection) -> None:
            closed(ws.close_code)

    with serve(Server()) as server:
        ws = connect(server.url, Fails("on_message", error))
        assert closed.next() == 1011
        assert ws.wait_closed(DEADLINE) and ws.error is error
        unharmed(server.url)  # by the same thread
    assert is_logged(caplog, error)


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
def test_routes_and_authorize(kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    error = kind("a mistake")

    def fails(request: object) -> Any:
        raise error

    with serve(authorize=fails) as server:
        server.route("/fails", fails)
        for fields in ({}, {"Upgrade": None, "Connection": None, "Sec-WebSocket-Key": None}):
            with raw.dial(server.port) as peer:
                peer.send(raw.request("/fails", **fields))  # type: ignore[arg-type]
                assert peer.answer()[0] == 500
    assert [kept for _, kept in server.errors].count(error) == 2
    assert sum(r.exc_info is not None and r.exc_info[1] is error for r in caplog.records) == 2


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
def test_first_message(kind: Any) -> None:
    error = kind("a mistake")

    def fails(ws: Connection, message: str | bytes) -> Any:
        raise error

    with serve(authorize=first_message(fails)) as server, raw.client(server.port) as peer:
        peer.send(raw.frame(Opcode.TEXT, b"token"))
        assert peer.closed() == (1011, "internal error")
    assert [kept for _, kept in server.errors] == [error]


@each_error
def test_every(kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It concerns no connection, and the next call comes."""
    error, calls = made(kind), Seen()

    def fails() -> None:
        calls("call")
        raise error

    with serve() as server, connect(server.url) as ws:
        again = server.every(0.001, fails)
        assert [calls.next(), calls.next()] == ["call", "call"]
        again.cancel()
        assert ws.ping(DEADLINE) < DEADLINE
        assert server.errors[0] == (0, error)
    assert not server._reactor.errors


@pytest.mark.parametrize("kind", [ValueError, SystemExit])
def test_a_function_that_gives_masking_keys(kind: Any) -> None:
    """It is called for pongs and close frames too, in the thread of all clients."""
    error, keys = kind("a mistake"), iter([b"1234"])

    def key() -> bytes:
        for made in keys:
            return made
        raise error

    def script(peer: raw.Peer) -> None:
        peer.frame()
        peer.send(raw.frame(Opcode.PING, b"", key=None))
        peer.rest()

    with raw.server(script) as url:
        ws = connect(url, masking_key=key)
        ws.send("x")
        assert ws.wait_closed(DEADLINE)
        assert str(error) in str(ws.error)
        shared = ws.transport.reactor
        assert shared.errors[-1] is error


@pytest.mark.parametrize("kind", [ValueError, SystemExit])
@pytest.mark.parametrize("where", ["on_open", "on_message", "on_close"])
def test_the_time_server(where: str, kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    error, gone = kind("a mistake"), Seen()

    def fails(peer: Peer, text: str = "") -> None:
        raise error

    handlers: dict[str, Any] = {where: fails}
    if where != "on_close":
        handlers["on_close"] = gone
    with TimeServer(every=3600, **handlers) as server:
        client = TimeClient(port=server.port)
        assert client.recv(DEADLINE)
        if where == "on_message":
            client.send("x")
        if where != "on_close":
            assert gone.next().error is error
        client.close()
    assert [kept for _, kept in server.errors] == [error]
    assert is_logged(caplog, error)


def test_the_time_server_s_clock() -> None:
    asked = Seen()

    def clock() -> str:
        asked(None)
        raise SystemExit("no time")

    with TimeServer(every=0.001, clock=clock) as server, TimeClient(port=server.port) as client:
        assert client.recv(DEADLINE)
        asked.next()
        asked.next()
        number, error = server.errors[0]
        assert (number, str(error)) == (0, "no time")


@pytest.fixture(autouse=True)
def logging_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "wsdemo")
