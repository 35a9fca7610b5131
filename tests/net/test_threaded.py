"""`threaded`: each connection a thread, blocking code, the style of `for message in ws`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from tests import raw
from tests.waiting import DEADLINE, Seen
from wsdemo import Connection, ConnectionClosed, Limits, Opcode, Server, connect, serve, threaded
from wsdemo.net.waiting import LONGEST


@threaded
def echo(ws: Connection) -> None:
    for message in ws:
        ws.send(message)


def test_each_connection_has_a_thread_of_its_own() -> None:
    names = Seen()

    @threaded
    def tell(ws: Connection) -> None:
        names(threading.current_thread().name)
        ws.recv()

    with serve(tell) as server:
        clients = [connect(server.url) for _ in range(3)]
        assert sorted(names.next() for _ in clients) == [f"wsdemo-connection-{i}" for i in (1, 2, 3)]
        for ws in clients:
            ws.close()


def test_no_thread_before_the_handshake_is_complete() -> None:
    with serve(echo) as server:
        before = set(threading.enumerate())
        peers = [raw.dial(server.port) for _ in range(20)]
        for peer in peers:
            peer.send(raw.request()[:-2])
        with connect(server.url) as ws:  # all have been read
            ws.send("x")
            assert ws.recv(DEADLINE) == "x"
            made = [thread.name for thread in set(threading.enumerate()) - before]
            assert sum(name.startswith("wsdemo-connection") for name in made) == 1, made
        for peer in peers:
            peer.sock.close()


def test_the_end_of_the_function_closes_the_connection() -> None:
    @threaded
    def one(ws: Connection) -> None:
        ws.send(ws.recv())

    with serve(one) as server, connect(server.url) as ws:
        ws.send("only one")
        assert list(ws) == ["only one"] and ws.close_code == 1000


def test_an_exception_is_1011_and_kept() -> None:
    @threaded
    def fails(ws: Connection) -> None:
        ws.recv()
        raise RuntimeError("a secret")

    with serve(fails) as server, connect(server.url) as ws:
        ws.send("x")
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        assert (caught.value.code, caught.value.reason) == (1011, "internal error")
        ws.wait_closed(DEADLINE)
    assert [str(error) for _, error in server.errors] == ["a secret"]


def test_the_end_of_the_server_ends_its_threads() -> None:
    with serve(echo) as server:
        clients = [connect(server.url) for _ in range(5)]
        for ws in clients:
            ws.send("x")
            assert ws.recv(DEADLINE) == "x"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("wsdemo-connection")]
    for ws in clients:
        ws.close()


@pytest.mark.parametrize(("close_timeout", "seconds"), [(7.0, 7.0), (1e9, LONGEST)])
@pytest.mark.parametrize("end", [Server.close, lambda server: server.drain(0.01)], ids=["close", "drain"])
def test_the_end_of_the_server_waits_for_each_thread(
    end: Callable[[Server], object], close_timeout: float, seconds: float
) -> None:
    waited = Seen()

    class Working:
        """A thread, as far as one waits for it."""

        def join(self, timeout: float) -> None:
            waited(timeout)

    server = serve(echo, limits=Limits(close_timeout=close_timeout))
    for _ in range(2):
        server.started(Working())  # type: ignore[arg-type]
    end(server)
    assert [waited.next(0) for _ in range(2)] == [seconds] * 2 and waited.empty()


def test_the_end_of_the_server_waits_for_a_thread_that_does_not_listen_so_long() -> None:
    release = threading.Event()

    @threaded
    def stubborn(ws: Connection) -> None:
        release.wait(DEADLINE)

    server = serve(stubborn, limits=Limits(close_timeout=0.2))
    ws = connect(server.url)
    begun = time.monotonic()
    server.close()
    assert time.monotonic() - begun < DEADLINE / 2  # after which it listens again
    release.set()
    ws.close()


def test_a_thread_that_blocks_holds_up_nobody_else() -> None:
    release = threading.Event()

    @threaded
    def half(ws: Connection) -> None:
        if ws.id == 1:
            release.wait(DEADLINE)
        for message in ws:
            ws.send(message)

    with serve(half) as server, connect(server.url) as blocked, connect(server.url) as free:
        blocked.send("later")
        free.send("now")
        assert free.recv(DEADLINE) == "now"
        assert blocked.ping(DEADLINE) > 0  # the reactor answers, though its thread does not
        release.set()
        assert blocked.recv(DEADLINE) == "later"


def test_a_client_that_resets_ends_its_thread() -> None:
    ended = Seen()

    @threaded
    def wait(ws: Connection) -> None:
        try:
            ws.recv()
        except ConnectionClosed as closed:
            ended(closed.code)
            raise

    with serve(wait) as server:
        peer = raw.client(server.port)
        peer.send(raw.frame(Opcode.TEXT, b"half a message")[:-3])
        peer.reset()
        assert ended.next() == 1006
