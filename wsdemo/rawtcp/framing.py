"""The framing of messages: a header of ten characters with the payload's length, then the payload.

::

     0         1         2         3 …
     ┌─────────────────────┬──────────────────────┐
     │ 12        (10 bytes)│ hello, world         │
     └─────────────────────┴──────────────────────┘
       length of the payload  UTF-8 text of exactly
       in bytes, ASCII digits,   that length
       padded with spaces

The simplest protocol that turns a stream of bytes into messages. Knows nothing of sockets.
"""

from __future__ import annotations

from typing import Final

from wsdemo.protocol.errors import InvalidData, MessageTooBig, ProtocolError

#: Bytes of a header.
HEADER: Final = 10

#: Bytes of payload that `parse` accepts by default: 1 MiB.
LIMIT: Final = 1024 * 1024


def serialize(text: str) -> bytes:
    """The bytes of one message. The length counts bytes, not characters.

    >>> serialize("héllo 👋")
    b'11        h\\xc3\\xa9llo \\xf0\\x9f\\x91\\x8b'
    """
    payload = text.encode()
    return b"%-*d%b" % (HEADER, len(payload), payload)


def parse(data: bytes | bytearray, limit: int = LIMIT, start: int = 0) -> tuple[str, int] | None:
    """The message at ``start`` in ``data`` and where it ends, or ``None`` while bytes are missing.

    Raises ProtocolError for a bad header, MessageTooBig for a payload of more than ``limit`` bytes (from
    the header alone, before it is there) and InvalidData for a payload that is not UTF-8.

    >>> parse(b"5         hello and more")
    ('hello', 15)
    >>> parse(b"5         hel") is None
    True
    """
    body = start + HEADER
    if len(data) < body:
        return None
    size = parse_header(data[start:body])
    if size > limit:
        raise MessageTooBig(f"message of {size} bytes, at most {limit} accepted")
    end = body + size
    if len(data) < end:
        return None
    try:
        return data[body:end].decode(), end
    except UnicodeDecodeError as error:
        raise InvalidData(f"the payload is not UTF-8: {error.reason} at byte {error.start}") from None


def parse_header(header: bytes | bytearray) -> int:
    """The length, in bytes, that a header of ten bytes announces; ProtocolError for a bad header.

    >>> parse_header(b"12        ")
    12
    >>> parse_header(b"twelve    ")
    Traceback (most recent call last):
    wsdemo.protocol.errors.ProtocolError: header b'twelve    ', expected digits, then spaces, 10 bytes in all
    """
    digits = bytes(header).rstrip(b" ")
    if len(header) != HEADER or not digits.isdigit():
        raise _bad_header(header)
    return int(digits)


def _bad_header(header: bytes | bytearray) -> ProtocolError:
    return ProtocolError(f"header {bytes(header)!r}, expected digits, then spaces, {HEADER} bytes in all")
