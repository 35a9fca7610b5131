"""Fan-out of one message to many raw clients, against a minimal loop of ``sendall`` over the same sockets.

    python tests/benchmarks/fanout_raw.py [--clients 1000] [--rounds 60] [--size 64]

The server runs in this process, the clients in another one that only reads and counts. Rounds of the two ways
alternate, in changing order, so that a busy moment hits both; both run in the reactor's thread, and a round
begins when every client has the message of the round before. Two durations of each, as ratios of medians:

- sending: until the last socket has taken its bytes;
- delivery: until the last client has read them.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import multiprocessing
import multiprocessing.connection
import os
import selectors
import socket
import statistics
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from wsdemo.protocol.limits import Limits
from wsdemo.rawtcp import TimeServer, serialize

#: Seconds for anything here to happen.
DEADLINE = 60.0

WELCOME = "welcome"


class Round(NamedTuple):
    """Seconds that one fan-out took."""

    sending: float
    delivery: float


class Result(NamedTuple):
    """Medians of all rounds, in seconds."""

    ours: Round
    minimal: Round

    @property
    def sending(self) -> float:
        """Ratio of ours to the minimal loop."""
        return self.ours.sending / self.minimal.sending

    @property
    def delivery(self) -> float:
        """Ratio of ours to the minimal loop."""
        return self.ours.delivery / self.minimal.delivery


def allow_files(count: int) -> None:
    """Raise the soft limit of open files to ``count``, where there is such a limit and we may."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < count:
            resource.setrlimit(resource.RLIMIT_NOFILE, (count if hard < 0 else min(count, hard), hard))


def readers(port: int, count: int, size: int, pipe: multiprocessing.connection.Connection) -> None:
    """The clients' process: connect, then tell the time whenever all of them have ``size`` bytes more."""
    allow_files(count + 100)
    selector = selectors.DefaultSelector()
    clients = [socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) for _ in range(count)]
    for client in clients:
        client.setblocking(False)
        selector.register(client, selectors.EVENT_READ, client.recv)
    selector.register(pipe, selectors.EVENT_READ)
    expected = len(serialize(WELCOME)) * count
    while True:
        while expected > 0:
            for key, _ in selector.select(DEADLINE):
                if key.data is None:  # the server's process says that it is over
                    return
                expected -= len(key.data(65536))
        pipe.send(time.monotonic())
        expected = size * count


def measure(clients: int = 1000, rounds: int = 60, size: int = 64) -> Result:
    """Run it, and give the medians."""
    allow_files(clients + 100)
    text = "x" * size
    data = serialize(text)
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    with TimeServer(every=math.inf, welcome=WELCOME, limits=Limits(backlog=4096)) as server:
        process = multiprocessing.get_context("spawn").Process(
            target=readers, args=(server.port, clients, len(data), theirs), daemon=True
        )
        process.start()
        try:
            delivered(ours)
            sockets = [peer.transport.sock for peer in server.clients]

            def minimal() -> None:
                for sock in sockets:
                    sock.sendall(data)

            ways: list[Callable[[], None]] = [lambda: server.broadcast(text), minimal]
            taken: tuple[list[Round], list[Round]] = ([], [])
            for number in range(2 * rounds):
                which = (number + number // 2) % 2  # a b b a a b b a …
                taken[which].append(fan_out(server, ways[which], ours))
        finally:
            ours.send(None)
            process.join(DEADLINE)
    return Result(*(Round(*map(statistics.median, zip(*way, strict=True))) for way in taken))


def fan_out(
    server: TimeServer, send: Callable[[], None], pipe: multiprocessing.connection.Connection
) -> Round:
    """One round, in the reactor's thread."""
    spans: list[float] = []
    done = threading.Event()

    def run() -> None:
        spans.append(time.monotonic())
        send()
        spans.append(time.monotonic())
        done.set()

    server._reactor.call_soon(run)
    if not done.wait(DEADLINE):
        raise TimeoutError("the fan-out did not end")
    started, sent = spans
    return Round(sent - started, delivered(pipe) - started)


def delivered(pipe: multiprocessing.connection.Connection) -> float:
    """When the last client had its bytes, in seconds on the monotonic clock, which both processes share."""
    if not pipe.poll(DEADLINE):
        raise TimeoutError("not every client got the message")
    moment: float = pipe.recv()
    return moment


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--size", type=int, default=64, help="bytes of payload")
    options = parser.parse_args()
    result = measure(options.clients, options.rounds, options.size)
    load = "" if not hasattr(os, "getloadavg") else f", load {os.getloadavg()[0]:.1f}"
    print(f"{options.clients} clients, {options.size} bytes, medians of {options.rounds} rounds, ", end="")
    print(f"{os.cpu_count()} cores{load}")
    for what in ("sending", "delivery"):
        mine, plain = getattr(result.ours, what), getattr(result.minimal, what)
        print(f"{what:9}{mine * 1e3:8.2f} ms, minimal loop{plain * 1e3:8.2f} ms, ratio {mine / plain:.3f}")


if __name__ == "__main__":
    main()
