"""A chat on a cluster of three servers of NATS, as ``docs/operating.md`` configures and starts it.

Each server has a loopback address of its own, so the ports are those of the page.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.chat.front import PAGE, block
from tests.patterns.test_jetstream import until
from tests.processes import Start, line, run
from tests.waiting import DEADLINE, Seen
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.nats import Nats
from wsdemo.patterns.natsserver import NatsServer
from wsdemo.patterns.reconnect import ReconnectingClient

if TYPE_CHECKING:
    from nats.aio.client import Client

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="all of 127.0.0.0/8 is loopback on Linux")


def here(text: str) -> str:
    """The three addresses of the page on this machine, which no other process of tests uses."""
    high, low = divmod(os.getpid() % 0x10000, 0x100)
    return text.replace("10.0.0.", f"127.{high}.{low}.")


class Clustered(NatsServer):
    """One server of the cluster: 1, 2 or 3."""

    def __init__(self, folder: Path, number: int) -> None:
        self.name, self.address = f"chat{number}", here(f"10.0.0.{number}")
        super().__init__(folder / self.name)

    def _configuration(self) -> str:
        head, routes = here(block("conf", 1)).split("routes")
        own = head.replace("chat1", self.name).replace(here("10.0.0.1"), self.address)
        own = own.replace('"jetstream"', f'"{self._folder}"')
        return f"{own}routes{routes}ports_file_dir: {self._folder}\n"

    def ask(self, path: str) -> Any:
        """What its monitoring answers; {} where it is not ready."""
        try:
            with urllib.request.urlopen(f"http://{self.address}:8222/{path}", timeout=DEADLINE) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            return {}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[Clustered]]:
    with contextlib.ExitStack() as opened:
        servers = [opened.enter_context(Clustered(tmp_path, number)) for number in (1, 2, 3)]
        until(lambda: all(server.ask("healthz") for server in servers))
        yield servers


def chat(start: Start) -> str:
    """A node, by the command of the page; the address of its WebSocket."""
    (command,) = re.findall(r"(?m)^python -m wsdemo (chat .*--replicas 3 .*)$", PAGE)
    words = here(command).split()
    words[words.index("--port") + 1] = "0"
    process = start(*words)
    found = re.fullmatch(r"chat on http(\S+); Ctrl-C ends it", line(process))
    assert found, process.stderr and process.stderr.read()
    return f"ws{found[1]}chat"


def stream(server: Clustered) -> Any:
    """The messages, as a server of the cluster sees them."""
    accounts = server.ask("jsz?streams=1&config=1").get("account_details", [])
    found = [found for account in accounts for found in account.get("stream_detail", ())]
    return found[0] if found else {"cluster": {}}


def lead(leader: Clustered) -> None:
    """Make one server the leader of the messages, whom the others follow."""

    async def ask(connection: Client) -> None:
        place = json.dumps({"placement": {"preferred": leader.name}})
        await connection.request("$JS.API.STREAM.LEADER.STEPDOWN.LOG", place.encode())

    def leads() -> bool:
        name = stream(leader)["cluster"].get("leader")
        if name and name != leader.name:
            nats.run(ask(nats._connection))
        return bool(name == leader.name)

    with Nats(f"nats://{leader.address}:4222") as nats:
        until(leads)


def test_a_server_of_three_that_is_killed_takes_nothing(start: Start, cluster: list[Clustered]) -> None:
    """It is the one that a node is connected to, and that the others follow."""
    read, told, soon = Seen(), [], {"base": 0.02, "cap": 0.2}

    def event(event: dict[str, Any]) -> None:
        if event["type"] not in ("welcome", "confirm", "away"):
            told.append(event)

    def client(url: str, user: str, message: Callable[[Any], object]) -> ReconnectingClient:
        return ReconnectingClient(
            url, message, on_event=event, token=lambda: f"{user}.s", waits=Waits(**soon)
        )

    one = chat(start)
    (victim,) = [server for server in cluster if server.ask("connz")["num_connections"]]
    assert stream(victim)["config"]["num_replicas"] == 3
    lead(victim)
    two = chat(start)
    with client(one, "ann", print) as ann, client(two, "bob", read) as bob:
        bob.join("#lobby", after=0)
        for number in range(1, 21):
            ann.publish("#lobby", number)
        assert [read.next()["body"] for _ in range(20)] == list(range(1, 21))
        for number in range(21, 41):
            ann.publish("#lobby", number)
        victim.kill()
        for number in range(41, 61):
            ann.publish("#lobby", number)
        assert [read.next()["body"] for _ in range(40)] == list(range(21, 61))
        ann.flush(DEADLINE)
    with client(one, "eve", read) as eve:
        eve.join("#lobby", after=0)
        assert [read.next()["body"] for _ in range(60)] == list(range(1, 61))
    assert read.empty() and not told


def test_more_replicas_than_servers_are_one_line(start: Start, tmp_path: Path) -> None:
    with NatsServer(tmp_path) as broker:
        found = run(start, "chat", "--port", "0", "--broker", broker.url, "--replicas", "3")
    why = "replicas > 1 not supported in non-clustered mode"
    assert found == (1, "", f"wsdemo chat: NATS keeps no log on 3 servers here: {why}\n")
