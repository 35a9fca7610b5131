"""While under any one attack a well-behaved client gets its echo within half a second of the server's work,
and within a quarter after it; and the process grows by at most 16 MiB. The server runs in a process of its
own, with the default limits.

Its processor time is what counts, and not the clock's: under an attack a server always works, so on a machine
of its own the two are the same, and on a busy one the clock counts what other processes do. It is counted
from when a client has sent to when the server answers, which the answer says: what the server does while the
client is held up, before or after that, is not counted.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests import raw
from tests.waiting import DEADLINE
from wsdemo import Opcode

SERVER = """
    import sys
    import time
    from wsdemo import serve
    from wsdemo.protocol import masking

    class Handler:
        def on_open(self, ws):
            ws.send(str(time.process_time()))

        def on_message(self, ws, message):
            ws.send(str(time.process_time()) if message == "are you there?" else message)

    masking.numpy()
    with serve(Handler()) as server:
        print(server.port, flush=True)
        sys.stdin.read()
"""
ASK = raw.frame(Opcode.TEXT, b"are you there?")
MiB = 1 << 20
SECONDS = 1.5  # of each attack
Attack = Callable[[int], Iterator[object]]


def attacker(port: int, **fields: str | None) -> Iterator[raw.Peer]:
    """A connection, and another one each time the server has had enough of it."""
    while True:
        peer = raw.client(port, receive_buffer=4096, **fields)
        peer.sock.settimeout(0.2)
        yield peer


def pour(port: int, chunks: Callable[[], Iterator[bytes]], **fields: str | None) -> Iterator[object]:
    """Send without reading, as much as the server takes; open anew when it has had enough."""
    for peer in attacker(port, **fields):
        for chunk in chunks():
            try:
                peer.sock.sendall(chunk)
            except TimeoutError:
                yield None  # it does not read us any more; the rest of the frame goes on elsewhere
                break
            except OSError:
                break
            yield None
        peer.reset()


def packed(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -12)
    return (packer.compress(bytes(size)) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


PINGS = raw.frame(Opcode.PING, bytes(125)) * 500
BOMB = raw.frame(Opcode.BINARY, packed(100 * MiB), rsv1=True)
EMPTY = raw.frame(Opcode.CONTINUATION, b"", fin=False) * 1000
BEGIN = raw.frame(Opcode.TEXT, b"", fin=False)
DRIBBLED = raw.announce(MiB)
MASKED = raw.frame(Opcode.BINARY, bytes(64 * 1024))
#: Compressed, and ended, and begun again: each final block costs an inflater a new start.
FINAL = raw.frame(Opcode.BINARY, bytes.fromhex("010000ffff") * 200, rsv1=True)


def idle(port: int) -> Iterator[object]:
    """Hundreds of openings that never end."""
    held = []
    while True:
        held.append(raw.dial(port))
        held[-1].send(b"GET / HTTP/1.1\r\n")
        if len(held) > 400:
            held.pop(0).sock.close()
        yield None


def storm(port: int) -> Iterator[object]:
    while True:
        raw.dial(port).reset()
        yield None


def junk(port: int) -> Iterator[object]:
    for seed in itertools.count():
        with raw.dial(port) as peer:
            peer.send(bytes((seed * i * 31) & 255 for i in range(2000)))
        yield None


def heads(port: int) -> Iterator[object]:
    """Heads as long as they may be, and longer, a field in each segment."""
    while True:
        with raw.dial(port) as peer:
            peer.send(b"GET / HTTP/1.1\r\n")
            for i in range(200):
                peer.send(b"X-%d: %s\r\n" % (i, b"a" * 300))
        yield None


ATTACKS: dict[str, Attack] = {
    "pings": lambda port: pour(port, lambda: itertools.repeat(PINGS)),
    "answers that are not read": lambda port: pour(port, lambda: itertools.repeat(MASKED)),
    "deflate bombs": lambda port: pour(port, lambda: itertools.repeat(BOMB), **raw.DEFLATE),
    "final blocks": lambda port: pour(port, lambda: itertools.repeat(FINAL), **raw.DEFLATE),
    "empty fragments": lambda port: pour(port, lambda: itertools.chain([BEGIN], itertools.repeat(EMPTY))),
    "a frame byte by byte": lambda port: pour(
        port, lambda: itertools.chain([DRIBBLED], itertools.repeat(b"x"))
    ),
    "small messages": lambda port: pour(port, lambda: itertools.repeat(raw.frame(Opcode.TEXT, b"x") * 5000)),
    "large announcements": lambda port: pour(port, lambda: iter([raw.announce(MiB), bytes(MiB - 1)])),
    "openings that do not end": idle,
    "connect and drop": storm,
    "junk": junk,
    "endless heads": heads,
}


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, psutil.Process]]:
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SERVER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin and child.stdout
    yield int(child.stdout.readline()), psutil.Process(child.pid)
    child.communicate(timeout=DEADLINE)
    assert child.returncode == 0


def worked(process: psutil.Process) -> float:
    """Seconds of processor time that a process has had."""
    times = process.cpu_times()
    return float(times.user + times.system)


def answered(peer: raw.Peer, process: psutil.Process, request: bytes = ASK) -> float:
    """Seconds that the server has worked, from when a request was sent to when it answers."""
    peer.send(request)
    begun = worked(process)
    if request is not ASK:
        assert peer.head().startswith("HTTP/1.1 101 ")
    return float(peer.message()) - begun


def peak(process: psutil.Process, *, afresh: bool = False) -> int:
    """Bytes of memory that a process has used at most; where Linux does not tell, those it uses now."""
    status, reset = Path(f"/proc/{process.pid}/status"), Path(f"/proc/{process.pid}/clear_refs")
    if not status.exists():
        return int(process.memory_info().rss)
    if afresh:
        reset.write_text("5")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("name", ATTACKS)
def test_others_are_served(server: tuple[int, psutil.Process], name: str) -> None:
    port, process = server
    stop = threading.Event()

    def attack() -> None:
        steps = ATTACKS[name](port)
        while not stop.is_set():
            next(steps)
        steps.close()  # type: ignore[attr-defined]

    with raw.client(port) as peer:
        peer.message()  # the greeting
        before = peak(process, afresh=True)
        thread = threading.Thread(target=attack)
        thread.start()
        try:
            end = time.monotonic() + SECONDS
            slowest = 0.0
            while time.monotonic() < end:
                slowest = max(slowest, answered(peer, process))
                with raw.dial(port) as late:  # new ones too
                    slowest = max(slowest, answered(late, process, raw.request()), answered(late, process))
        finally:
            stop.set()
            thread.join(DEADLINE)
        after = answered(peer, process)
    assert slowest < 0.5 and after < 0.25, (slowest, after)
    grown = peak(process) - before
    assert grown <= 16 * MiB, f"{grown / MiB:.1f} MiB"
