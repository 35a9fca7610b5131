"""What dissection and recording cost: ``python -m tests.trace.benchmark``.

Dissection: 100,000 frames, then all of their fields. Recording: the round trip of a 32-byte text to an echo
server in another process, with and without a trace at the client, in rounds that take turns; the ratio of the
medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from wsdemo import Trace, connect
from wsdemo.protocol.codes import Opcode
from wsdemo.protocol.frames import Frame
from wsdemo.trace import TO_SERVER

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
)


def recorded(frames: int, size: int = 32) -> Trace:
    """A trace of so many frames, half of them in each direction, each in a chunk of its own."""
    trace = Trace()
    tap = trace.tap("client", ("127.0.0.1", 50000), ("127.0.0.1", 80))
    tap.sent(HANDSHAKE[0])
    tap.received(HANDSHAKE[1])
    there = Frame(Opcode.TEXT, b"x" * size, masking_key=b"\x37\xfa\x21\x3d").serialize()
    back = Frame(Opcode.TEXT, b"x" * size).serialize()
    for _ in range(frames // 2):
        tap.sent(there)
        tap.received(back)
    return trace


def dissection(frames: int = 100_000) -> tuple[float, float]:
    """Seconds for the packets of so many frames, and then for all their fields."""
    trace = recorded(frames)
    start = time.perf_counter()
    found = trace.frames
    packets = time.perf_counter() - start
    assert len(found) == frames
    start = time.perf_counter()
    bits = sum(field.bits for frame in found for field in frame.fields)
    fields = time.perf_counter() - start
    assert bits == 8 * sum(frame.size for frame in found)
    assert sum(frame.size for frame in found if frame.direction == TO_SERVER) > 0
    return packets, fields


SERVER = """
import sys
from wsdemo import serve
with serve(lambda ws, message: ws.send(message)) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


def recording(rounds: int = 100, messages: int = 100) -> tuple[float, float]:
    """Seconds of an echo by another process, without a trace and with one: medians of interleaved rounds."""
    times: dict[bool, list[float]] = {False: [], True: []}
    other = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    url = other.stdout.readline().strip()
    with other, connect(url) as plain, connect(url, trace=Trace()) as traced:
        for number in range(2 * rounds + 2):
            ws = traced if number % 2 else plain
            for _ in range(messages):
                start = time.perf_counter()
                ws.send("x" * 32)
                ws.recv(timeout=5)
                if number > 1:  # the first rounds warm up
                    times[ws is traced].append(time.perf_counter() - start)
        assert other.stdin is not None
        other.stdin.close()
    return statistics.median(times[False]), statistics.median(times[True])


def main() -> None:
    """Print the figures."""
    packets, fields = dissection()
    print(f"dissect 100,000 frames: {packets:.2f} s; their fields: {fields:.2f} s more")
    without, recorded_ = recording()
    ratio = recorded_ / without
    print(f"echo p50: {without * 1e6:.1f} us, recorded {recorded_ * 1e6:.1f} us: ratio {ratio:.3f}")


if __name__ == "__main__":
    main()
