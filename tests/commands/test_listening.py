"""Servers that listen on every address print one that a client on this machine can connect to."""

from __future__ import annotations

import socket

import pytest

from tests.processes import Start, end, line
from tests.waiting import DEADLINE
from wsdemo import connect, serve

HOSTS = [
    ("0.0.0.0", "127.0.0.1"),
    ("", "127.0.0.1"),
    ("::", "[::1]"),
    ("0:0:0:0:0:0:0:0", "[::1]"),
    ("127.0.0.1", "127.0.0.1"),
    ("localhost", "localhost"),
]


def skip_without(host: str) -> None:
    if ":" in host:
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            pytest.skip("no IPv6 on this machine")


@pytest.mark.parametrize(("host", "shown"), HOSTS)
def test_sniff_and_echo(start: Start, host: str, shown: str) -> None:
    skip_without(host)
    echo = start("echo", "--host", host)
    url = line(echo)
    assert url.startswith(f"ws://{shown}:")
    sniff = start("sniff", url, "--host", host)
    through = line(sniff).split()[2]
    assert through.startswith(f"ws://{shown}:")
    with connect(through) as ws:
        ws.send("hello")
        assert ws.recv(DEADLINE) == "hello"
    assert end(sniff)[0] == end(echo)[0] == 0


@pytest.mark.parametrize("protocol", ["raw", "websocket"])
@pytest.mark.parametrize(("host", "shown"), HOSTS)
def test_time_server(start: Start, host: str, shown: str, protocol: str) -> None:
    skip_without(host)
    server = start("time-server", "--port", "0", "--host", host, "--protocol", protocol)
    where = line(server).split()[3]
    assert where.startswith(f"{shown}:")
    address, _, port = where.rpartition(":")
    with socket.create_connection((address.strip("[]"), int(port)), DEADLINE):
        pass
    assert end(server)[0] == 0


@pytest.mark.parametrize(("host", "shown"), HOSTS)
def test_a_server_in_a_program(host: str, shown: str) -> None:
    skip_without(host)
    with serve(lambda ws, message: None, host) as server:
        assert server.url == f"ws://{shown}:{server.port}"
        connect(server.url).close()
