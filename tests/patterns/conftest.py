"""Servers of rooms, which end with the test."""

from __future__ import annotations

import contextlib

import pytest

from tests.patterns.house import Client, House


@pytest.fixture
def house():
    with contextlib.ExitStack() as stack:

        def make(**options):
            made = House(**options)
            stack.callback(made.log.close)
            stack.callback(made.server.close)
            return made

        yield make
        for ws in Client.made:  # a full inbox would hide the server's end
            ws.cut_off()
    while Client.made:
        Client.made.pop().close()
