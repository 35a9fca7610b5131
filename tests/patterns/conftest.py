"""Servers of rooms, and a NATS, which end with the test."""

from __future__ import annotations

import contextlib

import pytest

from tests.patterns.house import Client, House
from tests.waiting import DEADLINE
from wsdemo.patterns import jetstream, nats, stream
from wsdemo.patterns.natsserver import NatsServer


@pytest.fixture
def house():
    houses = []
    with contextlib.ExitStack() as stack:

        def make(**options):
            made = House(**options)
            houses.append(made)
            stack.callback(made.log.close)
            stack.callback(made.server.close)
            return made

        yield make
        for ws in Client.made:  # a full inbox would hide the server's end
            ws.cut_off()
    while Client.made:
        Client.made.pop().close()
    # Of the server's own periods and calls; those of connections are the tests' own.
    assert [error for each in houses for number, error in each.server.errors if not number] == []


@pytest.fixture
def broker(tmp_path, port):
    """A `nats-server` with JetStream, which may be killed and started again."""
    with NatsServer(tmp_path / "nats", port) as server:
        yield server


@pytest.fixture
def patient(monkeypatch):
    """A NATS that is late on a busy machine is not given up; what becomes of one that is, other tests say."""
    for module in (nats, stream, jetstream):
        monkeypatch.setattr(module, "ANSWER", DEADLINE)
    monkeypatch.setattr(stream, "BEAT", DEADLINE / 4)
