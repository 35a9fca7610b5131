"""What every view gives back: a drawing that a notebook shows, and the same as text.

::

    Drawing ──┬── text ──► text/plain     a terminal, a screen reader, nbval
              └── html ──► text/html      JupyterLab, GitHub, paper

    Image     a drawing that is one file, in an <img> that carries it; its text is folded below

The file stands in an ``<img>`` as data, which JupyterLab shows in notebooks that it does not trust, too.
Knows nothing of what is drawn, or how.
"""

from __future__ import annotations

import base64
import html
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from wsdemo.views.drawing.theme import IMG


class Drawing(ABC):
    """Something to look at: shown by being the last line of a cell."""

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

    ``title`` says in one line what it is: it is the image's alternative text.
    """

    mime: ClassVar[str]

    def __init__(self, text: str, title: str) -> None:
        self._text = text
        self.title = title

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
        return f'<img alt="{alt}" style="{IMG}" src="data:{self.mime};base64,{data}">'

    @property
    def html(self) -> str:
        """The image, and below it its text, folded."""
        return (
            f"<div>{self.img}<details><summary>The same as text</summary>"
            f'<pre style="white-space:pre-wrap">{html.escape(self.text)}</pre></details></div>'
        )

    def save(self, path: str | Path) -> None:
        """Write the file."""
        Path(path).write_bytes(self.data)
