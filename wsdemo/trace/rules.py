"""Which section of which RFC a verdict rests on.

An error of the protocol says what was got and what was allowed; this table adds where that is written.
"""

from __future__ import annotations

from typing import Final

#: How the error begins, and the section.
SECTIONS: Final = (
    ("reserved bits", "RFC 6455 §5.2"),
    ("opcode", "RFC 6455 §5.2"),
    ("control frame", "RFC 6455 §5.5"),
    ("fragmented control frame", "RFC 6455 §5.5"),
    ("rsv1", "RFC 7692 §6.1"),
    ("frame without a mask", "RFC 6455 §5.1"),
    ("masked frame", "RFC 6455 §5.1"),
    ("length", "RFC 6455 §5.2"),
    ("a new message", "RFC 6455 §5.4"),
    ("continuation frame", "RFC 6455 §5.4"),
    ("close frame of 1 byte", "RFC 6455 §5.5.1"),
    ("close code", "RFC 6455 §7.4"),
    ("close reason", "RFC 6455 §5.5.1"),
    ("compressed message", "RFC 7692 §7.2.2"),
    ("not UTF-8 text", "RFC 6455 §8.1"),
)

#: Where nothing above fits: by close code.
BY_CODE: Final = {1002: "RFC 6455 §5", 1007: "RFC 6455 §8.1", 1008: "RFC 6455 §10.4", 1009: "RFC 6455 §10.4"}


def section(reason: str, code: int) -> str:
    """The section behind an error of the protocol.

    >>> section("opcode 0x3 is reserved", 1002)
    'RFC 6455 §5.2'
    """
    for start, found in SECTIONS:
        if reason.startswith(start):
            return found
    return BY_CODE.get(code, "")
