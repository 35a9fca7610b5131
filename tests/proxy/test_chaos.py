"""Chaos: each step does to the bytes what it says, and no byte is lost that should not be."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ports import held_port
from tests.waiting import DEADLINE, turn_until
from wsdemo import Limits
from wsdemo.net.reactor import Timer
from wsdemo.proxy import chaos
from wsdemo.proxy.chaos import (
    Chaos,
    ChaosStep,
    Cut,
    Delay,
    Freeze,
    Join,
    Pass,
    Reset,
    Rough,
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
        for _ in range(500):  # one after the other it would take 50 seconds or more
            sock.sendall(b"x" * 10)
        receive(sock, 5000)
        assert 0.2 <= time.monotonic() - start < DEADLINE / 2
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
        assert 0.3 <= time.monotonic() - start < DEADLINE / 2


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
    with held_port() as port, Chaos("127.0.0.1", port) as network, dial(network) as sock:
        assert rest(sock) == b""
        turn_until(network._reactor, lambda: network.failures == 1)
        assert "is the server running?" in str(network.errors[0])


# -- one direction by itself, on a clock that the test moves -------------------------------------------------


class Clock:
    """The time, and the reactor's timers: `run` moves it from one to the next."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[Timer] = []

    def monotonic(self) -> float:
        return self.now

    def call_later(self, seconds: float, function: Callable[..., object], *args: object) -> Timer:
        self._timers.append(Timer(self.now + seconds, function, args))
        return self._timers[-1]

    @property
    def waiting(self) -> list[Timer]:
        """The timers that will fire."""
        return sorted((one for one in self._timers if one.function is not None), key=lambda one: one.when)

    def run(self, until: float) -> None:
        while self.waiting and self.waiting[0].when <= until:
            timer = self.waiting[0]
            self._timers.remove(timer)
            self.now = timer.when
            assert timer.function is not None
            timer.function(*timer.args)
        self.now = until


class Line:
    """A side of the connection, and its transport: it notes what arrives, and when."""

    def __init__(self, clock: Clock) -> None:
        self.session = SimpleNamespace(
            relay=SimpleNamespace(_reactor=clock, limits=Limits(high_water=100)), ended=lambda: None, legs=()
        )
        self.transport = self
        self.lock = contextlib.nullcontext()
        self.arrived: list[tuple[float, object]] = []
        self.pending = 0
        self.closed = False
        self.is_reading = True
        self._clock = clock

    def write(self, data: object) -> None:
        self.arrived.append((round(self._clock.now, 6), data))

    def write_eof(self) -> None:
        self.write("end")

    def follow(self, error: object) -> None:
        self.write(error)

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def close(self) -> None:
        self.closed = True


class Bench:
    """One direction of a bad network between two lines."""

    def __init__(self, *steps: ChaosStep) -> None:
        self.clock = Clock()
        self.source, self.target = Line(self.clock), Line(self.clock)
        self.pipe = Rough(cast(Any, self.source), cast(Any, self.target), TO_SERVER, steps)
        self.pipe.begin()

    def comes(self, time: float, what: bytes | str | Exception) -> None:
        self.clock.run(time)
        if isinstance(what, bytes):
            self.pipe.data_received(what)
        elif isinstance(what, str):
            self.pipe.eof_received()
        else:
            self.pipe.connection_lost(what)

    def arrives(self, until: float = 1000.0) -> list[tuple[float, object]]:
        """What arrives up to a time; asked a second time: what is new."""
        self.clock.run(until)
        found, self.target.arrived = self.target.arrived, []
        return found


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bench]:
    def make(*steps: ChaosStep) -> Bench:
        made = Bench(*steps)
        monkeypatch.setattr(chaos, "time", made.clock)
        return made

    return make


BROKEN = ConnectionResetError("a reset")
END = "end"


@pytest.mark.parametrize(
    ("steps", "comes", "arrives"),
    [
        ([], [(0, b"abc"), (1, b"d"), (2, END)], [(0, b"abc"), (1, b"d"), (2, END)]),
        ([], [(0, b"abc"), (1, BROKEN)], [(0, b"abc"), (1, BROKEN)]),
        ([Split(3, 0.5)], [(0, b"0123456789")], [(0, b"012"), (0.5, b"345"), (1, b"678"), (1.5, b"9")]),
        ([Split(3, 0.5)], [(0, b"0123"), (9, b"ab")], [(0, b"012"), (0.5, b"3"), (9, b"ab")]),
        ([Split(2, 0.5)], [(0, b"01"), (0.1, b"2"), (0.2, b"34")], [(0, b"01"), (0.5, b"2"), (1, b"34")]),
        ([Split(1), Split(0)], [(0, b"abc")], [(0, b"abc")]),
        ([Join(6)], [(0, b"abc"), (1, b"def")], [(1, b"abcdef")]),
        ([Join(6)], [(0, b"abc"), (1, b"defgh"), (2, b"i")], [(1, b"abcdefgh")]),
        ([Join(6)], [(0, b"abc"), (1, b"de"), (3, END)], [(3, b"abcde"), (3, END)]),
        ([Join(6)], [(0, b"abcdefg")], [(0, b"abcdefg")]),
        ([Join(6, 2)], [(0, b"abc"), (1, b"d")], [(2, b"abcd")]),
        ([Join(6, 2)], [(0, b"abc"), (1, b"def")], [(1, b"abcdef")]),
        ([Join(6)], [(0, b"abc")], []),  # within the thousand seconds that are looked at
        ([Join(0, 2)], [(0, b"abc"), (1, b"d"), (2.5, b"e")], [(2, b"abcd"), (4.5, b"e")]),
        ([Join(6), Split(4, 1)], [(0, b"abc"), (1, b"defg")], [(1, b"abcd")]),
        ([Delay(0.5)], [(0, b"a"), (0.2, b"b"), (0.4, END)], [(0.5, b"a"), (0.7, b"b"), (0.9, END)]),
        ([Delay(0.5)], [(0, b"a"), (0.2, BROKEN)], [(0.5, b"a"), (0.7, BROKEN)]),
        ([Delay(0.5)], [(0, b"a"), (0.2, b"b"), (0.3, END)], [(0.5, b"a"), (0.7, b"b"), (0.8, END)]),
        ([Throttle(4)], [(0, b"abcd")], [(0, b"a"), (0.25, b"b"), (0.5, b"c"), (0.75, b"d")]),
        ([Throttle(100)], [(0, b"abcd")], [(0, b"ab"), (0.02, b"cd")]),
        ([Throttle(5000)], [(0, bytes(150))], [(0, bytes(100)), (0.02, bytes(50))]),
        ([Throttle(4)], [(0, b"a"), (9, b"bc")], [(0, b"a"), (9, b"b"), (9.25, b"c")]),
        ([Throttle(4), Throttle(0)], [(0, b"abcd")], [(0, b"abcd")]),
        ([Pass(3), Delay(1)], [(0, b"abcdef"), (1, b"g")], [(0, b"abc"), (0, b"def"), (2, b"g")]),
        ([Pass(3), Split(1, 2)], [(0, b"ab"), (1, b"cde")], [(0, b"ab"), (1, b"c"), (1, b"d"), (3, b"e")]),
        ([Pass(0), Split(1, 0.5)], [(0, b"ab")], [(0, b"a"), (0.5, b"b")]),
        ([Pass(2), Pass(2), Freeze()], [(0, b"abcdef")], [(0, b"ab"), (0, b"cd")]),
        ([Pass(2), Freeze(), Wait(3), Thaw()], [(1, b"abc"), (2, b"d")], [(1, b"ab"), (4, b"c"), (4, b"d")]),
        ([Wait(2), Freeze()], [(1, b"a"), (3, b"b")], [(1, b"a")]),
        ([Wait(2), Wait(2), Freeze()], [(3, b"a"), (5, b"b")], [(3, b"a")]),
        ([Freeze(), Wait(5), Thaw()], [(1, b"a"), (2, END)], [(5, b"a"), (5, END)]),
        ([Freeze(), Wait(5), Thaw()], [(1, b"a"), (2, BROKEN)], [(5, b"a"), (5, BROKEN)]),
    ],
)  # fmt: skip
def test_what_arrives_and_when(
    bench: Callable[..., Bench],
    steps: list[ChaosStep],
    comes: list[tuple[float, bytes | str | Exception]],
    arrives: list[tuple[float, object]],
) -> None:
    made = bench(*steps)
    for time_, what in comes:
        made.comes(time_, what)
    assert made.arrives() == arrives


def test_a_direction_that_holds_a_mebibyte_reads_no_more(bench: Callable[..., Bench]) -> None:
    made = bench(Delay(1))
    made.comes(0, bytes(1 << 20))
    assert made.source.is_reading
    made.comes(0, b"x")
    assert not made.source.is_reading
    made.pipe.resume_writing()  # the target had room all the time
    assert not made.source.is_reading
    assert sum(len(cast(bytes, data)) for _, data in made.arrives()) == (1 << 20) + 1
    assert made.source.is_reading


def test_a_target_that_does_not_keep_up_slows_the_source(bench: Callable[..., Bench]) -> None:
    made = bench(Delay(1))
    made.target.pending = 101
    made.comes(0, b"a")
    assert made.arrives() == [(1, b"a")] and not made.source.is_reading
    made.pipe.resume_writing()
    assert made.source.is_reading
    made.target.pending = 100
    made.source.is_reading = False
    made.comes(2000, b"b")
    made.arrives(2001)
    assert made.source.is_reading, "as much as that may be pending"


def test_what_is_frozen_is_not_read(bench: Callable[..., Bench]) -> None:
    made = bench()
    made.pipe.apply(Freeze())
    made.pipe.resume_writing()
    made.comes(1, b"a")
    assert not made.source.is_reading and made.arrives(2) == []
    made.pipe.apply(Thaw())
    assert made.source.is_reading and made.arrives(2) == [(2, b"a")]


def test_nothing_arrives_once_a_side_is_gone(bench: Callable[..., Bench]) -> None:
    made = bench(Delay(1), Wait(5), Freeze())
    made.comes(0, b"a")
    made.pipe.stop()
    assert made.clock.waiting == [] and made.arrives(0.5) == []
    made.comes(1, b"b")
    assert made.arrives() == [] and made.clock.waiting == []
    made.comes(1000, END)
    assert made.source.closed and made.arrives() == []
    made.comes(1000, BROKEN)
    assert made.arrives() == [(1000, BROKEN)]


def test_a_live_step_replaces_the_one_before_and_new_connections_begin_with_it(echo: Echo) -> None:
    with Chaos("127.0.0.1", echo.port) as network:
        for step in (Delay(1), Split(3), Delay(2), Freeze(), Freeze()):
            network.apply(step, TO_CLIENT)
        assert network._live == ([], [Split(3), Delay(2), Freeze()])
        network.thaw()
        network.apply(Throttle(5), TO_SERVER)
        network.reset()
        network.cut()
        assert network._live == ([Throttle(5)], [Split(3), Delay(2)])
        pipe = network.pipe(cast(Any, Line(Clock())), cast(Any, Line(Clock())), TO_CLIENT)
        assert isinstance(pipe, Rough) and list(pipe._steps) == [Split(3), Delay(2)]
