"""Secrets in a record: what an export leaves out.

::

    GET /chat?token=s3cret HTTP/1.1          GET /chat?************ HTTP/1.1
    Host: example.com                   ──►  Host: example.com
    Cookie: session=8f2c…                    Cookie: *************

A file is sent around, attached to a bug report, committed by mistake. So a query, and the value of every
header field that is not known to be harmless, is overwritten: byte for byte, so that sizes, offsets and
times stay what they were. What messages say is the record itself and stays. Knows nothing of files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from wsdemo.trace.dissect import Dissector
from wsdemo.trace.packets import Packet, RequestPacket, ResponsePacket
from wsdemo.trace.recorder import Chunk, Direction, Trace

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

Ranges = dict[tuple[int, Direction], list[tuple[int, int]]]


def redacted(trace: Trace) -> list[Chunk]:
    """The chunks of a trace, at both ends, with everything that may be secret overwritten by ``*``."""
    chunks = list(trace.chunks)
    ranges: Ranges = defaultdict(list)
    for packet in Dissector(trace).packets():
        if isinstance(packet, RequestPacket | ResponsePacket):
            places = ranges[packet.connection, packet.direction]
            places += [(packet.offset + start, packet.offset + stop) for start, stop in secrets(packet)]
    offsets: dict[tuple[object, ...], int] = defaultdict(int)
    for index, chunk in enumerate(chunks):
        places = ranges.get((chunk.connection, chunk.direction), [])
        if chunk.layer != "plain" or not places:
            continue
        stream = (chunk.connection, chunk.direction, chunk.end)
        chunks[index] = chunk._replace(data=_blank(chunk.data, offsets[stream], places))
        offsets[stream] += len(chunk.data)
    return chunks


def secrets(packet: Packet) -> Iterator[tuple[int, int]]:
    """Where in a request or response something may be secret, as bytes from its start.

    >>> list(secrets(RequestPacket(b"GET /?token=1 HTTP/1.1\\r\\nHost: a\\r\\nCookie: b=2\\r\\n\\r\\n")))
    [(6, 13), (41, 44)]
    """
    name = ""
    for field in packet.fields:
        start, stop = field.where.start, field.where.stop
        if field.name == "start line" and not packet.bytes.startswith(b"HTTP/"):
            mark = packet.bytes.find(b"?", start, stop)
            end = packet.bytes.rfind(b" ", start, stop)
            if mark >= 0:
                yield mark + 1, end if end > mark else stop
        elif field.name == "header name":
            name = str(field.value).lower()
        elif field.name == "header value" and name not in HARMLESS:
            yield start, stop


def _blank(data: bytes, offset: int, places: list[tuple[int, int]]) -> bytes:
    """Overwrite places in the bytes that begin at ``offset``; commas and spaces stay: a list stays one."""
    out: bytearray | None = None
    for start, stop in places:
        first, last = max(start - offset, 0), min(stop - offset, len(data))
        if first < last:
            out = out if out is not None else bytearray(data)
            out[first:last] = bytes(byte if byte in b", " else 0x2A for byte in out[first:last])
    return data if out is None else bytes(out)
