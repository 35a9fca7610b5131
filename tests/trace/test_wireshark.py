"""Wireshark agrees: on the bytes of a session, on every field of every frame, and on our own captures."""

from __future__ import annotations

import shlex
import socket
import subprocess
import threading
import xml.etree.ElementTree as xml
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import needs
from tests.rawtcp.test_capture import Capture
from tests.trace.test_dissect import REQUEST, RESPONSE
from tests.waiting import DEADLINE
from wsdemo import ConnectionClosed, Trace, connect, serve
from wsdemo.net.connection import Connection
from wsdemo.net.server import Server
from wsdemo.protocol.codes import Opcode
from wsdemo.protocol.deflate import Deflate
from wsdemo.protocol.frames import Frame
from wsdemo.protocol.handshake import accept_key
from wsdemo.protocol.http11 import parse_request
from wsdemo.trace import TO_CLIENT, TO_SERVER
from wsdemo.trace.packets import FramePacket
from wsdemo.trace.pcap import opening

pytestmark = needs.tshark

TAKEOVER = Deflate(server_context_takeover=True, client_context_takeover=True)
KEY = b"\x01\x02\x03\x04"


class Seen(NamedTuple):
    """What a dissector says of a frame."""

    port: int  # of the sender
    fin: bool
    rsv: int
    opcode: int
    mask: bool
    key: bytes | None
    length: int
    close_code: int | None


def wireshark(path: Path, port: int) -> list[Seen]:
    """Every frame in a capture, as tshark dissects it."""
    command = [needs.tshark_path(), "-r", str(path), "-n", "-d", f"tcp.port=={port},http", "-T", "pdml"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=DEADLINE)
    frames = []
    for packet in xml.fromstring(done.stdout).iter("packet"):
        source = packet.find(".//field[@name='tcp.srcport']")
        for proto in packet.findall("proto[@name='websocket']"):

            def number(name: str, proto: xml.Element = proto) -> int | None:
                found = proto.find(f".//field[@name='websocket.{name}']")
                return None if found is None else int(found.get("value", ""), 16)

            def shown(name: str, proto: xml.Element = proto) -> str:
                found = proto.find(f".//field[@name='websocket.{name}']")
                return "" if found is None else found.get("show", "")

            long = shown("payload_length_ext_64") or shown("payload_length_ext_16")
            key = proto.find(".//field[@name='websocket.masking_key']")
            code = proto.find(".//field[@name='websocket.payload.close.status_code']")
            assert source is not None
            frames.append(
                Seen(
                    int(source.get("show", "")),
                    shown("fin") in ("1", "True"),
                    int(shown("rsv"), 16),
                    int(shown("opcode")),
                    shown("mask") in ("1", "True"),
                    None if key is None else bytes.fromhex(key.get("value", "")),
                    int(long or shown("payload_length")),
                    None if code is None else int(code.get("show", "")),
                )
            )
    return frames


def ours(trace: Trace) -> list[Seen]:
    """Every frame of a trace, as we dissect it."""
    return [seen(trace, frame) for frame in trace.frames]


def seen(trace: Trace, frame: FramePacket) -> Seen:
    client, server = trace.addresses[frame.connection]
    sender = client if frame.direction == TO_SERVER else server
    rsv = frame.rsv1 << 2 | frame.rsv2 << 1 | frame.rsv3
    assert frame.length is not None
    return Seen(
        sender[1],  # type: ignore[index]
        frame.fin,
        rsv,
        frame.opcode,
        frame.masked,
        frame.masking_key,
        frame.length,
        frame.close_code if frame.length else None,
    )


def by_sender(frames: list[Seen]) -> dict[int, list[Seen]]:
    ports: dict[int, list[Seen]] = {}
    for frame in frames:
        ports.setdefault(frame.port, []).append(frame)
    return ports


def talk(server: Server, trace: Trace) -> None:
    """Text, binary in all three forms of length, fragments, compression, pings, close frames, both ways."""
    with connect(server.url, trace=trace, compression=TAKEOVER) as ws:
        for message in ("Hello", b"\x00" * 5, "é" * 20, "compress me " * 20, "compress me " * 20):
            ws.send(message)
            assert ws.recv(DEADLINE) == message
        other = server.connections[-1]
        for fragments in (["in", "", "pieces"], [b"compressed " * 20, b"pieces " * 20]):
            other.send(fragments)
            assert ws.recv(DEADLINE) == fragments[0][:0].join(fragments)
        ws.ping(DEADLINE)
        other.ping(DEADLINE)
        ws.close(4000, "bye")
    with connect(server.url, trace=trace, compression=False) as ws:
        for size in (126, 65_535, 65_536, 300_000):
            ws.send(bytes(size))
            assert len(ws.recv(DEADLINE)) == size
        ws.send(["in", "", "pieces"])
        assert ws.recv(DEADLINE) == "inpieces"
        other = server.connections[-1]
        other.close(4001, "bye")
        assert ws.wait_closed(DEADLINE)


def break_rules(port: int, data: bytes) -> None:
    """A client that opens properly, and then sends this."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as sock:
        sock.sendall((REQUEST % b"").replace(b"Host: a", b"Host: localhost"))
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):  # Wireshark knows of frames only after it
            answer += sock.recv(4096)
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


#: What a server refuses: the last one with 1007, all others with 1002.
BROKEN = [
    Frame(Opcode.TEXT, b"unmasked").serialize(),
    Frame(3, b"reserved", masking_key=KEY).serialize(),
    Frame(Opcode.TEXT, b"rsv2", rsv2=True, masking_key=KEY).serialize(),
    b"\x82\xfe\x00\x05" + KEY + b"12345",
    Frame(Opcode.PING, b"part", fin=False, masking_key=KEY).serialize(),
    Frame(Opcode.CLOSE, b"\x03\xed", masking_key=KEY).serialize(),
    Frame(Opcode.TEXT, b"\xff", masking_key=KEY).serialize(),
]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Trace, Path, int]]:
    """A session with everything, recorded at both ends, and captured; a server refuses frames in it."""
    path, trace = tmp_path_factory.mktemp("capture") / "session.pcap", Trace()
    with serve(echo, trace=trace, compression=TAKEOVER) as server:
        capture = Capture(path, server.port)
        try:
            talk(server, trace)
            for data in BROKEN:
                break_rules(server.port, data)
            ports = [address[0][1] for address in trace.addresses.values()]  # type: ignore[index]
            capture.until_both_ends_have_ended(ports[-1], server.port)
        finally:
            capture.stop()
        yield trace, path, server.port


def test_the_recorder_has_the_bytes_of_the_capture(session: tuple[Trace, Path, int]) -> None:
    trace, path, port = session
    capture = Capture.__new__(Capture)
    capture.path = path
    streams = capture.streams()
    assert len(trace.requests) == 2 + len(BROKEN)
    for connection in {packet.connection for packet in trace.packets}:
        client = trace.addresses[connection][0][1]  # type: ignore[index]
        assert trace.bytes(TO_SERVER, connection) == streams[client, port]
        assert trace.bytes(TO_CLIENT, connection) == streams[port, client]


def test_wireshark_agrees_on_every_frame(session: tuple[Trace, Path, int]) -> None:
    trace, path, port = session
    mine, theirs = ours(trace), wireshark(path, port)
    assert len(mine) > 30
    assert by_sender(mine).keys() == by_sender(theirs).keys()
    for sender, frames in by_sender(mine).items():
        assert sorted(frames, key=repr) == sorted(by_sender(theirs)[sender], key=repr), sender
    for direction in (TO_SERVER, TO_CLIENT):
        there = [frame for frame in trace.frames if frame.direction == direction]
        assert {frame.opcode for frame in there} >= set(Opcode), "every kind, both ways"
        assert {frame.rsv1 for frame in there} == {frame.fin for frame in there} == {True, False}
    refused = [frame.verdict.code for frame in trace.frames if frame.verdict.outcome == "refused"]
    assert refused == [*[1002] * 6, 1007]
    answers = [
        frame.close_code for frame in trace.frames if frame.direction == TO_CLIENT and frame.close_code
    ]
    assert answers == [4000, 4001, *refused]


def test_wireshark_agrees_on_our_own_capture(session: tuple[Trace, Path, int], tmp_path: Path) -> None:
    trace, _, port = session
    trace.to_pcap(tmp_path / "own.pcap")
    theirs = wireshark(tmp_path / "own.pcap", port)
    assert by_sender(theirs) == by_sender(ours(trace))
    command = [needs.tshark_path(), "-r", str(tmp_path / "own.pcap"), "-n", "-o", "tcp.check_checksum:TRUE"]
    command += ["-o", "ip.check_checksum:TRUE", "-Y", "_ws.expert.severity >= 6291456"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE)
    assert not [line for line in done.stdout.splitlines() if "WebSocket" not in line and "RST" not in line]


#: What a client refuses: the last one with 1007, all others with 1002.
REFUSED = [
    Frame(Opcode.TEXT, b"masked", masking_key=KEY).serialize(),
    Frame(3, b"reserved").serialize(),
    Frame(Opcode.TEXT, b"rsv2", rsv2=True).serialize(),
    b"\x82\x7e\x00\x0512345",
    Frame(Opcode.PING, b"part", fin=False).serialize(),
    Frame(Opcode.CLOSE, b"\x03\xed").serialize(),
    Frame(Opcode.TEXT, b"\xff").serialize(),
]


def answer(listening: socket.socket) -> None:
    """A server that says something good and then something that a client refuses, to one after the other."""
    for bad in REFUSED:
        sock, _ = listening.accept()
        with sock:
            sock.settimeout(DEADLINE)
            data = b""
            while (found := parse_request(data)) is None:
                piece = sock.recv(4096)
                assert piece, "the client went without a request"
                data += piece
            key = accept_key(found[0].headers["sec-websocket-key"]).encode()
            head = (RESPONSE % b"").replace(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", key)
            sock.sendall(head + Frame(Opcode.TEXT, b"good").serialize() + bad)
            while sock.recv(4096):
                pass


def test_frames_that_a_client_refuses(tmp_path: Path) -> None:
    """Recorded and captured over IPv4; the same record as a capture of ours, as if it had been IPv6, too."""
    trace = Trace()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(DEADLINE)
        port = listening.getsockname()[1]
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        capture = Capture(tmp_path / "bad.pcap", port)
        try:
            for _ in REFUSED:
                with connect(f"ws://127.0.0.1:{port}", trace=trace, compression=False) as ws:
                    assert ws.recv(DEADLINE) == "good"
                    with pytest.raises(ConnectionClosed):
                        ws.recv(DEADLINE)
                    assert ws.wait_closed(DEADLINE)
                client = trace.addresses[len(trace.addresses)][0][1]  # type: ignore[index]
                capture.until_both_ends_have_ended(client, port)
            thread.join(DEADLINE)
        finally:
            capture.stop()
    streams = capture.streams()
    for connection, (client, _) in trace.addresses.items():
        assert trace.bytes(TO_SERVER, connection) == streams[client[1], port]  # type: ignore[index]
        assert trace.bytes(TO_CLIENT, connection) == streams[port, client[1]]  # type: ignore[index]
    assert by_sender(wireshark(tmp_path / "bad.pcap", port)) == by_sender(ours(trace))
    codes = [frame.verdict.code for frame in trace.frames if frame.verdict.code is not None]
    assert codes == [*[1002] * 6, 1007]
    assert [frame.close_code for frame in trace.frames if frame.direction == TO_SERVER] == codes
    trace.to_pcap(tmp_path / "own.pcap")
    assert by_sender(wireshark(tmp_path / "own.pcap", port)) == by_sender(ours(trace))
    for connection, (client, _) in trace.addresses.items():
        trace.addresses[connection] = (("::1", client[1], 0, 0), ("::1", port, 0, 0))  # type: ignore[index]
    trace.to_pcap(tmp_path / "six.pcap")
    assert by_sender(wireshark(tmp_path / "six.pcap", port)) == by_sender(ours(trace))


#: Client and server ports that Wireshark gives to other protocols, or may give to them by the smaller one.
CLAIMED = [(50000, 1883), (50000, 5432), (50000, 9092), (50000, 44321), (44818, 40001), (44818, 50000)]


@pytest.mark.parametrize(("client", "server"), [*CLAIMED, (50000, 8765)])
def test_the_command_to_open_a_capture_shows_its_frames(client: int, server: int, tmp_path: Path) -> None:
    trace = Trace()
    tap = trace.tap("client", ("127.0.0.1", client), ("127.0.0.1", server))
    tap.sent(REQUEST % b"")
    tap.received(RESPONSE % b"" + Frame(Opcode.TEXT, b"Hello").serialize())
    path = tmp_path / "a capture.pcap"
    trace.to_pcap(path)
    program, *command = shlex.split(opening(trace, path))
    assert program == "wireshark"
    command = [
        needs.tshark_path(),
        *command,
        "-n",
        "-Y",
        "websocket",
        "-T",
        "fields",
        "-e",
        "websocket.opcode",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE)
    assert done.stdout.split() == ["1"]
