"""Chunks and marks: who said it, to whom."""

from __future__ import annotations

import pytest

from wsdemo.record.facts import TO_CLIENT, TO_SERVER, Chunk, Direction, End, Mark


@pytest.mark.parametrize(
    ("end", "direction", "sent"),
    [
        ("client", TO_SERVER, True),
        ("client", TO_CLIENT, False),
        ("server", TO_SERVER, False),
        ("server", TO_CLIENT, True),
    ],
)
def test_an_end_sends_away_from_itself(end: End, direction: Direction, sent: bool) -> None:
    assert Chunk(0.0, 1, end, direction, b"", "plain").sent is sent


def test_facts_are_values() -> None:
    assert Mark(1.0, 1, "client", "eof") == Mark(1.0, 1, "client", "eof")
    with pytest.raises(AttributeError):
        Mark(1.0, 1, "client", "eof").time = 2.0  # type: ignore[misc]
