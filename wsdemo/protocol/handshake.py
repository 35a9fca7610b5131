r"""The opening handshake: how HTTP stops being HTTP (RFC 6455 §4).

::

    client                                                server
      GET /chat HTTP/1.1                           ────►
      Host: example.com                                     accept(): is this a WebSocket client, may it come in?
      Upgrade: websocket
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
from dataclasses import dataclass
from os import urandom
from typing import TYPE_CHECKING, Final

from .errors import HandshakeError
from .http11 import (
    REASONS,
    VISIBLE,
    Headers,
    Request,
    Response,
    is_token,
    serialize_request,
    shown,
    split_authority,
)

if TYPE_CHECKING:
    from .deflate import Deflate, Parameters

#: "258EAFA5-…, which is unlikely to be used by network endpoints that do not understand the WebSocket Protocol"
#: (RFC 6455 §1.3).
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VERSION: Final = "13"
DEFAULT_PORTS: Final = {"ws": 80, "wss": 443}

#: One offer or answer of Sec-WebSocket-Extensions: the name, and (parameter, value or None) pairs.
Extension = tuple[str, list[tuple[str, str | None]]]


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

    ``origins``: those allowed, compared exactly, ``None`` among them for a request without one; not given:
    the server's own origin, which is ``https`` where it is ``secure``, and clients that send none.
    ``hosts``: names allowed in Host where the server listens on ``loopback``, beside IP addresses and
    ``localhost``. ``subprotocols``: those that the server speaks; the client's list is "ordered by
    preference" (RFC 6455 §4.1, item 10), so its first one that the server speaks is chosen, and none where
    there is none. ``headers``: further fields of the 101, such as Set-Cookie.

    >>> request = Request("GET", "/chat", Headers({
    ...     "Host": "example.com", "Upgrade": "websocket", "Connection": "Upgrade",
    ...     "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}))
    >>> accept(request).response.headers["Sec-WebSocket-Accept"]
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    """
    key = check_upgrade(request)
    check_host(request, hosts=hosts, loopback=loopback)
    check_origin(request, origins=origins, secure=secure)
    answer = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept_key(key)),
    ]
    subprotocol = _choose_subprotocol(request.headers, subprotocols)
    if subprotocol is not None:
        answer.append(("Sec-WebSocket-Protocol", subprotocol))
    offers = request.headers.get("sec-websocket-extensions")
    parameters = None
    if offers is not None:
        extensions = parse_extensions(offers)
        agreed = deflate.accept(extensions) if deflate is not None else None
        if agreed is not None:
            parameters, value = agreed
            answer.append(("Sec-WebSocket-Extensions", value))
    answer += headers
    return Accepted(Response(101, REASONS[101], Headers(answer)), subprotocol, parameters)


def check_upgrade(request: Request) -> str:
    """Whether a request has all that RFC 6455 §4.2.1 asks for; its Sec-WebSocket-Key."""
    if request.method != "GET":
        raise HandshakeError(
            f"method {shown(request.method)}, a WebSocket is opened with GET", 405, [("Allow", "GET")]
        )
    headers = request.headers
    if "websocket" not in headers.tokens("upgrade"):
        raise HandshakeError(
            f"a WebSocket is here: Upgrade: websocket is needed, got {_got(headers, 'upgrade')}",
            426,
            [("Upgrade", "websocket"), ("Sec-WebSocket-Version", VERSION)],
        )
    if "upgrade" not in headers.tokens("connection"):
        raise HandshakeError(f"Connection: Upgrade is needed, got {_got(headers, 'connection')}")
    if request.body:
        raise HandshakeError(f"a body of {len(request.body)} bytes with an upgrade, none is allowed")
    version = _one(headers, "Sec-WebSocket-Version", 400)
    if version != VERSION:
        raise HandshakeError(
            f"Sec-WebSocket-Version {shown(version)}, version {VERSION} is spoken here (RFC 6455)",
            426,
            [("Upgrade", "websocket"), ("Sec-WebSocket-Version", VERSION)],
        )
    key = _one(headers, "Sec-WebSocket-Key", 400)
    if not _is_key(key):
        raise HandshakeError(f"Sec-WebSocket-Key {shown(key)}: 16 bytes in base64 are needed")
    return key


def check_host(request: Request, *, hosts: Sequence[str] = (), loopback: bool = True) -> None:
    """Refuse DNS rebinding: a web page whose own name suddenly resolves to 127.0.0.1 is not a local one.

    Only where the server listens on loopback. An IP address can't be rebound; ``localhost`` is ours.
    """
    if not loopback:
        return
    name, _ = split_authority(request.host)
    name = name.lower()
    if name in ("127.0.0.1", "localhost") or name in hosts or name.startswith("[") or _is_ipv4(name):
        return
    raise HandshakeError(
        f"Host {shown(request.host)} is not this machine: localhost or an IP address is needed, "
        "or the name in the server's option hosts",
        403,
    )


def check_origin(
    request: Request, *, origins: Sequence[str | None] | None = None, secure: bool = False
) -> None:
    """Refuse cross-site WebSocket hijacking: a foreign page that uses its visitor's cookies (RFC 6455 §10.2).

    Browsers say in Origin which page is asking, and no page can make them lie; other clients need send none.
    """
    values = request.headers.get_all("origin")
    if len(values) > 1:
        raise HandshakeError(f"{len(values)} Origin fields, at most one is accepted")
    origin = values[0] if values else None
    if origins is None:
        if origin is None:
            return
        allowed: Sequence[str | None] = (_own_origin(request.host, secure),)
    else:
        allowed = origins
    if origin not in allowed:
        got = "no Origin" if origin is None else f"Origin {shown(origin)}"
        names = ", ".join("none" if one is None else one for one in allowed) or "nothing"
        raise HandshakeError(f"{got} is not allowed here: {names} is; see the server's option origins", 403)


def refusal(error: HandshakeError) -> Response:
    """The HTTP answer that says what was wrong, in one line of plain text. The connection closes after it."""
    body = f"{error}\n".encode()
    names = {name.lower() for name, _ in error.headers}
    connection = "Upgrade, close" if "upgrade" in names else "close"
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
        ("Connection", connection),  # RFC 9110 §7.8: who sends Upgrade must name it in Connection
        *error.headers,
    ]
    status = error.status if error.status >= 400 else 400
    return Response(status, REASONS.get(status, "Error"), Headers(headers), body)


# The client's side


@dataclass(frozen=True, slots=True)
class URL:
    """Where a WebSocket is (RFC 6455 §3): ``ws(s)://host:port/target``."""

    secure: bool
    host: str  #: a name in ASCII and lower case, or an IP address without brackets
    port: int
    target: str  #: path and query, as in the request line

    @property
    def authority(self) -> str:
        """The value of Host: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS["wss" if self.secure else "ws"] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{'wss' if self.secure else 'ws'}://{self.authority}{self.target}"


def parse_url(url: str) -> URL:
    """Take a WebSocket URL apart. ``ValueError`` says what is wrong with it.

    A user name or password is refused: it would end in logs. What is not allowed in a target, such as a
    space or é, is percent-encoded as UTF-8; a name that is not ASCII is encoded by IDNA.

    >>> parse_url("ws://example.com/chat?room=1")
    URL(secure=False, host='example.com', port=80, target='/chat?room=1')
    >>> str(parse_url("wss://[::1]:8765"))
    'wss://[::1]:8765/'
    """
    scheme, mark, rest = url.partition("://")
    scheme = scheme.lower()
    if not mark or scheme not in DEFAULT_PORTS:
        hint = {"http": ", ws:// instead of http://", "https": ", wss:// instead of https://"}.get(scheme, "")
        raise ValueError(f"{shown(url)} is not a WebSocket URL: ws://host:port/path is needed{hint}")
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in url) or url != url.strip():
        raise ValueError(f"{shown(url)}: control characters, or spaces around it")
    if "#" in rest:
        # "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used" (§3)
        raise ValueError(f"{shown(url)}: a fragment has no meaning here; write %23 for the character #")
    cut = min(i for i in (rest.find("/"), rest.find("?"), len(rest)) if i >= 0)
    authority, target = rest[:cut], rest[cut:]
    if "@" in authority:
        raise ValueError("a user name in the URL is not supported: send an Authorization header")
    if not authority.isascii():
        name, colon, port = authority.partition(":")
        try:
            authority = name.encode("idna").decode("ascii") + colon + port
        except UnicodeError:
            raise ValueError(f"{shown(name)} is not a host name") from None
    try:
        host, given = split_authority(authority)
    except HandshakeError as error:
        raise ValueError(f"{shown(url)}: {error}") from None
    if given == 0:
        raise ValueError(f"{shown(url)}: port 0")
    target = target if target.startswith("/") else "/" + target
    return URL(
        secure=scheme == "wss",
        host=host.strip("[]").lower(),
        port=given or DEFAULT_PORTS[scheme],
        target="".join(map(_percent_encoded, _whole_percents(target).encode())),
    )


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
    elif not _is_key(key):
        raise ValueError(f"key {shown(key)}: 16 bytes in base64 are needed")
    more = list(headers.items() if isinstance(headers, Mapping) else headers)
    host = url.authority
    for name, value in more:
        if name.lower() in _OURS:
            raise ValueError(f"header field {name}: the handshake sets it itself")
        if name.lower() == "host":
            host = value
    fields = [
        ("Host", host),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Version", VERSION),
    ]
    if origin is not None:
        fields.append(("Origin", origin))
    if subprotocols:
        _check_names(subprotocols)
        fields.append(("Sec-WebSocket-Protocol", ", ".join(subprotocols)))
    if deflate is not None:
        fields.append(("Sec-WebSocket-Extensions", deflate.offer()))
    fields += [(name, value) for name, value in more if name.lower() != "host"]
    made = Request("GET", url.target, Headers(fields))
    return Request(made.method, made.target, made.headers, raw=serialize_request(made))


@dataclass(frozen=True, slots=True)
class Agreed:
    """What client and server agreed on, as the client read it from the 101."""

    subprotocol: str | None = None
    deflate: Parameters | None = None


def check(request: Request, response: Response, deflate: Deflate | None = None) -> Agreed:
    """Whether a response opens the WebSocket that a request asked for (RFC 6455 §4.1, last part).

    ``deflate``: the configuration that made the offer. ``HandshakeError`` carries the status of the answer;
    redirects are not followed, they could carry credentials elsewhere.
    """
    headers = response.headers
    if response.status != 101:
        raise HandshakeError(_why_not(response), response.status)
    if "websocket" not in headers.tokens("upgrade") or len(headers.get_all("upgrade")) > 1:
        raise HandshakeError(
            f"the answer 101 has {_got(headers, 'Upgrade')}, Upgrade: websocket is needed", 101
        )
    if "upgrade" not in headers.tokens("connection"):
        raise HandshakeError(
            f"the answer 101 has {_got(headers, 'Connection')}, Connection: Upgrade is needed", 101
        )
    expected = accept_key(request.headers["Sec-WebSocket-Key"])
    got = _one(headers, "Sec-WebSocket-Accept", 101)
    if got != expected:
        raise HandshakeError(
            f"Sec-WebSocket-Accept {shown(got)} does not answer our key, {expected!r} does: "
            "not a WebSocket server, or an answer from a cache",
            101,
        )
    return Agreed(_agreed_subprotocol(request, headers), _agreed_deflate(request, headers, deflate))


# Parts of both


def parse_extensions(value: str) -> list[Extension]:
    """The elements of Sec-WebSocket-Extensions (RFC 6455 §9.1); ``HandshakeError`` where it is none.

    A value in quotes must be a token without them, so no comma, semicolon or equals sign can hide there,
    and cutting at these reads each character a fixed number of times.

    >>> parse_extensions('permessage-deflate; client_max_window_bits; server_max_window_bits="10"')
    [('permessage-deflate', [('client_max_window_bits', None), ('server_max_window_bits', '10')])]
    """
    extensions: list[Extension] = []
    for element in value.split(","):
        name, *parts = (part.strip(" \t") for part in element.split(";"))
        if not name and not parts:  # an empty element: ignored, RFC 9110 §5.6.1
            continue
        parameters: list[tuple[str, str | None]] = []
        for part in parts:
            parameter, equals, text = part.partition("=")
            if equals and text[:1] == '"':
                text = _unquoted(text)
            if not is_token(parameter) or (equals and not is_token(text)):
                raise HandshakeError(f"Sec-WebSocket-Extensions {shown(value)}: parameter {shown(part)}")
            parameters.append((parameter, text if equals else None))
        if not is_token(name):
            raise HandshakeError(f"Sec-WebSocket-Extensions {shown(value)}: {shown(name)} is not a name")
        extensions.append((name, parameters))
    if not extensions:
        raise HandshakeError("Sec-WebSocket-Extensions is empty")
    return extensions


def fresh_key() -> str:
    """16 random bytes in base64."""
    return base64.b64encode(urandom(16)).decode("ascii")


#: What a caller's own headers must not hold: the handshake sets it, or the body that we do not send.
_OURS: Final = frozenset(
    {
        "connection",
        "content-length",
        "sec-websocket-accept",
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-protocol",
        "sec-websocket-version",
        "transfer-encoding",
        "upgrade",
    }
)


def _one(headers: Headers, name: str, status: int) -> str:
    """The value of a field that must be there once."""
    values = headers.get_all(name)
    if len(values) != 1:
        raise HandshakeError(f"{len(values) or 'no'} {name} fields, exactly one is needed", status)
    return values[0]


def _got(headers: Headers, name: str) -> str:
    value = headers.get(name)
    return "none" if value is None else shown(value)


def _is_key(key: str) -> bool:
    """ "a Sec-WebSocket-Key with a base64-encoded value that, when decoded, is 16 bytes in length"."""
    try:
        return len(key) == 24 and len(binascii.a2b_base64(key.encode("ascii"), strict_mode=True)) == 16
    except ValueError:  # binascii.Error, UnicodeEncodeError
        return False


def _is_ipv4(name: str) -> bool:
    parts = name.split(".")
    return len(parts) == 4 and all(part.isdecimal() and len(part) <= 3 and int(part) < 256 for part in parts)


def _own_origin(host: str, secure: bool) -> str:
    """The origin of a page from this very server (RFC 6454 §6.2): no port where it is the scheme's own."""
    scheme, default = ("https", ":443") if secure else ("http", ":80")
    return f"{scheme}://{host.lower().removesuffix(default)}"


def _choose_subprotocol(headers: Headers, spoken: Sequence[str]) -> str | None:
    values = headers.get_all("sec-websocket-protocol")
    if not values:
        return None
    offered = [part.strip(" \t") for value in values for part in value.split(",")]
    for name in offered:
        if not is_token(name):
            raise HandshakeError(f"Sec-WebSocket-Protocol {shown(', '.join(values))}: {shown(name)}")
    if len(set(offered)) != len(offered):
        raise HandshakeError(f"Sec-WebSocket-Protocol {shown(', '.join(values))}: a name twice")
    return next((name for name in offered if name in spoken), None)


def _check_names(subprotocols: Sequence[str]) -> None:
    if isinstance(subprotocols, str):
        raise TypeError(f"subprotocols is a list of names, got the string {subprotocols!r}")
    for name in subprotocols:
        if not is_token(name):
            raise ValueError(f"subprotocol {shown(name)}: visible ASCII without separators is needed")
    if len(set(subprotocols)) != len(subprotocols):
        raise ValueError(f"subprotocols {', '.join(subprotocols)}: a name twice")


def _agreed_subprotocol(request: Request, headers: Headers) -> str | None:
    values = headers.get_all("sec-websocket-protocol")
    if not values:
        return None
    value = _one(headers, "Sec-WebSocket-Protocol", 101)
    offered = [name.strip(" \t") for name in (request.headers.get("sec-websocket-protocol") or "").split(",")]
    if not value or value not in offered:
        raise HandshakeError(
            f"the server chose subprotocol {shown(value)}, we offered {', '.join(filter(None, offered)) or 'none'}",
            101,
        )
    return value


def _agreed_deflate(request: Request, headers: Headers, deflate: Deflate | None) -> Parameters | None:
    value = headers.get("sec-websocket-extensions")
    if value is None:
        return None
    try:
        extensions = parse_extensions(value)
    except HandshakeError as error:
        raise HandshakeError(str(error), 101) from None
    name, parameters = extensions[0]
    offered = request.headers.get("sec-websocket-extensions")
    if deflate is None or offered is None or len(extensions) > 1 or name != "permessage-deflate":
        raise HandshakeError(
            f"the server chose extensions {shown(value)}, we offered {shown(offered) if offered else 'none'}",
            101,
        )
    return deflate.agreed(parameters)


def _why_not(response: Response) -> str:
    """Status, and what its body or Location says, for the human who reads the error."""
    what = f"the server answered {response.status} {shown(response.reason)[1:-1]}"
    location = response.headers.get("location")
    if 300 <= response.status < 400 and location is not None:
        return f"{what} to {shown(location, 200)}, which is not followed: connect there yourself"
    first = response.body.decode("utf-8", "replace").strip().partition("\n")[0].strip()
    if first and not (response.headers.get("content-type") or "").lower().startswith("text/html"):
        return f"{what}: {shown(first, 300)}"
    return f"{what}, 101 is needed"


def _unquoted(text: str) -> str:
    r"""The inside of a quoted string (RFC 9110 §5.6.4), backslashes taken out; "" where it has no end."""
    if len(text) < 2 or text[-1] != '"':
        return ""
    characters = iter(text[1:-1])
    inside = [next(characters, '"') if character == "\\" else character for character in characters]
    return "".join(inside)


def _whole_percents(target: str) -> str:
    """A percent sign that does not start an escape is one itself: ``100%`` is ``100%25``."""
    first, *rest = target.split("%")
    good = [f"%{part}" if _is_hex(part[:2]) else f"%25{part}" for part in rest]
    return first + "".join(good)


def _is_hex(text: str) -> bool:
    return len(text) == 2 and all(character in "0123456789abcdefABCDEF" for character in text)


def _percent_encoded(byte: int) -> str:
    return chr(byte) if byte in _AS_IT_IS else f"%{byte:02X}"


_AS_IT_IS: Final = frozenset(VISIBLE) - frozenset(b'"<>\\^`{|}')
