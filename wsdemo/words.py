"""Words for people: characters that are safe to print, numbers of things, columns of a table.

Knows nothing of their subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def printable(text: str, instead: str | None = None) -> str:
    r"""The text with control characters and invisible ones as escapes; or with ``instead`` for each.

    >>> printable("caf\u00e9 \x1b[2J\n\u202e"), printable("a\x00b", "·")
    ('café \\x1b[2J\\n\\u202e', 'a·b')
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else instead or c.encode("unicode_escape").decode() for c in text)


def plural(number: int, what: str, form: str = "") -> str:
    """A number of things; ``form``: how the number is written, as `format` takes it.

    >>> plural(1, "byte"), plural(2000, "byte", ","), plural(3, "try", "d")
    ('1 byte', '2,000 bytes', '3 tries')
    """
    if number == 1:
        return f"1 {what}"
    ending = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number:{form}} {ending}"


def three_digits(value: float) -> str:
    """A measured value: three significant digits, and no fraction from 100 on.

    >>> three_digits(1234567.0), three_digits(24.51), three_digits(0.01234)
    ('1,234,567', '24.5', '0.0123')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def columns(lines: Sequence[Sequence[str]], sides: str, *, rule: bool = True) -> list[str]:
    """The cells of each line below those of the first, which are the heads; ``rule``: a line of - under them.

    ``sides``: for each column "<" (to the left) or ">" (to the right).

    >>> print("\\n".join(columns([("way", "ms"), ("SSE", "0.25")], "<>")))
    way    ms
    ---  ----
    SSE  0.25
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def line(cells: Iterable[str]) -> str:
        padded = (f"{cell:{side}{width}}" for cell, side, width in zip(cells, sides, widths, strict=True))
        return "  ".join(padded).rstrip()

    heads, *rest = map(line, lines)
    return [heads, *([line("-" * width for width in widths)] if rule else []), *rest]
