"""Secrets in a record, which an export leaves out.

::

    GET /chat?token=s3cret HTTP/1.1          GET /chat?************ HTTP/1.1
    Host: example.com                   ──►  Host: example.com
    Cookie: session=8f2c…                    Cookie: *************

A file is sent around, attached to a bug report, committed by mistake. So a query, and the value of every
header field that is not known to be harmless, is overwritten: byte for byte, so that sizes, offsets and
times stay the same. So is the body of each request, and of each answer but that to a GET: a login has its
password in the one and a token in the other. The content of messages is the record itself and stays, as does
what is fetched by GET; but for tokens and passwords, see ``tokens``.

Only bytes that are understood are kept: a head that the strict parser accepts, the body that belongs to it,
the frames behind a good handshake. Where others may read the same bytes in another way, a secret could hide
in bytes that look like a body, so only their line ends are kept. Knows nothing of files.
"""

from __future__ import annotations

import http
import io
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from wsdemo.protocol.http11 import REASONS
from wsdemo.record.facts import TO_CLIENT, Chunk, Direction, End
from wsdemo.record.record import Record
from wsdemo.trace.dissect import JUDGE, Conversation
from wsdemo.trace.overwrite import clean_frames
from wsdemo.trace.packets import (
    BodyPacket,
    FramePacket,
    OpaquePacket,
    Packet,
    RawPacket,
    RequestPacket,
    ResponsePacket,
)
from wsdemo.trace.readers import METHODS

#: Header fields whose values are kept. A list of those that are secret would never be complete.
HARMLESS: Final = frozenset(
    [
        "accept",
        "accept-encoding",
        "accept-language",
        "accept-ranges",
        "access-control-allow-origin",
        "allow",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "host",
        "keep-alive",
        "last-modified",
        "origin",
        "pragma",
        "retry-after",
        "sec-websocket-accept",
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-version",
        "server",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "vary",
        "via",
        "x-content-type-options",
    ]
)

#: Reasons behind a status that hold nothing secret.
_PHRASES: Final = {status.phrase for status in http.HTTPStatus} | set(REASONS.values())

#: One direction of one connection as one of its ends saw it.
Flow: TypeAlias = "tuple[int, End, Direction]"


def redacted(trace: Record) -> list[Chunk]:
    """The chunks of a trace, at both ends, with everything that may be secret overwritten by ``*``."""
    chunks = list(trace.chunks)
    plain = [chunk for chunk in chunks if chunk.layer == "plain"]
    flows: dict[Flow, io.BytesIO] = defaultdict(io.BytesIO)
    for end, packets in _conversations(plain):
        for packet, data in _cleaned(packets):
            flows[packet.connection, end, packet.direction].write(data)
    for flow in flows.values():
        flow.seek(0)
    return [
        chunk._replace(data=flows[chunk.connection, chunk.end, chunk.direction].read(len(chunk.data)))
        if chunk.layer == "plain"
        else chunk
        for chunk in chunks
    ]


def _conversations(chunks: Iterable[Chunk]) -> Iterator[tuple[End, list[Packet]]]:
    """The packets of each connection as each of its ends saw them; those of each direction in their order."""
    found: dict[tuple[int, End], tuple[Conversation, list[Packet]]] = {}
    for chunk in chunks:
        key = chunk.connection, chunk.end
        if key not in found:
            found[key] = Conversation(*key, JUDGE), []
        conversation, packets = found[key]
        packets += conversation.add(chunk)
    for (_, end), (conversation, packets) in found.items():
        yield end, packets + conversation.unfinished()


def _cleaned(packets: Sequence[Packet]) -> Iterator[tuple[Packet, bytes]]:
    """The packets of one connection, and their bytes without possible secrets."""
    clear = not any(map(_doubtful, packets))
    open_end = set(_open_end(packets))
    fetched = set(_fetched(packets)) - open_end if clear else set()
    agreed = _agreed_frames(packets)
    frames = [packet for packet in packets if isinstance(packet, FramePacket)]
    cleaned = clean_frames(frame for frame in frames if frame.verdict.accepted or frame in agreed)
    for packet in packets:
        match packet:
            case RequestPacket(request=request) if request is not None:
                yield packet, _head(packet, len(request.body), False)
            case ResponsePacket(response=response) if response is not None:
                yield packet, _head(packet, len(response.body), packet in fetched)
            case BodyPacket() if clear and packet not in open_end:
                yield packet, _body(packet, packet in fetched)
            case FramePacket() if packet.verdict.accepted or packet in agreed:
                yield packet, cleaned.get(packet, packet.bytes)
            case RawPacket() if packet.verdict.outcome in ("accepted", "incomplete"):
                yield packet, packet.bytes
            case _:
                yield packet, _blank(packet.bytes, b"\r\n")


def _agreed_frames(packets: Sequence[Packet]) -> set[Packet]:
    """The frames behind a good handshake, broken ones too, up to what looks like HTTP.

    A head begins with a letter, or with an empty line. As a frame that has no fin and a reserved bit or
    opcode: no end accepts it.
    """
    found: set[Packet] = set()
    asked = opened = False
    speaks_http: set[Direction] = set()
    for packet in packets:
        if isinstance(packet, RequestPacket):
            asked = packet.verdict.accepted
        elif isinstance(packet, ResponsePacket):
            opened = asked and packet.verdict.accepted and packet.status == 101
        elif isinstance(packet, FramePacket) and opened:
            if not packet.verdict.accepted and (packet.bytes[0] in b"\r\n" or 0x20 < packet.bytes[0] < 0x7F):
                speaks_http.add(packet.direction)
            if packet.direction not in speaks_http:
                found.add(packet)
    return found


def _doubtful(packet: Packet) -> bool:
    """Whether others may read the bytes behind this packet in another way than we do."""
    match packet:
        case RequestPacket():
            return packet.request is None and packet.complete
        case ResponsePacket():
            return (packet.response is None and packet.complete) or packet.verdict.outcome == "ignored"
        case BodyPacket():
            return packet.verdict.outcome == "refused"
    return isinstance(packet, OpaquePacket)


def _open_end(packets: Sequence[Packet]) -> Iterator[Packet]:
    """The last response where it has not ended although the client went on to ask: it may have ended."""
    asked = answered = 0
    last: list[Packet] = []
    for packet in packets:
        if isinstance(packet, RequestPacket):
            asked += 1
        elif isinstance(packet, ResponsePacket):
            answered += packet.status >= 200 or packet.status == 101
            last = [packet]
        elif isinstance(packet, BodyPacket) and packet.direction == TO_CLIENT:
            last.append(packet)
    ended = not last or (last[-1].last if isinstance(last[-1], BodyPacket) else last[-1].complete)
    if asked > answered and not ended:
        yield from last


def _fetched(packets: Sequence[Packet]) -> Iterator[Packet]:
    """The answers to GET, and the pieces of their bodies."""
    asked: deque[str] = deque()
    method = ""
    for packet in packets:
        if isinstance(packet, RequestPacket):
            asked.append(packet.method)
        elif isinstance(packet, ResponsePacket):
            method = asked[0] if asked else ""
            if asked and (packet.status >= 200 or packet.status == 101):
                asked.popleft()
        if method == "GET" and packet.direction == TO_CLIENT:
            yield packet


def _head(packet: RequestPacket | ResponsePacket, body: int, kept: bool) -> bytes:
    """A head without its secrets; with its body where that is whole, and to be kept."""
    data = bytearray(packet.bytes)
    for start, stop in secrets(packet):
        data[start:stop] = _blank(data[start:stop], b", ")  # commas and spaces stay: a list stays one
    if body and not (kept and packet.complete):
        data[-body:] = _blank(data[-body:], b"")
    return bytes(data)


def _body(packet: BodyPacket, kept: bool) -> bytes:
    """A piece of body; of chunked coding only the length: extensions and trailer fields say more."""
    start, stop, _ = packet.body.indices(packet.size)
    coding, extension, more = packet.bytes[:start].partition(b";")
    content = packet.bytes[start:stop]
    return b"".join(
        [
            coding + _blank(extension + more, b"\r\n"),
            content if kept else _blank(content, b""),
            _blank(packet.bytes[stop:], b"\r\n:"),
        ]
    )


def secrets(packet: RequestPacket | ResponsePacket) -> Iterator[tuple[int, int]]:
    """The possible secrets in a request or response: (start, stop) in bytes from its start.

    >>> list(secrets(RequestPacket(b"GET /?token=1 HTTP/1.1\\r\\nHost: a\\r\\nCookie: b=2\\r\\n\\r\\n")))
    [(6, 13), (41, 44)]
    """
    name = ""
    for field in packet.fields:
        start, stop = field.where.start, field.where.stop
        if field.name == "start line":
            yield from _in_start_line(packet.bytes[start:stop], start)
        elif field.name == "header name":
            name = str(field.value).lower()
        elif field.name == "header value" and name not in HARMLESS:
            yield start, stop


def _in_start_line(line: bytes, at: int) -> Iterator[tuple[int, int]]:
    """The query of a request, and an unknown method, which may be the end of a body; the reason of
    a response where it is not the usual one."""
    if line.startswith(b"HTTP/"):
        reason = line.partition(b" ")[2].partition(b" ")[2]
        if reason and reason.decode("latin-1") not in _PHRASES:
            yield at + len(line) - len(reason), at + len(line)
        return
    method = line.partition(b" ")[0]
    if method + b" " not in METHODS:
        yield at, at + len(method)
    mark, end = line.find(b"?"), line.rfind(b" ")
    if mark >= 0:
        yield at + mark + 1, at + (end if end > mark else len(line))


def _blank(data: bytes | bytearray, kept: bytes) -> bytes:
    """The bytes, overwritten except for those in ``kept``."""
    return bytes(byte if byte in kept else 0x2A for byte in data)
