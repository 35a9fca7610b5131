"""A page of a server on this machine, in a frame below a cell.

::

    kernel     the server, at port 40123
    browser    ┌ http://localhost:40123/ ──────────────┐      by the notebook's own host name, so that the
               │ the page                              │      cookies of the page count as its own
               └───────────────────────────────────────┘
               or /proxy/40123/ by jupyter-server-proxy, where the notebook comes from another machine

The browser decides which of the two it is, and says so above the frame. Without a kernel there is only a
picture in its place. Knows nothing of the page.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any, Final

import anywidget
import traitlets

from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.live import still

HERE: Final = Path(__file__).parent


def embedded(port: int, instead: Drawing | str, *, title: str = "a page", height: int = 420) -> Embedded:
    """Show the page at a port of this machine; ``instead``: the picture or words where there is no kernel.

    ``title``: the name of the frame, for those who cannot see it. ``height``: in pixels.
    """
    return Embedded(instead, port=port, title=title, height=height)


class Embedded(anywidget.AnyWidget):
    """The widget: a frame, and above it a line with its address."""

    _esm = HERE / "embedded.js"
    hide = traitlets.Unicode("").tag(sync=True)  #: the rule that hides its still
    port = traitlets.Int(0).tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    height = traitlets.Int(420).tag(sync=True)  #: in pixels

    def __init__(self, instead: Drawing | str, **traits: Any) -> None:
        super().__init__(**traits)
        self._instead = instead
        self.hide = still.hidden(self.model_id)

    @property
    def outputs(self) -> tuple[still.Bundle, still.Bundle]:
        """The outputs that a notebook keeps: the still, and the widget."""
        caption = f"In a running notebook {self.title} stands here, in a frame."
        shown = self._instead
        text = shown if isinstance(shown, str) else shown.text
        body = f"<p>{html.escape(shown)}</p>" if isinstance(shown, str) else shown.html
        return still.outputs(
            self, f"{text}\n({caption})", f"<div><p><em>{html.escape(caption)}</em></p>{body}</div>"
        )

    def _ipython_display_(self) -> None:
        still.show(self.outputs)
