"""Both ways to wait for sockets give the same answers."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pytest

from wsdemo.net.poller import READ, WRITE, Epoll, Poller, Portable, poller

WAYS = [Portable, *([Epoll] if hasattr(select, "epoll") else [])]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def way(request: pytest.FixtureRequest) -> Iterator[Poller]:
    made = request.param()
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def ready(way: Poller) -> list[tuple[int, int]]:
    return [(fd, way.mask(bits)) for fd, bits in way.poll(0)]


def test_nothing_is_ready_that_nobody_asked_for(way: Poller, pair: tuple[socket.socket, ...]) -> None:
    one, other = pair
    assert ready(way) == []
    way.watch(one.fileno(), READ, 0)
    assert ready(way) == []
    other.send(b"x")
    assert ready(way) == [(one.fileno(), READ)]
    way.watch(one.fileno(), 0, READ)
    assert ready(way) == []


def test_other_events_of_the_same_socket(way: Poller, pair: tuple[socket.socket, ...]) -> None:
    one, other = pair
    way.watch(one.fileno(), READ, 0)
    way.watch(one.fileno(), READ | WRITE, READ)
    assert ready(way) == [(one.fileno(), WRITE)]
    other.send(b"x")
    assert ready(way) == [(one.fileno(), READ | WRITE)]
    way.watch(one.fileno(), WRITE, READ | WRITE)
    assert ready(way) == [(one.fileno(), WRITE)]


def test_read_alone_needs_no_mask(way: Poller, pair: tuple[socket.socket, ...]) -> None:
    one, other = pair
    way.watch(one.fileno(), READ, 0)
    other.send(b"x")
    assert way.poll(0) == [(one.fileno(), READ)]


def test_an_end_and_a_reset_are_readable(way: Poller) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        with server:
            way.watch(server.fileno(), READ, 0)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
            assert [fd for fd, mask in ready(way) if mask & READ] == [server.fileno()]


def test_it_waits_for_so_long(way: Poller) -> None:
    assert way.poll(0.01) == []


def test_the_best_one_here() -> None:
    made = poller()
    made.close()
    assert type(made) is WAYS[-1]
