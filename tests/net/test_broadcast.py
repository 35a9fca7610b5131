"""The writing half of a transport, on a fake socket and a fake reactor; then on real ones."""

from __future__ import annotations

import collections
import socket
import threading
import time
from collections.abc import Callable

import pytest

from tests.net.rig import PIPE, FakeSink, Rig
from tests.waiting import DEADLINE, Seen, turn
from wsdemo.net.broadcast import fan_out, not_taken, offer_until
from wsdemo.net.outbox import GATHER
from wsdemo.net.reactor import READ, WRITE, Reactor
from wsdemo.net.transport import Transport
from wsdemo.protocol.limits import Limits

# -- writing -------------------------------------------------------------------------------------------------


def test_what_fits_leaves_at_once_and_nothing_is_waited_for() -> None:
    rig = Rig()
    rig.write(b"hello")
    assert (rig.sock.taken, rig.transport.pending, rig.reactor.events) == ([b"hello"], 0, READ)


@pytest.mark.parametrize("takes", [0, 1, 4])
def test_what_does_not_fit_is_kept_in_order_and_flushed(takes: int) -> None:
    rig = Rig(tap=True)
    rig.sock.takes = [takes, 2]
    rig.write(b"hello")
    rig.write(b", ")
    rig.write(b"world")
    assert rig.transport.pending == 12 - takes
    assert rig.reactor.events == READ | WRITE
    rig.reactor.turn(WRITE)  # two bytes of it: the kernel is full
    assert rig.transport.pending == 10 - takes
    rig.reactor.turn(WRITE)
    assert (rig.sent, rig.transport.pending, rig.reactor.events) == (b"hello, world", 0, READ)
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


def test_drained_is_told_after_each_write_that_was_not_taken_whole() -> None:
    """Below the high-water mark and above it; not for one that was taken at once."""
    rig = Rig(Limits(high_water=4))
    rig.write(b"whole")
    rig.reactor.turn(WRITE)
    assert (rig.sent, rig.sink.told) == (b"whole", [])
    for count, data in enumerate((b"1234", b"12345"), 1):
        rig.sock.takes = [0, 2]
        rig.write(data)
        rig.reactor.turn(WRITE)
        assert rig.sink.told == ["drained"] * (count - 1)
        rig.reactor.turn(WRITE)
        assert rig.sink.told == ["drained"] * count


def test_corked_writes_leave_in_one_send() -> None:
    rig = Rig()
    rig.transport.cork()
    for _ in range(5):
        rig.write(b"answer")
    assert rig.sock.taken == []
    rig.transport.uncork()
    assert (rig.sock.taken, rig.transport.pending) == ([b"answer" * 5], 0)


def test_a_cork_holds_a_bounded_amount_and_survives_the_end() -> None:
    rig = Rig()
    rig.transport.cork()
    rig.write(b"x" * (GATHER + 1))
    assert len(rig.sent) == GATHER + 1
    rig.write(b"y")
    rig.transport.abort()
    rig.transport.uncork()
    assert rig.transport.pending == 0
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
    assert rig.transport.pending == 7
    assert rig.reactor.events & WRITE, "nobody will ever flush this"
    rig.reactor.turn(WRITE)
    assert (rig.sent, rig.reactor.events) == (b"first second", READ)


def test_a_stall_is_seen_and_progress_ends_it() -> None:
    rig = Rig(Limits(write_timeout=10))
    rig.sock.takes = [0, 1, 0]
    rig.write(b"hello")
    now = time.monotonic()
    assert not rig.transport.stalled(now + 9)
    assert rig.transport.stalled(now + 11)
    rig.reactor.now = now + 11
    rig.reactor.turn(WRITE)
    assert not rig.transport.stalled(now + 12)


def test_who_has_nothing_to_send_can_not_stall_but_a_broken_socket_does() -> None:
    """The end of a broken one comes by reading; where that does not come, it has the same deadline."""
    rig = Rig(Limits(write_timeout=10))
    rig.write(b"taken")
    assert not rig.transport.stalled(time.monotonic() + 1000)
    rig.sock.takes = [PIPE]
    rig.write(b"not taken")
    now = time.monotonic()
    assert not rig.transport.stalled(now + 9)
    assert rig.transport.stalled(now + 11)


@pytest.mark.parametrize(("size", "reads"), [(100, True), (101, False)])
def test_who_does_not_take_the_answers_is_not_read_above_the_high_water_mark(size: int, reads: bool) -> None:
    rig = Rig(Limits(high_water=100))
    rig.sink.data_received = lambda data: rig.write(bytes(size))  # type: ignore[method-assign]
    rig.sock.gives, rig.sock.takes = [b"?"], [0]
    rig.reactor.turn(READ)
    assert rig.transport.is_reading is reads and bool(rig.reactor.events & READ) is reads
    rig.reactor.turn(WRITE)
    assert rig.transport.is_reading and rig.reactor.events == READ


@pytest.mark.parametrize(("left", "woken"), [(101, False), (100, True)])
def test_who_waits_for_room_is_woken_at_the_high_water_mark(left: int, woken: bool) -> None:
    rig, event = Rig(Limits(high_water=100)), threading.Event()
    rig.sock.takes = [0, 200 - left]
    rig.write(bytes(200))
    with rig.transport.lock:
        rig.transport.add_waiter(event)
    rig.reactor.turn(WRITE)
    assert event.is_set() is woken
    with rig.transport.lock:
        assert rig.transport.wait_for_room(0.0) is woken


# -- many transports -----------------------------------------------------------------------------------------

STATES: dict[str, Callable[[Rig], object]] = {
    "idle": lambda rig: None,
    "takes nothing now": lambda rig: rig.sock.takes.append(0),
    "takes a part": lambda rig: rig.sock.takes.append(2),
    "breaks": lambda rig: rig.sock.takes.append(PIPE),
    "has a buffer": lambda rig: (rig.sock.takes.append(0), rig.write(b"before ")),
    "broke before": lambda rig: (rig.sock.takes.append(PIPE), rig.write(b"before ")),
    "corked": lambda rig: rig.transport.cork(),
    "closed": lambda rig: rig.transport.abort(),
}


@pytest.mark.parametrize("tap", [False, True])
@pytest.mark.parametrize("state", STATES)
def test_fan_out_is_a_write_to_each(state: str, tap: bool) -> None:
    """The fast way and the plain one, from the same state, end in the same one."""
    ends = []
    for send in (lambda rig: rig.write(b"tick"), lambda rig: fan_out([rig], b"tick", 1000)):
        rig = Rig(tap=tap)
        STATES[state](rig)
        send(rig)
        before = (rig.sent, rig.transport.pending, rig.reactor.events)
        if state == "corked":
            rig.transport.uncork()
        rig.reactor.turn(READ | WRITE)
        chunks = [chunk.data for chunk in rig.trace.chunks]
        ends.append((before, rig.sent, rig.transport.pending, rig.transport.broken, rig.sink.told, chunks))
    assert ends[0] == ends[1]


def test_fan_out_names_those_without_room_and_writes_to_the_others() -> None:
    rigs = [Rig() for _ in range(3)]
    rigs[1].sock.takes = [0]
    rigs[1].write(b"x" * 97)
    assert fan_out(rigs, b"tick", 100) == ([rigs[1]], 2, 8)
    assert fan_out(rigs, b"tic", 100) == ([], 3, 6)
    assert [rig.transport.pending for rig in rigs] == [0, 100, 0]
    assert rigs[0].sent == rigs[2].sent == b"ticktic"


def test_fan_out_passes_over_those_that_are_leaving() -> None:
    rig = Rig()
    rig.transport.write_eof()
    rig.reactor.turn()
    assert fan_out([rig], b"tick", 100) == ([], 0, 0)
    assert rig.sent == b""


@pytest.mark.parametrize(("more", "late"), [(60.0, False), (0.0, True)])
def test_those_without_room_are_offered_it_again_until_the_deadline(more: float, late: bool) -> None:
    """As soon as one of them has room; afterwards none of them is told of room any more."""
    rigs, offers = [Rig() for _ in range(3)], Seen()
    answers = {0: [True], 1: [False, False, not late], 2: [False, True]}

    def offer(rig: Rig) -> bool:
        number = rigs.index(rig)
        offers(number)
        if rig.transport._waiters:
            with rig.transport.lock:
                rig.transport.wake()
        return answers[number].pop(0)

    left = offer_until(time.monotonic() + more, rigs, offer)
    assert left == ([rigs[1]] if late else [])
    assert [offers.next(0) for _ in range(5)] == [0, 1, 2, 1, 2]
    assert offers.empty() if late else (offers.next(0) == 1 and offers.empty())
    assert not any(rig.transport._waiters for rig in rigs)


# -- on a real reactor ---------------------------------------------------------------------------------------


def test_many_threads_write_large_pieces_to_a_slow_reader() -> None:
    """No byte is lost, doubled or torn, and waiting threads are woken."""
    limits = Limits(high_water=16 * 1024)
    reactor, sink = Reactor("test"), FakeSink()
    near, far = socket.socketpair()
    near.setblocking(False)
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    transport = Transport(reactor, near, sink, limits)
    reactor.call_soon(transport.start)
    failed = Seen()

    def write(name: int) -> None:
        for _ in range(50):
            with transport.lock:
                if not transport.wait_for_room(time.monotonic() + DEADLINE):
                    failed(name)
                    return
                transport.write(b"%d" % name * 10_000)

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
        transport.abort()
        turn(reactor)
    reactor.close()
    assert sink.told[-1] == ("lost", None)


def test_who_waits_for_room_is_woken_by_the_end() -> None:
    reactor, sink = Reactor("test"), FakeSink()
    near, far = socket.socketpair()
    near.setblocking(False)
    transport = Transport(reactor, near, sink, Limits(high_water=0))
    seen = Seen()
    with transport.lock:
        transport.write(b"x" * 4_000_000)

    def wait() -> None:
        with transport.lock:
            seen("waits")
            seen(transport.wait_for_room(time.monotonic() + DEADLINE))

    thread = threading.Thread(target=wait)
    thread.start()
    assert seen.next() == "waits"
    transport.abort()
    assert seen.next() is True  # to find that the transport is closed
    thread.join(DEADLINE)
    far.close()
    reactor.close()


def test_waiting_for_room_ends_at_the_deadline() -> None:
    rig = Rig(Limits(high_water=3))
    rig.sock.takes = [0]
    rig.write(b"1234")
    with rig.transport.lock:
        assert not rig.transport.wait_for_room(time.monotonic() + 0.01)


@pytest.mark.parametrize("held", [b"held", b""])
def test_who_waits_for_room_is_woken_when_what_was_held_has_left(held: bytes) -> None:
    """Bytes that are held for company count as pending; they may leave in two steps."""
    rig, seen = Rig(Limits(high_water=0)), Seen()
    transport = rig.transport
    transport.cork()
    rig.write(b"first")

    def wait() -> None:
        with transport.lock:
            seen(transport.wait_for_room(time.monotonic() + 60))

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    while not transport._waiters:
        pass
    with transport.lock:
        transport.push()
    rig.write(held)
    transport.uncork()
    assert seen.next() is True
    thread.join(DEADLINE)
    assert rig.sent == b"first" + held


@pytest.mark.parametrize(("count", "names"), [(9, 9), (10, 10), (11, 10), (500, 10)])
def test_ten_of_those_who_did_not_get_it_are_named(count: int, names: int) -> None:
    text = not_taken(range(1, count + 1), 1000, 0.5)
    listed = ", ".join(str(number) for number in range(1, names + 1)) + (", …" if count > 10 else "")
    assert text == f"{count} of 1000 read too slowly and did not get the message in 0.5 seconds: {listed}"
