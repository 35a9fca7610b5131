"""A chart as a picture: a matplotlib figure, drawn to a PNG file when it is looked at.

A picture is drawn on a `Figure` of its own, never on pyplot's global state: it may be made in any thread and
leaves nothing behind. The reader's matplotlib style does not reach it: matplotlib takes colours, fonts and
sizes from its settings when an artist is made and again when the figure is rendered, so both happen inside
`own_style`. Knows nothing of its content.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Final

from matplotlib import style
from matplotlib.figure import Figure

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.drawing import Image

#: Held while matplotlib's settings, which all threads share, are ours.
_STYLE: Final = threading.RLock()


@contextmanager
def own_style() -> Iterator[None]:
    """A context in which matplotlib has its defaults, whatever `plt.style.use` or a matplotlibrc chose.

    Also a decorator: a view that draws on a `Figure` has it above its `def`.
    """
    with _STYLE, style.context("default"):
        yield


def figure(height: float, width: float = theme.WIDTH) -> Figure:
    """An empty figure on the theme's paper; sizes in inches."""
    return Figure(figsize=(width, height), dpi=theme.DPI, facecolor=theme.PAPER)


class Picture(Image):
    """A chart: ``figure`` is matplotlib's."""

    mime = "image/png"

    def __init__(self, figure: Figure, text: str, title: str) -> None:
        super().__init__(text, title, theme.WIDTH * theme.DPI)
        self.figure = figure

    @cached_property
    def data(self) -> bytes:
        """The PNG file."""
        file = io.BytesIO()
        with own_style():
            self.figure.savefig(file, format="png", dpi=theme.DPI, metadata={"Software": None})
        return file.getvalue()

    @property
    def png(self) -> bytes:
        """The same as `data`."""
        return self.data
