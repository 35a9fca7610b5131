"""``echo``: what it sends back, its bounds, its end."""

from __future__ import annotations

import os
import re
import signal
import socket

import pytest

from tests.ports import held_port
from tests.processes import Process, Start, end, line, run
from tests.waiting import DEADLINE
from wsdemo import Connection, ConnectionClosed, Limits, connect


def serve(start: Start, *options: str) -> tuple[Process, str]:
    """An echo server on a free port, and its URL: the first line it prints."""
    process = start("echo", *options)
    url = line(process)
    assert re.fullmatch(r"ws://(127\.0\.0\.1|\[::1\]):\d+", url)
    return process, url


def extensions(ws: Connection) -> str | None:
    assert ws.response is not None
    return ws.response.headers.get("sec-websocket-extensions")


def test_every_message_comes_back(start: Start) -> None:
    server, url = serve(start)
    with connect(url) as ws:
        for message in ("héllo 👋", "", b"\x00\xff", b"", "x" * 100_000):
            ws.send(message)
            assert ws.recv(DEADLINE) == message
        assert extensions(ws)
    assert end(server) == (0, "", "")


def test_without_compression(start: Start) -> None:
    _, url = serve(start, "--no-compression")
    with connect(url) as ws:
        assert extensions(ws) is None
        ws.send("hello")
        assert ws.recv(DEADLINE) == "hello"


def test_it_listens_where_it_is_told(start: Start) -> None:
    with held_port() as port:
        _, url = serve(start, "--host", "127.0.0.1", "--port", str(port))
        assert url == f"ws://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("options", "accepted", "refused", "code"),
    [
        ((), "x" * 2**20, "x" * (2**20 + 1), 1009),
        (("--max-size", "10"), "x" * 10, "x" * 11, 1009),
        (("--max-size", str(2**21)), b"x" * 2**21, b"x" * (2**21 + 1), 1009),
        ((), ["x"] * 1024, ["x"] * 1025, 1008),
        (("--max-fragments", "3"), ["a", "b", "c"], ["a", "b", "c", "d"], 1008),
        (("--max-fragments", "2000"), ["x"] * 2000, ["x"] * 2001, 1008),
    ],
    ids=["size", "small size", "large size", "fragments", "few fragments", "many fragments"],
)
def test_its_bounds(
    start: Start,
    options: tuple[str, ...],
    accepted: str | bytes | list[str],
    refused: str | bytes | list[str],
    code: int,
) -> None:
    server, url = serve(start, *options)
    with connect(url, limits=Limits(message_size=2**22), compression=False) as ws:
        ws.send(accepted)
        assert ws.recv(DEADLINE) == ("".join(accepted) if isinstance(accepted, list) else accepted)
        try:
            ws.send(refused)
        except ConnectionClosed:
            pass  # it said so before all was sent
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        assert caught.value.code == code
    assert server.poll() is None
    with connect(url) as ws:  # the others are not concerned
        ws.send("hello")
        assert ws.recv(DEADLINE) == "hello"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_either_signal_ends_it_cleanly(start: Start, by: int) -> None:
    server, url = serve(start)
    with connect(url) as ws:
        assert end(server, by) == (0, "", "")
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        assert caught.value.code == 1001


def test_a_port_in_use(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status = run(start, "echo", "--port", str(port))
    why = "another program uses this port; choose another one, or 0 for any free one"
    assert status == (1, "", f"wsdemo echo: cannot listen on 127.0.0.1:{port}: {why}\n")
