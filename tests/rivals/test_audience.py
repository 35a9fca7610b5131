"""An audience: who comes, who is counted, who leaves."""

from __future__ import annotations

import time

import pytest

from tests.waiting import DEADLINE
from wsdemo.rivals.audience import Audience
from wsdemo.rivals.ways import FIVE, WAYS
from wsdemo.trace.trace import Trace


@pytest.mark.parametrize("name", FIVE)
def test_leaving_before_having_arrived_takes_no_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wsdemo.rivals.audience.LEAVING", DEADLINE)
    way = WAYS[name]
    with way.server() as server:
        audience = Audience(way, server.port, 3)
        start = time.monotonic()
        audience.close()
        assert time.monotonic() - start < DEADLINE / 2  # no one had to be cut off
    assert not audience.errors


def test_requests_and_connections_are_counted() -> None:
    expected = {"SSE": (2, 2), "WebSocket": (2, 2), "raw TCP": (0, 2)}
    for name, counts in expected.items():
        way = WAYS[name]
        with way.server() as server, Audience(way, server.port, 2) as audience:
            audience.listening(DEADLINE)
            assert (audience.requests, audience.connections) == counts


def test_without_keep_alive_each_request_has_its_connection() -> None:
    way = WAYS["short polling, no keep-alive"]
    trace = Trace()
    with way.server() as server, Audience(way, server.port, interval=0.01, trace=trace) as audience:
        for number in (1, 2, 3):
            server.publish(f"event {number}")
            assert audience.wait(number, DEADLINE)
    assert audience.requests == audience.connections == len(trace.addresses) >= 3


def test_waiting_for_more_than_there_is_ends() -> None:
    way = WAYS["raw TCP"]
    with way.server() as server, Audience(way, server.port) as audience:
        audience.listening(DEADLINE)
        server.ready(1, DEADLINE)
        server.publish("one")
        assert audience.wait(1, DEADLINE)
        assert not audience.wait(2, 0.01)
        assert len(audience.heard) == 1
