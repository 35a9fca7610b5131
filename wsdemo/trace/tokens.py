"""Tokens and passwords in messages, overwritten by ``*``; their sizes stay.

::

    {"type":"hello","token":"eyJhbGci…"}     ──►     {"type":"hello","token":"*********"}

A client may tell who it is in its first message, and a page may be handed a token in any. In JSON that is a
member with a telling name; a JSON Web Token is found wherever it stands. A text that is nothing but a
password is the message itself, and stays. Pure: knows nothing of frames.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

#: The ends of the names of members that are secret, in small letters and without ``_`` and ``-``.
NAMES: Final = (
    "apikey",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "password",
    "secret",
    "ticket",
    "token",
)
#: Three parts in base64url (RFC 7515 §3.1); the first is a JSON object, whose ``{"`` begins it.
_JWT: Final = re.compile(rb"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_JSON: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?|[][{},:]|[^]["{},:\s]+', re.DOTALL)


def secret_places(message: bytes) -> Iterator[tuple[int, int]]:
    """The possible secrets in a message, text or bytes, whole or its beginning: (start, stop) in bytes.

    >>> list(secret_places(b'{"user": "ana", "token": "s3cret"}'))
    [(26, 32)]
    """
    if message.lstrip()[:1] in (b"{", b"["):
        yield from _in_json(message)
    for found in _JWT.finditer(message):
        yield found.span()


def _in_json(text: bytes) -> Iterator[tuple[int, int]]:
    """Strings and numbers in the values of secret names, however deep in them."""
    depth, secret = 0, None  # secret: the depth of the member whose value is one
    last = b""
    for found in _JSON.finditer(text):
        token = found[0]
        if token in b"{[":
            depth += 1
        elif token in b"}]":
            depth -= 1
        elif token == b":" and secret is None and _is_secret(last):
            secret = depth
        elif token[:1] == b'"' and secret is not None:
            yield found.start() + 1, found.end() - (len(token) > 1 and token[-1:] == b'"')
        elif secret is not None and token not in (b",", b":", b"null", b"true", b"false"):
            yield found.span()
        if secret is not None and (depth < secret or (token == b"," and depth == secret)):
            secret = None
        last = token


def _is_secret(name: bytes) -> bool:
    try:
        text = str(json.loads(name))
    except ValueError:
        return False
    return text.lower().replace("_", "").replace("-", "").endswith(NAMES)


def without_tokens(message: bytes) -> bytes:
    """A message with asterisks for what may be secret."""
    clean = bytearray(message)
    for start, stop in secret_places(message):
        clean[start:stop] = b"*" * (stop - start)
    return bytes(clean)
