"""Masking in lanes: the payload, the key over and over, and the bytes on the wire (RFC 6455 §5.3).

::

    payload      48 H       65 e       6c l       6c l       6f o
                 01001000   01100101   …
    key          37         fa         21         3d         37        the first byte again
                 00110111   11111010   …
    ─────────────────────────────────────────────────────────────
    on the wire  7f         9f         4d         51         58        a bit is 1 where the two differ
                 01111111   10011111

It can be read upwards as well: XOR undoes itself. Knows nothing of frames' headers.
"""

from __future__ import annotations

from typing import Final

from wsdemo.protocol.masking import mask
from wsdemo.views.bytes.specimen import Source, as_frame
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, Canvas, Sketch
from wsdemo.views.drawing.theme import glyph
from wsdemo.words import plural

ROW: Final = 12  #: bytes in a row
MOST: Final = 36  #: bytes drawn unless told otherwise

LEFT: Final = 108.0
CELL: Final = 71.0
LANE: Final = 50.0
GAP: Final = 26.0  # between two rows; above it stand the positions


def xor(frame: Source | None = None, *, payload: bytes = b"", key: bytes = b"", most: int = MOST) -> Sketch:
    """Draw the masking of a frame, or of ``payload`` with a ``key`` of four bytes (b"": not masked).

    At most ``most`` bytes are drawn. ValueError for a key of another length.
    """
    if frame is not None:
        packet = as_frame(frame)
        payload, key = packet.payload, packet.masking_key or b""
    if len(key) not in (0, 4):
        raise ValueError(f"a masking key has 4 bytes, this one {len(key)}")
    wire = mask(payload, key) if key else payload
    many = plural(len(payload), "byte")
    title = f"{many} of payload, {'masked with ' + key.hex(' ') if key else 'not masked'}"
    return Sketch(_draw(payload, key, wire, most), _text(payload, key, wire, title), title)


def _text(payload: bytes, key: bytes, wire: bytes, title: str) -> str:
    rows = [title]
    for at, (meant, sent) in enumerate(zip(payload, wire, strict=True)):
        if not key:
            rows.append(f"byte {at}: {meant:02x} {glyph(meant)}")
            continue
        k = key[at % 4]
        rows.append(
            f"byte {at}: {meant:02x} {glyph(meant):2} XOR key[{at % 4}] {k:02x} = {sent:02x}"
            f"   {meant:08b} XOR {k:08b} = {sent:08b}"
        )
    return "\n".join(rows)


def _draw(payload: bytes, key: bytes, wire: bytes, most: int) -> Canvas:
    size = min(len(payload), most)
    canvas = Canvas()
    y = 0.0
    for start in range(0, max(size, 1), ROW):
        y = _row(canvas, y, start, payload[start:size][:ROW], key, wire[start:size][:ROW])
    if size < len(payload):
        canvas.text(
            LEFT, y + 14, f"… and {len(payload) - size} more bytes", anchor="start", color=theme.QUIET
        )
        y += 28
    canvas.height = y + 8
    return canvas


def _row(canvas: Canvas, y: float, start: int, meant: bytes, key: bytes, wire: bytes) -> float:
    """Three lanes of up to twelve bytes (one, where there is no key); the new foot."""
    for column in range(len(meant)):
        x = LEFT + (column + 0.5) * CELL
        canvas.text(x, y + 16, str(start + column), size=SMALL, mono=True, color=theme.QUIET)
    y += GAP
    lanes = [("payload", "payload", meant)]
    if key:
        repeated = bytes(key[(start + column) % 4] for column in range(len(meant)))
        lanes += [("XOR key", "masking key", repeated), ("= wire", "masked payload", wire)]
    for number, (words, look, data) in enumerate(lanes):
        y += 8 if number == 2 else 0
        canvas.text(LEFT - 12, y + LANE / 2, words, anchor="end", bold=True, room=LEFT - 14)
        for column, byte in enumerate(data):
            _cell(canvas, LEFT + column * CELL, y, look, byte, (start + column) % 4 if number == 1 else -1)
        y += LANE
        if number == 1:
            canvas.line([(LEFT, y + 4), (LEFT + len(meant) * CELL, y + 4)], width=2)
    return y + 6


def _cell(canvas: Canvas, x: float, y: float, look: str, byte: int, index: int) -> None:
    card = bool(theme.field(look).hatch)
    canvas.box(x, y, CELL - 3, LANE, look, line=0.8)
    words = f"{byte:02x}"
    if index >= 0:
        words += f" [{index}]"
    elif len(glyph(byte)) == 1:
        words += f" {glyph(byte)}"
    canvas.text(x + CELL / 2 - 1.5, y + 17, words, mono=True, bold=True, card=card)
    canvas.text(x + CELL / 2 - 1.5, y + 37, f"{byte:08b}", size=SMALL, mono=True, card=card)
