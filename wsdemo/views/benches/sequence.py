"""Frames in a row, as cards, and their fate: buttons that add a card, and the server's answer each time.

::

    [text, fin 0] [ping] [text, fin 1] [ping]     a click puts a card at the end of the row …
                          ✗ 1002       not read
    row ──► answer(frames) ──► lines of text      … and the whole row is asked about again

A card has the colour of its kind. The one that broke a rule is marked, with its close code, and cards after
it are grey: they are never read. So says dissection of the row, as of any stream to a server.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import ipywidgets

from wsdemo.protocol.codes import CONTROL, Side
from wsdemo.protocol.frames import Frame
from wsdemo.trace.packets import FramePacket
from wsdemo.views.bytes.specimen import as_frames
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.drawing.theme import CARD
from wsdemo.views.live.view import Live

LONGEST: Final = 12  #: cards of a row; after them cards can only be taken away


class CardRow(Drawing):
    """A row of cards, a server's verdict on each, and its answer, as text and as HTML."""

    def __init__(self, cards: Sequence[tuple[str, Frame]], answer: Sequence[str]) -> None:
        self.cards = tuple(name for name, _ in cards)
        self.answer = tuple(answer)
        self._packets = as_frames([frame for _, frame in cards], Side.SERVER) if cards else ()

    @property
    def text(self) -> str:
        """One line a card, and the answer."""
        lines = [
            f"{number}. {card}" + (f"  ({said})" if (said := mark(packet)) else "")
            for number, (card, packet) in enumerate(zip(self.cards, self._packets, strict=True), 1)
        ]
        return "\n".join([*(lines or ["no cards"]), *(f"=> {line}" for line in self.answer)])

    @property
    def html(self) -> str:
        """The cards side by side, numbered, and the answer below them."""
        cards = "".join(
            _card(f"{number}. {card}", packet)
            for number, (card, packet) in enumerate(zip(self.cards, self._packets, strict=True), 1)
        )
        answer = html.escape("\n".join(self.answer))
        return (
            f'<div style="color:{theme.INK};{CARD}">{cards or "no cards"}'
            f'<pre style="white-space:pre-wrap;color:{theme.INK};background:{theme.PAPER};margin:6px 2px">'
            f"{answer}</pre></div>"
        )


def mark(packet: FramePacket) -> str:
    """The mark on a frame that was not simply read.

    >>> [mark(packet) for packet in as_frames("898000000000 898000000000")]
    ['', '']
    >>> [mark(packet) for packet in as_frames("098000000000 898000000000")]  # a ping that is not whole
    ['✗ 1002', 'not read']
    """
    match packet.verdict.outcome:
        case "refused":
            return f"✗ {packet.verdict.code}"
        case "ignored":
            return "not read"
        case _:
            return ""


def _card(words: str, packet: FramePacket) -> str:
    """A card: for a control frame, the first frame of a message, a continuation, or an ignored frame."""
    said = mark(packet)
    edge, width, look = theme.INK, 1, theme.css("opcode")
    if packet.verdict.outcome == "ignored":
        edge, look = theme.QUIET, f"color:{theme.QUIET};background:{theme.GREY}"
    elif not packet.opcode & CONTROL:
        look = theme.css("payload" if packet.opcode else "masked payload")
    if packet.verdict.outcome == "refused":
        edge, width = theme.ALARM, 3
    below = (
        f'<br><strong style="color:{edge};background:{theme.PAPER}">{html.escape(said)}</strong>'
        if said
        else ""
    )
    box = (
        "display:inline-block;vertical-align:top;margin:2px;padding:4px 8px;border-radius:4px;"
        f"border:{width}px solid {edge}"
    )
    return f'<span style="{box};{look}">{html.escape(words)}{below}</span>'


def sequence(
    cards: Mapping[str, Frame], answer: Callable[[list[Frame]], Sequence[str]], start: Sequence[str] = ()
) -> Live:
    """Buttons for ``cards`` over a row of them; ``answer(frames)`` gives the lines that stand below it.

    ``start``: the names of the cards that are there at first. The frames are a client's.
    """
    row = list(start)
    add = [ipywidgets.Button(description=card, layout={"width": "auto"}) for card in cards]
    back = ipywidgets.Button(description="take one away", icon="undo", layout={"width": "auto"})
    over = ipywidgets.Button(description="start over", layout={"width": "auto"})

    def draw() -> CardRow:
        return CardRow([(name, cards[name]) for name in row], answer([cards[name] for name in row]))

    live = Live(
        [*add, back, over],
        draw,
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
