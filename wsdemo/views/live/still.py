"""A widget and its still, of which only one is visible.

::

    output 1   the still: a picture and its text, plain HTML
    output 2   the widget; with it comes a rule that hides output 1

Where the widget can't be made (no kernel, another day, GitHub, paper) that rule is not there, and the still
stands; a rule of the still's own hides the line 'Error displaying widget: model not found' in output 2. Knows
nothing of the content.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import ipywidgets

VIEW: Final = "application/vnd.jupyter.widget-view+json"

#: An output: its forms by their MIME types.
Bundle: TypeAlias = dict[str, Any]

_HIDE: Final = "{display:none!important}"


def hidden(name: str) -> str:
    """The rule that the live widget brings: its still is hidden, and the output around that."""
    return f".still-{name},.jp-OutputArea-child:has(>*>.still-{name}){_HIDE}"


def outputs(widget: ipywidgets.DOMWidget, text: str, html: str) -> tuple[Bundle, Bundle]:
    """The two outputs of a widget whose still is ``text`` and ``html``."""
    name = widget.model_id
    after = f".jp-OutputArea-child:has(.still-{name})+.jp-OutputArea-child"
    dead = f"<style>{after}:not(:has(.jp-OutputArea-output *)){_HIDE}</style>"
    still: Bundle = {"text/plain": text, "text/html": f'<div class="still-{name}">{html}{dead}</div>'}
    view = {"version_major": 2, "version_minor": 0, "model_id": name}
    return still, {"text/plain": "", "text/html": "", VIEW: view}


def show(bundles: Iterable[Bundle]) -> None:
    """Display these outputs below the cell that is running."""
    from IPython.display import display

    for bundle in bundles:
        display(bundle, raw=True)  # type: ignore[no-untyped-call]
