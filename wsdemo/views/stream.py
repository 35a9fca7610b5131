"""The byte stream of plain TCP: what the headers say, and how ``recv`` cut it.

::

      ┌─ recv 1 · 16 bytes ────────────┐┌─ recv 2 ──
      5 ␣ ␣ ␣ ␣ ␣ ␣ ␣ ␣ ␣ h e l l o 7 ┃ ␣ ␣ ␣ ␣ ␣ …
      └─ message 1 · 5 bytes ───────┘└─ message 2 ─

Above the bytes stands what the kernel gave; below, what the sender meant. Each byte shows its ASCII
character, or two hexadecimal digits where it has none. Knows nothing of sockets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from wsdemo.protocol.errors import ProtocolError
from wsdemo.rawtcp.framing import HEADER, parse_header
from wsdemo.trace.recorder import TO_CLIENT, Chunk, Direction, Trace
from wsdemo.views import theme
from wsdemo.views.picture import Picture, figure, own_style

ROW: Final = 32  #: bytes in a row
MOST: Final = 320  #: bytes drawn unless told otherwise

# The geometry of a row, in widths of one byte; y grows downwards.
CELL: Final = 1.15  # height of a byte
ABOVE: Final = 1.45  # room for the brackets of recv
BELOW: Final = 1.45  # room for the brackets of the messages
PITCH: Final = ABOVE + CELL + BELOW  # from row to row
MARGIN: Final = 2.0  # at the left, for the offsets
LEGEND: Final = 1.7  # above the first row

HATCH: Final = "#00000033"  # a pattern shows, and the character over it stays legible


class Span(NamedTuple):
    """Bytes ``start`` to ``end`` of the stream, all of one field or of one call."""

    name: str
    start: int
    end: int


class Stream(NamedTuple):
    """A stream of bytes with everything that the picture says about it."""

    data: bytes
    fields: list[Span]
    messages: list[Span]
    calls: list[Span]
    pieces: int  #: how many calls there were; `calls` may end earlier, where the drawing does
    size: int  #: bytes in all, of which ``data`` may be the first part


def stream(
    source: Trace | Iterable[bytes | Chunk],
    *,
    framed: bool = True,
    direction: Direction = TO_CLIENT,
    connection: int = 1,
    call: str | None = None,
    most: int = MOST,
) -> Picture:
    """Draw a stream: pieces as ``recv`` gave them, or one direction of one connection of a trace.

    ``framed=False`` draws bytes without any header. ``call`` names what made the pieces: ``recv``, or
    ``send`` where a trace says that they were sent. At most ``most`` bytes are drawn.
    """
    if isinstance(source, Trace):
        chosen = [chunk for chunk in source.select(connection) if chunk.direction == direction]
        call = call or ("send" if chosen and chosen[0].sent else "recv")
        pieces = [chunk.data for chunk in chosen]
    else:
        pieces = [piece.data if isinstance(piece, Chunk) else bytes(piece) for piece in source]
    found = read(pieces, call=call or "recv", framed=framed, most=most)
    return Picture(draw(found), describe(found), title(found))


def read(pieces: list[bytes], *, call: str = "recv", framed: bool = True, most: int = MOST) -> Stream:
    """Join the pieces and say of each byte what it is.

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
    return Stream(data, fields, messages, [c for c in calls if c.start < len(data)], len(pieces), len(whole))


def dissect(data: bytes) -> tuple[list[Span], list[Span]]:
    """The fields of a framed stream, cut off where the data ends, and its messages, where they will end.

    Behind a header that is none, nothing can be told: the rest is one field, ``refused``.
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


def title(found: Stream) -> str:
    """The stream in one line.

    >>> title(read([b"2         h", b"i"]))
    '12 bytes in 2 pieces: 1 message'
    """
    pieces = f"{found.size} bytes in {_count(found.pieces, 'piece')}"
    return f"{pieces}: {_count(len(found.messages), 'message')}" if found.messages else pieces


def describe(found: Stream) -> str:
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
        missing = f", {_count(end - found.size, 'byte')} still to come" if end > found.size else ""
        payload = f"payload of {_count(size, 'byte')}"
        lines.append(f"{name}: bytes {start} to {end - 1}, header {header!r}, {payload}{missing}")
    for name, start, end in found.calls:
        parts = [
            f"{theme.field(f.name).label} {found.data[max(start, f.start) : min(end, f.end)]!r}"
            for f in found.fields
            if f.start < end and start < f.end
        ]
        lines.append(f"{name}: {_count(end - start, 'byte')}, {', '.join(parts)}")
    if found.size > len(found.data):
        lines.append(f"… and {_count(found.size - len(found.data), 'byte')} more")
    return "\n".join(lines)


def glyph(byte: int) -> str:
    """What stands in a byte's cell: its character, ``␣`` for a space, or hexadecimal digits.

    >>> [glyph(byte) for byte in "a é".encode()]
    ['a', '␣', 'c3', 'a9']
    """
    if byte == 0x20:
        return "␣"
    return chr(byte) if 0x21 <= byte <= 0x7E else f"{byte:02x}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


# -- as a picture -----------------------------------------------------------------------------------------


@own_style()
def draw(found: Stream) -> Figure:
    """The figure: a legend, then rows of bytes with brackets above and below."""
    rows = max(1, -(-len(found.data) // ROW))
    width, height = MARGIN + ROW + 0.5, LEGEND + rows * PITCH
    if not found.messages:
        height -= BELOW / 2  # nothing stands below the last row
    if found.size > len(found.data):
        height += 0.9  # a line that says so
    drawing = figure(height * theme.WIDTH / width)
    axes = drawing.add_axes((0, 0, 1, 1), xlim=(-MARGIN, ROW + 0.5), ylim=(height, 0))
    axes.axis("off")
    _legend(axes, found)
    for span in found.fields:
        _field(axes, span)
    for offset, byte in enumerate(found.data):
        _byte(axes, offset, byte)
    for row in range(rows):
        axes.text(-0.5, _top(row) + CELL / 2, str(row * ROW), ha="right", va="center", size=theme.SMALL,
                  family=theme.MONO, color=theme.QUIET)  # fmt: skip
    for span in found.calls:
        _bracket(axes, span, len(found.data), above=True)
    for span in found.messages:
        _bracket(axes, span, len(found.data), above=False)
    _cuts(axes, found)
    if found.size > len(found.data):
        more = f"… and {_count(found.size - len(found.data), 'byte')} more"
        axes.text(0, height - 0.5, more, va="center", size=theme.FONT, family=theme.SANS, color=theme.QUIET)
    return drawing


def _top(row: int) -> float:
    return LEGEND + row * PITCH + ABOVE


def _rows(start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The parts of a range in each row: (row, first column, column after the last)."""
    while start < end:
        row, column = divmod(start, ROW)
        step = min(end - start, ROW - column)
        yield row, column, column + step
        start += step


def _field(axes: Axes, span: Span) -> None:
    look = theme.field(span.name)
    for row, left, right in _rows(span.start, span.end):
        box = Rectangle((left, _top(row)), right - left, CELL, facecolor=look.fill, hatch=look.hatch)
        box.set(edgecolor=HATCH, linewidth=0)
        axes.add_patch(box)
        lines = [[(x, _top(row)), (x, _top(row) + CELL)] for x in range(left + 1, right)]
        axes.add_collection(LineCollection(lines, colors="#ffffff", linewidths=1.2))


def _byte(axes: Axes, offset: int, byte: int) -> None:
    row, column = divmod(offset, ROW)
    shown = glyph(byte)
    quiet = shown == "␣"
    axes.text(column + 0.5, _top(row) + CELL / 2, shown, ha="center", va="center", family=theme.MONO,
              size=theme.FONT + 1.5 if len(shown) == 1 else theme.SMALL + 0.5,
              color=theme.QUIET if quiet else theme.INK)  # fmt: skip


def _bracket(axes: Axes, span: Span, end: int, above: bool) -> None:
    """A bracket over (recv) or under (message) the bytes of a span, with its name where there is room."""
    size = span.end - span.start
    what = _count(size, "byte") if above else f"payload of {_count(size - HEADER, 'byte')}"
    full = f"{span.name} · {what}"
    parts = list(_rows(span.start, min(span.end, end)))
    widest = max(parts, key=lambda part: part[2] - part[1], default=None)
    for row, left, right in parts:
        y = _top(row) - 0.22 if above else _top(row) + CELL + 0.22
        tick = 0.2 if above else -0.2
        starts, ends = row * ROW + left == span.start, row * ROW + right == span.end
        x = left + 0.12 if starts else left
        z = right - 0.12 if ends else right
        line = [(x, y + tick)] * starts + [(x, y), (z, y)] + [(z, y + tick)] * ends
        axes.plot(*zip(*line, strict=True), color=theme.INK, linewidth=1.3, solid_capstyle="butt")
        if (row, left, right) == widest:
            room = (right - left) * 3.2  # letters that fit
            text = next((t for t in (full, span.name, span.name.split()[-1]) if len(t) <= room), "")
            axes.text((left + right) / 2, y - 0.5 if above else y + 0.52, text, ha="center", va="center",
                      size=theme.FONT, family=theme.SANS, color=theme.INK)  # fmt: skip


def _cuts(axes: Axes, found: Stream) -> None:
    """A heavy line wherever one call ends and the next begins."""
    for span in found.calls[1:]:
        row, column = divmod(span.start, ROW)
        for r, c in {(row, column), (row - 1, ROW) if column == 0 and row else (row, column)}:
            axes.plot([c, c], [_top(r) - 0.16, _top(r) + CELL + 0.16], color=theme.INK, linewidth=3, zorder=5)


def _legend(axes: Axes, found: Stream) -> None:
    x, y = 0.0, 0.45
    for name in dict.fromkeys(span.name for span in found.fields):
        look = theme.field(name)
        box = Rectangle((x, y), 1.2, 0.8, facecolor=look.fill, hatch=look.hatch, edgecolor=HATCH, linewidth=0)
        axes.add_patch(box)
        axes.text(
            x + 1.5, y + 0.42, look.label, va="center", size=theme.FONT, family=theme.SANS, color=theme.INK
        )
        x += 2.4 + len(look.label) * 0.52
    if len(found.calls) > 1:
        call = found.calls[0].name.split()[0]
        axes.plot([x + 0.2, x + 0.2], [y - 0.1, y + 0.9], color=theme.INK, linewidth=3)
        axes.text(x + 0.6, y + 0.42, f"a cut: one {call} ends, the next begins", va="center", size=theme.FONT,
                  family=theme.SANS, color=theme.INK)  # fmt: skip
