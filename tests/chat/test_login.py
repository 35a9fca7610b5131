"""Logins over plain HTTP, and what they open."""

from __future__ import annotations

import http.client
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.chat.front import anywhere
from tests.chat.visiting import Visitor, ask
from tests.waiting import DEADLINE
from wsdemo.chat import Chat, NotAllowed
from wsdemo.patterns.session import Identity


@anywhere
def test_a_guest_logs_in_is_known_and_logs_out(chat: Chat) -> None:
    nobody = ask(chat, "GET", "/session").fields
    assert (nobody["user"], nobody["guests"], nobody["durable"]) == (None, True, False)
    found = ask(chat, "POST", "/login", {"name": "ann"})
    assert (found.status, found.fields) == (200, {"user": "ann"})
    assert found.headers["Set-Cookie"].endswith("; HttpOnly; SameSite=Strict")
    assert found.cookie.startswith(f"wsdemo_{chat.server.port}=ann.")
    assert ask(chat, "GET", "/session", Cookie=f"a=b; {found.cookie}; c=d").fields["user"] == "ann"
    assert ask(chat, "POST", "/login", {"name": "ann"}, Cookie=found.cookie).fields == {"user": "ann"}
    assert ask(chat, "POST", "/login", {"name": "ann"}).status == 409
    with Visitor(chat, None, headers={"Cookie": found.cookie}) as ann:
        assert ann.until("welcome")["user"] == "ann"
        out = ask(chat, "POST", "/logout", {}, Cookie=found.cookie)
        assert out.fields == {"user": None} and "=; " in out.headers["Set-Cookie"]
        assert "Max-Age=0" in out.headers["Set-Cookie"]
        assert ann.bye()["code"] == 4401
    assert ask(chat, "POST", "/login", {"name": "ann"}).status == 200


@anywhere
def test_without_a_token_the_socket_opens_and_hello_hears_why(chat: Chat) -> None:
    with Visitor(chat, None) as nobody:
        bye = nobody.bye()
    assert (bye["code"], bye["reason"]) == (4401, "a valid token is needed")
    with Visitor(chat, "nobody") as nobody:
        assert nobody.bye()["code"] == 4401


@anywhere
def test_a_program_brings_a_token_in_a_header_or_in_hello(chat: Chat) -> None:
    cookie = ask(chat, "POST", "/login", {"name": "ann"}).cookie
    token = ask(chat, "POST", "/token", {}, Cookie=cookie).fields["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert ask(chat, "GET", "/session", **bearer).fields["user"] == "ann"
    with Visitor(chat, None, headers=bearer) as by_header, Visitor(chat, token, "other") as by_hello:
        assert by_header.until("welcome")["user"] == by_hello.until("welcome")["user"] == "ann"
    for nobody in ({}, {"Authorization": "Bearer nonsense"}, {"Cookie": "a=b"}):
        assert ask(chat, "POST", "/token", {}, **nobody).status == 401


@pytest.mark.parametrize("body", [{}, {"name": 5}, {"name": "ann", "password": 5}, {"name": "Ann"}])
def test_wrong_fields(chat: Chat, body: Any) -> None:
    assert ask(chat, "POST", "/login", body).status == 400


@pytest.mark.parametrize("brought", [{}, {"Authorization": "Bearer no such"}, {"Authorization": "Bearer"}])
def test_one_who_is_no_user_is_logged_out_already(chat: Chat, brought: dict[str, str]) -> None:
    found = ask(chat, "POST", "/logout", {}, **brought)
    assert (found.status, found.fields) == (200, {"user": None})


def test_methods(chat: Chat) -> None:
    """A balancer may ask for the health by HEAD; who is refused hears what is allowed."""
    for method, path, allowed in (("GET", "/login", "POST"), ("POST", "/session", "GET, HEAD")):
        refused = ask(chat, method, path, None if method == "GET" else {})
        assert (refused.status, refused.headers["Allow"]) == (405, allowed)
    for path in ("/health", "/metrics", "/session"):
        connection = http.client.HTTPConnection("127.0.0.1", chat.server.port, timeout=DEADLINE)
        connection.request("HEAD", path)
        with connection.getresponse() as response:
            assert (response.status, int(response.headers["Content-Length"]) > 0) == (200, True)
        connection.close()


@pytest.mark.parametrize("path", ["/login", "/logout", "/token", "/ticket"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_form_moves_nothing(chat: Chat, path: str, kind: str) -> None:
    cookie = ask(chat, "POST", "/login", {"name": "ann"}).cookie
    assert ask(chat, "POST", path, {"name": "eve"}, Cookie=cookie, Content_Type=kind).status == 415
    assert ask(chat, "GET", "/session", Cookie=cookie).fields["user"] == "ann"


class Slow:
    """Logins of another kind: decided in another thread, and ended from one."""

    guests = False

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1)
        self.asked: list[tuple[str, str | None, str]] = []

    def log_in(self, name: str, password: str | None, address: str) -> Any:
        self.asked.append((name, password, address))
        return self.pool.submit(self.check, name, password)

    def check(self, name: str, password: str | None) -> str:
        if password != "right":
            raise NotAllowed(401, "wrong name or password")
        return f"token-{name}"

    def identify(self, token: str) -> Identity | None:
        return Identity(token[6:], 2e9) if token.startswith("token-") else None

    def log_out(self, token: str) -> None: ...

    def issue(self, token: str) -> Any:
        return self.pool.submit(lambda: f"{token}-2")

    def begin(self, dismiss: Any) -> None:
        self.dismiss = dismiss

    def close(self) -> None:
        self.pool.shutdown()


def test_logins_of_another_kind() -> None:
    identity = Slow()
    with Chat(identity=identity) as chat:
        wrong = ask(chat, "POST", "/login", {"name": "ann", "password": "x"})
        assert (wrong.status, wrong.fields) == (401, {"error": "wrong name or password"})
        found = ask(chat, "POST", "/login", {"name": "ann", "password": "right"})
        session = ask(chat, "GET", "/session", Cookie=found.cookie).fields
        assert (session["user"], session["expires"], session["guests"]) == ("ann", 2e9, False)
        assert ask(chat, "POST", "/token", {}, Cookie=found.cookie).fields == {"token": "token-ann-2"}
        assert identity.asked[0] == ("ann", "x", "127.0.0.1")
        with Visitor(chat, None, headers={"Cookie": found.cookie}) as ann:
            assert ann.until("welcome")["expires"] > 1.9e9
            identity.dismiss("ann")
            assert ann.bye()["code"] == 4401


class Awaited(Slow):
    async def identify(self, token: str) -> Any:  # type: ignore[override]
        return super().identify(token)


class Half(Slow):
    issue = None  # type: ignore[assignment]


class Empty(Slow):
    def __len__(self) -> int:
        return 0  # no user yet


@pytest.mark.parametrize("kind", [Awaited, Half])
def test_logins_whose_answers_nobody_awaits_are_refused(kind: type[Slow]) -> None:
    with pytest.raises(TypeError, match=r"identity\.(identify|issue): got"):
        Chat(identity=kind())


def test_logins_without_a_user_let_no_guests_in() -> None:
    with Chat(identity=Empty()) as chat:
        assert ask(chat, "GET", "/session").fields["guests"] is False
