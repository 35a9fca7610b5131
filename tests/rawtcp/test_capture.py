"""The bytes are exact: what tshark captures on the loopback is what the recorder has, both ways."""

from __future__ import annotations

import queue
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import needs
from tests.rawtcp.conftest import Serve
from tests.waiting import DEADLINE, Seen
from wsdemo.rawtcp import TimeClient, TimeServer
from wsdemo.record.facts import TO_CLIENT, TO_SERVER, End
from wsdemo.trace.trace import Trace

pytestmark = needs.tshark

FIELDS = ("tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.flags.syn", "tcp.flags.fin", "tcp.payload")
#: MiB that the kernel keeps while a busy machine lets tshark wait: with the default, 2, packets are lost.
BUFFER = "64"

Ports = tuple[int, int]


class Capture:
    """A tshark that captures TCP ports of the loopback into a file until `stop`.

    It says that it captures before it does, so it is knocked until it hears: at a port of its own, for a
    server that is busy would take the last knock after the test has set its trace. That port stays its own
    until the end: else it may go to another process, whose frames would be captured too.
    """

    def __init__(self, path: Path, *ports: int) -> None:
        self.path = path
        self._said = Seen()
        self._door = socket.create_server(("127.0.0.1", 0))
        knocked = self._door.getsockname()[1]
        command = [
            needs.tshark_path(),
            "-i",
            "lo",
            "-B",
            BUFFER,
            "-f",
            " or ".join(f"tcp port {each}" for each in (*ports, knocked)),
            "-w",
            str(path),
            "-P",
            "-l",
            "-n",
        ]
        command += ["-T", "fields", *(part for field in FIELDS[:5] for part in ("-e", field))]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._threads = [
            threading.Thread(target=self._listen, args=(stream,))
            for stream in (self._process.stdout, self._process.stderr)
        ]
        for thread in self._threads:
            thread.start()
        while self._packet(timeout=0.1) is None:
            socket.create_connection(("127.0.0.1", knocked), timeout=DEADLINE).close()

    def _listen(self, stream: Iterator[str]) -> None:
        for line in stream:
            self._said(line)

    def _packet(self, timeout: float) -> list[str] | None:
        """The fields of the next packet, told as it is written to the file."""
        try:
            while len(fields := self._said.next(timeout).rstrip("\n").split("\t")) != 5:
                pass
        except queue.Empty:
            return None
        return fields

    def until_both_ends_have_ended(self, client: int, server: int) -> None:
        """Wait for a FIN from either port of one connection."""
        missing = {(str(client), str(server)), (str(server), str(client))}
        while missing:
            fields = self._packet(DEADLINE)
            assert fields is not None, "the capture lacks the end of the connection"
            if fields[4] in ("1", "True"):
                missing.discard((fields[0], fields[1]))

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(DEADLINE)
        for thread in self._threads:
            thread.join(DEADLINE)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self._door.close()

    def streams(self) -> dict[Ports, bytes]:
        """For each pair of ports the bytes from the first to the second, in the order of TCP's numbers."""
        command = [needs.tshark_path(), "-r", str(self.path), "-n", "-T", "fields"]
        command += [part for field in FIELDS for part in ("-e", field)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE)
        first: dict[Ports, int] = {}
        segments: dict[Ports, dict[int, bytes]] = {}
        for line in done.stdout.splitlines():
            source, target, seq, syn, _, payload = line.split("\t")
            ports = int(source), int(target)
            if syn in ("1", "True"):
                first[ports] = int(seq) + 1  # the SYN itself counts as one byte (RFC 9293 §3.4)
            elif payload:
                segments.setdefault(ports, {})[int(seq)] = bytes.fromhex(payload)
        streams = {}
        for ports, start in first.items():
            stream = bytearray()
            for seq, payload in segments.get(ports, {}).items():
                at = (seq - start) % 2**32
                stream[at : at + len(payload)] = payload
            streams[ports] = bytes(stream)
        return streams


@pytest.fixture
def session(serve: Serve, tmp_path: Path) -> tuple[Trace, Capture, int]:
    """A whole session with messages of many sizes both ways, recorded and captured."""
    sizes = (0, 1, 100, 5_000, 70_000, 300_000)
    server: TimeServer = serve(lambda peer, text: peer.send(text), every=0.01)
    capture = Capture(tmp_path / "session.pcap", server.port)
    trace = server.trace = Trace()
    try:
        with TimeClient(port=server.port, trace=trace) as client:
            for size in sizes:
                client.send("é" * size)
                while client.recv(DEADLINE) != "é" * size:
                    pass
            port = client._link.transport.sock.getsockname()[1]
        capture.until_both_ends_have_ended(port, server.port)
    finally:
        capture.stop()
    return trace, capture, server.port


def test_the_capture_has_what_the_recorder_has(session: tuple[Trace, Capture, int]) -> None:
    trace, capture, port = session
    ((client, server),) = trace.addresses.values()
    assert server == ("127.0.0.1", port)
    streams = capture.streams()
    from_client, from_server = streams[client[1], port], streams[port, client[1]]  # type: ignore[index]
    assert len(from_server) > len(from_client) > 700_000
    ends: tuple[End, ...] = ("client", "server")
    for end in ends:
        assert trace.bytes(TO_SERVER, end=end) == from_client
        assert trace.bytes(TO_CLIENT, end=end) == from_server
