"""Connecting: what comes back when it works, and one clear line when it does not."""

from __future__ import annotations

import errno
import socket
import time

import pytest

from tests.waiting import DEADLINE, open_files
from wsdemo.net.dial import _connect, dial


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def test_a_socket_ready_for_the_reactor(listener: socket.socket) -> None:
    with dial("127.0.0.1", listener.getsockname()[1], DEADLINE) as sock:
        assert sock.getblocking() is False
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_all_addresses_of_a_name_are_tried(listener: socket.socket) -> None:
    """`localhost` may mean ::1 first, where nobody listens."""
    port = listener.getsockname()[1]
    with dial("localhost", port, DEADLINE) as sock:
        assert sock.getpeername()[1] == port


def test_refused() -> None:
    with socket.socket() as bound:  # bound and not listening: nobody else can take the port
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        files = open_files()
        with pytest.raises(ConnectionRefusedError) as caught:
            dial("127.0.0.1", port, DEADLINE)
        assert caught.value.errno == errno.ECONNREFUSED
        assert caught.value.strerror == (
            f"cannot connect to 127.0.0.1:{port}: connection refused; is the server running?"
        )
        assert open_files() == files


class Mirror:
    """A socket that got the same port at both ends, which TCP allows (RFC 9293 §3.5)."""

    closed = False

    def connect(self, address: object) -> None: ...
    def settimeout(self, seconds: float) -> None: ...

    def getsockname(self) -> object:
        return ("127.0.0.1", 50000)

    getpeername = getsockname

    def close(self) -> None:
        self.closed = True


def test_a_free_port_does_not_answer_itself() -> None:
    mirror = Mirror()
    with pytest.raises(ConnectionRefusedError):
        _connect(mirror, ("127.0.0.1", 50000), 1.0)  # type: ignore[arg-type]
    assert mirror.closed


@pytest.mark.parametrize("host", ["nosuch.invalid", "a" * 70, "x..y", ".", "\udcff"])
def test_unknown_host(host: str) -> None:
    with pytest.raises(OSError, match="no such host name"):
        dial(host, 1234, 5)


@pytest.mark.parametrize("port", [0, -1, 65536, 70000])
def test_no_port(port: int) -> None:
    with pytest.raises(ValueError, match=f"port: got {port}, expected a whole number from 1 to 65535"):
        dial("127.0.0.1", port, 1)


def test_nobody_answers_in_time() -> None:
    """A listening queue that is full leaves further connections without an answer (on Linux)."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = []
        try:
            for _ in range(4):
                sock = socket.socket()
                sock.setblocking(False)
                sock.connect_ex(("127.0.0.1", port))
                waiting.append(sock)
            started = time.monotonic()
            with pytest.raises(TimeoutError, match=f"cannot connect to 127.0.0.1:{port}: no answer"):
                dial("127.0.0.1", port, 0.1)
            assert time.monotonic() - started < DEADLINE / 2  # the kernel tries for two minutes
        finally:
            for sock in waiting:
                sock.close()
