"""The numbers of the protocol and their names: sides, opcodes, close codes (RFC 6455 §5.2, §7.4).

Knows nothing but names.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Final


class Side(Enum):
    """One of the two ends of a connection: only the client masks what it sends (RFC 6455 §5.1)."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def peer(self) -> Side:
        """The other end.

        >>> Side.CLIENT.peer
        <Side.SERVER: 'server'>
        """
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT


class Opcode(IntEnum):
    """The kind of a frame (RFC 6455 §5.2); 3-7 and 11-15 are reserved. From 8 on: control frames."""

    CONTINUATION = 0x0  # more of the message that a frame with fin=0 began
    TEXT = 0x1  # begins a message of UTF-8 text
    BINARY = 0x2  # begins a message of bytes
    CLOSE = 0x8  # "I am done", with a close code and reason
    PING = 0x9  # "are you there?"
    PONG = 0xA  # "yes", with the payload of the ping


#: Control frames are those with the highest bit of the opcode set (RFC 6455 §5.5).
CONTROL: Final = 0b1000


class CloseCode(IntEnum):
    """The reason why a connection ended (RFC 6455 §7.4.1, and the IANA registry for 1012-1014)."""

    NORMAL = 1000  # the purpose is fulfilled
    GOING_AWAY = 1001  # a server shuts down, a browser leaves the page
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003  # text where only binary is understood, or the reverse
    NO_CODE = 1005  # never sent: a close frame came without a code
    ABNORMAL = 1006  # never sent: TCP ended without a close frame
    INVALID_DATA = 1007  # text that is not UTF-8
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MISSING_EXTENSION = 1010  # a client says: the server did not agree to an extension that I need
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    TLS_FAILED = 1015  # never sent: TLS failed


#: Reserved for what an end finds out by itself: "MUST NOT be set as a status code in a Close control frame".
NEVER_SENT: Final = frozenset({CloseCode.NO_CODE, CloseCode.ABNORMAL, CloseCode.TLS_FAILED})

_REGISTERED: Final = frozenset(CloseCode) - NEVER_SENT


def on_the_wire(code: int) -> bool:
    """Whether ``code`` may stand in a close frame (RFC 6455 §7.4).

    Registered ones, 3000-3999 for libraries and frameworks, 4000-4999 for private use. 1004 is reserved
    without a meaning; 1016-2999 belong to the protocol, which has not given them out.

    >>> [code for code in (999, 1000, 1004, 1005, 1014, 1015, 2999, 3000, 5000) if on_the_wire(code)]
    [1000, 1014, 3000]
    """
    return 3000 <= code <= 4999 or code in _REGISTERED
