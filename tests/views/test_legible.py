"""No pattern runs through a letter: where a word stands on a pattern, a light card is between the two."""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml

import pytest

from tests.views.samples import SAMPLES
from tests.views.seen import SVG, seen
from wsdemo.views.drawing.canvas import Sketch
from wsdemo.views.drawing.drawing import Drawing

STRIPES = re.compile(r'style="[^"]*repeating-linear-gradient[^"]*"[^>]*>\s*([^<\s][^<]*)<')


def struck(sketch: Sketch) -> list[str]:
    """The words that stand on a pattern without a card behind them."""
    patterns: list[tuple[float, float, float, float]] = []
    cards: list[tuple[float, float, float, float]] = []
    found = []
    words = iter(seen(sketch).words)
    for item in xml.fromstring(sketch.svg):
        if item.tag == f"{SVG}rect" and item.get("width") != "100%":
            x, y, wide, high = (float(item.get(name, "")) for name in ("x", "y", "width", "height"))
            if item.get("fill", "").startswith("url("):
                patterns.append((x, y, x + wide, y + high))
            elif item.get("fill-opacity"):
                cards.append((x, y, x + wide, y + high))
            else:  # it covers what it lies on
                patterns = [
                    one for one in patterns if not (x <= one[0] and one[2] <= x + wide and y <= one[1])
                ]
        elif item.tag == f"{SVG}text":
            word = next(words)
            top, foot = word.y - word.size * 0.4, word.y + word.size * 0.4
            on = [
                p
                for p in patterns
                if p[0] < word.right - 1 and word.left + 1 < p[2] and p[1] < foot and top < p[3]
            ]
            carded = any(
                c[0] <= word.left + 2 and word.right - 2 <= c[2] and c[1] <= top and foot <= c[3]
                for c in cards
            )
            if on and not carded:
                found.append(word.text)
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_no_pattern_strikes_a_word_through(name: str) -> None:
    drawing: Drawing = SAMPLES[name]()
    if isinstance(drawing, Sketch):
        assert struck(drawing) == []
    else:
        assert STRIPES.findall(drawing.html) == []
