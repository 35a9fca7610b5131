"""Each way tells every event to everybody, once, in order; and leaves nothing behind."""

from __future__ import annotations

import dataclasses
import sys
import threading
import time
from collections.abc import Callable

import pytest

from tests.ports import held_port
from tests.waiting import DEADLINE, open_files
from wsdemo.rivals import strong
from wsdemo.rivals.audience import Audience
from wsdemo.rivals.clients import BROWSER, TwoStreams, number_of
from wsdemo.rivals.news import Publisher, events
from wsdemo.rivals.strong import Http2Server, StarletteServer
from wsdemo.rivals.ways import FIVE, STRONG, TWO, WAYS, NewsServer, find, usable

TOLD = events(40, 400, seed=7)


@pytest.mark.parametrize("name", list(WAYS))
def test_every_event_reaches_everybody_once_in_order(name: str) -> None:
    way = WAYS[name]
    with way.server() as server, Audience(way, server.port, 3, interval=0.02) as audience:
        audience.listening(DEADLINE)
        server.ready(3, DEADLINE)
        publisher = Publisher(TOLD, server.publish)
        publisher.start()
        assert audience.wait(3 * len(TOLD), DEADLINE)
        publisher.stop()
    for client in range(3):
        texts = [heard.text for heard in audience.heard if heard.client == client]
        assert texts == [event.text for event in TOLD]
    assert not audience.errors
    assert all(heard.time >= publisher.times[number_of(heard.text) - 1] for heard in audience.heard)


@pytest.mark.parametrize("name", list(WAYS))
def test_nothing_is_left_behind(name: str) -> None:
    way = WAYS[name]
    with way.server() as server, Audience(way, server.port, 2):  # the first time loads modules
        pass
    threads, files = set(threading.enumerate()), open_files()
    for leave_first in (True, False):
        server = way.server()
        audience = Audience(way, server.port, 5, interval=0.01)
        audience.listening(DEADLINE)
        server.ready(5, DEADLINE)
        server.publish(TOLD[0].text)
        assert audience.wait(5, DEADLINE)
        first, second = (audience, server) if leave_first else (server, audience)
        first.close()
        second.close()
        assert set(threading.enumerate()) <= threads
        assert open_files() <= files


@pytest.mark.parametrize("name", [*FIVE[:3], *STRONG[:3], *TWO])
def test_who_comes_late_to_http_is_told_what_it_missed(name: str) -> None:
    way = WAYS[name]
    with way.server() as server:
        for event in TOLD[:5]:
            server.publish(event.text)
        with Audience(way, server.port, 1, interval=0.01) as audience:
            assert audience.wait(5, DEADLINE)
        assert [heard.text for heard in audience.heard] == [event.text for event in TOLD[:5]]


@pytest.mark.parametrize("name", ["short polling", "long polling", "SSE", "WebSocket", *TWO])
def test_a_browsers_fields_can_be_sent(name: str) -> None:
    way = WAYS[name]
    with way.server() as server, Audience(way, server.port, headers=BROWSER, interval=0.01) as audience:
        audience.listening(DEADLINE)
        server.ready(1, DEADLINE)
        server.publish(TOLD[0].text)
        assert audience.wait(1, DEADLINE)


GOING = ("long polling", "SSE", "WebSocket", "raw TCP", "SSE, Starlette", "WebSocket, Starlette", *TWO[1:])


@pytest.mark.parametrize("name", GOING)
def test_a_server_that_goes_away_is_noticed(name: str) -> None:
    way = WAYS[name]
    with way.server() as server, Audience(way, server.port, 1) as audience:
        audience.listening(DEADLINE)
        server.ready(1, DEADLINE)
        server.close()
        assert not audience.wait(1, DEADLINE)
    assert audience.errors


def test_nobody_there_is_an_error() -> None:
    for name in FIVE:
        with held_port() as port, Audience(WAYS[name], port, 1, interval=0.01) as audience:
            assert not audience.wait(1, DEADLINE)
            assert isinstance(audience.errors[0], OSError)


def test_who_listens_is_waited_for() -> None:
    with WAYS["WebSocket"].server() as server, pytest.raises(TimeoutError, match="0 of 1 clients listen"):
        server.ready(1, timeout=0.01)


def test_an_unknown_way_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"carrier pigeon.*SSE"):
        find(["carrier pigeon"])
    for names in ([], ["SSE", "SSE"]):
        with pytest.raises(ValueError, match="once"):
            find(names)


MISSING = [
    ("starlette", StarletteServer, "pip install starlette uvicorn websockets"),
    ("uvicorn", StarletteServer, "pip install starlette uvicorn websockets"),
    ("hypercorn", Http2Server, "pip install starlette hypercorn h2"),
    ("h2", Http2Server, "pip install starlette hypercorn h2"),
]


@pytest.mark.parametrize(("missing", "server", "command"), MISSING)
def test_a_missing_package_is_told_with_its_remedy(
    missing: str, server: Callable[[], NewsServer], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError) as caught:
        server()
    assert str(caught.value) == f"{missing} is not installed; bring it with: {command}"


def test_what_can_not_be_measured_here_is_left_out_with_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("SSE", *TWO[1:], "SSE, Starlette")
    assert usable(names) == names and capsys.readouterr().out == ""
    monkeypatch.setitem(sys.modules, "h2", None)
    assert usable(names) == ("SSE", "SSE, Starlette")
    assert capsys.readouterr().out == (
        "left out: long polling, HTTP/2, SSE, HTTP/2: h2 is not installed; "
        "bring it with: pip install starlette hypercorn h2\n"
    )


@pytest.mark.parametrize("name", ["long polling, HTTP/2", "SSE, HTTP/2", "WebSocket, Starlette"])
def test_a_server_ends_at_once_when_its_clients_have_left(
    name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(strong, "GRACE", int(2 * DEADLINE))
    way = WAYS[name]
    with way.server() as server:
        with Audience(way, server.port, 2) as audience:
            audience.listening(DEADLINE)
            server.publish(TOLD[0].text)
            assert audience.wait(2, DEADLINE)
        start = time.monotonic()
    assert time.monotonic() - start < DEADLINE  # it gives nobody up
    assert capfd.readouterr().err == ""


def test_many_streams_of_http_2_share_one_connection() -> None:
    way = dataclasses.replace(WAYS["SSE, HTTP/2"], client=TwoStreams)
    with way.server() as server, Audience(way, server.port) as audience:
        audience.listening(DEADLINE)
        for event in TOLD[:5]:
            server.publish(event.text)
        assert audience.wait(10, DEADLINE)
    assert (audience.requests, audience.connections) == (2, 1)
    for stream in (0, 1):
        heard = [text for client, text, _ in audience.heard if client == stream]
        assert heard == [event.text for event in TOLD[:5]]


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    import subprocess

    code = "import sys, wsdemo.rivals.ways; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert not {"uvicorn", "starlette", "hypercorn", "h2", "matplotlib"} & set(done.stdout.split())
