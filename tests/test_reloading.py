"""What `%autoreload` asks for is refused in one line, and nothing is harmed."""

from __future__ import annotations

import importlib
import sys

import pytest

from tests.waiting import DEADLINE
from wsdemo import State, connect, serve


@pytest.mark.parametrize(
    "name", ["wsdemo", "wsdemo.net.sending", "wsdemo.net.connection", "wsdemo.protocol.states"]
)
def test_a_module_is_not_loaded_again(name: str) -> None:
    with serve(lambda ws, message: ws.send(message)) as server, connect(server.url) as ws:
        with pytest.raises(ImportError, match=f"{name} can't be reloaded while it runs: restart the kernel"):
            importlib.reload(sys.modules[name])
        ws.send("unharmed")
        assert ws.recv(DEADLINE) == "unharmed" and ws.state is State.OPEN
        with connect(server.url) as another:
            assert another.ping(DEADLINE) < DEADLINE


def test_other_people_s_modules_are() -> None:
    import colorsys

    assert importlib.reload(colorsys) is colorsys
