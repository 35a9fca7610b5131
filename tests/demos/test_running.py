"""The demos by their names: each tells its story, the same each time, in at most 60 lines of code."""

from __future__ import annotations

from pathlib import Path

import pytest

import wsdemo.demos
from wsdemo.demos import running
from wsdemo.demos.running import DEMOS, run

STORIES = {
    "chat": [
        "dora hears ['Tea?'], and goes into a tunnel",
        "ann sees that bob is typing",
        "ann hears ['Yes, please.', 'It is ready.']",
        "dora is back, and hears ['Yes, please.', 'It is ready.']",
        "of old typing she hears [], and 0 sentences are missing",
    ],
    "ticker": [
        "dora comes, and knows {'A': 100, 'B': 50}; then she reads nothing",
        "ann has heard each of 5,000 prices, and knows {'A': 0, 'B': 1}",
        "dora reads again, and knows {'A': 0, 'B': 1}; fewer prices for her: True",
    ],
    "game": [
        "bob wanted 100 steps once; ann is away, and knows {'tick': 1, 'places': {'bob': 1}}",
        "one tick after she is back she knows {'tick': 5, 'places': {'bob': 4}}",
    ],
    "document": [
        "apart: ann has 'tea with milk', bob has 'green tea'",
        "together: ann has 'green tea with milk', bob has 'green tea with milk'",
        "carol has heard 1 edit, and has 'hot green tea with milk'",
    ],
    "sensors": [
        "the office has [17.1]; two more are in the sensor's file, and its process ends",
        "it starts again, and finds its command: ['every 5 s']",
        "the office has [17.1, 17.4, 17.8, 18.0]",
    ],
    "payment": [
        "the shop has booked 1250 cents, and loses its connection",
        "it is back, was told 3 times, and has booked 2050 cents",
    ],
}


@pytest.mark.parametrize("name", DEMOS)
def test_each_story_is_told(name: str) -> None:
    assert list(run(name)) == STORIES[name]


@pytest.mark.parametrize("name", DEMOS)
def test_a_demo_has_at_most_60_lines(name: str) -> None:
    path = Path(wsdemo.demos.__path__[0]) / f"{name}.py"
    assert len(path.read_text("utf-8").splitlines()) <= 60


def test_a_story_that_is_left_leaves_nothing_behind() -> None:
    """Its server and guests end with it; threads that stay are found by pytest's warnings."""
    story = run("chat")
    next(story)
    story.close()


def test_a_missing_library_is_one_line(monkeypatch) -> None:
    monkeypatch.setitem(running.NEEDS, "document", "no_such_module")
    with pytest.raises(RuntimeError, match=r"^the demo document needs no_such_module: pip install no_s"):
        run("document")
