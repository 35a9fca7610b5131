"""The fields of the handshake that both sides deal with: the key and its proof, names, and whose they are.

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
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from .. import masking
from ..errors import HandshakeError
from ..headers import Headers, is_token, shown

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


def check_subprotocols(subprotocols: Sequence[str]) -> None:
    """Whether these can be names of subprotocols: tokens, each once; else ``ValueError`` or ``TypeError``."""
    not_text("subprotocols", subprotocols)
    for name in subprotocols:
        if not is_token(name):
            raise ValueError(f"subprotocol {shown(name)}: a name without spaces and separators is needed")
    if len(set(subprotocols)) != len(subprotocols):
        raise ValueError(f"subprotocols {', '.join(subprotocols)}: a name stands twice")


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
    fields = list(headers.items() if isinstance(headers, Mapping) else headers)
    for name, _ in fields:
        if name.lower() in _OURS:
            raise ValueError(f"header field {name} is set by the handshake itself")
    return fields


def not_text(option: str, names: object) -> None:
    """``"a" in "abc"``: a text where a list is meant would allow every part of it."""
    if isinstance(names, str):
        raise TypeError(f"{option} is a list of names, got the text {names!a}")


def one_value(headers: Headers, name: str) -> str:
    """The value of a field that must be there exactly once."""
    values = headers.get_all(name)
    if len(values) != 1:
        raise HandshakeError(f"{len(values) or 'no'} {name} fields, exactly one is needed")
    return values[0]


def shown_value(headers: Headers, name: str) -> str:
    value = headers.get(name)
    return "none" if value is None else shown(value)
