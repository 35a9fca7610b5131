"""The byte stream of plain TCP: its messages, by their headers, and the pieces that ``recv`` gave.

::

      ┌─ recv 1 · 16 bytes ────────────┐┌─ recv 2 ──
      5 ␣ ␣ ␣ ␣ ␣ ␣ ␣ ␣ ␣ h e l l o 7 ┃ ␣ ␣ ␣ ␣ ␣ …
      └─ message 1 · 5 bytes ───────┘└─ message 2 ─

Above the bytes stand the pieces from the kernel; below, the messages of the sender. Each byte shows its
ASCII character, or two hexadecimal digits where it has none. Knows nothing of sockets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from wsdemo.protocol.errors import ProtocolError
from wsdemo.rawtcp.framing import HEADER, parse_header
from wsdemo.record.facts import TO_CLIENT, Chunk, Direction
from wsdemo.trace.trace import Trace
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SIZE, SMALL, Canvas, Sketch, width
from wsdemo.views.drawing.theme import glyph
from wsdemo.words import plural

ROW: Final = 32  #: bytes in a row
MOST: Final = 320  #: bytes drawn unless told otherwise

# Lengths in pixels.
LEFT: Final = 56.0  # room for the offsets
CELL: Final = 28.5  # width of a byte
TALL: Final = 34.0  # its height
ABOVE: Final = 40.0  # room for the brackets of recv
BELOW: Final = 42.0  # room for the brackets of the messages
PITCH: Final = ABOVE + TALL + BELOW  # from row to row
LEGEND: Final = 44.0  # above the first row
CUT: Final = 4.0  # the width of the line where one call ends and the next begins


class Span(NamedTuple):
    """Bytes ``start`` to ``end`` of the stream, all of one field or of one call."""

    name: str
    start: int
    end: int


class StreamData(NamedTuple):
    """A stream of bytes with everything that the picture says about it."""

    data: bytes
    fields: list[Span]
    messages: list[Span]
    calls: list[Span]
    pieces: int  #: the number of calls; `calls` may end earlier, where the drawing does
    size: int  #: bytes in all, of which ``data`` may be the first part


def stream(
    source: Trace | Iterable[bytes | Chunk],
    *,
    framed: bool = True,
    direction: Direction = TO_CLIENT,
    connection: int = 1,
    call: str | None = None,
    most: int = MOST,
) -> Sketch:
    """Draw a stream: pieces as ``recv`` gave them, or one direction of one connection of a trace.

    ``framed=False`` draws bytes without any header. ``call`` names the call that made the pieces: ``recv``,
    or ``send`` where a trace says that they were sent. At most ``most`` bytes are drawn.
    """
    if isinstance(source, Trace):
        chosen = [chunk for chunk in source.select(connection) if chunk.direction == direction]
        call = call or ("send" if chosen and chosen[0].sent else "recv")
        pieces = [chunk.data for chunk in chosen]
    else:
        pieces = [piece.data if isinstance(piece, Chunk) else bytes(piece) for piece in source]
    found = read(pieces, call=call or "recv", framed=framed, most=most)
    return Sketch(_draw(found), describe(found), title(found))


def read(pieces: list[bytes], *, call: str = "recv", framed: bool = True, most: int = MOST) -> StreamData:
    """Join the pieces and tell the field of each byte.

    >>> found = read([b"2         h", b"i3"])
    >>> [tuple(span) for span in found.fields]
    [('header', 0, 10), ('payload', 10, 12), ('header', 12, 13)]
    >>> [tuple(span) for span in found.calls]
    [('recv 1', 0, 11), ('recv 2', 11, 13)]
    """
    whole = b"".join(pieces)
    data = whole[:most]
    calls, end = [], 0
    for number, piece in enumerate(pieces, start=1):
        calls.append(Span(f"{call} {number}", end, end + len(piece)))
        end += len(piece)
    fields, messages = dissect(data) if framed else ([Span("plain", 0, len(data))], [])
    return StreamData(
        data, fields, messages, [c for c in calls if c.start < len(data)], len(pieces), len(whole)
    )


def dissect(data: bytes) -> tuple[list[Span], list[Span]]:
    """The fields of a framed stream, cut off where the data ends, and its messages, where they will end.

    Behind a bad header nothing is known: the rest is one field, ``refused``.
    """
    fields: list[Span] = []
    messages: list[Span] = []
    start = 0
    while start < len(data):
        body = start + HEADER
        if body > len(data):
            fields.append(Span("header", start, len(data)))
            break
        try:
            end = body + parse_header(data[start:body])
        except ProtocolError:
            fields.append(Span("refused", start, len(data)))
            break
        fields.append(Span("header", start, body))
        if end > body and body < len(data):
            fields.append(Span("payload", body, min(end, len(data))))
        messages.append(Span(f"message {len(messages) + 1}", start, end))
        start = end
    return fields, messages


# -- as text ----------------------------------------------------------------------------------------------


def title(found: StreamData) -> str:
    """The stream in one line.

    >>> title(read([b"2         h", b"i"]))
    '12 bytes in 2 pieces: 1 message'
    """
    pieces = f"{found.size} bytes in {plural(found.pieces, 'piece')}"
    return f"{pieces}: {plural(len(found.messages), 'message', ',')}" if found.messages else pieces


def describe(found: StreamData) -> str:
    """The same as the picture, in lines.

    >>> print(describe(read([b"2         h", b"i"])))
    12 bytes in 2 pieces: 1 message
    message 1: bytes 0 to 11, header b'2         ', payload of 2 bytes
    recv 1: 11 bytes, header b'2         ', payload b'h'
    recv 2: 1 byte, payload b'i'
    """
    lines = [title(found)]
    for name, start, end in found.messages:
        header = found.data[start : start + HEADER]
        size = end - start - HEADER
        missing = f", {plural(end - found.size, 'byte', ',')} still to come" if end > found.size else ""
        payload = f"payload of {plural(size, 'byte', ',')}"
        lines.append(f"{name}: bytes {start} to {end - 1}, header {header!r}, {payload}{missing}")
    for name, start, end in found.calls:
        parts = [
            f"{theme.field(f.name).label} {found.data[max(start, f.start) : min(end, f.end)]!r}"
            for f in found.fields
            if f.start < end and start < f.end
        ]
        lines.append(f"{name}: {plural(end - start, 'byte', ',')}, {', '.join(parts)}")
    if found.size > len(found.data):
        lines.append(f"… and {plural(found.size - len(found.data), 'byte', ',')} more")
    return "\n".join(lines)


# -- as a picture -----------------------------------------------------------------------------------------


def _draw(found: StreamData) -> Canvas:
    """A legend, then rows of bytes with brackets above and below."""
    size = len(found.data)
    rows = max(1, -(-size // ROW))
    canvas = Canvas(LEGEND + rows * PITCH - (0 if found.messages else BELOW / 2))
    _legend(canvas, found)
    for span in found.fields:
        _field(canvas, span)
    hatched = {at for f in found.fields if theme.field(f.name).hatch for at in range(f.start, f.end)}
    for offset, byte in enumerate(found.data):
        _byte(canvas, offset, byte, offset in hatched)
    for row in range(rows):
        words = str(row * ROW)
        canvas.text(LEFT - 12, _top(row) + TALL / 2, words, size=SMALL, anchor="end", mono=True,
                    color=theme.QUIET)  # fmt: skip
    for span in found.calls:
        _bracket(canvas, span, size, above=True)
    for span in found.messages:
        _bracket(canvas, span, size, above=False)
    for span in found.calls[1:]:
        _cut(canvas, span.start)
    if found.size > size:
        more = f"… and {plural(found.size - size, 'byte', ',')} more"
        canvas.text(LEFT, canvas.height + 8, more, anchor="start", color=theme.QUIET)
        canvas.height += 24
    return canvas


def _x(column: int) -> float:
    return LEFT + column * CELL


def _top(row: int) -> float:
    return LEGEND + row * PITCH + ABOVE


def _rows(start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The parts of a range in each row: (row, first column, column after the last).

    >>> list(_rows(30, 65))
    [(0, 30, 32), (1, 0, 32), (2, 0, 1)]
    """
    while start < end:
        row, column = divmod(start, ROW)
        step = min(end - start, ROW - column)
        yield row, column, column + step
        start += step


def _field(canvas: Canvas, span: Span) -> None:
    """The boxes of a field, one in each row that it is in, with a white line between two bytes."""
    for row, left, right in _rows(span.start, span.end):
        canvas.box(_x(left), _top(row), (right - left) * CELL, TALL, span.name, line=0)
        for column in range(left + 1, right):
            x = _x(column)
            canvas.line([(x, _top(row)), (x, _top(row) + TALL)], color=theme.PAPER, width=2)


def _byte(canvas: Canvas, offset: int, byte: int, card: bool) -> None:
    row, column = divmod(offset, ROW)
    shown = glyph(byte)
    quiet = shown == "␣"
    canvas.text(_x(column) + CELL / 2, _top(row) + TALL / 2, shown, mono=True, card=card,
                size=SIZE + 3 if len(shown) == 1 else SIZE,
                color=theme.QUIET if quiet else theme.INK)  # fmt: skip


def _bracket(canvas: Canvas, span: Span, end: int, above: bool) -> None:
    """A bracket over (recv) or under (message) the bytes of a span, with its name where there is room."""
    size = span.end - span.start
    what = plural(size, "byte", ",") if above else f"payload of {plural(size - HEADER, 'byte', ',')}"
    names = (f"{span.name} · {what}", span.name, span.name.split()[-1])
    parts = list(_rows(span.start, min(span.end, end)))
    widest = max(parts, key=lambda part: part[2] - part[1], default=None)
    for row, left, right in parts:
        y, tick, words = (-7, 6, -19) if above else (TALL + 7, -6, 20)
        y += _top(row)
        starts, ends = row * ROW + left == span.start, row * ROW + right == span.end
        x, z = _x(left) + 4 * starts, _x(right) - 4 * ends
        canvas.line([(x, y + tick)] * starts + [(x, y), (z, y)] + [(z, y + tick)] * ends, width=1.6)
        if (row, left, right) == widest:
            room = (right - left) * CELL
            name = next((name for name in names if width(name) <= room), "")
            canvas.text((_x(left) + _x(right)) / 2, _top(row) + words + (0 if above else TALL), name)


def _cut(canvas: Canvas, at: int) -> None:
    """A heavy line where one call ends and the next begins: at a row's end, and at the next one's start."""
    row, column = divmod(at, ROW)
    for r, c in [(row, column), (row - 1, ROW)] if column == 0 and row else [(row, column)]:
        canvas.line([(_x(c), _top(r) - 5), (_x(c), _top(r) + TALL + 5)], width=CUT)


def _legend(canvas: Canvas, found: StreamData) -> None:
    x, y = LEFT, 24.0
    for name in dict.fromkeys(span.name for span in found.fields):
        label = theme.field(name).label
        canvas.box(x, y - 11, 34, 22, name, line=0)
        canvas.text(x + 42, y, label, anchor="start")
        x += 64 + width(label)
    if len(found.calls) > 1:
        call = found.calls[0].name.split()[0]
        canvas.line([(x + 4, y - 13), (x + 4, y + 13)], width=CUT)
        canvas.text(x + 16, y, f"a cut: one {call} ends, the next begins", anchor="start")
