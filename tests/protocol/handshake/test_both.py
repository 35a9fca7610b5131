"""Both sides of the handshake: with each other, with any fields, and with two other libraries."""

from __future__ import annotations

import pytest
import wsproto
import wsproto.events
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from tests.protocol.handshake.made import GOOD, KEY, REFUSED, asked
from wsdemo.protocol import handshake
from wsdemo.protocol.deflate import Deflate
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.handshake import accept, check, refusal
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.http11 import (
    Request,
    Response,
    parse_request,
    parse_response,
    serialize_request,
    serialize_response,
)


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
