"""One client for all: what it says is heard, its bytes are counted, and an end is told."""

from __future__ import annotations

import pytest

from wsdemo.alternatives.envelope import event
from wsdemo.alternatives.serving import Serving
from wsdemo.alternatives.speaking import Speaker


@pytest.mark.parametrize("text", ["hello", "hé 👋", '"', "x" * 70_000], ids=lambda text: text[:5])
def test_what_one_says_all_hear(server: Serving, text: str) -> None:
    with Speaker(server) as ana, Speaker(server) as ben:
        ben.say(text)
        assert ana.hear() == ben.hear() == text


def test_the_time_server_greets_and_tells_the_time(server: Serving) -> None:
    with Speaker(server, "/time") as ana:
        assert ana.hear() == "Welcome! The time follows."
        clock = ana.hear()
        assert len(clock) == 8 and clock[2] == clock[5] == ":"


def test_bytes_are_counted(server: Serving) -> None:
    with Speaker(server) as ana:
        sent, received = ana.sent, ana.received
        ana.say("hello")
        ana.hear()
        size = len(event("hello")) if server.alternative.envelope else 5
        assert (ana.sent - sent, ana.received - received) == (6 + size, 2 + size)  # RFC 6455 §5.2


def test_silence_is_a_timeout(server: Serving) -> None:
    with Speaker(server) as ana, pytest.raises(TimeoutError):
        ana.hear(0.01)


def test_a_page_from_elsewhere_is_refused_by_some(server: Serving) -> None:
    """Their defaults: three of the six look at the Origin (RFC 6455 §10.2)."""
    with Speaker(server, origin="http://attacker.example") as page:
        assert page.refused == {"wsdemo": 403, "Channels": 403, "Socket.IO": 403}.get(server.alternative.name)


def test_the_end_of_the_server_is_told() -> None:
    from wsdemo.alternatives.table import ALTERNATIVES

    with Serving(ALTERNATIVES["websockets"]) as server, Speaker(server) as ana:
        server.close()
        with pytest.raises(EOFError, match="close code 1001"):
            ana.hear()
