"""A drawing made of boxes, lines and letters: fast enough to be made anew twenty times a second.

::

    Canvas.box, .text, .line ──► one SVG file ──► <img> in text/html      JupyterLab, GitHub, paper

Lengths are in pixels; y grows downwards. Knows nothing of its content.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.drawing import Image
from wsdemo.words import printable

WIDTH: Final = 980  #: of a canvas: the text column of a notebook
SIZE: Final = 13.5  #: of letters
SMALL: Final = 12.5  #: of letters; nothing is smaller

SQUEEZE: Final = 1.2  #: times wider words are pressed into their room; longer ones are cut

_MONO: Final = f"'{theme.MONO}',Menlo,Consolas,'Liberation Mono',monospace"
_SANS: Final = f"'{theme.SANS}',Verdana,Arial,sans-serif"
#: The width of a letter by its size, in fonts as wide as DejaVu. Below: others; in the fixed font; if bold.
_WIDTHS: Final = {
    letter: wide
    for wide, letters in (
        (0.31, "ijlIJ'|.,:;!/ ·"),
        (0.39, '()[]{}ftr-"'),
        (0.71, "ABCDGHKNOQRUVX&"),
        (0.88, "mwMW@%+<>=#~→←►◄✗…"),
    )
    for letter in letters
}
_OTHER, _FIXED, _BOLD = 0.61, 0.602, 1.11

#: By matplotlib's names: a circle, a square, a triangle, a diamond, each six pixels wide.
MARKS: Final = {
    "o": "m-3,0 a3,3 0 1 0 6,0 a3,3 0 1 0 -6,0 Z",
    "s": "m-3,-3 h6 v6 h-6 Z",
    "^": "m-3,3 h6 l-3,-6 Z",
    "D": "m0,-3.5 l3.5,3.5 l-3.5,3.5 l-3.5,-3.5 Z",
}

_STRIPES: Final = {
    "/": '<path d="M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2"/>',
    "\\": '<path d="M-1,5 l2,2 M0,0 l6,6 M5,-1 l2,2"/>',
    "-": '<path d="M0,3 h6"/>',
    "|": '<path d="M3,0 v6"/>',
    ".": '<circle cx="3" cy="3" r=".6"/>',
    "x": '<path d="M0,0 l6,6 M0,6 l6,-6"/>',
}


class Sketch(Image):
    """A drawing on a canvas: an SVG file."""

    mime = "image/svg+xml"

    def __init__(self, canvas: Canvas, text: str, title: str) -> None:
        super().__init__(text, title, canvas.width)
        self.svg = canvas.svg(title)

    @property
    def data(self) -> bytes:
        """The SVG file."""
        return self.svg.encode()


class Canvas:
    """Shapes, in the order in which they are drawn."""

    def __init__(self, height: float = 0, width: float = WIDTH) -> None:
        self.width = width
        self.height = height
        self._shapes: list[str] = []
        self._hatches: dict[str, str] = {}

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        look: str | theme.FieldStyle | None = None,
        *,
        fill: str = "none",
        edge: str = theme.INK,
        line: float = 1,
        dash: str = "",
        round: float = 0,
    ) -> None:
        """A box in the colours of a field, with its pattern, or filled plainly. Lengths are in pixels.

        ``x``: of the left edge.
        ``y``: of the upper edge.
        ``width``: of the box.
        ``height``: of the box.
        ``look``: the field of the theme, or its name; None: see ``fill``.
        ``fill``: a colour, where there is no ``look``.
        ``edge``: the colour of the outline.
        ``line``: the width of the outline; 0: none.
        ``dash``: of the outline, as in SVG.
        ``round``: the radius of the corners.
        """
        place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
        place += f' rx="{_n(round)}"' if round else ""
        field = theme.field(look) if isinstance(look, str) else look
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        border = f'stroke="{edge}" stroke-width="{_n(line)}"{dashes}' if line else 'stroke="none"'
        if field is None or not field.hatch:
            self._shapes.append(f'<rect {place} fill="{field.fill if field else fill}" {border}/>')
            return
        self._shapes.append(f'<rect {place} fill="{field.fill}"/>')
        self._shapes.append(f'<rect {place} fill="url(#{self._hatch(field.hatch)})" {border}/>')

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = SIZE,
        anchor: str = "middle",
        color: str = theme.INK,
        mono: bool = False,
        bold: bool = False,
        room: float = 0,
        card: bool = False,
    ) -> None:
        """Words on one line. Lengths are in pixels.

        ``x``: of the start, middle or end of the words; see ``anchor``.
        ``y``: of their middle line.
        ``words``: the text; control characters in it are replaced.
        ``size``: of the letters.
        ``anchor``: "start", "middle" or "end".
        ``color``: of the letters.
        ``mono``: whether in the fixed-width font.
        ``bold``: whether in bold.
        ``room``: their room; longer words are squeezed, then cut. 0: no bound.
        ``card``: whether with a light card behind them, to be legible over a pattern.
        """
        if not words:
            return
        if room:
            words = cut(words, room * SQUEEZE, size, mono=mono, bold=bold)
        wide = width(words, size, mono=mono, bold=bold)
        squeeze = f' textLength="{_n(room)}" lengthAdjust="spacingAndGlyphs"' if 0 < room < wide else ""
        if card:
            wide = min(wide, room or wide) + 4
            left = x - wide * {"start": 0, "middle": 0.5, "end": 1}[anchor]
            self._shapes.append(
                f'<rect x="{_n(left)}" y="{_n(y - size * 0.62)}" width="{_n(wide)}" '
                f'height="{_n(size * 1.2)}" rx="2" fill="{theme.PAPER}" fill-opacity=".82"/>'
            )
        style = (" mono" if mono else "") + (" bold" if bold else "")
        classes = f' class="{style[1:]}"' if style else ""
        look = "" if color == theme.INK else f' fill="{color}"'
        turn = "" if anchor == "middle" else f' text-anchor="{anchor}"'
        self._shapes.append(
            f'<text x="{_n(x)}" y="{_n(y + size * 0.36)}" font-size="{_n(size)}"'
            f"{turn}{look}{classes}{squeeze}>{html.escape(printable(words, '·'), quote=False)}</text>"
        )

    def line(
        self,
        points: Sequence[tuple[float, float]],
        *,
        color: str = theme.INK,
        width: float = 1.2,
        dash: str = "",
        arrow: bool = False,
        path: str = "",
    ) -> None:
        """A line through these points, or along an SVG ``path``; ``arrow``: with a head at its end."""
        where = path or "M" + " L".join(f"{_n(x)},{_n(y)}" for x, y in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._shapes.append(
            f'<path d="{where}" fill="none" stroke="{color}" stroke-width="{_n(width)}"{dashes}/>'
        )
        if arrow:
            self._head(points[-2], points[-1], color, 6 + 1.5 * width)

    def area(self, points: Sequence[tuple[float, float]], *, fill: str) -> None:
        """The area inside a line through these points and back to the first."""
        where = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self._shapes.append(f'<polygon points="{where}" fill="{fill}"/>')

    def mark(self, x: float, y: float, mark: str, *, color: str) -> None:
        """A small sign whose middle is here, one of `MARKS`: lanes differ in it, not only in colour."""
        self._shapes.append(f'<path d="M{_n(x)},{_n(y)} {MARKS[mark]}" fill="{color}" fill-opacity=".7"/>')

    def _head(self, start: tuple[float, float], end: tuple[float, float], color: str, size: float) -> None:
        x, y = end[0] - start[0], end[1] - start[1]
        length = (x * x + y * y) ** 0.5 or 1.0
        x, y = x / length * size, y / length * size
        left = f"{_n(end[0] - x - y * 0.45)},{_n(end[1] - y + x * 0.45)}"
        right = f"{_n(end[0] - x + y * 0.45)},{_n(end[1] - y - x * 0.45)}"
        self._shapes.append(f'<path d="M{_n(end[0])},{_n(end[1])} L{left} L{right} Z" fill="{color}"/>')

    def _hatch(self, hatch: str) -> str:
        name = f"h{list(_STRIPES).index(hatch[0])}"
        self._hatches[name] = _STRIPES[hatch[0]]
        return name

    def svg(self, title: str) -> str:
        """The file."""
        patterns = "".join(
            f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" stroke="#000" '
            f'stroke-opacity=".2" fill="none">{shape}</pattern>'
            for name, shape in self._hatches.items()
        )
        size = f"{_n(self.width)} {_n(self.height)}"
        lines = "\n".join(self._shapes)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(self.width)}" height="{_n(self.height)}" '
            f'viewBox="0 0 {size}" font-family="{_SANS}" text-anchor="middle" fill="{theme.INK}">'
            f"<title>{html.escape(title)}</title><defs>{patterns}</defs>"
            f"<style>.mono{{font-family:{_MONO}}}.bold{{font-weight:bold}}text{{white-space:pre}}</style>"
            f'<rect width="100%" height="100%" fill="{theme.PAPER}"/>\n{lines}\n</svg>'
        )


def width(words: str, size: float = SIZE, *, mono: bool = False, bold: bool = False) -> float:
    """The approximate width of words in pixels.

    >>> round(width("ten letter"), 1), round(width("ten letter", mono=True), 1)
    (62.4, 81.3)
    """
    if mono:
        return len(words) * _FIXED * size
    return sum(_WIDTHS.get(letter, _OTHER) for letter in words) * size * (_BOLD if bold else 1)


def cut(words: str, room: float, size: float = SIZE, *, mono: bool = False, bold: bool = False) -> str:
    """Words cut to fit into ``room`` pixels; one letter at least.

    >>> cut("a long sentence", 60)
    'a long …'
    """
    if width(words, size, mono=mono, bold=bold) <= room:
        return words
    most = len(words) - 1
    while most > 1 and width(words[:most] + "…", size, mono=mono, bold=bold) > room:
        most -= 1
    return words[:most] + "…"


def _n(number: float) -> str:
    """A number, short.

    >>> _n(3.0), _n(2.504)
    ('3', '2.5')
    """
    return f"{number:.2f}".rstrip("0").rstrip(".")
