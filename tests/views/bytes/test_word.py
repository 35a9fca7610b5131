"""A word and its bytes: the text and the table."""

from __future__ import annotations

import re

import pytest

from wsdemo.views.bytes.word import LONGEST, Word
from wsdemo.views.drawing import theme


@pytest.mark.parametrize(
    ("word", "summary"),
    [
        ("", "0 characters, 0 bytes"),
        ("a", "1 character, 1 byte"),
        ("héllo 👋", "7 characters, 11 bytes"),
        ("日本", "2 characters, 6 bytes"),
        ("\ud800", "1 character, 1 byte"),
    ],
)
def test_it_counts(word: str, summary: str) -> None:
    assert Word(word).summary == summary
    assert summary in Word(word).html
    assert Word(word).text.endswith(summary)


def test_the_bits_of_each_size_add_up_to_the_code_point() -> None:
    for char in "aé日👋":
        line = Word(char).text.splitlines()[0]
        bits = line.split("  ")[-1].split(" ")
        heads = [0b1 if len(bits) == 1 else len(bits) + 1] + [2] * (len(bits) - 1)
        number = "".join(byte[head:] for byte, head in zip(bits, heads, strict=True))
        assert int(number, 2) == ord(char)


def test_the_table_has_a_cell_for_each_byte() -> None:
    page = Word("é!").html.replace("<wbr>", "")  # where a narrow page may break the bits
    assert page.count("<strong>110</strong>00011") == 1
    assert page.count('colspan="2"') == 2
    for code in ("c3", "a9", "21"):
        assert f">{code}<" in page


def test_a_character_stands_on_paper_and_its_code_point_on_a_colour() -> None:
    """An emoji has colours of its own; each size has a colour that dark letters can be read on."""
    page = Word("aé日👋").html
    assert page.count('<tr style="background:#ffffff">') == 4
    for cell in re.findall(r"<td[^>]*><bdi>", page):
        assert "background" not in cell and "color" not in cell
    grounds = [re.search(r"background:(#\w+)", cell) for cell in re.findall(r"<td[^>]*><span>U\+", page)]
    colours = [ground[1] for ground in grounds if ground]
    assert len(set(colours)) == 4
    assert all(contrast(colour, theme.INK) >= 9 for colour in colours)


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 defines it, for `#rrggbb`."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("word", ["<b>", "&amp;", '"', "\x00", "\n", "\u202e"])
def test_what_is_typed_is_text(word: str) -> None:
    page = Word(word).html
    assert "<b>" not in page
    assert "&amp;amp" not in page, "each character has a cell of its own"
    assert page.count("<bdi>") == len(word)
    assert not any(char in page for char in "\x00\n\u202e")


def test_a_long_word_is_cut_and_says_so() -> None:
    word = Word("é" * (LONGEST + 1))
    assert word.summary == f"{LONGEST} characters, {2 * LONGEST} bytes (of the first {LONGEST} characters)"


def test_a_notebook_gets_text_and_html() -> None:
    assert set(Word("a")._repr_mimebundle_()) == {"text/plain", "text/html"}
