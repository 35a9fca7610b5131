"""Everything that can go wrong, and who is to blame.

::

    Exception
    └── WebSocketError
        ├── HandshakeError(status)     the opening failed; carries the HTTP status
        ├── ProtocolError(section)     the peer broke the protocol            1002
        │   ├── InvalidData            bytes that are not what they claim     1007
        │   ├── PolicyViolation        allowed by the RFC, not by us          1008
        │   └── MessageTooBig          over the size that we accept           1009
        ├── InvalidState               you called what the state does not allow
        └── ConnectionClosed           there is no connection any more; has code and reason

An error states what was got and what was allowed, in one line; a ``ProtocolError`` names the section that
says so. Timeouts are the builtin ``TimeoutError``.
Knows nothing of sockets, threads or logging.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

#: Characters of an error's text at most, whatever a peer has sent.
LENGTH: Final = 300


class WebSocketError(Exception):
    """Any error of this package."""


class HandshakeError(WebSocketError):
    """The opening handshake failed (RFC 6455 §4).

    ``status`` is the HTTP status that a server sends, or that a client received (0 where the answer was not
    HTTP at all). ``headers`` are (name, value) pairs that the answer must carry, for
    example ``Sec-WebSocket-Version: 13`` with a 426. TypeError or ValueError for a wrong status.
    """

    def __init__(
        self, message: str, status: int = 400, headers: Sequence[tuple[str, str]] | Mapping[str, str] = ()
    ) -> None:
        super().__init__(cut(message))
        if not isinstance(status, int):
            raise TypeError(
                f"status: got a value of type {type(status).__name__}, expected a number like 403"
            )
        if not 0 <= status <= 999:
            raise ValueError(f"status: got {status:.4g}, expected a number of three digits like 403")
        self.status = status
        self.headers = tuple(headers.items() if isinstance(headers, Mapping) else headers)


class ProtocolError(WebSocketError):
    """The peer broke the protocol; the connection fails with close code ``code`` (RFC 6455 §7.1.7).

    ``section`` says where the rule stands: "RFC 6455 §5.2"; "" for a rule that is in no standard.

    >>> ProtocolError("opcode 0x3 is reserved", section="RFC 6455 §5.2").section
    'RFC 6455 §5.2'
    """

    code: ClassVar[int] = 1002

    def __init__(self, message: str, *, section: str = "") -> None:
        super().__init__(message)
        self.section = section


class InvalidData(ProtocolError):
    """Data that is not what its type says, such as a text message that is not UTF-8 (RFC 6455 §8.1)."""

    code = 1007


class PolicyViolation(ProtocolError):
    """Correct by the RFC, refused by a rule of ours, such as too many fragments."""

    code = 1008


class MessageTooBig(ProtocolError):
    """A message over the size that is accepted (RFC 6455 §10.4)."""

    code = 1009


class InvalidState(WebSocketError):
    """The state of the connection does not allow what you called, such as a ping before the opening."""


class ConnectionClosed(WebSocketError):
    """There is no connection any more. ``code`` and ``reason`` say how it ended (RFC 6455 §7.1.5, §7.1.6).

    Where it did not end well, ``__cause__`` may say why.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        reason = f", {self.reason!r}" if self.reason else ""
        return cut(f"the connection is closed (close code {self.code}{reason})")


def cut(text: str, length: int = LENGTH) -> str:
    """The text, or its beginning where it is longer.

    >>> cut("a close reason", 10)
    'a close...'
    """
    return text if len(text) <= length else text[: length - 3] + "..."
