"""Events, the things that can happen on a connection: the values that ``Protocol.receive`` returns.

::

    Opened │ Refused          how the opening ended: once, first
    Message  Ping  Pong       any number of them, after Opened
    Closed                    how the connection ended: once, last, after Opened

All are frozen: an event is a fact. Knows nothing of how it came about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .errors import HandshakeError, ProtocolError
    from .http11 import Request, Response


@dataclass(frozen=True, slots=True)
class Opened:
    """The opening handshake succeeded. Where there was none (``opened=True``), there is no such event."""

    request: Request
    response: Response
    subprotocol: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """There will be no WebSocket: the opening failed, or the request was answered as plain HTTP.

    ``error`` is None for plain HTTP; ``request`` or ``response`` is None where none could be read.
    """

    error: HandshakeError | None
    request: Request | None = None
    response: Response | None = None


class Message(NamedTuple):
    """A whole message: ``str`` for text, ``bytes`` for binary.

    A NamedTuple, not a dataclass: one is made for every message (0.57 µs a frame against 0.73 µs).
    """

    data: str | bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """The peer asks whether we are there. The answer is in ``Protocol.data_to_send()`` already."""

    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Pong:
    """The peer answers a ping, or sends a pong of its own accord (RFC 6455 §5.5.3)."""

    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Closing:
    """The peer's close frame came: nothing more is received (RFC 6455 §7.1.3). 1005 where it has no code.

    The reason is text from outside: escape it where it is shown.
    """

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The peer broke the protocol: nothing more is received (RFC 6455 §7.1.7)."""

    error: ProtocolError


@dataclass(frozen=True, slots=True)
class Closed:
    """TCP has ended, and with it the connection (RFC 6455 §7.1.4).

    ``code`` and ``reason`` are those received in the peer's close frame; 1006 where there was none, or none
    that is valid. ``clean``: TCP ended after the closing handshake.
    """

    code: int
    reason: str = ""
    clean: bool = True


Event = Opened | Refused | Message | Ping | Pong | Closing | Failed | Closed
