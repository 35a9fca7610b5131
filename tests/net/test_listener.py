"""Listening: on all addresses, on the same port; refused with one clear line; out of file descriptors."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.waiting import DEADLINE, Seen, open_files, turn, turn_until
from wsdemo.net import listener as listening
from wsdemo.net.listener import PER_TURN, Listener
from wsdemo.net.reactor import Reactor

resource = pytest.importorskip("resource")

Listen = Callable[..., Listener]


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    reactor = Reactor("test")
    yield reactor
    reactor.close()


@pytest.fixture
def listen(reactor: Reactor) -> Iterator[Listen]:
    """Makes listeners that are closed at the end; what they accept goes to ``accepted``."""
    made: list[Listener] = []

    def listen(
        host: str, port: int = 0, accepted: Callable[[socket.socket, Any], object] | None = None
    ) -> Listener:
        made.append(Listener(reactor, host, port, 16, accepted or (lambda sock, address: sock.close())))
        return made[-1]

    yield listen
    for listener in made:
        reactor.call_soon(listener.close)
    turn(reactor)
    assert not reactor.errors


def test_accepted_sockets_are_ready_for_the_reactor(listen: Listen) -> None:
    seen = Seen()
    listener = listen("127.0.0.1", 0, seen)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=DEADLINE) as client:
        sock, address = seen.next()
        with contextlib.closing(sock):
            assert address == client.getsockname()
            assert sock.getblocking() is False
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("host", ["localhost", "", "0.0.0.0"])
def test_every_address_of_a_host_has_the_same_port(listen: Listen, host: str) -> None:
    seen = Seen()
    listener = listen(host, 0, seen)
    assert {address[1] for address in listener.addresses} == {listener.port}
    for address in listener.addresses:
        reach = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])
        with socket.create_connection((reach, listener.port), timeout=DEADLINE):
            seen.next()[0].close()


def test_a_port_in_use(listen: Listen) -> None:
    port = listen("127.0.0.1").port
    files = open_files()
    with pytest.raises(OSError, match="another program uses this port") as caught:
        listen("127.0.0.1", port)
    assert caught.value.strerror.startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert open_files() == files


def test_a_port_can_be_used_again_at_once(listen: Listen, reactor: Reactor) -> None:
    """Also when connections of the last owner still linger in TIME_WAIT, for which its side ended first."""
    seen = Seen()
    first = listen("127.0.0.1", 0, seen)
    with socket.create_connection(("127.0.0.1", first.port), timeout=DEADLINE) as client:
        seen.next()[0].close()
        assert client.recv(1) == b""
    reactor.call_soon(first.close)
    turn(reactor)
    assert listen("127.0.0.1", first.port).port == first.port


@pytest.mark.parametrize(
    ("host", "port", "why"),
    [
        ("nosuch.invalid", 0, "no such host name"),
        ("a" * 70, 0, "no such host name"),
        ("192.0.2.1", 0, "this machine has no such address"),
    ],
)
def test_refused_with_a_clear_line(listen: Listen, host: str, port: int, why: str) -> None:
    with pytest.raises(OSError, match=f"cannot listen on {host}:{port}: {why}"):
        listen(host, port)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.EACCES, "denied"), "ports below 1024 need more rights"),
        (OSError(errno.ENOBUFS, "no buffer space available"), "no buffer space available"),
        (OSError("without a number"), "without a number"),
    ],
)
def test_every_failure_says_why(
    listen: Listen, monkeypatch: pytest.MonkeyPatch, error: OSError, why: str
) -> None:
    def bind(*args: Any) -> socket.socket:
        raise error

    monkeypatch.setattr(listening, "_bind", bind)
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:80: {why}") as caught:
        listen("127.0.0.1", 80)
    assert caught.value.errno == error.errno


@pytest.mark.parametrize("port", [-1, 65536, 70000])
def test_no_port(listen: Listen, port: int) -> None:
    with pytest.raises(ValueError, match=f"port: got {port}, expected a whole number from 0 to 65535"):
        listen("127.0.0.1", port)


def test_those_who_are_open_get_their_turn_between_many_who_come(reactor: Reactor) -> None:
    accepted: list[socket.socket] = []
    clients: list[socket.socket] = []
    after_a_turn = Seen()
    busy, go = threading.Event(), threading.Event()

    def block() -> None:
        busy.set()
        go.wait(DEADLINE)

    listener = Listener(reactor, "127.0.0.1", 0, 256, lambda sock, address: accepted.append(sock))
    reactor.call_soon(block)
    assert busy.wait(DEADLINE)
    try:
        for _ in range(PER_TURN + 10):
            clients.append(socket.create_connection(("127.0.0.1", listener.port), timeout=DEADLINE))
        reactor.call_soon(lambda: after_a_turn(len(accepted)))
        go.set()
        assert after_a_turn.next() == PER_TURN
        turn_until(reactor, lambda: len(accepted) == PER_TURN + 10)
    finally:
        go.set()
        reactor.call_soon(listener.close)
        turn(reactor)
        for sock in (*clients, *accepted):
            sock.close()


def test_closing_from_within_accepted(listen: Listen, reactor: Reactor) -> None:
    seen = Seen()

    def once(sock: socket.socket, address: Any) -> None:
        sock.close()
        listener.close()
        seen("closed")

    listener = listen("127.0.0.1", 0, once)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=DEADLINE):
        assert seen.next() == "closed"
    turn(reactor)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", listener.port), timeout=DEADLINE)


@pytest.fixture
def exhaustion() -> Iterator[Callable[[], Callable[[], None]]]:
    """A function that takes all file descriptors there are; what it gives sets them free."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []

    def release() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        while taken:
            os.close(taken.pop())

    def exhaust() -> Callable[[], None]:
        highest = max(int(name) for name in os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 2, before[1]))
        try:
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            return release

    yield exhaust
    release()


def test_out_of_file_descriptors_accepting_pauses_and_goes_on(
    listen: Listen, reactor: Reactor, exhaustion: Callable[[], Callable[[], None]]
) -> None:
    seen = Seen()
    listener = listen("127.0.0.1", 0, seen)
    with socket.socket() as client:
        client.settimeout(DEADLINE)
        release = exhaustion()
        client.connect(("127.0.0.1", listener.port))  # the kernel accepts, we can't
        turn_until(reactor, lambda: listener.paused)
        assert seen.empty()
        release()
        seen.next()[0].close()
    assert not reactor.errors


def test_closing_while_accepting_is_paused(
    listen: Listen,
    reactor: Reactor,
    exhaustion: Callable[[], Callable[[], None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listening, "PAUSE", 1000)
    listener = listen("127.0.0.1")
    with socket.socket() as client:
        client.settimeout(DEADLINE)
        release = exhaustion()
        client.connect(("127.0.0.1", listener.port))
        turn_until(reactor, lambda: listener.paused)
        reactor.call_soon(listener.close)
        turn(reactor)
        assert listener.paused == 1
        release()
    assert not reactor.errors


def test_the_scope_of_an_address_stays_with_the_port_of_the_first(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link-local address means nothing without its interface (RFC 4007 §6)."""
    bound: list[Any] = []

    def bind(family: int, address: Any, backlog: int) -> socket.socket:
        bound.append(address)
        return socket.create_server(("127.0.0.1", 0))

    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 0, 7, 3)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)
    monkeypatch.setattr(listening, "_bind", bind)
    port = listen("here").port
    assert bound == [("127.0.0.1", 0), ("fe80::1", port, 7, 3)]
