"""Cuts, resets and kills at random instants: nothing is lost, nothing is doubled, nothing is out of order."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys

import pytest

from tests.patterns.chatserver import ChatServer
from tests.waiting import DEADLINE, Seen
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.outbox import Outbox
from wsdemo.patterns.reconnect import ReconnectingClient
from wsdemo.proxy.chaos import Chaos, Cut, Pass, Reset, Rough

#: Kills of one run; the long runs have their own target in the Makefile.
KILLS = int(os.environ.get("WSDEMO_CUTS", "4"))


class Cutting(Chaos):
    """A network that cuts each connection after a random number of bytes in a random direction."""

    def __init__(self, port, seed):
        self.chance, self.cuts = random.Random(seed), 0
        super().__init__("127.0.0.1", port)

    def pipe(self, source, target, direction):
        self.cuts += 1
        steps = (Pass(self.chance.randint(200, 6000)), self.chance.choice([Cut(), Reset()]))
        return Rough(source, target, direction, steps)


@pytest.mark.parametrize("seed", range(3))
def test_cuts_at_random_bytes(seed):
    read, told = Seen(), Seen()
    with (
        ChatServer() as server,
        Cutting(server.server.port, seed) as network,
        ReconnectingClient(
            f"ws://127.0.0.1:{network.port}/", read, on_event=told, waits=Waits(0.001, 0.005)
        ) as client,
    ):
        client.join("#lobby", after=0)
        for body in range(400):
            client.publish("#lobby", body)
        client.flush(3 * DEADLINE)
        assert server.bodies() == list(range(400))
        assert [read.next()["body"] for _ in range(400)] == list(range(400))
        assert len(server.hellos) >= 5 and network.cuts >= 10
        kinds = {told.next()["type"] for _ in range(400) if not told.empty()}
        assert kinds <= {"welcome", "confirm", "away"}  # nothing is told to be lost


CLIENT = """
import sys
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.outbox import Outbox
from wsdemo.patterns.reconnect import ReconnectingClient

def effect(db, message):
    db.execute("INSERT INTO read VALUES (?)", (message["offset"],))  # twice would be an error

with Outbox(sys.argv[1], effect=effect) as outbox:
    outbox._db.execute("CREATE TABLE IF NOT EXISTS read (offset INTEGER PRIMARY KEY)")
    (key,) = outbox._db.execute("SELECT seq FROM sqlite_sequence").fetchone() or (0,)
    waits = Waits(0.001, 0.01)
    with ReconnectingClient(sys.argv[2], lambda message: None, outbox=outbox, waits=waits) as client:
        client.join("#lobby", after=0)
        while True:
            key += 1
            assert client.publish("#lobby", key) == key
            print(key, flush=True)
"""


def test_a_client_that_is_killed_comes_back_with_its_outbox(tmp_path):
    chance, path = random.Random(7), str(tmp_path / "me.db")
    with ChatServer() as server:
        last = 0
        for _ in range(KILLS):
            with subprocess.Popen(
                [sys.executable, "-c", CLIENT, path, server.url], stdout=subprocess.PIPE, text=True
            ) as process:
                for _ in range(chance.randint(1, 300)):
                    last = int(process.stdout.readline())
                process.send_signal(signal.SIGKILL)
                last = int([last, *process.stdout.read().split()][-1])
        read = Seen()
        with Outbox(path) as outbox, ReconnectingClient(server.url, read, outbox=outbox) as client:
            before = [offset for (offset,) in outbox._db.execute("SELECT offset FROM read ORDER BY offset")]
            client.flush(DEADLINE)
            assert server.bodies() in (list(range(1, last + 1)), list(range(1, last + 2)))
            top = len(server.bodies())
            client.join("#lobby")
            while len(before) < top:
                before.append(read.next()["offset"])
        assert before == list(range(1, top + 1))
        assert len(server.hellos) > KILLS // 2
