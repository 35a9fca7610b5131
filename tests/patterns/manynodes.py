"""The long runs of several nodes on a NATS: a room of thousands, and kills of nodes and of the broker."""

from __future__ import annotations

import contextlib
import json
import random
import selectors
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.waiting import DEADLINE
from wsdemo import connect
from wsdemo.alternatives.serving import reserved_port
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.messages import PROTOCOL, frame
from wsdemo.patterns.natsserver import NatsServer
from wsdemo.patterns.reconnect import ReconnectingClient

Row = tuple[str, str, bool]


class Node:
    """A node in a process of its own, started again on the same port after each kill. ``url``: the NATS."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.port, self._held = reserved_port()
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.patterns.nodeserver", self.url, str(self.port)]
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        assert int(self.child.stdout.readline()) == self.port

    def kill(self) -> None:
        self.child.kill()
        self._end()

    def close(self) -> None:
        self.child.stdin.close()
        self._end()
        self._held.close()

    def _end(self) -> None:
        self.child.wait(DEADLINE)
        self.child.stdin.close()
        self.child.stdout.close()

    @property
    def memory(self) -> int:
        return psutil.Process(self.child.pid).memory_info().rss


# -- a room of thousands ----------------------------------------------------------------------------------


class Crowd:
    """Members of one room over raw sockets, in one thread: they only look for a mark in what comes."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()

    def enter(self, ports: list[int], count: int) -> None:
        for k in range(count):
            self._connect(ports[k % len(ports)], f"u{k}")

    def _connect(self, port: int, user: str) -> None:
        sock = socket.create_connection(("127.0.0.1", port), DEADLINE)
        sock.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n".encode()
            + masked(frame("hello", v=1, device="d", token=user))
        )
        await_mark(sock, b'"welcome"')
        sock.sendall(masked(frame("join", id=1, channel="#lobby")))
        await_mark(sock, b'"complete"')
        sock.setblocking(False)
        self.selector.register(sock, selectors.EVENT_READ, bytearray())

    def wait_for(self, mark: bytes, since: float) -> list[float]:
        """Seconds until each member has it."""
        missing, seconds = {key.fileobj for key in self.selector.get_map().values()}, []
        deadline = time.perf_counter() + DEADLINE
        while missing:
            assert time.perf_counter() < deadline, f"{len(missing)} of the members have not heard it"
            for key, _ in self.selector.select(1.0):
                data = key.data
                got = key.fileobj.recv(65536)
                assert got, f"a member was disconnected: {bytes(data[-80:])}"
                data += got
                if mark in data:
                    seconds.append(time.perf_counter() - since)
                    missing.discard(key.fileobj)
                    data.clear()
        return seconds

    def close(self) -> None:
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


def masked(text: str) -> bytes:
    """A short text frame of a client, with the masking key 0."""
    payload = text.encode()
    assert len(payload) < 126
    return bytes((0x81, 0x80 | len(payload))) + bytes(4) + payload


def await_mark(sock: socket.socket, mark: bytes) -> None:
    data = b""
    while mark not in data:
        got = sock.recv(65536)
        assert got, data
        data += got


def room(ports: list[int], members: int, rounds: int) -> list[float]:
    """Seconds from publishing to each member, for all rounds."""
    crowd, seconds = Crowd(), []
    crowd.enter(ports, members)
    with contextlib.closing(connect(f"ws://127.0.0.1:{ports[0]}/", subprotocols=[PROTOCOL])) as writer:
        writer.send(frame("hello", v=1, device="d", token="writer"))
        writer.recv(DEADLINE)
        for n in range(1, rounds + 1):
            since = time.perf_counter()
            writer.send(frame("publish", n=n, channel="#lobby", body=f"mark{n}."))
            seconds += crowd.wait_for(b'"mark%d."' % n, since)
            writer.recv(DEADLINE)
    crowd.close()
    return seconds


def quantiles(seconds: list[float]) -> tuple[float, float]:
    cut = statistics.quantiles(seconds, n=100)
    return cut[49], cut[98]


def nodes(folder: Path, scale: float) -> Iterator[Row]:
    """A room of 3,000 on three nodes and on one; nodes and the broker killed 50 times under load."""
    members, rounds = max(30, int(3_000 * scale)), max(5, int(30 * scale))
    alone = Node("")
    empty_alone = alone.memory
    one = quantiles(room([alone.port], members, rounds))
    alone.close()
    with NatsServer(folder / "nats") as broker:
        three = [Node(broker.url) for _ in range(3)]
        empty_node = three[0].memory
        many = quantiles(room([node.port for node in three], members, rounds))
        for node in three:
            node.close()
    yield (
        f"{members:,} in one room, {rounds} messages, to each member",
        f"one process p50 {one[0] * 1e3:.0f} ms, p99 {one[1] * 1e3:.0f} ms; three "
        f"on NATS {many[0] * 1e3:.0f}, {many[1] * 1e3:.0f} ms: "
        f"{many[0] / one[0]:.2f} and {many[1] / one[1]:.2f} times",
        True,
    )
    yield (
        "memory of an empty node",
        f"{empty_alone / 2**20:.1f} MiB with a file, {empty_node / 2**20:.1f} MiB with NATS",
        True,
    )
    yield from come_back(folder, max(5, int(60 * scale)))
    yield from kills(folder, max(3, int(50 * scale)))


# -- kills ------------------------------------------------------------------------------------------------


def come_back(folder: Path, count: int) -> Iterator[Row]:
    """The clients of a killed node go to another one."""
    with NatsServer(folder / "back") as broker, contextlib.ExitStack() as opened:
        dying, other = Node(broker.url), Node(broker.url)
        opened.callback(other.close)
        ports, back, killed = [dying.port], [], [0.0]
        arrived = threading.Semaphore(0)

        def event(event: dict) -> None:
            if event["type"] == "welcome":
                if killed[0]:
                    back.append(time.perf_counter() - killed[0])
                arrived.release()

        def dial(url: str, **options):
            return connect(f"ws://127.0.0.1:{ports[0]}/", **options)

        for k in range(count):
            opened.enter_context(
                ReconnectingClient(
                    "ws://127.0.0.1:1/", print, on_event=event, token=lambda k=k: f"u{k}", connect=dial
                )
            )
        assert all(arrived.acquire(timeout=DEADLINE) for _ in range(count))
        killed[0], ports[0] = time.perf_counter(), other.port
        dying.kill()
        assert all(arrived.acquire(timeout=DEADLINE) for _ in range(count))
        yield (
            f"a node killed, its {count} clients on another one",
            f"median {statistics.median(back):.2f} s, last {max(back):.2f} s (backoff: 0 to 0.5 s at first)",
            True,
        )


@dataclass
class Reader:
    """A member who notes what it reads, and what it should not be told."""

    read: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def message(self, message: dict) -> None:
        with self.changed:
            self.read.append(message["body"])
            self.changed.notify_all()

    def event(self, event: dict) -> None:
        if event["type"] in ("incomplete", "dropped", "doubled", "parked", "refused", "ended", "gap"):
            self.told.append(json.dumps(event))

    def wait_for(self, number: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.read and self.read[-1] >= number, 3 * DEADLINE), (
                f"{self.read[-1:]} of {number}"
            )


def kills(folder: Path, count: int, messages: int = 100, seed: int = 1) -> Iterator[Row]:
    """A writer that moves between two nodes, a reader on each, and one of the three processes killed."""
    chance, published, back = random.Random(seed), 0, []
    soon = {"base": 0.02, "cap": 0.2}
    with NatsServer(folder / "kills") as broker, contextlib.ExitStack() as opened:
        two = [Node(broker.url) for _ in range(2)]
        readers = [Reader() for _ in two]
        told = Reader()

        def anywhere(url: str, **options):
            return connect(f"ws://127.0.0.1:{chance.choice(two).port}/", **options)

        def client(reader: Reader, user: str, port: int, **options) -> ReconnectingClient:
            made = ReconnectingClient(
                f"ws://127.0.0.1:{port}/",
                reader.message,
                on_event=reader.event,
                token=lambda: user,
                waits=Waits(**soon),
                **options,
            )
            return opened.enter_context(made)

        for reader, node in zip(readers, two, strict=True):
            client(reader, f"reader{node.port}", node.port).join("#lobby", after=0)
        writer = client(told, "writer", 1, connect=anywhere)
        for kill in range(count):
            for _ in range(chance.randint(messages // 2, messages)):
                published += 1
                writer.publish("#lobby", published, timeout=3 * DEADLINE)
            victim = (broker, *two)[kill % 3]
            victim.kill()
            victim.start()
            healed = time.perf_counter()
            published += 1
            writer.publish("#lobby", published, timeout=3 * DEADLINE)
            for reader in readers:
                reader.wait_for(published)
            back.append(time.perf_counter() - healed)
        for node in two:
            opened.callback(node.close)
        writer.flush(DEADLINE)
    lost = sum(len(set(range(1, published + 1)) - set(reader.read)) for reader in readers)
    doubled = sum(len(reader.read) - len(set(reader.read)) for reader in readers)
    order = all(reader.read == sorted(reader.read) for reader in readers)
    wrong = [*told.told, *(text for reader in readers for text in reader.told)]
    yield (
        f"{count} kills of the broker or a node, {published:,} confirmed",
        f"{lost} lost, {doubled} doubled, in order: {order}, told {wrong[:3]}; delivery "
        f"back after {statistics.median(back):.2f} s, at most {max(back):.2f} s",
        not (lost or doubled or wrong) and order,
    )
