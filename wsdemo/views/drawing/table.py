"""A table in HTML: it grows with the page, and scrolls where that is too narrow; on paper it is made to fit.

::

    way            p50 ms   p99 ms
    SSE              0.61     1.20
    raw TCP          0.30     0.51

Knows nothing of the content of its cells.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Final, Literal

from wsdemo.views.drawing import theme

CELL: Final = "padding:.15em .8em;border:1px solid #999999"
#: Paper can't be scrolled: smaller letters, narrow cells, and words go on in a second line.
ON_PAPER: Final = (
    "<style>@media print{.wsdemo-table{font-size:.65em!important}"
    ".wsdemo-table :is(th,td){white-space:normal!important;padding:.15em .3em!important}}</style>"
)


def table(rows: Iterable[Iterable[str]]) -> str:
    """Rows of cells on a white card."""
    style = f"background:{theme.PAPER};color:{theme.INK}"
    body = "".join(f'<tr style="{style}">{"".join(row)}</tr>' for row in rows)
    return (
        f'<div style="{theme.CARD};overflow-x:auto;{style}">'
        f'<table class="wsdemo-table" style="border-collapse:collapse;margin:0;{style}">{body}</table>'
        f"{ON_PAPER}</div>"
    )


def head(words: str) -> str:
    """The name of a row or of a column."""
    return f'<th style="text-align:left;{CELL}">{html.escape(words)}</th>'


def cell(words: str) -> str:
    """A value in words, which may need several lines.

    >>> cell("a < b")
    '<td style="text-align:left;padding:.15em .8em;border:1px solid #999999">a &lt; b</td>'
    """
    return f'<td style="text-align:left;{CELL}">{html.escape(words)}</td>'


def figure(words: str, align: Literal["left", "right"] = "right") -> str:
    """A number, a code or a short name: in one line on every page."""
    return f'<td style="text-align:{align};white-space:nowrap;{CELL}">{html.escape(words)}</td>'
