"""A matplotlib style that a reader chose does not reach our pictures: they have the same pixels under any."""

from __future__ import annotations

import ast
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from matplotlib import style
from PIL import Image, ImageChops

import wsdemo.views
from wsdemo.rivals import latency
from wsdemo.rivals.compression import Compressed, Grid, Settings
from wsdemo.views.charts import measured, speed
from wsdemo.views.charts.picture import Picture, own_style

DELAYS = {"short polling": [0.01 * n for n in range(1, 11)], "WebSocket": [0.0005 * n for n in range(1, 11)]}
RESULT = latency.compare(("WebSocket", "raw TCP"), events=4, rate=200, rounds=1, warm_up=1)
GRID = Grid(
    tuple(Compressed("chat", Settings(), 1, 1000, 400 + n, 0.0, 0.0, 1024 << n) for n in range(3)), "here"
)
SPREADS = {
    "tcp": {"low": 19.0, "median": 20.0, "high": 21.0},
    "wsdemo": {"low": 23.0, "median": 24.0, "high": 28.0},
}
BENCH = {"rounds": 3, "rows": [{"title": "echo", "unit": "µs", "spreads": SPREADS}]}

#: By module and function: everything that draws with matplotlib.
VIEWS: dict[str, Callable[[], Picture]] = {
    "measured.ecdf": lambda: measured.ecdf(DELAYS),
    "measured.strip": lambda: measured.strip(DELAYS),
    "measured.wire": lambda: measured.wire(RESULT),
    "measured.memory": lambda: measured.memory(GRID),
    "speed.picture": lambda: speed.picture(BENCH),
}

#: What people choose, and what would change a picture when it is made or when it is rendered.
STYLES: dict[str, Any] = {
    "dark_background": "dark_background",
    "seaborn": "seaborn-v0_8-dark",
    "larger": {"font.size": 20, "axes.labelsize": 24, "lines.linewidth": 6, "hatch.linewidth": 5},
    "another font": {"font.family": "serif", "font.serif": ["DejaVu Serif"], "axes.unicode_minus": False},
    "grid": {"axes.grid": True, "axes.spines.left": False, "figure.constrained_layout.use": True},
    "tight": {"savefig.bbox": "tight", "savefig.dpi": 40, "savefig.facecolor": "black", "figure.dpi": 30},
    "sketch": {"path.sketch": (1, 100, 2), "text.color": "white", "legend.facecolor": "black"},
}


def pixels(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.png)).convert("RGB")


@pytest.mark.parametrize("name", VIEWS)
def test_a_picture_is_the_same_under_every_style(name: str) -> None:
    plain = pixels(VIEWS[name]())
    for chosen, settings in STYLES.items():
        with style.context(settings):
            made = VIEWS[name]()
            found = pixels(made)
        assert found.size == plain.size, chosen
        assert ImageChops.difference(plain, found).getbbox() is None, chosen
        with style.context("default"):
            late = VIEWS[name]()
        with style.context(settings):  # made before the style was chosen, rendered after
            assert ImageChops.difference(plain, pixels(late)).getbbox() is None, chosen


def test_the_style_of_the_reader_is_left_as_it_was() -> None:
    with style.context("dark_background"):
        before = dict(matplotlib.rcParams)
        for make in VIEWS.values():
            assert make().png
        assert dict(matplotlib.rcParams) == before


def test_two_threads_do_not_mix_their_styles() -> None:
    """Settings are global: whoever came first has left, before the next one keeps what it will restore."""
    order: list[str] = []

    def second() -> None:
        with own_style():
            order.append("second")

    with style.context("dark_background"):
        before = dict(matplotlib.rcParams)
        thread = threading.Thread(target=second)
        with own_style():
            thread.start()
            thread.join(0.2)
            order.append("first")
        thread.join()
        assert order == ["first", "second"]
        assert dict(matplotlib.rcParams) == before


def test_every_view_that_draws_on_a_figure_is_in_the_table() -> None:
    """A function that calls `figure` has `own_style` above it, and stands in VIEWS."""
    found = set()
    folder = Path(wsdemo.views.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "figure"
                for inner in ast.walk(node)
            ):
                assert any("own_style" in ast.unparse(mark) for mark in node.decorator_list), node.name
                found.add(f"{path.stem}.{node.name}")
    assert found == set(VIEWS)
