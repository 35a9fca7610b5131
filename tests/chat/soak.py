"""The long runs of the chat, for ``make soak``: the command, as a person starts it, with its log on disk.

chat     the server killed 100 times under a writer and a reader      crowd    1,000 clients in one room
frozen   one member of such a room whose process stands still, and goes on
"""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
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
from wsdemo.chat import Chat
from wsdemo.chat.limits import CHAT_LIMITS
from wsdemo.patterns.messages import PROTOCOL, frame
from wsdemo.patterns.reconnect import ReconnectingClient

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
            self.seconds.append(now - float(text[text.rindex(":") + 1 :].rstrip("}")))

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


#: A member in a process of its own: prints the offset of each message, and what it is told to be missing.
MEMBER = """
import functools, sys
from wsdemo import connect
from wsdemo.patterns.reconnect import QUIET, ReconnectingClient

def tell(event):
    if event["type"] not in QUIET:
        print(event["type"], flush=True)

def read(message):
    print(message["offset"], flush=True)

plain = functools.partial(connect, compression=False)
with ReconnectingClient(
    sys.argv[1], read, on_event=tell, token=lambda: "still.secret", connect=plain
) as client:
    client.join("#lobby", after=0)
    sys.stdin.read()
"""


class Member:
    """A member that can be stopped: `lines` is what it has printed."""

    def __init__(self, url: str) -> None:
        command = [sys.executable, "-c", MEMBER, url]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self.changed:
                self.lines.append(line.strip())
                self.changed.notify()

    def has(self, count: int) -> bool:
        """Wait until it has printed so many lines."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.lines) >= count, PATIENCE)


def frozen(folder: Path, scale: float) -> Iterator[Row]:
    """Messages of 60 kB to a room while all read, and while one stands still. Settings are the defaults."""
    size, count, turns = max(20, int(1_000 * scale)), 250, 3  # more than kernels keep
    here, sent = Crowd(), 0
    medians: dict[bool, list[float]] = {False: [], True: []}
    peak = cut_off = 0
    with Chat(db=folder / "chat.db") as chat:
        member = Member(chat.websocket_url)
        clients = [here.add(chat.websocket_url, f"u{number}") for number in range(size)]
        with here.changed:
            good = here.changed.wait_for(lambda: here.joined == size, PATIENCE)
        writer = ReconnectingClient(chat.websocket_url, print, token=lambda: "writer.secret")
        for still in [False, True] * turns:
            if still:
                member.process.send_signal(signal.SIGSTOP)
            here.seconds.clear()
            for done in range(1, count + 1):
                sent += 1
                writer.publish("#lobby", {"text": "x" * 60_000, "at": time.perf_counter()})
                good = here.heard(done * size) and good
                peak = max(peak, *(ws.pending for ws in chat.server.connections))
                time.sleep(0.02)  # 50 a second are allowed
            medians[still].append(statistics.median(here.seconds) * 1e3)
            cut_off += len(chat.server.connections) == size + 1  # the writer's and the others'
            member.process.send_signal(signal.SIGCONT)
            good = member.has(sent) and good
        writer.close()
        for ws in clients:
            ws.transport.abort()
    member.process.communicate()
    bound = CHAT_LIMITS.net.high_water + CHAT_LIMITS.rooms.page
    ordered = member.lines == [str(offset) for offset in range(1, sent + 1)]
    without, with_it = (statistics.median(medians[still]) for still in (False, True))
    turn = f"by turn {shown(medians[False])} and {shown(medians[True])}"
    yield (
        f"one of {size:,} frozen, {sent} messages of 60 kB",
        f"median of the others {without:.1f} ms without it, {with_it:.1f} ms with it "
        f"({(with_it / without - 1) * 100:+.1f} %; {turn}); "
        f"at most {peak:,} bytes pending of {bound:,}; cut off in {cut_off} of {turns} turns; "
        f"thawed: {'all in order' if ordered else 'NOT all in order'}; load {psutil.getloadavg()[0]:.1f}",
        good and ordered and peak <= bound,
    )


def shown(milliseconds: list[float]) -> str:
    return ", ".join(f"{one:.1f}" for one in milliseconds)
