"""One message at several taps, and who can read it there.

::

              Ana's network      the server       Ben's network
    ws://     reads  'PIN 4711'  reads  …         reads  …
    wss://    –      17 03 03 …  reads  …         –
    sealed    –      17 03 03 …  –      9f 2c …   –

A tap can read a message if its bytes hold it, and nothing else decides: the table is computed from the bytes
that were caught. Knows nothing of sockets.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Final

from wsdemo.views.drawing import table as sheet
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.drawing import Drawing

#: Bytes of a tap that are shown.
SHOWN: Final = 8


class Taps(Drawing):
    """The bytes of a message at each tap, by the way it took: ``seen[way][tap]``."""

    def __init__(self, message: str, seen: Mapping[str, Mapping[str, bytes]]) -> None:
        self.message = message
        self.seen = {way: dict(taps) for way, taps in seen.items()}

    def reads(self, way: str, tap: str) -> bool:
        """Whether the message can be read at a tap."""
        return self.message.encode() in self.seen[way][tap]

    def _shown(self, way: str, tap: str) -> str:
        if self.reads(way, tap):
            return f"reads it: {self.message!r}"
        data = self.seen[way][tap]
        return f"– {data[:SHOWN].hex(' ')} …" if data else "– nothing"

    @property
    def text(self) -> str:
        """A paragraph for each way, and in it a line for each tap."""
        lines = []
        for way, taps in self.seen.items():
            lines.append(way)
            wide = max(map(len, taps), default=0)
            lines += [f"  {tap:<{wide}}  {self._shown(way, tap)}" for tap in taps]
        return "\n".join(lines)

    @property
    def html(self) -> str:
        """A column for each way, a row for each tap; a cell that reads is marked in colour and in words."""
        taps = dict.fromkeys(tap for way in self.seen.values() for tap in way)
        rows = [[sheet.head("at this tap"), *(sheet.head(way) for way in self.seen)]]
        rows += [[sheet.head(tap), *(self._cell(way, tap) for way in self.seen)] for tap in taps]
        return f"<div>{sheet.table(rows)}</div>"

    def _cell(self, way: str, tap: str) -> str:
        if tap not in self.seen[way]:
            return sheet.cell("")
        look = theme.css("payload") if self.reads(way, tap) else f"color:{theme.QUIET}"
        return f'<td style="text-align:left;{sheet.CELL};{look}">{html.escape(self._shown(way, tap))}</td>'


def taps(message: str, seen: Mapping[str, Mapping[str, bytes]]) -> Taps:
    """Show who can read ``message``: ``seen[way][tap]`` are the bytes that were caught there.

    >>> print(taps("4711", {"ws://": {"the network": b"PIN 4711"}, "wss://": {"the network": b"\\x17\\3"}}))
    ws://
      the network  reads it: '4711'
    wss://
      the network  – 17 03 …
    """
    return Taps(message, seen)
