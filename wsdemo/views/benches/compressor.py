"""Compression to try: a stream, the size of its messages, the settings, and the measured results.

::

    stream, size ────────────────────► compression.cut ──┐
    level, window, memory, takeover ─────────────────────┴─► compression.measure ──► bars
                                                                the bars before ──► outlines

Each move of a control starts a new measurement, which ``compression.measure`` makes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import ipywidgets

from wsdemo.rivals import compression, tables
from wsdemo.rivals.compression import STREAMS, Compressed, Settings
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, Canvas, Sketch
from wsdemo.views.live.view import Live

SIZES: Final = (16, 32, 64, 128, 256, 512, 1024, 4096)  #: bytes of a message
TITLE: Final = "What the settings give"

_LEFT, _WIDE, _ROW = 300, 520, 44  # pixels: the start of the bars, their greatest length, the height of a row


@dataclass(frozen=True, slots=True)
class Scale:
    """One row of the picture: its quantity, and the length of its bar."""

    label: str
    unit: str
    value: Callable[[Compressed], float]
    low: float  #: the start of a logarithmic axis; 0: the axis is linear
    high: float

    def place(self, value: float) -> float:
        """0 at the left end, 1 at the right.

        >>> Scale("", "", abs, 1, 100).place(10), Scale("", "", abs, 0, 2).place(1)
        (0.5, 0.5)
        """
        if self.low:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = value / self.high
        return min(1.0, max(0.0, share))


SCALES: Final = (
    Scale("on the wire, of the text", "%", lambda found: found.ratio * 100, 0, 140),
    Scale("memory for each connection", "KiB", lambda found: found.memory / 1024, 0.1, 512),
    Scale("CPU to compress a message", "µs", lambda found: found.deflate * 1e6, 0.5, 512),
    Scale("CPU to decompress it", "µs", lambda found: found.inflate * 1e6, 0.1, 512),
)


class Compressor(Live):
    """Controls for a stream and its compression, and bars that show the results."""

    def __init__(self, name: str = "ticks") -> None:
        self.stream = ipywidgets.Dropdown(options=list(STREAMS), value=name, **_look("stream"))
        self.size = ipywidgets.SelectionSlider(options=SIZES, value=128, **_look("message size, bytes"))
        self.window_bits = ipywidgets.IntSlider(12, 9, 15, **_look("window bits"))
        self.memory_level = ipywidgets.IntSlider(5, 1, 9, **_look("memory level"))
        self.level = ipywidgets.IntSlider(6, 1, 9, **_look("level"))
        self.takeover = ipywidgets.Checkbox(True, indent=False, description="context takeover")
        self.found = self.before = self._measure()
        sliders = (self.size, self.window_bits, self.memory_level, self.level)
        controls = (self.stream, *sliders, self.takeover)
        super().__init__(
            controls,
            self._draw_bars,
            caption="In a running notebook you choose the stream, the size of its messages and the settings; "
            "each choice is measured at once, and outlines show the one before.",
        )
        self.widget.children[0].layout.flex_flow = "row wrap"
        for control in controls:
            control.observe(self._moved, names="value")

    @property
    def settings(self) -> Settings:
        """The settings of the controls."""
        return Settings(
            self.level.value, self.window_bits.value, self.memory_level.value, self.takeover.value
        )

    def _measure(self) -> Compressed:
        messages = compression.cut(compression.stream(self.stream.value), self.size.value)
        return compression.measure(messages, self.settings, name=self.stream.value)

    def _moved(self, change: object) -> None:
        self.before, self.found = self.found, self._measure()
        self.update()

    def _draw_bars(self) -> Sketch:
        canvas = Canvas(_ROW * len(SCALES) + 34)
        for row, scale in enumerate(SCALES):
            y = row * _ROW + 8
            now, before = scale.value(self.found), scale.value(self.before)
            canvas.text(_LEFT - 12, y + 14, scale.label, anchor="end")
            canvas.box(_LEFT, y, _WIDE, 28, fill=theme.WHITE, edge=theme.GREY)
            canvas.box(_LEFT, y, _WIDE * scale.place(now), 28, fill=theme.CYAN)
            if self.before is not self.found:
                canvas.box(_LEFT, y + 4, _WIDE * scale.place(before), 20, line=1.5, dash="4 3")
            words = f"{tables.shown(now)} {scale.unit}"
            canvas.text(_LEFT + _WIDE + 12, y + 14, words, anchor="start", bold=True)
        whole = _LEFT + _WIDE * SCALES[0].place(100)
        canvas.line([(whole, 2), (whole, 42)], width=2)
        words = "Mark at 100 %: no gain.  Memory and CPU: logarithmic.  Dashed: the choice before."
        canvas.text(_LEFT, canvas.height - 16, words, size=SMALL, anchor="start", color=theme.QUIET)
        rows = [_row("now", self.found)]
        if self.before is not self.found:
            rows.append(_row("before", self.before))
        return Sketch(canvas, f"{TITLE}\n{tables.table(rows)}", TITLE)


def _row(when: str, found: Compressed) -> dict[str, tables.Value]:
    return {
        "": when,
        "messages": found.messages,
        "mean size": round(found.size / found.messages),
        **found.row(),
    }


def compressor(name: str = "ticks") -> Compressor:
    """Controls for compressing the stream of this name (`compression.STREAMS`), and the results."""
    return Compressor(name)


def _look(label: str) -> dict[str, Any]:
    return {
        "description": label,
        "style": {"description_width": "9rem"},
        "layout": {"width": "min(30rem, 90%)"},
    }
