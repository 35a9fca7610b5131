"""A key to choose: the lanes of a payload under it, and the bytes as a program on the way reads them.

::

    key [37 fa 21 3d]  [fresh key]   payload [Hello ▾]
    lanes: payload XOR key = wire
    the lines that look(payload, key) gives

The lesson brings ``look``. Knows nothing of proxies.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence

import ipywidgets

from wsdemo.protocol.masking import fresh_key
from wsdemo.views.bytes.xor import xor
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.drawing.theme import CARD
from wsdemo.views.live.view import Live

SHOWN = 24  #: bytes of the payload in the lanes
KEY = 4  #: bytes


class Lanes(Drawing):
    """The lanes and the lines below them, as text and as HTML."""

    def __init__(self, payload: bytes, key: bytes, lines: Sequence[str]) -> None:
        self.sketch = xor(payload=payload[:SHOWN], key=key)
        self.lines = tuple(lines)

    @property
    def text(self) -> str:
        """Byte after byte, and the lines."""
        return "\n".join([self.sketch.text, *(f"=> {line}" for line in self.lines)])

    @property
    def html(self) -> str:
        """The lanes, and the lines on a card below."""
        said = html.escape("\n".join(self.lines))
        return (
            f'{self.sketch.html}<div role="status" style="{CARD};color:{theme.INK}">'
            f'<pre style="white-space:pre-wrap;overflow-wrap:anywhere;font-family:monospace;margin:4px;'
            f'color:{theme.INK};background:{theme.PAPER}">{said}</pre></div>'
        )


def read_key(text: str) -> bytes:
    """The key that a reader typed, as hexadecimal digits; ``ValueError`` where it is none.

    >>> read_key("37 fa 21 3d") == read_key("37fa213d") == bytes([0x37, 0xfa, 0x21, 0x3d])
    True
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise ValueError("a key is written in hexadecimal digits, as in 37 fa 21 3d") from None
    if len(key) != KEY:
        raise ValueError(f"a key has {KEY} bytes, this one has {len(key)}")
    return key


def choose_a_key(
    payloads: Mapping[str, bytes], look: Callable[[bytes, bytes], Sequence[str]], key: bytes
) -> Live:
    """A field for the key and a choice of ``payloads`` over their lanes.

    ``look(payload, key)`` gives the lines below.
    """
    field = ipywidgets.Text(
        value=key.hex(" "),
        description="key, in hex:",
        continuous_update=False,
        style={"description_width": "initial"},
        layout={"width": "14rem"},
    )
    fresh = ipywidgets.Button(
        description="fresh key", tooltip="four random bytes, as a real client draws", layout={"width": "auto"}
    )
    choice = ipywidgets.Dropdown(
        options=list(payloads),
        description="payload:",
        style={"description_width": "initial"},
        layout={"width": "auto"},
    )

    def draw() -> Lanes:
        chosen, payload = read_key(field.value), payloads[choice.value]
        return Lanes(payload, chosen, look(payload, chosen))

    live = Live(
        [field, fresh, choice],
        draw,
        caption=f"In a running notebook any key can be chosen; here it is {key.hex(' ')}.",
    )

    def draw_another(button: object) -> None:
        field.value = fresh_key().hex(" ")

    field.observe(live.update, names="value")
    choice.observe(live.update, names="value")
    fresh.on_click(draw_another)
    return live
