"""Waiting: for ever where somebody asks for it, and never for the thread that one runs in."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.waiting import DEADLINE, Seen
from wsdemo import Connection, InvalidState, Limits, connect, serve
from wsdemo.net import waiting
from wsdemo.rawtcp import TimeClient, TimeServer


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


@pytest.mark.parametrize("timeout", [math.inf, 1e10, 1e300])
def test_any_number_of_seconds(timeout: float) -> None:
    most = min(timeout, 1e9)  # of a limit, see `Limits`
    limits = Limits(open_timeout=most, close_timeout=most, write_timeout=most, pong_timeout=most)
    with serve(echo, limits=limits) as server, connect(server.url, limits=limits) as ws:
        ws.send("x")
        assert ws.recv(timeout) == "x"
        assert ws.ping(timeout) < DEADLINE
        ws.close()
        assert ws.wait_closed(timeout)
    with TimeServer(every=timeout) as times, TimeClient(port=times.port, timeout=most) as client:
        assert client.recv(timeout)


def test_a_long_wait_is_several_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a system could wait for a hundredth of a second only."""
    monkeypatch.setattr(waiting, "LONGEST", 0.01)
    event = threading.Event()
    assert waiting.wait(event, 0.05) is False
    timer = threading.Timer(0.05, event.set)
    timer.start()
    assert waiting.wait(event, math.inf)
    timer.join()


def use(other: Connection, times: TimeClient) -> dict[str, Callable[[], object]]:
    return {
        "recv": other.recv,
        "recv for a second": lambda: other.recv(1),
        "iteration": lambda: next(iter(other)),
        "wait_closed": other.wait_closed,
        "wait_closed for a second": lambda: other.wait_closed(1),
        "ping": other.ping,
        "a time client's recv": times.recv,
    }


@pytest.mark.parametrize("where", ["on_open", "on_message", "on_close"])
def test_a_client_s_handler_does_not_wait_for_its_own_thread(where: str) -> None:
    told = Seen()

    def ask(ws: Connection, message: object = None) -> None:
        for name, function in {**use(other, times), "connect": lambda: connect(server.url)}.items():
            try:
                function()
            except InvalidState as error:
                told(name, str(error))
        told("done", "")

    handler = type("Handler", (), {where: staticmethod(ask)})()
    with (
        serve(echo) as server,
        TimeServer(every=3600) as clock,
        TimeClient(port=clock.port) as times,
        connect(server.url) as other,
        connect(server.url, handler) as ws,
    ):
        times.recv(DEADLINE)
        ws.send("x")
        ws.close() if where == "on_close" else None
        refused = dict(iter(told.next, ("done", "")))
        assert set(refused) == {*use(other, times), "connect"}
        assert all("handler" in text for text in refused.values())


def test_a_server_s_handler_does_not_wait_for_its_own_thread() -> None:
    told = Seen()

    class Handler:
        def on_open(self, ws: Connection) -> None:
            members.append(ws)

        def on_close(self, ws: Connection) -> None:
            for function in (members[0].wait_closed, members[0].ping, lambda: connect(server.url)):
                try:
                    function()
                except InvalidState as error:
                    told(str(error))

    members: list[Connection] = []
    with serve(Handler()) as server, connect(server.url), connect(server.url) as second:
        second.close()
        texts = [told.next() for _ in range(3)]
        assert "wait_closed" in texts[0] and "pong" in texts[1] and "connect" in texts[2]


def test_what_does_not_wait_is_allowed_in_a_handler() -> None:
    told = Seen()

    def look(ws: Connection, message: str | bytes) -> None:
        try:
            told(other.recv(0))
        except TimeoutError:
            told("nothing")
        told(other.wait_closed(0))

    with serve(echo) as server, connect(server.url) as other, connect(server.url, look) as ws:
        ws.send("x")
        assert [told.next(), told.next()] == ["nothing", False]


@pytest.mark.parametrize("times", [1, 5])
def test_reconnecting_in_on_close_by_a_thread(times: int) -> None:
    """The way that `connect` documents."""
    opened = Seen()
    threads: list[threading.Thread] = []

    class Again:
        def __init__(self) -> None:
            self.ws: Any = None

        def run(self) -> None:
            self.ws = connect(server.url, self)
            opened(self.ws)

        def on_close(self, ws: Connection) -> None:
            if len(threads) < times:
                threads.append(threading.Thread(target=self.run))
                threads[-1].start()

    with serve(echo) as server:
        client = Again()
        client.run()
        for _ in range(times):
            before = opened.next()
            before.close(1000)
        client = opened.next()
        assert client.state.name == "OPEN"
        client.close()
        for thread in threads:
            thread.join(DEADLINE)


@pytest.mark.parametrize("what", ["server", "connection"])
def test_closing_in_another_one_s_handler_does_not_wait(what: str) -> None:
    """A server waits for its clients' close frames, which the thread of all clients sends; and so back."""
    took = Seen()

    def timed(close: Callable[[], object]) -> None:
        begun = time.monotonic()
        close()
        took(time.monotonic() - begun)

    limits = Limits(close_timeout=DEADLINE)
    if what == "server":
        with serve(echo, limits=limits) as server:
            ws = connect(server.url, lambda ws, message: timed(server.close))
            ws.send("x")
            assert took.next() < DEADLINE / 2
            assert ws.wait_closed(DEADLINE)
    else:
        with serve(lambda ws, message: timed(other.close), limits=limits) as server:
            with connect(server.url, limits=limits) as other, connect(server.url) as ws:
                ws.send("x")
                assert took.next() < DEADLINE / 2
                assert other.wait_closed(DEADLINE)
