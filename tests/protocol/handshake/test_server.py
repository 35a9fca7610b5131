"""The server's side of the handshake: what it accepts, and whom."""

from __future__ import annotations

import pytest

from tests.protocol.handshake.made import KEY, REFUSED, asked
from wsdemo.protocol import handshake
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.handshake import accept, check_host, check_origin, check_upgrade, refusal
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.http11 import Request, parse_response, serialize_response


@pytest.mark.parametrize(
    "request_",
    [
        asked(),
        asked(Upgrade="WebSocket", Connection="upgrade"),
        asked(Connection="keep-alive, Upgrade"),
        asked(Connection=["keep-alive", "UPGRADE"]),
        asked(Upgrade="h2c, websocket"),
        asked(Upgrade="websocket,", Connection=", ,Upgrade,"),
        asked(Sec_WebSocket_Extensions=", x-unknown; a=1 ,,"),
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
    assert response.headers["Connection"] == ("Upgrade, close" if status == 426 else "close")
    if status == 426:
        # "a |Sec-WebSocket-Version| header field indicating the version(s) the server is capable of" (§4.2.2)
        assert response.headers["Sec-WebSocket-Version"] == "13"
        # "A server that sends a 426 [...] MUST send an Upgrade header field" (RFC 9110 §15.5.22, §7.8)
        assert response.headers["Upgrade"] == "websocket"
    if status == 405:
        assert response.headers["Allow"] == "GET"


def test_refusal_of_what_has_no_status_or_no_ascii() -> None:
    assert refusal(HandshakeError("not HTTP", 0)).status == 400
    assert refusal(HandshakeError("no \ud800 é", 418)).body == b"no \\ud800 \xc3\xa9\n"
    assert refusal(HandshakeError("?", 418)).reason == "Error"


def test_check_upgrade_gives_the_key() -> None:
    assert check_upgrade(asked()) == KEY


@pytest.mark.parametrize(
    "offered, spoken, chosen",
    [
        (None, [], None),
        (None, ["a"], None),
        ("a", [], None),
        ("a", ["b"], None),
        ("a, b", ["b", "a"], "a"),
        (["c", "b,a"], ["a", "b"], "b"),
        ("a, ", ["a"], "a"),  # empty elements (RFC 9110 §5.6.1.2), as in Sec-WebSocket-Protocol: gabbo,
        (", ,\ta ,,b", ["b"], "b"),
        (["", "a", ","], ["a"], "a"),
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
    assert response.headers.raw == Headers(response.headers.items()).raw, "as if made field by field"
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
    with pytest.raises(TypeError, match="origins: got the text"):
        accept(asked(Origin="http://a"), origins="http://a.example")
    with pytest.raises(TypeError, match="hosts: got the text"):
        accept(asked(Host="a"), hosts="a.example", loopback=True)
    with pytest.raises(TypeError, match="subprotocols: got the text"):
        accept(asked(Sec_WebSocket_Protocol="a"), subprotocols="ab")
    with pytest.raises(TypeError, match="subprotocols: got the text"):
        handshake.request("ws://a", subprotocols="ab")


# Host: DNS rebinding (MCP SDK CVE-2025-66416)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:8888", "127.0.0.1", "127.0.0.1:1234", "10.1.2.3", "[::1]", "[::1]:80"),
        *("My.Lan", "localhost.", "Localhost.:80", "my.lan.", "other.lan", "other.lan.:1"),
    ],
)
def test_host_on_loopback(host: str) -> None:
    hosts = ["my.LAN", "other.lan."]
    check_host(asked(Host=host), hosts=hosts)
    accept(asked(Host=host), hosts=hosts, loopback=True)


def test_no_host_but_in_http_1_0() -> None:
    """No browser sends it, so no page rebinds it; an absolute target names a host all the same."""
    check_host(Request("GET", "/", version="HTTP/1.0"))
    with pytest.raises(HandshakeError, match="is not a host"):
        check_host(Request("GET", "/"))
    with pytest.raises(HandshakeError, match="option hosts"):
        check_host(Request("GET", "http://evil.example/", version="HTTP/1.0"))


@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.example",
            "localhost.evil.example",
            "a.localhost",
            "localhost..",
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


def test_no_secret_in_an_error() -> None:
    for secret in (
        {"Sec_WebSocket_Protocol": "token, aHVudGVyMg=="},
        {"Sec_WebSocket_Protocol": "hunter2 x"},
    ):
        with pytest.raises(HandshakeError) as caught:
            accept(asked(**secret), subprotocols=["a"])
        assert "hunter2" not in str(caught.value) and "aHVudGVyMg" not in str(caught.value)
