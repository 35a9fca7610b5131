"""The bytes on the wire by purpose: counted from the tap's bytes, to the byte.

::

    HTTP/1.1 200 OK⏎ … ⏎⏎          heads       requests, answers, the opening handshake
    id: 17⏎data: {"event":17}⏎⏎    framing     the marks for the start and the end of an event
              └── payload ──┘      payload     the event itself

    HTTP/2: the frames HEADERS and CONTINUATION are heads, with the nine bytes that begin each; what is no
    payload of the other frames is framing.

The headers of TCP and IP are not among those bytes. They are estimated, and every name of them says so.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from wsdemo.record.facts import TO_CLIENT, TO_SERVER, Chunk
from wsdemo.trace.trace import Trace

#: The first bytes of a client that speaks HTTP/2 (RFC 9113 §3.4).
PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#: Bytes of the header of an HTTP/2 frame: length (3), type, flags, stream (4).
FRAME_HEADER: Final = 9
#: Types of HTTP/2 frames, by number (RFC 9113 §6).
FRAMES: Final = (
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
)

#: Bytes of an IPv4 header, a TCP header and the timestamps that Linux adds to each segment.
SEGMENT_HEADER: Final = 20 + 20 + 12
#: Bytes of data that a segment carries on an Ethernet.
SEGMENT_DATA: Final = 1500 - SEGMENT_HEADER
#: Seconds for which an acknowledgement waits for data to go with.
DELAYED_ACK: Final = 0.04
#: Segments without data to open (3) and to end (4) a connection.
OPEN_AND_END: Final = 7


@dataclass(frozen=True, slots=True)
class ByteCounts:
    """Bytes in one direction, by purpose."""

    payload: int = 0
    framing: int = 0
    heads: int = 0

    @property
    def total(self) -> int:
        """All of them: as many as a capture of the connection shows above TCP."""
        return self.payload + self.framing + self.heads

    def __add__(self, other: ByteCounts) -> ByteCounts:
        return ByteCounts(
            self.payload + other.payload, self.framing + other.framing, self.heads + other.heads
        )


@dataclass(frozen=True, slots=True)
class Costs:
    """The costs of telling the news in one way."""

    sent: ByteCounts  #: by the clients
    received: ByteCounts  #: by the clients
    requests: int  #: HTTP requests, the opening handshake included
    connections: int  #: TCP connections
    tcp_ip_estimate: int  #: bytes of TCP and IP headers, both directions: an estimate

    @property
    def total(self) -> int:
        """Bytes above TCP, both directions."""
        return self.sent.total + self.received.total

    def __add__(self, other: Costs) -> Costs:
        return Costs(
            self.sent + other.sent,
            self.received + other.received,
            self.requests + other.requests,
            self.connections + other.connections,
            self.tcp_ip_estimate + other.tcp_ip_estimate,
        )


def count(trace: Trace, payload: int) -> Costs:
    """The costs in a trace of the clients' ends, through which ``payload`` bytes of events were received.

    Raises ValueError for a trace that did not keep all bytes.
    """
    if trace.dropped:
        raise ValueError(f"the trace is at its limit: {trace.dropped} bytes were not kept")
    chunks = trace.select(end="client")
    pieces: dict[tuple[int, str], list[bytes]] = {}
    for chunk in chunks:
        pieces.setdefault((chunk.connection, chunk.direction), []).append(chunk.data)
    streams = {key: b"".join(parts) for key, parts in pieces.items()}
    sizes = {TO_SERVER: 0, TO_CLIENT: 0}
    in_heads = {TO_SERVER: 0, TO_CLIENT: 0}
    requests = 0
    for (connection, direction), stream in streams.items():
        two = streams.get((connection, TO_SERVER), b"").startswith(PREFACE)
        found = heads2(stream) if two else heads(stream)
        sizes[direction] += len(stream)
        in_heads[direction] += sum(found)
        requests += len(found) if direction == TO_SERVER else 0
    up, down = sizes[TO_SERVER], sizes[TO_CLIENT]
    return Costs(
        sent=ByteCounts(0, up - in_heads[TO_SERVER], in_heads[TO_SERVER]),
        received=ByteCounts(payload, down - in_heads[TO_CLIENT] - payload, in_heads[TO_CLIENT]),
        requests=requests,
        connections=len({chunk.connection for chunk in chunks}),
        tcp_ip_estimate=tcp_ip(chunks),
    )


def heads(stream: bytes) -> list[int]:
    r"""The sizes of the HTTP heads in one direction of a connection, in bytes.

    >>> heads(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 204 No Content\r\n\r\n")
    [38, 27]
    >>> heads(b"5         hello")
    []
    """
    found, start = [], 0
    while stream.startswith((b"GET ", b"HTTP/1.1 "), start):
        end = stream.find(b"\r\n\r\n", start) + 4
        if end < 4:
            end = len(stream)  # cut off: all that there is
        found.append(end - start)
        start = end + _body(stream[start:end])
    return found


def frames2(stream: bytes) -> list[tuple[str, int, bytes]]:
    """The HTTP/2 frames in one direction of a connection: type, stream, and all bytes, its header included.

    >>> settings = bytes.fromhex("000000 04 01 00000000")
    >>> data = bytes.fromhex("000002 00 01 00000005") + b"hi"
    >>> [(kind, on, len(frame)) for kind, on, frame in frames2(PREFACE + settings + data)]
    [('SETTINGS', 0, 9), ('DATA', 5, 11)]
    """
    found = []
    start = len(PREFACE) if stream.startswith(PREFACE) else 0
    while start + FRAME_HEADER <= len(stream):
        end = start + FRAME_HEADER + int.from_bytes(stream[start : start + 3])
        number = stream[start + 3]
        kind = FRAMES[number] if number < len(FRAMES) else f"type {number}"
        found.append((kind, int.from_bytes(stream[start + 5 : start + 9]), stream[start:end]))
        start = end
    return found


def heads2(stream: bytes) -> list[int]:
    """The sizes of the heads in one direction of an HTTP/2 connection, in bytes."""
    found: list[int] = []
    for kind, _, frame in frames2(stream):
        if kind == "HEADERS":
            found.append(len(frame))
        elif kind == "CONTINUATION":
            found[-1] += len(frame)
    return found


def _body(head: bytes) -> int:
    """Bytes of the body behind a head, by its fields."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def tcp_ip(chunks: Iterable[Chunk]) -> int:
    """Bytes of TCP and IP headers that these chunks take, estimated.

    Each full or last segment of what one ``send`` gave has a header; an acknowledgement of its own follows
    unless data goes the other way within 40 ms; and each connection is opened and ended. Retransmissions,
    segments joined on their way and the headers of the link below (Ethernet, Wi-Fi) are not in it.
    """
    connections: dict[int, list[Chunk]] = {}
    for chunk in chunks:
        connections.setdefault(chunk.connection, []).append(chunk)
    segments = 0
    for ordered in connections.values():
        segments += OPEN_AND_END
        for chunk, after in itertools.zip_longest(ordered, ordered[1:]):
            segments += -(-len(chunk.data) // SEGMENT_DATA)
            answered = (
                after is not None
                and after.direction != chunk.direction
                and after.time - chunk.time < DELAYED_ACK
            )
            segments += not answered
    return segments * SEGMENT_HEADER
