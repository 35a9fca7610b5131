"""Cards in a row, and what became of them: buttons that add a card, and an answer that is found anew.

::

    [text, fin 0] [continuation, fin 1] [ping] …      a click puts a card at the end of the row …
    row ──► answer(row) ──► lines of text             … and the whole row is asked about again

Knows nothing of what the cards mean.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import ipywidgets

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.drawing.theme import CARD
from wsdemo.views.live.view import Live

LONGEST: Final = 12  #: cards of a row; then only taking away is left


class Row(Drawing):
    """A row of cards and the answer to it, as text and as HTML."""

    def __init__(self, cards: Sequence[str], answer: Sequence[str]) -> None:
        self.cards = tuple(cards)
        self.answer = tuple(answer)

    @property
    def text(self) -> str:
        """One line a card, and the answer."""
        lines = [f"{number}. {card}" for number, card in enumerate(self.cards, 1)] or ["no cards"]
        return "\n".join([*lines, *(f"=> {line}" for line in self.answer)])

    @property
    def html(self) -> str:
        """The cards side by side, numbered, and the answer below them."""
        box = (
            f"display:inline-block;margin:2px;padding:4px 8px;border:1px solid {theme.INK};border-radius:4px"
        )
        cards = "".join(
            f'<span style="{box};{theme.css("opcode")}">{number}. {html.escape(card)}</span>'
            for number, card in enumerate(self.cards, 1)
        )
        answer = html.escape("\n".join(self.answer))
        return (
            f'<div style="color:{theme.INK};{CARD}">{cards or "no cards"}'
            f'<pre style="white-space:pre-wrap;color:{theme.INK};background:{theme.PAPER};margin:6px 2px">'
            f"{answer}</pre></div>"
        )


def sequence(
    cards: Sequence[str], answer: Callable[[Sequence[str]], Sequence[str]], start: Sequence[str] = ()
) -> Live:
    """Buttons for ``cards`` over a row of them; ``answer(row)`` gives the lines that stand below it."""
    row = list(start)
    add = [ipywidgets.Button(description=card, layout={"width": "auto"}) for card in cards]
    back = ipywidgets.Button(description="take one away", icon="undo", layout={"width": "auto"})
    over = ipywidgets.Button(description="start over", layout={"width": "auto"})
    live = Live(
        [*add, back, over],
        lambda: Row(row, answer(row)),
        caption="In a running notebook, buttons add cards to the row and take them away.",
    )

    def click(deed: str, button: object) -> None:
        match deed:
            case "take one away":
                del row[-1:]
            case "start over":
                row[:] = start
            case card if len(row) < LONGEST:
                row.append(card)
        live.update()

    for button in (*add, back, over):
        button.on_click(partial(click, button.description))
    return live
