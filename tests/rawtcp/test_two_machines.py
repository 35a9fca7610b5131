"""Across a network: server and client in two network namespaces, joined by a cable that is a veth pair."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests import needs
from tests.waiting import DEADLINE

pytestmark = needs.root

HERE, THERE = "10.77.13.1", "10.77.13.2"


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=DEADLINE)


@pytest.fixture
def machines() -> Iterator[tuple[str, str]]:
    """Two namespaces with an address each, and nothing else but the cable between them."""
    names = tuple(f"wsdemo-{which}-{os.getpid()}" for which in ("here", "there"))
    try:
        for name in names:
            ip("netns", "add", name)
        ip("-n", names[0], "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", names[1])
        for name, address in zip(names, (HERE, THERE), strict=True):
            ip("-n", name, "address", "add", f"{address}/24", "dev", "cable")
            ip("-n", name, "link", "set", "cable", "up")
        yield names
    finally:
        for name in names:
            subprocess.run(
                ["ip", "netns", "delete", name], check=False, capture_output=True, timeout=DEADLINE
            )


@pytest.fixture
def start() -> Iterator[object]:
    running: list[subprocess.Popen[str]] = []

    def start(machine: str, *arguments: str) -> subprocess.Popen[str]:
        command = ["ip", "netns", "exec", machine, sys.executable, "-m", "wsdemo", *arguments]
        pipe = subprocess.PIPE
        running.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True))
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_server_for_other_machines(machines: tuple[str, str], start) -> None:
    here, there = machines
    server = start(here, "time-server", "--protocol", "raw", "--host", "0.0.0.0", "--every", "0.05")
    assert server.stdout.readline() == "time server on 127.0.0.1:1234 (raw), every 0.05 s; Ctrl-C ends it\n"
    client = start(there, "time-client", HERE, "--protocol", "raw")
    assert client.stdout.readline() == "Welcome! The time follows.\n"
    assert re.fullmatch(r"\d\d:\d\d:\d\d\n", client.stdout.readline())
    assert re.fullmatch(rf"client 1 came from {re.escape(THERE)}:\d+\n", server.stdout.readline())
    for process in (client, server):
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=DEADLINE)[1] == ""
        assert process.returncode == 0


def test_by_default_other_machines_are_not_served(machines: tuple[str, str], start) -> None:
    here, there = machines
    ip("-n", here, "link", "set", "lo", "up")
    server = start(here, "time-server", "--protocol", "raw")
    assert server.stdout.readline().startswith("time server on 127.0.0.1:1234 ")
    client = start(there, "time-client", HERE, "--protocol", "raw")
    out, err = client.communicate(timeout=DEADLINE)
    why = "connection refused; is the server running?"
    assert (client.returncode, out, err) == (
        1,
        "",
        f"wsdemo time-client: cannot connect to {HERE}:1234: {why}\n",
    )
