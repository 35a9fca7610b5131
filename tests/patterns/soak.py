"""The long runs of rooms and their log, as a table: ``python -m tests.patterns.soak [NAME …]``.

    kills     a server killed 200 times, a million messages         load     confirmations a second, latencies
    cuts      200 power cuts with FULL, 20 with NORMAL              frozen   one member among 1,000 who stops
    disk      the log alone: posts a second, latencies              storm    1,000 clients lose their server
    chat      the chat itself, killed 100 times                     crowd    1,000 clients in one of its rooms
    nodes     three processes on a NATS: a room of 3,000, and 50 kills of one of them or of the broker
    logins    200 at once, and the echo of others beside them       forged   10,000 sealed messages, none true
    revocations   how soon 200 of them are felt
    pages     the chat killed 100 times under two pages, a program and a terminal in one room

The status is 1 where something is lost, doubled or out of order. Latencies are those of this machine, now:
the first line says how busy it was.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil

from tests.chat.soak import chat, crowd, frozen
from tests.chat.storming import forged, logins, revocations
from tests.patterns.killing import Process, kill_loop
from tests.patterns.manynodes import nodes
from tests.patterns.roomserver import AWAY, slowly
from tests.patterns.test_sqlitelog import power_cut
from tests.web.soak import pages
from wsdemo import connect
from wsdemo.patterns.log import Outcome, Post
from wsdemo.patterns.messages import PROTOCOL, frame
from wsdemo.patterns.reconnect import ReconnectingClient
from wsdemo.patterns.sqlitelog import SqliteLog

Row = tuple[str, str, bool]


def kills(folder: Path, scale: float) -> Iterator[Row]:
    begun = time.monotonic()
    found = kill_loop(folder / "log.db", max(2, int(200 * scale)), 5_000)
    told = f"{found.lost} lost, {found.doubled} doubled, {found.disordered} out of order, told: {found.told}"
    seconds = time.monotonic() - begun
    yield (
        f"{found.kills} kills, {found.published:,} confirmed, {seconds:.0f} s",
        told,
        found.read == list(range(1, found.published + 1)) and not found.told,
    )


def cuts(folder: Path, scale: float) -> Iterator[Row]:
    for synchronous, count in (("FULL", int(200 * scale)), ("NORMAL", int(20 * scale))):
        confirmed = lost = broken = 0
        for seed in range(max(2, count)):
            place = folder / f"{synchronous}{seed}"
            place.mkdir()
            told, there, bad = power_cut(place, seed, synchronous)
            confirmed, lost, broken = confirmed + told, lost + max(0, told - there), broken + bad
        good = not (lost or broken) if synchronous == "FULL" else bool(lost or broken)
        name = f"{max(2, count)} power cuts, {synchronous}, {confirmed:,} confirmed"
        yield name, f"{lost:,} lost, {broken} broken", good


class Client:
    """A client of few words, fast enough to measure with. ``heard``: called with each message."""

    def __init__(self, url: str, user: str, heard: Callable[[dict], None]) -> None:
        self.ws = connect(url, subprotocols=[PROTOCOL], compression=False)
        self.ws.send(frame("hello", v=1, device=f"{user}-{random.random()}", token=user))
        assert json.loads(self.ws.recv(20))["type"] == "welcome"
        self.thread = threading.Thread(target=self._read, args=(heard,), daemon=True)
        self.thread.start()

    def _read(self, heard: Callable[[dict], None]) -> None:
        for text in self.ws:
            heard(json.loads(text))


class Flight:
    """Ten devices that publish, each with at most 64 on their way; the seconds to each confirmation."""

    def __init__(self, url: str, devices: int = 10) -> None:
        self.seconds: list[float] = []
        self.changed = threading.Condition()
        self.confirmed = [0] * devices
        self.at: list[list[float]] = [[0.0] for _ in range(devices)]
        self.clients = [
            Client(url, f"user{k}", lambda message, k=k: self._heard(k, message)) for k in range(devices)
        ]

    def _heard(self, k: int, message: dict) -> None:
        if message["type"] == "confirm":
            now = time.perf_counter()
            with self.changed:
                sent = self.at[k]
                self.seconds += [now - sent[n] for n in range(self.confirmed[k] + 1, message["n"] + 1)]
                self.confirmed[k] = message["n"]
                self.changed.notify_all()
        elif message["type"] == "error":
            raise AssertionError(message)

    def publish(self, k: int) -> None:
        n = len(self.at[k])
        self.at[k].append(time.perf_counter())
        self.clients[k].ws.send(frame("publish", n=n, channel=f"#room{k}", body="x" * 100))

    def run(self, seconds: float, rate: float | None) -> float:
        """Publish at a rate, or as fast as 640 in flight allow; confirmations a second."""
        begun, sent = time.perf_counter(), 0
        while (now := time.perf_counter()) - begun < seconds:
            if rate is not None and sent >= (now - begun) * rate:
                time.sleep(0.0005)
                continue
            with self.changed:
                free = [k for k, at in enumerate(self.at) if len(at) - 1 - self.confirmed[k] < 64]
                if not free:
                    self.changed.wait(1.0)
                    continue
            for k in free if rate is None else [free[sent % len(free)]]:
                self.publish(k)
                sent += 1
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.seconds) >= sent, 30)
        return sent / (time.perf_counter() - begun)

    def close(self) -> None:
        for client in self.clients:
            client.ws.close()


def quantiles(seconds: list[float]) -> str:
    cut = statistics.quantiles(seconds, n=100)
    return f"p50 {cut[49] * 1e3:.2f} ms, p99 {cut[98] * 1e3:.2f} ms"


#: A process that asks over another connection for a while, what needs no log: milliseconds to the answer.
ECHO = """
import statistics, sys, time
from wsdemo import connect
from wsdemo.patterns.messages import PROTOCOL, frame

with connect(sys.argv[1], subprotocols=[PROTOCOL]) as ws:
    ws.send(frame("hello", v=1, device="echo", token="echo"))
    ws.recv(20)
    found, end = [], time.monotonic() + float(sys.argv[2])
    while time.monotonic() < end:
        begun = time.perf_counter()
        ws.send(frame("leave", id=len(found) + 1, channel="#none"))
        assert "not_joined" in ws.recv(20)
        found.append((time.perf_counter() - begun) * 1e3)
        time.sleep(0.01)
cut = statistics.quantiles(found, n=100)
print(f"p50 {cut[49]:.2f} ms, p99 {cut[98]:.2f} ms")
"""


def echo(url: str, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ECHO, url, str(seconds)], stdout=subprocess.PIPE, text=True
    )


def load(folder: Path, scale: float) -> Iterator[Row]:
    """Publish at a rate, on this disk and on one that takes 5 ms more for each commit."""
    seconds = max(2.0, 10 * scale)
    for slow in (0.0, 0.005):
        server, disk = Process(folder / f"{slow}.db", slow), f"+{slow * 1e3:.0f} ms a commit"
        yield f"echo alone, {disk}", echo(server.url, 2.0).communicate()[0].strip(), True
        for name, rate in (("1,000/s", 1_000.0), ("8,000/s", 8_000.0), ("640 in flight", None)):
            flight, beside = Flight(server.url), echo(server.url, seconds - 1.0)
            done = flight.run(seconds, rate)
            flight.close()
            told = f"{done:,.0f}/s confirmed, {quantiles(flight.seconds)}"
            others = f"others' echo {beside.communicate()[0].strip()}"
            yield f"publish, {name}, {disk}", f"{told}; {others}", True
        server.close()


def disk(folder: Path, scale: float) -> Iterator[Row]:
    """The log alone, without a server: posts of 100 bytes, at a rate or as many in flight as may be."""
    for slow in (0.0, 0.005):
        connect = partial(sqlite3.connect, timeout=0, isolation_level=None, factory=slowly(slow))
        for name, rate in (("1,000/s", 1_000.0), ("8,000/s", 8_000.0), ("640 in flight", None)):
            at: list[float] = []
            seconds: list[float] = []
            room = threading.Semaphore(640)

            def done(outcomes: list[Outcome], at=at, seconds=seconds, room=room) -> None:  # type: ignore[no-untyped-def]
                now = time.perf_counter()
                seconds += [now - at[outcome.post.n - 1] for outcome in outcomes]
                room.release(len(outcomes))

            begun = time.perf_counter()
            with SqliteLog(folder / f"{slow} {rate}.db", done, connect=connect) as log:
                while (now := time.perf_counter()) - begun < max(1.0, 5 * scale):
                    if rate is not None and len(at) >= (now - begun) * rate:
                        time.sleep(0.0002)
                        continue
                    room.acquire()
                    at.append(time.perf_counter())
                    assert log.append(Post("#lobby", "phone", len(at), "ann", "x" * 100))
            rate_found = len(at) / (time.perf_counter() - begun)
            what = f"the log alone, {name}, +{slow * 1e3:.0f} ms a commit"
            yield what, f"{rate_found:,.0f}/s confirmed, {quantiles(seconds)}", len(seconds) == len(at)


class Storm:
    """Clients that all lose one server, again and again, and the times at which they are told something."""

    def __init__(self, url: str, count: int) -> None:
        self.count = count
        self.told: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
        self.clients = [
            ReconnectingClient(
                url,
                print,
                on_event=lambda event: self.told.put((event["type"], time.monotonic())),
                token=lambda k=k: f"user{k}",  # type: ignore[misc]
            )
            for k in range(count)
        ]

    def times(self, kind: str) -> list[float]:
        """The times of an event, as many as there are clients."""
        found: list[float] = []
        while len(found) < self.count:
            told, at = self.told.get(timeout=120)
            found += [at] if told == kind else []
        return found

    def use(self) -> None:
        """A message of each: after a connection of use the waits begin anew."""
        for client in self.clients:
            client.publish("#lobby", 1)
        self.times("confirm")


def storm(folder: Path, scale: float) -> Iterator[Row]:
    """Clients that all lose their server for 3 seconds, in turns: killed, or killed when it has told them."""
    server = Process(folder / "log.db")
    many = Storm(server.url, max(20, int(1_000 * scale)))
    many.times("welcome")
    found: dict[bool, list[tuple[int, float, float]]] = {False: [], True: []}
    for told in (False, True) * 3:
        many.use()
        if told:
            server.say_goodbye()
            many.times("away")
        server.kill()
        begun = time.monotonic()
        time.sleep(AWAY - 1.0)  # and some time to start: it is there when it said
        server.start()
        up = time.monotonic()
        back = many.times("welcome")
        most = max(sum(at <= other < at + 0.1 for other in back) for at in back)
        found[told].append((most, max(back) - up, up - begun))
    for told, name in ((False, "killed"), (True, "with its word")):
        most, last, away = (
            ", ".join(f"{one:.3g}" for one in column) for column in zip(*found[told], strict=True)
        )
        yield (
            f"{many.count} clients, server {name}",
            f"at most {most} within 100 ms, the last one {last} s after it was there again; away {away} s; "
            f"load {os.getloadavg()[0]:.1f}",
            True,
        )
    for client in many.clients:
        threading.Thread(target=client.close, args=(1.0,), daemon=True).start()
    server.close()


RUNS = {
    run.__name__: run
    for run in (
        *(kills, cuts, disk, load, frozen, storm, chat, crowd, nodes),
        *(logins, revocations, forged, pages),
    )
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(RUNS)}; all by default")
    parser.add_argument("--scale", type=float, default=1.0, help="the length of the runs: 0.05 is a minute")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in RUNS]:
        parser.error(f"no run is named {unknown[0]}, choose of {', '.join(RUNS)}")
    busy = f"{psutil.cpu_percent(0.5):.0f} % busy, load {os.getloadavg()[0]:.1f}"
    print(f"{os.cpu_count()} cores, before: {busy}", flush=True)
    good = True
    for name in options.names or RUNS:
        with tempfile.TemporaryDirectory() as folder:
            for what, figures, fine in RUNS[name](Path(folder), options.scale):
                good = good and fine
                print(f"{'ok ' if fine else 'BAD'} {what:48} {figures}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
