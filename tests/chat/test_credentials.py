"""The token in a request: five ways to bring it, and the pages whose cookie counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chat.visiting import Visitor, ask
from wsdemo import HandshakeError, connect
from wsdemo.chat import Chat, Guests
from wsdemo.chat.credentials import Credentials, name_of
from wsdemo.patterns.messages import PROTOCOL


def test_an_authorization_of_another_kind_is_no_token(chat: Chat) -> None:
    """A proxy in front may ask for a password of its own, which browsers send along."""
    cookie = ask(chat, "POST", "/login", {"name": "ann"}).cookie
    for other in ("Basic bob.secret", "Beared bob.secret", ""):
        assert ask(chat, "GET", "/session", Cookie=cookie, Authorization=other).fields["user"] == "ann"
        with Visitor(chat, "eve.secret", headers={"Authorization": other}) as eve:
            assert eve.until("welcome")["user"] == "eve"


def bring(chat: Chat, way: str, token: str) -> dict[str, Any]:
    """Options of a visitor that brings a token in one of the five ways."""
    match way:
        case "cookie":
            return {"token": None, "headers": {"Cookie": f"wsdemo_{chat.server.port}={token}"}}
        case "Authorization":
            return {"token": None, "headers": {"Authorization": f"Bearer {token}"}}
        case "ticket":
            ticket = ask(chat, "POST", "/ticket", {}, Authorization=f"Bearer {token}").fields["ticket"]
            return {"token": None, "query": f"?ticket={ticket}"}
        case "subprotocol":
            return {"token": None, "subprotocols": [PROTOCOL, f"wsdemo.token.{token}"]}
    return {"token": token}


@pytest.mark.parametrize("way", ["cookie", "Authorization", "first message", "ticket", "subprotocol"])
def test_five_ways_to_bring_a_token(chat: Chat, way: str) -> None:
    with Visitor(chat, **bring(chat, way, "ann.secret")) as ann:
        assert ann.until("welcome")["user"] == "ann"
        assert ann.ws.subprotocol == PROTOCOL
        assert ann.ws.response is not None and b"ann.secret" not in ann.ws.response.raw


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        ([PROTOCOL, "wsdemo.token.ann.secret"], PROTOCOL),
        (["wsdemo.token.ann.secret", PROTOCOL], PROTOCOL),
        (["other", "wsdemo.token.ann.secret", PROTOCOL], PROTOCOL),
        (["wsdemo.token.ann.secret"], None),
    ],
)
def test_no_answer_repeats_a_token(chat: Chat, offered: list[str], answered: str | None) -> None:
    with Visitor(chat, None, subprotocols=offered) as ann:
        assert ann.until("welcome")["user"] == "ann" and ann.ws.subprotocol == answered
        assert ann.ws.response is not None and b"ann.secret" not in ann.ws.response.raw


def test_a_token_in_a_subprotocol_counts_before_the_cookie_and_for_the_websocket_alone(chat: Chat) -> None:
    """One that is no good opens, for JavaScript is not told a status, and hears why."""
    cookie = ask(chat, "POST", "/login", {"name": "ann"}).cookie
    for token, user in (("bob.secret", "bob"), ("ann.guessed", None), ("", "ann")):
        names = [PROTOCOL, f"wsdemo.token.{token}"]
        with Visitor(chat, None, subprotocols=names, headers={"Cookie": cookie}) as visitor:
            if user is None:
                assert visitor.bye()["code"] == 4401
            else:
                assert visitor.until("welcome")["user"] == user
    asked = ask(chat, "GET", "/session", Sec_WebSocket_Protocol="wsdemo.token.bob.secret")
    assert asked.fields["user"] is None


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1"])
def test_a_cookie_counts_from_our_own_origin_only(origin: str) -> None:
    with Chat(origins="*") as chat:  # type: ignore[arg-type]
        cookie = ask(chat, "POST", "/login", {"name": "ann"}).cookie
        here = {"Cookie": cookie, "Origin": origin}
        assert ask(chat, "GET", "/session", **here).fields["user"] is None
        for path in ("/login", "/logout", "/token"):
            assert ask(chat, "POST", path, {"name": "eve"}, **here).status == 403
        with Visitor(chat, None, headers={"Cookie": cookie}, origin=origin) as page:
            assert page.bye()["code"] == 4401
        own = f"http://127.0.0.1:{chat.server.port}"
        with Visitor(chat, None, headers={"Cookie": cookie}, origin=own) as page:
            assert page.until("welcome")["user"] == "ann"
        with Visitor(chat, "bob.secret", origin=origin) as page:  # but a token counts
            assert page.until("welcome")["user"] == "bob"
        brought = bring(chat, "subprotocol", "eve.secret")
        with Visitor(chat, origin=origin, **brought) as page:  # in this way too
            assert page.until("welcome")["user"] == "eve"


def test_under_tls_the_cookie_is_bound_to_this_host() -> None:
    found = Credentials(Guests(), 443, secure=True).set_cookie("t")
    assert found == ("Set-Cookie", "__Host-wsdemo_443=t; HttpOnly; SameSite=Strict; Secure; Path=/")


PUBLIC = "https://chat.example"


@pytest.fixture
def behind() -> Iterator[Chat]:
    """A chat that speaks plain HTTP to a proxy, which ends TLS and passes Host on."""
    with Chat(public_origin=PUBLIC) as made:
        yield made


def test_behind_a_proxy_that_ends_tls_the_cookie_counts_from_the_public_origin(behind: Chat) -> None:
    front = {"Host": "chat.example", "Origin": PUBLIC}
    found = ask(behind, "POST", "/login", {"name": "ann"}, **front)
    assert found.status == 200 and found.headers["Set-Cookie"].endswith("; Secure; Path=/")
    assert found.cookie.startswith(f"__Host-wsdemo_{behind.server.port}=ann.")
    assert ask(behind, "GET", "/session", Cookie=found.cookie, **front).fields["user"] == "ann"
    headers = {"Cookie": found.cookie, "Host": "chat.example"}
    with Visitor(behind, None, headers=headers, origin=PUBLIC) as ann:
        assert ann.until("welcome")["user"] == "ann"


@pytest.mark.parametrize("public", [None, PUBLIC])
@pytest.mark.parametrize(
    "fields",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://chat.example"},
        {"Origin": "https://chat.example:8443"},
        {"Origin": "https://chat.example.evil.example"},
        {"Origin": "null"},
        {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
        {"Origin": "https://evil.example", "Forwarded": "host=evil.example;proto=https"},
        {"Origin": "https://evil.example", "X-Original-Host": "evil.example", "X-Forwarded-Ssl": "on"},
    ],
    ids=lambda fields: ",".join(fields.values()),
)
def test_no_field_of_a_stranger_makes_another_origin_ours(public: str | None, fields: dict[str, str]) -> None:
    with Chat(public_origin=public, hosts=["chat.example"], port=0) as chat:
        host = {"Host": "chat.example"} if public else {}
        token = "ann.secret"
        cookie = {"Cookie": f"{'__Host-' if public else ''}wsdemo_{chat.server.port}={token}"}
        assert ask(chat, "GET", "/session", **cookie, **host).fields["user"] == "ann"  # and without an Origin
        assert ask(chat, "GET", "/session", **cookie, **host, **fields).fields["user"] is None
        for path in ("/login", "/logout", "/token", "/ticket"):
            assert ask(chat, "POST", path, {"name": "eve"}, **cookie, **host, **fields).status == 403
        origin, others = fields["Origin"], {name: fields[name] for name in fields if name != "Origin"}
        with pytest.raises(HandshakeError) as caught:
            connect(chat.websocket_url, headers={**cookie, **host, **others}, origin=origin)
        assert caught.value.status == 403


def test_what_a_proxy_says_of_tls_is_not_believed_without_the_option() -> None:
    with Chat(hosts=["chat.example"]) as chat:
        said = {"Host": "chat.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "chat.example"}
        assert ask(chat, "POST", "/login", {"name": "ann"}, Origin=PUBLIC, **said).status == 403


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_beside_the_public_origin_there_is_no_own_one(behind: Chat, scheme: str) -> None:
    host = f"127.0.0.1:{behind.server.port}"  # which Host may name, past the proxy
    origin = f"{scheme}://{host}"
    assert ask(behind, "POST", "/login", {"name": "ann"}, Host=host, Origin=origin).status == 403


def test_another_name_than_the_public_one_may_be_rebound_and_is_refused(behind: Chat) -> None:
    assert ask(behind, "GET", "/health", Host="evil.example").status == 403
    assert ask(behind, "GET", "/health", Host="chat.example").status == 200


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "*", "", "chat.example", "https://", "https://chat.example/", "https://Chat.example"),
        *(
            "https://chat.example:443",
            "http://chat.example:80",
            "wss://chat.example",
            "https://a@chat.example",
        ),
        *("https://chat.example:", "https://chat.example\n", "https://[::1", "https://[::1]:x"),
    ],
)
def test_a_public_origin_is_as_browsers_write_it(origin: str) -> None:
    with pytest.raises(ValueError, match=r"expected 'https://example.com' or '...:8443'"):
        name_of(origin)
