"""`Server.drain`: everybody is told, leaves in random order, and nothing that was sent is lost."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from tests import raw
from tests.waiting import DEADLINE, Seen, turn, turn_until
from wsdemo import Connection, InvalidState, Limits, Opcode, Server, connect, first_message, serve
from wsdemo.net.timers import spread

LONG = 1000.0


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


class Running:
    """A call of `drain` in a thread, and its result."""

    def __init__(self, server: Server, *arguments: Any, **options: Any) -> None:
        self._result: Future[bool] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(partial(server.drain, *arguments, **options),)
        )
        self._thread.start()

    def _run(self, drain: Callable[[], bool]) -> None:
        try:
            self._result.set_result(drain())
        except BaseException as error:
            self._result.set_exception(error)

    @property
    def waits(self) -> bool:
        """Whether the call has done its part, and waits for the server's thread."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        while frame is not None and frame.f_code.co_name != "_join":
            frame = frame.f_back
        return frame is not None

    def result(self) -> bool:
        result = self._result.result(DEADLINE)
        self._thread.join(DEADLINE)
        return result


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(echo) as server:
        yield server


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """All leave at the beginning, so that a test need not wait and nobody is short of time to answer."""
    monkeypatch.setattr(
        "wsdemo.net.server.spread", lambda things, seconds: [(0.0, thing) for thing in things]
    )


# -- all that leave -------------------------------------------------------------------------------------


def test_an_empty_server_has_drained_at_once(server: Server) -> None:
    assert server.drain(1000) is True
    assert not server._reactor.thread.is_alive()
    with pytest.raises(OSError):
        raw.dial(server.port)


def test_everybody_is_closed_with_the_code_and_what_was_sent_comes_before(
    server: Server, at_once: None
) -> None:
    clients = [connect(server.url) for _ in range(10)]
    for connection in server.connections:
        connection.send("x" * 100_000)
    assert server.drain(LONG) is True
    for ws in clients:
        assert ws.recv(DEADLINE) == "x" * 100_000
        with pytest.raises(Exception, match="1012"):
            ws.recv(DEADLINE)
        ws.close()
    assert server.counts.closed == {1012: 10} and not server.errors


def test_another_code(server: Server) -> None:
    with connect(server.url) as ws:
        assert server.drain(LONG, 1001)
        assert list(ws) == [] and ws.close_code == 1001


def test_a_queue_that_a_slow_reader_has_not_taken_is_written_before() -> None:
    with serve(echo, limits=Limits(buffer_size=64 << 20, close_timeout=LONG)) as server:
        with raw.client(server.port, receive_buffer=64 * 1024) as peer:
            turn_until(server._reactor, lambda: server.connections)
            (ws,) = server.connections
            server.call_soon(ws.send, bytes(16 << 20))
            turn_until(server._reactor, lambda: ws.transport.pending)
            running = Running(server, LONG)
            assert len(peer.frame().payload) == 16 << 20
            assert peer.closed()[0] == 1012
            peer.send(raw.frame(Opcode.CLOSE, (1012).to_bytes(2, "big")))
            assert running.result() is True


def test_each_is_told_first_how_long_to_stay_away(server: Server) -> None:
    seen = Seen()

    def told(ws: Connection, after: float) -> None:
        seen(ws.id, after, time.monotonic(), threading.current_thread())
        ws.send(f"come back in {after:g} seconds")

    clients = [connect(server.url) for _ in range(4)]
    begun = time.monotonic()
    server.drain(0.4, told=told)
    calls = [seen.next() for _ in clients]
    assert sorted(call[0] for call in calls) == [1, 2, 3, 4] and seen.empty()
    for place, (_, after, at, thread) in enumerate(calls):
        assert at - begun >= 0.2 * place / 4, "spread over the time, but for the half that is for answers"
        assert after >= 0.4 - (at - begun), "never less than what remains of the drain"
        assert thread is server._reactor.thread
    for ws in clients:
        assert ws.recv(DEADLINE) == "come back in 0.4 seconds"
        ws.close()


def test_the_order_is_random_and_the_times_are_even() -> None:
    things = list(range(100))
    assert [time for time, _ in spread(things, 50.0)] == [place / 2 for place in things]
    orders = [[thing for _, thing in spread(things, 50.0)] for _ in range(2)]
    assert sorted(orders[0]) == things and orders[0] != things and orders[0] != orders[1]


def test_clients_leave_in_that_order(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen()
    clients = [connect(server.url) for _ in range(5)]
    order = [3, 1, 5, 2, 4]
    by_id = lambda things, seconds: [  # noqa: E731
        (0.0, next(thing for thing in things if thing.id == number)) for number in order
    ]
    monkeypatch.setattr("wsdemo.net.server.spread", by_id)
    assert server.drain(LONG, told=lambda ws, after: seen(ws.id))
    assert [seen.next() for _ in order] == order
    for ws in clients:
        ws.close()


def test_one_that_is_closing_already_is_not_told(server: Server) -> None:
    told = Seen()

    def tell(ws: Connection, after: float) -> None:
        told(ws.id)
        for other in server.connections:
            other.close(4000)

    peers = [raw.client(server.port) for _ in range(3)]  # they do not answer, and so remain to the end
    turn_until(server._reactor, lambda: len(server.connections) == 3)
    assert server.drain(0.4, told=tell) is False
    told.next()
    assert told.empty() and [peer.closed()[0] for peer in peers] == [4000] * 3


@pytest.mark.parametrize(("seconds", "over"), [(20, 15), (4, 2)])
def test_the_last_ones_have_time_to_answer(
    server: Server, monkeypatch: pytest.MonkeyPatch, seconds: float, over: float
) -> None:
    """Five seconds, as any closing handshake, or half of all."""
    seen = Seen()
    monkeypatch.setattr("wsdemo.net.server.spread", lambda things, time: seen(time) or [])
    assert server.drain(seconds) is True
    assert seen.next() == over


# -- those that do not ----------------------------------------------------------------------------------


def test_one_that_does_not_answer_is_cut_off_and_the_result_is_false(server: Server) -> None:
    with raw.client(server.port) as deaf, connect(server.url) as ws:
        assert server.drain(0.3) is False
        assert deaf.closed()[0] == 1012
        assert list(_ends(ws)) == [1012]
    assert not server._reactor.thread.is_alive()


def test_one_that_vanishes_meanwhile_makes_it_false(server: Server) -> None:
    peer = raw.client(server.port)
    turn_until(server._reactor, lambda: server.connections)
    running = Running(server, 1000)
    assert peer.closed()[0] == 1012
    peer.reset()
    assert running.result() is False


def test_a_told_that_fails_ends_its_connection_and_no_other(server: Server, at_once: None) -> None:
    def told(ws: Connection, after: float) -> None:
        if ws.id == 1:
            raise RuntimeError("oops")

    with connect(server.url) as one, connect(server.url) as two:
        assert server.drain(LONG, told=told) is True
        assert (one.close_code, two.close_code) == (1011, 1012)
        assert [number for number, _ in server.errors] == [1]


# -- openings -------------------------------------------------------------------------------------------


def test_an_opening_that_is_undecided_gets_503_and_its_future_is_cancelled() -> None:
    future: Future[str] = Future()
    asked = Seen()
    with serve(echo, authorize=lambda request: asked(request) or future) as server:
        with raw.dial(server.port) as peer:
            peer.send(raw.request())
            asked.next()
            running = Running(server, 1000)
            assert peer.answer() == (503, "the server is closing: try again later\n")
            assert future.cancelled()
            peer.sock.close()
            assert running.result() is True


def test_one_that_has_not_asked_yet_gets_503_too(server: Server) -> None:
    with raw.dial(server.port) as peer:
        peer.send(b"GET / HT")
        turn_until(server._reactor, lambda: server._opening)
        running = Running(server, 1000)
        assert peer.answer()[0] == 503
        peer.sock.close()
        assert running.result() is True


def test_one_whose_first_message_has_not_come_is_told_to_try_again() -> None:
    with serve(echo, authorize=first_message(lambda ws, message: "Ada")) as server:
        with connect(server.url) as ws:
            assert server.drain(1000)
            assert list(_ends(ws)) == [1013]


def _ends(ws: Connection) -> Iterator[int]:
    ws.wait_closed(DEADLINE)
    assert ws.close_code is not None
    yield ws.close_code


def test_it_listens_no_more_from_the_beginning(server: Server) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def told(ws: Connection, after: float) -> None:
        begun.set()
        assert go_on.wait(DEADLINE)

    with connect(server.url):
        running = Running(server, 1000, told=told)
        assert begun.wait(DEADLINE)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), DEADLINE)
        go_on.set()
        assert running.result() is True


# -- from where, and how often --------------------------------------------------------------------------


def test_in_a_handler_it_is_refused(server: Server) -> None:
    seen = Seen()

    def drain() -> None:
        with pytest.raises(InvalidState, match="drain in a handler waits for the thread that it runs in"):
            server.drain(1)
        seen("refused")

    server.call_soon(drain)
    assert seen.next() == "refused"
    with connect(server.url) as ws:
        ws.send("it goes on")
        assert ws.recv(DEADLINE) == "it goes on"
    assert not server.errors


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such signal on this system")
def test_in_a_signal_handler(server: Server) -> None:
    """As a service does at SIGTERM: the main thread is interrupted wherever it is."""
    results = Seen()
    before = signal.signal(signal.SIGALRM, lambda number, frame: results(server.drain(LONG)))
    try:
        with connect(server.url) as ws:
            signal.setitimer(signal.ITIMER_REAL, 0.01)
            while results.empty():
                try:
                    server.call_soon(int)
                except InvalidState:
                    pass  # it has closed
            assert results.next() is True and ws.close_code == 1012
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_second_call_waits_for_the_first(server: Server) -> None:
    told, clients = Seen(), [connect(server.url) for _ in range(2)]
    first = Running(server, LONG, told=lambda ws, after: told("first"))
    assert told.next() == "first"
    second = Running(server, LONG, 1001, told=lambda ws, after: told("second"))
    turn_until(server._reactor, lambda: second.waits)
    server.close()
    assert first.result() is second.result() is True and told.empty()
    assert server.drain(LONG) is True
    for ws in clients:
        ws.close()


def test_close_meanwhile_closes_the_rest_at_once(server: Server) -> None:
    clients = [connect(server.url) for _ in range(3)]
    told = Seen()
    running = Running(server, 1000, told=lambda ws, after: told(ws.id))
    told.next()  # the others have hundreds of seconds
    server.close(1001)
    assert running.result() is True and told.empty()
    assert sorted(code for ws in clients for code in _ends(ws)) == [1001, 1001, 1012]
    for ws in clients:
        ws.close()


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((0,), ValueError, "seconds: got 0"),
        ((True,), TypeError, "seconds: got True"),
        ((1, 1005), ValueError, "1005"),
        ((1, 1012, 5), TypeError, "told: got 5, expected a function of"),
        ((1, 1012, lambda ws: None), TypeError, "told: got a function of"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_closed(
    server: Server, arguments: tuple[Any, ...], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        server.drain(*arguments)
    with connect(server.url) as ws:
        assert ws.ping(DEADLINE) > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_in_a_forked_process_it_is_refused(server: Server) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads is what we test
        child = os.fork()
    if child == 0:
        try:
            server.drain(1)
        except InvalidState as error:
            os._exit(0 if "after the fork" in str(error) else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    turn(server._reactor)


def test_no_deadline_of_the_connection_ends_it_before_its_answer() -> None:
    limits = Limits(close_timeout=1000.0)
    with serve(echo, limits=limits) as server, raw.client(server.port) as peer:
        turn_until(server._reactor, lambda: server.connections)
        running = Running(server, 0.5)
        assert peer.closed()[0] == 1012
        assert running.result() is False, "it ends after its seconds, whatever the limit of a closing"
