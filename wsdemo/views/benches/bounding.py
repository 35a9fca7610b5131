"""An attack to choose, and its limit to move: the price on both sides, measured anew.

::

    [attack ▾]  limit ────────○──   watch(attack, limit) ──► the costs, of a real server attacked again

The lesson brings ``watch``, which attacks. Knows nothing of servers and sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ipywidgets

from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.live.view import Live


def bounding(
    watch: Callable[[str, float | None], Drawing],
    attacks: Sequence[str],
    limits: Mapping[str, float | None],
    *,
    start: tuple[str, str],
) -> Live:
    """An attack and a limit over the picture of ``watch(attack, limits[word])``.

    ``limits``: the values of the slider by the words that it shows. ``start``: the attack and the word of
    the beginning.
    """
    wide = {"description_width": "initial"}
    attack = ipywidgets.Dropdown(options=list(attacks), value=start[0], description="attack", style=wide)
    limit = ipywidgets.SelectionSlider(
        options=list(limits),
        value=start[1],
        description="its limit",
        continuous_update=False,  # each value attacks anew
        style=wide,
        layout={"width": "min(32rem, 90%)"},
    )
    live = Live(
        [attack, limit],
        lambda: watch(attack.value, limits[limit.value]),
        caption="In a running notebook a menu chooses the attack, a slider its limit: then it is done again.",
    )
    attack.observe(live.update, names="value")
    limit.observe(live.update, names="value")
    return live
