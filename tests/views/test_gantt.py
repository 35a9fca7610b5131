"""The Gantt chart of one thread: lanes out of facts, the text, the picture."""

from __future__ import annotations

import pytest

from wsdemo.views.gantt import Diary, Fact, _unit, describe, gantt, lanes

TABLE: list[tuple[str, list[Fact], dict[str, list[tuple[float, float, str]]]]] = [
    (
        "who speaks waits until it is served",
        [Fact(0, 0, "Ben", "says"), Fact(2, 3, "Ben", "served")],
        {"the thread": [(2, 3, "serves")], "Ben": [(0, 2, "waits"), (2, 3, "served")]},
    ),
    (
        "words said meanwhile share the wait",
        [Fact(0, 0, "Ben", "says"), Fact(1, 1, "Ben", "says"), Fact(2, 3, "Ben", "served")],
        {"the thread": [(2, 3, "serves")], "Ben": [(0, 2, "waits"), (2, 3, "served")]},
    ),
    (
        "who is never served waits to the end",
        [Fact(0, 0, "Ben", "says"), Fact(1, 5, "Ana", "stuck")],
        {"the thread": [(1, 5, "stuck")], "Ben": [(0, 5, "waits")], "Ana": []},
    ),
    (
        "frozen until it thaws, is gone, or the end",
        [
            Fact(0, 0, "Ana", "frozen"),
            Fact(1, 1, "Ana", "thawed"),
            Fact(0, 0, "Ben", "frozen"),
            Fact(2, 2, "Ben", "gone"),
            Fact(3, 3, "Cleo", "frozen"),
            Fact(3, 4, "Dora", "served"),
        ],
        {
            "the thread": [(3, 4, "serves")],
            "Ana": [(0, 1, "frozen")],
            "Ben": [(0, 2, "frozen"), (2, 2, "gone")],
            "Cleo": [(3, 4, "frozen")],
            "Dora": [(3, 4, "served")],
        },
    ),
    (
        "gone while it was served is marked behind that",
        [Fact(0, 4, "Ana", "served"), Fact(1, 1, "Ana", "gone")],
        {"the thread": [(0, 4, "serves")], "Ana": [(0, 4, "served"), (4, 4, "gone")]},
    ),
    ("nothing happened", [], {"the thread": []}),
]


@pytest.mark.parametrize(("facts", "wanted"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
@pytest.mark.parametrize("turn", [1, -1], ids=["in order", "backwards"])
def test_lanes(facts: list[Fact], wanted: dict[str, list[tuple[float, float, str]]], turn: int) -> None:
    rows = lanes(facts[::turn])
    got = {who: [(bar.start, bar.stop, bar.state) for bar in bars] for who, bars in rows.items()}
    assert got == wanted


def test_the_text_tells_each_lane_and_counts_repetitions() -> None:
    facts = [Fact(n, n + 1, "Ana", "served") for n in range(3)] + [Fact(4, 5, "Ben", "stuck")]
    assert describe(lanes(facts), "A title").splitlines() == [
        "A title",
        "the thread  serves Ana ×3 → stuck with Ben",
        "Ana         served ×3",
        "Ben         nothing",
    ]


def test_a_diary_keeps_spans_also_when_they_end_in_an_error() -> None:
    ticks = iter(range(100))
    diary = Diary(clock=lambda: float(next(ticks)))
    diary.note("Ben", "says")
    with pytest.raises(TimeoutError), diary.span("Ana", "stuck"):
        raise TimeoutError
    start = diary.clock()
    diary.add("Ben", "served", start)
    assert diary.facts == [Fact(0, 0, "Ben", "says"), Fact(1, 2, "Ana", "stuck"), Fact(3, 4, "Ben", "served")]
    assert diary.served == ["Ben"]
    assert diary.waited("Ben") == 3
    assert diary.waited("nobody") == 0
    assert repr(diary) == "<Diary: 3 facts>"
    diary.clear()
    assert diary.facts == []


@pytest.mark.parametrize(
    ("seconds", "unit"),
    [(2e-4, "microseconds"), (0.3, "milliseconds"), (12.0, "seconds"), (0.0, "microseconds")],
)
def test_the_axis_has_a_unit_that_reads_well(seconds: float, unit: str) -> None:
    assert _unit(seconds)[0] == unit
    picture = gantt([Fact(1, 1 + seconds, "Ana", "served")])
    assert unit in picture.figure.axes[0].get_xlabel()


@pytest.mark.parametrize("facts", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_it_draws_every_table(facts: list[Fact]) -> None:
    picture = gantt(facts, "Title")
    assert picture.png.startswith(b"\x89PNG")
    assert picture.text.startswith("Title\nthe thread")
    labels = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
    assert labels == list(lanes(facts))


def test_no_bar_is_too_short_to_be_seen() -> None:
    picture = gantt([Fact(0, 1e-9, "Ana", "served"), Fact(0, 10, "Ben", "stuck")])
    widths = [patch.get_width() for patch in picture.figure.axes[0].patches]
    assert min(widths) >= 0.005 * max(widths)
