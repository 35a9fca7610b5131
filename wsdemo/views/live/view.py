"""A picture with a control: it moves in a running notebook, and stands still everywhere else.

::

    slider ──► draw(value) ──► Drawing ──► HTML widget       a running notebook
                                  └── the first one ──► text/html, text/plain     GitHub, paper, nbval

On a narrow page the controls go on in a second row, and the picture scrolls below them. Only `HTML` widgets
are written to: an `Output` widget can hang a notebook that runs without a reader. Nothing
of the widget's state is stored, so without a kernel a reader sees the first picture: its still. Knows nothing
of its content.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Final

import ipywidgets

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.live import still

#: The picture is not wider than the page: its box scrolls, and not the controls with it.
SCROLLS: Final = ".wsdemo-live .widget-html-content{min-width:0}"


class Live:
    """Controls above, a picture below; `update` draws it anew.

    ``draw()`` gives the present picture. An error that it raises is shown in the picture's place, not lost.
    ``still`` is the picture of the beginning, and ``caption`` tells, where there is no kernel, what the
    controls would do. Call `update` from one thread at a time; controls report in the kernel's main thread.
    """

    def __init__(
        self, controls: Sequence[ipywidgets.Widget], draw: Callable[[], Drawing], *, caption: str
    ) -> None:
        self.controls = list(controls)
        self.caption = caption
        self.picture = self.still = draw()
        self._draw = draw
        self.view = ipywidgets.HTML(self.picture.html)
        row = ipywidgets.HBox(self.controls, layout={"flex_flow": "row wrap"})
        self.widget = ipywidgets.VBox([row, self.view]).add_class("wsdemo-live")
        rule = f"<style>{still.hidden(self.widget.model_id)}{SCROLLS}</style>"
        self._rule = ipywidgets.HTML(rule, layout={"display": "none"})
        self.widget.children = (*self.widget.children, self._rule)

    def __repr__(self) -> str:
        return self.still.text

    @property
    def text(self) -> str:
        """The present picture as text."""
        return self.picture.text

    def update(self, change: object = None) -> None:
        """Draw the picture anew. It may observe a control: the reported ``change`` is ignored."""
        try:
            self.picture = self._draw()
        except Exception as error:  # a callback has no cell in which to fail
            words = html.escape(f"{type(error).__name__}: {error}")
            self.view.value = f'<pre style="color:{theme.ALARM};background:{theme.PAPER}">{words}</pre>'
        else:
            self.view.value = self.picture.html

    def close(self) -> None:
        """Remove the widgets from the page and from the kernel."""
        for widget in (*self.controls, self.view, *self.widget.children, self.widget):
            for part in (getattr(widget, "style", None), widget.layout, widget):
                if part is not None:
                    part.close()

    @property
    def outputs(self) -> tuple[still.Bundle, still.Bundle]:
        """The outputs that a notebook keeps: the still, and the widget."""
        caption = f"<p><em>{html.escape(self.caption)}</em></p>"
        text = f"{self.still.text}\n({self.caption})"
        return still.outputs(self.widget, text, f"<div>{caption}{self.still.html}</div>")

    def _ipython_display_(self) -> None:
        still.show(self.outputs)


def slider(draw: Callable[[int], Drawing], values: range, *, start: int, label: str) -> Live:
    """A picture over a slider: ``draw(value)`` for the slider's value, at first ``start``.

    ``label`` stands before the slider: the quantity and its unit.
    """
    control = ipywidgets.IntSlider(
        value=start,
        min=values[0],
        max=values[-1],
        step=values.step,
        description=label,
        style={"description_width": "initial"},
        layout={"width": "min(32rem, 90%)"},
    )
    ends = f"{values[0]} to {values[-1]}"
    caption = f"In a running notebook a slider sets {label}, {ends}; here it stands at {start}."
    live = Live([control], lambda: draw(control.value), caption=caption)
    control.observe(live.update, names="value")
    return live
