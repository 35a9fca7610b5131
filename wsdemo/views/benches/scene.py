"""Buttons that play a scene anew, each time one event longer.

::

    [add] [freeze] [kill] [talk]          a click appends an event to the script …
             │
    script ──┴──► play(script) ──► Diary ──► gantt      … and all of it is played again, for real

Only the script is kept between two clicks: ``play`` opens its sockets and closes them. So a scene can be
looked at for as long as one likes, and leaves nothing behind. Knows nothing of sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Literal, NamedTuple

import ipywidgets

from wsdemo.views.diagrams.gantt import Diary, Fact, gantt
from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.live.view import Live

Deed = Literal["add", "freeze", "kill", "talk"]

NAMES: Final = ("Ana", "Ben", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hanna")
TAKES: Final = 3  #: plays of a scene, of which the shortest is shown: a busy machine adds time
IDLE: Final = 0.04  #: of the work in a scene: longer gaps without work for the thread are cut to this
LONGEST: Final = 40  #: events of a script; after them it can only start over


class Cue(NamedTuple):
    """One event of a script: a client is added, frozen or killed, or (``who`` is empty) they talk."""

    deed: Deed
    who: str = ""

    def __str__(self) -> str:
        return f"{self.deed} {self.who}".strip()


class Stage:
    """The script so far, and the clients that each button can choose: the state behind the buttons.

    >>> stage = Stage([Cue("add", "Ana"), Cue("add", "Ben"), Cue("freeze", "Ben")])
    >>> stage.present, stage.lively, stage.newcomer
    (['Ana', 'Ben'], ['Ana'], 'Cleo')
    """

    def __init__(self, script: Sequence[Cue]) -> None:
        self.first = list(script)
        self.script = list(script)

    @property
    def present(self) -> list[str]:
        """The clients that have been added and not killed."""
        gone = {event.who for event in self.script if event.deed == "kill"}
        return [event.who for event in self.script if event.deed == "add" and event.who not in gone]

    @property
    def lively(self) -> list[str]:
        """The clients that are present and not frozen."""
        frozen = {event.who for event in self.script if event.deed == "freeze"}
        return [who for who in self.present if who not in frozen]

    @property
    def newcomer(self) -> str | None:
        """The next name, or ``None`` when all have been used."""
        used = {event.who for event in self.script}
        return next((name for name in NAMES if name not in used), None)

    def click(self, button: str, chosen: str) -> None:
        """Let a button do what it says, to the chosen client where it is about one; then they talk."""
        match button:
            case "restart":
                self.script = list(self.first)
            case "talk":
                self.script.append(Cue("talk"))
            case "add":
                self.script += [Cue("add", self.newcomer or ""), Cue("talk")]
            case "freeze" | "kill":
                self.script += [Cue(button, chosen), Cue("talk")]


#: The buttons: what each does, the words on it, and more words.
BUTTONS: Final = (
    ("add", "add a client", "one more client connects"),
    ("freeze", "freeze it", "the chosen client stops reading, and stays connected"),
    ("kill", "kill it", "the chosen client is gone, from one moment to the next"),
    ("talk", "let them talk", "everyone who is not frozen says something"),
    ("restart", "start over", "the scene of the beginning"),
)


def scene(play: Callable[[Sequence[Cue]], Diary], script: Sequence[Cue | tuple[str, ...]]) -> Live:
    """A Gantt chart over buttons. ``play(script)`` plays a scene from its beginning and gives its diary.

    After each click, except on 'start over', all clients that can, talk once more.
    """
    stage = Stage([Cue(*event) for event in script])
    who = ipywidgets.Dropdown(description="client", layout={"width": "11rem"})
    who.style.description_width = "initial"
    buttons = {
        deed: ipywidgets.Button(description=words, tooltip=tip, layout={"width": "auto"})
        for deed, words, tip in BUTTONS
    }

    def draw() -> Drawing:
        played = [tuple(play(stage.script).facts) for _ in range(TAKES)]
        shortest = min(played, key=_length)
        return gantt(shortest, f"{len(stage.script)} events, the last: {stage.script[-2:][0]}", idle=IDLE)

    live = Live(
        [buttons["add"], who, buttons["freeze"], buttons["kill"], buttons["talk"], buttons["restart"]],
        draw,
        caption="In a running notebook, buttons add, freeze and kill clients.",
    )

    def refresh(change: object = None) -> None:
        full = len(stage.script) >= LONGEST
        buttons["add"].disabled = full or stage.newcomer is None
        buttons["freeze"].disabled = full or who.value not in stage.lively
        buttons["kill"].disabled = full or who.value is None
        buttons["talk"].disabled = full

    def offer(chosen: str | None = None) -> None:
        """Offer the clients that are present; the chosen one stays chosen, if that is possible."""
        who.options = present = stage.present
        who.value = chosen if chosen in present else next(iter(present), None)
        refresh()

    def click(deed: str, button: object) -> None:
        chosen = who.value
        stage.click(deed, chosen)
        offer(chosen)
        live.update()

    for deed, button in buttons.items():
        button.on_click(partial(click, deed))
    who.observe(refresh, names="value")
    offer()
    return live


def _length(facts: Sequence[Fact]) -> float:
    """The duration in seconds."""
    return max((fact.stop for fact in facts), default=0.0) - min((fact.start for fact in facts), default=0.0)
