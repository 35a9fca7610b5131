"""Nodes to add and to kill: who hears a message then.

::

    nodes ──○──  killed [▾] ──► the picture of the nodes

Knows nothing of servers: `cluster` computes.
"""

from __future__ import annotations

import ipywidgets

from wsdemo.views.diagrams.cluster import MOST, NOTHING, choices, cluster
from wsdemo.views.live.view import Live


def adding(nodes: int = 3, killed: str = NOTHING) -> Live:
    """A number of nodes, and one of them or the broker killed; at first these.

    ``killed``: "nothing", "the broker", or "node 1" and so on. Raises ValueError for anything else.
    """
    cluster(nodes, killed)  # or ValueError, before any widget is made
    wide = {"description_width": "initial"}
    number = ipywidgets.IntSlider(value=nodes, min=1, max=MOST, description="nodes", style=wide)
    victim = ipywidgets.Dropdown(options=choices(nodes), value=killed, description="killed", style=wide)
    live = Live(
        [number, victim],
        lambda: cluster(number.value, victim.value),
        caption="In a running notebook a slider adds nodes, and a menu kills one, or the broker.",
    )

    def changed(change: object) -> None:
        before = victim.value
        victim.unobserve(live.update, names="value")
        victim.options = choices(number.value)
        victim.value = before if before in victim.options else NOTHING
        victim.observe(live.update, names="value")
        live.update()

    number.observe(changed, names="value")
    victim.observe(live.update, names="value")
    return live
