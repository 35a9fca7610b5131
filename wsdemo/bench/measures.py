"""What is done to one server once a round, by the one raw client. Each gives one number.

``quick`` asks for one that shows that it works, and means nothing.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Final

from wsdemo.bench import raw
from wsdemo.bench.served import Served
from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import Inflater
from wsdemo.protocol.frames import parse

TEXT: Final = "The quick brown fox jumps over 1"  # 32 bytes
LINE: Final = TEXT + TEXT  # 64 bytes

#: 500 bytes as an application sends them.
JSON: Final = json.dumps(
    {
        "type": "quote",
        "at": "2026-01-05T09:30:00.125Z",
        "quotes": [
            {"symbol": name, "bid": 100.25 + i, "ask": 100.5 + i, "size": 100 * i, "venue": "XNYS"}
            for i, name in enumerate(("ABC", "DEF", "GHI", "JKL", "MNO", "PQR"), 1)
        ],
    }
).ljust(500)[:500]

#: Messages that are on their way at once in the pipelined row.
IN_FLIGHT: Final = 100


def round_trip(served: Served, quick: bool) -> float:
    """Microseconds of a median round trip of a 32-byte text."""
    peer = served.contestant.peer
    with raw.connection(served.port, peer) as sock:
        return 1e6 * _round_trip(sock, raw.message(TEXT, peer), raw.answer_size(TEXT, peer), quick)


def compressed_echoes(in_flight: int, served: Served, quick: bool) -> float:
    """Echoes per second of a 500-byte JSON, compressed, so many at once."""
    peer = served.contestant.peer
    frame = raw.message(JSON, peer, compressed=True)
    with raw.connection(served.port, peer, compressed=True) as sock:
        sock.sendall(frame)
        answer = sock.recv(65536)
        found = parse(answer, side=Side.CLIENT, rsv1=True)
        assert found is not None and found[0].rsv1, "the answer is not compressed"
        inflated = Inflater(raw.WINDOW_BITS, takeover=False).inflate(found[0].payload, 4096)
        assert inflated == JSON.encode()
        frames, size, times = in_flight * frame, in_flight * len(answer), 2000 // in_flight
        return in_flight / _per_exchange(sock, frames, size, 3 if quick else times)


def _round_trip(sock: socket.socket, frame: bytes, size: int, quick: bool) -> float:
    clock, seconds = time.perf_counter, []
    for _ in range(20 if quick else 3000):
        began = clock()
        sock.sendall(frame)
        raw.read(sock, size)
        seconds.append(clock() - began)
    return statistics.median(seconds[len(seconds) // 10 :])


def pipelined(served: Served, quick: bool) -> float:
    """Echoes per second of a 32-byte text, `IN_FLIGHT` at once."""
    peer = served.contestant.peer
    frames, size = IN_FLIGHT * raw.message(TEXT, peer), IN_FLIGHT * raw.answer_size(TEXT, peer)
    with raw.connection(served.port, peer) as sock:
        return IN_FLIGHT / _per_exchange(sock, frames, size, 3 if quick else 100)


def large(served: Served, quick: bool) -> float:
    """Megabytes per second of 64 KiB binary echoes, counted once."""
    peer, payload = served.contestant.peer, bytes(range(256)) * 256
    frame, size = raw.message(payload, peer), raw.answer_size(payload, peer)
    with raw.connection(served.port, peer) as sock:
        return len(payload) / _per_exchange(sock, frame, size, 3 if quick else 200) / 1e6


def _per_exchange(sock: socket.socket, frames: bytes, size: int, times: int) -> float:
    """Seconds for one exchange, the median of ten parts of so many."""
    seconds = []
    for _ in range(10):
        began = time.perf_counter()
        for _ in range(max(1, times // 10)):
            sock.sendall(frames)
            raw.read(sock, size)
        seconds.append((time.perf_counter() - began) / max(1, times // 10))
    return statistics.median(seconds)


def cpu_per_byte(served: Served, quick: bool) -> float:
    """Nanoseconds of the server's CPU time for each byte of 1 MiB binary echoes, counted once."""
    peer, payload = served.contestant.peer, bytes(range(256)) * 4096
    frame, size = raw.message(payload, peer), raw.answer_size(payload, peer)
    times = 2 if quick else 40
    with raw.connection(served.port, peer) as sock:
        for _ in range(2):
            _large_exchange(sock, frame, size)
        before = served.cpu()
        for _ in range(times):
            _large_exchange(sock, frame, size)
        return float(1e9 * (served.cpu() - before) / times / len(payload))


def _large_exchange(sock: socket.socket, frame: bytes, size: int) -> None:
    sock.sendall(frame)
    buffer = memoryview(bytearray(size))
    while buffer:
        buffer = buffer[sock.recv_into(buffer) :]


def handshakes(served: Served, quick: bool) -> float:
    """Connections opened and answered per second; of plain TCP, with the first message answered."""
    return _handshakes(served, quick)[0]


def handshake_cpu(served: Served, quick: bool) -> float:
    """Microseconds of the server's CPU time for each of them."""
    return _handshakes(served, quick)[1]


def _handshakes(served: Served, quick: bool) -> tuple[float, float]:
    peer = served.contestant.peer
    hello = raw.message(TEXT, peer) if peer == "tcp" else raw.request(served.port, compressed=False)
    batches = 1 if quick else 8
    spent = cpu = 0.0
    for _ in range(batches):
        before = served.cpu()
        began = time.perf_counter()
        socks = [raw.dial(served.port, hello) for _ in range(raw.BATCH)]
        for sock in socks:
            if peer == "tcp":
                raw.read(sock, len(hello))
            else:
                raw.opened(sock)
        spent += time.perf_counter() - began
        cpu += served.cpu() - before
        for sock in socks:
            sock.close()
    count = batches * raw.BATCH
    return count / spent, 1e6 * cpu / count


def same_process(served: Served, quick: bool) -> float:
    """Microseconds of a median send → recv of a 32-byte text, server and client in one process."""
    served.exchange(TEXT, 5 if quick else 200)  # it connects, and gets warm
    return 1e6 * served.exchange(TEXT, 10 if quick else 1000)


def idle_memory(served: Served, quick: bool) -> float:
    """KiB of memory of the server's own for each of 5,000 open connections."""
    contestant, count = served.contestant, 100 if quick else 5000
    for sock in raw.crowd(served.port, contestant.peer, 20, contestant.compressed):
        sock.close()  # what the first connections load is not theirs
    before = served.memory()
    socks = raw.crowd(served.port, contestant.peer, count, contestant.compressed)
    after = served.memory()
    for sock in socks:
        sock.close()
    return float((after - before) / count / 1024)


def fan_out(message: str, count: int, served: Served, quick: bool) -> float:
    """Milliseconds until a message has gone out to all of a crowd; then every one must have it."""
    contestant = served.contestant
    if not served.crowd:
        count = min(count, 50) if quick else count
        served.crowd = raw.crowd(served.port, contestant.peer, count, contestant.compressed)
        time.sleep(0.2)  # some servers know a connection only a moment after its 101
        served.broadcast(message)
        _hear(served, message)
    seconds = []
    for _ in range(1 if quick else 3):
        raw.drain(served.crowd)
        seconds.append(served.broadcast(message))
        _hear(served, message)
    return 1e3 * statistics.median(seconds)


def _hear(served: Served, message: str) -> None:
    contestant = served.contestant
    size = 2 if contestant.compressed else raw.answer_size(message, contestant.peer)
    for sock in served.crowd:
        got = 0
        while got < size:
            data = sock.recv(4096)
            if not data:
                raise RuntimeError(f"the server of {contestant.name} closed a connection of the crowd")
            got += len(data)


def import_time(served: Served, quick: bool) -> float:
    """Milliseconds of CPU time for ``import wsdemo`` in a fresh interpreter, compiled as installing does."""
    code = (
        "import time; began = time.process_time(); import wsdemo; print(1e3 * (time.process_time() - began))"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        environment["PYTHONPYCACHEPREFIX"] = folder
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
            )
    return float(done.stdout)
