"""The wire, on a fake socket and a fake reactor whose turns the test takes itself; then on real ones."""

from __future__ import annotations

import collections
import errno
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.waiting import DEADLINE, Seen, turn
from wsdemo.net.reactor import READ, WRITE, Reactor
from wsdemo.net.wire import GATHER, Wire, fan_out
from wsdemo.protocol.limits import Limits
from wsdemo.trace.recorder import Trace

RESET = ConnectionResetError(errno.ECONNRESET, "reset")
PIPE = BrokenPipeError(errno.EPIPE, "broken pipe")


class FakeSocket:
    """Takes as many bytes per ``send`` as it is told to; gives what it is told to receive."""

    def __init__(self) -> None:
        self.takes: list[int | OSError] = []  # of the next sends; then everything
        self.gives: list[bytes | OSError] = []  # of the next recvs; then BlockingIOError
        self.taken: list[bytes] = []
        self.shut = self.closed = False

    def send(self, data: bytes) -> int:
        step = self.takes.pop(0) if self.takes else len(data)
        if isinstance(step, OSError):
            raise step
        if step == 0:
            raise BlockingIOError
        self.taken.append(bytes(data[:step]))
        return len(self.taken[-1])

    def recv(self, size: int) -> bytes:
        if not self.gives:
            raise BlockingIOError
        step = self.gives.pop(0)
        if isinstance(step, OSError):
            raise step
        return step

    def shutdown(self, how: int) -> None:
        self.shut = True

    def close(self) -> None:
        self.closed = True


class FakeReactor:
    """Keeps what it is asked for until the test takes a turn."""

    def __init__(self) -> None:
        self.now = time.monotonic()
        self.here = True
        self.events = 0
        self.calls: collections.deque[tuple[Callable[..., object], tuple[Any, ...]]] = collections.deque()
        self.on_modify: Callable[[], object] = lambda: None

    def call_soon(self, function: Callable[..., object], *args: Any) -> None:
        self.calls.append((function, args))

    def register(self, sock: Any, events: int, callback: Callable[[int], object]) -> None:
        assert not self.events
        self.events, self.callback = events, callback

    def modify(self, sock: Any, events: int, callback: Callable[[int], object]) -> None:
        assert self.events
        self.on_modify()
        self.events = events

    def unregister(self, sock: Any) -> None:
        assert self.events
        self.events = 0

    def turn(self, mask: int = 0) -> None:
        if mask & self.events:
            self.callback(mask & self.events)
        while self.calls:
            function, args = self.calls.popleft()
            function(*args)


class FakeSink:
    """Notes what the wire tells."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.place: memoryview | None = None

    def receive(self, data: bytes) -> None:
        self.told.append(data)

    def wanted(self) -> memoryview | None:
        return self.place

    def took(self, size: int) -> None:
        self.told.append(size)

    def eof(self) -> None:
        self.told.append("eof")

    def drained(self) -> None:
        self.told.append("drained")

    def ready(self) -> bool:
        return True

    def lost(self, error: Exception | None) -> None:
        self.told.append(("lost", error))


class Rig:
    """A wire between the three fakes."""

    def __init__(self, limits: Limits | None = None, tap: bool = False) -> None:
        self.sock, self.reactor, self.sink = FakeSocket(), FakeReactor(), FakeSink()
        self.trace = Trace()
        recorder = self.trace.tap("server", "server", "client") if tap else None
        self.wire = Wire(self.reactor, self.sock, self.sink, limits or Limits(), recorder)  # type: ignore[arg-type]
        self.wire.start()

    def write(self, data: bytes) -> None:
        with self.wire.lock:
            self.wire.write(data)

    @property
    def sent(self) -> bytes:
        return b"".join(self.sock.taken)


# -- writing -------------------------------------------------------------------------------------------------


def test_what_fits_leaves_at_once_and_nothing_is_waited_for() -> None:
    rig = Rig()
    rig.write(b"hello")
    assert (rig.sock.taken, rig.wire.pending, rig.reactor.events) == ([b"hello"], 0, READ)


@pytest.mark.parametrize("takes", [0, 1, 4])
def test_what_does_not_fit_is_kept_in_order_and_flushed(takes: int) -> None:
    rig = Rig(tap=True)
    rig.sock.takes = [takes, 2]
    rig.write(b"hello")
    rig.write(b", ")
    rig.write(b"world")
    assert rig.wire.pending == 12 - takes
    assert rig.reactor.events == READ | WRITE
    rig.reactor.turn(WRITE)  # two bytes of it: the kernel is full
    assert rig.wire.pending == 10 - takes
    rig.reactor.turn(WRITE)
    assert (rig.sent, rig.wire.pending, rig.reactor.events) == (b"hello, world", 0, READ)
    assert rig.trace.bytes("to client") == b"hello, world"
    assert [c.data for c in rig.trace.chunks] == rig.sock.taken


def test_many_small_pieces_leave_together_large_ones_alone() -> None:
    rig = Rig()
    rig.sock.takes = [0]
    pieces = [b"%d" % (number % 10) for number in range(1000)]
    for piece in [*pieces, b"x" * GATHER, *pieces]:
        rig.write(piece)
    rig.reactor.turn(WRITE)
    assert rig.sent == b"".join([*pieces, b"x" * GATHER, *pieces])
    assert len(rig.sock.taken) == 3


def test_drained_is_told_only_after_the_high_water_mark() -> None:
    rig = Rig(Limits(high_water=4))
    rig.sock.takes = [0]
    rig.write(b"1234")
    rig.reactor.turn(WRITE)
    assert (rig.sent, rig.sink.told) == (b"1234", [])
    rig.sock.takes = [0]
    rig.write(b"12345")
    assert rig.sink.told == []
    rig.reactor.turn(WRITE)
    assert rig.sink.told == ["drained"]


def test_corked_writes_leave_in_one_send() -> None:
    rig = Rig()
    rig.wire.cork()
    for _ in range(5):
        rig.write(b"answer")
    assert rig.sock.taken == []
    rig.wire.uncork()
    assert (rig.sock.taken, rig.wire.pending) == ([b"answer" * 5], 0)


def test_a_cork_holds_a_bounded_amount_and_survives_the_end() -> None:
    rig = Rig()
    rig.wire.cork()
    rig.write(b"x" * (GATHER + 1))
    assert len(rig.sent) == GATHER + 1
    rig.write(b"y")
    rig.wire.abort()
    rig.wire.uncork()
    assert rig.wire.pending == 0
    assert not rig.sent.endswith(b"y")


def test_a_buffer_filled_while_waiting_changes_is_not_forgotten() -> None:
    """Another thread writes between the flush and the moment when WRITE is no longer waited for."""
    rig = Rig()
    rig.sock.takes = [0]
    rig.write(b"first")

    def meanwhile() -> None:
        rig.reactor.on_modify = lambda: None
        rig.reactor.here = False
        rig.sock.takes = [0]
        rig.write(b" second")
        rig.reactor.here = True

    rig.reactor.on_modify = meanwhile
    rig.reactor.turn(WRITE)
    assert rig.wire.pending == 7
    assert rig.reactor.events & WRITE, "nobody will ever flush this"
    rig.reactor.turn(WRITE)
    assert (rig.sent, rig.reactor.events) == (b"first second", READ)


def test_a_stall_is_seen_and_progress_ends_it() -> None:
    rig = Rig(Limits(write_timeout=10))
    rig.sock.takes = [0, 1, 0]
    rig.write(b"hello")
    now = time.monotonic()
    assert not rig.wire.stalled(now + 9)
    assert rig.wire.stalled(now + 11)
    rig.reactor.now = now + 11
    rig.reactor.turn(WRITE)
    assert not rig.wire.stalled(now + 12)


# -- broken ends ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["at once", "flushing"])
def test_a_broken_socket_is_read_to_its_end(when: str) -> None:
    """The peer's last words, such as a close frame, may lie before the reset."""
    rig = Rig()
    rig.sock.gives = [b"last ", b"words", RESET]
    rig.sock.takes = [PIPE] if when == "at once" else [0, PIPE]
    rig.write(b"hello")
    rig.reactor.turn(WRITE)
    assert rig.sink.told == [b"last ", b"words", ("lost", RESET)]
    assert rig.sock.closed
    rig.write(b"taken silently")
    assert rig.wire.pending == 0


def test_a_broken_socket_with_nothing_to_read_waits_for_the_selector() -> None:
    rig = Rig()
    rig.sock.takes = [PIPE]
    rig.write(b"hello")
    rig.reactor.turn()
    assert rig.sink.told == []
    rig.sock.gives = [b""]
    rig.reactor.turn(READ)
    rig.wire.finish(close=True)
    rig.reactor.turn()
    assert rig.sink.told == ["eof", ("lost", PIPE)]


def test_lost_comes_once_whoever_ends_it() -> None:
    rig = Rig()
    rig.wire.abort(RESET)
    rig.wire.abort()
    rig.wire.finish(close=True)
    rig.write(b"nothing")
    rig.wire.pause()
    rig.wire.resume()
    rig.reactor.turn(READ | WRITE)
    assert (rig.sink.told, rig.sent, rig.reactor.events) == ([("lost", RESET)], b"", 0)


# -- reading -------------------------------------------------------------------------------------------------


def test_bytes_come_as_the_kernel_cut_them() -> None:
    rig = Rig(tap=True)
    rig.sock.gives = [b"a", b"bc", b""]
    for _ in range(3):
        rig.reactor.turn(READ)
    assert rig.sink.told == [b"a", b"bc", "eof"]
    assert [c.data for c in rig.trace.chunks] == [b"a", b"bc"]
    assert [m.what for m in rig.trace.marks] == ["open", "eof"]


def test_an_ended_stream_is_not_read_again() -> None:
    rig = Rig()
    rig.sock.gives = [b"", b""]
    rig.reactor.turn(READ)
    rig.wire.resume()
    rig.reactor.turn(READ)
    assert (rig.sink.told, rig.reactor.events) == (["eof"], 0)


def test_paused_it_does_not_read_but_still_writes() -> None:
    rig = Rig()
    rig.sock.gives = [b"later"]
    rig.wire.pause()
    rig.reactor.turn(READ)
    assert rig.sink.told == []
    rig.sock.takes = [0]
    rig.write(b"hello")
    rig.reactor.turn(WRITE)
    assert rig.sent == b"hello"
    rig.wire.resume()
    rig.reactor.turn(READ)
    assert rig.sink.told == [b"later"]


# -- ending --------------------------------------------------------------------------------------------------


def test_finish_sends_what_is_pending_then_ends_and_goes_on_reading() -> None:
    rig = Rig()
    rig.sock.takes = [0]
    rig.write(b"hello")
    rig.wire.finish()
    rig.reactor.turn()
    assert not rig.sock.shut
    rig.reactor.turn(WRITE)
    assert (rig.sent, rig.sock.shut, rig.sock.closed) == (b"hello", True, False)
    rig.sock.gives = [b"bye"]
    rig.reactor.turn(READ)
    assert rig.sink.told == [b"bye"]


def test_finish_and_close() -> None:
    rig = Rig()
    rig.sock.takes = [0]
    rig.write(b"hello")
    rig.wire.finish(close=True)
    rig.reactor.turn(WRITE)
    rig.reactor.turn(WRITE)
    assert (rig.sent, rig.sock.closed, rig.sink.told) == (b"hello", True, [("lost", None)])


def test_finish_after_the_socket_broke() -> None:
    rig = Rig()
    rig.sock.takes = [0, PIPE]
    rig.write(b"hello")
    rig.wire.finish(close=True)
    rig.reactor.turn(WRITE)
    rig.reactor.turn()
    assert (rig.sock.closed, rig.sink.told) == (True, [("lost", PIPE)])


# -- many wires ----------------------------------------------------------------------------------------------

STATES: dict[str, Callable[[Rig], object]] = {
    "idle": lambda rig: None,
    "takes nothing now": lambda rig: rig.sock.takes.append(0),
    "takes a part": lambda rig: rig.sock.takes.append(2),
    "breaks": lambda rig: rig.sock.takes.append(PIPE),
    "has a buffer": lambda rig: (rig.sock.takes.append(0), rig.write(b"before ")),
    "broke before": lambda rig: (rig.sock.takes.append(PIPE), rig.write(b"before ")),
    "corked": lambda rig: rig.wire.cork(),
    "closed": lambda rig: rig.wire.abort(),
}


@pytest.mark.parametrize("tap", [False, True])
@pytest.mark.parametrize("state", STATES)
def test_fan_out_is_a_write_to_each(state: str, tap: bool) -> None:
    """The fast way and the plain one, from the same state, end in the same one."""
    ends = []
    for send in (lambda rig: rig.write(b"tick"), lambda rig: fan_out([rig.wire], b"tick", 1000)):
        rig = Rig(tap=tap)
        STATES[state](rig)
        send(rig)
        before = (rig.sent, rig.wire.pending, rig.reactor.events)
        if state == "corked":
            rig.wire.uncork()
        rig.reactor.turn(READ | WRITE)
        chunks = [chunk.data for chunk in rig.trace.chunks]
        ends.append((before, rig.sent, rig.wire.pending, rig.wire.broken, rig.sink.told, chunks))
    assert ends[0] == ends[1]


def test_fan_out_names_those_without_room_and_writes_to_the_others() -> None:
    rigs = [Rig() for _ in range(3)]
    rigs[1].sock.takes = [0]
    rigs[1].write(b"x" * 97)
    assert fan_out([rig.wire for rig in rigs], b"tick", 100) == [rigs[1].wire]
    assert fan_out([rig.wire for rig in rigs], b"tic", 100) == []
    assert [rig.wire.pending for rig in rigs] == [0, 100, 0]
    assert rigs[0].sent == rigs[2].sent == b"ticktic"


def test_fan_out_passes_over_those_that_are_leaving() -> None:
    rig = Rig()
    rig.wire.finish()
    rig.reactor.turn()
    assert fan_out([rig.wire], b"tick", 100) == []
    assert rig.sent == b""


# -- on a real reactor ---------------------------------------------------------------------------------------


def test_many_threads_write_large_pieces_to_a_slow_reader() -> None:
    """No byte is lost, doubled or torn, and waiting threads are woken."""
    limits = Limits(high_water=16 * 1024)
    reactor, sink = Reactor("test"), FakeSink()
    near, far = socket.socketpair()
    near.setblocking(False)
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    wire = Wire(reactor, near, sink, limits)
    reactor.call_soon(wire.start)
    failed = Seen()

    def write(name: int) -> None:
        for _ in range(50):
            with wire.lock:
                if not wire.wait_for_room(time.monotonic() + DEADLINE):
                    failed(name)
                    return
                wire.write(b"%d" % name * 10_000)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    got = collections.Counter()
    far.settimeout(DEADLINE)
    with far:
        for _ in range(4 * 50):
            piece = b""
            while len(piece) < 10_000:
                piece += far.recv(min(3000, 10_000 - len(piece)))
            assert len(set(piece)) == 1, "two pieces are mixed"
            got[piece[:1]] += 1
        for thread in threads:
            thread.join(DEADLINE)
        assert failed.empty()
        assert got == {b"0": 50, b"1": 50, b"2": 50, b"3": 50}
        wire.abort()
        turn(reactor)
    reactor.close()
    assert sink.told[-1] == ("lost", None)


def test_who_waits_for_room_is_woken_by_the_end() -> None:
    reactor, sink = Reactor("test"), FakeSink()
    near, far = socket.socketpair()
    near.setblocking(False)
    wire = Wire(reactor, near, sink, Limits(high_water=0))
    seen = Seen()
    with wire.lock:
        wire.write(b"x" * 4_000_000)

    def wait() -> None:
        with wire.lock:
            seen("waits")
            seen(wire.wait_for_room(time.monotonic() + DEADLINE))

    thread = threading.Thread(target=wait)
    thread.start()
    assert seen.next() == "waits"
    wire.abort()
    assert seen.next() is True  # to find that the wire is closed
    thread.join(DEADLINE)
    far.close()
    reactor.close()


def test_waiting_for_room_ends_at_the_deadline() -> None:
    rig = Rig(Limits(high_water=3))
    rig.sock.takes = [0]
    rig.write(b"1234")
    with rig.wire.lock:
        assert not rig.wire.wait_for_room(time.monotonic() + 0.01)
