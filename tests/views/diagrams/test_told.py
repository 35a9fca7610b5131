"""Two lanes: each row in its place, with its times, and a hatched box where nothing is told or sent."""

from __future__ import annotations

from tests.views.seen import seen, within
from wsdemo.views.diagrams.told import (
    BETWEEN,
    HEAD,
    LANE,
    ROW,
    TIME,
    TITLE,
    UNSENT,
    UNTOLD,
    Told,
    told,
)
from wsdemo.views.drawing import theme

ROWS = (
    Told(0, "new WebSocket", "→ GET /", 2.4),
    Told(None, "", "← ping", 1234.0),
    Told(3045.4, "send", "", None),
)


def test_each_row_has_both_lanes_and_both_times() -> None:
    page = seen(told(ROWS, "A life"))
    within(page)
    assert page.find("A life").bold
    for number, (left, right) in enumerate(
        [("new WebSocket", "→ GET /"), (UNTOLD, "← ping"), ("send", UNSENT)]
    ):
        middle = TITLE + HEAD + ROW * (number + 0.5)
        for words, edge in ((left, TIME), (right, TIME + LANE + BETWEEN)):
            found = page.find(words)
            assert abs(found.y - middle) < 1
            assert edge < found.left and found.right < edge + LANE
    times = {"0": TIME - 10, "2": 972, "1,234": 972, "3,045": TIME - 10}
    for words, right in times.items():
        assert abs(page.find(words).right - right) < 1


def test_what_is_not_told_and_not_sent_is_hatched_and_nothing_else() -> None:
    page = seen(told(ROWS))
    hatched = [box for box in page.boxes if box.pattern]
    assert [page.inside(box) for box in hatched] == [[UNTOLD], [UNSENT]]
    assert {box.fill for box in page.boxes if not box.pattern} >= {
        theme.YELLOW,
        theme.CYAN,
        theme.LIGHT_BLUE,
    }


def test_up_and_down_have_their_colours() -> None:
    page = seen(told(ROWS))
    fills = {words: box.fill for box in page.boxes for words in page.inside(box) if words[:1] in "→←"}
    assert fills == {"→ GET /": theme.CYAN, "← ping": theme.LIGHT_BLUE}


def test_the_text_says_the_same() -> None:
    text = told(ROWS, "A life").text
    for words in ("A life", "1,234  ← ping", "3,045  send", f"({UNTOLD})", f"({UNSENT})"):
        assert words in text
