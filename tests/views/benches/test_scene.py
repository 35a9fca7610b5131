"""Buttons that play a scene anew: what each of them does to the script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.views.seen import seen
from wsdemo.views.benches.scene import LONGEST, NAMES, TAKES, Cue, Stage, scene
from wsdemo.views.diagrams.gantt import Diary, Fact
from wsdemo.views.live.view import Live

SCRIPT = [("add", "Ana"), ("add", "Ben"), ("talk",)]


class Theatre:
    """A fake play: it keeps each script that it was given."""

    def __init__(self) -> None:
        self.scripts: list[list[Cue]] = []

    def __call__(self, script: Sequence[Cue]) -> Diary:
        self.scripts.append(list(script))
        diary = Diary(clock=lambda: 0.0)
        for event in script:
            diary.note(event.who or "all", "says")
        return diary


def part(live: Live, name: str) -> Any:
    return next(one for one in live.controls if one.description == name)


@pytest.fixture
def theatre() -> Theatre:
    return Theatre()


@pytest.fixture
def live(theatre: Theatre) -> Live:
    return scene(theatre, SCRIPT)


def test_it_begins_with_the_script(theatre: Theatre, live: Live) -> None:
    assert theatre.scripts == [[Cue("add", "Ana"), Cue("add", "Ben"), Cue("talk")]] * TAKES
    assert live.text.startswith("3 events")
    assert part(live, "client").options == ("Ana", "Ben")


@pytest.mark.parametrize(
    ("clicks", "appended"),
    [
        (["let them talk"], [Cue("talk")]),
        (["add a client"], [Cue("add", "Cleo"), Cue("talk")]),
        (["freeze it"], [Cue("freeze", "Ana"), Cue("talk")]),
        (["kill it"], [Cue("kill", "Ana"), Cue("talk")]),
        (["kill it", "kill it"], [Cue("kill", "Ana"), Cue("talk"), Cue("kill", "Ben"), Cue("talk")]),
        (["add a client", "start over"], []),
    ],
)
def test_a_click_plays_it_again_one_event_longer(
    theatre: Theatre, live: Live, clicks: list[str], appended: list[Cue]
) -> None:
    for name in clicks:
        part(live, name).click()
    assert theatre.scripts[-1] == theatre.scripts[0] + appended
    assert len(theatre.scripts) == TAKES * (1 + len(clicks))
    assert live.view.value == live.picture.html


def test_who_is_frozen_cannot_be_frozen_and_who_is_gone_is_not_offered(live: Live) -> None:
    part(live, "freeze it").click()
    assert part(live, "freeze it").disabled
    part(live, "client").value = "Ben"
    assert not part(live, "freeze it").disabled
    part(live, "kill it").click()
    assert part(live, "client").options == ("Ana",)
    part(live, "kill it").click()
    assert part(live, "kill it").disabled
    part(live, "let them talk").click()  # nobody is there, and nothing breaks
    part(live, "start over").click()
    assert not part(live, "kill it").disabled


def test_names_and_events_have_an_end(live: Live) -> None:
    for _ in range(len(NAMES)):
        part(live, "add a client").click()
    assert part(live, "add a client").disabled
    for _ in range(LONGEST):
        part(live, "let them talk").click()
    assert part(live, "let them talk").disabled
    part(live, "start over").click()
    assert not part(live, "let them talk").disabled


def test_an_error_in_the_play_is_shown() -> None:
    def play(script: Sequence[Cue]) -> Diary:
        if len(script) > 1:
            raise OSError("no <sockets> left")
        return Diary()

    live = scene(play, [("talk",)])
    part(live, "let them talk").click()
    assert "OSError: no &lt;sockets&gt; left" in live.view.value


def test_events_read_as_words() -> None:
    assert [str(event) for event in Stage([Cue("add", "Ana"), Cue("talk")]).script] == ["add Ana", "talk"]


def test_the_shortest_of_three_plays_is_shown() -> None:
    plays = iter([0.3, 0.1, 0.2])

    def play(script: Sequence[Cue]) -> Diary:
        diary = Diary()
        diary.facts = [Fact(5.0, 5.0 + next(plays), "Ana", "served")]
        return diary

    page = seen(scene(play, [("add", "Ana"), ("talk",)]).picture)
    assert page.texts[0] == "2 events, the last: add Ana"
    assert "100" in page.texts and "150" not in page.texts, "milliseconds on the axis"


def test_a_diary_that_is_used_again_is_not_shown_thrice() -> None:
    diary = Diary(clock=iter(range(100)).__next__)

    def play(script: Sequence[Cue]) -> Diary:
        diary.clear()
        with diary.span("Ana", "served"):
            pass
        return diary

    assert scene(play, [("talk",)]).text.splitlines()[-1] == "Ana         served"
