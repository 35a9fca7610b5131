"""Bytes that the kernel has not taken, and the callback when it has: `Connection.pending` and `on_drain`.

Most of it on a fake socket, which says how many bytes of each write it takes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests import raw
from tests.net.rig import PIPE, FakeReactor, FakeSocket
from tests.net.test_tls import client_context, server_context
from tests.waiting import DEADLINE, Seen
from wsdemo import Connection, InvalidState, Limits, Opcode, connect, first_message, serve, threaded
from wsdemo.net.handler import Handler
from wsdemo.net.reactor import READ, WRITE
from wsdemo.protocol.codes import Side
from wsdemo.protocol.protocol import Protocol

KiB = 1024
HEADER = 4  # bytes of a server's frame with 126 to 65,535 bytes of payload


class Owner:
    """The creator of a connection that is made open."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: None


class Slow:
    """An open connection of a server on a fake socket, turned by the test."""

    def __init__(self, on_message: Any = None, limits: Limits | None = None) -> None:
        self.sock, self.reactor = FakeSocket(), FakeReactor()
        self.reactor.forked = self.reactor.stopping = False  # type: ignore[attr-defined]
        self.seen: list[Any] = []
        handler = Handler(on_message=on_message, on_drain=lambda ws: self.seen.append(("drain", ws.pending)))
        protocol = Protocol(Side.SERVER, limits=limits or Limits(), opened=True)
        self.ws = Connection(1, "peer", protocol, handler, Owner(), self.reactor, self.sock)  # type: ignore[arg-type]
        self.ws.transport.start()

    def flush(self, *takes: int | OSError) -> None:
        """The socket has room for so many bytes in each of the next writes, then for all."""
        self.sock.takes = list(takes)
        self.reactor.turn(WRITE)

    def receive(self, data: bytes) -> None:
        self.sock.gives = [data]
        self.reactor.turn(READ)

    def send(self, size: int, *takes: int) -> None:
        self.sock.takes = list(takes)
        self.ws.send(bytes(size))


def test_a_message_that_the_kernel_takes_whole_leaves_nothing_and_calls_nothing() -> None:
    slow = Slow()
    slow.send(1000)
    slow.reactor.turn(READ | WRITE)
    assert (slow.ws.pending, slow.seen) == (0, [])


@pytest.mark.parametrize("size", [1000, 200 * KiB], ids=["below high water", "above"])
def test_on_drain_comes_once_when_all_has_left(size: int) -> None:
    """In bytes on the wire, headers among them; however little was pending."""
    slow = Slow()
    header = HEADER if size < 64 * KiB else 10
    slow.send(size, 100)
    assert slow.ws.pending == header + size - 100
    slow.flush(50)
    assert (slow.ws.pending, slow.seen) == (header + size - 150, [])
    slow.flush()
    slow.reactor.turn(READ | WRITE)
    assert (slow.ws.pending, slow.seen) == (0, [("drain", 0)])


def test_on_drain_comes_each_time() -> None:
    slow = Slow()
    for count in (1, 2, 3):
        slow.send(1000, 0)
        slow.flush()
        assert slow.seen == [("drain", 0)] * count


def test_replies_that_are_held_count_behind_others_only() -> None:
    """Alone, nobody would hear of their leaving: a handler that waited for `on_drain` would wait for ever."""
    pending: list[int] = []

    def reply(ws: Connection, message: str | bytes) -> None:
        ws.send(bytes(1000))
        pending.append(ws.pending)

    slow = Slow(reply)
    slow.receive(raw.frame(Opcode.TEXT, b"a") * 3)
    assert (pending, slow.ws.pending, slow.seen) == ([0, 0, 0], 0, [])
    pending.clear()
    slow.send(1000, 4)
    slow.receive(raw.frame(Opcode.TEXT, b"a") * 3)
    one = HEADER + 1000
    assert pending == [1000 + one, 1000 + 2 * one, 1000 + 3 * one]
    slow.flush()
    assert (slow.ws.pending, slow.seen) == (0, [("drain", 0)])


@pytest.mark.parametrize("held", [False, True], ids=["at once", "among held replies"])
def test_a_log_is_followed_without_memory(held: bool) -> None:
    """Entries are sent while nothing is pending, and on from there by `on_drain`: all of them, in order."""
    entries = [b"%03d" % number + bytes(997) for number in range(300)]
    left, most = iter(entries), 0

    def follow(ws: Connection, message: str | bytes = "") -> None:
        nonlocal most
        while not ws.pending and (entry := next(left, None)) is not None:
            ws.send(entry)
            most = max(most, ws.transport.pending)

    slow = Slow(follow)
    slow.ws._handler.on_drain = follow
    slow.sock.takes = [10]
    slow.receive(raw.frame(Opcode.TEXT, b"go") * (2 if held else 1))
    for turn in range(1000):
        slow.flush(*((700, 5000, 0), (0,), (1004, 1004, 1))[turn % 3])
        if not slow.reactor.events & WRITE:
            break
    frames = b"".join(slow.sock.taken)
    assert frames == b"".join(b"\x82\x7e\x03\xe8" + entry for entry in entries)
    assert most <= (64 * KiB if held else 0) + HEADER + 1000


def test_nothing_is_called_once_the_connection_closes_or_its_socket_is_broken() -> None:
    """No message could be sent from there any more."""
    closing, broken = Slow(), Slow()
    closing.send(1000, 10)
    closing.ws.sender.close(1000, "")
    closing.flush()
    broken.send(1000, 10)
    broken.flush(PIPE)
    broken.reactor.turn(READ | WRITE)
    for slow in (closing, broken):
        assert (slow.ws.pending, slow.seen) == (0, [])


def test_the_latest_message_is_sent_before_on_drain() -> None:
    slow = Slow(limits=Limits(overflow="latest", buffer_size=1500, high_water=1500))
    slow.send(1000, 10)
    for payload in (b"older", b"newer"):
        slow.ws.send(payload + bytes(1000))
    slow.flush(10_000, 0)  # the first message leaves, the latest does not
    assert slow.seen == [("drain", HEADER + 1005)], "the next call will tell when this one has left"
    slow.flush()
    assert slow.seen == [("drain", HEADER + 1005), ("drain", 0)]
    assert b"".join(slow.sock.taken).count(b"newer") == 1


# -- over sockets --------------------------------------------------------------------------------------------


class Follower:
    """Sends numbered pieces: one after the other while nothing is pending, and on from there."""

    def __init__(self, count: int, size: int) -> None:
        self.count, self.size, self.sent, self.drains = count, size, 0, Seen()

    def on_message(self, ws: Connection, message: str | bytes) -> None:
        self.on_drain(ws)

    def on_drain(self, ws: Connection) -> None:
        self.drains(threading.current_thread().name)
        while self.sent < self.count and not ws.pending:
            ws.send(self.sent.to_bytes(4, "big") + bytes(self.size))
            self.sent += 1


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("introduced", [False, True], ids=["", "first message"])
def test_a_slow_reader_gets_everything_in_order(secure: bool, introduced: bool) -> None:
    follower = Follower(100, 100 * KiB)
    limits = Limits(buffer_size=64 * KiB, high_water=64 * KiB, write_timeout=DEADLINE)
    context = server_context("127.0.0.1") if secure else None
    authorize = first_message(lambda ws, message: message) if introduced else None
    with serve(follower, limits=limits, ssl=context, compression=False, authorize=authorize) as server:
        with connect(server.url, ssl=client_context() if secure else None, limits=Limits(inbox_size=1)) as ws:
            for _ in range(1 + introduced):
                ws.send("go")
            for number in range(100):
                message = ws.recv(DEADLINE)
                assert isinstance(message, bytes) and int.from_bytes(message[:4], "big") == number
        assert not server.errors
    names = {follower.drains.next() for _ in range(2)}
    assert names == {"wsdemo-server"}, "the first by on_message, and at least one by on_drain"


def test_a_client_s_handler_is_called_too() -> None:
    follower = Follower(100, 100 * KiB)
    came = Seen()
    with serve(lambda ws, message: came(message[:4])) as server:
        with connect(server.url, follower, compression=False, limits=Limits(write_timeout=DEADLINE)) as ws:
            ws.transport.reactor.call_soon(follower.on_drain, ws)
            for number in range(100):
                assert came.next() == number.to_bytes(4, "big")


def test_a_thread_that_sends_is_followed_in_the_reactor_s_thread() -> None:
    """With `threaded` as well; `pending` may be read in any thread."""
    seen, pending = Seen(), Seen()

    class Pour(threaded):
        def on_drain(self, ws: Connection) -> None:
            seen(threading.current_thread().name, ws.pending)

    def pour(ws: Connection) -> None:
        while not ws.pending:
            ws.send(bytes(10 * KiB))
        pending(ws.pending)
        ws.recv()

    with serve(Pour(pour), limits=Limits(write_timeout=DEADLINE)) as server:
        with raw.client(server.port, receive_buffer=4096) as peer:
            assert 0 < pending.next() <= 10 * KiB + HEADER
            while seen.empty():
                peer.frame()
            assert seen.next() == ("wsdemo-server", 0)
            peer.send(raw.frame(Opcode.TEXT, b"enough"))
            peer.closed()


def test_on_drain_must_not_block() -> None:
    told = Seen()

    class Blocks:
        def on_message(self, ws: Connection, message: str | bytes) -> None:
            while not ws.pending:
                ws.send(bytes(100 * KiB))

        def on_drain(self, ws: Connection) -> None:
            for blocks in (ws.ping, ws.wait_closed, lambda: ws.send(["a", "b"])):
                with pytest.raises(InvalidState):
                    blocks()
            told("refused")

    with serve(Blocks(), compression=False) as server, raw.client(server.port, receive_buffer=4096) as peer:
        peer.send(raw.frame(Opcode.TEXT, b"go"))
        while told.empty():
            peer.frame()


@pytest.mark.parametrize("kind", [ValueError, SystemExit])
def test_an_error_in_it_ends_that_connection_alone(kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    error = kind("a mistake")

    class Fails:
        def on_message(self, ws: Connection, message: str | bytes) -> None:
            while not ws.pending and message == "pour":
                ws.send(bytes(100 * KiB))
            ws.send("here")

        def on_drain(self, ws: Connection) -> None:
            raise error

    with serve(Fails(), compression=False) as server, raw.client(server.port, receive_buffer=4096) as peer:
        with connect(server.url) as other, caplog.at_level(logging.WARNING, "wsdemo"):
            peer.send(raw.frame(Opcode.TEXT, b"pour"))
            assert peer.closed() == (1011, "internal error")
            other.send("alive?")
            assert other.recv(DEADLINE) == "here"
        assert [kept for _, kept in server.errors] == [error]
        assert [r.exc_info[1] for r in caplog.records if r.exc_info] == [error]
