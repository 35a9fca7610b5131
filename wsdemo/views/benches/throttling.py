"""A slow reader to play with: its pace, and the policy for what waits.

::

    [policy ▾]  pace ────────○──   watch(policy, pace) ──► the levels, of a real room played anew

The lesson brings ``watch``, which plays the room. Knows nothing of rooms and sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import ipywidgets

from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.live.view import Live

#: Bytes a second that can be chosen.
PACES: Final = (0, 50_000, 100_000, 200_000, 300_000, 400_000, 600_000, 1_000_000)


def throttling(
    watch: Callable[[str, int], Drawing], policies: Sequence[str], *, start: tuple[str, int]
) -> Live:
    """A policy and a pace over the picture of ``watch(policy, pace)``; ``start``: those of the beginning.

    The pace is in bytes a second, one of `PACES`.
    """
    wide = {"description_width": "initial"}
    policy = ipywidgets.Dropdown(options=list(policies), value=start[0], description="policy", style=wide)
    pace = ipywidgets.SelectionSlider(
        options=[(f"{size:,}", size) for size in PACES],
        value=start[1],
        description="she reads, bytes a second",
        continuous_update=False,  # each value plays for seconds
        style=wide,
        layout={"width": "min(32rem, 90%)"},
    )
    live = Live(
        [policy, pace],
        lambda: watch(policy.value, pace.value),
        caption="In a running notebook a menu sets the policy, a slider the pace; the room is played again.",
    )
    policy.observe(live.update, names="value")
    pace.observe(live.update, names="value")
    return live
