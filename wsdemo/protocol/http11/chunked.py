r"""A body in chunks, which is as long as its sender likes (RFC 9112 §7.1).

::

    5 CR LF         bytes of data, in hex; behind a semicolon, extensions
    hello CR LF     the data
    0 CR LF         the last chunk; trailer fields may follow
    CR LF

Knows nothing of heads.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ..errors import ProtocolError
from ..headers import CRLF

#: Bytes of the line that begins a chunk: a length, and extensions, which are not in use.
LINE: Final = 1024
#: Hexadecimal digits of a length: 60 bits.
_DIGITS: Final = 15
_HEX: Final = b"0123456789abcdefABCDEF"


class BodyChunk(NamedTuple):
    """The place of a chunk, and of its data, in the bytes that it was read from."""

    start: int  #: the first byte of data
    stop: int  #: the first behind the data
    end: int  #: the first behind the chunk; of the last chunk, behind its trailer fields
    last: bool


def parse_chunk(data: bytes | bytearray, at: int = 0) -> BodyChunk | None:
    r"""The chunk that begins at ``at``, or None: more bytes are needed. ``ProtocolError`` where it is none.

    >>> parse_chunk(b"5\r\nhello\r\n0\r\n\r\n"), parse_chunk(b"5\r\nhello\r\n0\r\n\r\n", 10)
    (BodyChunk(start=3, stop=8, end=10, last=False), BodyChunk(start=13, stop=13, end=15, last=True))
    """
    line_end = data.find(CRLF, at, at + LINE)
    if line_end < 0:
        if len(data) - at >= LINE:
            raise ProtocolError(
                f"a chunk that begins with a line of over {LINE} bytes", section="RFC 9112 §7.1"
            )
        return None
    digits = bytes(data[at:line_end]).partition(b";")[0].strip(b" \t")
    if not digits or len(digits) > _DIGITS or digits.translate(None, _HEX):
        raise ProtocolError(
            f"chunk size {digits[:20]!r}, expected hexadecimal digits", section="RFC 9112 §7.1"
        )
    size, start = int(digits, 16), line_end + 2
    if not size:
        end = data.find(b"\r\n\r\n", line_end)
        return BodyChunk(start, start, end + 4, True) if end >= 0 else None
    stop = start + size
    if len(data) < stop + 2:
        return None
    if data[stop : stop + 2] != CRLF:
        raise ProtocolError(f"a chunk of {size} bytes that goes on behind them", section="RFC 9112 §7.1")
    return BodyChunk(start, stop, stop + 2, False)
