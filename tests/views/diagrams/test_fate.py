"""The way of one message: at each moment, for each event and strategy, the fate that theory demands."""

from __future__ import annotations

import itertools

import pytest

from tests.views.seen import seen, within
from wsdemo.views.diagrams.fate import (
    CONFIRMED,
    CROSS,
    EVENTS,
    LATEST,
    LENGTH,
    NAMES,
    STRATEGIES,
    Fate,
    describe,
    fate,
    lanes,
)
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.axis import LEFT, WIDE

MOMENTS = [number / 2 for number in range(2 * LATEST + 1)]
KILL, POWER, NETWORK = EVENTS
ONCE, AGAIN, NUMBERED, EARLY = STRATEGIES


def bad(event: str, strategy: str) -> dict[str, list[float]]:
    """The moments at which the message is lost, or doubled."""
    ends = {at: fate(event, at, strategy).verdict for at in MOMENTS}
    words = ("LOST", "DOUBLED")
    return {word: [at for at, end in ends.items() if end.startswith(word)] for word in words}


def test_sent_once_it_is_lost_until_it_is_safe_from_the_event() -> None:
    assert bad(KILL, ONCE) == {"LOST": [at for at in MOMENTS if at < 3], "DOUBLED": []}
    assert bad(POWER, ONCE) == {"LOST": [at for at in MOMENTS if at < 7], "DOUBLED": []}
    assert bad(NETWORK, ONCE) == {"LOST": [at for at in MOMENTS if at < 2], "DOUBLED": []}


def test_sent_again_it_is_doubled_from_there_until_the_confirmation_arrives() -> None:
    for event, safe in ((KILL, 3), (POWER, 7), (NETWORK, 2)):
        wanted = [at for at in MOMENTS if safe <= at < CONFIRMED]
        assert bad(event, AGAIN) == {"LOST": [], "DOUBLED": wanted}


def test_numbers_make_it_one() -> None:
    for event in EVENTS:
        assert bad(event, NUMBERED) == {"LOST": [], "DOUBLED": []}


def test_confirmed_too_early_it_is_lost_only_with_the_power() -> None:
    assert bad(KILL, EARLY) == bad(NETWORK, EARLY) == {"LOST": [], "DOUBLED": []}
    assert bad(POWER, EARLY) == {"LOST": [5.0, 5.5, 6.0, 6.5], "DOUBLED": []}
    assert fate(POWER, 5, EARLY).verdict == "LOST, although it was confirmed"
    assert fate(POWER, 5, ONCE).verdict == "LOST, and no one is told"


@pytest.mark.parametrize(("event", "strategy"), list(itertools.product(EVENTS, STRATEGIES)))
def test_what_is_stored_is_read_and_nothing_moves_while_all_are_away(event: str, strategy: str) -> None:
    for at in MOMENTS:
        found = fate(event, at, strategy)
        assert found.read == found.stored
        for move in found.moves:
            alive = {move.source, move.target} <= {1, 2} and event == NETWORK
            goes_on = alive or (move.words == "sync" and event != POWER)
            assert move.end <= at or move.start >= at + 2 or goes_on or (move.lost and move.end == at)
            assert 0 <= move.start <= move.end <= LENGTH


def test_the_verdict() -> None:
    assert Fate(stored=1).verdict == "once: stored and read"
    assert Fate(stored=2).verdict == "DOUBLED: stored and read twice"


@pytest.mark.parametrize(("event", "strategy"), list(itertools.product(EVENTS, STRATEGIES)))
def test_the_picture_names_the_lanes_the_event_and_the_end(event: str, strategy: str) -> None:
    for at in MOMENTS:
        sketch = lanes(event, at, strategy)
        page = seen(sketch)
        within(page)
        found = fate(event, at, strategy)
        assert {*NAMES, event, f"{strategy}; {event} after {at:g} ms", found.verdict} <= set(page.texts)
        crosses = [line for line in page.lines if line.width == CROSS]
        assert len(crosses) == 2 * sum(move.lost for move in found.moves)
        (line,) = [line for line in page.lines if line.dash]
        assert line.points[0][0] == pytest.approx(LEFT + at * WIDE / LENGTH, abs=0.02)
        verdict = page.find(found.verdict)
        assert verdict.color == (theme.INK if found.stored == 1 else theme.ALARM)
        assert sketch.text == describe(event, at, strategy)


@pytest.mark.parametrize(("event", "strategy"), [("rain", ONCE), (KILL, "hope")])
def test_what_is_not_known_is_refused(event: str, strategy: str) -> None:
    with pytest.raises(ValueError, match="expected one of"):
        lanes(event, 1, strategy)
