"""Rooms, a log on disk and a client that comes back: the network cuts, the server is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys

import pytest

from tests.patterns.test_kills import Cutting
from tests.waiting import DEADLINE, Seen
from wsdemo import serve
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.patterns.reconnect import ReconnectingClient
from wsdemo.patterns.rooms import Rooms
from wsdemo.patterns.session import RoomLimits
from wsdemo.patterns.sqlitelog import SqliteLog

COUNT = 400
#: Kills of one run; the long runs have their own target in the Makefile.
KILLS = int(os.environ.get("WSDEMO_CUTS", "4"))


@pytest.mark.parametrize("rate", [(1e6, 1e6), (400.0, 20.0)])
def test_over_a_network_that_cuts(tmp_path, rate):
    rooms, read = Rooms(limits=RoomLimits(publishes=rate)), Seen()
    with (
        serve(rooms, subprotocols=[PROTOCOL], authorize=lambda request: "ann") as server,
        SqliteLog(tmp_path / "log.db", rooms.stored, call=server.call_soon) as log,
        Cutting(server.port, 1) as network,
    ):
        server.call_soon(rooms.begin, server, log)
        url = f"ws://127.0.0.1:{network.port}/"
        with ReconnectingClient(url, read, waits=Waits(0.001, 0.01)) as client:
            client.join("@ann", after=0)
            for body in range(COUNT):
                client.publish("@ann", body)
            client.flush(2 * DEADLINE)
            assert [read.next()["body"] for _ in range(COUNT)] == list(range(COUNT))
        assert network.cuts > 6
        assert not [error for _, error in server.errors if not isinstance(error, ConnectionError)]


SERVER = """
import sys
from wsdemo import serve
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.patterns.rooms import Rooms
from wsdemo.patterns.session import RoomLimits
from wsdemo.patterns.sqlitelog import SqliteLog

rooms = Rooms(limits=RoomLimits(publishes=(1e6, 1e6)))
server = serve(rooms, port=int(sys.argv[1]), subprotocols=[PROTOCOL], authorize=lambda request: "ann")
log = SqliteLog(sys.argv[2], rooms.stored, call=server.call_soon)
server.call_soon(rooms.begin, server, log)
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_server_that_is_killed_at_random_instants(tmp_path, port):
    chance, read, confirmed = random.Random(5), Seen(), Seen()
    command = [sys.executable, "-c", SERVER, str(port), str(tmp_path / "log.db")]

    def on_event(event):
        if event["type"] == "confirm":
            confirmed(event["n"])

    url, count = f"ws://127.0.0.1:{port}/", 0
    with ReconnectingClient(url, read, on_event=on_event, waits=Waits(0.001, 0.02)) as client:
        client.join("#lobby", after=0)
        for _ in range(KILLS):
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as process:
                assert process.stdout.readline() == "ready\n"
                for _ in range(chance.randint(50, 600)):
                    client.publish("#lobby", count)
                    count += 1
                confirmed.next()  # one may stand for all of them
                process.send_signal(signal.SIGKILL)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            client.flush(DEADLINE)
            assert [read.next()["body"] for _ in range(count)] == list(range(count))
            process.stdin.close()
