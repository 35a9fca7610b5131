"""The RFC's picture of a frame, 32 bits in a row, filled with the very bytes of one frame (RFC 6455 §5.2).

::

     0 1 2 3 4 5 6 7   8 9 …
    ┌─┬─┬─┬─┬───────┬─┬─────────────┬───────────────────────────────┐
    │1│0│0│0│0 0 0 1│1│0 0 0 0 1 0 1│0 0 1 1 0 1 1 1 1 1 1 1 1 0 1 0│
    │F│R│R│R│opcode │M│ length      │ masking key                   │
    │I│S│S│S│1 text │A│ 5           │ 37              fa            │
    │N│V│V│V│       │S│             │                               │
    │ │1│2│3│       │K│             │                               │
    └─┴─┴─┴─┴───────┴─┴─────────────┴───────────────────────────────┘

Each field has the colour and the label that it has everywhere in the course. Knows nothing of traces.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wsdemo.trace.fields import Field, opcode_name
from wsdemo.trace.packets import FramePacket, Packet
from wsdemo.views.bytes.specimen import Source, as_frame
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SIZE, SMALL, Canvas, Sketch
from wsdemo.views.drawing.theme import glyph

ROW: Final = 32  #: bits in a row
MOST: Final = 48  #: bytes drawn unless told otherwise

CELL: Final = 29.0  # width of a bit
LEFT: Final = 44.0  # room for the offsets
HEAD: Final = 26.0  # room for the numbers of the bits
TALL: Final = 82.0  # height of a row


def ruler(frame: Source, *, most: int = MOST) -> Sketch:
    """Draw one frame (a packet, a `Frame`, its bytes, or these as hex) bit by bit.

    At most ``most`` bytes of it are drawn; the text says all.
    """
    packet = as_frame(frame)
    title = f"a frame of {packet.size} bytes, bit by bit: {packet.summary}"
    return Sketch(_draw(packet, min(packet.size, most)), describe(packet), title)


def describe(packet: FramePacket) -> str:
    """One line for each field: its bits, its name, its value, its meaning, and the source.

    >>> print(describe(as_frame("8a00")))
    bit  0     FIN     1        the last frame of its message (RFC 6455 §5.2)
    bit  1     RSV1    0        not compressed (RFC 6455 §5.2, RFC 7692 §6)
    bit  2     RSV2    0        reserved for extensions (RFC 6455 §5.2)
    bit  3     RSV3    0        reserved for extensions (RFC 6455 §5.2)
    bits 4-7   opcode  1010     pong: the answer to a ping, or a sign of life (RFC 6455 §5.2, §11.8)
    bit  8     MASK    0        not masked, as a server must (RFC 6455 §5.1)
    bits 9-15  length  0000000  0 bytes of payload (RFC 6455 §5.2)
    """
    rows = []
    for field in packet.fields:
        first, last = field.start, field.stop - 1
        where = f"bit  {first}" if first == last else f"bits {first}-{last}"
        meaning = f"{field.meaning} ({field.section})"
        rows.append((where, theme.field(field.name).label, raw(packet, field), meaning))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(part.ljust(width) for part, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    )


def raw(packet: Packet, field: Field) -> str:
    """A field's bits: as bits where they are not whole bytes, else as hexadecimal digits."""
    data = packet.bytes[field.where]
    if field.start % 8 or field.stop % 8:
        bits = "".join(f"{byte:08b}" for byte in data)
        return bits[field.start % 8 :][: field.bits]
    return data[:16].hex(" ") + (" …" if len(data) > 16 else "")


def segments(start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """The parts of a range of bits in each row: (row, first column, column after the last).

    >>> list(segments(16, 48))
    [(0, 16, 32), (1, 0, 16)]
    """
    while start < stop:
        row, column = divmod(start, ROW)
        step = min(stop - start, ROW - column)
        yield row, column, column + step
        start += step


def _draw(packet: FramePacket, size: int) -> Canvas:
    rows = -(-size * 8 // ROW)
    canvas = Canvas(HEAD + rows * TALL + (34 if size < packet.size else 10))
    for bit in range(min(ROW, size * 8)):
        x = LEFT + (bit + 0.5) * CELL
        canvas.text(x, HEAD - 10, str(bit), size=SMALL, mono=True, color=theme.QUIET)
    for row in range(rows):
        middle = HEAD + row * TALL + TALL / 2
        canvas.text(LEFT - 8, middle, str(row * 4), anchor="end", size=SMALL, mono=True, color=theme.QUIET)
    for field in packet.fields:
        _field(canvas, packet, field, size * 8)
    if size < packet.size:
        more = f"… and {packet.size - size} more bytes of {theme.field(packet.fields[-1].name).label}"
        canvas.text(LEFT, canvas.height - 16, more, anchor="start", color=theme.QUIET)
    return canvas


def _field(canvas: Canvas, packet: FramePacket, field: Field, end: int) -> None:
    """The boxes of one field, one for each row that it is in."""
    label = theme.field(field.name).label
    card = bool(theme.field(field.name).hatch)
    for row, left, right in segments(field.start, min(field.stop, end)):
        x, y, width = LEFT + left * CELL, HEAD + row * TALL, (right - left) * CELL
        canvas.box(x, y, width, TALL, field.name, line=1.4)
        for column in range(left, right):
            at = row * ROW + column
            bit = packet.bytes[at >> 3] >> (7 - at % 8) & 1
            canvas.text(LEFT + (column + 0.5) * CELL, y + 14, str(bit), mono=True, bold=bool(bit), card=card)
            if column > left:
                heavy = column % 8 == 0
                line = [(LEFT + column * CELL, y), (LEFT + column * CELL, y + (26 if heavy else 7))]
                canvas.line(line, color=theme.INK if heavy else theme.QUIET, width=0.8)
        name = label if row * ROW + left == field.start else f"{label}, continued"
        if name == "extended length" and isinstance(field.value, int):
            name += f" = {field.value}"
        if field.bits == 1:
            for number, letter in enumerate(name):
                canvas.text(x + width / 2, y + 31 + number * 13, letter, size=SMALL, card=card)
            continue
        canvas.text(x + width / 2, y + 41, name, size=SMALL, room=width - 4, card=card)
        _value(canvas, packet, field, (row, left, right))


def _value(canvas: Canvas, packet: FramePacket, field: Field, place: tuple[int, int, int]) -> None:
    """The third line: the value of the bits in this part."""
    row, left, right = place
    y = HEAD + row * TALL + 63
    card = bool(theme.field(field.name).hatch)
    if field.start % 8 or field.stop % 8 or field.name == "close code":
        words = _short(field)
        if row * ROW + left == field.start:
            middle = LEFT + (left + right) / 2 * CELL
            canvas.text(middle, y, words, bold=True, room=(right - left) * CELL - 6, card=card)
        return
    for column in range(left, right, 8):
        at = (row * ROW + column) // 8
        byte = packet.bytes[at]
        words = f"{byte:02x}"
        if field.name in ("payload", "masked payload", "close reason"):
            meant = packet.payload[at - packet.header_size]
            sign = glyph(meant)
            if field.name == "masked payload" or packet.masked:
                words += f" → {meant:02x}" + (f" {sign}" if len(sign) == 1 else "")
            elif len(sign) == 1:
                words += f" {sign}"
        canvas.text(LEFT + (column + 4) * CELL, y, words, size=SIZE, mono=True, card=card)


def _short(field: Field) -> str:
    """The value of a small field."""
    if field.value is None:
        return ""
    if field.name == "opcode" and isinstance(field.value, int):
        return f"{field.value} {opcode_name(field.value)}"
    return str(field.value)
