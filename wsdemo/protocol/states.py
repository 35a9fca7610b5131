"""The life of a connection, as a table: (state, step) → state (RFC 6455 §4, §7).

::

    CONNECTING ──accepted──► OPEN ──close sent──► CLOSING ──close received──► CLOSED
         │                    │                      │                          ▲
         └─refused, eof───────┴─close received───────┴─failed, eof──────────────┘
                                failed, eof

The picture of it in the course is drawn from this table. What is not in it can't happen.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class State(Enum):
    """Where a connection is in its life; the names are those of the browser's ``readyState``."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"  # our close frame is out, the peer's is not here yet
    CLOSED = "closed"  # nothing more is said; TCP may still have to end


class Step(Enum):
    """What moves a connection from one state to the next."""

    ACCEPTED = "accepted"  # the opening handshake succeeded
    REFUSED = "refused"  # it did not
    CLOSE_SENT = "close sent"
    CLOSE_RECEIVED = "close received"  # answered at once, where ours is not out yet
    FAILED = "failed"  # the peer broke the protocol (RFC 6455 §7.1.7)
    EOF = "eof"  # TCP ended


TRANSITIONS: Final = {
    (State.CONNECTING, Step.ACCEPTED): State.OPEN,
    (State.CONNECTING, Step.REFUSED): State.CLOSED,
    (State.CONNECTING, Step.EOF): State.CLOSED,
    (State.OPEN, Step.CLOSE_SENT): State.CLOSING,
    (State.OPEN, Step.CLOSE_RECEIVED): State.CLOSED,
    (State.OPEN, Step.FAILED): State.CLOSED,
    (State.OPEN, Step.EOF): State.CLOSED,
    (State.CLOSING, Step.CLOSE_RECEIVED): State.CLOSED,
    (State.CLOSING, Step.FAILED): State.CLOSED,
    (State.CLOSING, Step.EOF): State.CLOSED,
}
