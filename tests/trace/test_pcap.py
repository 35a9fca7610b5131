"""A capture's bytes, read back by struct alone: headers, numbers, checksums, times, who speaks to whom."""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path
from typing import NamedTuple

import pytest

from wsdemo import Trace
from wsdemo.trace import TO_SERVER
from wsdemo.trace.pcap import HOPS, SEGMENT, checksum, opening, write

CLIENT, SERVER = ("127.0.0.1", 50000), ("127.0.0.2", 8080)
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Segment(NamedTuple):
    """A TCP segment and who sent it."""

    time: float
    source: tuple[str, int]
    target: tuple[str, int]
    sequence: int
    acknowledged: int
    flags: int
    data: bytes


def read(path: Path) -> list[Segment]:
    """All packets of a capture; every header is checked."""
    data = path.read_bytes()
    assert struct.unpack("=IHHiIII", data[:24]) == (0xA1B23C4D, 2, 4, 0, 0, 1 << 18, 101)
    at, found = 24, []
    while at < len(data):
        seconds, nanoseconds, size, length = struct.unpack("=IIII", data[at : at + 16])
        assert size == length and nanoseconds < 1_000_000_000
        found.append(segment(seconds + nanoseconds / 1e9, data[at + 16 : at + 16 + size]))
        at += 16 + size
    assert at == len(data)
    return found


def segment(time: float, packet: bytes) -> Segment:
    if packet[0] >> 4 == 6:
        first, size, protocol, hops = struct.unpack("!IHBB", packet[:8])
        assert (first, size, protocol, hops) == (6 << 28, len(packet) - 40, 6, HOPS)
        addresses, tcp = packet[8:40], packet[40:]
        half = 16
    else:
        first, _, size, number, fragment, hops, protocol = struct.unpack("!BBHHHBB", packet[:10])
        assert (first, size, number, fragment, hops, protocol) == (0x45, len(packet), 0, 0x4000, HOPS, 6)
        assert checksum(packet[:20]) == 0, "of the IP header"
        addresses, tcp = packet[12:20], packet[20:]
        half = 4
    assert checksum(addresses + struct.pack("!II", len(tcp), 6) + tcp) == 0, "of the segment"
    source, target, sequence, acknowledged, offset, flags, window, _, urgent = struct.unpack(
        "!HHIIBBHHH", tcp[:20]
    )
    assert (offset, window, urgent) == (5 << 4, 65535, 0)
    hosts = [str(ipaddress.ip_address(addresses[at : at + half])) for at in (0, half)]
    return Segment(time, (hosts[0], source), (hosts[1], target), sequence, acknowledged, flags, tcp[20:])


def exported(trace: Trace, path: Path) -> list[Segment]:
    trace.to_pcap(path, redact=False)
    return read(path)


def test_a_connection_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    trace = Trace(clock=iter(float(n) for n in range(100)).__next__)
    trace.started_at = 1000.25
    tap = trace.tap("client", CLIENT, SERVER)
    tap.mark("open")
    tap.sent(b"12345")
    tap.received(b"abc")
    tap.mark("eof")
    tap.mark("closed")
    found = exported(trace, tmp_path / "a")
    there, back = 1000, 1500
    assert [(s.source == CLIENT, s.sequence, s.acknowledged, s.flags, s.data) for s in found] == [
        (True, there, 0, SYN, b""),
        (False, back, there + 1, SYN | ACK, b""),
        (True, there + 1, back + 1, ACK, b""),
        (True, there + 1, back + 1, PSH | ACK, b"12345"),
        (False, back + 1, there + 6, ACK, b""),
        (False, back + 1, there + 6, PSH | ACK, b"abc"),
        (True, there + 6, back + 4, ACK, b""),
        (False, back + 4, there + 6, FIN | ACK, b""),
        (True, there + 6, back + 5, ACK, b""),
        (True, there + 6, back + 5, FIN | ACK, b""),
        (False, back + 5, there + 7, ACK, b""),
    ]
    assert all({s.source, s.target} == {CLIENT, SERVER} for s in found)
    assert [s.time for s in found] == [1001.25] * 3 + [1002.25] * 2 + [1003.25] * 2 + [1004.25] * 2 + [
        1005.25
    ] * 2


def test_a_reset_and_what_follows_it(tmp_path: Path) -> None:
    trace = Trace()
    tap = trace.tap("client", CLIENT, SERVER)
    tap.mark("reset")
    tap.mark("closed")
    assert [(s.source == CLIENT, s.flags) for s in exported(trace, tmp_path / "a")] == [
        *((True, SYN), (False, SYN | ACK), (True, ACK), (False, RST | ACK))
    ]
    server = Trace()
    end = server.tap("server", SERVER, CLIENT)
    for what in ("eof", "eof", "closed", "reset"):
        end.mark(what)  # type: ignore[arg-type]
    assert [(s.source == CLIENT, s.flags) for s in exported(server, tmp_path / "b")][3:] == [
        *((True, FIN | ACK), (False, ACK), (False, FIN | ACK), (True, ACK))
    ]


def test_large_chunks_are_cut_and_numbers_go_round(tmp_path: Path) -> None:
    trace = Trace()
    tap = trace.tap("client", CLIENT, SERVER)
    data = bytes(range(256)) * 256
    tap.sent(data + b"!")
    found = [s for s in exported(trace, tmp_path / "a") if s.data]
    assert [len(s.data) for s in found] == [SEGMENT, SEGMENT, 1]
    assert b"".join(s.data for s in found) == data + b"!"
    assert [s.sequence for s in found] == [1001, 1001 + SEGMENT, 1001 + 2 * SEGMENT]


def test_of_both_ends_the_client_counts_and_layers_are_apart(tmp_path: Path) -> None:
    trace = Trace()
    client, server = trace.tap("client", CLIENT, SERVER), trace.tap("server", SERVER, CLIENT)
    client.sent(b"a")
    server.received(b"a")
    trace.tap("client", ("127.0.0.1", 50001), SERVER).encrypted().sent(b"\x17")
    assert [s.data for s in exported(trace, tmp_path / "a") if s.data] == [b"a"]

    write(trace, tmp_path / "b", redact=False, layer="tls")
    assert [s.data for s in read(tmp_path / "b") if s.data] == [b"\x17"]


HERE4, HERE6 = "127.0.0.1", "::1"

ENDPOINTS = [  # client, server; as they stand in the capture
    ((HERE4, 1), (HERE4, 65535), (HERE4, 1), (HERE4, 65535)),
    ((HERE4, 0), (HERE4, 65536), (HERE4, 0), (HERE4, 80)),
    ((HERE6, 5, 0, 0), ("fe80::1%eth0", 6, 0, 2), (HERE6, 5), ("fe80::1", 6)),
    ((HERE6, 5, 0, 0), ("10.0.0.1", 6), (HERE4, 40001), (HERE4, 80)),
    ("/tmp/socket", None, (HERE4, 40001), (HERE4, 80)),
    (("example.com", 5), ("10.0.0.1", "6"), (HERE4, 40001), (HERE4, 80)),
    ((HERE4,), ("10.0.0.1", 6), (HERE4, 40001), ("10.0.0.1", 6)),
]


@pytest.mark.parametrize(("client", "server", "source", "target"), ENDPOINTS)
def test_addresses_that_are_none_become_loopback(
    client: object, server: object, source: object, target: object, tmp_path: Path
) -> None:
    trace = Trace()
    trace.tap("client", client, server).sent(b"a")
    (found,) = [s for s in exported(trace, tmp_path / "a") if s.data]
    assert (found.source, found.target) == (source, target)
    assert opening(trace, "a.pcap") == f"wireshark -r a.pcap -d tcp.port=={found.target[1]},http"


def test_checksums() -> None:
    """RFC 1071 §3 has the first; a sum of zero is all ones, and of nothing too."""
    assert checksum(bytes.fromhex("0001 f203 f4f5 f6f7")) == 0x220D
    assert checksum(b"\xff\xff") == checksum(b"\xff\xff\xff\xff") == 0
    assert checksum(b"") == checksum(b"\0\0") == 0xFFFF
    assert checksum(b"\x01") == checksum(b"\x01\x00") == 0xFEFF


def test_a_command_names_each_port_once_and_quotes_the_file() -> None:
    trace = Trace()
    for client, server in ((1, 9000), (2, 80), (3, 9000)):
        trace.tap("client", ("127.0.0.1", client), ("127.0.0.1", server))
    assert opening(trace, "my file") == "wireshark -r 'my file' -d tcp.port==80,http -d tcp.port==9000,http"


def test_the_direction_of_the_server_is_the_other_one(tmp_path: Path) -> None:
    trace = Trace()
    tap = trace.tap("server", SERVER, CLIENT)
    tap.received(b"there")
    tap.sent(b"back")
    assert trace.bytes(TO_SERVER) == b"there"
    assert [(s.source, s.data) for s in exported(trace, tmp_path / "a") if s.data] == [
        *((CLIENT, b"there"), (SERVER, b"back"))
    ]
