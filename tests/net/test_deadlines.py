"""Every deadline from both sides: nothing happens before it, and it does once it has passed.

The limits are a thousand seconds, so no clock gets there; the tests say what time it is. Where they say it to
the second, it is a whole one: `(t + 1000) - t` of other floats may be more than 1000. Those that wait by
themselves are only measured from below: a busy machine may make any wait longer, none shorter.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import raw
from tests.waiting import DEADLINE, Seen, turn
from wsdemo import Connection, ConnectionClosed, Limits, Opcode, State, connect, serve
from wsdemo.net.authorize import first_message
from wsdemo.net.transport import Transport

LONG = 1000.0
LIMITS = Limits(
    ping_interval=LONG,
    pong_timeout=LONG / 2,
    idle_timeout=None,
    open_timeout=LONG,
    close_timeout=LONG,
    write_timeout=LONG,
)


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


def check(ws: Connection, now: float) -> None:
    """Let the reactor look at the deadlines as if it were ``now``."""
    ws.transport.reactor.call_soon(ws.check, now)
    turn(ws.transport.reactor)
    assert not ws.transport.reactor.errors


def only(connections: Any) -> Connection:
    (connection,) = connections
    return connection


# -- is the peer there? ------------------------------------------------------------------------------------


def silent_for(ws: Connection, seconds: float) -> float:
    """As if nothing had come for so long: the time it is, in whole seconds."""
    now = float(round(ws.transport.reactor.now))
    ws.transport.received_at = now - seconds
    return now


def test_a_ping_goes_out_after_the_interval_and_not_before() -> None:
    with serve(echo, limits=LIMITS) as server, raw.client(server.port) as peer:
        ws = only(server.connections)
        check(ws, silent_for(ws, LONG))
        peer.send(raw.frame(Opcode.TEXT, b"no ping so far"))
        assert peer.frame().payload == b"no ping so far"
        check(ws, silent_for(ws, LONG + 0.1))
        assert peer.frame().opcode == Opcode.PING


def test_a_clock_may_begin_just_now() -> None:
    with serve(echo, limits=LIMITS) as server, raw.client(server.port) as peer:
        ws = only(server.connections)
        ws.transport.received_at = -1.0
        check(ws, LONG)
        assert peer.frame().opcode == Opcode.PING
        assert ws.state is State.OPEN


def test_who_does_not_answer_is_given_up_after_the_timeout_and_not_before() -> None:
    with serve(echo, limits=LIMITS) as server, raw.client(server.port) as peer:
        ws = only(server.connections)
        asked = silent_for(ws, LONG + 0.1)
        check(ws, asked)
        assert peer.frame().opcode == Opcode.PING
        check(ws, asked + LONG / 2)
        assert ws.state is State.OPEN
        check(ws, asked + LONG / 2 + 0.1)
        made = peer.frame()
        assert made.opcode == Opcode.CLOSE, "it is asked once"
        assert made.payload == b"\x03\xf3no pong within 500 seconds"
        assert isinstance(ws.error, TimeoutError)


def test_who_answers_is_asked_again_after_the_next_silence() -> None:
    with serve(echo, limits=LIMITS) as server, raw.client(server.port) as peer:
        ws = only(server.connections)
        heard = silent_for(ws, 0)
        for _ in range(3):
            check(ws, heard + LONG)
            check(ws, heard + LONG + 0.1)
            ping = peer.frame()
            assert ping.opcode == Opcode.PING
            peer.send(raw.frame(Opcode.PONG, ping.payload) + raw.frame(Opcode.TEXT, b"heard"))
            assert peer.frame().payload == b"heard", "it was asked once"
            assert ws.latency is not None
            heard = ws.transport.received_at = heard + LONG + 1
        assert ws.state is State.OPEN


def test_a_message_that_takes_long_to_come_is_a_sign_of_life() -> None:
    """Any byte is; pings are for silence."""
    data = raw.frame(Opcode.BINARY, bytes(40))
    with serve(echo, limits=LIMITS) as server, raw.client(server.port) as peer:
        ws = only(server.connections)
        for i in range(len(data) - 1):
            silent_for(ws, LONG - 1)
            before = ws.transport.received_at
            peer.send(data[i : i + 1])
            while ws.transport.received_at == before:
                turn(ws.transport.reactor)
            check(ws, ws.transport.reactor.now + LONG - 1)
        peer.send(data[-1:])
        assert peer.frame().payload == bytes(40), "and no ping"


def test_without_pings_silence_is_no_fault() -> None:
    limits = Limits(ping_interval=None, idle_timeout=None)
    with serve(echo, limits=limits) as server, raw.client(server.port) as peer:
        ws = only(server.connections)
        check(ws, silent_for(ws, 1e6))
        peer.send(raw.frame(Opcode.TEXT, b"still here"))
        assert peer.frame().payload == b"still here"


def test_who_is_not_read_can_t_be_heard_and_is_not_asked() -> None:
    """It pauses because its inbox is full: what the peer says is in the kernel."""
    limits = Limits(ping_interval=LONG, idle_timeout=None, inbox_messages=1)
    with serve(echo, limits=LIMITS) as server, connect(server.url, limits=limits) as ws:
        ws.send("fills the inbox")
        while ws.transport.is_reading:
            turn(ws.transport.reactor)
        for _ in range(2):
            check(ws, silent_for(ws, LONG * 2))
        assert ws.recv(DEADLINE) == "fills the inbox"
        assert ws.latency is None and ws.state is State.OPEN


# -- is it idle, opening, closing, or does it take nothing? ------------------------------------------------


def test_an_idle_connection_ends_after_its_timeout_and_not_before() -> None:
    limits = Limits(ping_interval=None, idle_timeout=LONG)
    with serve(echo, limits=limits) as server, raw.client(server.port) as peer:
        ws = only(server.connections)
        ws._heartbeat.active -= LONG  # as if it had opened long ago
        before = time.monotonic()
        peer.send(raw.frame(Opcode.TEXT, b"hi"))
        assert peer.frame().payload == b"hi"
        after = time.monotonic()
        check(ws, before + LONG - 0.5)
        assert ws.state is State.OPEN
        check(ws, after + LONG + 0.5)
        assert peer.closed() == (1000, "no message for 1000 seconds")


def test_pings_keep_an_idle_connection_from_nothing() -> None:
    """What counts as idle is messages: a pong is none."""
    limits = Limits(ping_interval=None, idle_timeout=LONG)
    with serve(echo, limits=limits) as server, raw.client(server.port) as peer:
        ws = only(server.connections)
        after = time.monotonic()
        peer.send(raw.frame(Opcode.PING, b"?"))
        assert peer.frame().opcode == Opcode.PONG
        check(ws, after + LONG + 0.5)
        assert peer.closed()[0] == 1000


def opening(server: Any) -> Connection:
    while not server._opening:
        turn(server._reactor)
    return only(server._opening.values())


def test_an_opening_ends_after_its_timeout_and_not_before() -> None:
    with serve(echo, limits=LIMITS) as server, raw.dial(server.port) as peer:
        before = time.monotonic() - 1
        ws = opening(server)
        after = time.monotonic()
        peer.send(b"GET / HTTP/1.1\r\n")
        check(ws, before + LONG - 1)
        assert ws.state is State.CONNECTING
        check(ws, after + LONG + 0.5)
        status, text = peer.answer()
        assert status == 408 and "the opening handshake did not come within 1000 seconds" in text


@pytest.mark.parametrize("state", [State.CONNECTING, State.OPEN])
def test_the_last_moment_of_an_opening_is_within_its_timeout(state: State) -> None:
    with serve(echo, limits=LIMITS) as server, raw.client(server.port):
        heartbeat = only(server.connections)._heartbeat
        heartbeat.active = 1000.0
        assert heartbeat.check(1000.0 + LONG, state, False) is None
        assert heartbeat.check(1000.5 + LONG, state, False) is not None


def test_a_first_message_has_the_time_of_an_opening() -> None:
    authorize = first_message(lambda ws, message: message)
    with serve(echo, limits=LIMITS, authorize=authorize) as server, raw.dial(server.port) as peer:
        before = time.monotonic() - 1
        peer.send(raw.request())
        assert " 101 " in peer.head()
        ws = opening(server)
        after = time.monotonic()
        check(ws, before + LONG - 1)
        assert ws.state is State.OPEN
        check(ws, after + LONG + 0.5)
        code, reason = peer.closed()
        assert (code, reason) == (1008, "the first message did not come within 1000 seconds")


def ends(ws: Connection, message: str | bytes) -> None:
    ws.close()


def test_a_close_frame_that_does_not_come_is_waited_for_so_long_and_no_longer() -> None:
    with serve(ends, limits=LIMITS) as server, raw.client(server.port) as peer:
        ws = only(server.connections)
        before = time.monotonic()
        peer.send(raw.frame(Opcode.TEXT, b"end"))
        assert peer.frame().opcode == Opcode.CLOSE
        after = time.monotonic()
        check(ws, before + LONG - 0.5)
        assert ws.state is State.CLOSING
        check(ws, after + LONG + 0.5)
        assert peer.rest() == b"" and ws.state is State.CLOSED
        assert (ws.close_code, ws.error) == (1006, None)


def test_who_takes_no_byte_is_dropped_after_the_timeout_and_not_before() -> None:
    limits = Limits(write_timeout=LONG, buffer_size=64 << 20, ping_interval=None, idle_timeout=None)
    asked = Seen()

    def much(ws: Connection, message: str | bytes) -> None:
        ws.send(bytes(32 << 20))
        asked(ws)

    with serve(much, limits=limits) as server, raw.client(server.port, receive_buffer=4096) as peer:
        peer.send(raw.frame(Opcode.TEXT, b"x"))
        ws = asked.next()

        def look(seconds: float) -> None:
            """All in one turn: the kernel may take more bytes between two."""
            ws.transport.sent_at = now = float(round(ws.transport.sent_at))
            ws.check(now + seconds)

        for seconds, state in ((LONG, State.OPEN), (LONG + 0.1, State.CLOSED)):
            ws.transport.reactor.call_soon(look, seconds)
            turn(ws.transport.reactor)
            assert ws.state is state
        assert str(ws.error) == "took no byte for 1000 seconds"


def test_who_has_taken_everything_is_not_stalled() -> None:
    with serve(echo, limits=LIMITS) as server, raw.client(server.port) as peer:
        ws = only(server.connections)
        peer.send(raw.frame(Opcode.TEXT, b"x"))
        assert peer.frame().payload == b"x"
        assert not ws.transport.stalled(ws.transport.sent_at + 10 * LONG)


# -- waits, from below -------------------------------------------------------------------------------------

SHORT = 0.1
IMPATIENT = Limits(
    write_timeout=SHORT, close_timeout=SHORT, pong_timeout=SHORT, high_water=1, idle_timeout=None
)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """A client whose server reads nothing and says nothing; the reactor does not look at its deadlines."""
    monkeypatch.setattr(Connection, "check", lambda ws, now: None)
    end = threading.Event()

    def script(peer: raw.Peer) -> None:
        end.wait(DEADLINE)

    with raw.server(script) as url:
        ws = connect(url, limits=IMPATIENT)
        try:
            yield ws
        finally:
            end.set()
            ws.close()


def fill(ws: Connection) -> None:
    """Until the kernel takes no more."""
    while not ws.transport.pending:
        ws.send(bytes(1 << 20))


@pytest.mark.parametrize(
    ("full", "wait"),
    [
        (False, lambda ws: ws.recv(SHORT)),
        (False, lambda ws: ws.ping(SHORT)),
        (False, lambda ws: ws.ping()),
        (True, lambda ws: ws.send(b"x")),
        (True, lambda ws: ws.send([b"x", b"y"])),
    ],
    ids=["recv", "ping", "ping, by default", "send", "send fragments"],
)
def test_no_wait_is_shorter_than_it_may_be(stuck: Connection, full: bool, wait: Callable[[Any], Any]) -> None:
    if full:
        fill(stuck)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        wait(stuck)
    assert time.monotonic() - begun >= SHORT


def test_close_waits_for_an_answer_as_long_as_it_may(stuck: Connection) -> None:
    begun = time.monotonic()
    assert not stuck.wait_closed(SHORT)
    assert time.monotonic() - begun >= SHORT
    begun = time.monotonic()
    stuck.close()
    assert time.monotonic() - begun >= SHORT
    assert stuck.state is State.CLOSED


# -- and no wait is longer than it must be -----------------------------------------------------------------


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Tells of each thread that begins to wait for its turn on a transport."""
    seen = Seen()
    wait = Transport.wait

    def told(transport: Transport, deadline: float) -> bool:
        seen(deadline)
        return wait(transport, deadline)

    monkeypatch.setattr(Transport, "wait", told)
    return seen


@pytest.mark.parametrize("fails", [False, True])
def test_a_thread_behind_another_s_fragments_goes_on_when_they_end(waits: Seen, fails: bool) -> None:
    """It is woken: its own timeout is a thousand seconds away."""
    go_on = threading.Event()
    outcomes = Seen()

    def parts() -> Iterator[str]:
        yield "frag"
        yield "ments"
        assert go_on.wait(DEADLINE)
        if fails:
            raise RuntimeError("half a message")

    def send(message: Any) -> None:
        try:
            ws.send(message)
            outcomes("sent")
        except (ConnectionClosed, RuntimeError) as error:
            outcomes(type(error))

    begun = Seen()

    def hear(peer: raw.Peer) -> None:
        while (made := peer.frame()).opcode != Opcode.CLOSE:
            begun(made.payload)
        peer.send(raw.frame(Opcode.CLOSE, made.payload, key=None))
        peer.rest()

    with raw.server(hear) as url, connect(url, limits=LIMITS) as ws:
        first = threading.Thread(target=send, args=(parts(),))
        first.start()
        assert begun.next() == b"frag"
        second = threading.Thread(target=send, args=("whole",))
        second.start()
        assert waits.next() > time.monotonic() + LONG / 2
        go_on.set()
        for thread in (first, second):
            thread.join(DEADLINE)
            assert not thread.is_alive()
        told = {outcomes.next(), outcomes.next()}
        assert told == ({RuntimeError, ConnectionClosed} if fails else {"sent"})


def test_a_thread_that_waits_for_room_goes_on_when_there_is_some(waits: Seen) -> None:
    read = threading.Event()
    size = 1 << 20
    heard = Seen()

    def slow(peer: raw.Peer) -> None:
        assert read.wait(DEADLINE)
        while (made := peer.frame()).opcode != Opcode.CLOSE:
            heard(len(made.payload))
        peer.send(raw.frame(Opcode.CLOSE, made.payload, key=None))
        peer.rest()

    with raw.server(slow) as url, connect(url, limits=LIMITS) as ws:
        count = 0
        while ws.transport.pending <= LIMITS.high_water:
            ws.send(bytes(size))
            count += 1
        thread = threading.Thread(target=ws.send, args=(b"last",))
        thread.start()
        waits.next()
        read.set()
        thread.join(DEADLINE)
        assert not thread.is_alive()
        assert [heard.next() for _ in range(count + 1)] == [size] * count + [4]
