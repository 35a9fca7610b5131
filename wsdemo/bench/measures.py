"""The measures: each does its work with one server once a round, by the one raw client, and gives one number.

With ``quick`` the number only shows that the measure works, and means nothing.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Final

from wsdemo.bench import raw
from wsdemo.bench.plain import read
from wsdemo.bench.served import Served
from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import Inflater
from wsdemo.protocol.frames import parse

TEXT: Final = "The quick brown fox jumps over 1"  # 32 bytes
LINE: Final = TEXT + TEXT  # 64 bytes


def quotes(number: int) -> str:
    """500 bytes of JSON as an application sends them: the same for the same number.

    >>> quotes(7)[:87]
    '{"type": "quotes", "sequence": 7, "at": "2026-01-05T09:30:00.875Z", "quotes": [{"symbol'
    """
    random = Random(number)
    message = {
        "type": "quotes",
        "sequence": number,
        "at": f"2026-01-05T09:30:{number // 8:02}.{number % 8 * 125:03}Z",
        "quotes": [
            {
                "symbol": "".join(random.choices(string.ascii_uppercase, k=4)),
                "bid": (bid := round(random.uniform(5, 500), 2)),
                "ask": round(bid + random.uniform(0.01, 0.5), 2),
                "size": random.randrange(100, 10000),
                "venue": random.choice(("XNYS", "XNAS", "XLON", "XETR")),
            }
            for _ in range(5)
        ],
        "token": "",
    }
    room = 500 - len(json.dumps(message))
    return json.dumps(message | {"token": "".join(random.choices(string.hexdigits, k=room))})


#: As many as are on their way at once: no compressor can live on having seen a text before.
TEXTS: Final = tuple(map(quotes, range(100)))

#: Messages under way at once in the pipelined row.
IN_FLIGHT: Final = 100

#: Connections that are opened to measure the CPU time of one.
OPENINGS: Final = 1000


def round_trip(served: Served, quick: bool) -> float:
    """Microseconds of a median round trip of a 32-byte text."""
    peer = served.contestant.peer
    frame, size = raw.message(TEXT, peer), raw.answer_size(TEXT, peer)
    clock, seconds = time.perf_counter, []
    with raw.connection(served.port, peer) as sock:
        for _ in range(20 if quick else 3000):
            began = clock()
            sock.sendall(frame)
            read(sock, size)
            seconds.append(clock() - began)
    return 1e6 * statistics.median(seconds[len(seconds) // 10 :])


def compressed_echoes(in_flight: int, served: Served, quick: bool) -> float:
    """Echoes per second of the `TEXTS`, compressed, ``in_flight`` at once."""
    peer = served.contestant.peer
    sent = [raw.message(text, peer, compressed=True) for text in TEXTS]
    batches = [b"".join(sent[first : first + in_flight]) for first in range(0, len(sent), in_flight)]
    with raw.connection(served.port, peer, compressed=True) as sock:
        for text, frame in zip(TEXTS, sent, strict=True):
            sock.sendall(frame)
            _check_compressed(raw.frames(sock, 1)[0], text)

        def exchange(batch: bytes) -> None:
            sock.sendall(batch)
            raw.frames(sock, in_flight)

        return in_flight / _seconds(exchange, batches * (1 if quick else 20))


def _check_compressed(frame: bytes, text: str) -> None:
    found = parse(frame, side=Side.CLIENT, rsv1=True)
    assert found is not None and found[0].rsv1, "the answer is not compressed"
    inflated = Inflater(raw.WINDOW_BITS, takeover=False).inflate(found[0].payload, 4096)
    assert inflated == text.encode(), "the answer is another text"


def pipelined(served: Served, quick: bool) -> float:
    """Echoes per second of a 32-byte text, `IN_FLIGHT` at once."""
    peer = served.contestant.peer
    frames, size = IN_FLIGHT * raw.message(TEXT, peer), IN_FLIGHT * raw.answer_size(TEXT, peer)
    with raw.connection(served.port, peer) as sock:
        return IN_FLIGHT / _seconds(
            lambda data: _exchange(sock, data, size), [frames] * (5 if quick else 100)
        )


def large(served: Served, quick: bool) -> float:
    """Megabytes per second of 64 KiB binary echoes, counted once."""
    peer, payload = served.contestant.peer, bytes(range(256)) * 256
    frame, size = raw.message(payload, peer), raw.answer_size(payload, peer)
    with raw.connection(served.port, peer) as sock:
        seconds = _seconds(lambda data: _exchange(sock, data, size), [frame] * (5 if quick else 400))
    return len(payload) / seconds / 1e6


def _exchange(sock: socket.socket, frames: bytes, size: int) -> None:
    sock.sendall(frames)
    read(sock, size)


def _seconds(exchange: Callable[[bytes], object], sent: Sequence[bytes]) -> float:
    """Seconds of the median exchange; the first tenth warms up and does not count.

    Each is timed alone: in a time for many, other work of the processor would be included.
    """
    clock, seconds = time.perf_counter, []
    for data in sent:
        began = clock()
        exchange(data)
        seconds.append(clock() - began)
    return statistics.median(seconds[len(seconds) // 10 :])


def cpu_per_byte(served: Served, quick: bool) -> float:
    """Nanoseconds of the server's CPU time for each byte of 1 MiB binary echoes, counted once."""
    peer, payload = served.contestant.peer, bytes(range(256)) * 4096
    frame, size = raw.message(payload, peer), raw.answer_size(payload, peer)
    times = 2 if quick else 40
    with raw.connection(served.port, peer) as sock:
        for _ in range(2):
            _exchange(sock, frame, size)
        before = served.cpu()
        for _ in range(times):
            _exchange(sock, frame, size)
        return 1e9 * (served.cpu() - before) / times / len(payload)


def opening_cpu(served: Served, quick: bool) -> float:
    """Microseconds of the server's CPU time for an opening, all connections kept open meanwhile: a ramp."""
    before = served.cpu()
    socks = raw.crowd(served.port, served.contestant.peer, OPENINGS // 10 if quick else OPENINGS)
    spent = served.cpu() - before
    raw.hang_up(socks)  # all of it, so that the next round does not pay
    return 1e6 * spent / len(socks)


def opening_and_closing_cpu(served: Served, quick: bool) -> float:
    """The same for an opening and its closing handshake, one batch of connections after the other."""
    count = OPENINGS // 10 if quick else OPENINGS
    before = served.cpu()
    for socks in raw.batches(served.port, served.contestant.peer, count):
        raw.hang_up(socks)
    return 1e6 * (served.cpu() - before) / count


def same_process(served: Served, quick: bool) -> float:
    """Microseconds of a median ``send`` and ``recv`` of a 32-byte text, server and client in one process."""
    served.exchange(TEXT, 5 if quick else 200)  # it connects, and gets warm
    return 1e6 * served.exchange(TEXT, 10 if quick else 1000)


def idle_memory(served: Served, quick: bool) -> float:
    """KiB of memory of the server's own for each of 5,000 open connections."""
    contestant, count = served.contestant, 100 if quick else 5000
    for sock in raw.crowd(served.port, contestant.peer, 20, contestant.compressed):
        sock.close()  # modules that the first connections load are not counted as theirs
    before = served.memory()
    socks = raw.crowd(served.port, contestant.peer, count, contestant.compressed)
    after = served.memory()
    for sock in socks:
        sock.close()
    return float((after - before) / count / 1024)


def fan_out(message: str, count: int, served: Served, quick: bool) -> float:
    """Milliseconds from the first `send` of a message to a crowd until the last of them has read it."""
    contestant = served.contestant
    if not served.crowd:
        count = min(count, 50) if quick else count
        served.crowd = raw.crowd(served.port, contestant.peer, count, contestant.compressed)
        time.sleep(0.2)  # some servers know a connection only a moment after its 101
    hear = partial(_hear, served, _size(served, message))
    seconds = []
    for _ in range(1 if quick else 3):
        raw.drain(served.crowd)
        seconds.append(served.broadcast(message, hear))
    return 1e3 * statistics.median(seconds)


def _size(served: Served, message: str) -> int:
    """Bytes of the message as each client gets it: a first broadcast tells, which also warms up.

    So a compressed one costs its reader no more than any other. Raises RuntimeError where they differ.
    """
    sizes: list[int] = []
    if served.contestant.compressed:
        served.broadcast(message, lambda: sizes.extend(len(raw.frames(s, 1)[0]) for s in served.crowd))
    else:
        sizes.append(raw.answer_size(message, served.contestant.peer))
        served.broadcast(message, partial(_hear, served, sizes[0]))
    if len(set(sizes)) != 1:
        raise RuntimeError(f"one message in frames of {sorted(set(sizes))} bytes")
    return sizes[0]


def _hear(served: Served, size: int) -> None:
    """Read ``size`` bytes from one connection after the other."""
    for sock in served.crowd:
        read(sock, size)


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
