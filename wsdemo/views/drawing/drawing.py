"""The result of every view: a drawing that a notebook shows, and the same as text.

::

    Drawing ──┬── text ──► text/plain     a terminal, a screen reader, nbval
              └── html ──► text/html      JupyterLab, GitHub, paper

    Image     a drawing that is one file, in an <img> that carries it; its text is folded below

The file stands in an ``<img>`` as data, which JupyterLab also shows in notebooks that it does not trust.
The image grows with the page: on a page too narrow for it, it shrinks to `NARROWEST` of its width, and then
scrolls. Knows nothing of its content.
"""

from __future__ import annotations

import base64
import html
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Final

from wsdemo.views.drawing.theme import CARD

EM: Final = 14.0  #: pixels: the size of letters in a notebook, until the reader chooses another
NARROWEST: Final = 0.83  #: of its width: letters of 12.5 pixels stay larger than 10

#: The style of a thing wider than the page: it scrolls. An em in a widget is the notebook's too.
WIDE: Final = "overflow-x:auto;font-size:var(--jp-content-font-size1,14px)"
#: Paper can't be scrolled.
ON_PAPER: Final = "<style>@media print{.wsdemo-image{min-width:0!important}}</style>"


class Drawing(ABC):
    """A drawing: shown by being the last line of a cell."""

    def __repr__(self) -> str:
        return self.text

    @property
    @abstractmethod
    def text(self) -> str:
        """Everything that the drawing shows, as text."""

    @property
    @abstractmethod
    def html(self) -> str:
        """The drawing, as a notebook shows it."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


class Image(Drawing):
    """A drawing that is one file, made when it is first needed.

    ``title`` describes it in one line: it is the image's alternative text. ``width`` is in pixels.
    """

    mime: ClassVar[str]

    def __init__(self, text: str, title: str, width: float) -> None:
        self._text = text
        self.title = title
        self.width = width

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.title}>"

    @property
    @abstractmethod
    def data(self) -> bytes:
        """The file."""

    @property
    def text(self) -> str:
        """Everything that the image shows, as text."""
        return self._text

    @property
    def img(self) -> str:
        """The image as one ``<img>`` that carries its data."""
        data = base64.b64encode(self.data).decode("ascii")
        alt = html.escape(self.title, quote=True)
        wide = self.width / EM
        style = f"width:{wide:.1f}em;max-width:100%;min-width:{wide * NARROWEST:.1f}em"
        return (
            f'<img class="wsdemo-image" alt="{alt}" style="{style};box-sizing:border-box;{CARD}" '
            f'src="data:{self.mime};base64,{data}">'
        )

    @property
    def frame(self) -> str:
        """The image in a box in which it scrolls, where the page is too narrow for it."""
        return f'<div style="{WIDE}">{self.img}{ON_PAPER}</div>'

    @property
    def html(self) -> str:
        """The image, and below it its text, folded."""
        return (
            f"<div>{self.frame}"
            f"<details><summary>The same as text</summary>"
            f'<pre style="white-space:pre-wrap">{html.escape(self.text)}</pre></details></div>'
        )

    def save(self, path: str | Path) -> None:
        """Write the file."""
        Path(path).write_bytes(self.data)
