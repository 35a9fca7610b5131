"""The WebSocket protocol, sans I/O: bytes in, events out (RFC 6455, RFC 7692).

To read in this order: codes, errors, arguments, limits · masking, frames · utf8, events, partial · deflate ·
headers, http11 (message, head, reader, chunked), url, extensions, handshake (fields, server, client) ·
states, sending, opening, protocol, prepared.
Knows no socket, no thread, no clock; random numbers come from one place, ``masking``, or are arguments.
"""

from .codes import CloseCode, Opcode, Side
from .deflate import Deflate, Parameters
from .errors import (
    ConnectionClosed,
    HandshakeError,
    InvalidData,
    InvalidState,
    MessageTooBig,
    PolicyViolation,
    ProtocolError,
    WebSocketError,
)
from .events import Closed, Closing, Event, Failed, Message, Opened, Ping, Pong, Refused
from .frames import Frame, Header
from .handshake import Accepted, Agreed
from .headers import Headers
from .http11 import Request, Response
from .limits import Limits
from .prepared import Prepared
from .protocol import Protocol
from .states import TRANSITIONS, State, Step
from .url import URL, parse_url

__all__ = [
    "TRANSITIONS",
    "URL",
    "Accepted",
    "Agreed",
    "CloseCode",
    "Closed",
    "Closing",
    "ConnectionClosed",
    "Deflate",
    "Event",
    "Failed",
    "Frame",
    "HandshakeError",
    "Header",
    "Headers",
    "InvalidData",
    "InvalidState",
    "Limits",
    "Message",
    "MessageTooBig",
    "Opcode",
    "Opened",
    "Parameters",
    "Ping",
    "PolicyViolation",
    "Pong",
    "Prepared",
    "Protocol",
    "ProtocolError",
    "Refused",
    "Request",
    "Response",
    "Side",
    "State",
    "Step",
    "WebSocketError",
    "parse_url",
]
