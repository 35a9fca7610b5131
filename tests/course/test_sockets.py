"""The sockets of the checks: real pairs, what arrives, and the way out for one that waits."""

from __future__ import annotations

import socket

import pytest

from wsdemo.course import sockets
from wsdemo.course.sockets import arrived, connections, drain, rescue


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
