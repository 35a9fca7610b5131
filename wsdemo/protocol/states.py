"""The life of a connection, as a table: (state, step) → state (RFC 6455 §4, §7.1).

::

    CONNECTING ──accepted──► OPEN ──close sent, close received, failed──► CLOSING ⟲ close sent,
        │                     │                                              │      close received,
        refused, eof          eof                                            eof    failed
        ▼                     ▼                                              ▼
    CLOSED ◄──────────────────┴──────────────────────────────────────────────┘

The picture of it in the course is drawn from this table. A step that is not in it can't happen.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class State(Enum):
    """The state of a connection; the names are those of the browser's ``readyState``."""

    #: Python's own, by identity as its ==; an Enum's is written in Python, 0.4 µs a step of `TRANSITIONS`.
    __hash__ = object.__hash__

    CONNECTING = "connecting"
    OPEN = "open"
    #: "Upon either sending or receiving a Close control frame" (RFC 6455 §7.1.3).
    CLOSING = "closing"
    #: "When the underlying TCP connection is closed" (RFC 6455 §7.1.4); or it never was a WebSocket.
    CLOSED = "closed"


#: The members under their own names: Python 3.11 takes 0.1 µs to look one up in its class.
CONNECTING, OPEN, CLOSING, CLOSED = State


class Step(Enum):
    """An occurrence that moves a connection from one state to the next."""

    __hash__ = object.__hash__

    ACCEPTED = "accepted"  # the opening handshake succeeded
    REFUSED = "refused"  # it did not
    CLOSE_SENT = "close sent"  # the first close frame, or the answer to the peer's
    CLOSE_RECEIVED = "close received"
    FAILED = "failed"  # the peer broke the protocol (RFC 6455 §7.1.7)
    EOF = "eof"  # TCP ended


TRANSITIONS: Final = {
    (CONNECTING, Step.ACCEPTED): OPEN,
    (CONNECTING, Step.REFUSED): CLOSED,
    (CONNECTING, Step.EOF): CLOSED,
    (OPEN, Step.CLOSE_SENT): CLOSING,
    (OPEN, Step.CLOSE_RECEIVED): CLOSING,
    (OPEN, Step.FAILED): CLOSING,
    (OPEN, Step.EOF): CLOSED,
    (CLOSING, Step.CLOSE_SENT): CLOSING,
    (CLOSING, Step.CLOSE_RECEIVED): CLOSING,
    (CLOSING, Step.FAILED): CLOSING,
    (CLOSING, Step.EOF): CLOSED,
}
