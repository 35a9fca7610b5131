"""The server's side of the handshake: is this a request for a WebSocket, and may it come in (RFC 6455 §4.2)?

::

    Request ──► check_upgrade ──► check_host ──► check_origin ──► subprotocol, extensions ──► Accepted: 101
                 400 405 426         403             403              400          HandshakeError ──► refusal
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import HandshakeError
from ..extensions import parse_extensions
from ..headers import CRLF, Headers, field_lines, is_token, shown, split_authority
from ..http11 import REASONS, Request, Response
from .fields import ANY_ORIGIN, VERSION, accept_key, is_key, not_ours, not_text, one_value, shown_value

if TYPE_CHECKING:
    from ..deflate import Deflate, Parameters


#: The fields of a 426, which tell the right version.
UPGRADE: Final = (("Upgrade", "websocket"), ("Sec-WebSocket-Version", VERSION))
#: Every 101, up to the proof (RFC 6455 §4.2.2): as bytes, 3 µs less than as fields.
_LINE: Final = b"HTTP/1.1 101 Switching Protocols\r\n"
_SWITCHING: Final = _LINE + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "


class Accepted(NamedTuple):
    """A server's yes to the request with this ``key``: the subprotocol and the compression.

    ``lines``: the field lines of the 101 that name them, and others of the server's; checked.
    A NamedTuple, not a dataclass: 0.4 ms of `import wsdemo` less, as for `Agreed` and `Counts`.
    """

    key: str
    lines: bytes = b""
    subprotocol: str | None = None
    deflate: Parameters | None = None

    @property
    def response(self) -> Response:
        """The 101 to send, made anew each time."""
        raw = b"".join((_SWITCHING, accept_key(self.key).encode("ascii"), CRLF, self.lines, CRLF))
        return Response(101, REASONS[101], Headers.checked(raw, len(_LINE)), b"", raw)


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

    ``request``: the client's.
    ``origins``: the web pages that may connect; see ``check_origin``.
    ``hosts``: names of this server on loopback; see ``check_host``.
    ``loopback``: whether the server listens on loopback; see ``check_host``.
    ``secure``: whether it is reached over TLS; see ``check_origin``.
    ``subprotocols``: those that the server speaks. The client's list is "ordered by preference" (RFC 6455
    §4.1), so the first of it that the server speaks is chosen; where there is none, the answer names none.
    ``deflate``: the compression, where the client offers it.
    ``headers``: more fields for the 101, such as Set-Cookie.

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
    fields: list[tuple[str, str]] = []
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
    if headers != ():
        fields += not_ours(headers)
    return Accepted(key, field_lines(fields) if fields else b"", subprotocol, parameters)


def check_upgrade(request: Request) -> str:
    """Check that a request is the one of RFC 6455 §4.2.1, and return its Sec-WebSocket-Key.

    Raises ``HandshakeError`` with the status to answer: 400, 405 or 426.
    """
    headers = request.headers
    if request.version == "HTTP/1.0":  # "A server MUST ignore an Upgrade header field" in it (RFC 9110 §7.8)
        message = "a WebSocket lives here: send the upgrade in HTTP/1.1, got HTTP/1.0 (a proxy between us?)"
        raise HandshakeError(message, 426, UPGRADE)
    if request.method != "GET":
        message = f"method {shown(request.method)}, a WebSocket is opened with GET"
        raise HandshakeError(message, 405, [("Allow", "GET")])
    upgrade = headers.get_all("upgrade")
    if upgrade != ["websocket"] and "websocket" not in headers.tokens("upgrade"):
        message = f"a WebSocket lives here: send Upgrade: websocket, got {shown_value(headers, 'Upgrade')}"
        raise HandshakeError(message, 426, UPGRADE)
    if len(upgrade) > 1:
        raise HandshakeError("more than one Upgrade field")
    if headers.get_all("connection") != ["Upgrade"] and "upgrade" not in headers.tokens("connection"):
        raise HandshakeError(f"send Connection: Upgrade, got {shown_value(headers, 'Connection')}")
    if request.body:
        raise HandshakeError(f"a body of {len(request.body)} bytes with an upgrade, none is allowed")
    version = one_value(headers, "Sec-WebSocket-Version")
    if version != VERSION:
        message = f"Sec-WebSocket-Version {shown(version)}, only {VERSION} is spoken here (RFC 6455)"
        raise HandshakeError(message, 426, UPGRADE)
    key = one_value(headers, "Sec-WebSocket-Key")
    if not is_key(key):
        raise HandshakeError(f"Sec-WebSocket-Key {shown(key)}, 16 bytes in base64 are needed")
    return key


def check_host(request: Request, *, hosts: Sequence[str] = (), loopback: bool = True) -> None:
    """Refuse DNS rebinding, with ``HandshakeError`` (403).

    A web page's own name suddenly resolves to 127.0.0.1, so that the browser takes our server for the page's.

    Only where the server listens on ``loopback``. Allowed are IP addresses, which no page can rebind, exactly
    ``localhost``, and the names in ``hosts``, each with the dot at the end that makes a name complete or
    without (RFC 1034 §3.1). A plain HTTP route needs this check as much as a WebSocket. A request of HTTP/1.0
    may lack Host; no browser sends one.
    """
    if not loopback or (request.version == "HTTP/1.0" and not request.host):
        return
    not_text("hosts", hosts)
    name = split_authority(request.host)[0].lower()
    if name in ("127.0.0.1", "localhost") or name[0] == "[" or _is_ipv4(name):
        return
    if name.removesuffix(".") not in ["localhost", *(host.lower().removesuffix(".") for host in hosts)]:
        raise HandshakeError(
            f"Host {shown(request.host)} is not this machine: use localhost or an IP address, "
            "or give the name to the server's option hosts",
            403,
        )


def check_origin(
    request: Request, *, origins: Sequence[str | None] | None = None, secure: bool = False
) -> None:
    """Refuse cross-site WebSocket hijacking, with ``HandshakeError`` (403; RFC 6455 §10.2).

    A foreign page would use its visitor's cookies. A browser says in Origin which page is asking; no page can
    make it lie. Other clients send what they like, or nothing. ``origins`` are those allowed, compared
    exactly, None among them for no Origin at all; "*" allows all, for what needs no protection.
    Without ``origins``: the server's own, which is https where it is ``secure``, and requests without one.
    Behind a proxy that ends TLS, give ``origins``.
    """
    values = request.headers.get_all("origin")
    if origins == ANY_ORIGIN or (not values and origins is None):
        return
    if len(values) > 1:
        raise HandshakeError(f"{len(values)} Origin fields, at most one is allowed")
    if origins is None:
        origins = [own_origin(request.host, secure)]
    not_text("origins", origins)
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


def own_origin(host: str, secure: bool) -> str:
    """The origin of a server's own pages (RFC 6454 §6.2): without the port where it is the scheme's own.

    >>> own_origin("example.com:80", secure=False), own_origin("example.com:80", secure=True)
    ('http://example.com', 'https://example.com:80')
    """
    scheme, port = ("https", ":443") if secure else ("http", ":80")
    return f"{scheme}://{host.lower().removesuffix(port)}"


def _is_ipv4(name: str) -> bool:
    import ipaddress  # 1.3 ms of `import wsdemo`

    try:
        return bool(ipaddress.IPv4Address(name))
    except ValueError:
        return False


def _choose_subprotocol(headers: Headers, spoken: Sequence[str]) -> str | None:
    values = headers.get_all("sec-websocket-protocol")
    if not values:
        return None
    not_text("subprotocols", spoken)
    # "a recipient MUST parse and ignore a reasonable number of empty list elements" (RFC 9110 §5.6.1.2)
    offered = [name for part in ",".join(values).split(",") if (name := part.strip(" \t"))]
    if not offered:
        raise HandshakeError("Sec-WebSocket-Protocol: no subprotocol in it")
    for number, name in enumerate(offered, 1):  # the name may be a secret, and stays out of the error
        if not is_token(name):
            raise HandshakeError(f"Sec-WebSocket-Protocol: number {number} of {len(offered)} is not a token")
    if len(set(offered)) != len(offered):
        raise HandshakeError("Sec-WebSocket-Protocol: a name stands twice")
    return next((name for name in offered if name in spoken), None)
