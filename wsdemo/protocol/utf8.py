"""UTF-8 that comes in pieces (RFC 6455 §8.1, RFC 3629).

::

    E2 82 AC = €          a cut may fall here:    … E2 82 │ AC …
                          the first piece is not wrong, only incomplete: "pending"

A whole small message is decoded in one go, and this module is not needed. It is for the fragments of a
message and for the pieces of a large frame, where a peer must hear *at once* that its bytes can't become
valid, not after the next megabyte. Knows nothing of frames.
"""

from __future__ import annotations

from codecs import utf_8_decode

from .errors import InvalidData


def check(pending: bytes, piece: bytes) -> bytes:
    """Check that ``piece`` can follow; return the last bytes, three at most, of an unfinished character.

    ``pending`` is the result of the call before. ``InvalidData`` as soon as no bytes to come can help.

    >>> check(b"", b"co\\xe2\\x82"), check(b"\\xe2\\x82", b"\\xac")
    (b'\\xe2\\x82', b'')
    >>> check(b"", b"\\xed\\xa0")  # would become a surrogate, whatever follows
    Traceback (most recent call last):
    wsdemo.protocol.errors.InvalidData: not UTF-8 text: byte ed, and then a0
    """
    if pending:
        piece = pending + piece
    elif piece.isascii():  # ten times faster, and most text is
        return b""
    try:
        _, used = utf_8_decode(piece, "strict", False)
    except UnicodeDecodeError as error:
        raise invalid(error) from None
    rest = piece[used:]
    if len(rest) == 2 and rest[0] == 0xED and rest[1] >= 0xA0:
        # Half a surrogate: refused by RFC 3629, but Python's decoder waits for its end all the same.
        raise invalid(UnicodeDecodeError("utf-8", rest, 0, 1, "invalid continuation byte"))
    return rest


def invalid(error: UnicodeDecodeError) -> InvalidData:
    """The error for these bytes; its text holds none of the peer's text."""
    lead, rest = error.object[error.start], error.object[error.start + 1 : error.end + 1]
    after = f", and then {rest[-1]:02x}" if rest and error.reason != "invalid start byte" else ""
    return InvalidData(f"not UTF-8 text: byte {lead:02x}{after}", section="RFC 6455 §8.1")
