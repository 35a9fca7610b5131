"""The wire checks: ours passes all of them, and servers that do otherwise are found."""

from __future__ import annotations

import pytest

from wsdemo.alternatives import wire
from wsdemo.alternatives.serving import Serving
from wsdemo.alternatives.table import ALTERNATIVES
from wsdemo.alternatives.wire import CHECKS, ENDS, HEARD, RIGHT, SILENT, WRONG, Check, Reaction
from wsdemo.protocol import Failed, Message, Protocol, Side


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_bytes_are_what_their_name_says(check: Check) -> None:
    """Our protocol, without a socket, fails for the reason expected, or takes the message."""
    server = Protocol(Side.SERVER, opened=True)
    events = server.receive(check.send(str.encode))
    failed = [event.error.code for event in events if isinstance(event, Failed)]
    if check.expected in ("1002", "1007", "1009"):
        assert failed == [int(check.expected)]
    else:
        assert not failed
        assert any(isinstance(event, Message) for event in events) == (check.expected == HEARD)


def test_ours_is_right_in_all_of_them() -> None:
    with Serving(ALTERNATIVES["wsdemo"]) as server:
        assert [(found.check.name, found.did) for found in map_all(server) if found.verdict != RIGHT] == []


def map_all(server: Serving) -> list[Reaction]:
    return [wire.run(server, check) for check in CHECKS]


@pytest.mark.parametrize(
    ("name", "check", "did"),
    [
        ("aiohttp", "frame without a mask", (HEARD, "1002")),  # 3.14 takes it
        ("Channels", "text without a character", (SILENT, HEARD)),  # daphne 4.2 loses it
        ("Channels", "text that is no UTF-8", ("1007", wire.ENDED)),
        ("Socket.IO", "text that is no UTF-8", ("1007", wire.ENDED)),
        ("FastAPI", "ping is answered", (wire.PONGED,)),
    ],
)
def test_others_are_asked_the_same(name: str, check: str, did: tuple[str, ...]) -> None:
    with Serving(ALTERNATIVES[name]) as server:
        assert wire.run(server, next(one for one in CHECKS if one.name == check)).did in did


@pytest.mark.parametrize(
    ("expected", "did", "lenient", "verdict"),
    [
        ("1002", "1002", False, RIGHT),
        ("1002", HEARD, False, WRONG),
        ("1002", HEARD, True, RIGHT),
        ("1002", wire.ENDED, False, ENDS),
        ("1002", "1011", False, ENDS),
        ("1002", SILENT, True, WRONG),
        (HEARD, "1002", False, WRONG),
        (HEARD, SILENT, False, WRONG),
        (wire.PONGED, wire.PONGED, False, RIGHT),
        (wire.PONGED, wire.ENDED, False, WRONG),
    ],
)
def test_verdicts(expected: str, did: str, lenient: bool, verdict: str) -> None:
    check = Check("a check", "5", expected, lambda say: b"", lenient)
    assert Reaction(check, did).verdict == verdict
