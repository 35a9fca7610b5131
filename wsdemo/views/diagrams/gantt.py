"""A Gantt chart of one thread: the client that it served at each moment, and the waits of each client.

::

    the thread  ████ Ada ░░░░░░░░░░░░░░░░░░░▌Ben▐      one lane for the thread: never two at once
    Ada
    Ben         ▨▨▨▨▨▨▨▨▨ waits ▨▨▨▨▨▨▨▨▨▨▨▨▌ █ ▐      one lane for each client

A `Diary` keeps facts, each with its times; `lanes` derives the waits from them; `gantt` draws both. Knows
nothing of sockets: the code of a server writes the diary.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.axis import AXIS, LEFT, WIDE, axis, time_unit
from wsdemo.views.drawing.canvas import SIZE, SMALL, Canvas, Sketch, width
from wsdemo.views.drawing.theme import FieldStyle

What = Literal["says", "served", "stuck", "frozen", "thawed", "gone"]
State = Literal["serves", "stuck", "waits", "served", "frozen", "gone"]

THREAD: Final = "the thread"

#: The look of each state. Every one has its pattern; the key below the lanes has its name.
LOOK: Final[dict[State, FieldStyle]] = {
    "serves": FieldStyle("serves", "serves", theme.MINT),
    "served": FieldStyle("served", "served", theme.MINT),
    "waits": FieldStyle("waits", "waits", theme.YELLOW, "///"),
    "stuck": FieldStyle("stuck", "stuck", theme.ORANGE, "xxx"),
    "frozen": FieldStyle("frozen", "frozen", theme.GREY, "..."),
}

#: The key's words for each state, in this order.
KEY: Final[dict[State, str]] = {
    "served": "served: the thread works for this client",
    "waits": "waits: has spoken, and is not served yet",
    "stuck": "stuck: the thread waits in a call for one client",
    "frozen": "frozen: connected, but reads nothing",
}

# Lengths in pixels.
NARROWEST: Final = 6.0  # a bar that is shorter in time is still seen
TITLE: Final = 34.0  # above the first lane
LANE: Final = 46.0
KEYS: Final = 24.0  # a line of the key


class Fact(NamedTuple):
    """Something that happened, from ``start`` to ``stop`` (seconds on the diary's clock)."""

    start: float
    stop: float
    who: str
    what: What


class Bar(NamedTuple):
    """One piece of a lane: a state from ``start`` to ``stop`` in seconds, and the label on it."""

    start: float
    stop: float
    state: State
    label: str


class Diary:
    """The acts of a server and of its clients, as they happened.

    >>> diary = Diary(clock=iter([0.0, 1.0, 2.0]).__next__)
    >>> diary.note("Ben", "says")
    >>> with diary.span("Ben", "served"):
    ...     pass
    >>> diary.facts[-1]
    Fact(start=1.0, stop=2.0, who='Ben', what='served')
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.facts: list[Fact] = []

    def __repr__(self) -> str:
        return f"<Diary: {len(self.facts)} facts>"

    def note(self, who: str, what: What) -> None:
        """Note a fact that happened just now."""
        now = self.clock()
        self.facts.append(Fact(now, now, who, what))

    def add(self, who: str, what: What, start: float) -> None:
        """Note a fact that began at ``start`` and is over just now."""
        self.facts.append(Fact(start, self.clock(), who, what))

    @contextlib.contextmanager
    def span(self, who: str, what: What) -> Iterator[None]:
        """Note a fact that lasts as long as the ``with`` block, also when that ends in an error."""
        start = self.clock()
        try:
            yield
        finally:
            self.add(who, what, start)

    def clear(self) -> None:
        """Forget everything: a new page."""
        self.facts.clear()

    def waited(self, who: str) -> float:
        """The seconds that this client has waited, all its waits together."""
        return sum(bar.stop - bar.start for bar in lanes(self.facts).get(who, ()) if bar.state == "waits")

    @property
    def served(self) -> list[str]:
        """The clients that were served, in the order of service."""
        return [fact.who for fact in self.facts if fact.what == "served"]


def gantt(
    facts: Diary | Sequence[Fact], title: str = "Who was served when", *, idle: float | None = None
) -> Sketch:
    """Draw a lane for the thread and a lane for each client, on one axis of time.

    ``idle``: each gap in which the thread serves no client is cut to this share of its work; None: not cut.
    """
    facts = list(facts.facts if isinstance(facts, Diary) else facts)
    facts, cuts = (facts, []) if idle is None else without_gaps(facts, idle)
    rows = lanes(facts)
    start = min((fact.start for fact in facts), default=0.0)
    stop = max((fact.stop for fact in facts), default=0.0)
    length = max(stop - start, 1e-9)
    unit, factor = time_unit(length)
    states = {bar.state for bars in rows.values() for bar in bars}
    shown = [state for state in KEY if state in states]
    spoken = any(fact.what == "says" for fact in facts)
    keys = len(shown) + spoken
    canvas = Canvas(TITLE + LANE * len(rows) + AXIS + KEYS * ((keys + 1) // 2))
    canvas.text(LEFT, TITLE / 2, title, anchor="start", bold=True)
    scale = (WIDE - (60 if "gone" in states else 6)) / length  # pixels a second; room for the word "gone"
    for number, (who, bars) in enumerate(rows.items()):
        middle = TITLE + (number + 0.5) * LANE
        canvas.line([(LEFT, middle), (LEFT + WIDE, middle)], color=theme.GREY)
        canvas.text(LEFT - 10, middle, who, anchor="end", bold=who == THREAD, room=LEFT - 14)
        for bar in bars:
            _bar(canvas, middle, bar, LEFT + (bar.start - start) * scale, (bar.stop - bar.start) * scale)
        for fact in facts:
            if fact.who == who and fact.what == "says":
                _word(canvas, LEFT + (fact.start - start) * scale, middle)
    foot = TITLE + LANE * len(rows)
    if facts:
        since = "of work, idle gaps cut short at ≈" if cuts else "since the first of these events"
        axis(canvas, foot, length * factor, scale / factor, f"{unit} {since}")
    for cut in cuts:
        canvas.text(LEFT + (cut - start) * scale, foot, "≈", size=SIZE + 4, card=True)
    _key(canvas, foot + AXIS, shown, spoken)
    return Sketch(canvas, describe(rows, title), title)


def without_gaps(facts: Sequence[Fact], share: float) -> tuple[list[Fact], list[float]]:
    """The facts with each gap cut to ``share`` of the busy time, and the places of the cuts on the new axis.

    A gap is a time in which the thread works for no client. Facts in it move along with its beginning.

    >>> facts, cuts = without_gaps([Fact(0, 1, "Ana", "served"), Fact(9, 10, "Ben", "served")], 0.25)
    >>> [(fact.start, fact.stop) for fact in facts], cuts
    ([(0, 1), (1.5, 2.5)], [1.25])
    """
    busy = sorted((fact.start, fact.stop) for fact in facts if fact.what in ("served", "stuck"))
    most = share * sum(stop - start for start, stop in busy)
    gaps = [(one[1], two[0]) for one, two in itertools.pairwise(busy) if two[0] - one[1] > most]

    def moved(time: float) -> float:
        return time - sum(max(0.0, min(time, stop) - start - most) for start, stop in gaps if start < time)

    return (
        [fact._replace(start=moved(fact.start), stop=moved(fact.stop)) for fact in facts],
        [moved(start) + most / 2 for start, _ in gaps],
    )


def lanes(facts: Sequence[Fact]) -> dict[str, list[Bar]]:
    """The bars of the thread, then those of each client in the order in which they first appear.

    A client waits from its word to the moment when the thread begins to serve it. Words said meanwhile
    share that wait.

    >>> facts = [Fact(0, 0, "Ben", "says"), Fact(0, 3, "Ada", "stuck"), Fact(3, 4, "Ben", "served")]
    >>> for who, bars in lanes(facts).items():
    ...     print(who, [(bar.start, bar.stop, bar.state) for bar in bars])
    the thread [(0, 3, 'stuck'), (3, 4, 'serves')]
    Ben [(0, 3, 'waits'), (3, 4, 'served')]
    Ada []
    """
    facts = sorted(facts, key=lambda fact: (fact.start, fact.stop))
    end = max((fact.stop for fact in facts), default=0.0)
    rows: dict[str, list[Bar]] = {THREAD: []}
    for who in dict.fromkeys(fact.who for fact in facts):
        rows[who] = _lane([fact for fact in facts if fact.who == who], end)
    for fact in facts:
        if fact.what == "served":
            rows[THREAD].append(Bar(fact.start, fact.stop, "serves", fact.who))
        elif fact.what == "stuck":
            rows[THREAD].append(Bar(fact.start, fact.stop, "stuck", f"stuck with {fact.who}"))
    return rows


def describe(rows: dict[str, list[Bar]], title: str) -> str:
    """The lanes as text: the facts of each, in order; a repetition is counted."""
    lines = [title]
    width = max(len(who) for who in rows)
    for who, bars in rows.items():
        steps: list[list[object]] = []
        for bar in bars:
            words = f"serves {bar.label}" if bar.state == "serves" else bar.label or bar.state
            if steps and steps[-1][0] == words:
                steps[-1][1] = int(str(steps[-1][1])) + 1
            else:
                steps.append([words, 1])
        story = " → ".join(f"{words} ×{count}" if count != 1 else str(words) for words, count in steps)
        lines.append(f"{who:<{width}}  {story or 'nothing'}")
    return "\n".join(lines)


def _lane(facts: Sequence[Fact], end: float) -> list[Bar]:
    """One client's bars, from its own facts in the order of time."""
    bars: list[Bar] = []
    spoke: float | None = None
    froze: float | None = None
    for fact in facts:
        match fact.what:
            case "says":
                spoke = fact.start if spoke is None else spoke
            case "served":
                if spoke is not None:
                    bars.append(Bar(spoke, fact.start, "waits", "waits"))
                    spoke = None
                bars.append(Bar(fact.start, fact.stop, "served", "served"))
            case "frozen":
                froze = fact.start
            case "thawed" | "gone":
                if froze is not None:
                    bars.append(Bar(froze, fact.start, "frozen", "frozen"))
                    froze = None
                if fact.what == "gone":
                    after = bars[-1].stop if bars else fact.start  # while it was served: marked behind that
                    when = max(fact.start, after)
                    bars.append(Bar(when, when, "gone", "gone"))
                    spoke = None
            case "stuck":
                pass  # the thread's affair
    if froze is not None:
        bars.append(Bar(froze, end, "frozen", "frozen"))
    if spoke is not None:
        bars.append(Bar(spoke, end, "waits", "waits to the end"))
    return sorted(bars, key=lambda bar: (bar.start, bar.stop))


def _bar(canvas: Canvas, y: float, bar: Bar, x: float, wide: float) -> None:
    """A bar with its label where there is room; for the end of a client a cross."""
    if bar.state == "gone":
        for up in (-6, 6):
            canvas.line([(x - 6, y - up), (x + 6, y + up)], color=theme.ALARM, width=3.5)
        canvas.text(x + 12, y, bar.label, anchor="start", size=SMALL, color=theme.ALARM, card=True)
        return
    wide = max(wide, NARROWEST)
    tall = 17.0 if bar.state == "frozen" else 30.0
    look = LOOK[bar.state]
    canvas.box(x, y - tall / 2, wide, tall, look, line=0.9)
    words = bar.label
    if bar.state == "serves" and width(words, SMALL) + 6 > wide:
        words = words[:1]  # whose bar it is, at least
    if width(words, SMALL) + 6 <= wide:
        canvas.text(x + wide / 2, y, words, size=SMALL, card=bool(look.hatch))


def _word(canvas: Canvas, x: float, y: float) -> None:
    """A client speaks: an arrow down to its lane."""
    canvas.line([(x, y - 22), (x, y - 13)], width=2.5, arrow=True)


def _key(canvas: Canvas, y: float, shown: Sequence[State], spoken: bool) -> None:
    """The key at the foot: only what the picture shows, two to a line."""
    if spoken:
        x, middle = LEFT + len(shown) % 2 * WIDE * 0.48, y + len(shown) // 2 * KEYS + 8
        _word(canvas, x + 14, middle + 16)
        canvas.text(x + 36, middle, "speaks", anchor="start", size=SMALL)
    for number, state in enumerate(shown):
        x = LEFT + number % 2 * WIDE * 0.48
        middle = y + number // 2 * KEYS + 8
        canvas.box(x, middle - 7, 28, 14, LOOK[state], line=0.8)
        canvas.text(x + 36, middle, KEY[state], anchor="start", size=SMALL)
