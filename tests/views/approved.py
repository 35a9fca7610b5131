"""Approved drawings: files in `approved/` that were looked at.

    python -m tests.views.approved      # write all of them anew; then look at those that `git diff` names

A drawing on a canvas is kept as it is, an SVG file; another one as HTML; a chart as a list of what is on it;
and each one's text. `test_approved` compares.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from tests.views.samples import BENCHES, CHARTS, SAMPLES, SLIDES
from wsdemo.views.benches import microscope
from wsdemo.views.charts.picture import own_style
from wsdemo.views.drawing.canvas import Sketch

#: Of a widget, what its reader sees or what a control does.
TRAITS = (
    *("description", "value", "options", "min", "max", "step", "disabled", "tooltip", "placeholder", "icon"),
    *("indent", "continuous_update"),
)
FOLDER = Path(__file__).parent / "approved"


def of_drawing(name: str) -> dict[str, str]:
    """What is kept of a sample, by the end of the file's name."""
    drawing = SAMPLES[name]()
    shown = {".svg": drawing.svg + "\n"} if isinstance(drawing, Sketch) else {".html": _html(drawing.html)}
    return {".txt": drawing.text + "\n", **shown}


def of_slide(name: str) -> dict[str, str]:
    """The same of a frame under the microscope: what the page is told, and its still."""
    slide = SLIDES[name]()
    state = json.dumps(slide.state(said="said"), indent=1, ensure_ascii=False)
    return {
        ".json": state + "\n",
        ".txt": microscope._text(slide) + "\n",
        ".html": _html(microscope._html(slide)),
    }


def of_bench(name: str) -> dict[str, str]:
    """The same of a widget: its controls, and its still."""
    live = BENCHES[name]()
    still, _ = live.outputs
    lines = [*controls(live.widget), still["text/plain"]]
    text = "\n".join(lines).replace(live.widget.model_id, "MODEL") + "\n"
    live.close()
    return {".list": text}


def controls(widget: Any, depth: int = 0) -> Iterator[str]:
    """A widget and those in it, a line each."""
    shown = {name: getattr(widget, name) for name in TRAITS if getattr(widget, name, None) not in (None, "")}
    if isinstance(widget, ipywidgets.HTML):
        shown["value"] = re.sub(r"base64,[^\"]+", "base64,…", shown.get("value", ""))
    shown |= {f"layout.{name}": value for name, value in _set(widget.layout)}
    shown |= {f"style.{name}": value for name, value in _set(getattr(widget, "style", None))}
    words = " ".join(f"{name}={value!r}" for name, value in shown.items())
    yield f"{'  ' * depth}{type(widget).__name__} {words}"
    for child in getattr(widget, "children", ()):
        yield from controls(child, depth + 1)


def _set(part: Any) -> Iterator[tuple[str, Any]]:
    """What is set of a layout or a style."""
    if part is not None:
        for name in sorted(part.keys):
            if not name.startswith("_") and getattr(part, name) is not None:
                yield name, getattr(part, name)


def _html(html: str) -> str:
    """HTML with each picture's file left out: the pictures are approved as such."""
    return re.sub(r"base64,[^\"]+", "base64,…", html) + "\n"


def of_chart(name: str) -> dict[str, str]:
    """The same of a chart."""
    picture = CHARTS[name]()
    with own_style():
        picture.figure.draw_without_rendering()  # ticks get their places and words
    return {
        ".txt": picture.text + "\n",
        ".list.txt": "\n".join([picture.title, *listed(picture.figure)]) + "\n",
    }


def listed(figure: Figure) -> Iterator[str]:
    """Everything on a chart, a line each; sizes in inches, places in the units of the axes."""
    yield f"figure {_n(figure.get_size_inches())}"
    for axes in figure.axes:
        yield f"axes at {_n(axes.get_position().bounds)}"
        yield from (f"  {line}" for line in _axes(axes))
    for legend in figure.legends:
        yield f"key at {_n(legend.get_bbox_to_anchor().transformed(figure.transFigure.inverted()).bounds)}"
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
            yield f"  {_look(handle)} {_text(text)}"


def _axes(axes: Axes) -> Iterator[str]:
    yield f"title {_text(axes.title)} {_text(axes._left_title)}"  # type: ignore[attr-defined]
    for name, axis, limits in (("x", axes.xaxis, axes.get_xlim()), ("y", axes.yaxis, axes.get_ylim())):
        yield f"{name} {axis.get_scale()} {_n(limits)} {_words(axis.label)}"
        low, high = sorted(limits)
        for tick in axis.get_major_ticks():
            if low <= tick.get_loc() <= high:
                mark = tick.tick1line.get_markersize()
                grid = f" grid {_thin(tick.gridline)}" if tick.gridline.get_visible() else ""
                yield f"  {_n([tick.get_loc()])} {_text(tick.label1)} mark {mark:g}{grid}"
        between = [tick.label1.get_text() for tick in axis.get_minor_ticks()]
        yield f"  words of small ticks: {[word for word in between if word]}"
    yield f"edges {[name for name, spine in axes.spines.items() if spine.get_visible()]}"
    yield f"grid and ticks below: {axes.get_axisbelow()}"
    for line in axes.lines:
        yield f"line {_look(line)} {_n(line.get_xdata())} / {_n(line.get_ydata())}"
    for patch in axes.patches:
        yield f"box {_look(patch)} {_n(patch.get_bbox().bounds)}"  # type: ignore[attr-defined]
    for collection in axes.collections:
        for segment in collection.get_segments():  # type: ignore[attr-defined]
            yield f"lines {_n(collection.get_linewidth())} {_n(segment.ravel())}"
    for text in axes.texts:
        yield f"text {_text(text)}"


def _look(artist: Any) -> str:
    names = ("color", "facecolor", "edgecolor", "linestyle", "linewidth", "hatch", "drawstyle")
    names += ("marker", "markersize", "markerfacecolor", "markeredgecolor", "markevery")
    got = {name: getattr(artist, f"get_{name}")() for name in names if hasattr(artist, f"get_{name}")}
    return " ".join(f"{name}={value}" for name, value in got.items())


def _thin(line: Line2D) -> str:
    return f"{line.get_color()} {line.get_linestyle()} {line.get_linewidth():g}"


def _text(text: Text) -> str:
    place = _n([float(at) for at in text.get_position()])
    return f"{_words(text)} at {place}"


def _words(text: Text) -> str:
    """Without its place: that of an axis' name follows from the ticks, in pixels of this machine's fonts."""
    look = f"{text.get_fontsize():g} {text.get_fontweight()} {text.get_color()} {text.get_ha()}"
    return f"{text.get_text()!r} {look}"


def _n(numbers: Any) -> str:
    return " ".join(f"{number:.4g}" if isinstance(number, float) else str(number) for number in numbers)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for made, names in ((of_drawing, SAMPLES), (of_slide, SLIDES), (of_bench, BENCHES), (of_chart, CHARTS)):
        for name in names:
            for end, content in made(name).items():
                (FOLDER / f"{name}{end}").write_text(content, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
