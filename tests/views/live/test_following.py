"""Ladder and states: of a trace as it stands, and as it grows; how traces and connections show themselves."""

from __future__ import annotations

import threading
import time
import xml.etree.ElementTree as xml

import pytest

from wsdemo import Trace, connect, serve, views
from wsdemo.protocol.states import TRANSITIONS, State, Step
from wsdemo.views.diagrams.states import following, life, walk
from wsdemo.views.live import following as follow
from wsdemo.views.live.following import EVERY, Following


def echo(ws, message):
    ws.send(message)


@pytest.fixture(scope="module")
def trace() -> Trace:
    trace = Trace()
    with serve(echo, trace=trace) as server, connect(server.url, trace=trace) as ws:
        ws.send("<b>Hello</b>")
        ws.recv(timeout=5)
        ws.ping()
    return trace


def wait(true) -> None:
    deadline = time.monotonic() + 10
    done = threading.Event()
    while not true():
        assert time.monotonic() < deadline
        done.wait(0.01)


def test_the_ladder_tells_all(trace: Trace) -> None:
    sketch = views.ladder(trace)
    lines = sketch.text.splitlines()
    words = [line.split("; ")[0] for line in lines[1:]]
    assert words[:4] == [
        "to server: GET /",
        "to client: 101 Switching Protocols",
        "to server: text 12 B '<b>Hello</b>'",
        "to client: text 12 B '<b>Hello</b>'",
    ]
    assert lines[3].startswith("to server: text 12 B '<b>Hello</b>'; 18 bytes on the wire (+")
    drawn = " ".join(xml.fromstring(sketch.svg).itertext())
    assert "<b>Hello</b>" in drawn
    assert "earlier" not in drawn
    assert "ping" in drawn
    short = views.ladder(trace, most=2)
    assert len(short.text.splitlines()) == 4
    assert f"… {len(lines) - 3} earlier ones are not shown" in short.text


def test_a_ladder_of_nothing() -> None:
    assert views.ladder(Trace()).text == "0 packets, 0 bytes"


def test_a_live_ladder_follows_and_does_not_flood() -> None:
    trace = Trace()
    with serve(echo, trace=trace) as server, connect(server.url, trace=trace) as ws:
        live = views.ladder(trace, live=True)
        started = time.monotonic()
        for number in range(300):
            ws.send(str(number))
            ws.recv(timeout=5)
        wait(lambda: "'299'" in live.text)
        took = time.monotonic() - started
        assert 1 < live.drawings <= took / EVERY + 3
    live.close()
    drawings = live.drawings
    tap = trace.tap("client", "a", "b")
    tap.sent(b"x")
    assert not live._thread.is_alive()
    assert live.drawings == drawings


def test_a_cell_that_is_run_again_ends_its_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_cell", lambda: "cell-1")
    trace = Trace()
    first = views.ladder(trace, live=True)
    with views.ladder(trace, live=True) as second:
        assert not first._thread.is_alive()
        assert second._thread.is_alive()
    assert not second._thread.is_alive()
    assert not follow._following
    Following.close(first)


def test_the_states_are_those_of_the_table() -> None:
    lines = views.states().text.splitlines()
    assert len(lines) == len(TRANSITIONS)
    assert "CLOSING ── close received ──► CLOSING" in lines
    drawn = list(xml.fromstring(views.states().svg).itertext())
    assert all(state.name in drawn for state in State)


@pytest.mark.parametrize(
    ("path", "end"),
    [
        (["accepted"], "OPEN"),
        (["accepted", Step.CLOSE_SENT], "CLOSING"),
        (["accepted", "close received", "close sent"], "CLOSING"),
        (["accepted", "close sent", "eof"], "CLOSED"),
        (["refused"], "CLOSED"),
    ],
)
def test_a_path_is_lit(path, end: str) -> None:
    sketch = views.states(path)
    assert sketch.title.endswith(f"now: {end}")
    assert sketch.text.endswith(f"► {end}")
    assert f"◄ step {len(path)} of the path" in sketch.text
    assert str(len(path)) in list(xml.fromstring(sketch.svg).itertext())


def test_a_path_that_can_not_be() -> None:
    with pytest.raises(
        ValueError, match="'close sent' can't happen in CONNECTING: possible there is 'accepted'"
    ):
        views.states(["close sent"])
    with pytest.raises(ValueError, match="in CLOSED: possible there is nothing"):
        walk([Step.REFUSED, Step.EOF])


def test_the_life_of_a_connection(trace: Trace) -> None:
    assert life(trace) == [Step.ACCEPTED, Step.CLOSE_SENT, Step.CLOSE_RECEIVED, Step.EOF]
    assert life(trace, end="server") == [Step.ACCEPTED, Step.CLOSE_RECEIVED, Step.CLOSE_SENT, Step.EOF]
    assert views.states(trace).title.endswith("CLOSED")
    assert views.states(State.OPEN).title.endswith("OPEN")


def test_states_follow_a_connection() -> None:
    trace = Trace()
    with serve(echo, trace=trace) as server, following(trace) as live:
        assert live.text.endswith("path: CONNECTING")
        with connect(server.url, trace=trace):
            wait(lambda: live.text.endswith("► OPEN"))
        wait(lambda: live.text.endswith("► CLOSED"))


def test_a_trace_shows_itself(trace: Trace) -> None:
    bundle = trace._repr_mimebundle_()
    assert bundle["text/plain"].startswith("connections: 1\nto server: ")
    assert "1 × HTTP request, 1 × text, 1 × ping, 1 × close" in bundle["text/plain"]
    assert "<b>Hello" not in bundle["text/html"]
    assert Trace()._repr_mimebundle_()["text/plain"].startswith("connections: 0")


def test_a_connection_shows_itself() -> None:
    with serve(lambda ws, message: ws.close(4000, "<i>bye</i>"), subprotocols=["chat"]) as server:
        with connect(server.url, subprotocols=["chat"]) as ws:
            ws.ping()
            bundle = ws._repr_mimebundle_()
            assert "state: OPEN" in bundle["text/plain"]
            assert f"peer: 127.0.0.1:{server.port}" in bundle["text/plain"]
            assert "subprotocol: 'chat'" in bundle["text/plain"]
            assert "ms there and back" in bundle["text/plain"]
            ws.send("go")
            assert ws.wait_closed(5)
            bundle = ws._repr_mimebundle_()
            assert "close code: 4000: private use" in bundle["text/plain"]
            assert "<i>" not in bundle["text/html"]
