"""The price of attacks: two bars a row, as long as the logarithm of their bytes, under the right name."""

from __future__ import annotations

import math

import pytest

from tests.views.seen import seen, within
from wsdemo.course.attack import Price
from wsdemo.views.diagrams.costs import BAR, DECADES, LEFT, ROW, SENT, SERVED, TITLE, WIDE, costs

PRICES = {
    "bomb": {
        "no limit": Price(65_000, 67_000_000, 0.25, "1000"),
        "limit": Price(65_000, 2_000_000, 0.001, "1009"),
    },
    "pings": {"built in": Price(2_000, 3, 0.0404, "408")},
}


def test_each_bar_has_its_place_and_its_length() -> None:
    page = seen(costs(PRICES))
    within(page)
    bars = [box for box in page.boxes if box.fill in (SENT, SERVED) and box.y >= TITLE]
    sizes = [
        (65_000, SENT),
        (67_000_000, SERVED),
        (65_000, SENT),
        (2_000_000, SERVED),
        (2_000, SENT),
        (3, SERVED),
    ]
    for number, (bar, (size, fill)) in enumerate(zip(bars, sizes, strict=True)):
        assert bar.fill == fill and bar.height == BAR and bar.x == LEFT
        assert bar.y == TITLE + number // 2 * ROW + number % 2 * (BAR + 2)
        assert bar.width == pytest.approx(math.log10(size) * WIDE / DECADES, abs=0.02)


def test_names_numbers_and_ends_stand_in_their_rows() -> None:
    page = seen(costs(PRICES, "What it costs"))
    assert page.find("What it costs").bold and page.find("bomb").bold
    tops = [TITLE + number * ROW for number in range(3)]
    rows = [
        ("no limit", "67 MB", "× 1,031", "250.0 ms, ends with 1000"),
        ("limit", "2 MB", "× 31", "1.0 ms, ends with 1009"),
        ("built in", "3 B", "× 0.002", "40.4 ms, ends with 408"),
    ]
    for top, words in zip(tops, rows, strict=True):
        for text in words:
            assert top <= page.find(text).y < top + ROW - 8, text
    assert page.find("bomb").y < page.find("pings").y
    assert len([words for words in page.words if words.text == "65 kB"]) == 2


def test_the_scale_grows_with_what_is_on_it() -> None:
    page = seen(costs({"x": {"y": Price(1, 3_000_000_000_000, 0.0, "-")}}))
    within(page)
    (bar,) = (box for box in page.boxes if box.fill == SERVED and box.y >= TITLE)
    assert bar.width == pytest.approx(math.log10(3e12) * WIDE / 13, abs=0.02)
    assert page.find("1 TB").x == pytest.approx(LEFT + 12 * WIDE / 13)
    assert page.find("1 GB").x == pytest.approx(LEFT + 9 * WIDE / 13)


def test_the_words_say_the_same() -> None:
    assert costs(PRICES).text.splitlines() == [
        "The price on both sides",
        "bomb, no limit: sent 65 kB; the server 67 MB, × 1,031, 250.0 ms, ends with 1000",
        "bomb, limit: sent 65 kB; the server 2 MB, × 31, 1.0 ms, ends with 1009",
        "pings, built in: sent 2 kB; the server 3 B, × 0.002, 40.4 ms, ends with 408",
    ]
    assert "the server 5 B, × 0," in costs({"x": {"y": Price(0, 5, 0.0, "-")}}).text
