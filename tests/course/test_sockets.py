"""The sockets of the checks: real pairs, what arrives, and the way out for one that waits."""

from __future__ import annotations

import socket

import pytest

from wsdemo.course import sockets
from wsdemo.course.exercises import Wrong
from wsdemo.course.sockets import Listeners, Watch, arrived, connections, drain, rescue


@pytest.mark.parametrize("small", [False, True])
def test_connections_lead_both_ways_and_are_closed_at_the_end(small: bool) -> None:
    with connections(2, small=small) as pairs:
        for number, (server, client) in enumerate(pairs):
            server.sendall(b"to client %d" % number)
            client.sendall(b"to server %d" % number)
            assert arrived(client, 11) == b"to client %d" % number
            assert arrived(server, 11) == b"to server %d" % number
    assert all(sock.fileno() == -1 for pair in pairs for sock in pair)


def test_nothing_arrives_from_the_silent_or_the_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "PATIENCE", 0.02)
    with connections(1) as ((server, client),):
        assert arrived(server, 1) == b""
        client.shutdown(socket.SHUT_WR)
        assert arrived(server, 1) == b""
        drain(server)


def test_who_waits_too_long_is_set_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "PATIENCE", 0.02)
    with connections(1) as ((server, client),):
        with rescue(client.close) as rescued:
            assert server.recv(1) == b""
        assert rescued.is_set()
    with connections(1) as ((server, client),):
        with rescue(client.close) as rescued:
            client.sendall(b"x")
            assert server.recv(1) == b"x"
        assert client.fileno() != -1 or rescued.is_set()


def test_a_timeout_that_is_set_is_told() -> None:
    with connections(1) as ((server, client),):
        with pytest.raises(Wrong, match=r"from None to 0\.5 seconds: leave it"):
            with Watch().on(client, server):
                server.settimeout(0.5)
        watch = Watch()
        with watch.on(server):
            server.close()  # a closed one has no timeout to look at
        watch.judge("nothing at all")


def test_the_median_of_the_calls_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 9.0, 10.0, 10.04, 20.0, 20.01])  # one call met a busy machine
    monkeypatch.setattr(sockets.time, "perf_counter", lambda: next(clock))
    watch = Watch()
    for _ in range(3):
        with watch.on():
            pass
    watch.judge("of three calls")
    monkeypatch.setattr(sockets, "LONGEST", 0.03)
    with pytest.raises(Wrong, match="a call took 40 ms at the median of 3 calls"):
        watch.judge("a call")


def test_listeners_hear_what_comes_while_an_answer_writes_and_a_little_after() -> None:
    data = b"news " * 100_000  # more than the buffers hold
    with connections(2, small=True) as pairs:
        with Listeners([client for _, client in pairs], len(data)) as listeners:
            pairs[0][0].sendall(data + b"twice")
    assert listeners.heard == [data + b"twice", b""]
