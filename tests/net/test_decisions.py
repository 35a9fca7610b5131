"""Requests that are decided later, by a Future of `authorize` or a route, and what may come in between."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

import pytest
import trustme

from tests import raw
from tests.waiting import DEADLINE, Seen, turn, turn_until
from wsdemo import (
    Connection,
    Deflate,
    HandshakeError,
    Headers,
    Limits,
    Opcode,
    Response,
    Server,
    connect,
    serve,
)

CA = trustme.CA()
PLAIN: dict[str, str | None] = {"Upgrade": None, "Connection": None}
LONG = 1000.0
LIMITS = Limits(open_timeout=LONG, close_timeout=LONG, ping_interval=None)


class Desk:
    """An `authorize`, and a route, whose Futures the test decides."""

    def __init__(self) -> None:
        self.futures = Seen()

    def __call__(self, request: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.futures(future)
        return future

    def next(self) -> Future[Any]:
        found = self.futures.next()
        assert isinstance(found, Future)
        return found


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(f"{ws.user}: {message!s}")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(params=["authorize", "route"])
def asked(request: pytest.FixtureRequest, desk: Desk) -> Iterator[tuple[Server, bytes]]:
    """A server whose ``desk`` decides, and the bytes of a request that comes before it."""
    with serve(echo, authorize=desk, limits=LIMITS) as server:
        server.route("/later", desk)
        route = raw.request("/later", **PLAIN)
        yield server, raw.request() if request.param == "authorize" else route


def cancelled(future: Future[Any]) -> bool:
    """Wait until it is cancelled."""
    try:
        future.result(DEADLINE)
    except CancelledError:
        return True
    return False


def decided(peer: raw.Peer) -> tuple[int, str]:
    return peer.answer()


# -- the decision ------------------------------------------------------------------------------------------


def test_a_future_of_authorize_gives_the_user() -> None:
    with ThreadPoolExecutor(1) as pool:
        with serve(echo, authorize=lambda request: pool.submit(str.upper, request.path[1:])) as server:
            with connect(server.url + "/ada") as ws:
                ws.send("hello")
                assert ws.recv(DEADLINE) == "ADA: hello"
            assert not server.errors


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_future_of_a_route_gives_the_answer(desk: Desk, method: str) -> None:
    with serve(echo) as server, raw.dial(server.port) as peer:
        server.route("/later", desk)
        peer.send(raw.request("/later", **PLAIN).replace(b"GET", method.encode()))
        desk.next().set_result("at last")
        head = peer.head()
        assert head.startswith("HTTP/1.1 200 ") and "\r\nContent-Length: 7\r\n" in head
        assert peer.rest() == (b"at last" if method == "GET" else b"")


def test_nobody_waits_for_a_decision_but_who_asked(desk: Desk) -> None:
    with serve(echo, authorize=lambda request: desk(request) if request.path == "/slow" else "Bob") as server:
        with raw.dial(server.port) as peer, connect(server.url) as ws:
            peer.send(raw.request("/slow"))
            future = desk.next()
            ws.send("hello")
            assert ws.recv(DEADLINE) == "Bob: hello"
            assert len(server.connections) == 1
            future.set_result("Ada")
            assert peer.head().startswith("HTTP/1.1 101 ")


def test_a_future_that_is_done_already_decides_at_once() -> None:
    future: Future[str] = Future()
    future.set_result("Ada")
    with serve(echo, authorize=lambda request: future) as server, connect(server.url) as ws:
        ws.send("hello")
        assert ws.recv(DEADLINE) == "Ada: hello"


def fails(error: BaseException) -> Callable[[Future[Any]], object]:
    return lambda future: future.set_exception(error)


def gives(value: object) -> Callable[[Future[Any]], object]:
    return lambda future: future.set_result(value)


async def coroutine() -> None: ...


@pytest.mark.parametrize(
    ("decide", "status", "kept"),
    [
        (gives(None), 403, HandshakeError),
        (gives(False), 403, HandshakeError),
        (fails(HandshakeError("who?", 401)), 401, HandshakeError),
        (fails(RuntimeError("a secret")), 500, RuntimeError),
        (fails(SystemExit()), 500, SystemExit),
        (lambda future: future.cancel(), 500, CancelledError),
        (lambda future: future.set_result(coroutine()), 500, TypeError),
        (gives(Future()), 500, TypeError),
        (gives(print), 500, TypeError),
        (gives(NotImplemented), 500, TypeError),
        (fails(HandshakeError("who?", 200)), 400, HandshakeError),
        (fails(HandshakeError("who?", 401, [("A", "b\r\nSet-Cookie: c")])), 500, ValueError),
        (fails(HandshakeError("who?", 401, {"WWW-Authenticate": "Basic"})), 401, HandshakeError),
    ],
)
@pytest.mark.parametrize("when", ["later", "before it is returned"])
def test_what_is_no_user_is_refused(
    decide: Callable[[Future[Any]], object], status: int, kept: type[BaseException], when: str
) -> None:
    seen = Seen()

    def authorize(request: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if when != "later":
            decide(future)
        seen(future)
        return future

    with serve(echo, authorize=authorize) as server, raw.dial(server.port) as peer:
        peer.send(raw.request())
        future = seen.next()
        if when == "later":
            decide(future)
        got, text = decided(peer)
        assert got == status and "secret" not in text
        assert type(server.errors[0][1]) is kept and not server._reactor.errors
        assert server.counts.refused == {status: 1}


def test_a_route_s_future_fails_as_the_route_would() -> None:
    with serve(echo) as server:
        for decide, status in (
            (gives(None), 500),
            (fails(RuntimeError("a secret")), 500),
            (fails(HandshakeError("gone", 410)), 410),
            (gives(Response(404, "Not Found", Headers([]), b"no")), 404),
            (gives(Response(404, "Not\r\nFound")), 500),
        ):
            desk = Desk()
            server.route("/later", desk)
            with raw.dial(server.port) as peer:
                peer.send(raw.request("/later", **PLAIN))
                decide(desk.next())
                got, text = decided(peer)
                assert got == status and "secret" not in text


def test_a_future_of_asyncio_has_no_verdict_and_is_refused() -> None:
    loop = asyncio.new_event_loop()
    try:
        with serve(echo, authorize=lambda request: loop.create_future()) as server:
            with pytest.raises(HandshakeError) as caught:
                connect(server.url)
            assert caught.value.status == 500
            assert isinstance(server.errors[0][1], TypeError)
    finally:
        loop.close()


# -- in the meantime -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("early", [b"", raw.frame(Opcode.TEXT, b"too early")], ids=["", "early"])
@pytest.mark.parametrize("how", ["end", "half", "reset"])
def test_a_client_that_leaves_is_noticed_and_its_future_cancelled(
    asked: tuple[Server, bytes], desk: Desk, how: str, early: bytes
) -> None:
    """No deadline is near, and no look at them: the end itself is seen."""
    server, request = asked
    peer = raw.dial(server.port)
    peer.send(request)
    future = desk.next()
    peer.send(early)
    if how == "reset":
        peer.reset()
    elif how == "half":
        peer.sock.shutdown(socket.SHUT_WR)
    else:
        peer.sock.close()
    assert cancelled(future)
    peer.sock.close()
    turn_until(server._reactor, lambda: not server._living())
    turn(server._reactor)  # the Future's own callback
    assert server.counts.refused == {0: 1} and not server._reactor.errors
    assert server.counts.errors == 1, "a decision that was cancelled is no error"


@pytest.mark.parametrize("how", ["close_notify", "fin"])
def test_it_is_noticed_under_tls_too(desk: Desk, how: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert("127.0.0.1").configure_cert(context)
    trust = ssl.create_default_context()
    CA.configure_trust(trust)
    with serve(echo, authorize=desk, limits=LIMITS, ssl=context) as server:
        tcp = socket.create_connection(("127.0.0.1", server.port), DEADLINE)
        with trust.wrap_socket(tcp, server_hostname="127.0.0.1") as sock:
            sock.sendall(raw.request() + raw.frame(Opcode.TEXT, b"too early"))
            future = desk.next()
            if how == "close_notify":
                sock.setblocking(False)
                with pytest.raises(ssl.SSLWantReadError):
                    sock.unwrap()
            else:
                sock.shutdown(socket.SHUT_RDWR)
            assert cancelled(future)


def test_a_result_for_a_client_that_has_left_is_passed_over() -> None:
    """A Future that runs already can't be cancelled."""
    begun, go = Seen(), threading.Event()

    def slow() -> str:
        begun("begun")
        assert go.wait(DEADLINE)
        return "Ada"

    with ThreadPoolExecutor(1) as pool:
        with serve(echo, authorize=lambda request: pool.submit(slow), limits=LIMITS) as server:
            with raw.dial(server.port) as peer:
                peer.send(raw.request())
                begun.next()
            turn_until(server._reactor, lambda: not server._living())
            go.set()
            pool.shutdown()
            turn(server._reactor)
            assert server.counts.opened == 0 and not server._reactor.errors


def test_one_that_is_not_decided_in_time_is_told_so(asked: tuple[Server, bytes], desk: Desk) -> None:
    server, request = asked
    with raw.dial(server.port) as peer:
        peer.send(request)
        future = desk.next()
        turn(server._reactor)
        (ws,) = server._living()
        ws._heartbeat.active = float(int(ws._heartbeat.active))  # so that the sum is exact
        server.call_soon(ws.check, ws._heartbeat.active + LONG)
        turn(server._reactor)
        assert ws.undecided and not future.done()
        server.call_soon(ws.check, ws._heartbeat.active + LONG + 0.1)
        assert decided(peer) == (503, "not decided within 1000 seconds: try again later\n")
        assert cancelled(future)


def test_a_few_bytes_that_come_early_are_heard_after_the_decision(desk: Desk) -> None:
    first, second = raw.frame(Opcode.TEXT, b"one"), raw.frame(Opcode.TEXT, b"two")
    with serve(echo, authorize=desk, limits=LIMITS) as server, raw.dial(server.port) as peer:
        peer.send(raw.request() + first + second[:3])
        future = desk.next()
        (ws,) = server._living()
        before = ws.transport.bytes_received
        peer.send(second[3:])
        turn_until(server._reactor, lambda: ws.transport.bytes_received > before)
        assert server.counts.messages_received == 0
        future.set_result("Ada")
        assert peer.head().startswith("HTTP/1.1 101 ")
        assert [peer.message(), peer.message()] == ["Ada: one", "Ada: two"]


@pytest.mark.parametrize("behind", [0, 1])
def test_more_than_that_is_refused(asked: tuple[Server, bytes], desk: Desk, behind: int) -> None:
    server, request = asked
    limit = server.limits.first_message_size
    with raw.dial(server.port) as peer:
        peer.send(request + bytes(limit * behind))
        future = desk.next()
        turn(server._reactor)  # it has handed the question on: now it is undecided
        peer.send(bytes(limit * (1 - behind)))
        (ws,) = server._living()
        turn_until(server._reactor, lambda: ws.transport.bytes_received == len(request) + limit)
        assert ws.undecided and not future.done()
        peer.send(b"!")
        assert decided(peer) == (400, f"{limit + 1} bytes came before the answer, at most {limit} kept\n")
        assert cancelled(future)


def test_too_much_right_behind_the_request_is_refused_before_the_future_is_looked_at(desk: Desk) -> None:
    with serve(echo, authorize=desk, limits=LIMITS) as server, raw.dial(server.port) as peer:
        peer.send(raw.request() + bytes(5000))
        assert decided(peer)[0] == 400
        assert cancelled(desk.next())


def test_a_server_that_closes_says_so_and_cancels(asked: tuple[Server, bytes], desk: Desk) -> None:
    server, request = asked
    with raw.dial(server.port) as peer:
        peer.send(request)
        future = desk.next()
        closing = threading.Thread(target=server.close)
        closing.start()
        assert decided(peer) == (503, "the server is closing: try again later\n")
        peer.sock.close()
        assert cancelled(future)
        closing.join(DEADLINE)
        assert not server._reactor.thread.is_alive()
        assert future.cancelled()


def test_undecided_requests_are_unfinished_openings_and_the_oldest_goes(desk: Desk) -> None:
    with serve(echo, authorize=desk, limits=Limits(handshakes=2)) as server:
        peers = []
        for _ in range(2):
            peers.append(raw.dial(server.port))
            peers[-1].send(raw.request())
            desk.next()
        peers.append(raw.dial(server.port))
        assert decided(peers[0])[0] == 503
        for peer in peers:
            peer.sock.close()


def test_the_bound_of_connections_holds_when_the_decision_comes(desk: Desk) -> None:
    with serve(echo, authorize=desk, limits=Limits(connections=1)) as server:
        with raw.dial(server.port) as one, raw.dial(server.port) as two:
            one.send(raw.request())
            first = desk.next()
            two.send(raw.request())
            second = desk.next()
            first.set_result("Ada")
            assert one.head().startswith("HTTP/1.1 101 ")
            second.set_result("Bob")
            assert decided(two)[0] == 503
            assert len(server.connections) == 1


def test_what_is_decided_is_forgotten(asked: tuple[Server, bytes], desk: Desk) -> None:
    server, request = asked
    for ending in (gives("yes"), gives(None), fails(RuntimeError()), None):
        with raw.dial(server.port) as peer:
            peer.send(request)
            future = desk.next()
            if ending is not None:
                ending(future)
                peer.head()
    turn_until(server._reactor, lambda: not server._living())
    assert not server._decisions._waiting


def test_compression_may_be_chosen_by_the_request() -> None:
    settings = {"/plain": False, "/small": Deflate(server_max_window_bits=9), "/usual": True}
    with serve(lambda ws, message: None, compression=lambda request: settings[request.path]) as server:
        agreed = {}
        for path in settings:
            with connect(server.url + path) as ws:
                assert ws.response is not None
                agreed[path] = ws.response.headers.get("sec-websocket-extensions")
        assert agreed["/plain"] is None and "server_max_window_bits=9" in str(agreed["/small"])
        assert "server_max_window_bits=12" in str(agreed["/usual"])
        with pytest.raises(HandshakeError) as caught:
            connect(f"{server.url}/a-key-error")
        assert caught.value.status == 500
        assert [type(error) for _, error in server.errors][:1] == [KeyError]
