"""A word and its bytes: each character above the UTF-8 bytes that carry it, each byte above its bits.

::

       h         é             👋                    characters
    U+0068    U+00E9        U+1F44B                  code points
      68      c3   a9    f0   9f   91   8b           bytes (RFC 3629)

A table in HTML rather than a drawing: the reader's own browser has the letters of every script.
"""

from __future__ import annotations

import html
from typing import Final

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.drawing.theme import CARD
from wsdemo.words import plural, printable

LONGEST: Final = 16  #: characters of a word that are shown

#: The bits at the head of a byte that tell how many belong together (RFC 3629 §3); they carry no letter.
HEADS: Final = ("0", "10", "110", "1110", "11110")

#: The look of a code point by the number of its bytes; the number itself stands below it. The character is
#: on paper: an emoji or a flag has colours of its own.
LOOKS: Final = ("payload", "payload", "length", "opcode", "mask")

QUIET: Final = "text-align:right;border:0"  # the names of the rows


class Word(Drawing):
    """A table of a word's bytes. ``text`` says the same, ``html`` is what a notebook shows."""

    def __init__(self, word: str) -> None:
        self.word = word[:LONGEST]
        self.cut = len(word) > LONGEST

    def __repr__(self) -> str:
        return f"<Word: {self.word!r}>"

    @property
    def summary(self) -> str:
        """The number of characters and of bytes, in one line.

        >>> Word("héllo").summary
        '5 characters, 6 bytes'
        """
        size = len(_encode(self.word))
        more = f" (of the first {LONGEST} characters)" if self.cut else ""
        return f"{plural(len(self.word), 'character')}, {plural(size, 'byte')}{more}"

    @property
    def text(self) -> str:
        """One line for each character.

        >>> print(Word("é!").text)
        é  U+00E9  c3 a9  11000011 10101001
        !  U+0021  21  00100001
        2 characters, 3 bytes
        """
        lines = []
        for char in self.word:
            data = _encode(char)
            bits = " ".join(f"{byte:08b}" for byte in data)
            lines.append(f"{_visible(char)}  {_point(char)}  {data.hex(' ')}  {bits}")
        return "\n".join([*lines, self.summary])

    @property
    def html(self) -> str:
        """The table: a column for each byte, a wide cell for each character."""
        letters, points, codes, bits = [], [], [], []
        for char in self.word:
            data = _encode(char)
            look = theme.css(LOOKS[len(data)])
            letters.append(_cell(html.escape(_visible(char)), "font-size:1.6em", len(data), "bdi"))
            points.append(_cell(_point(char), f"font-size:.85em;{look}", len(data)))
            codes += [_cell(f"{byte:02x}", "font-weight:bold;font-size:1.15em") for byte in data]
            bits += [_cell(_bits(byte), "font-size:.85em") for byte in data]
        rows = "".join(
            f'<tr style="background:{theme.PAPER}">{_cell(name, QUIET, 1, "em")}{"".join(row)}</tr>'
            for name, row in (
                ("character", letters),
                ("code point", points),
                ("byte, in hex", codes),
                ("its bits", bits),
            )
        )
        return (
            f'<div style="{CARD};overflow-x:auto;color:{theme.INK}">'
            f'<table style="border-collapse:collapse;margin:0;color:{theme.INK}">{rows}</table>'
            f'<p style="margin:.5em 0 0 .5em;color:{theme.INK}"><strong>{self.summary}</strong>. '
            "Bold bits say how the bytes belong together; the others are the number of the letter.</p></div>"
        )


def _encode(text: str) -> bytes:
    """UTF-8; half of a pair of surrogates, which no text may contain, becomes a question mark."""
    return text.encode("utf-8", "replace")


def _visible(char: str) -> str:
    """The character, or a stand-in for one that leaves no ink."""
    if char == " ":
        return "␣"
    return printable(char, "·")


def _point(char: str) -> str:
    return f"U+{ord(char):04X}"


def _bits(byte: int) -> str:
    """Eight bits, those that say how bytes belong together bold. A narrow page may break them in half."""
    bits = f"{byte:08b}"
    size = len(next(head for head in reversed(HEADS) if bits.startswith(head)))
    parts = [f"<wbr>{bit}" if place == 4 else bit for place, bit in enumerate(bits)]
    return f"<strong>{''.join(parts[:size])}</strong>{''.join(parts[size:])}"


def _cell(content: str, style: str, span: int = 1, tag: str = "span") -> str:
    return (
        f'<td colspan="{span}" style="text-align:center;padding:.25em .55em;border:1px solid #999999;'
        f'font-family:monospace;{style}"><{tag}>{content}</{tag}></td>'
    )
