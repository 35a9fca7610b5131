"""The latency laboratory: choose the conditions, run, and watch how late each event is.

::

    sliders ──► run ──► thread: latency.compare(…, progress=) ──► points, 20 × a second ──► HTML widget
                                          └─► Comparison ──► one line for each run, and its data as CSV

The measurement is `latency.compare` with the same arguments; nothing is measured here.
"""

from __future__ import annotations

import base64
import html
import math
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import ipywidgets

from wsdemo.rivals import latency, tables
from wsdemo.rivals.latency import Comparison, Progress
from wsdemo.views.diagrams.results import figure
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, Canvas, Sketch
from wsdemo.views.drawing.table import head, table
from wsdemo.views.drawing.theme import LOOKS
from wsdemo.views.live.view import Live

WAYS: Final = ("short polling", "long polling", "SSE", "WebSocket")
SHOWN: Final = 400  #: the newest points of each way; older ones leave the picture, not the data
DECADES: Final = (-2, 4)  #: powers of ten of milliseconds: from 0.01 ms to 10 s
MOST: Final = 4  #: ways in one laboratory
SECONDS: Final = 2.0  #: that each way takes

_LEFT, _WIDE, _LANE = 130, 800, 48  # pixels: the start of the axis, its length, the height of a way's lane


class Laboratory(Live):
    """Sliders, a button, live points, and a table of all runs. ``runs`` are the comparisons so far.

    A run goes on in a thread of its own, and one at a time. `close` ends it and removes the widgets.
    """

    def __init__(self, ways: Sequence[str] = WAYS) -> None:
        self.ways = tuple(ways)
        self.runs: list[Comparison] = []
        self._points = {way: deque[float](maxlen=SHOWN) for way in self.ways}
        self._counts = dict.fromkeys(self.ways, 0)
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self.interval = _slider("poll interval, ms", 200, 20, 1000, 20)
        self.rate = _slider("events a second", 20, 5, 1000, 5)
        self.clients = _slider("clients", 1, 1, 20, 1)
        self.round_trip = _slider("added round trip, ms", 0, 0, 300, 10)
        self.button = ipywidgets.Button(description="run", icon="play", tooltip="measure with these settings")
        self.cancel = ipywidgets.Button(description="stop", icon="stop", disabled=True)
        self.progress = ipywidgets.IntProgress(
            value=0,
            min=0,
            max=1,
            description="0 of 0",
            style={"description_width": "9rem"},
            layout={"width": "26rem"},
        )
        self.table = ipywidgets.HTML()
        self.button.on_click(self.run)
        self.cancel.on_click(lambda _: self._cancel.set())
        sliders = (self.interval, self.rate, self.clients, self.round_trip)
        caption = (
            "In a running notebook you choose the poll interval, the rate of events, the number of clients "
            "and the round trip, press run, and see each event as it arrives."
        )
        controls = (*sliders, self.button, self.cancel, self.progress)
        super().__init__(controls, self._draw_points, caption=caption)
        self.widget.children = (*self.widget.children, self.table)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments for `latency.compare`, from the sliders."""
        return {
            "events": max(20, round(self.rate.value * SECONDS)),
            "rate": float(self.rate.value),
            "interval": self.interval.value / 1000,
            "clients": self.clients.value,
            "rounds": 1,
            "round_trip": self.round_trip.value / 1000,
        }

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._thread is not None and self._thread.is_alive()

    def run(self, button: object = None) -> None:
        """Begin a run, unless one is under way."""
        if self.running:
            return
        self._cancel.clear()
        for way in self.ways:
            self._points[way].clear()
            self._counts[way] = 0
        self.button.disabled, self.cancel.disabled = True, False
        given = self.arguments
        self._thread = threading.Thread(
            target=self._measure, args=(given,), name="wsdemo laboratory", daemon=True
        )
        self._thread.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run is over, ``timeout`` seconds at most; false: it still goes on."""
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.running

    def close(self) -> None:
        """End the run, and remove the widgets."""
        self._cancel.set()
        self.wait()
        super().close()

    def _measure(self, given: dict[str, Any]) -> None:
        try:
            result = latency.compare(self.ways, progress=self._arrived, cancel=self._cancel, **given)
            self.runs.append(result)
            self.table.value = self._runs()
        except Exception as error:  # a thread has no cell in which to fail
            words = html.escape(f"{type(error).__name__}: {error}")
            self.table.value = f'<pre style="color:{theme.ALARM};background:{theme.PAPER}">{words}</pre>'
        finally:
            self.button.disabled, self.cancel.disabled = False, True

    def _arrived(self, news: Progress) -> None:
        """Deliveries came: `latency.compare` says so 20 times a second at most."""
        self._points[news.way].extend(delivery.delay * 1000 for delivery in news.new)
        self._counts[news.way] += len(news.new)
        self.progress.max = news.total
        self.progress.value = news.done
        self.progress.description = f"{news.done} of {news.total}"
        self.update()

    def _draw_points(self) -> Sketch:
        foot = _LANE * len(self.ways)
        canvas = Canvas(foot + 34)
        for power in range(DECADES[0], DECADES[1] + 1):
            x = _LEFT + _WIDE * (power - DECADES[0]) / (DECADES[1] - DECADES[0])
            canvas.line([(x, 4), (x, foot + 6)], color=theme.GREY)
            canvas.text(x, foot + 18, f"{10.0**power:g} ms", size=SMALL)
        for row, (way, look) in enumerate(zip(self.ways, LOOKS, strict=False)):
            middle = (row + 0.5) * _LANE
            canvas.text(_LEFT - 12, middle, way, anchor="end", room=_LEFT - 16)
            for index, delay in enumerate(list(self._points[way])):
                y = middle - 16 + 2 * (index % 17)
                canvas.mark(_LEFT + _WIDE * _place(delay), y, look.mark, color=look.ink)
        heard = ", ".join(f"{way} {count}" for way, count in self._counts.items())
        return Sketch(canvas, f"Events that have arrived: {heard}", "How late each event is, by way")

    def _runs(self) -> str:
        """The table of all runs: medians, the conditions, and the data to keep."""
        rows: list[dict[str, tables.Value]] = []
        for number, run in enumerate(self.runs, 1):
            given = run.conditions
            rows.append(
                {
                    "run": number,
                    "interval ms": round(given.interval * 1000),
                    "events/s": given.rate,
                    "clients": given.clients,
                    "round trip ms": round(given.round_trip * 1000),
                    **{f"{outcome.way} p50 ms": outcome.p50 * 1000 for outcome in run},
                    "complete": "yes" if run.complete else "no",
                }
            )
        names = [head(name) for name in (*rows[0], "data")]
        body = [
            [*map(figure, row.values()), f"<td>{_download(run, number)}</td>"]
            for number, (row, run) in enumerate(zip(rows, self.runs, strict=True), 1)
        ]
        last = html.escape(str(self.runs[-1].conditions))
        return f"{table([names, *body])}<p><small>Last run: {last}</small></p>"


def laboratory(ways: Sequence[str] = WAYS) -> Laboratory:
    """The latency laboratory, for these ways of `wsdemo.rivals.ways`: one to four, else ValueError."""
    if not 1 <= len(ways) <= MOST:
        raise ValueError(f"{len(ways)} ways, expected 1 to {MOST}")
    return Laboratory(ways)


def _slider(label: str, value: int, low: int, high: int, step: int) -> ipywidgets.IntSlider:
    return ipywidgets.IntSlider(
        value=value,
        min=low,
        max=high,
        step=step,
        description=label,
        style={"description_width": "10rem"},
        layout={"width": "30rem"},
    )


def _place(milliseconds: float) -> float:
    """The place on the axis: 0 at the left end, 1 at the right.

    >>> _place(0.01), _place(10), _place(1e9)
    (0.0, 0.5, 1.0)
    """
    low, high = DECADES
    return min(1.0, max(0.0, (math.log10(max(milliseconds, 1e-9)) - low) / (high - low)))


def _download(run: Comparison, number: int) -> str:
    """A link that carries the run's data."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.csv"
        run.to_csv(path)
        data = base64.b64encode(path.read_bytes()).decode("ascii")
    look = "text-decoration:underline;color:inherit"
    return f'<a style="{look}" download="latency-{number}.csv" href="data:text/csv;base64,{data}">CSV</a>'
