"""Chaos: each step does to the bytes what it says, and no byte is lost that should not be."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.waiting import DEADLINE, turn_until
from wsdemo.proxy.chaos import (
    Chaos,
    ChaosStep,
    Cut,
    Delay,
    Freeze,
    Join,
    Pass,
    Reset,
    Split,
    Thaw,
    Throttle,
    Wait,
)
from wsdemo.trace import TO_CLIENT, TO_SERVER


class Echo:
    """A plain echo server, one thread for each connection."""

    def __init__(self) -> None:
        self._closing = False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._threads: list[threading.Thread] = []
        self._thread.start()

    def _run(self) -> None:
        while True:
            sock, _ = self._listening.accept()
            if self._closing:
                sock.close()
                return
            thread = threading.Thread(target=self._serve, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(DEADLINE)
        with sock:
            try:
                while data := sock.recv(65536):
                    sock.sendall(data)
            except OSError:
                pass

    def close(self) -> None:
        self._closing = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in [self._thread, *self._threads]:
            thread.join(DEADLINE)
            assert not thread.is_alive()
        self._listening.close()  # not before: the thread may still be on its way to `accept`


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


def dial(network: Chaos) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", network.port), timeout=DEADLINE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def receive(sock: socket.socket, size: int) -> list[bytes]:
    """The pieces in which so many bytes come."""
    pieces = []
    while size > 0:
        pieces.append(sock.recv(65536))
        assert pieces[-1], "the stream ended"
        size -= len(pieces[-1])
    return pieces


def rest(sock: socket.socket) -> bytes:
    data = b""
    while piece := sock.recv(65536):
        data += piece
    return data


def test_nothing_to_do_passes_everything(echo: Echo) -> None:
    with Chaos("127.0.0.1", echo.port) as network, dial(network) as sock:
        data = bytes(range(256)) * 8000
        sender = threading.Thread(target=sock.sendall, args=(data,))
        sender.start()
        assert b"".join(receive(sock, len(data))) == data
        sender.join(DEADLINE)
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b""
        turn_until(network._reactor, lambda: network.connections == 0)
        assert network.errors == []


def test_split_and_join(echo: Echo) -> None:
    with Chaos("127.0.0.1", echo.port, to_client=[Split(3, gap=0.02)]) as network, dial(network) as sock:
        sock.sendall(b"0123456789")
        pieces = receive(sock, 10)
        assert b"".join(pieces) == b"0123456789" and len(pieces) > 1
        network.apply(Split(0))
        network.apply(Join(size=6), TO_CLIENT)
        sock.sendall(b"abc")
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(10)
        sock.settimeout(DEADLINE)
        sock.sendall(b"def")
        assert receive(sock, 6) == [b"abcdef"]
        sock.sendall(b"gh")
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b"gh"


def test_delay_is_a_round_trip_and_not_a_rate(echo: Echo) -> None:
    with Chaos("127.0.0.1", echo.port, [Delay(0.1)]) as network, dial(network) as sock:
        start = time.monotonic()
        for _ in range(5):
            sock.sendall(b"x" * 1000)
        receive(sock, 5000)
        assert 0.2 <= time.monotonic() - start < 0.9
        network.apply(Join(seconds=0.1), TO_SERVER)
        network.apply(Delay(0))
        start = time.monotonic()
        sock.sendall(b"x")
        receive(sock, 1)
        assert time.monotonic() - start >= 0.1


def test_throttle(echo: Echo) -> None:
    with Chaos("127.0.0.1", echo.port, to_client=[Throttle(50_000)]) as network, dial(network) as sock:
        start = time.monotonic()
        sock.sendall(b"x" * 20_000)
        receive(sock, 20_000)
        assert 0.3 <= time.monotonic() - start < 5


def test_freeze_and_thaw(echo: Echo) -> None:
    with Chaos("127.0.0.1", echo.port) as network, dial(network) as sock:
        sock.sendall(b"a")
        receive(sock, 1)
        network.freeze()
        sock.sendall(b"b")
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        with dial(network) as late:
            late.sendall(b"c")
            late.settimeout(0.2)
            with pytest.raises(TimeoutError):
                late.recv(1)
            network.thaw()
            for one, data in ((sock, b"b"), (late, b"c")):
                one.settimeout(DEADLINE)
                assert receive(one, 1) == [data]


@pytest.mark.parametrize("live", [True, False])
def test_reset_and_cut(echo: Echo, live: bool) -> None:
    script: Sequence[ChaosStep] = () if live else [Pass(3), Reset()]
    with Chaos("127.0.0.1", echo.port, to_client=script) as network, dial(network) as sock:
        sock.sendall(b"abc")
        receive(sock, 3) if live else None
        if live:
            network.reset()
        with pytest.raises(ConnectionResetError):
            receive(sock, 4)
        turn_until(network._reactor, lambda: network.connections == 0)
    script = () if live else [Pass(3), Cut()]
    with Chaos("127.0.0.1", echo.port, to_client=script) as network, dial(network) as sock:
        sock.sendall(b"abcdef")
        if live:
            receive(sock, 6)
            network.cut()
        assert rest(sock) == (b"" if live else b"abc")


def test_a_script_runs_in_order(echo: Echo) -> None:
    script = [Pass(2), Freeze(), Wait(0.2), Thaw(), Pass(2), Wait(0.2), Cut()]
    with Chaos("127.0.0.1", echo.port, to_client=script) as network, dial(network) as sock:
        start = time.monotonic()
        sock.sendall(b"abcdef")
        assert b"".join(receive(sock, 2)) == b"ab"
        assert b"".join(receive(sock, 4)) == b"cdef"
        assert time.monotonic() - start >= 0.2
        assert rest(sock) == b""
        assert time.monotonic() - start >= 0.4


steps = st.one_of(
    st.builds(Split, st.integers(0, 9), st.just(0.0)),
    st.builds(Join, st.integers(0, 9), st.sampled_from([0.001])),
    st.builds(Delay, st.sampled_from([0.0, 0.002])),
    st.builds(Throttle, st.sampled_from([0, 100_000])),
    st.builds(Pass, st.integers(0, 30)),
    st.builds(Wait, st.sampled_from([0.0, 0.002])),
    st.sampled_from([Thaw()]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, max_size=6), st.binary(min_size=1, max_size=300))
def test_every_byte_arrives_in_order(echo: Echo, script: list[ChaosStep], data: bytes) -> None:
    with Chaos("127.0.0.1", echo.port, script) as network, dial(network) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == data
        assert network.errors == []


def test_one_direction_only(echo: Echo) -> None:
    with Chaos("127.0.0.1", echo.port) as network, dial(network) as sock:
        network.freeze(TO_CLIENT)
        sock.sendall(b"a")
        network.apply(Delay(0.001), TO_SERVER)
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        sock.settimeout(DEADLINE)
        network.thaw(TO_CLIENT)
        assert receive(sock, 1) == [b"a"]


@pytest.mark.parametrize("step", [Delay(-1), Split(-1), Wait(float("inf")), Throttle(float("nan"))])
def test_steps_that_make_no_sense(echo: Echo, step: ChaosStep) -> None:
    with pytest.raises(ValueError, match="numbers of 0 or more"):
        Chaos("127.0.0.1", echo.port, [step])
    with Chaos("127.0.0.1", echo.port) as network, pytest.raises(ValueError, match="belongs in a script"):
        network.apply(Pass(1))


def test_a_target_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Chaos("127.0.0.1", port) as network, dial(network) as sock:
        assert rest(sock) == b""
        turn_until(network._reactor, lambda: network.failures == 1)
        assert "is the server running?" in str(network.errors[0])
