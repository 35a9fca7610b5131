"""Results as a table of text and as a CSV file: rows in, characters out."""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from wsdemo.words import columns

Value = str | int | float | None
Row = Mapping[str, Value]


def table(rows: Sequence[Row]) -> str:
    """The rows under the names of their columns: text to the left, numbers to the right.

    >>> print(table([{"way": "SSE", "p50 ms": 0.25}, {"way": "WebSocket", "p50 ms": 10.5}]))
    way        p50 ms
    ---------  ------
    SSE          0.25
    WebSocket    10.5
    """
    if not rows:
        return "(no rows)"
    names = list(rows[0])
    cells = [[shown(row[name]) for name in names] for row in rows]
    sides = "".join("<" if isinstance(rows[0][name], str) else ">" for name in names)
    return "\n".join(columns([names, *cells], sides))


def filled(rows: Sequence[Row]) -> list[dict[str, Value]]:
    """The rows without the columns in which no row has a value.

    >>> filled([{"way": "SSE", "p50 ms": 0.25, "p99 ms": None}])
    [{'way': 'SSE', 'p50 ms': 0.25}]
    """
    return [
        {name: row[name] for name in row if any(not _missing(other[name]) for other in rows)} for row in rows
    ]


def _missing(value: Value) -> bool:
    """Whether a value is missing: None, or not a number."""
    return value is None or value != value


def shown(value: Value) -> str:
    """A value for people: three significant digits are enough.

    >>> shown(1234.5), shown(0.012345), shown(17), shown(None)
    ('1234', '0.0123', '17', '–')
    """
    if value is None or _missing(value):
        return "–"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def paragraph(words: str) -> str:
    """Words in lines that a page holds.

    >>> max(len(line) for line in paragraph("word " * 100).splitlines()) <= 100
    True
    """
    return textwrap.fill(words, 100)


def write_csv(path: str | Path, rows: Sequence[Row]) -> None:
    """Write the rows to a file, with the names of the columns first and all digits."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
