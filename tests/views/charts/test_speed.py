"""The picture of a benchmark: bars, ranges and numbers against the data."""

from __future__ import annotations

from typing import Any

import pytest

from wsdemo.views.charts import speed
from wsdemo.views.drawing import theme

DATA: dict[str, Any] = {
    "rounds": 3,
    "rows": [
        {
            "title": "echo",
            "unit": "µs",
            "spreads": {
                "tcp": {"low": 20.0, "median": 21.0, "high": 23.0},
                "wsdemo threaded": {"low": 22.0, "median": 24.5, "high": 1234.0},
            },
        },
        {"title": "nobody took part", "unit": "µs", "spreads": {}},
        {"title": "memory", "unit": "KiB", "spreads": {"wsdemo": {"low": 1.0, "median": 1.0, "high": 1.0}}},
    ],
}


def test_bars_are_medians_and_lines_are_ranges() -> None:
    first, second = speed.picture(DATA).figure.axes
    assert first.get_title(loc="left") == "echo (µs)" and second.get_title(loc="left") == "memory (KiB)"
    assert [label.get_text() for label in first.get_yticklabels()] == ["tcp", "wsdemo threaded"]
    bars, ranges = first.containers[1], first.containers[0]
    assert [bar.get_width() for bar in bars] == [21.0, 24.5]
    (lines,) = ranges.lines[2]
    assert [sorted(x for x, _ in line) for line in lines.get_segments()] == [
        pytest.approx([20.0, 23.0]),
        pytest.approx([22.0, 1234.0]),
    ]
    assert first.yaxis_inverted(), "the first contestant is at the top"
    numbers = [(text.get_text(), text.get_position()) for text in first.texts]
    assert numbers == [(" 21", (23.0, 0)), (" 24.5", (1234.0, 1))]


def test_ours_is_in_colour() -> None:
    from matplotlib.colors import to_hex

    first, _ = speed.picture(DATA).figure.axes
    colours = [to_hex(bar.get_facecolor()).upper() for bar in first.containers[1]]
    assert colours == [theme.GREY.upper(), theme.LIGHT_BLUE.upper()]


def test_the_text_says_the_same() -> None:
    assert speed.picture(DATA).text.splitlines() == [
        "echo (µs)            lowest  median  highest",
        "    tcp                  20      21       23",
        "    wsdemo threaded      22    24.5    1,234",
        "memory (KiB)  lowest  median  highest",
        "    wsdemo         1       1        1",
    ]
    assert speed.picture(DATA).title == "Benchmark: 2 rows, medians of 3 rounds and their ranges"
