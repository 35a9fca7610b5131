"""The Gantt chart of one thread: lanes out of facts, the text, the picture."""

from __future__ import annotations

import pytest

from tests.views.seen import seen, within
from wsdemo.views.diagrams.gantt import (
    KEY,
    LOOK,
    Diary,
    Fact,
    describe,
    gantt,
    lanes,
    without_gaps,
)
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.axis import LEFT, WIDE

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


@pytest.mark.parametrize("facts", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_each_lane_has_its_bars_in_their_places(facts: list[Fact]) -> None:
    page = seen(gantt(facts, "Title"))
    within(page)
    assert page.texts[0] == "Title"
    rows = lanes(facts)
    start = min((fact.start for fact in facts), default=0)
    length = max((fact.stop for fact in facts), default=0) - start
    names = {word.text: word.y for word in page.words if word.right < LEFT}
    assert list(names) == list(rows)
    heights = list(names.values())
    assert heights == sorted(heights)
    scale = 0.0
    for y, bars in zip(heights, rows.values(), strict=True):
        drawn = sorted((b for b in page.boxes if b.holds(b.x, y) and b.y < y < b.foot), key=lambda b: b.x)
        wanted = [bar for bar in bars if bar.state != "gone"]
        assert len(drawn) == len(wanted)
        for box, bar in zip(drawn, wanted, strict=True):
            assert box.looks_like(LOOK[bar.state])
            scale = scale or box.width / (bar.stop - bar.start)
            assert box.x == pytest.approx(LEFT + (bar.start - start) * scale, abs=0.1)
            assert box.width == pytest.approx((bar.stop - bar.start) * scale, abs=0.1)
            assert bar.label in page.inside(box) or len(page.inside(box)) == 0
        for bar in bars:
            if bar.state == "gone":
                cross = [line for line in page.lines if line.color == theme.ALARM]
                middle = LEFT + (bar.start - start) * scale
                assert [sum(x for x, _ in line.points) / 2 for line in cross] == pytest.approx([middle] * 2)
                assert page.find("gone").y == y
    assert not scale or 0.9 * WIDE <= length * scale <= WIDE


def test_the_axis_counts_from_the_first_event() -> None:
    page = seen(gantt([Fact(7, 7.3, "Ana", "stuck"), Fact(7.3, 7.6, "Ben", "served")]))
    marks = [word for word in page.words if word.text.isdigit()]
    assert [word.text for word in marks] == ["0", "100", "200", "300", "400", "500", "600"]
    served = page.like(LOOK["served"])[0]
    assert page.find("0").x == LEFT
    assert page.find("300").x == pytest.approx(served.x, abs=0.1)
    assert page.find("600").x == pytest.approx(served.right, abs=0.1)
    ticks = [line.points for line in page.lines if line.upright]
    assert [x for (x, _), _ in ticks] == [word.x for word in marks]


def test_the_key_explains_what_is_shown_and_only_that() -> None:
    facts = [Fact(0, 0, "Ben", "says"), Fact(0, 3, "Ada", "stuck"), Fact(3, 4, "Ben", "served")]
    page = seen(gantt(facts))
    shown = {state: words for state, words in KEY.items() if words in page.texts}
    assert list(shown) == ["served", "waits", "stuck"]
    for state, words in shown.items():
        word = page.find(words)
        (key,) = [box for box in page.boxes if box.y < word.y < box.foot and 0 < word.x - box.right < 20]
        assert key.looks_like(LOOK[state])


def test_no_bar_is_too_short_to_be_seen() -> None:
    page = seen(gantt([Fact(0, 1e-9, "Ana", "served"), Fact(0, 10, "Ben", "stuck")]))
    assert min(box.width for box in page.like(LOOK["served"])) >= 5


@pytest.mark.parametrize(("seconds", "shown"), [(10, ["Anastasia"]), (0.5, ["A"]), (0.1, [])])
def test_a_bar_of_the_thread_says_whose_it_is(seconds: float, shown: list[str]) -> None:
    page = seen(gantt([Fact(0, seconds, "Anastasia", "served"), Fact(seconds, 20, "Ben", "stuck")]))
    bar = min(page.like(LOOK["served"]), key=lambda box: box.y)
    assert page.inside(bar) == shown


def test_idle_gaps_are_cut_and_the_cut_is_marked() -> None:
    facts = [
        Fact(0, 1, "Ana", "served"),
        Fact(4, 4, "Ben", "says"),
        Fact(9, 10, "Ben", "served"),
        Fact(10, 12, "Ana", "stuck"),
    ]
    kept, cuts = without_gaps(facts, 0.25)  # of four seconds of work
    assert [(fact.start, fact.stop) for fact in kept] == [(0, 1), (2, 2), (2, 3), (3, 5)]
    assert cuts == [1.5]
    page = seen(gantt(facts, idle=0.25))
    within(page)
    first, second = page.like(LOOK["served"])[0], page.like(LOOK["served"])[1]
    assert first.right < page.find("≈").x < second.x
    assert "seconds of work, idle gaps cut short at ≈" in page.texts
    assert "≈" not in seen(gantt(facts)).texts
    assert without_gaps(facts, 3) == (facts, []), "no gap is longer"


def test_an_arrow_where_a_client_speaks() -> None:
    facts = [Fact(0, 2, "Ana", "served"), Fact(1, 1, "Ben", "says"), Fact(2, 4, "Ben", "served")]
    page = seen(gantt(facts))
    ben = next(word for word in page.words if word.text == "Ben" and word.right < LEFT)
    served = page.like(LOOK["served"])[0]
    spoken, key = sorted(page.arrows(), key=lambda arrow: arrow[1][1])
    assert spoken[0][0] == spoken[1][0] == pytest.approx((served.x + served.right) / 2)
    assert spoken[0][1] < spoken[1][1] < ben.y
    assert key[1][0] < page.find("speaks").x
    assert not seen(gantt([Fact(0, 1, "Ana", "served")])).arrows()
