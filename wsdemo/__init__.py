"""wsdemo: see how WebSockets work, byte by byte.

The names below are the public ones. To read the package, follow the bytes:

    protocol/   what goes over the wire, without a wire       codes · errors · limits · masking · frames ·
                                                              events · deflate · http11 · handshake · protocol
    record/     what went over the wire, as bytes and times   facts · record
    net/        sockets and threads                           reactor · outbox · transport · sending ·
                                                              heartbeat · inbox · connection · handler ·
                                                              threaded · authorize · routes · server · client
    rawtcp/     where the course begins: text over plain TCP  framing · link · server · client
    trace/      what it means                                 trace · fields · packets · readers · dissect
    proxy/      between two ends                              relay · sniffer · chaos
    views/      how it looks                                  drawing, then any other
    notebook    how things show themselves in a notebook
    reloading   no module is exchanged in a running kernel

`import wsdemo` loads what is needed for connections and nothing heavy.
"""

from __future__ import annotations

from wsdemo import notebook as _notebook  # noqa: F401  (Trace and Connection learn to show themselves)
from wsdemo.net.authorize import first_message
from wsdemo.net.client import connect
from wsdemo.net.connection import Connection
from wsdemo.net.server import Server, serve
from wsdemo.net.threaded import threaded
from wsdemo.protocol import (
    TRANSITIONS,
    CloseCode,
    Closed,
    Closing,
    ConnectionClosed,
    Deflate,
    Failed,
    Frame,
    HandshakeError,
    Headers,
    InvalidData,
    InvalidState,
    Limits,
    Message,
    MessageTooBig,
    Opcode,
    Opened,
    Ping,
    PolicyViolation,
    Pong,
    Protocol,
    ProtocolError,
    Refused,
    Request,
    Response,
    Side,
    State,
    Step,
    WebSocketError,
)
from wsdemo.record.facts import Chunk
from wsdemo.reloading import refuse as _refuse
from wsdemo.trace.trace import Trace

_refuse()

__all__ = [
    "TRANSITIONS",
    "Chunk",
    "CloseCode",
    "Closed",
    "Closing",
    "Connection",
    "ConnectionClosed",
    "Deflate",
    "Failed",
    "Frame",
    "HandshakeError",
    "Headers",
    "InvalidData",
    "InvalidState",
    "Limits",
    "Message",
    "MessageTooBig",
    "Opcode",
    "Opened",
    "Ping",
    "PolicyViolation",
    "Pong",
    "Protocol",
    "ProtocolError",
    "Refused",
    "Request",
    "Response",
    "Server",
    "Side",
    "State",
    "Step",
    "Trace",
    "WebSocketError",
    "connect",
    "first_message",
    "serve",
    "threaded",
]
