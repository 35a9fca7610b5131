"""A row of frames as cards: their kinds, the one that broke a rule, and what is never read."""

from __future__ import annotations

import re

from wsdemo import Frame, Opcode, views
from wsdemo.views.benches.sequence import CardRow
from wsdemo.views.drawing import theme

KEY = bytes(4)
CARDS = {
    "text, fin 0": Frame(Opcode.TEXT, b"a", fin=False, masking_key=KEY),
    "continuation": Frame(Opcode.CONTINUATION, b"b", masking_key=KEY),
    "ping": Frame(Opcode.PING, masking_key=KEY),
}


def row(*names: str) -> CardRow:
    return CardRow([(name, CARDS[name]) for name in names], ["an answer"])


def looks(made: CardRow) -> dict[str, str]:
    """The style of each card, by its words."""
    return {words: style for style, words in re.findall(r'<span style="([^"]+)">([^<]+)', made.html)}


def test_a_card_has_the_colour_of_its_kind() -> None:
    made = looks(row("text, fin 0", "continuation", "ping"))
    kinds = {"1. text, fin 0": "payload", "2. continuation": "masked payload", "3. ping": "opcode"}
    assert {words: style.endswith(theme.css(kinds[words])) for words, style in made.items()} == dict.fromkeys(
        kinds, True
    )
    assert len(set(made.values())) == 3


def test_the_one_that_broke_a_rule_is_marked_and_what_follows_is_grey() -> None:
    made = row("ping", "continuation", "text, fin 0")
    assert made.text == "1. ping\n2. continuation  (✗ 1002)\n3. text, fin 0  (not read)\n=> an answer"
    style = looks(made)
    assert f"3px solid {theme.ALARM}" in style["2. continuation"]
    assert style["3. text, fin 0"].endswith(f"color:{theme.QUIET};background:{theme.GREY}")
    assert "✗ 1002" in made.html and "not read" in made.html


def test_a_good_row_has_no_mark() -> None:
    made = row("text, fin 0", "ping", "continuation")
    assert made.text == "1. text, fin 0\n2. ping\n3. continuation\n=> an answer"
    assert theme.ALARM not in made.html and theme.GREY not in made.html


def test_no_cards() -> None:
    assert row().text == "no cards\n=> an answer"


def test_a_click_asks_about_the_whole_row_anew() -> None:
    asked: list[list[Frame]] = []

    def answer(frames: list[Frame]) -> list[str]:
        asked.append(frames)
        return [f"{len(frames)} frames"]

    live = views.sequence(CARDS, answer, start=["ping"])
    controls = {button.description: button for button in live.widget.children[0].children}
    controls["text, fin 0"].click()
    assert asked[-1] == [CARDS["ping"], CARDS["text, fin 0"]]
    assert "2 frames" in live.view.value
    controls["take one away"].click()
    assert asked[-1] == [CARDS["ping"]]
    controls["text, fin 0"].click()
    controls["start over"].click()
    assert asked[-1] == [CARDS["ping"]]
    live.close()


def test_a_row_has_twelve_cards_at_most() -> None:
    live = views.sequence(CARDS, lambda frames: [], start=["ping"] * 11)
    controls = {button.description: button for button in live.widget.children[0].children}
    for longest in ("12. continuation", "12. continuation"):
        controls["continuation"].click()
        assert re.findall(r">(\d+\. [^<]+)", live.view.value)[-1] == longest
    live.close()
