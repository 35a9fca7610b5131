"""The latency laboratory: what it runs, what it shows, and that nothing of it is left."""

from __future__ import annotations

import base64
import csv
import io
import re
import threading
from collections.abc import Iterator

import pytest
from ipywidgets.widgets.widget import _instances

from wsdemo.rivals.latency import Delivery, Progress
from wsdemo.views.benches.laboratory import SHOWN, Laboratory, laboratory
from wsdemo.views.drawing.canvas import MARKS


@pytest.fixture
def lab() -> Iterator[Laboratory]:
    lab = laboratory(("SSE", "WebSocket"))
    yield lab
    lab.close()
    assert not [t for t in threading.enumerate() if t.name == "wsdemo laboratory"]


def test_a_run_is_a_comparison_with_what_the_sliders_say(lab: Laboratory) -> None:
    lab.rate.value, lab.interval.value, lab.round_trip.value = 100, 40, 10
    assert lab.arguments["interval"] == 0.04
    lab.button.click()
    assert lab.button.disabled and not lab.cancel.disabled
    assert lab.wait(60)
    (run,) = lab.runs
    assert run.complete
    assert (run.conditions.rate, run.conditions.interval, run.conditions.round_trip) == (100, 0.04, 0.01)
    assert lab.progress.value == lab.progress.max == 2 * run.conditions.events
    assert not lab.button.disabled and lab.cancel.disabled
    assert "SSE 200, WebSocket 200" in lab.text
    assert "WebSocket p50 ms" in lab.table.value and str(run.conditions) in lab.table.value
    (link,) = re.findall(r'href="data:text/csv;base64,([^"]+)"', lab.table.value)
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(link).decode())))
    assert len(rows) == 400 and {row["way"] for row in rows} == {"SSE", "WebSocket"}


def test_stop_ends_a_run(lab: Laboratory) -> None:
    lab.rate.value = 5
    lab.run()
    assert lab.running
    lab.run()  # one at a time
    lab.cancel.click()
    assert lab.wait(30)
    assert not lab.runs[0].complete


def test_an_error_is_shown(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "ways", ("a < b",))
    lab._points["a < b"], lab._counts["a < b"] = lab._points["SSE"], 0
    lab.run()
    assert lab.wait(30)
    assert "ValueError" in lab.table.value and "a &lt; b" in lab.table.value
    assert not lab.button.disabled


def test_the_picture_has_a_bound(lab: Laboratory) -> None:
    many = tuple(Delivery("SSE", 1, 0, n, 0.0, 0.001 * n, False) for n in range(5000))
    lab._arrived(Progress("SSE", 1, 5000, 5000, many))
    assert lab.picture.svg.count("<path d") <= SHOWN + 10
    assert lab.picture.svg.count(MARKS["o"]) == SHOWN
    assert "SSE 5000" in lab.text


def test_without_a_kernel_it_says_what_it_would_do() -> None:
    before = set(_instances)
    lab = laboratory()
    bundle = lab.outputs[0]
    assert "press run" in bundle["text/plain"] and "WebSocket 0" in bundle["text/plain"]
    lab.close()
    assert set(_instances) == before, "no widget is left"
    with pytest.raises(ValueError, match="expected 1 to 4"):
        laboratory(())


def test_points_of_a_way_lie_on_seventeen_heights_one_after_the_other(lab: Laboratory) -> None:
    """So that many equal delays are seen as many."""
    lab._points["SSE"].extend([1.0] * 35)
    marks = re.findall(r'd="M([\d.]+),([\d.]+) [^"]*" fill="[^"]*" fill-opacity', lab._draw_points().svg)
    heights = [float(y) for _, y in marks]
    assert len({x for x, _ in marks}) == 1 and len(marks) == 35
    assert [y - heights[0] for y in heights] == [2.0 * step for step in [*range(17), *range(17), 0]]
