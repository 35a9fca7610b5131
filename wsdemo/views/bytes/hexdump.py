"""Bytes as hexadecimal digits and characters, each in the colours of its field, and a key to the fields.

::

    0000  81 85 37 fa 21 3d 7f 9f  4d 51 58           ··7·!=··MQX
    ▒ FIN 1 · bit 0   ▒ opcode 1 · bits 4-7   ▒ masking key · bytes 2-5 …

Knows nothing of the origin of the bytes: it takes the fields that dissection gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wsdemo.trace.fields import Field, whole
from wsdemo.trace.packets import Packet
from wsdemo.views.bytes.ruler import raw
from wsdemo.views.bytes.specimen import as_bytes, as_frame
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, Canvas, Sketch, width

ROW: Final = 16  #: bytes in a row
MOST: Final = 256  #: bytes drawn unless told otherwise
KEYS: Final = 16  #: a packet of more fields has one key for each kind of field

LEFT: Final = 60.0  # room for the offsets
CELL: Final = 36.0  # width of a byte
GAP: Final = 10.0  # after eight bytes
CHAR: Final = 15.0  # width of a character at the right
TALL: Final = 26.0  # height of a row


def hexdump(source: Packet | bytes | str, *, frame: bool = True, most: int = MOST) -> Sketch:
    """Draw a packet of a trace, or bytes, which are a frame (``frame=False``: just bytes).

    At most ``most`` bytes are drawn.
    """
    if isinstance(source, Packet):
        packet = source
    elif frame:
        packet = as_frame(source)
    else:
        packet = Packet(as_bytes(source))
    fields = flat(packet.fields) or whole("plain", packet.bytes, "bytes")
    title = f"{packet.size} bytes: {packet.summary}"
    return Sketch(_draw(packet, fields, most), _text(packet, fields, most), title)


def flat(fields: Sequence[Field]) -> tuple[Field, ...]:
    """The smallest parts of the fields, in order."""
    found: list[Field] = []
    for field in fields:
        found += flat(field.children) if field.children else (field,)
    return tuple(found)


def lines(data: bytes, most: int = MOST) -> list[str]:
    """The dump itself, as other such tools print it.

    >>> lines(b"\\x81\\x05Hello")
    ['0000  81 05 48 65 6c 6c 6f                               ··Hello']
    """
    found = []
    for start in range(0, min(len(data), most), ROW):
        part = data[start : min(start + ROW, most)]
        digits = f"{part[:8].hex(' '):23}  {part[8:].hex(' '):23}"
        found.append(f"{start:04x}  {digits}   {''.join(_char(byte) for byte in part)}")
    if len(data) > most:
        found.append(f"… and {len(data) - most} more bytes")
    return found


def _char(byte: int) -> str:
    return chr(byte) if 0x20 <= byte <= 0x7E else "·"


def where(field: Field) -> str:
    """The place of a field, for humans.

    >>> where(Field("fin", 0, 1, True, "", "")), where(Field("masking key", 16, 48, b"", "", ""))
    ('bit 0', 'bytes 2-5')
    """
    first, last, what = field.start, field.stop - 1, "bit"
    if field.start % 8 == 0 and field.stop % 8 == 0:
        first, last, what = first // 8, last // 8, "byte"
    return f"{what} {first}" if first == last else f"{what}s {first}-{last}"


def _text(packet: Packet, fields: Sequence[Field], most: int) -> str:
    keys = []
    if len(fields) <= KEYS:
        for field in fields:
            section = f" ({field.section})" if field.section else ""
            keys.append(f"{where(field)}: {theme.field(field.name).label}, {field.meaning}{section}")
    return "\n".join([*lines(packet.bytes, most), *keys])


def _draw(packet: Packet, fields: Sequence[Field], most: int) -> Canvas:
    size = min(packet.size, most)
    rows = max(1, -(-size // ROW))
    canvas = Canvas()
    for row in range(rows):
        canvas.text(
            LEFT - 12,
            _middle(row),
            f"{row * ROW:04x}",
            anchor="end",
            size=SMALL,
            mono=True,
            color=theme.QUIET,
        )
    for field in fields:
        _field(canvas, field, size)
    for at in range(size):
        _byte(canvas, at, packet.bytes[at], fields)
    bottom = rows * TALL + 18
    if size < packet.size:
        words = f"… and {packet.size - size} more bytes"
        canvas.text(LEFT, bottom + 8, words, anchor="start", color=theme.QUIET)
        bottom += 26
    canvas.height = _keys(canvas, packet, fields, bottom + 6)
    return canvas


def _middle(row: int) -> float:
    return 8 + (row + 0.5) * TALL


def _x(column: int) -> float:
    return LEFT + column * CELL + (GAP if column >= 8 else 0)


def _field(canvas: Canvas, field: Field, size: int) -> None:
    """The background of a field's bytes; bits are a part of a byte's box."""
    start, stop = field.start, min(field.stop, size * 8)
    while start < stop:
        at, bit = divmod(start, 8)
        end = min(stop, at * 8 + 8)
        row, column = divmod(at, ROW)
        y = _middle(row) - TALL / 2
        left, width = _x(column) + bit * CELL / 8, (end - start) * CELL / 8
        canvas.box(left, y, width, TALL, field.name, line=0.4, edge=theme.QUIET)
        if end - start == 8:
            x = LEFT + ROW * CELL + GAP + 24 + column * CHAR
            # Without the pattern, which would strike the letter through.
            canvas.box(x, y, CHAR, TALL, fill=theme.field(field.name).fill, line=0)
        start = end


def _byte(canvas: Canvas, at: int, byte: int, fields: Sequence[Field]) -> None:
    row, column = divmod(at, ROW)
    inside = [f for f in fields if f.start < at * 8 + 8 and f.stop > at * 8]
    card = any(theme.field(field.name).hatch for field in inside)
    canvas.text(_x(column) + CELL / 2, _middle(row), f"{byte:02x}", mono=True, bold=True, card=card)
    x = LEFT + ROW * CELL + GAP + 24 + (column + 0.5) * CHAR
    canvas.text(
        x, _middle(row), _char(byte), mono=True, color=theme.INK if _char(byte) != "·" else theme.QUIET
    )


def _keys(canvas: Canvas, packet: Packet, fields: Sequence[Field], y: float) -> float:
    """The key to the colours: each field with its place and meaning, or each kind of field. The new foot."""
    if len(fields) > KEYS:
        x = LEFT
        for name in dict.fromkeys(field.name for field in fields):
            label = theme.field(name).label
            canvas.box(x, y, 26, 16, name, line=0.8)
            canvas.text(x + 32, y + 8, label, anchor="start")
            x += 56 + width(label)
        return y + 28
    for field in fields:
        canvas.box(LEFT, y, 26, 16, field.name, line=0.8)
        label = theme.field(field.name).label
        canvas.text(LEFT + 34, y + 8, label, anchor="start", bold=True, room=140)
        canvas.text(LEFT + 172, y + 8, where(field), anchor="start", size=SMALL, color=theme.QUIET)
        shown = raw(packet, field) if field.bits <= 32 else ""
        canvas.text(LEFT + 268, y + 8, shown, anchor="start", mono=True, size=SMALL)
        canvas.text(LEFT + 368, y + 8, field.meaning, anchor="start", size=SMALL + 1, room=545)
        y += 22
    return y + 8
