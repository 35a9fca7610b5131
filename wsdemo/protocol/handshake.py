r"""The opening handshake: how HTTP stops being HTTP (RFC 6455 §4).

::

    client                                                server
      GET /chat HTTP/1.1                           ────►
      Host: example.com                                     accept(): is this a WebSocket client?
      Upgrade: websocket                                    may it come in?
      Connection: Upgrade
      Sec-WebSocket-Version: 13
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
                                                   ◄────  HTTP/1.1 101 Switching Protocols
      check(): did it read this very request?             Upgrade: websocket
                                                          Connection: Upgrade
                                                          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
      frames                                       ◄───►  frames

Each side has a pair: ``request`` and ``check`` for the client, ``accept`` and ``refusal`` for the server.
Values in, values out: knows nothing of sockets, and nothing of frames.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from . import masking
from .errors import HandshakeError
from .extensions import parse_extensions as parse_extensions
from .headers import Headers, is_token, shown, split_authority
from .http11 import REASONS, Request, Response, serialize_request
from .url import URL as URL
from .url import parse_url as parse_url

if TYPE_CHECKING:
    from .deflate import Deflate, Parameters

#: A number "which is unlikely to be used by network endpoints that do not understand the WebSocket
#: Protocol" (RFC 6455 §1.3).
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VERSION: Final = "13"


def accept_key(key: str) -> str:
    """The proof that a server has read this request, and understands WebSocket (RFC 6455 §4.2.2, item 5.4).

    >>> accept_key("dGhlIHNhbXBsZSBub25jZQ==")
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    """
    digest = hashlib.sha1(key.encode("ascii") + GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


# The server's side


@dataclass(frozen=True, slots=True)
class Accepted:
    """A server's yes: the 101 to send, and what was agreed."""

    response: Response
    subprotocol: str | None = None
    deflate: Parameters | None = None


def accept(
    request: Request,
    *,
    origins: Sequence[str | None] | None = None,
    hosts: Sequence[str] = (),
    loopback: bool = False,
    secure: bool = False,
    subprotocols: Sequence[str] = (),
    deflate: Deflate | None = None,
    headers: Iterable[tuple[str, str]] = (),
) -> Accepted:
    """Answer a request for a WebSocket: ``Accepted``, or ``HandshakeError`` with the status that says no.

    ``origins`` and ``secure``: see ``check_origin``; ``hosts`` and ``loopback``: see ``check_host``.
    ``subprotocols``: those that the server speaks. The client's list is "ordered by preference" (RFC 6455
    §4.1), so the first of it that the server speaks is chosen; where there is none, the answer names none.
    ``deflate``: how to compress, where the client offers it. ``headers``: more fields for the 101, such as
    Set-Cookie.

    >>> request = Request("GET", "/chat", Headers({
    ...     "Host": "example.com", "Upgrade": "websocket", "Connection": "Upgrade",
    ...     "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}))
    >>> accept(request).response.headers["Sec-WebSocket-Accept"]
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    """
    key = check_upgrade(request)
    if loopback:
        check_host(request, hosts=hosts)
    check_origin(request, origins=origins, secure=secure)
    fields = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept_key(key)),
    ]
    subprotocol = _choose_subprotocol(request.headers, subprotocols)
    if subprotocol is not None:
        fields.append(("Sec-WebSocket-Protocol", subprotocol))
    parameters = None
    offers = request.headers.get("sec-websocket-extensions")
    if offers is not None:
        offered = parse_extensions(offers)
        chosen = deflate.accept(offered) if deflate is not None else None
        if chosen is not None:
            parameters, value = chosen
            fields.append(("Sec-WebSocket-Extensions", value))
    fields += _not_ours(headers)
    return Accepted(Response(101, REASONS[101], Headers(fields)), subprotocol, parameters)


def check_upgrade(request: Request) -> str:
    """Whether a request is the one of RFC 6455 §4.2.1; gives back its Sec-WebSocket-Key."""
    headers = request.headers
    if request.method != "GET":
        message = f"method {shown(request.method)}, a WebSocket is opened with GET"
        raise HandshakeError(message, 405, [("Allow", "GET")])
    if "websocket" not in headers.tokens("upgrade"):
        message = f"a WebSocket lives here: send Upgrade: websocket, got {_got(headers, 'Upgrade')}"
        raise HandshakeError(message, 426, UPGRADE)
    if len(headers.get_all("upgrade")) > 1:
        raise HandshakeError("more than one Upgrade field")
    if "upgrade" not in headers.tokens("connection"):
        raise HandshakeError(f"send Connection: Upgrade, got {_got(headers, 'Connection')}")
    if request.body:
        raise HandshakeError(f"a body of {len(request.body)} bytes with an upgrade, none is allowed")
    version = _one(headers, "Sec-WebSocket-Version")
    if version != VERSION:
        message = f"Sec-WebSocket-Version {shown(version)}, only {VERSION} is spoken here (RFC 6455)"
        raise HandshakeError(message, 426, UPGRADE)
    key = _one(headers, "Sec-WebSocket-Key")
    if not is_key(key):
        raise HandshakeError(f"Sec-WebSocket-Key {shown(key)}, 16 bytes in base64 are needed")
    return key


def check_host(request: Request, *, hosts: Sequence[str] = (), loopback: bool = True) -> None:
    """Refuse DNS rebinding: a web page whose own name suddenly resolves to 127.0.0.1, which makes our server
    its own in the browser's eyes.

    Only where the server listens on ``loopback``. Allowed are IP addresses, which no page can rebind, exactly
    ``localhost``, and the names in ``hosts``. A plain HTTP route needs this check as much as a WebSocket.
    """
    if not loopback:
        return
    _not_text("hosts", hosts)
    name = split_authority(request.host)[0].lower()
    if name in ("127.0.0.1", "localhost") or name[0] == "[" or _is_ipv4(name):
        return
    if name not in [host.lower() for host in hosts]:
        raise HandshakeError(
            f"Host {shown(request.host)} is not this machine: use localhost or an IP address, "
            "or give the name to the server's option hosts",
            403,
        )


def check_origin(
    request: Request, *, origins: Sequence[str | None] | None = None, secure: bool = False
) -> None:
    """Refuse cross-site WebSocket hijacking: a foreign page that uses its visitor's cookies (RFC 6455 §10.2).

    A browser says in Origin which page is asking; no page can make it lie. Other clients send what they
    like, or nothing. ``origins`` are those allowed, compared exactly, None among them for no Origin at all.
    Without ``origins``: the server's own, which is https where it is ``secure``, and requests without one.
    Behind a proxy that ends TLS, give ``origins``.
    """
    values = request.headers.get_all("origin")
    if not values and origins is None:
        return
    if len(values) > 1:
        raise HandshakeError(f"{len(values)} Origin fields, at most one is allowed")
    if origins is None:
        origins = [own_origin(request.host, secure)]
    _not_text("origins", origins)
    origin = values[0] if values else None
    if origin not in origins:
        got = "no Origin" if origin is None else f"Origin {shown(origin)}"
        allowed = " or ".join("none" if name is None else shown(name) for name in origins) or "no page"
        raise HandshakeError(f"{got}, allowed is {allowed} (the server's option origins)", 403)


def refusal(error: HandshakeError) -> Response:
    """The HTTP answer that says what was wrong, in one line of plain text. The connection closes after it.

    >>> response = refusal(HandshakeError("no such page", 404))
    >>> response.status, response.reason, response.body
    (404, 'Not Found', b'no such page\\n')
    """
    body = f"{error}\n".encode(errors="backslashreplace")
    upgrade = any(name.lower() == "upgrade" for name, _ in error.headers)
    fields = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),  # a browser must not take it for HTML
        # "A sender of Upgrade MUST also send an 'Upgrade' connection option" (RFC 9110 §7.8)
        ("Connection", "Upgrade, close" if upgrade else "close"),
        *error.headers,
    ]
    status = error.status if error.status >= 400 else 400
    return Response(status, REASONS.get(status, "Error"), Headers(fields), body)


# The client's side


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
    replaces ours. ``ValueError`` for what can't be sent.

    >>> request("ws://example.com/chat", key="dGhlIHNhbXBsZSBub25jZQ==").headers["Sec-WebSocket-Key"]
    'dGhlIHNhbXBsZSBub25jZQ=='
    """
    if isinstance(url, str):
        url = parse_url(url)
    if key is None:
        key = fresh_key()
    elif not is_key(key):
        raise ValueError(f"key {shown(key)}: 16 bytes in base64 are needed")
    more = _not_ours(headers)
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
        check_subprotocols(subprotocols)
        fields.append(("Sec-WebSocket-Protocol", ", ".join(subprotocols)))
    if deflate is not None:
        fields.append(("Sec-WebSocket-Extensions", deflate.offer()))
    fields += [(name, value) for name, value in more if name.lower() != "host"]
    made = Request("GET", url.target, Headers(fields))
    return replace(made, raw=serialize_request(made))


@dataclass(frozen=True, slots=True)
class Agreed:
    """What client and server agreed on, as the client read it from the 101."""

    subprotocol: str | None = None
    deflate: Parameters | None = None


def check(request: Request, response: Response, deflate: Deflate | None = None) -> Agreed:
    """Whether a response opens the WebSocket that a request asked for (RFC 6455 §4.1, the last part).

    ``deflate``: the configuration that made the offer. ``HandshakeError`` carries the status of the answer.
    A redirect is not followed: it could carry credentials elsewhere.
    """
    headers = response.headers
    if response.status != 101:
        raise HandshakeError(_why_not(response), response.status)
    try:
        if [value.lower() for value in headers.get_all("upgrade")] != ["websocket"]:
            raise HandshakeError(f"Upgrade: websocket is needed, got {_got(headers, 'Upgrade')}")
        if "upgrade" not in headers.tokens("connection"):
            raise HandshakeError(f"Connection: Upgrade is needed, got {_got(headers, 'Connection')}")
        got = _one(headers, "Sec-WebSocket-Accept")
        expected = accept_key(request.headers["Sec-WebSocket-Key"])
        if got != expected:
            raise HandshakeError(f"Sec-WebSocket-Accept {shown(got)}, our key asks for {expected}")
        return Agreed(_agreed_subprotocol(request, headers), _agreed_deflate(request, headers, deflate))
    except HandshakeError as error:
        raise HandshakeError(f"the server's answer 101 is not one to our request: {error}", 101) from None


# Parts of both


def check_subprotocols(subprotocols: Sequence[str]) -> None:
    """Whether these can be names of subprotocols: tokens, each once; else ``ValueError`` or ``TypeError``."""
    _not_text("subprotocols", subprotocols)
    for name in subprotocols:
        if not is_token(name):
            raise ValueError(f"subprotocol {shown(name)}: a name without spaces and separators is needed")
    if len(set(subprotocols)) != len(subprotocols):
        raise ValueError(f"subprotocols {', '.join(subprotocols)}: a name stands twice")


def own_origin(host: str, secure: bool) -> str:
    """The origin of a server's own pages (RFC 6454 §6.2): without the port where it is the scheme's own.

    >>> own_origin("example.com:80", secure=False), own_origin("example.com:80", secure=True)
    ('http://example.com', 'https://example.com:80')
    """
    scheme, port = ("https", ":443") if secure else ("http", ":80")
    return f"{scheme}://{host.lower().removesuffix(port)}"


def fresh_key() -> str:
    """16 random bytes in base64, as many as four masking keys."""
    return base64.b64encode(b"".join(masking.fresh_key() for _ in range(4))).decode("ascii")


def is_key(key: str) -> bool:
    """Whether it is "a base64-encoded value that, when decoded, is 16 bytes in length" (RFC 6455 §4.2.1).

    >>> is_key("dGhlIHNhbXBsZSBub25jZQ=="), is_key("dGhlIHNhbXBsZQ==")
    (True, False)
    """
    try:
        return len(key) == 24 and len(binascii.a2b_base64(key.encode("ascii"), strict_mode=True)) == 16
    except ValueError:  # not base64, not ASCII
        return False


#: The fields of a 426: what to send instead.
UPGRADE: Final = (("Upgrade", "websocket"), ("Sec-WebSocket-Version", VERSION))

#: Fields that the handshake itself sets, or that announce a body: not for the caller.
_OURS: Final = frozenset(
    [
        "connection",
        "content-length",
        "sec-websocket-accept",
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-protocol",
        "sec-websocket-version",
        "transfer-encoding",
        "upgrade",
    ]
)


def _not_ours(headers: Iterable[tuple[str, str]] | Mapping[str, str]) -> list[tuple[str, str]]:
    fields = list(headers.items() if isinstance(headers, Mapping) else headers)
    for name, _ in fields:
        if name.lower() in _OURS:
            raise ValueError(f"header field {name} is set by the handshake itself")
    return fields


def _not_text(option: str, names: object) -> None:
    """``"a" in "abc"``: a text where a list is meant would allow every part of it."""
    if isinstance(names, str):
        raise TypeError(f"{option} is a list of names, got the text {names!a}")


def _one(headers: Headers, name: str) -> str:
    """The value of a field that must be there exactly once."""
    values = headers.get_all(name)
    if len(values) != 1:
        raise HandshakeError(f"{len(values) or 'no'} {name} fields, exactly one is needed")
    return values[0]


def _got(headers: Headers, name: str) -> str:
    value = headers.get(name)
    return "none" if value is None else shown(value)


def _is_ipv4(name: str) -> bool:
    parts = name.split(".")
    return len(parts) == 4 and all(part.isdecimal() and len(part) <= 3 and int(part) < 256 for part in parts)


def _choose_subprotocol(headers: Headers, spoken: Sequence[str]) -> str | None:
    values = headers.get_all("sec-websocket-protocol")
    if not values:
        return None
    _not_text("subprotocols", spoken)
    offered = [name.strip(" \t") for name in ",".join(values).split(",")]
    for number, name in enumerate(offered, 1):  # the name may be a secret, and stays out of the error
        if not is_token(name):
            raise HandshakeError(f"Sec-WebSocket-Protocol: number {number} of {len(offered)} is not a token")
    if len(set(offered)) != len(offered):
        raise HandshakeError("Sec-WebSocket-Protocol: a name stands twice")
    return next((name for name in offered if name in spoken), None)


def _agreed_subprotocol(request: Request, headers: Headers) -> str | None:
    """ "[a] subprotocol that was not present in the client's handshake": the client MUST fail (§4.1)."""
    if "sec-websocket-protocol" not in headers:
        return None
    chosen = _one(headers, "Sec-WebSocket-Protocol")
    offered = request.headers.get("sec-websocket-protocol") or ""
    if chosen not in offered.split(", ") or not chosen:
        raise HandshakeError(f"it chose subprotocol {shown(chosen)}, which we did not offer")
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


def _why_not(response: Response) -> str:
    """What the human who reads the error needs: the status, where it points, and what the body says."""
    what = f"the server answered {shown(f'{response.status} {response.reason}'.rstrip())}"
    location = response.headers.get("location")
    if 300 <= response.status < 400 and location is not None:
        where = shown(location.partition("?")[0])  # not the query: it may hold a token
        return f"{what} and points to {where}, which is not followed: connect there yourself"
    line = response.body.decode("utf-8", "replace").strip().partition("\n")[0].rstrip()
    if not line or line.startswith("<"):  # a page of HTML says nothing in its first line
        return f"{what}, 101 is needed"
    return f"{what}: {shown(line, 300)}"
