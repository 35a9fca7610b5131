"""A field to type a word into, and its bytes below."""

from __future__ import annotations

import ipywidgets

from wsdemo.views.bytes.word import Word
from wsdemo.views.live.view import Live


def type_a_word(word: str = "héllo 👋") -> Live:
    """A field to type a word into, and its bytes below, at each key."""
    field = ipywidgets.Text(
        value=word,
        description="type a word:",
        continuous_update=True,
        style={"description_width": "initial"},
        layout={"width": "min(32rem, 90%)"},
    )
    live = Live(
        [field],
        lambda: Word(field.value),
        caption=f"In a running notebook a field takes any word; here it is {word!r}.",
    )
    field.observe(live.update, names="value")
    return live
