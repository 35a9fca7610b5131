"""The opening handshake: what a server accepts and a client believes, against two other libraries."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pytest
import wsproto
import wsproto.events
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from wsdemo.protocol import handshake
from wsdemo.protocol.deflate import Deflate
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.handshake import (
    Agreed,
    accept,
    accept_key,
    check,
    check_host,
    check_origin,
    check_upgrade,
    fresh_key,
    is_key,
    parse_url,
    refusal,
)
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.http11 import (
    REASONS,
    Request,
    Response,
    parse_request,
    parse_response,
    serialize_request,
    serialize_response,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
GOOD = {
    "Host": "example.com",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


def asked(
    method: str = "GET", target: str = "/", body: bytes = b"", **fields: str | Sequence[str] | None
) -> Request:
    """A good request, but for these fields: another value, several of them, or None for none."""
    names = {name.lower().replace("-", "_"): name for name in GOOD}
    values: dict[str, str | Sequence[str] | None] = dict(GOOD)
    for name, value in fields.items():
        values[names.get(name.lower(), name.replace("_", "-"))] = value
    pairs = []
    for name, value in values.items():
        pairs += [(name, one) for one in ([value] if isinstance(value, str) else value or [])]
    return Request(method, target, Headers(pairs), body)


#: Parameters of compression that answer our offer.
CHOSEN = "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12"


def answered(status: int = 101, body: bytes = b"", **fields: str | Sequence[str] | None) -> Response:
    """A good answer, but for these fields."""
    values: dict[str, str | Sequence[str] | None] = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": accept_key(KEY),
    }
    for name, value in fields.items():
        values[name.replace("_", "-")] = value
    pairs = []
    for name, value in values.items():
        pairs += [(name, one) for one in ([value] if isinstance(value, str) else value or [])]
    return Response(status, REASONS.get(status, "?"), Headers(pairs), body)


# The server's side: a request without a flaw


@pytest.mark.parametrize(
    "request_",
    [
        asked(),
        asked(Upgrade="WebSocket", Connection="upgrade"),
        asked(Connection="keep-alive, Upgrade"),
        asked(Connection=["keep-alive", "UPGRADE"]),
        asked(Upgrade="h2c, websocket"),
        asked(target="http://example.com/chat"),
        asked(Host="example.com:81"),
        asked(Sec_WebSocket_Extensions="x-unknown; a=1"),
        asked(Sec_WebSocket_Protocol="chat"),
        asked(Content_Length="0"),
    ],
    ids=lambda request: " ".join(value for _, value in request.headers.items()),
)
def test_accepted(request_: Request) -> None:
    accepted = accept(request_)
    assert serialize_response(accepted.response) == (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    )
    assert accepted.subprotocol is None and accepted.deflate is None


REFUSED = [
    ("method", asked("POST"), 405, "'POST'"),
    ("method in lower case", asked("get"), 405, "'get'"),
    ("no upgrade", asked(Upgrade=None), 426, "got none"),
    ("another upgrade", asked(Upgrade="h2c"), 426, "got 'h2c'"),
    ("upgrade almost", asked(Upgrade="websockets"), 426, "got 'websockets'"),
    ("two upgrades", asked(Upgrade=["websocket", "websocket"]), 400, "more than one Upgrade"),
    ("no connection", asked(Connection=None), 400, "got none"),
    ("another connection", asked(Connection="keep-alive"), 400, "got 'keep-alive'"),
    ("connection almost", asked(Connection="upgrades"), 400, "got 'upgrades'"),
    ("body", asked(body=b"x"), 400, "a body of 1 bytes"),
    ("no version", asked(Sec_WebSocket_Version=None), 400, "no Sec-WebSocket-Version fields"),
    ("two versions", asked(Sec_WebSocket_Version=["13", "13"]), 400, "2 Sec-WebSocket-Version fields"),
    ("list of versions", asked(Sec_WebSocket_Version="13, 8"), 426, "'13, 8'"),
    ("version 8", asked(Sec_WebSocket_Version="8"), 426, "'8', only 13"),
    ("version 013", asked(Sec_WebSocket_Version="013"), 426, "'013', only 13"),
    ("no key", asked(Sec_WebSocket_Key=None), 400, "no Sec-WebSocket-Key fields"),
    ("two keys", asked(Sec_WebSocket_Key=[KEY, KEY]), 400, "2 Sec-WebSocket-Key fields"),
    ("empty key", asked(Sec_WebSocket_Key=""), 400, "Sec-WebSocket-Key ''"),
    ("key of 15 bytes", asked(Sec_WebSocket_Key=base64.b64encode(b"a" * 15).decode()), 400, "16 bytes"),
    ("key of 17 bytes", asked(Sec_WebSocket_Key=base64.b64encode(b"a" * 17).decode()), 400, "16 bytes"),
    ("key not base64", asked(Sec_WebSocket_Key="!" * 24), 400, "16 bytes"),
    ("key of another alphabet", asked(Sec_WebSocket_Key="_" * 22 + "=="), 400, "16 bytes"),
    ("key with a hole", asked(Sec_WebSocket_Key=KEY[:10] + " " + KEY[11:]), 400, "16 bytes"),
    ("key not ASCII", asked(Sec_WebSocket_Key="\xe9" + KEY[1:]), 400, "16 bytes"),
    ("subprotocol no token", asked(Sec_WebSocket_Protocol="chat, a b"), 400, "number 2 of 2 is not a token"),
    ("subprotocol empty", asked(Sec_WebSocket_Protocol=""), 400, "number 1 of 1 is not a token"),
    ("subprotocol twice", asked(Sec_WebSocket_Protocol=["a", "b, a"]), 400, "a name stands twice"),
    ("extension no token", asked(Sec_WebSocket_Extensions="a b"), 400, "'a b' is not the name"),
    ("extension empty", asked(Sec_WebSocket_Extensions=""), 400, "no extension"),
    ("two origins", asked(Origin=["http://example.com", "http://example.com"]), 400, "2 Origin fields"),
    ("another origin", asked(Origin="http://evil.example"), 403, "Origin 'http://evil.example'"),
]


@pytest.mark.parametrize(
    "request_, status, words", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused(request_: Request, status: int, words: str) -> None:
    with pytest.raises(HandshakeError) as caught:
        accept(request_, subprotocols=["a", "chat"])
    assert caught.value.status == status
    assert words in str(caught.value)
    response = refusal(caught.value)
    wire = serialize_response(response)
    assert parse_response(wire) == (response, len(wire))
    assert response.body.decode() == f"{caught.value}\n"
    assert response.headers["Content-Length"] == str(len(response.body))
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "close" in response.headers.tokens("Connection")
    if status == 426:
        # "a |Sec-WebSocket-Version| header field indicating the version(s) the server is capable of" (§4.2.2)
        assert response.headers["Sec-WebSocket-Version"] == "13"
        # "A server that sends a 426 [...] MUST send an Upgrade header field" (RFC 9110 §15.5.22, §7.8)
        assert response.headers["Upgrade"] == "websocket"
        assert "upgrade" in response.headers.tokens("Connection")
    if status == 405:
        assert response.headers["Allow"] == "GET"


def test_refusal_of_what_has_no_status_or_no_ascii() -> None:
    assert refusal(HandshakeError("not HTTP", 0)).status == 400
    assert refusal(HandshakeError("no \ud800 é", 418)).body == b"no \\ud800 \xc3\xa9\n"
    assert refusal(HandshakeError("?", 418)).reason == "Error"


@pytest.mark.parametrize(
    "offered, spoken, chosen",
    [
        (None, [], None),
        (None, ["a"], None),
        ("a", [], None),
        ("a", ["b"], None),
        ("a, b", ["b", "a"], "a"),
        (["c", "b,a"], ["a", "b"], "b"),
        ("A", ["a"], None),
        ("a", ["ab"], None),
    ],
)
def test_subprotocol(offered: str | list[str] | None, spoken: list[str], chosen: str | None) -> None:
    accepted = accept(asked(Sec_WebSocket_Protocol=offered), subprotocols=spoken)
    assert accepted.subprotocol == chosen
    assert accepted.response.headers.get("Sec-WebSocket-Protocol") == chosen


def test_more_fields_in_the_answer() -> None:
    response = accept(asked(), headers=[("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")]).response
    assert response.headers.get_all("Set-Cookie") == ["a=b", "c=d"]
    for name, value in [("Upgrade", "h2c"), ("content-length", "5"), ("X", "a\r\nb"), ("X:", "a")]:
        with pytest.raises(ValueError):
            accept(asked(), headers=[(name, value)])


# Origin: cross-site WebSocket hijacking (python-engineio CVE-2019-13611, socket.io CVE-2020-28481)


@pytest.mark.parametrize(
    "origin, host, secure",
    [
        (None, "example.com", False),
        ("http://example.com", "example.com", False),
        ("http://example.com", "EXAMPLE.com:80", False),
        ("http://example.com:443", "example.com:443", False),
        ("https://example.com", "example.com", True),
        ("https://example.com", "example.com:443", True),
        ("http://127.0.0.1:8888", "127.0.0.1:8888", False),
        ("http://[::1]:8888", "[::1]:8888", False),
    ],
)
def test_own_origin(origin: str | None, host: str, secure: bool) -> None:
    check_origin(asked(Origin=origin, Host=host), secure=secure)


@pytest.mark.parametrize(
    "origin, host, secure",
    [
        ("null", "example.com", False),
        ("", "example.com", False),
        ("http://evil.example", "example.com", False),
        ("http://example.com.evil.example", "example.com", False),
        ("http://evilexample.com", "example.com", False),
        ("http://example.com@evil.example", "example.com", False),
        ("http://example.com/", "example.com", False),
        ("HTTP://example.com", "example.com", False),
        ("http://example.com:8080", "example.com", False),
        ("http://example.com", "example.com:8080", False),
        ("https://example.com", "example.com", False),
        ("http://example.com", "example.com", True),
        ("example.com", "example.com", False),
        ("http://localhost:8888", "127.0.0.1:8888", False),
    ],
)
def test_foreign_origin(origin: str, host: str, secure: bool) -> None:
    with pytest.raises(HandshakeError) as caught:
        accept(asked(Origin=origin, Host=host), secure=secure)
    assert caught.value.status == 403
    assert f"{origin!a}" in str(caught.value) and "option origins" in str(caught.value)


def test_given_origins() -> None:
    origins = ["https://a.example", "null"]
    for origin in origins:
        check_origin(asked(Origin=origin), origins=origins)
    for foreign in (
        None,
        "https://b.example",
        "https://A.example",
        "http://example.com",
        "https://a.example ",
    ):
        if foreign != "https://a.example ":  # the space is no part of the value
            with pytest.raises(HandshakeError, match="option origins"):
                check_origin(asked(Origin=foreign), origins=origins)
    check_origin(asked(), origins=[None])
    with pytest.raises(HandshakeError, match="allowed is none"):
        check_origin(asked(Origin="http://example.com"), origins=[None])
    with pytest.raises(HandshakeError, match="allowed is no page"):
        check_origin(asked(Origin="http://example.com"), origins=[])


def test_a_text_is_not_a_list_of_names() -> None:
    """``"http://a" in "http://a.example"`` is true."""
    with pytest.raises(TypeError, match="origins is a list"):
        accept(asked(Origin="http://a"), origins="http://a.example")
    with pytest.raises(TypeError, match="hosts is a list"):
        accept(asked(Host="a"), hosts="a.example", loopback=True)
    with pytest.raises(TypeError, match="subprotocols is a list"):
        accept(asked(Sec_WebSocket_Protocol="a"), subprotocols="ab")
    with pytest.raises(TypeError, match="subprotocols is a list"):
        handshake.request("ws://a", subprotocols="ab")


# Host: DNS rebinding (MCP SDK CVE-2025-66416)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8888", "127.0.0.1", "127.0.0.1:1234", "10.1.2.3", "[::1]", "[::1]:80", "My.Lan"],
)
def test_host_on_loopback(host: str) -> None:
    check_host(asked(Host=host), hosts=["my.LAN"])
    accept(asked(Host=host), hosts=["my.LAN"], loopback=True)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.example",
            "localhost.evil.example",
            "a.localhost",
            "localhost.",
            "127.0.0.1.evil.example",
            "lan",
        ),
        *("127.0.0.256", "127.0.0", "127.0.0.1.", "127.0.0.", "2130706433", "0x7f.0.0.1", "1.2.3.0004"),
    ],
)
def test_foreign_host_on_loopback(host: str) -> None:
    for target in ("/", f"http://{host}/"):
        request = asked(Host=host if target == "/" else "localhost", target=target)
        with pytest.raises(HandshakeError, match="option hosts") as caught:
            accept(request, hosts=["my.lan"], loopback=True)
        assert caught.value.status == 403
        with pytest.raises(HandshakeError):
            check_host(request)
        accept(request, loopback=False)
        check_host(request, loopback=False)


# The client's side: the request


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


# The client's side: the answer


@pytest.mark.parametrize(
    "response",
    [
        answered(),
        answered(Upgrade="WebSocket", Connection="keep-alive, UPGRADE"),
        answered(Connection=["keep-alive", "upgrade"]),
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
        (answered(500, b"\xff" * 1000), "'500 Internal Server Error': '" + r"\ufffd" * 300 + "'..."),
        (
            answered(302, Location="https://b.example/?t=hunter2"),
            "'302 ?' and points to 'https://b.example/', which is not followed",
        ),
        (answered(304), "'304 ?', 101 is needed"),
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


def test_no_secret_in_an_error() -> None:
    for secret in (
        {"Sec_WebSocket_Protocol": "token, aHVudGVyMg=="},
        {"Sec_WebSocket_Protocol": "hunter2 x"},
    ):
        with pytest.raises(HandshakeError) as caught:
            accept(asked(**secret), subprotocols=["a"])
        assert "hunter2" not in str(caught.value) and "aHVudGVyMg" not in str(caught.value)


# Compression: what it means is deflate's; that it is asked for, chosen and believed is ours


def test_compression_is_negotiated() -> None:
    request = handshake.request("ws://a", deflate=Deflate())
    accepted = accept(request, deflate=Deflate())
    agreed = check(request, accepted.response, Deflate())
    assert agreed.deflate is not None
    assert agreed.deflate == accepted.deflate


def test_no_compression_unless_both_want_it() -> None:
    request = handshake.request("ws://a", deflate=Deflate())
    accepted = accept(request)
    assert accepted.deflate is None and "Sec-WebSocket-Extensions" not in accepted.response.headers
    assert check(request, accepted.response, Deflate()).deflate is None
    request = handshake.request("ws://a")
    accepted = accept(request, deflate=Deflate())
    assert accepted.deflate is None and "Sec-WebSocket-Extensions" not in accepted.response.headers
    for value in ("x-other; a=1", "permessage-deflate; unknown"):
        accepted = accept(asked(Sec_WebSocket_Extensions=value), deflate=Deflate())
        assert accepted.deflate is None and "Sec-WebSocket-Extensions" not in accepted.response.headers


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


# Any bytes


VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=20)
FIELDS = st.lists(
    st.tuples(
        st.sampled_from(
            [*GOOD, "Origin", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Sec-WebSocket-Accept"]
        ),
        st.sampled_from(["websocket", "Upgrade", "13", KEY, "a, b", "null", "a; b=1", "permessage-deflate"])
        | VALUE,
    ),
    max_size=8,
)


@given(FIELDS, st.booleans())
def test_any_fields(fields: list[tuple[str, str]], loopback: bool) -> None:
    """An error in one request is that connection's alone: nothing but ``HandshakeError`` comes out."""
    headers = Headers([*GOOD.items(), *fields])
    for request in (Request("GET", "/", headers), Request("GET", "/", Headers(fields))):
        try:
            if parse_request(serialize_request(request)) is not None:
                accept(request, loopback=loopback, subprotocols=["a"])
        except HandshakeError as error:
            assert str(error).isascii() and str(error).isprintable()
            serialize_response(refusal(error))
    try:
        check(handshake.request("ws://a", key=KEY), Response(101, "", headers))
        check(handshake.request("ws://a", key=KEY), Response(101, "", Headers(fields)))
    except HandshakeError as error:
        assert str(error).isascii() and str(error).isprintable()


# Oracles


def test_websockets_accepts_our_request_and_we_its_answer() -> None:
    server = ServerProtocol(subprotocols=["b", "a"])
    request = handshake.request("ws://127.0.0.1:1234/chat?x=y", subprotocols=["c", "a"])
    server.receive_data(request.raw)
    (event,) = server.events_received()
    server.send_response(server.accept(event))  # type: ignore[arg-type]
    wire = b"".join(server.data_to_send())
    found = parse_response(wire)
    assert found is not None and found[1] == len(wire)
    assert check(request, found[0]).subprotocol == "a"


def test_websockets_believes_our_answer() -> None:
    client = ClientProtocol(parse_uri("ws://127.0.0.1:1234/chat?x=y"), subprotocols=["c", "a"])
    client.send_request(client.connect())
    found = parse_request(b"".join(client.data_to_send()))
    assert found is not None
    accepted = accept(found[0], subprotocols=["a", "c"], loopback=True)
    client.receive_data(serialize_response(accepted.response))
    client.events_received()
    assert client.handshake_exc is None
    assert client.subprotocol == accepted.subprotocol == "c"


def test_wsproto_accepts_our_request_and_we_its_answer() -> None:
    server = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
    request = handshake.request("ws://127.0.0.1:1234/chat?x=y", subprotocols=["c", "a"])
    server.receive_data(request.raw)
    (event,) = server.events()
    assert isinstance(event, wsproto.events.Request)
    assert (event.target, event.host, event.subprotocols) == ("/chat?x=y", "127.0.0.1:1234", ["c", "a"])
    found = parse_response(server.send(wsproto.events.AcceptConnection(subprotocol="a")))
    assert found is not None
    assert check(request, found[0]).subprotocol == "a"


def test_wsproto_believes_our_answer() -> None:
    client = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
    found = parse_request(
        client.send(wsproto.events.Request(host="localhost:1234", target="/chat", subprotocols=["c", "a"]))
    )
    assert found is not None
    accepted = accept(found[0], subprotocols=["a"], loopback=True)
    client.receive_data(serialize_response(accepted.response))
    (event,) = client.events()
    assert isinstance(event, wsproto.events.AcceptConnection)
    assert event.subprotocol == accepted.subprotocol == "a"


@pytest.mark.parametrize("name, request_", [row[:2] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_websockets_refuses_what_we_refuse(name: str, request_: Request) -> None:
    """... but for one thing, in which we are stricter."""
    server = ServerProtocol(subprotocols=["a"], origins=[None, "http://example.com"])  # type: ignore[list-item]
    server.receive_data(serialize_request(request_))
    (event,) = server.events_received()
    status = server.accept(event).status_code  # type: ignore[arg-type]
    assert (status == 101) == (name == "subprotocol twice")


def test_check_upgrade_gives_the_key() -> None:
    assert check_upgrade(asked()) == KEY
