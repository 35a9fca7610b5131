"""A trace as a capture file that Wireshark and tshark open.

::

    file header
    record: time, size │ IP header │ TCP header │ bytes of one chunk
    record: …

A trace holds the bytes of programs, not the packets that carried them, so a plain TCP connection is made up
around them: three packets to open, one for each chunk and one for its acknowledgement, two to end each
direction. Bytes, order and times are the recorded ones; sequence numbers and checksums are right.
Formats: libpcap with nanoseconds, link type "raw IP"; RFC 791, RFC 8200, RFC 9293.
"""

from __future__ import annotations

import ipaddress
import os
import shlex
import struct
from collections.abc import Iterator
from typing import Final

from wsdemo.record.facts import TO_CLIENT, TO_SERVER, Chunk, Direction, Layer, Mark
from wsdemo.record.record import Record
from wsdemo.trace.files import check_times
from wsdemo.trace.redact import redacted

MAGIC: Final = 0xA1B23C4D  #: nanoseconds
RAW_IP: Final = 101  #: the link type whose packets begin with an IP header, version 4 or 6
SEGMENT: Final = 32 * 1024  #: bytes in one TCP segment at most; an IPv4 packet holds 64 KiB
WINDOW: Final = 65535
HOPS: Final = 64
TCP: Final = 6

FIN: Final = 0b00_0001
SYN: Final = 0b00_0010
RST: Final = 0b00_0100
PSH: Final = 0b00_1000
ACK: Final = 0b01_0000

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Endpoint = tuple[Address, int]


def write(
    trace: Record, path: str | os.PathLike[str], *, redact: bool = True, layer: Layer = "plain"
) -> None:
    """Write the capture. ``layer`` "tls": what the wire carried. ``redact``: see ``wsdemo.trace.redact``.

    ``ValueError`` where the trace's clock gave an impossible time. To open the file: see ``opening``.
    """
    check_times(trace)
    with open(path, "wb") as file:
        file.write(struct.pack("=IHHiIII", MAGIC, 2, 4, 0, 0, 1 << 18, RAW_IP))
        for time, packet in packets(trace, redact=redact, layer=layer):
            seconds, nanoseconds = divmod(round(time * 1e9), 1_000_000_000)
            file.write(struct.pack("=IIII", seconds, nanoseconds, len(packet), len(packet)))
            file.write(packet)


def opening(trace: Record, path: str | os.PathLike[str]) -> str:
    """The command that shows the frames of a capture, whatever its ports.

    Wireshark takes what crosses port 1883 for MQTT, 5432 for PostgreSQL, and so on for a thousand ports, some
    of them among those that a system hands out. The option is what its menu calls 'Decode As'.

    >>> trace = Record()
    >>> tap = trace.tap("client", ("127.0.0.1", 50000), ("127.0.0.1", 1883))
    >>> opening(trace, "chat.pcap")
    'wireshark -r chat.pcap -d tcp.port==1883,http'
    """
    ports = {_endpoints(number, *pair)[1][1] for number, pair in trace.addresses.items()}
    options = [f"-d tcp.port=={port},http" for port in sorted(ports)]
    return " ".join(["wireshark -r", shlex.quote(os.fsdecode(path)), *options])


def packets(trace: Record, *, redact: bool = True, layer: Layer = "plain") -> Iterator[tuple[float, bytes]]:
    """The IP packets and their times, in seconds since 1970. Each connection as one of its ends saw it."""
    shift = trace.started_at - trace.started
    flows: dict[int, Flow] = {}
    last = 0.0
    for event in _events(trace, redact, layer):
        flow = flows.get(event.connection)
        if flow is None:
            flow = flows[event.connection] = Flow(event.connection, *trace.addresses[event.connection])
        last = max(last, event.time)
        for packet in flow.packets(event):
            yield last + shift, packet


def _events(trace: Record, redact: bool, layer: Layer) -> list[Chunk | Mark]:
    """Chunks and marks by time; of a connection that was recorded at both ends, the client's."""
    chunks = redacted(trace) if redact else list(trace.chunks)
    clients = {c.connection for c in chunks if c.layer == layer and c.end == "client"}
    events: list[Chunk | Mark] = [chunk for chunk in chunks if chunk.layer == layer]
    events += list(trace.marks)
    events = [event for event in events if event.end == "client" or event.connection not in clients]
    return sorted(events, key=lambda event: event.time)


class Flow:
    """One made-up TCP connection, in packets."""

    def __init__(self, number: int, client: object, server: object) -> None:
        self._ends = dict(zip((TO_SERVER, TO_CLIENT), _endpoints(number, client, server), strict=True))
        self._next: dict[Direction, int] = {TO_SERVER: 1000 * number, TO_CLIENT: 1000 * number + 500}
        self._opened = False
        self._ended: set[Direction] = set()

    def packets(self, event: Chunk | Mark) -> Iterator[bytes]:
        """The packets for one event."""
        if isinstance(event, Chunk):
            yield from self._open()
            data = event.data
            for start in range(0, len(data), SEGMENT):
                yield self._segment(event.direction, PSH | ACK, data[start : start + SEGMENT])
            yield self._segment(_back(event.direction), ACK)
            return
        away: Direction = TO_SERVER if event.end == "client" else TO_CLIENT
        match event.what:
            case "open":
                yield from self._open()
            case "eof":
                yield from self._end(_back(away))
            case "closed":
                yield from self._end(away)
            case "reset":
                yield from self._open()
                if len(self._ended) < 2:
                    yield self._segment(_back(away), RST | ACK)
                self._ended = {TO_SERVER, TO_CLIENT}

    def _open(self) -> Iterator[bytes]:
        """The three packets that begin a connection (RFC 9293 §3.5)."""
        if not self._opened:
            self._opened = True
            yield self._segment(TO_SERVER, SYN)
            yield self._segment(TO_CLIENT, SYN | ACK)
            yield self._segment(TO_SERVER, ACK)

    def _end(self, direction: Direction) -> Iterator[bytes]:
        """The packets that end one direction (RFC 9293 §3.6)."""
        yield from self._open()
        if direction not in self._ended:
            self._ended.add(direction)
            yield self._segment(direction, FIN | ACK)
            yield self._segment(_back(direction), ACK)

    def _segment(self, direction: Direction, flags: int, data: bytes = b"") -> bytes:
        back = _back(direction)
        (source, source_port), (target, target_port) = self._ends[direction], self._ends[back]
        sequence = self._next[direction]
        acknowledged = self._next[back] if flags & ACK else 0
        self._next[direction] += len(data) + (1 if flags & (SYN | FIN) else 0)
        header = struct.pack(
            "!HHIIBBHHH",
            source_port,
            target_port,
            sequence & 0xFFFFFFFF,
            acknowledged & 0xFFFFFFFF,
            5 << 4,
            flags,
            WINDOW,
            0,
            0,
        )
        size = len(header) + len(data)
        pseudo = source.packed + target.packed + struct.pack("!II", size, TCP)
        check = checksum(pseudo + header + data)
        segment = header[:16] + check.to_bytes(2, "big") + header[18:] + data
        return _ip(source, target, len(segment)) + segment


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071): the complement of a sum of 16-bit words with end-around carry.

    Such a sum is the whole, read as one number, modulo 65535.

    >>> hex(checksum(bytes.fromhex("0001 f203 f4f5 f6f7")))
    '0x220d'
    """
    number = int.from_bytes(data + b"\0" * (len(data) & 1), "big")
    total = number % 0xFFFF or (0xFFFF if number else 0)
    return 0xFFFF - total


def _ip(source: Address, target: Address, size: int) -> bytes:
    """The header of an IP packet that carries ``size`` bytes of TCP."""
    if source.version == 6:
        return struct.pack("!IHBB", 6 << 28, size, TCP, HOPS) + source.packed + target.packed
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + size, 0, 0x4000, HOPS, TCP, 0)
    addresses = source.packed + target.packed
    return header[:10] + checksum(header + addresses).to_bytes(2, "big") + addresses


def _back(direction: Direction) -> Direction:
    return TO_CLIENT if direction == TO_SERVER else TO_SERVER


def _endpoints(number: int, client: object, server: object) -> tuple[Endpoint, Endpoint]:
    """The client and the server of a connection; loopback where the two addresses don't go together."""
    ends = _endpoint(client, 40000 + number), _endpoint(server, 80)
    if ends[0][0].version != ends[1][0].version:
        return _endpoint(None, 40000 + number), _endpoint(None, 80)
    return ends


def _endpoint(address: object, port: int) -> Endpoint:
    """IP address and port; loopback and a port of our own where the address is no such pair."""
    if isinstance(address, tuple) and len(address) >= 2:
        host, number = str(address[0]).partition("%")[0], address[1]
        try:
            if isinstance(number, int) and 0 <= number <= 65535:
                return ipaddress.ip_address(host), number
        except ValueError:
            pass
    return ipaddress.IPv4Address("127.0.0.1"), port
