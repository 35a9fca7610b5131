"""The client's side of the handshake: the request, and whether the answer is one to it (RFC 6455 §4.1).

::

    URL ──► request ──► Request · · · Response ──► check ──► Agreed: subprotocol, extension
                                                        └──► HandshakeError, with the status of the answer
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import LENGTH, HandshakeError
from ..extensions import parse_extensions
from ..headers import Headers, shown
from ..http11 import Request, Response, serialize_request
from ..url import URL, hidden, parse_url
from .fields import (
    VERSION,
    accept_key,
    check_subprotocols,
    fresh_key,
    is_key,
    not_ours,
    one_value,
    shown_value,
)

if TYPE_CHECKING:
    from ..deflate import Deflate, Parameters

#: The fields of our requests, in lower case, that hold no secret; and what separates words in the others.
_OPEN: Final = {
    *("host", "upgrade", "connection", "origin"),
    *("sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions"),
}
_SEPARATORS: Final = dict.fromkeys(map(ord, ",;=."), " ")


def request(
    url: str | URL,
    *,
    key: str | None = None,
    subprotocols: Sequence[str] = (),
    headers: Iterable[tuple[str, str]] | Mapping[str, str] = (),
    origin: str | None = None,
    deflate: Deflate | None = None,
) -> Request:
    """A client's request for a WebSocket (RFC 6455 §4.1).

    ``key``: 16 bytes in base64, fresh random ones where none are given: "The nonce MUST be selected randomly
    for each connection". ``subprotocols``: in the order of your preference. ``headers``: further fields; Host
    replaces ours. Raises ValueError for what can't be sent, TypeError for a value of the wrong kind.

    >>> request("ws://example.com/chat", key="dGhlIHNhbXBsZSBub25jZQ==").headers["Sec-WebSocket-Key"]
    'dGhlIHNhbXBsZSBub25jZQ=='
    """
    if isinstance(url, str):
        url = parse_url(url)
    if key is None:
        key = fresh_key()
    elif not is_key(key):
        raise ValueError(f"key {shown(key)}: 16 bytes in base64 are needed")
    more = not_ours(headers)
    fields = [
        ("Host", next((value for name, value in more if name.lower() == "host"), url.authority)),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Version", VERSION),
    ]
    if origin is not None:
        fields.append(("Origin", origin))
    if subprotocols:
        subprotocols = check_subprotocols(subprotocols)
        fields.append(("Sec-WebSocket-Protocol", ", ".join(subprotocols)))
    if deflate is not None:
        fields.append(("Sec-WebSocket-Extensions", deflate.offer()))
    fields += [(name, value) for name, value in more if name.lower() != "host"]
    made = Request("GET", url.target, Headers(fields))
    return replace(made, raw=serialize_request(made))


class Agreed(NamedTuple):
    """The subprotocol and the compression that both sides agreed on, as the client read them in the 101."""

    subprotocol: str | None = None
    deflate: Parameters | None = None


def check(request: Request, response: Response, deflate: Deflate | None = None) -> Agreed:
    """Check that a response opens the WebSocket that a request asked for (RFC 6455 §4.1, the last part).

    ``deflate``: the configuration that made the offer. Raises ``HandshakeError`` with the status of the
    answer. A redirect is not followed: it could carry credentials elsewhere.
    """
    headers = response.headers
    if response.status != 101:
        raise HandshakeError(_why_not(request, response), response.status)
    try:
        if headers.tokens("upgrade") != ["websocket"]:
            raise HandshakeError(f"Upgrade: websocket is needed, got {shown_value(headers, 'Upgrade')}")
        if "upgrade" not in headers.tokens("connection"):
            raise HandshakeError(f"Connection: Upgrade is needed, got {shown_value(headers, 'Connection')}")
        got = one_value(headers, "Sec-WebSocket-Accept")
        expected = accept_key(_key(request))
        if got != expected:
            raise HandshakeError(f"Sec-WebSocket-Accept {shown(got)}, our key asks for {expected}")
        return Agreed(_agreed_subprotocol(request, headers), _agreed_deflate(request, headers, deflate))
    except HandshakeError as error:
        raise HandshakeError(f"the server's answer 101 is not one to our request: {error}", 101) from None


def _key(request: Request) -> str:
    """The key that was sent: by us, or, in a record, by any client."""
    key = one_value(request.headers, "Sec-WebSocket-Key")
    if not key.isascii():
        raise HandshakeError(f"Sec-WebSocket-Key {shown(key)}, 16 bytes in base64 are needed")
    return key


def _agreed_subprotocol(request: Request, headers: Headers) -> str | None:
    """ "[a] subprotocol that was not present in the client's handshake": the client MUST fail (§4.1)."""
    if "sec-websocket-protocol" not in headers:
        return None
    chosen = one_value(headers, "Sec-WebSocket-Protocol")
    offered = request.headers.get("sec-websocket-protocol") or ""
    if chosen not in offered.split(", ") or not chosen:
        raise HandshakeError(
            f"it chose subprotocol {shown(_without_ours(chosen, request))}, which we did not offer"
        )
    return chosen


def _agreed_deflate(request: Request, headers: Headers, deflate: Deflate | None) -> Parameters | None:
    value = headers.get("sec-websocket-extensions")
    if value is None:
        return None
    chosen = parse_extensions(value)
    offered = request.headers.get("sec-websocket-extensions")
    if offered is None or deflate is None or [name for name, _ in chosen] != ["permessage-deflate"]:
        raise HandshakeError(f"it chose extensions {shown(value)}, we offered {offered or 'none'}")
    return deflate.agreed(chosen[0][1])


def _why_not(request: Request, response: Response) -> str:
    """The text of an error for a human: the status, the address of a redirect, the first line of the body."""
    status = _without_ours(f"{response.status} {response.reason}".rstrip(), request)
    what = f"the server answered {shown(status)}"
    location = response.headers.get("location")
    if 300 <= response.status < 400 and location is not None:
        return f"{what} and points to {hidden(location)}, which is not followed: connect there yourself"
    line = response.body.decode("utf-8", "replace").strip().partition("\n")[0].rstrip()
    if not line or line.startswith("<"):  # a page of HTML says nothing in its first line
        return f"{what}, 101 is needed"
    return f"{what}: {shown(_without_ours(line, request), LENGTH - len(what) - len(': '))}"


def _without_ours(text: str, request: Request) -> str:
    """A server's text without what we sent, which may be a token: the query and the values in it, the long
    words of header fields but those of the handshake.

    >>> asked = request("ws://a/chat?token=s3cret&v=1", headers={"Authorization": "Bearer my-t0ken"})
    >>> _without_ours("no token s3cret, see /chat?token=s3cret&v=1; no Bearer my-t0ken", asked)
    'no token ..., see /chat?...; no Bearer ...'
    """
    values = (request.query, *(part.partition("=")[2] for part in request.query.split("&")))
    fields = (value for name, value in request.headers.items() if name.lower() not in _OPEN)
    words = (word for value in fields for word in value.translate(_SEPARATORS).split())
    secrets = {*(value for value in values if len(value) > 3), *(word for word in words if len(word) > 7)}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "...")
    return text
