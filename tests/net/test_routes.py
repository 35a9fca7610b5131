"""Answers to plain HTTP, without a socket; on the port of a server: see test_server."""

from __future__ import annotations

from typing import Any

import pytest

from wsdemo.net.routes import Routes, response_to
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.http11 import Headers, Request, Response

GIVEN: list[tuple[Any, int, bytes, str]] = [
    ("héllo", 200, "héllo".encode(), "text/plain; charset=utf-8"),
    (b"\x00\x01", 200, b"\x00\x01", "application/octet-stream"),
    (Response(404, "Not Found", Headers([("Content-Type", "a/b")]), b"no"), 404, b"no", "a/b"),
]


def answer(routes: Routes, request: Request) -> Response:
    return response_to(request, routes.ask(request))


def request(target: str, method: str = "GET") -> Request:
    return Request(method, target, Headers([("Host", "localhost")]))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("given", "status", "body", "kind"), GIVEN)
def test_every_answer_says_its_length_and_ends_the_connection(
    given: Any, status: int, body: bytes, kind: str, method: str
) -> None:
    routes = Routes()
    routes.add("/a", lambda request: given)
    given_answer = answer(routes, request("/a?b=c", method))
    assert (given_answer.status, given_answer.body) == (status, b"" if method == "HEAD" else body)
    fields = {name.lower(): value for name, value in given_answer.headers.items()}
    assert fields == {"content-type": kind, "content-length": str(len(body)), "connection": "close"}


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_has_no_length(status: int) -> None:
    """Of a 304 it would be the length that a 200 has; of a 204 it is forbidden (RFC 9110 §8.6)."""
    routes = Routes()
    routes.add("/a", lambda request: Response(status, "", Headers(), b"lost"))
    given = answer(routes, request("/a"))
    assert (given.body, dict(given.headers.items())) == (b"", {"Connection": "close"})


def test_a_route_is_added_by_call_or_as_a_decorator() -> None:
    routes = Routes()
    assert not routes

    @routes.add("/one")
    def one(request: Request) -> str:
        return "one"

    assert routes.add("/two", one) is one and routes
    assert {answer(routes, request(path)).body for path in ("/one", "/two")} == {b"one"}


def test_any_other_path_is_404_and_escaped() -> None:
    with pytest.raises(HandshakeError, match="nothing is at") as caught:
        answer(Routes(), request("/no"))
    assert caught.value.status == 404


@pytest.mark.parametrize("path", ["about", "/a?b", "/a#b", "/a b", ""])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match=r"^path: got"):
        Routes().add(path, lambda request: "")


@pytest.mark.parametrize("given", [None, 5, ["text"]])
def test_what_is_no_answer(given: Any) -> None:
    routes = Routes()
    routes.add("/", lambda request: given)
    with pytest.raises(TypeError, match=r"^function: got"):
        answer(routes, request("/"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("200", "OK"), r"^status: got the text '200'"),
        ((None, "OK"), r"^status: got None"),
        ((101, "Switching Protocols"), r"^status: got 101, expected a whole number from 200 to 999"),
        ((1000, "?"), r"^status: got 1000"),
        ((200, None), r"^reason: got None"),
        ((200, "O\r\nA: b"), r"^reason: '\\r' at 1 can't be sent"),
        ((200, "Ünïčode"), r"^reason: .* is not Latin-1"),
        ((200, "OK", [("A", "b")]), r"^headers: got a value of type list"),
        ((200, "OK", Headers(), "text"), r"^body: got the text 'text', expected bytes"),
        ((200, "OK", Headers(), None), r"^body: got None"),
    ],
)
def test_a_response_that_can_t_be_sent(given: tuple[Any, ...], expected: str) -> None:
    """Or that would be no answer: an interim one promises another, and a 101 a WebSocket."""
    with pytest.raises((TypeError, ValueError), match=expected):
        response_to(request("/"), Response(*given))


def test_an_answer_has_one_length_only() -> None:
    """Transfer-Encoding beside Content-Length is how requests are smuggled (RFC 9112 §6.3)."""
    given = Response(200, "OK", Headers([("Transfer-Encoding", "chunked"), ("Content-Length", "1")]), b"abc")
    fields = dict(response_to(request("/"), given).headers.items())
    assert fields == {"Content-Length": "3", "Connection": "close"}


def test_an_answer_that_is_not_worked_out_yet() -> None:
    async def later() -> str:
        return "text"

    routes = Routes()
    routes.add("/", lambda request: later())  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match=r"^function gave .*, which nothing awaits here"):
        answer(routes, request("/"))
