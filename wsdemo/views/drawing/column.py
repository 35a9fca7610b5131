"""Drawings and words, one above the other, or side by side.

::

    the client            one line of words is a caption
    ┌─────────────┐
    │  a drawing  │
    └─────────────┘
    the server
    …
"""

from __future__ import annotations

import html

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.drawing import Drawing


class Column(Drawing):
    """Drawings, one above the other. One line of words is a caption; more lines are shown as they are."""

    def __init__(self, *parts: Drawing | str) -> None:
        self.parts = parts

    @property
    def text(self) -> str:
        """All of it as text."""
        return "\n\n".join(part if isinstance(part, str) else part.text for part in self.parts)

    @property
    def html(self) -> str:
        """All of it; lines in a card."""
        parts = "".join(_words(part) if isinstance(part, str) else part.html for part in self.parts)
        return f"<div>{parts}</div>"


class Beside(Column):
    """Drawings side by side; one above the other where the window is too narrow."""

    @property
    def html(self) -> str:
        """All of it."""
        look = "flex:1 1 420px;min-width:0"
        parts = (_words(part) if isinstance(part, str) else part.html for part in self.parts)
        cells = "".join(f'<div style="{look}">{part}</div>' for part in parts)
        return f'<div style="display:flex;flex-wrap:wrap;gap:4px 16px">{cells}</div>'


def beside(*parts: Drawing | str) -> Beside:
    """Drawings and words, side by side."""
    return Beside(*parts)


def column(*parts: Drawing | str) -> Column:
    """Drawings and words, one above the other."""
    return Column(*parts)


def _words(words: str) -> str:
    if "\n" not in words:
        return f'<div style="margin:8px 0 4px"><strong>{html.escape(words)}</strong></div>'
    look = f"display:inline-block;margin:0;font-family:monospace;white-space:pre-wrap;color:{theme.INK}"
    return f'<div><pre style="{look};{theme.CARD}">{html.escape(words)}</pre></div>'
