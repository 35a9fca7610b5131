"""A proxy that cuts what is silent: only that, and it passes everything else on."""

from __future__ import annotations

import pytest

from tests.waiting import DEADLINE
from wsdemo import ConnectionClosed, Limits, connect, serve
from wsdemo.course.idle import Idle


def echo(ws, message):
    ws.send(message)


def test_a_silent_connection_is_cut_and_told_nothing():
    with serve(echo) as server, Idle(server.port, 1.0) as proxy:
        ws = connect(f"ws://127.0.0.1:{proxy.port}", limits=Limits(ping_interval=None))
        ws.send("x" * 1_000_000)
        assert len(ws.recv(DEADLINE)) == 1_000_000
        with pytest.raises(ConnectionClosed):
            ws.recv(DEADLINE)
        assert ws.close_code == 1006


def test_pings_are_enough():
    with serve(echo, limits=Limits(ping_interval=0.05)) as server, Idle(server.port, 5.0) as proxy:
        with connect(f"ws://127.0.0.1:{proxy.port}") as ws:
            with pytest.raises(TimeoutError):
                ws.recv(0.5)
            ws.send("still here")
            assert ws.recv(DEADLINE) == "still here"


def test_seconds_are_above_zero():
    with pytest.raises(ValueError, match="seconds 0, expected more than 0"):
        Idle(1, 0)
