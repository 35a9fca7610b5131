"""Twenty-four hours in small: connections that open, talk, stall and die at random, for ten minutes.

    python -m tests.soak [--minutes 10] [--connections 500] [--seed 1]

An echo server runs in a process of its own; this one has the clients, by a few threads. Healthy connections
check that each echo comes, once and in order; the others stall, fall silent in mid-frame, or reset. Every
ten seconds a line: connections, messages, memory, threads and descriptors of both processes. At the end
everything is closed and the figures must be those of the start: status 1 where they are not.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

import psutil

from wsdemo import Connection, ConnectionClosed, Limits, connect, serve
from wsdemo.protocol import masking

WORKERS = 10
LIMITS = Limits(ping_interval=2.0, pong_timeout=4.0, write_timeout=4.0, close_timeout=2.0)


@dataclass
class Figures:
    """What all workers count together."""

    opened: int = 0
    echoed: int = 0
    died: int = 0
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, opened: int = 0, echoed: int = 0, died: int = 0, wrong: str = "") -> None:
        with self.lock:
            self.opened += opened
            self.echoed += echoed
            self.died += died
            if wrong:
                self.wrong.append(wrong)


class Client:
    """One connection and its plan: healthy, stalling, or about to die."""

    def __init__(self, url: str, rng: random.Random, figures: Figures) -> None:
        self.rng, self.figures = rng, figures
        self.kind = rng.choices(["healthy", "stalls", "resets", "torn", "half"], [70, 10, 8, 6, 6])[0]
        self.left = rng.randrange(3, 40)  # turns to live
        self.next = 0  # the number of the next message
        self.ws = connect(url, limits=LIMITS, compression=rng.random() < 0.3)
        figures.add(opened=1)

    def turn(self) -> bool:
        """One step of its life; false: it is over."""
        self.left -= 1
        try:
            return self._live() if self.left > 0 else self._die()
        except (ConnectionClosed, TimeoutError, OSError) as error:
            if self.kind == "healthy":
                self.figures.add(wrong=f"a healthy connection ended: {type(error).__name__}: {error}")
            self._drop()
            return False

    def _live(self) -> bool:
        if self.kind == "stalls" and self.rng.random() < 0.7:
            return True  # says nothing, reads nothing
        count = self.rng.randrange(1, 8)
        sent = []
        for _ in range(count):
            text = f"{self.ws.id}:{self.next}:" + "x" * self.rng.choice([0, 20, 300, 20_000])
            self.next += 1
            self.ws.send(iter([text[:5], text[5:]]) if self.rng.random() < 0.2 else text)
            sent.append(text)
        for text in sent:
            got = self.ws.recv(timeout=20)
            if got != text:
                self.figures.add(wrong=f"sent {text[:20]!r}, got {str(got)[:20]!r}")
        self.figures.add(echoed=count)
        return True

    def _die(self) -> bool:
        if self.kind in ("healthy", "stalls"):
            self.ws.close()
            if self.ws.close_code != 1000:
                self.figures.add(
                    wrong=f"{self.kind}: closed with {self.ws.close_code}: {self.ws.close_reason!r}, "
                    f"{self.ws.error!r}"
                )
        else:
            sock = self.ws.transport.sock
            if self.kind == "torn":
                self.ws.transport.reactor.call_soon(
                    _quietly, sock.send, bytes.fromhex("81fe4000 01020304 05")
                )
            if self.kind == "half":
                self.ws.transport.reactor.call_soon(_quietly, sock.shutdown, socket.SHUT_WR)
            else:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._drop()
        self.figures.add(died=1)
        return False

    def _drop(self) -> None:
        self.ws.transport.abort()
        self.ws.wait_closed(20)


def _quietly(function: object, *args: object) -> None:
    with contextlib.suppress(OSError):
        function(*args)  # type: ignore[operator]


def work(url: str, count: int, seed: int, figures: Figures, end: threading.Event) -> None:
    """Keep ``count`` connections alive until the end, then close them."""
    rng = random.Random(seed)
    clients: list[Client] = []
    while not end.is_set():
        while len(clients) < count and not end.is_set():
            try:
                clients.append(Client(url, rng, figures))
            except Exception as error:
                figures.add(wrong=f"opening: {type(error).__name__}: {error}")
        index = rng.randrange(len(clients))
        if not clients[index].turn():
            clients[index] = clients[-1]
            clients.pop()
        end.wait(0.01)
    for client in clients:
        client.ws.close()


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


def serve_until_told() -> None:
    """The server's process: prints its port, ends when its input does; then what it still holds."""
    masking.numpy()  # it has threads of its own
    with serve(echo, limits=LIMITS) as server:
        print(server.port, flush=True)
        for _ in sys.stdin:
            gc.collect()
            print(len(server.connections), len(server._opening), len(server._leaving), flush=True)
    print(len(threading.enumerate()), flush=True)


def state(process: psutil.Process) -> tuple[float, int, int]:
    """Memory in MiB, threads, file descriptors."""
    return process.memory_info().rss / 2**20, process.num_threads(), process.num_fds()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve_until_told()
        return 0
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.soak", "--serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin and child.stdout
    port = int(child.stdout.readline())
    masking.numpy()
    here, there = psutil.Process(), psutil.Process(child.pid)
    connect(f"ws://127.0.0.1:{port}").close()
    gc.collect()
    before = state(here), state(there)
    figures, end = Figures(), threading.Event()
    shares = [options.connections // WORKERS] * WORKERS
    threads = [
        threading.Thread(
            target=work, args=(f"ws://127.0.0.1:{port}", share, options.seed * 1000 + i, figures, end)
        )
        for i, share in enumerate(shares)
    ]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    samples = []
    try:
        while time.monotonic() - begun < options.minutes * 60:
            end.wait(min(10.0, options.minutes * 15))
            samples.append((state(here), state(there)))
            line = " | ".join(f"{mib:6.1f} MiB {n:3d} threads {fds:4d} fds" for mib, n, fds in samples[-1])
            seconds = time.monotonic() - begun
            print(
                f"{seconds:5.0f} s: opened {figures.opened}, echoed {figures.echoed}, died {figures.died}, "
                f"wrong {len(figures.wrong)} | clients {line}",
                flush=True,
            )
    except KeyboardInterrupt:
        pass
    end.set()
    for thread in threads:
        thread.join()
    deadline = time.monotonic() + 30
    while True:  # the server's side ends a moment later
        child.stdin.write("\n")
        child.stdin.flush()
        held = child.stdout.readline().strip()
        if held == "0 0 0" or time.monotonic() > deadline:
            break
    gc.collect()
    after = state(here), state(there)
    child.stdin.close()
    left = child.stdout.read().strip()
    child.wait()
    return report(figures, before, after, samples, held, left)


def report(figures: Figures, before, after, samples, held: str, left: str) -> int:  # type: ignore[no-untyped-def]
    """Print what was found; 0 where nothing was lost, leaked or out of order."""
    problems = list(figures.wrong[:20])
    if held != "0 0 0":
        problems.append(f"the server still holds connections (open, opening, leaving): {held}")
    if left != "1":
        problems.append(f"{left} threads left in the server's process, 1 expected")
    for name, index in (("clients", 0), ("server", 1)):
        if after[index][1:] != before[index][1:]:
            expected = "{} threads, {} descriptors".format(*before[index][1:])
            problems.append(
                f"{name}: {after[index][1]} threads, {after[index][2]} descriptors, at first {expected}"
            )
        third = len(samples) // 3
        if third >= 3:  # memory: the last third against the middle one
            middle = sum(sample[index][0] for sample in samples[third : 2 * third]) / third
            last = sum(sample[index][0] for sample in samples[-third:]) / third
            print(f"{name}: {middle:.1f} MiB in the middle third, {last:.1f} MiB in the last")
            if last > middle * 1.10 + 4:
                problems.append(f"{name}: memory grows, {middle:.1f} MiB to {last:.1f} MiB")
    print(f"before {before}\nafter  {after}")
    print(
        f"opened {figures.opened}, echoed {figures.echoed}, died {figures.died}, wrong {len(figures.wrong)}"
    )
    for problem in problems:
        print("PROBLEM:", problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
