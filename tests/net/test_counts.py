"""The numbers of a server: exact against the bytes on the wire, of living connections and ended ones."""

from __future__ import annotations

import collections
import threading
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests import raw
from tests.waiting import DEADLINE, Seen, turn, turn_until
from wsdemo import Connection, HandshakeError, Limits, Opcode, Server, Trace, connect, first_message, serve
from wsdemo.net.counts import Counts, Tally, Traffic


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


def ended(server: Server) -> Counts:
    """The numbers once no connection is left."""
    turn_until(server._reactor, lambda: not server._living())
    return server.counts


def test_a_new_server_has_counted_nothing() -> None:
    with serve(echo) as server:
        assert server.counts == Counts(0, {}, {}, 0, 0, 0, 0, 0)


def test_messages_and_bytes_are_those_on_the_wire_before_and_after_the_end() -> None:
    asked = raw.request()
    text, ping = raw.frame(Opcode.TEXT, b"hello"), raw.frame(Opcode.PING, b"?")
    split = raw.frame(Opcode.TEXT, b"hel", fin=False) + raw.frame(Opcode.CONTINUATION, b"lo")
    with serve(echo) as server, raw.dial(server.port) as peer:
        peer.send(asked)
        got = len(peer.head())
        for sent in (text, ping, split, text * 3):
            peer.send(sent)
        for size in (7, 3, 7, 7, 7, 7):
            assert len(peer.frame().serialize()) == size
            got += size
        sent_size = len(asked) + len(text) * 4 + len(ping) + len(split)
        turn(server._reactor)  # what follows the last write
        assert server.counts == Counts(1, {}, {}, 5, 5, sent_size, got, 0)
        close = raw.frame(Opcode.CLOSE, (3000).to_bytes(2, "big"))
        peer.send(close)
        got += len(peer.rest())
        assert ended(server) == Counts(1, {}, {3000: 1}, 5, 5, sent_size + len(close), got, 0)


def test_bytes_that_a_slow_reader_takes_later_count_once() -> None:
    limits = Limits(message_size=8 << 20, buffer_size=16 << 20)
    with serve(echo, limits=limits) as server, raw.client(server.port, receive_buffer=4096) as peer:
        turn(server._reactor)  # what follows the write of the 101
        before = server.counts.bytes_sent
        peer.send(raw.frame(Opcode.BINARY, bytes(4 << 20)))
        (ws,) = server.connections
        turn_until(server._reactor, lambda: ws.transport.pending)
        assert server.counts.bytes_sent < before + (4 << 20)
        assert len(peer.frame().payload) == 4 << 20
        turn_until(server._reactor, lambda: not ws.transport.pending)
        assert server.counts.bytes_sent == before + 10 + (4 << 20)


@pytest.mark.parametrize("where", ["in the server's thread", "in another thread"])
@pytest.mark.parametrize("kind", ["plain", "compressed", "recorded"])
def test_a_broadcast_is_a_message_for_each_recipient(where: str, kind: str) -> None:
    trace = Trace() if kind == "recorded" else None
    fields: dict[str, str | None] = (
        {"Sec_WebSocket_Extensions": "permessage-deflate"} if kind == "compressed" else {}
    )
    with serve(echo, trace=trace) as server:
        peers = [raw.client(server.port, **fields) for _ in range(5)]
        turn(server._reactor)
        before = server.counts
        if where == "in another thread":
            server.broadcast("x" * 100)
        else:
            server.call_soon(server.broadcast, "x" * 100)
        size = sum(len(peer.frame().serialize()) for peer in peers)
        turn(server._reactor)
        after = server.counts
        assert after.messages_sent - before.messages_sent == 5
        assert after.bytes_sent - before.bytes_sent == size
        gone, *others = server.connections
        peers[0].reset()
        turn_until(server._reactor, lambda: gone not in server.connections)
        server.broadcast("to those that remain", [gone, *others])
        assert server.counts.messages_sent - after.messages_sent == 4
        for peer in peers[1:]:  # they would not answer the closing handshake
            peer.reset()


def test_fragments_are_one_message_and_what_could_not_be_sent_is_none() -> None:
    with serve(echo) as server, connect(server.url) as ws:
        server.connections[0].send(iter(["a", "b", "c"]))
        assert ws.recv(DEADLINE) == "abc"
        assert server.counts.messages_sent == 1
        connection = server.connections[0]
        ws.close()
        ended(server)
        with pytest.raises(Exception, match="1000"):
            connection.send("too late")
        assert server.counts.messages_sent == 1


def refuse(request: Any) -> Any:
    raise HandshakeError("no", 401)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (raw.request(), 401),
        (raw.request(Origin="http://elsewhere.example"), 403),
        (raw.request(Upgrade=None), 426),
        (b"GET / HTTP/1.1\r\n", 0),  # and leaves
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_refused_openings_are_counted_by_status_and_are_errors(said: bytes, status: int) -> None:
    with serve(echo, authorize=refuse) as server:
        with raw.dial(server.port) as peer:
            peer.send(said)
            if status:
                assert peer.answer()[0] == status
        turn_until(server._reactor, lambda: server.counts.refused)
        counts = ended(server)
        assert (counts.opened, counts.refused, counts.closed, counts.errors) == (0, {status: 1}, {}, 1)
        assert counts.bytes_received == len(said)


def test_an_answer_of_a_route_is_no_refusal() -> None:
    with serve(echo) as server:
        server.route("/health", lambda request: "fine")
        with raw.dial(server.port) as peer:
            peer.send(raw.request("/health", Upgrade=None, Connection=None))
            assert peer.answer() == (200, "fine")
        counts = ended(server)
        assert (counts.opened, counts.refused, counts.errors) == (0, {}, 0) and counts.bytes_sent > 0


def test_a_connection_over_all_bounds_is_refused_without_an_answer() -> None:
    with serve(echo, limits=Limits(connections=1, handshakes=1)) as server:
        peers = [raw.dial(server.port) for _ in range(10)]
        turn_until(server._reactor, lambda: 0 in server.counts.refused)
        for peer in peers:
            peer.sock.close()


def test_ends_are_counted_by_the_code_that_came() -> None:
    with serve(echo) as server:
        for code in (1000, 1000, 4001):
            connect(server.url).close(code)
        raw.client(server.port).reset()
        with raw.client(server.port) as peer:
            peer.send(raw.frame(3, b"no such opcode"))
            assert peer.closed()[0] == 1002
        counts = ended(server)
        assert counts.closed == {1000: 2, 4001: 1, 1006: 2} and counts.opened == 5


def test_those_whom_the_first_message_does_not_let_in_were_opened_and_are_closed() -> None:
    with serve(echo, authorize=first_message(lambda ws, message: None)) as server:
        with connect(server.url) as ws:
            turn(server._reactor)
            assert server.counts.opened == 1
            ws.send("a wrong key")
            ws.wait_closed(DEADLINE)
        counts = ended(server)
        assert (counts.opened, counts.closed, counts.errors) == (1, {1008: 1}, 1)


def test_errors_go_on_counting_where_the_list_is_full(caplog: pytest.LogCaptureFixture) -> None:
    with serve(echo) as server:
        for _ in range(150):
            server.call_soon(divmod, 1, 0)
        turn(server._reactor)
        assert server.counts.errors == 150 and len(server.errors) == 100


def test_a_connection_that_moves_on_is_counted_once_in_the_middle_of_it() -> None:
    """Every removal from a group looks at the numbers, as another thread might just then."""
    seen = Seen()

    class Group(dict[int, Connection]):
        def look(self) -> None:
            seen([connection.id for connection in server._living()])

        def __delitem__(self, key: int) -> None:
            self.look()
            super().__delitem__(key)
            self.look()

        def pop(self, key: int, *default: Any) -> Any:
            before = key in self
            if before and self is not server._leaving:
                self.look()
            found = super().pop(key, *default)
            if before and self is not server._leaving:
                self.look()
            return found

    with serve(echo) as server:
        server._opening, server._open, server._leaving = Group(), Group(), Group()
        with connect(server.url) as ws:
            ws.close()
        ended(server)
        with raw.dial(server.port) as peer:
            peer.send(b"nonsense\r\n\r\n")
            peer.rest()
        ended(server)
        looks = [seen.next() for _ in range(6)]
    assert looks == [[1]] * 4 + [[2]] * 2 and seen.empty()


class Fake:
    """A connection that has counted."""

    def __init__(self, traffic: Traffic, close_code: int | None = None) -> None:
        self.traffic, self.close_code, self.was_opened = traffic, close_code, close_code is not None


def test_the_end_of_a_connection_changes_no_sum() -> None:
    """`forget` and the totals are one step: another thread that asks in between waits."""
    connection = Fake(Traffic(1, 2, 3, 4), 1000)
    living = {connection}
    tally = Tally(lambda: list(living))  # type: ignore[arg-type]
    asked, told = threading.Event(), Seen()

    def ask() -> None:
        asked.set()
        told(tally.counts())

    thread = threading.Thread(target=ask)

    def forget() -> None:
        living.clear()
        thread.start()
        assert asked.wait(DEADLINE)
        assert tally._lock.locked() and told.empty()

    before = tally.counts()
    tally.ended(connection, forget)  # type: ignore[arg-type]
    thread.join(DEADLINE)
    assert told.next() == tally.counts() == Counts(1, {}, {1000: 1}, 1, 2, 3, 4, 0)
    assert before == Counts(1, {}, {}, 1, 2, 3, 4, 0)


# -- lag -----------------------------------------------------------------------------------------------------


def test_lag_tells_of_a_handler_that_blocks_while_it_does_and_afterwards() -> None:
    free, left = threading.Event(), threading.Event()

    def block(ws: Connection, message: str | bytes) -> None:
        free.wait(DEADLINE)
        left.set()

    with serve(block, limits=Limits(close_timeout=0.04)) as server:
        with connect(server.url) as ws:
            ws.send("block")
            while server.lag < 0.2:
                assert not free.wait(0.01)
            seen = server.lag
            assert not left.is_set(), "it is told while it lasts"
            free.set()
            turn(server._reactor)
            turn(server._reactor)
            assert server.lag >= seen
            assert server.counts.errors == 0


def test_a_timer_that_was_due_before_the_handler_began_is_late_by_all_of_it() -> None:
    with serve(echo) as server:
        reactor = server._reactor

        def block() -> None:
            reactor.call_later(0.0, left.set)
            reactor.now = time.monotonic()  # as if the turn had begun here
            while time.monotonic() < reactor.now + 0.2:
                pass

        left = threading.Event()
        server.call_soon(block)
        assert left.wait(DEADLINE)
        assert server.lag >= 0.2


def test_lag_is_forgotten_after_a_while() -> None:
    with serve(echo) as server:
        reactor = server._reactor

        def set_back(seconds: float) -> None:
            worst, before, since = reactor._late
            reactor._late = worst, before, since - seconds

        server.call_soon(lambda: setattr(reactor, "_late", (5.0, 0.0, reactor.now)))
        fired = threading.Event()
        reactor.call_later(0, fired.set)
        assert fired.wait(DEADLINE) and server.lag >= 5.0
        for remembered in (True, False):
            server.call_soon(set_back, 11.0)
            fired = threading.Event()
            reactor.call_later(0, fired.set)
            assert fired.wait(DEADLINE)
            turn(reactor)
            assert (server.lag >= 5.0) is remembered


def test_all_that_is_counted_is_counted_under_the_lock() -> None:
    """`+= 1` is three steps: two threads that take them at once count one refusal."""
    tally = Tally(list)
    held: list[bool] = []

    class Watched(collections.Counter[int]):
        def __setitem__(self, status: int, number: int) -> None:
            held.append(tally._lock.locked())
            super().__setitem__(status, number)

    tally._refused, tally._closed = Watched(), Watched()
    tally.refused(403)
    tally.refused(403)
    ended = SimpleNamespace(traffic=Traffic(), was_opened=True, close_code=1000)
    tally.ended(cast(Any, ended), lambda: held.append(tally._lock.locked()))
    assert held == [True] * 4
    counts = tally.counts()
    assert (counts.refused, counts.closed) == ({403: 2}, {1000: 1})
