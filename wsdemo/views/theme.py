"""One colour, one pattern and one label per field: the same in every picture of the course.

::

    ┌──────────────┬───────────────────┐
    │ header ▨ ▨ ▨ │ payload           │   dark ink on a light fill: legible on paper, on a projector,
    └──────────────┴───────────────────┘   and in a dark notebook, where the picture is a white card

Fields that say how long something is are yellow, what the reader wrote is blue, and so on. Colour is never
the only sign: fields that could be confused differ in their pattern, and every picture prints the label too.
The fills are Paul Tol's "light" scheme, made for labelled cells with dark text and for colour-blind eyes
(https://sronpersonalpages.nl/~pault/). Knows nothing of bytes or protocols.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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

PAPER: Final = "#ffffff"  #: what is drawn on; the same in light and dark notebooks
INK: Final = "#111111"  #: text and outlines
QUIET: Final = "#595959"  #: offsets, captions, hairlines; 7:1 on paper
ALARM: Final = "#a3202a"  #: what was refused or went wrong; always with a word beside it

SANS: Final = "DejaVu Sans"  #: comes with matplotlib, so pictures look the same on every machine
MONO: Final = "DejaVu Sans Mono"

FONT: Final = 10.5  #: points, of text in a picture
SMALL: Final = 8.5  #: points, of offsets; nothing is smaller
DPI: Final = 110
WIDTH: Final = 9.4  #: inches: 1,034 pixels, the text column of a notebook


@dataclass(frozen=True, slots=True)
class Field:
    """How one field looks: ``fill`` as ``#rrggbb``, ``hatch`` as matplotlib has it, ``label`` as printed."""

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
FIELDS: Final[dict[str, Field]] = {
    item.name: item
    for item in (
        # plain TCP
        Field("header", "header", YELLOW, "///"),
        # HTTP
        Field("start line", "start line", LIGHT_BLUE),
        Field("header name", "header name", MINT, "---"),
        Field("header value", "header value", CYAN, "---"),
        Field("body", "body", CYAN, "|||"),
        # a frame (RFC 6455 §5.2)
        Field("fin", "FIN", ORANGE),
        Field("rsv1", "RSV1", GREY, "///"),
        Field("rsv2", "RSV2", GREY, "---"),
        Field("rsv3", "RSV3", GREY, "\\\\\\"),
        Field("opcode", "opcode", PEAR),
        Field("mask", "MASK", PINK),
        Field("length", "length", YELLOW),
        Field("extended length", "extended length", YELLOW, "..."),
        Field("masking key", "masking key", MINT),
        Field("payload", "payload", CYAN),
        Field("masked payload", "masked payload", CYAN, "xxx"),
        Field("close code", "close code", OLIVE),
        Field("close reason", "close reason", LIGHT_BLUE, "///"),
        # not a field of anything
        Field("plain", "bytes", GREY),
        Field("refused", "refused", WHITE, "xxx"),
    )
}


def field(name: str) -> Field:
    """The look of the field of this name.

    >>> field("fin").label
    'FIN'
    """
    return FIELDS[name]


def css(name: str) -> str:
    """The look of a field as inline CSS: short for ``field(name).css``."""
    return FIELDS[name].css


def chip(name: str, text: str | None = None) -> str:
    """A label in its field's colours, as HTML, for legends and sentences beside a picture.

    >>> chip("fin")
    '<span style="color:#111111;background:#ee8866;padding:0 .4em;border-radius:3px">FIN</span>'
    """
    shown = FIELDS[name].label if text is None else text
    return f'<span style="{FIELDS[name].css};padding:0 .4em;border-radius:3px">{shown}</span>'
