"""The field Sec-WebSocket-Extensions (RFC 6455 §9.1): the offers of a client, the choice of a server.

::

    permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate
    ╰───── name ─────╯  ╰───────────────── parameters ──────────────────╯  ╰─ second offer ─╯

Knows nothing of what any extension means; deflate knows one.
"""

from __future__ import annotations

from collections.abc import Sequence

from .errors import HandshakeError
from .headers import is_token, shown

#: A name and its parameters, each with its value, or None where it has none.
Extension = tuple[str, list[tuple[str, str | None]]]


def parse_extensions(value: str) -> list[Extension]:
    """The elements of the field, in their order; ``HandshakeError`` where it breaks the grammar.

    "When using the quoted-string syntax variant, the value after quoted-string unescaping MUST conform to
    the 'token' ABNF". So no comma, semicolon or equals sign hides in quotes, and cutting at these looks at
    each character a fixed number of times.

    >>> parse_extensions('permessage-deflate; client_max_window_bits; server_max_window_bits="10"')
    [('permessage-deflate', [('client_max_window_bits', None), ('server_max_window_bits', '10')])]
    """
    extensions: list[Extension] = []
    for element in value.split(","):
        name, *parts = [part.strip(" \t") for part in element.split(";")]
        if not name and not parts:  # "a recipient MUST parse and ignore [...] empty list elements", RFC 9110
            continue
        if not is_token(name):
            raise HandshakeError(f"Sec-WebSocket-Extensions: {shown(name)} is not the name of an extension")
        extensions.append((name, [_parameter(part) for part in parts]))
    if not extensions:
        raise HandshakeError("Sec-WebSocket-Extensions: no extension in it")
    return extensions


def serialize_extensions(extensions: Sequence[Extension]) -> str:
    """The value of the field.

    >>> serialize_extensions([("permessage-deflate", [("server_max_window_bits", "10")]), ("x", [])])
    'permessage-deflate; server_max_window_bits=10, x'
    """
    return ", ".join(
        "; ".join([name, *(key if text is None else f"{key}={text}" for key, text in parameters)])
        for name, parameters in extensions
    )


def _parameter(part: str) -> tuple[str, str | None]:
    name, equals, text = part.partition("=")
    name, text = name.rstrip(" \t"), text.lstrip(" \t")  # RFC 2616 §2.1, which RFC 6455 builds on, allows it
    if text.startswith('"'):
        text = _unquoted(text)
    if not is_token(name) or (equals and not is_token(text)):
        raise HandshakeError(f"Sec-WebSocket-Extensions: {shown(part)} is not a parameter")
    return name, text if equals else None


def _unquoted(text: str) -> str:
    """The inside of a quoted string, its backslashes taken out; "" where the string has no end."""
    if len(text) < 2 or text[-1] != '"':
        return ""
    characters = iter(text[1:-1])
    # A backslash at the end would quote the closing quote: '"' is no token, so that is refused.
    return "".join(next(characters, '"') if char == "\\" else char for char in characters)
