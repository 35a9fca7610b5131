"""A drawing that a notebook shows, and the same as text.

::

    Figure ──► PNG ──► <img> in text/html      JupyterLab, GitHub, paper
    text ────────────► text/plain              a terminal, a screen reader, nbval

A picture is drawn on a `Figure` of its own, never on pyplot's global state: it may be made in any thread and
leaves nothing behind. The reader's matplotlib style does not reach it: matplotlib takes colours, fonts and
sizes from its settings when an artist is made and again when the figure is rendered, so both happen inside
`own_style`. Knows nothing of what it shows.
"""

from __future__ import annotations

import base64
import html
import io
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from matplotlib import style
from matplotlib.figure import Figure

from wsdemo.views import theme

#: A white card with some air, in light and in dark notebooks.
CARD = f"background:{theme.PAPER};border:1px solid #cccccc;border-radius:6px;padding:6px"
#: A picture on it, no wider than the page, border and all.
IMG = f"max-width:100%;box-sizing:border-box;{CARD}"

#: Held while matplotlib's settings, which all threads share, are ours.
_STYLE: Final = threading.RLock()


@contextmanager
def own_style() -> Iterator[None]:
    """Inside, matplotlib has its defaults, whatever `plt.style.use` or a matplotlibrc chose.

    Also a decorator: a view that draws on a `Figure` has it above its `def`.
    """
    with _STYLE, style.context("default"):
        yield


def figure(height: float, width: float = theme.WIDTH) -> Figure:
    """An empty figure on the theme's paper; sizes in inches."""
    return Figure(figsize=(width, height), dpi=theme.DPI, facecolor=theme.PAPER)


class Picture:
    """What a view gives back: shown by being the last line of a cell.

    ``figure`` is matplotlib's, ``text`` says everything that the picture shows, and ``title``
    says in one line what it is (it is the picture's alternative text).
    """

    def __init__(self, figure: Figure, text: str, title: str) -> None:
        self.figure = figure
        self.text = text
        self.title = title
        self._png: bytes | None = None

    def __repr__(self) -> str:
        return f"<Picture: {self.title}>"

    @property
    def png(self) -> bytes:
        """The drawing as a PNG file; drawn once."""
        if self._png is None:
            file = io.BytesIO()
            with own_style():
                self.figure.savefig(file, format="png", dpi=theme.DPI, metadata={"Software": None})
            self._png = file.getvalue()
        return self._png

    @property
    def img(self) -> str:
        """The drawing as one ``<img>`` that carries its data."""
        data = base64.b64encode(self.png).decode("ascii")
        alt = html.escape(self.title, quote=True)
        return f'<img alt="{alt}" style="{IMG}" src="data:image/png;base64,{data}">'

    @property
    def html(self) -> str:
        """The drawing, and below it its text, folded."""
        return (
            f"<div>{self.img}<details><summary>The same as text</summary>"
            f'<pre style="white-space:pre-wrap">{html.escape(self.text)}</pre></details></div>'
        )

    def save(self, path: str | Path) -> None:
        """Write the PNG to a file."""
        Path(path).write_bytes(self.png)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        return {"text/plain": self.text, "text/html": self.html}
