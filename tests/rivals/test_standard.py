"""The HTTP servers, request by request; both give the same answers."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.locks import Owned
from tests.waiting import DEADLINE
from wsdemo.rivals.standard import StandardServer
from wsdemo.rivals.strong import StarletteServer


@pytest.fixture(params=[StandardServer, StarletteServer])
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    with request.param() as server:
        yield server


@pytest.fixture
def get(server: Any) -> Iterator[Callable[..., tuple[int, dict[str, str], bytes]]]:
    """Ask, all on one connection, by the standard library's client."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)

    def ask(path: str, **fields: str) -> tuple[int, dict[str, str], bytes]:
        connection.request("GET", path, headers=fields)
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, names, answer.read()

    yield ask
    connection.close()


Get = Callable[..., tuple[int, dict[str, str], bytes]]


def test_no_news_is_204_and_the_connection_stays(get: Get) -> None:
    for _ in range(3):
        status, fields, body = get("/news?after=0")
        assert (status, body) == (204, b"")
        assert "close" not in fields.get("connection", "") and "server" not in fields


def test_news_is_what_comes_after_a_number(server: Any, get: Get) -> None:
    server.publish("one")
    server.publish("two €")
    assert get("/wait?after=1")[2] == "two €\n".encode()  # Starlette publishes in its own thread: wait for it
    status, fields, body = get("/news?after=0")
    assert (status, body) == (200, "one\ntwo €\n".encode())
    assert fields["content-type"] == "application/x-ndjson" and fields["content-length"] == str(len(body))
    assert get("/news?after=2")[0] == 204
    assert get("/news?after=99")[0] == 204
    assert get("/news")[2] == body


def test_a_wait_ends_with_the_next_news(server: Any) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as sock:
        sock.sendall(b"GET /wait?after=0 HTTP/1.1\r\nHost: a\r\n\r\n")
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        sock.settimeout(DEADLINE)
        server.publish("at last")
        answer = sock.recv(4096)  # head and body leave in one piece
        assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"\r\n\r\nat last\n")


def test_a_stream_resumes_after_the_last_event_id(server: Any) -> None:
    for text in ("one", "two", "three"):
        server.publish(text)
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as sock:
        sock.sendall(b"GET /stream HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 1\r\n\r\n")
        answer = b""
        while b"data: three\n\n" not in answer:
            data = sock.recv(4096)
            assert data, answer
            answer += data
    assert b"text/event-stream" in answer and b"id: 2\ndata: two\n\n" in answer and b"one" not in answer


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/news/", 404),
        ("/news?after=-1", 400),
        ("/news?after=x", 400),
        ("/news?after=1e3", 400),
        ("/news?after=%C2%B2", 400),
        ("/news?after=" + "9" * 40, 400),
    ],
)
def test_other_requests_are_refused(get: Get, path: str, status: int) -> None:
    found = get(path)[0]
    assert found == status or (path == "/news/" and found == 307)  # Starlette redirects


def test_a_connection_can_be_asked_to_close(server: Any) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as sock:
        sock.sendall(b"GET /news?after=0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = b""
        while data := sock.recv(4096):
            answer += data
    assert answer.startswith(b"HTTP/1.1 204") and b"onnection: close" in answer


def test_a_client_that_leaves_in_the_middle_is_no_error() -> None:
    with StandardServer() as server:
        for path in (b"/wait?after=0", b"/stream?after=0"):
            with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as sock:
                sock.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        for number in range(5):
            server.publish(f"event {number}")
    assert server.errors == []


class Guarded(dict[Any, Any]):
    """Connections and their threads; notes who looks at them, or changes them, without the lock."""

    def __init__(self, lock: Owned) -> None:
        super().__init__()
        self._lock = lock
        self.seen: list[str] = []
        self.bare: list[str] = []

    def _note(self, what: str) -> None:
        self.seen.append(what)
        if not self._lock.held:
            self.bare.append(what)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._note("added")
        super().__setitem__(key, value)

    def pop(self, *args: Any) -> Any:
        self._note("removed")
        return super().pop(*args)

    def __iter__(self) -> Iterator[Any]:  # so that dict() asks, too
        self._note("copied")
        return super().__iter__()

    def keys(self) -> Any:
        self._note("copied")
        return super().keys()


def test_the_connections_are_touched_under_their_lock_alone() -> None:
    with StandardServer() as server:
        http_server = server._server
        http_server._lock = lock = Owned(http_server._lock)  # type: ignore[assignment]
        http_server._serving = serving = Guarded(lock)
        for path in (b"/news?after=0", b"/wait?after=0"):
            with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as sock:
                sock.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                server.publish("an event")
                while sock.recv(4096):
                    pass
    assert set(serving.seen) == {"added", "removed", "copied"}
    assert serving.bare == []
