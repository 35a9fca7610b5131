"""The client's side of the handshake: its request, and what it believes of the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.protocol.handshake.made import CHOSEN, KEY, answered
from wsdemo.protocol import handshake
from wsdemo.protocol.deflate import Deflate
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.handshake import Agreed, accept_key, check, fresh_key, is_key, parse_url
from wsdemo.protocol.handshake.client import _without_ours
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.http11 import Response, serialize_request


def test_request() -> None:
    made = handshake.request("ws://example.com:81/chat?x", key=KEY)
    assert (
        made.raw
        == serialize_request(made)
        == (
            b"GET /chat?x HTTP/1.1\r\nHost: example.com:81\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
    )
    assert handshake.request(parse_url("ws://example.com:81/chat?x"), key=KEY) == made
    made = handshake.request(
        "wss://[::1]/",
        subprotocols=["b", "a"],
        origin="https://a.example",
        headers={"host": "other.example", "Authorization": "Bearer x"},
    )
    assert made.headers.get_all("Host") == ["other.example"]
    assert made.headers["Sec-WebSocket-Protocol"] == "b, a"
    assert made.headers["Origin"] == "https://a.example"
    assert made.headers["Authorization"] == "Bearer x"


def test_each_request_has_a_fresh_key() -> None:
    """ "The nonce MUST be selected randomly for each connection" (§4.1)."""
    keys = {handshake.request("ws://a").headers["Sec-WebSocket-Key"] for _ in range(1000)}
    assert len(keys) == 1000 and all(map(is_key, keys))
    assert is_key(fresh_key())


@pytest.mark.parametrize(
    "options",
    [
        {"key": "short"},
        {"key": KEY + "\r\nX: y"},
        {"origin": "http://a\r\nX: y"},
        {"subprotocols": ["a b"]},
        {"subprotocols": ["a\r\nX: y"]},
        {"subprotocols": ["a", "a"]},
        {"subprotocols": [""]},
        {"headers": {"X": "a\r\nY: b"}},
        {"headers": {"X\r\nY": "b"}},
        {"headers": {"Host": "a\r\nY: b"}},
        *(
            {"headers": [(name, "x")]}
            for name in ("upgrade", "Connection", "Sec-WebSocket-Key", "Content-Length")
        ),
        *({"headers": [(name, "x")]} for name in ("Transfer-Encoding", "sec-websocket-protocol")),
        *({"headers": [(name, "x")]} for name in ("Sec-WebSocket-Version", "Sec-WebSocket-Extensions")),
    ],
    ids=str,
)
def test_request_that_cannot_be_sent(options: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        handshake.request("ws://example.com", **options)  # type: ignore[arg-type]


# The answer


@pytest.mark.parametrize(
    "response",
    [
        answered(),
        answered(Upgrade="WebSocket", Connection="keep-alive, UPGRADE"),
        answered(Connection=["keep-alive", "upgrade"]),
        answered(Upgrade=", websocket,", Connection="Upgrade, ,"),
        answered(Server="x"),
    ],
    ids=lambda response: " ".join(value for _, value in response.headers.items()),
)
def test_agreed(response: Response) -> None:
    request = handshake.request("ws://a", key=KEY, subprotocols=["a", "b"])
    assert check(request, response) == Agreed()
    with_subprotocol = Headers([*response.headers.items(), ("Sec-WebSocket-Protocol", "b")])
    assert check(request, Response(101, "", with_subprotocol)) == Agreed("b")


BAD_ANSWERS = [
    ("no upgrade", answered(Upgrade=None), "got none"),
    ("another upgrade", answered(Upgrade="h2c"), "got 'h2c'"),
    ("list of upgrades", answered(Upgrade="websocket, h2c"), "got 'websocket, h2c'"),
    ("two upgrades", answered(Upgrade=["websocket", "websocket"]), "got 'websocket, websocket'"),
    ("no connection", answered(Connection=None), "got none"),
    ("another connection", answered(Connection="close"), "got 'close'"),
    ("no accept", answered(Sec_WebSocket_Accept=None), "no Sec-WebSocket-Accept"),
    ("two accepts", answered(Sec_WebSocket_Accept=[accept_key(KEY)] * 2), "2 Sec-WebSocket-Accept"),
    ("accept of another key", answered(Sec_WebSocket_Accept=accept_key(KEY[1:])), "our key asks for"),
    ("accept in lower case", answered(Sec_WebSocket_Accept=accept_key(KEY).lower()), "our key asks for"),
    ("the key itself", answered(Sec_WebSocket_Accept=KEY), "our key asks for"),
    ("subprotocol not offered", answered(Sec_WebSocket_Protocol="c"), "'c', which we did not offer"),
    ("subprotocol, other case", answered(Sec_WebSocket_Protocol="A"), "'A', which we did not offer"),
    ("subprotocol empty", answered(Sec_WebSocket_Protocol=""), "'', which we did not offer"),
    ("all subprotocols", answered(Sec_WebSocket_Protocol="a, b"), "'a, b', which we did not offer"),
    ("two subprotocols", answered(Sec_WebSocket_Protocol=["a", "a"]), "2 Sec-WebSocket-Protocol"),
    ("extension", answered(Sec_WebSocket_Extensions="permessage-deflate"), "we offered none"),
    ("no extension", answered(Sec_WebSocket_Extensions=""), "no extension"),
]


@pytest.mark.parametrize(
    "response, words", [row[1:] for row in BAD_ANSWERS], ids=[row[0] for row in BAD_ANSWERS]
)
def test_bad_answer(response: Response, words: str) -> None:
    request = handshake.request("ws://a", key=KEY, subprotocols=["a", "b"])
    with pytest.raises(HandshakeError) as caught:
        check(request, response)
    assert caught.value.status == 101
    assert words in str(caught.value)


def test_no_subprotocol_where_none_was_offered() -> None:
    for value in ("a", ""):
        with pytest.raises(HandshakeError, match="did not offer"):
            check(handshake.request("ws://a", key=KEY), answered(Sec_WebSocket_Protocol=value))


@pytest.mark.parametrize(
    "response, words",
    [
        (answered(200), "'200 OK', 101 is needed"),
        (answered(403, b"go\x1b[2J away\nnow"), r"'403 Forbidden': 'go\x1b[2J away'"),
        (answered(503, b"\r\n  later \r\n"), "'503 Service Unavailable': 'later'"),
        (answered(404, b"<!doctype html>\n<h1>Not here</h1>"), "'404 Not Found', 101 is needed"),
        (answered(500, b"\xff" * 1000), "'500 Internal Server Error': '" + r"\ufffd" * 41 + "'..."),
        (
            answered(302, Location="https://b.example/?t=hunter2"),
            "'302 ?' and points to 'https://b.example/?...', which is not followed",
        ),
        (
            answered(300, Location="/b"),
            "'300 ?' and points to '/b', which is not followed: connect there yourself",
        ),
        (answered(400, Location="/b"), "'400 Bad Request', 101 is needed"),
        (answered(304), "'304 Not Modified', 101 is needed"),
        (answered(100), "'100 ?', 101 is needed"),
    ],
)
def test_no_is_no_and_says_why(response: Response, words: str) -> None:
    """Redirects are not followed, with or without credentials: websockets before 16.1."""
    with pytest.raises(HandshakeError) as caught:
        check(handshake.request("ws://a", key=KEY), response)
    assert caught.value.status == response.status
    assert str(caught.value) == f"the server answered {words}" or words in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        f"x-other; {CHOSEN}",
        f"permessage-deflate; {CHOSEN}, permessage-deflate; {CHOSEN}",
        f"permessage-deflate; {CHOSEN}; unknown",
        "a b",
        "",
    ],
)
def test_extension_that_was_not_offered(value: str) -> None:
    request = handshake.request("ws://a", key=KEY, deflate=Deflate())
    with pytest.raises(HandshakeError) as caught:
        check(request, answered(Sec_WebSocket_Extensions=value), Deflate())
    assert caught.value.status == 101
    with pytest.raises(HandshakeError, match="we offered none"):
        check(
            handshake.request("ws://a", key=KEY),
            answered(Sec_WebSocket_Extensions="permessage-deflate"),
            Deflate(),
        )


@pytest.mark.parametrize(
    ("text", "query", "left"),
    [
        ("no token s3cret, see /chat?token=s3cret&v=1", "token=s3cret&v=1", "no token ..., see /chat?..."),
        ("abcd and abc", "a=abcd&b=abc", "... and abc"),  # a word of three letters would be everywhere
        ("a=1&b=2 is wrong", "a=1&b=2", "... is wrong"),
        ("nothing of it", "token=s3cret", "nothing of it"),
        ("no query", "", "no query"),
    ],
)
def test_a_query_that_we_sent_is_not_told_again(text: str, query: str, left: str) -> None:
    assert _without_ours(text, handshake.request(f"ws://a/chat?{query}")) == left


TOKEN = "ann.s3cr3t-t0ken"


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"Authorization": f"Bearer {TOKEN}"}},
        {"headers": {"Cookie": f"a=b; session={TOKEN}"}},
        {"headers": {"X-Own": f"x={TOKEN},y"}},
        {"subprotocols": ["chat", f"wsdemo.token.{TOKEN}"]},
    ],
    ids=lambda options: next(iter(options)),
)
@pytest.mark.parametrize(
    "response",
    [
        answered(401, f"no user has the token {TOKEN}".encode()),
        answered(401, f"{{'chat', 'wsdemo.token.{TOKEN}'}}".encode()),
        answered(101, Sec_WebSocket_Protocol=f"wsdemo.token.{TOKEN}x"),
        answered(101, Sec_WebSocket_Protocol=f"chat, wsdemo.token.{TOKEN}"),
        replace(answered(401), reason=f"not {TOKEN}"),
    ],
)
def test_a_token_that_we_sent_in_a_field_is_not_told_again(
    response: Response, options: dict[str, Any]
) -> None:
    with pytest.raises(HandshakeError) as caught:
        check(handshake.request("ws://a/chat", key=KEY, **options), response)
    assert TOKEN not in str(caught.value) and "..." in str(caught.value)
