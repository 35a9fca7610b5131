"""Charts of measurements: what they say as text, that every curve is told apart without colour."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from wsdemo.rivals import compression, latency
from wsdemo.rivals.compression import Compressed, Grid, Settings
from wsdemo.rivals.costs import ByteCounts, Costs
from wsdemo.rivals.latency import Comparison, Conditions, Delivery, WayResult
from wsdemo.trace.trace import Trace
from wsdemo.views import charts, theme
from wsdemo.views.charts import measured

DELAYS = {
    "short polling": [0.010 * n for n in range(1, 11)],
    "SSE": [0.001] * 10,
    "WebSocket": [0.0005 * n for n in range(1, 11)],
}
MANY = {
    "short polling": [0.0001 * n for n in range(1, 1001)],
    "SSE": [0.001] * 1000,
    "WebSocket": [0.0005 * n for n in range(1, 21)],
}


def comparison(ways: dict[str, list[float]]) -> Comparison:
    """A comparison as if it had been measured: the first delivery of each way warmed up."""
    conditions = Conditions(11, 20.0, 0.1, 1, 1, 1, 0.0, None, 0, 1, "a machine")
    costs = Costs(ByteCounts(0, 6, 100), ByteCounts(20, 4, 60), 3, 1, 520)
    outcomes = [
        WayResult(
            way,
            "a server",
            tuple(Delivery(way, 1, 0, n, 1.0, 1.0 + delay, n == 0) for n, delay in enumerate([9.0, *delays])),
            11,
            costs,
            Trace(),
        )
        for way, delays in ways.items()
    ]
    return Comparison(conditions, tuple(outcomes), True)


@pytest.mark.parametrize("draw", [charts.ecdf, charts.strip])
@pytest.mark.parametrize("given", [MANY, comparison(MANY)], ids=["delays", "a comparison"])
def test_the_text_has_the_quantiles(draw, given) -> None:
    picture = draw(given)
    assert picture.png.startswith(b"\x89PNG")
    lines = {line.split("  ")[0]: line.split() for line in picture.text.splitlines()}
    assert lines["way"][1:] == ["events", "p10", "ms", "p50", "ms", "p90", "ms", "p99", "ms", "latest", "ms"]
    assert lines["short polling"][-6:] == ["1000", "10.1", "50.1", "90", "99", "100"]
    assert lines["SSE"][-5:] == ["1"] * 5
    assert lines["WebSocket"][1:] == ["20", "–", "5.25", "–", "–", "10"]  # too few for more
    if isinstance(given, Comparison):
        assert "a machine" in picture.text, "the conditions stand beside the figures"


@pytest.mark.parametrize("draw", [charts.ecdf, charts.strip])
def test_no_quantile_of_too_few_events(draw) -> None:
    names = draw({"a": [0.001] * 99}).text.splitlines()[1]
    assert names.split("  ") == ["way", "events", "p50 ms", "latest ms"]


def test_curves_differ_without_colour() -> None:
    assert len({look.mark for look in theme.LOOKS}) == len(theme.LOOKS)
    assert len({(str(look.line), look.mark) for look in theme.LOOKS}) == len(theme.LOOKS)
    labels = [text.get_text() for text in charts.ecdf(DELAYS).figure.axes[0].texts]
    assert sorted(labels) == sorted(DELAYS), "each curve is named beside it"


def test_names_of_curves_never_stand_on_each_other() -> None:
    same = {f"way {n}": [0.001, 0.001] for n in range(6)}
    picture = charts.ecdf(same)
    assert picture.png
    heights = sorted(text.get_position()[1] for text in picture.figure.axes[0].texts)
    assert all(high - low > 0.1 for low, high in itertools.pairwise(heights))


def test_a_strip_has_one_mark_for_each_event() -> None:
    axes = charts.strip(DELAYS).figure.axes[0]
    marks = [line for line in axes.lines if line.get_marker() not in ("", "None", None)]
    assert [len(line.get_xdata()) for line in marks] == [10, 10, 10]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(DELAYS)


@pytest.mark.parametrize("draw", [charts.ecdf, charts.strip])
def test_one_event_and_no_delay_can_be_drawn(draw) -> None:
    assert draw({"a": [0.0]}).png
    assert draw({"a": [0.001], "nobody": []}).png
    with pytest.raises(ValueError, match="no event has arrived"):
        draw({"nobody": []})


def test_bytes_by_purpose_and_the_estimate_is_named_so() -> None:
    picture = charts.wire(comparison(DELAYS))
    assert picture.png.startswith(b"\x89PNG")
    (header, _, *lines) = picture.text.splitlines()[1:6]
    assert header.split("  ")[-1].strip() == "TCP/IP (estimate)"
    assert [line.split()[-5:] for line in lines] == [["1.82", "0.909", "14.5", "17.3", "47.3"]] * 3
    key = [text.get_text() for text in picture.figure.legends[0].get_texts()]
    assert key == ["payload", "framing", "HTTP heads", "TCP/IP headers (estimate)"]
    patches = picture.figure.axes[0].patches
    assert len(patches) == 12
    assert len({patch.get_hatch() for patch in patches}) == 4, "each purpose has its pattern"


def entry(memory: int, ratio: float, stream: str = "chat") -> Compressed:
    return Compressed(stream, Settings(), 1, 1000, round(1000 * ratio), 0.0, 0.0, memory)


def test_the_frontier_is_what_nobody_beats() -> None:
    entries = [entry(10, 0.9), entry(30, 0.95), entry(20, 0.5), entry(20, 0.6), entry(40, 0.4)]
    assert [(e.memory, e.ratio) for e in measured.frontier(entries)] == [
        (10, 0.9),
        (20, 0.5),
        (40, 0.4),
    ]
    assert measured.frontier([]) == []


def test_memory_against_ratio() -> None:
    with_takeover = dataclasses.replace(entry(4096, 0.4), settings=Settings(takeover=True))
    grid = Grid((entry(0, 0.9), with_takeover, entry(0, 1.1, "random")), "a machine")
    picture = charts.memory(grid)
    assert picture.png.startswith(b"\x89PNG")
    axes = picture.figure.axes[0]
    fills = [line.get_markerfacecolor() for line in axes.lines if line.get_marker() in ("o", "s")]
    assert fills.count(theme.PAPER) == 2, "what has no context takeover is an empty mark"
    assert [text.get_text() for text in axes.texts] == ["chat", "random"]
    assert [line.split()[0] for line in picture.text.splitlines()[3:]] == ["chat", "chat", "random"]


def test_they_draw_what_is_measured() -> None:
    result = latency.compare(("WebSocket", "raw TCP"), events=8, rate=200, rounds=1, warm_up=1)
    for picture in (charts.ecdf(result), charts.strip(result), charts.wire(result)):
        assert picture.png and str(result.conditions) in picture.text
    grid = compression.grid(("chat",), levels=(6,), window_bits=(9, 12), memory_levels=(1,))
    assert charts.memory(grid).png
