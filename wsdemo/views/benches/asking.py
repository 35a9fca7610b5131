"""A request to take apart: a box for each of its lines, and a server's answer below.

::

    [x] GET /chat HTTP/1.1
    [x] Upgrade: websocket           a line is edited, left out or added …
    [ ] Connection: Upgrade
    ──► ask(lines) ──► 400 Bad Request: send Connection: Upgrade, got none

The lesson brings ``ask``, which sends the lines to a real server. Knows nothing of sockets.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Final

import ipywidgets

from wsdemo.views.bytes.handshake import lines as head_lines
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.drawing.theme import CARD
from wsdemo.views.live.view import Live

SPARE: Final = 2  #: empty lines, for fields that the reader adds


class Answer(Drawing):
    """The lines that were sent and the answer to them, as text and as HTML."""

    def __init__(self, lines: Sequence[str], answer: str) -> None:
        self.lines = tuple(lines)
        self.answer = answer

    @property
    def status(self) -> str:
        """Status and reason phrase.

        >>> Answer([], "HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n").status
        '101 Switching Protocols'
        """
        return self.answer.partition("\r\n")[0].partition(" ")[2] or "no answer"

    @property
    def reason(self) -> str:
        """The first line of the body, which gives the reason; the meaning of a 101 where it is one."""
        if self.status.startswith("101"):
            return "what follows on this connection is WebSocket"
        return self.answer.partition("\r\n\r\n")[2].partition("\n")[0]

    @property
    def text(self) -> str:
        """The lines of the request, and the verdict."""
        return "\n".join([*self.lines, f"=> {self.status}: {self.reason}"])

    @property
    def html(self) -> str:
        """The verdict, and below it every line of the answer in its colours."""
        head = head_lines(self.answer.encode())
        rows = "".join(
            "<div>"
            + "".join(_chip(name, text) for name, text in line.parts)
            + f' <span style="color:{theme.QUIET};font-family:sans-serif;font-size:.85em">'
            f"{html.escape(line.note)}</span></div>"
            for line in head
        )
        fine = self.status.startswith("101")
        return (
            f'<div style="color:{theme.INK};{CARD};line-height:1.7" role="status">'
            f'<div style="margin:.2em 0 .6em"><strong style="color:{theme.INK if fine else theme.ALARM}">'
            f"{'opened' if fine else 'refused'}: {html.escape(self.status)}</strong> — "
            f"{html.escape(self.reason)}</div>"
            f'<div style="font-family:monospace;overflow-wrap:anywhere">{rows}</div></div>'
        )


def asking(ask: Callable[[Sequence[str]], str], lines: Sequence[str]) -> Live:
    """Boxes for the lines of a request over the answer to it; ``ask(lines)`` gives the answer's text."""
    boxes = [_box(number, line) for number, line in enumerate([*lines, *[""] * SPARE], 1)]
    over = ipywidgets.Button(description="start over", layout={"width": "auto", "align_self": "flex-start"})
    rows = [ipywidgets.HBox(pair, layout={"width": "100%"}) for pair in boxes]
    quiet = [False]

    def draw() -> Answer:
        sent = [text.value for send, text in boxes if send.value and text.value]
        return Answer(sent, ask(sent))

    live = Live(
        [ipywidgets.VBox([*rows, over], layout={"width": "min(46rem, 100%)"})],
        draw,
        caption="In a running notebook each line has a field to edit it and a box to leave it out.",
    )

    def changed(change: object) -> None:
        if not quiet[0]:
            live.update()

    def restart(button: object) -> None:
        quiet[0] = True
        for (send, text), line in zip(boxes, [*lines, *[""] * SPARE], strict=True):
            send.value, text.value = True, line
        quiet[0] = False
        live.update()

    for send, text in boxes:
        send.observe(changed, names="value")
        text.observe(changed, names="value")
    over.on_click(restart)
    return live


def _box(number: int, line: str) -> tuple[ipywidgets.Checkbox, ipywidgets.Text]:
    send = ipywidgets.Checkbox(
        value=True,
        description=f"send line {number}",
        indent=False,
        layout={"width": "8rem"},
    )
    text = ipywidgets.Text(
        value=line,
        placeholder="one more line",
        continuous_update=False,  # at Enter, or when the reader goes elsewhere
        layout={"flex": "1 1 auto", "width": "auto"},
    )
    text.tooltip = f"line {number} of the request"
    return send, text


def _chip(name: str, text: str) -> str:
    escaped = html.escape(text)
    if name == "plain" and text != "CR LF":
        return f"<span>{escaped}</span>"
    fill = theme.field(name).fill  # without its pattern, which would strike small letters through
    return f'<span style="color:{theme.INK};background:{fill};padding:0 .15em">{escaped}</span>'
