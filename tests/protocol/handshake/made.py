"""Requests and answers made by hand, good ones and bad ones."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace

from wsdemo.protocol.handshake import accept_key
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.http11 import REASONS, Request, Response

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
    ("subprotocol empty", asked(Sec_WebSocket_Protocol=""), 400, "no subprotocol in it"),
    ("only empty subprotocols", asked(Sec_WebSocket_Protocol=", ,"), 400, "no subprotocol in it"),
    ("empty extension", asked(Sec_WebSocket_Extensions=","), 400, "no extension in it"),
    ("HTTP/1.0", replace(asked(), version="HTTP/1.0"), 426, "in HTTP/1.1, got HTTP/1.0"),
    ("subprotocol twice", asked(Sec_WebSocket_Protocol=["a", "b, a"]), 400, "a name stands twice"),
    ("extension no token", asked(Sec_WebSocket_Extensions="a b"), 400, "'a b' is not the name"),
    ("extension empty", asked(Sec_WebSocket_Extensions=""), 400, "no extension"),
    ("two origins", asked(Origin=["http://example.com", "http://example.com"]), 400, "2 Origin fields"),
    ("another origin", asked(Origin="http://evil.example"), 403, "Origin 'http://evil.example'"),
]
