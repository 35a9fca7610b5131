"""The relay itself: its bounds, what it does with connections that end, and who may touch a transport."""

from __future__ import annotations

import socket
import ssl
import struct
import threading

import pytest
import trustme

from tests.proxy.test_chaos import Echo, echo, rest
from tests.waiting import DEADLINE, turn, turn_until
from wsdemo.net.transport import Transport
from wsdemo.protocol.limits import Limits
from wsdemo.proxy import relay as relays
from wsdemo.proxy.relay import Relay
from wsdemo.proxy.sniffer import Sniffer

__all__ = ["echo"]  # the fixture


def dial(relay: Relay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), timeout=DEADLINE)


def is_turned_away(relay: Relay) -> bool:
    with dial(relay) as sock:
        try:
            return sock.recv(1) == b""
        except ConnectionResetError:
            return True


def test_connections_are_bounded(echo: Echo) -> None:
    with Relay("127.0.0.1", echo.port, limits=Limits(connections=1)) as relay:
        with dial(relay) as sock:
            sock.sendall(b"a")
            assert sock.recv(1) == b"a"
            assert relay.connections == 1
            assert is_turned_away(relay)
            sock.sendall(b"b")
            assert sock.recv(1) == b"b"
        turn_until(relay._reactor, lambda: relay.connections == 0)
        assert (relay.failures, relay.errors) == (0, [])


def test_connections_on_their_way_are_bounded(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one is being dialled, no second one is; when it is there, another may come."""
    monkeypatch.setattr(relays, "DIALS", 1)
    dialling, go_on = threading.Event(), threading.Event()
    real = relays.dial

    def slow(host: str, port: int, timeout: float) -> socket.socket:
        dialling.set()
        assert go_on.wait(DEADLINE)
        return real(host, port, timeout)

    monkeypatch.setattr(relays, "dial", slow)
    with Relay("127.0.0.1", echo.port) as relay, dial(relay) as first:
        assert dialling.wait(DEADLINE)
        assert is_turned_away(relay)
        go_on.set()
        first.sendall(b"a")
        assert first.recv(1) == b"a"
        with dial(relay) as second:
            second.sendall(b"b")
            assert second.recv(1) == b"b"


def test_a_relay_that_closes_takes_nobody(echo: Echo) -> None:
    with Relay("127.0.0.1", echo.port) as relay:
        relay._closing = True
        try:
            assert is_turned_away(relay)
        finally:
            relay._closing = False


def test_a_connection_that_was_dialled_for_a_relay_that_closed_is_closed(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = Relay("127.0.0.1", echo.port)
    ours, theirs = socket.socketpair()
    near, far = socket.socketpair()
    relay._closing, relay._dialing = True, 1
    relay._reactor.call_soon(relay._dialed, theirs, far)
    turn(relay._reactor)
    assert (theirs.fileno(), far.fileno(), relay._dialing, relay.failures) == (-1, -1, 0, 0)
    relay._closing = False
    relay.close()
    for sock in (ours, near):
        sock.close()


def test_a_failure_counts_once_for_each_connection(echo: Echo) -> None:
    with Relay("127.0.0.1", echo.port) as relay:
        for number in (1, 2):
            with dial(relay) as sock:
                sock.sendall(b"a")
                assert sock.recv(1) == b"a"
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            turn_until(relay._reactor, lambda: relay.connections == 0)
            assert relay.failures == len(relay.errors) == number
        assert repr(relay) == f"<Relay: 127.0.0.1:{relay.port} to 127.0.0.1:{echo.port}, 0 connections>"


def test_bytes_are_handed_on_under_the_lock(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bool] = []
    write = Transport.write

    def watched(transport: Transport, *data: bytes) -> None:
        # A lock that may be taken twice by its own thread: only another one can tell whether it is held.
        def look() -> None:
            free = transport.lock.acquire(blocking=False)
            if free:
                transport.lock.release()
            held.append(not free)

        thread = threading.Thread(target=look)
        thread.start()
        thread.join(DEADLINE)
        write(transport, *data)

    monkeypatch.setattr(Transport, "write", watched)
    with Relay("127.0.0.1", echo.port) as relay, dial(relay) as sock:
        sock.sendall(b"a")
        assert sock.recv(1) == b"a"
    assert held and all(held)


class Half:
    """A server that says something, ends its direction by TLS or TCP, and then reads to the end."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._context = context
        self.heard = b""
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        sock, _ = self._listening.accept()
        sock.settimeout(DEADLINE)
        if self._context is not None:
            sock = self._context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False)
        with sock:
            sock.sendall(b"that is all")
            if isinstance(sock, ssl.SSLSocket):
                try:
                    self.heard = rest(sock)
                    sock.unwrap()
                except ssl.SSLError:
                    self.heard = b"torn"
            else:
                sock.shutdown(socket.SHUT_WR)
                self.heard = rest(sock)

    def close(self) -> None:
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()
        self._listening.close()


def test_one_direction_ends_before_the_other() -> None:
    server = Half()
    with Relay("127.0.0.1", server.port) as relay, dial(relay) as sock:
        assert rest(sock) == b"that is all", "the end is passed on"
        sock.sendall(b"and we go on")
        sock.shutdown(socket.SHUT_WR)
        server.close()
        assert server.heard == b"and we go on"
        turn_until(relay._reactor, lambda: relay.connections == 0)
        assert relay.failures == 0


def test_the_end_of_a_client_is_told_by_tls_too() -> None:
    """A close_notify (RFC 8446 §6.1): without it a server could not tell the end from an attack."""
    authority = trustme.CA()
    theirs, mine = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    authority.configure_trust(mine)
    server = Half(theirs)
    with Relay("127.0.0.1", server.port, context=mine) as relay, dial(relay) as sock:
        assert sock.recv(11, socket.MSG_WAITALL) == b"that is all"
        sock.sendall(b"and we too")
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b""
        server.close()
        assert server.heard == b"and we too"


@pytest.mark.parametrize("held", [b"", b"GET / HTTP/1.1\r\nHost: a"])
def test_a_head_that_is_cut_off_is_passed_on_as_it_is(held: bytes) -> None:
    """A rewriting sniffer holds a head until it is whole; at the end it hands on what it has."""
    server = Half()
    with Sniffer(f"ws://127.0.0.1:{server.port}/", rewrite=True) as sniffer, dial(sniffer) as sock:
        sock.sendall(held)
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b"that is all"
        server.close()
        assert server.heard == held
        assert sniffer.trace.bytes("to server") == held


def test_the_end_of_a_direction_that_is_stopped_closes_its_side(echo: Echo) -> None:
    with Relay("127.0.0.1", echo.port) as relay, dial(relay) as sock:
        sock.sendall(b"a")
        assert sock.recv(1) == b"a"
        (session,) = relay._sessions.values()
        relay._reactor.call_soon(session.near.pipe.stop)
        turn(relay._reactor)
        sock.sendall(b"thrown away")
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b""
        turn_until(relay._reactor, lambda: relay.connections == 0)
