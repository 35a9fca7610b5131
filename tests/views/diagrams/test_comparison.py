"""The comparison as a picture: bars as long as the figures, and the sign of each verdict."""

from __future__ import annotations

import pytest

from tests.views.samples import COMPARED
from tests.views.seen import seen, within
from wsdemo.views.diagrams.comparison import BAR, comparison, costs, verdicts
from wsdemo.views.drawing import theme


def test_bars_are_as_long_as_their_figures() -> None:
    page = seen(comparison(COMPARED))
    within(page)
    ours, theirs = (
        next(box for box in page.boxes if box.fill == fill) for fill in (theme.LIGHT_BLUE, theme.GREY)
    )
    assert theirs.width == pytest.approx(BAR, abs=0.02)
    assert ours.width == pytest.approx(BAR / 2, abs=0.02)


def test_figures_and_what_was_not_measured_are_written() -> None:
    page = seen(comparison(COMPARED))
    for words in ("lines of code", "34", "68", "0.1", "0.2", "not measured"):
        page.find(words)
    assert [page.texts.count(words) for words in ("319", "18")] == [2, 2]
    assert [cost.values["wsdemo"] for cost in costs(COMPARED["alternatives"])][-2] == pytest.approx(
        (0.1, 0.05, 0.2)
    )


def test_each_verdict_has_its_sign_and_colour() -> None:
    page = seen(verdicts(COMPARED))
    within(page)
    assert [box.fill for box in page.boxes] == [theme.MINT, theme.PINK, theme.MINT, theme.YELLOW]
    for words in ("§5.1 frame without a mask", "1002 ✓", "heard ✗", "TCP ended ~", "pong ✓"):
        page.find(words)


def test_the_text_says_the_same() -> None:
    text = comparison(COMPARED).text
    for words in ("lines of code", "34", "§5.5.2 ping is answered", "TCP ended ~", "✗ wrong"):
        assert words in text
