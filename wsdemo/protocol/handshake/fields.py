"""The fields of the handshake that both sides use: the key and its proof, names, hosts and origins.

::

    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==          16 random bytes in base64
                                 │ + GUID, SHA-1, base64
                                 ▼
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=   the server has read this very request

Knows nothing of whole requests and answers.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from .. import masking
from ..arguments import check_kind, list_of, wrong_kind, wrong_value
from ..errors import HandshakeError
from ..headers import HOST, Headers, is_token, only, shown

#: A number "which is unlikely to be used by network endpoints that do not understand the WebSocket
#: Protocol" (RFC 6455 §1.3).
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VERSION: Final = "13"
#: The option ``origins`` for a server that any page may use.
ANY_ORIGIN: Final = "*"


def accept_key(key: str) -> str:
    """The proof that a server has read this request, and understands WebSocket (RFC 6455 §4.2.2, item 5.4).

    >>> accept_key("dGhlIHNhbXBsZSBub25jZQ==")
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    """
    import hashlib  # it loads OpenSSL: 2.5 ms of `import wsdemo`

    digest = hashlib.sha1(key.encode("ascii") + GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def fresh_key() -> str:
    """16 random bytes in base64, as many as four masking keys."""
    return base64.b64encode(b"".join(masking.fresh_key() for _ in range(4))).decode("ascii")


def is_key(key: str) -> bool:
    """Whether a text is "a base64-encoded value that, when decoded, is 16 bytes in length" (RFC 6455 §4.2.1).

    >>> is_key("dGhlIHNhbXBsZSBub25jZQ=="), is_key("dGhlIHNhbXBsZQ==")
    (True, False)
    """
    try:
        return len(key) == 24 and len(binascii.a2b_base64(key.encode("ascii"), strict_mode=True)) == 16
    except ValueError:  # not base64, not ASCII
        return False


def check_subprotocols(subprotocols: Sequence[str]) -> tuple[str, ...]:
    """The names of subprotocols, checked: tokens, each once; else ValueError or TypeError."""
    names = list_of("subprotocols", subprotocols)
    for number, name in enumerate(names, 1):  # the name may be a secret, and stays out of the error
        check_kind("subprotocols", name, str, "names")
        if not is_token(name):
            raise ValueError(
                f"subprotocols: number {number} of {len(names)}, expected names without spaces and separators"
            )
    if len(set(names)) != len(names):
        raise ValueError("subprotocols: a name stands twice")
    return names


def check_hosts(hosts: Sequence[str]) -> tuple[str, ...]:
    """The names of hosts, checked: as in a request's Host, without port; else ValueError or TypeError."""
    names = list_of("hosts", hosts)
    for name in names:
        check_kind("hosts", name, str, "names of hosts")
        if not name or not only(name, HOST):
            raise wrong_value("hosts", name, "names such as 'example.com', without scheme and port")
    return names


def check_origins(origins: Sequence[str | None] | None) -> tuple[str | None, ...] | str | None:
    """The origins, checked: as a browser sends them, or "*" for all; else ValueError or TypeError."""
    if origins is None or origins == ANY_ORIGIN:
        return origins
    names: tuple[str | None, ...] = list_of("origins", origins, "a list of origins, or '*' for any")
    for name in names:
        check_kind("origins", name, (str, type(None)), "origins, and None for clients that are no page")
        if name is not None and name != "null" and not _is_origin(name):
            hint = "; origins='*' allows any" if name == ANY_ORIGIN else ""
            raise wrong_value("origins", name, f"'https://example.com' or '...:8000', no more, no less{hint}")
    return names


def _is_origin(name: str) -> bool:
    """Whether it is "scheme://host" or "scheme://host:port" as browsers write it (RFC 6454 §6.2)."""
    scheme, mark, authority = name.partition("://")
    return bool(mark and scheme and authority) and name == name.lower() and only(authority, HOST + b":[]")


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


def not_ours(headers: Iterable[tuple[str, str]] | Mapping[str, str]) -> list[tuple[str, str]]:
    """(name, value) of header fields that a caller adds. Their values may be secrets: no error shows them.

    Raises TypeError for what is no pairs of texts, ValueError for a field that the handshake sets itself.
    """
    if isinstance(headers, str):
        raise TypeError(f"headers: got a text, expected {_PAIRS}")
    if isinstance(headers, (Mapping, Headers)):
        headers = headers.items()
    fields = list_of("headers", headers, _PAIRS)
    for field in fields:
        pair = isinstance(field, (tuple, list)) and len(field) == 2
        if not pair or not all(isinstance(text, str) for text in field):
            kinds = f"({', '.join(type(part).__name__ for part in field)})" if pair else type(field).__name__
            raise TypeError(f"headers: got a field of type {kinds}, expected {_PAIRS}")
        name = field[0]
        if name.lower() in _OURS:
            raise ValueError(f"header field {name} is set by the handshake itself")
    return list(fields)


def not_text(option: str, names: object) -> None:
    """Raise TypeError for a text where a list is meant: ``"a" in "abc"`` is true, for every part of it."""
    if isinstance(names, str):
        raise wrong_kind(option, names, "a list of names")


#: For the errors.
_PAIRS: Final = "a dictionary of texts, or pairs such as ('User-Agent', 'wsdemo')"


def one_value(headers: Headers, name: str) -> str:
    """The value of a field that must be there exactly once; else ``HandshakeError``."""
    values = headers.get_all(name)
    if len(values) != 1:
        raise HandshakeError(f"{len(values) or 'no'} {name} fields, exactly one is needed")
    return values[0]


def shown_value(headers: Headers, name: str) -> str:
    value = headers.get(name)
    return "none" if value is None else shown(value)
