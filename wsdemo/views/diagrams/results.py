"""A measurement as a table: figures that grow with the page, and the conditions below them.

::

    way            p50 ms   p99 ms
    SSE              0.61     1.20
    raw TCP          0.30     0.51

    64 events, 60 a second; CPython 3.12 …
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final, Protocol

from wsdemo.rivals import tables
from wsdemo.views.drawing import table as sheet
from wsdemo.views.drawing.drawing import Drawing

#: Characters of a text that stand in one line on every page.
LONG: Final = 40


class Measured(Protocol):
    """A result of `wsdemo.rivals`: rows of figures, and these as text, with the conditions below them."""

    def rows(self) -> list[dict[str, tables.Value]]: ...

    def table(self) -> str: ...


class Results(Drawing):
    """Rows of figures under their names, and a note on the conditions."""

    def __init__(self, rows: Sequence[tables.Row], text: str, note: str = "") -> None:
        self.rows = rows
        self.note = note
        self._text = text

    @property
    def text(self) -> str:
        """The table in lines of text, and the note."""
        return self._text

    @property
    def html(self) -> str:
        """The table, and the note in small letters."""
        names = [sheet.head(name) for name in self.rows[0]] if self.rows else []
        body = [[figure(value) for value in row.values()] for row in self.rows]
        note = f"<p><small>{html.escape(self.note)}</small></p>" if self.note else ""
        return f"<div>{sheet.table([names, *body])}{note}</div>"


def table(result: Measured) -> Results:
    """The figures of a measurement, and its conditions."""
    text = result.table()
    return Results(result.rows(), text, " ".join(text.partition("\n\n")[2].split()))


def figure(value: tables.Value) -> str:
    """The cell of one figure; a text too long for one line goes on in the next."""
    if isinstance(value, str) and len(value) > LONG:
        return sheet.cell(value)
    return sheet.figure(tables.shown(value), "left" if isinstance(value, str) else "right")
