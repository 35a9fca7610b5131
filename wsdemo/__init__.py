"""wsdemo: see how WebSockets work, byte by byte.

The names below are the public ones. To read the package, follow the bytes from the ground up, beginning with
``protocol/``. The docstring of each folder gives the order of its modules; who may import whom is written in
``tests/test_architecture.py``, and how the parts work together in ``docs/architecture.md``.

    words       words for people: safe characters, plurals, columns
    lessons     the table of the lessons
    reloading   refuses to load a module again in a running kernel
    protocol/   the rules, without a wire: bytes in, events out
    record/     the bytes on a wire, and their times
    net/        sockets and threads: servers, clients, connections
    rawtcp/     the beginning of the course: text over plain TCP
    trace/      the meaning of a record: packets, fields, files
    proxy/      between two ends: a relay, a sniffer, a bad network
    rivals/     other ways to tell news, measured
    patterns/   parts of applications, such as a numbered log
    chat/       the patterns put together: a chat
    web/        its half in a browser: a client that comes back by itself, and a page
    views/      drawings
    notebook    lets a Trace and a Connection draw themselves
    course/     the tools of the lessons, and the checks of the exercises
    demos/      six applications in miniature
    alternatives/  the same server on other libraries, compared
    bench/      the benchmark
    commands/   the commands of ``python -m wsdemo``
    cli         their parser, which ``__main__`` calls

`import wsdemo` loads the modules for connections and nothing heavy.
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
    URL,
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
    parse_url,
)
from wsdemo.record.facts import Chunk
from wsdemo.reloading import refuse as _refuse
from wsdemo.trace.trace import Trace

_refuse()

__all__ = [
    "TRANSITIONS",
    "URL",
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
    "parse_url",
    "serve",
    "threaded",
]
