"""`serve` from the outside and the inside: handlers, routes, broadcast, decisions, errors, and its end."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
import warnings
from typing import Any

import pytest

from tests import raw
from tests.ports import held_port
from tests.waiting import DEADLINE, Seen, open_files, turn, turn_until
from wsdemo import (
    Connection,
    ConnectionClosed,
    HandshakeError,
    Headers,
    InvalidState,
    Limits,
    Opcode,
    Request,
    Response,
    State,
    connect,
    serve,
)


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


# -- handlers ---------------------------------------------------------------------------------------------


def test_a_function_gets_each_message() -> None:
    with serve(echo) as server, connect(server.url) as ws:
        for message in ("text", b"binary", "", b"", "äöü €"):
            ws.send(message)
            assert ws.recv(DEADLINE) == message


def test_an_object_gets_open_message_and_close_in_this_order() -> None:
    seen = Seen()

    class Handler:
        def on_open(self, ws: Connection) -> None:
            seen("open", ws.state)
            ws.send("welcome")

        def on_message(self, ws: Connection, message: str | bytes) -> None:
            seen("message", message)

        def on_close(self, ws: Connection) -> None:
            seen("close", ws.close_code, ws.close_reason)

    with serve(Handler()) as server:
        with connect(server.url) as ws:
            assert ws.recv(DEADLINE) == "welcome"
            ws.send("hi")
            ws.close(3000, "bye")
        assert [seen.next() for _ in range(3)] == [
            ("open", State.OPEN),
            ("message", "hi"),
            ("close", 3000, "bye"),
        ]
    assert seen.empty()


def test_without_a_handler_messages_are_passed_over() -> None:
    with serve() as server, connect(server.url) as ws:
        ws.send("anybody?")
        assert ws.ping(DEADLINE) > 0


def test_what_is_no_handler_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match=r"handler: got 5, expected a function of \(ws, message\)"):
        serve(5)


@pytest.mark.parametrize("where", ["on_open", "on_message", "on_close"])
def test_an_exception_ends_its_connection_and_no_other(where: str, caplog: pytest.LogCaptureFixture) -> None:
    class Handler:
        def on_message(self, ws: Connection, message: str | bytes) -> None:
            if message == where:
                raise RuntimeError("a secret of the server's")
            ws.send(message)

        def on_open(self, ws: Connection) -> None:
            if where == "on_open" and ws.request is not None and ws.request.path == "/bad":
                raise RuntimeError("a secret of the server's")

        def on_close(self, ws: Connection) -> None:
            if where == "on_close":
                raise RuntimeError("a secret of the server's")

    with caplog.at_level(logging.CRITICAL, "wsdemo"), serve(Handler()) as server:
        with connect(server.url) as other, connect(server.url + "/bad") as ws:
            if where == "on_message":
                ws.send("on_message")
            if where == "on_close":
                ws.close()
            else:
                with pytest.raises(ConnectionClosed) as caught:
                    ws.recv(DEADLINE)
                assert (caught.value.code, caught.value.reason) == (1011, "internal error")
            other.send("unharmed")
            assert other.recv(DEADLINE) == "unharmed"
        if where != "on_close":
            (number, error), *_ = server.errors
            assert str(error) == "a secret of the server's" and number in (1, 2)


def test_a_failed_handler_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def fails(ws: Connection, message: str | bytes) -> None:
        raise RuntimeError("oops")

    with caplog.at_level(logging.WARNING, "wsdemo"), serve(fails) as server, connect(server.url) as ws:
        ws.send("x")
        assert list(_codes(ws)) == [1011]
    assert any("oops" in record.getMessage() and record.exc_info for record in caplog.records)


def _codes(ws: Connection) -> Any:
    try:
        ws.recv(DEADLINE)
    except ConnectionClosed as closed:
        yield closed.code


def test_close_in_a_handler_does_not_wait_and_says_why() -> None:
    def leave(ws: Connection, message: str | bytes) -> None:
        ws.send("one more")
        ws.close(4000, "enough")
        with pytest.raises(ConnectionClosed):
            ws.send("too late")
        ws.close()  # does nothing

    with serve(leave) as server, connect(server.url) as ws:
        ws.send("hi")
        assert ws.recv(DEADLINE) == "one more"
        assert list(_codes(ws)) == [4000]
        assert (ws.close_code, ws.close_reason) == (4000, "enough")
        assert not server.errors


def test_waiting_in_a_handler_is_refused_instead_of_a_deadlock() -> None:
    seen = Seen()

    def waits(ws: Connection, message: str | bytes) -> None:
        for call in (ws.recv, ws.ping, lambda: ws.send(iter(["a", "b"]))):
            try:
                call()
            except InvalidState as error:
                seen(str(error))

    with serve(waits) as server, connect(server.url) as ws:
        ws.send("x")
        assert "recv has none" in seen.next()
        assert "can't wait for a pong" in seen.next()
        assert "fragments" in seen.next()


def test_who_is_connected_is_listed_and_reached_by_the_next_broadcast() -> None:
    with serve(echo) as server:
        for number in range(300):
            with connect(server.url) as ws:
                assert [held.address for held in server.connections] == [ws.transport.sock.getsockname()]
                server.broadcast(str(number))
                assert ws.recv(DEADLINE) == str(number)


# -- who may come in --------------------------------------------------------------------------------------


def test_authorize_gives_the_user_or_refuses() -> None:
    def authorize(request: Request) -> Any:
        match request.query:
            case "boom":
                raise RuntimeError("a secret")
            case "teapot":
                raise HandshakeError("I'm a teapot", 418)
            case "no":
                return False
        return request.headers.get("X-Name")

    def name(ws: Connection, message: str | bytes) -> None:
        ws.send(ws.user)

    with serve(name, authorize=authorize) as server:
        with connect(server.url, headers={"X-Name": "Ada"}) as ws:
            ws.send("who am I?")
            assert ws.recv(DEADLINE) == "Ada"
        for query, status in (("boom", 500), ("teapot", 418), ("no", 403)):
            with pytest.raises(HandshakeError) as caught:
                connect(f"{server.url}/?{query}")
            assert caught.value.status == status and "secret" not in str(caught.value)
        assert any("a secret" in str(error) for _, error in server.errors)


def test_authorize_comes_before_the_101_and_no_message_before_it() -> None:
    asked = Seen()
    messages = Seen()

    def authorize(request: Request) -> bool:
        asked(request.path)
        return False

    with serve(lambda ws, message: messages(message), authorize=authorize) as server:
        with raw.dial(server.port) as peer:
            peer.send(raw.request("/in") + raw.frame(Opcode.TEXT, b"glued behind"))
            assert peer.answer()[0] == 403
    assert asked.next() == "/in" and messages.empty()


def test_subprotocols_are_agreed_on() -> None:
    with serve(echo, subprotocols=["b", "a"]) as server:
        for offered, agreed in ((["a", "b"], "a"), (["x", "b"], "b"), (["x"], None), ([], None)):
            with connect(server.url, subprotocols=offered) as ws:
                assert ws.subprotocol == agreed
                (held,) = server.connections
                assert held.subprotocol == agreed


# -- plain HTTP -------------------------------------------------------------------------------------------


def ask(port: int, text: str, body: bytes = b"") -> tuple[int, str, str]:
    with raw.dial(port) as peer:
        peer.send(text.replace("\n", "\r\n").encode() + b"\r\nHost: localhost\r\n\r\n" + body)
        head = peer.head()
        return int(head.split()[1]), head, peer.rest().decode()


def test_routes_answer_on_the_same_port() -> None:
    with serve(echo) as server:
        server.route("/text", lambda request: f"query {request.query}")
        server.route("/bytes", lambda request: request.method.encode())

        @server.route("/response")
        def response(request: Request) -> Response:
            return Response(202, "Accepted", Headers([("X-A", "b"), ("Content-Length", "99")]), b"ok")

        @server.route("/fails")
        def fails(request: Request) -> str:
            raise RuntimeError("a secret")

        @server.route("/refuses")
        def refuses(request: Request) -> str:
            raise HandshakeError("only for members", 401)

        status, head, body = ask(server.port, "GET /text?a=1 HTTP/1.1")
        assert (status, body) == (200, "query a=1") and "text/plain; charset=utf-8" in head
        assert ask(server.port, "POST /bytes HTTP/1.1")[2] == "POST"
        status, head, body = ask(server.port, "HEAD /text HTTP/1.1")
        assert (status, body) == (200, "") and "Content-Length: 6" in head
        status, head, body = ask(server.port, "GET /response HTTP/1.1")
        assert (status, body) == (202, "ok") and head.count("Content-Length") == 1 and "X-A: b" in head
        assert ask(server.port, "GET /nowhere HTTP/1.1")[0] == 404
        assert ask(server.port, "GET /refuses HTTP/1.1")[::2] == (401, "only for members\n")
        status, _, body = ask(server.port, "GET /fails HTTP/1.1")
        assert status == 500 and "secret" not in body
        with connect(server.url) as ws:
            ws.send("and WebSocket")
            assert ws.recv(DEADLINE) == "and WebSocket"


def test_without_routes_a_browser_is_told_what_lives_here() -> None:
    with serve(echo) as server:
        status, head, body = ask(server.port, "GET / HTTP/1.1")
        assert status == 426 and "Upgrade: websocket" in head and "WebSocket" in body


def test_health_checks_ask_in_http_1_0() -> None:
    """So do nginx by default, ab, HAProxy and keepalived; an upgrade is refused by words that help."""
    with serve(echo) as server:
        server.route("/healthz", lambda request: "ok")
        for fields in ("Host: 127.0.0.1\r\nConnection: close\r\n", ""):
            with raw.dial(server.port) as peer:
                peer.send(f"GET /healthz HTTP/1.0\r\n{fields}\r\n".encode())
                assert peer.answer() == (200, "ok")
        with raw.dial(server.port) as peer:
            peer.send(raw.request().replace(b"HTTP/1.1", b"HTTP/1.0"))
            status, text = peer.answer()
            assert status == 426 and "in HTTP/1.1, got HTTP/1.0" in text


def test_an_upgrade_to_http_2_is_passed_over() -> None:
    """``curl --http2`` and Java's HttpClient offer it with every plain request; the answer is what counts."""
    offer = {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2_Settings": "AAMAAABk"}
    with serve(echo) as server:
        server.route("/healthz", lambda request: "ok")
        for path, fields, expected in (("/healthz", offer, 200), ("/", offer, 404), ("/", {}, 101)):
            with raw.dial(server.port) as peer:
                peer.send(raw.request(path, **fields))
                assert peer.head().startswith(f"HTTP/1.1 {expected} ")


def test_what_follows_a_request_is_not_read_as_another() -> None:
    """One request per connection: nothing can be smuggled behind it."""
    asked = Seen()
    with serve(echo) as server:
        server.route("/a", lambda request: asked(request.path) or "a")
        server.route("/b", lambda request: asked(request.path) or "b")
        request = b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with raw.dial(server.port) as peer:
            peer.send(request % b"a" + request % b"b")
            assert peer.answer() == (200, "a")
    assert asked.next() == "/a" and asked.empty()


def test_nothing_after_an_upgrade_is_read_as_http() -> None:
    with serve(echo) as server, raw.client(server.port) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert peer.closed()[0] == 1002


# -- many -------------------------------------------------------------------------------------------------


def test_broadcast_reaches_all_or_some() -> None:
    opened = Seen()

    class Handler:
        def on_open(self, ws: Connection) -> None:
            opened(ws)

    with serve(Handler()) as server:
        clients = [connect(server.url, compression=i % 2 == 0) for i in range(6)]
        held = [opened.next() for _ in clients]
        server.broadcast("to all " + "x" * 200)
        server.broadcast(b"to some", to=held[::2])
        server.broadcast("the end")
        for i, ws in enumerate(clients):
            expected = ["to all " + "x" * 200, *([b"to some"] if i % 2 == 0 else []), "the end"]
            assert [ws.recv(DEADLINE) for _ in expected] == expected
            ws.close()


def test_every_calls_until_cancelled() -> None:
    ticks = Seen()
    with serve(echo) as server:
        timer = server.every(0.01, lambda: ticks(threading.current_thread() is server._reactor.thread))
        assert ticks.next() and ticks.next() and ticks.next()
        timer.cancel()
        timer.cancel()
        with pytest.raises(ValueError, match="more than 0"):
            server.every(0, print)


def test_call_soon_runs_in_the_server_s_thread_in_order() -> None:
    seen = Seen()
    with serve(echo) as server:
        for i in range(100):
            server.call_soon(seen, i, server._reactor)
        server.call_soon(lambda: seen(threading.current_thread()))
        assert [seen.next() for _ in range(100)] == [(i, server._reactor) for i in range(100)]
        assert seen.next() is server._reactor.thread


def test_call_soon_in_the_server_s_own_thread_comes_after_what_it_does_now() -> None:
    seen = Seen()

    def handler(ws: Connection, message: str | bytes) -> None:
        server.call_soon(seen, "afterwards")
        seen("now")

    with serve(handler) as server, connect(server.url) as ws:
        ws.send("x")
        assert [seen.next(), seen.next()] == ["now", "afterwards"]


def test_a_call_that_fails_is_kept_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """In a turn of the thread messages are answered before calls: the answer says nothing of those."""
    held, come, answered = threading.Event(), threading.Event(), threading.Event()

    async def later() -> None: ...

    def hold() -> None:
        held.set()
        assert come.wait(DEADLINE)

    with serve(echo) as server, connect(server.url) as ws:
        server.call_soon(hold)
        assert held.wait(DEADLINE)
        server.call_soon(answered.wait, DEADLINE)
        server.call_soon(divmod, 1, 0)
        server.call_soon(lambda: later())  # it does not show beforehand what it gives
        server.call_soon(sys.exit)  # `exit` would close the standard input first
        ws.send("still here")
        come.set()
        assert ws.recv(DEADLINE) == "still here"
        assert not server.errors
        answered.set()
        turn(server._reactor)
        assert [(number, type(error)) for number, error in server.errors] == [
            (0, ZeroDivisionError),
            (0, TypeError),
            (0, SystemExit),
        ]
        assert "ZeroDivisionError" in caplog.text
        assert not server._reactor.errors


def test_calls_made_before_the_end_take_place_and_later_ones_are_refused() -> None:
    seen = Seen()
    with serve(echo) as server:
        for i in range(10):
            server.call_soon(seen, i)
    assert [seen.next(0) for _ in range(10)] == list(range(10))
    with pytest.raises(InvalidState, match="this server has closed"):
        server.call_soon(seen, "too late")
    with pytest.raises(TypeError, match="function: got None, expected a function"):
        server.call_soon(None)  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such signal on this system")
def test_call_soon_in_a_signal_handler() -> None:
    """It may interrupt the very thread that is in `call_soon`: no lock, so no deadlock."""
    seen = Seen()
    with serve(echo) as server:
        before = signal.signal(signal.SIGALRM, lambda number, frame: server.call_soon(seen, "signal"))
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.001)
            while seen.empty():
                server.call_soon(int)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    assert seen.next() == "signal" and not server.errors


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_has_no_thread_to_call() -> None:
    with serve(echo) as server:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads is what we test
            child = os.fork()
        if child == 0:
            try:
                server.call_soon(print)
            except InvalidState as error:
                os._exit(0 if "after the fork" in str(error) else 1)
            os._exit(2)
        assert os.waitpid(child, 0)[1] == 0


def test_connections_are_listed_in_the_order_of_their_opening() -> None:
    with serve(echo) as server:
        clients = [connect(server.url) for _ in range(3)]
        assert [ws.id for ws in server.connections] == [1, 2, 3]
        addresses = [ws.transport.sock.getsockname() for ws in clients]
        assert [ws.address for ws in server.connections] == addresses
        for ws in clients:
            ws.close()


# -- the end ----------------------------------------------------------------------------------------------


def test_close_says_1001_to_all_and_then_frees_the_port() -> None:
    with held_port() as port:
        server = serve(echo, port=port)
        clients = [connect(server.url) for _ in range(5)]
        server.close()
        for ws in clients:
            assert list(ws) == [] and ws.close_code == 1001
            ws.close()
        assert not server._reactor.thread.is_alive()
        with pytest.raises(OSError):
            raw.dial(port)
        with serve(echo, port=port):
            pass
        server.close()  # again: nothing


def test_close_does_not_wait_for_ever() -> None:
    server = serve(echo, limits=Limits(close_timeout=0.3))
    with raw.client(server.port) as deaf, raw.dial(server.port):  # and one who has not even asked
        begun = time.monotonic()
        server.close()
        assert time.monotonic() - begun < DEADLINE / 2
        assert deaf.closed()[0] == 1001


def test_the_thread_ends_at_the_deadline_whatever_becomes_of_a_connection() -> None:
    """Such as one whose end has failed, so that it is never forgotten."""
    asked = Seen()

    class Stuck:
        def close(self, code: int) -> None:
            asked(code)

        def cut_off(self) -> None:
            asked("cut off")

        def check(self, now: float) -> None: ...

    server = serve(echo, limits=Limits(close_timeout=0.01))
    server._open[99] = Stuck()  # type: ignore[assignment]
    closing = threading.Thread(target=server.close, daemon=True)
    closing.start()
    closing.join(DEADLINE)
    assert not closing.is_alive()
    assert (asked.next(0), asked.next(0)) == (1001, "cut off")


def test_close_cuts_off_an_opening_that_has_begun() -> None:
    server = serve(echo)
    with raw.dial(server.port) as peer:
        peer.send(b"GET / HT")
        turn_until(server._reactor, lambda: server._opening)
        server.close()
    assert not server._reactor.thread.is_alive()


def test_close_in_a_handler_ends_the_server() -> None:
    def end(ws: Connection, message: str | bytes) -> None:
        server.close()

    server = serve(end)
    with connect(server.url) as ws:
        ws.send("end")
        assert list(_codes(ws)) == [1001]
    server.close()
    assert not server._reactor.thread.is_alive()


def test_no_thread_and_no_descriptor_outlives_close() -> None:
    with serve(echo) as server, connect(server.url) as ws:  # what is loaded once
        ws.send("x")
        ws.recv(DEADLINE)
    files, threads = open_files(), threading.active_count()
    for _ in range(30):
        with serve(echo) as server, connect(server.url) as ws, raw.client(server.port), raw.dial(server.port):
            ws.send("x")
            ws.recv(DEADLINE)
    deadline = time.monotonic() + DEADLINE
    while open_files() > files or threading.active_count() > threads:
        assert time.monotonic() < deadline, (open_files(), threading.enumerate())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_ipv4_ipv6_and_names(host: str) -> None:
    if host == "::1" and not _has_ipv6():
        pytest.skip("this machine has no ::1")
    with serve(echo, host) as server:
        with connect(server.url) as ws:
            ws.send(host)
            assert ws.recv(DEADLINE) == host
            assert [held.address for held in server.connections] == [ws.transport.sock.getsockname()]
            assert ws.address == ws.transport.sock.getpeername()


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_a_port_in_use_is_said_so() -> None:
    with serve(echo) as server, pytest.raises(OSError, match="another program uses this port"):
        serve(echo, port=server.port)


@pytest.mark.parametrize("path", ["/page", "/missing", "/"])
@pytest.mark.parametrize("upgrade", [False, True])
def test_a_name_that_is_not_ours_gets_nothing_from_a_server_on_loopback(path: str, upgrade: bool) -> None:
    """A page whose name was rebound to 127.0.0.1 reads neither routes nor messages."""
    asked = []

    def page(request: Request) -> str:
        asked.append(request)
        return "for us alone"

    fields: dict[str, str | None] = {} if upgrade else {"Upgrade": None, "Connection": None}
    with serve(echo, hosts=["my.lan"]) as server:
        server.route("/page", page)
        with raw.dial(server.port) as peer:
            peer.send(raw.request(path, Host="evil.example", **fields))
            status, text = peer.answer()
            assert status == 403 and "option hosts" in text and not asked
        with raw.dial(server.port) as peer:
            peer.send(raw.request(path, Host="my.lan", **fields))
            assert peer.head().split()[1] == ("101" if upgrade else "200" if path == "/page" else "404")
