"""One colour, one pattern and one label per field: the same in every picture of the course.

::

    ┌──────────────┬───────────────────┐
    │ header ▨ ▨ ▨ │ payload           │   dark ink on a light fill: legible on paper, on a projector,
    └──────────────┴───────────────────┘   and in a dark notebook, where the picture is a white card

Fields that hold a length are yellow, those with the reader's own text are blue, and so on. Colour is never
the only sign: fields that could be confused differ in their pattern, and every picture prints the label too.
The fills are Paul Tol's "light" scheme, made for labelled cells with dark text and for colour-blind eyes
(https://sronpersonalpages.nl/~pault/). Knows nothing of bytes or protocols.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

# Tol's light scheme
LIGHT_BLUE: Final = "#77aadd"
CYAN: Final = "#99ddff"
MINT: Final = "#44bb99"
PEAR: Final = "#bbcc33"
OLIVE: Final = "#aaaa00"
YELLOW: Final = "#eedd88"
ORANGE: Final = "#ee8866"
PINK: Final = "#ffaabb"
GREY: Final = "#dddddd"
WHITE: Final = "#ffffff"

PAPER: Final = "#ffffff"  #: the ground of every picture; the same in light and dark notebooks
INK: Final = "#111111"  #: text and outlines
QUIET: Final = "#595959"  #: offsets, captions, hairlines; 7:1 on paper
ALARM: Final = "#a3202a"  #: refusals and errors; always with a word beside it

#: A white card with some air, in light and in dark notebooks.
CARD: Final = f"background:{PAPER};border:1px solid #cccccc;border-radius:6px;padding:6px"

SANS: Final = "DejaVu Sans"  #: comes with matplotlib, so pictures look the same on every machine
MONO: Final = "DejaVu Sans Mono"

FONT: Final = 10.5  #: points, of text in a picture
SMALL: Final = 8.5  #: points, of offsets; nothing is smaller
DPI: Final = 110
WIDTH: Final = 9.4  #: inches: 1,034 pixels, the text column of a notebook


@dataclass(frozen=True, slots=True)
class FieldStyle:
    """The look of a field: ``fill`` as ``#rrggbb``, ``hatch`` as matplotlib has it, ``label`` as printed."""

    name: str
    label: str
    fill: str
    hatch: str = ""

    @property
    def css(self) -> str:
        """The same look as inline CSS, for tables and widgets.

        >>> field("payload").css
        'color:#111111;background:#99ddff'
        """
        style = f"color:{INK};background:{self.fill}"
        if self.hatch:
            stripe = "rgba(0,0,0,0.16)"
            style += (
                f";background-image:repeating-linear-gradient({_ANGLES[self.hatch[0]]}deg,"
                f"{stripe} 0 1px,transparent 1px 6px)"
            )
        return style


#: Direction of the stripes in CSS for each of matplotlib's hatches.
_ANGLES: Final = {"/": 135, "\\": 45, "-": 0, "|": 90, ".": 0, "x": 45, "+": 90, "o": 0}

#: Every field of the course, in the order of the wire.
FIELDS: Final[dict[str, FieldStyle]] = {
    item.name: item
    for item in (
        # plain TCP
        FieldStyle("header", "header", YELLOW, "///"),
        # HTTP
        FieldStyle("start line", "start line", LIGHT_BLUE),
        FieldStyle("header name", "header name", MINT, "---"),
        FieldStyle("header value", "header value", CYAN, "---"),
        FieldStyle("body", "body", CYAN, "|||"),
        # a frame (RFC 6455 §5.2)
        FieldStyle("fin", "FIN", ORANGE),
        FieldStyle("rsv1", "RSV1", GREY, "///"),
        FieldStyle("rsv2", "RSV2", GREY, "---"),
        FieldStyle("rsv3", "RSV3", GREY, "\\\\\\"),
        FieldStyle("opcode", "opcode", PEAR),
        FieldStyle("mask", "MASK", PINK),
        FieldStyle("length", "length", YELLOW),
        FieldStyle("extended length", "extended length", YELLOW, "..."),
        FieldStyle("masking key", "masking key", MINT),
        FieldStyle("payload", "payload", CYAN),
        FieldStyle("masked payload", "masked payload", CYAN, "xxx"),
        FieldStyle("close code", "close code", OLIVE),
        FieldStyle("close reason", "close reason", LIGHT_BLUE, "///"),
        # not a field of anything
        FieldStyle("plain", "bytes", GREY),
        FieldStyle("refused", "refused", WHITE, "xxx"),
    )
}


class Look(NamedTuple):
    """The look that tells one curve from the others: dark ink, a line style, a mark."""

    ink: str
    line: str | tuple[int, tuple[int, ...]]
    mark: str


#: Dark enough on paper, told apart by colour-blind eyes (Paul Tol's "vibrant" and "muted").
LOOKS: Final = (
    Look("#a3202a", "-", "o"),
    Look("#0b5fa5", "--", "s"),
    Look("#8a5a00", "-.", "^"),
    Look("#00695c", "-", "D"),
    Look("#111111", ":", "X"),
    Look("#882277", (0, (6, 2, 1, 2, 1, 2)), "v"),
)


def field(name: str) -> FieldStyle:
    """The look of the field of this name.

    >>> field("fin").label
    'FIN'
    """
    return FIELDS[name]


def css(name: str) -> str:
    """The look of a field as inline CSS: short for ``field(name).css``."""
    return FIELDS[name].css


def glyph(byte: int) -> str:
    """The sign for a byte: its ASCII character, ``␣`` for a space, or two hexadecimal digits.

    >>> [glyph(byte) for byte in "a é".encode()]
    ['a', '␣', 'c3', 'a9']
    """
    if byte == 0x20:
        return "␣"
    return chr(byte) if 0x21 <= byte <= 0x7E else f"{byte:02x}"


def chip(name: str, text: str | None = None) -> str:
    """A label in its field's colours, as HTML, for legends and sentences beside a picture.

    >>> chip("fin")
    '<span style="color:#111111;background:#ee8866;padding:0 .4em;border-radius:3px">FIN</span>'
    """
    shown = FIELDS[name].label if text is None else text
    return f'<span style="{FIELDS[name].css};padding:0 .4em;border-radius:3px">{shown}</span>'
