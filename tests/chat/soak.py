"""The long runs of the chat, for ``make soak``: the command, as a person starts it, with its log on disk.

chat     the server killed 100 times under a writer and a reader      crowd    1,000 clients in one room
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.chat.killing import ChatProcess
from tests.patterns.killing import kill_loop
from tests.waiting import DEADLINE
from wsdemo import Connection, connect
from wsdemo.patterns.messages import PROTOCOL, frame

Row = tuple[str, str, bool]

#: Seconds that the slowest of all may take to join, or to hear of a message.
PATIENCE = 120.0


def chat(folder: Path, scale: float) -> Iterator[Row]:
    begun = time.monotonic()
    found = kill_loop(folder / "chat.db", max(2, int(100 * scale)), 60, server=ChatProcess)
    yield (
        f"{found.kills} kills of a chat, {found.published:,} confirmed, {time.monotonic() - begun:.0f} s",
        f"{found.lost} lost, {found.doubled} doubled, {found.disordered} out of order, told: {found.told}",
        found.read == list(range(1, found.published + 1)) and not found.told,
    )


class Crowd:
    """Clients in a room, all in one thread, and the seconds from a message's sending to each of them."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.joined = 0
        self.changed = threading.Condition()

    def on_message(self, ws: Connection, text: str) -> None:
        now = time.perf_counter()
        kind = text[9:16]
        if kind == "welcome":
            ws.send(frame("join", id=1, channel="#lobby"))
        elif kind[:2] == "ok":
            with self.changed:
                self.joined += 1
                self.changed.notify()
        elif kind == "message":
            self.seconds.append(now - float(text[text.rindex(":") + 1 : -1]))

    def add(self, url: str, user: str) -> Connection:
        ws = connect(url, self, subprotocols=[PROTOCOL], compression=False)
        ws.send(frame("hello", v=1, device="one", token=f"{user}.secret"))
        return ws

    def heard(self, number: int) -> bool:
        """Wait until this many deliveries were counted."""
        deadline = time.monotonic() + PATIENCE
        while len(self.seconds) < number and time.monotonic() < deadline:
            time.sleep(0.05)
        return len(self.seconds) == number


def crowd(folder: Path, scale: float) -> Iterator[Row]:
    process, here = ChatProcess(folder / "chat.db"), Crowd()
    size, messages = max(50, int(1_000 * scale)), max(20, int(200 * scale))
    server = psutil.Process(process.child.pid)
    before = server.memory_info().rss
    clients = [here.add(process.url, f"u{number}") for number in range(size)]
    with here.changed:
        all_in = here.changed.wait_for(lambda: here.joined == size, PATIENCE)
    memory = (server.memory_info().rss - before) / size
    with connect(process.url, subprotocols=[PROTOCOL], compression=False) as writer:
        writer.send(frame("hello", v=1, device="one", token="writer.secret"))
        confirmed = publish_slowly(writer, messages)
    good = all_in and confirmed and here.heard(size * messages)
    cut = [second * 1e3 for second in statistics.quantiles(here.seconds, n=100)]
    delivered = f"{len(here.seconds):,} deliveries of {size * messages:,}"
    yield (
        f"{size:,} clients, {messages} messages at 5/s, on disk",
        f"{delivered}, p50 {cut[49]:.1f} ms, p99 {cut[98]:.1f} ms; "
        f"{memory / 1024:.1f} KiB of server a client; load {psutil.getloadavg()[0]:.1f}",
        good,
    )
    for ws in clients:
        ws.transport.abort()
    process.close()


def publish_slowly(writer: Any, messages: int) -> bool:
    """Five a second, each with the time of its sending; whether all were confirmed."""
    assert "welcome" in writer.recv(DEADLINE)
    for n in range(1, messages + 1):
        writer.send(frame("publish", n=n, channel="#lobby", body=time.perf_counter()))
        time.sleep(0.2)
    while f'"n":{messages}}}' not in (answer := writer.recv(DEADLINE)):
        assert "confirm" in answer
    return True
