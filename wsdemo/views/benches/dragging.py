"""A kill to drag along the time of one message.

::

    [event ▾]  [strategy ▾]  after ────○──  ms ──► the four lanes, and what becomes of the message

Knows nothing of servers: `fate` computes.
"""

from __future__ import annotations

import ipywidgets

from wsdemo.views.diagrams.fate import EVENTS, LATEST, STRATEGIES, lanes
from wsdemo.views.live.view import Live


def dragging(event: str = EVENTS[0], at: float = 5, strategy: str = STRATEGIES[0]) -> Live:
    """An event, its moment and a sender's strategy over the four lanes; at first these.

    ``event`` is one of `EVENTS`, ``at`` from 0 to `LATEST` milliseconds in steps of 0.5, ``strategy`` one of
    `STRATEGIES`. Raises ValueError for another event or strategy.
    """
    lanes(event, at, strategy)  # or ValueError, before any widget is made
    wide = {"description_width": "initial"}
    events = ipywidgets.Dropdown(options=EVENTS, value=event, description="event", style=wide)
    ways = ipywidgets.Dropdown(
        options=STRATEGIES, value=strategy, description="strategy", style=wide, layout={"width": "26rem"}
    )
    moment = ipywidgets.FloatSlider(
        value=at,
        min=0,
        max=LATEST,
        step=0.5,
        description="milliseconds after it was sent",
        readout_format=".1f",
        style=wide,
        layout={"width": "min(36rem, 90%)"},
    )
    live = Live(
        [events, ways, moment],
        lambda: lanes(events.value, moment.value, ways.value),
        caption="In a running notebook menus set the event and the strategy, and a slider drags the event.",
    )
    for control in (events, ways, moment):
        control.observe(live.update, names="value")
    return live
