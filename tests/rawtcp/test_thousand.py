"""1,000 clients at once: each gets the welcome and the next tick, and what the fan-out costs is bounded."""

from __future__ import annotations

import collections
import selectors
import socket
import sys
import types
from collections.abc import Iterator

import pytest

from tests.benchmarks.fanout_raw import allow_files
from tests.rawtcp.conftest import Serve
from tests.waiting import DEADLINE
from wsdemo.protocol.limits import Limits
from wsdemo.rawtcp import serialize

CLIENTS = 1000


@pytest.fixture
def sockets(nothing_left: None) -> Iterator[list[socket.socket]]:
    """Closed at the end."""
    allow_files(2 * CLIENTS + 200)
    sockets: list[socket.socket] = []
    yield sockets
    for sock in sockets:
        sock.close()


def test_a_thousand_clients_at_once(serve: Serve, sockets: list[socket.socket]) -> None:
    """All connect before any is answered: the listening queue takes them all."""
    server = serve(welcome="welcome", limits=Limits(backlog=2 * CLIENTS))
    with selectors.DefaultSelector() as selector:
        for number in range(CLIENTS):
            sock = socket.socket()
            sockets.append(sock)
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", server.port))
            selector.register(sock, selectors.EVENT_READ, number)
        assert gather(selector, len(serialize("welcome"))) == [serialize("welcome")] * CLIENTS
        assert len(server.clients) == CLIENTS
        server.broadcast("next tick")
        assert gather(selector, len(serialize("next tick"))) == [serialize("next tick")] * CLIENTS
    assert server.errors == []


def gather(selector: selectors.BaseSelector, size: int) -> list[bytes]:
    """What each of the sockets receives, until each has so many bytes."""
    got = [b""] * CLIENTS
    missing = CLIENTS
    while missing:
        ready = selector.select(DEADLINE)
        assert ready, f"{missing} clients still wait"
        for key, _ in ready:
            assert isinstance(key.fileobj, socket.socket)
            got[key.data] += key.fileobj.recv(65536)
            missing -= len(got[key.data]) == size
    return got


def test_a_fan_out_is_one_send_and_few_calls_for_each(serve: Serve, sockets: list[socket.socket]) -> None:
    """Why it costs little more than bare sends: the benchmark measures how much, 1.2 times their time."""
    clients, made = 100, collections.Counter[str]()
    server = serve(welcome="welcome")
    sockets += [socket.create_connection(("127.0.0.1", server.port), DEADLINE) for _ in range(clients)]
    for sock in sockets:
        assert sock.recv(1000) == serialize("welcome")

    def count(frame: types.FrameType, event: str, arg: object) -> None:
        if frame.f_globals["__name__"].startswith("wsdemo.") and event in ("call", "c_call"):
            made[getattr(arg, "__name__", event)] += 1

    sys.setprofile(count)
    server.broadcast("next tick")
    sys.setprofile(None)
    assert made["send"] == clients
    assert made["call"] < 1.2 * clients, "one function of ours for each"
    assert made.total() < 3.5 * clients, made
