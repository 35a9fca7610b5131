"""A token to move from one way to another, and the places where it turns up.

::

    [way ▾]  [x] TLS ──► a table of places, each with the text that it sees

Knows nothing of servers: `leaks` computes.
"""

from __future__ import annotations

import ipywidgets

from wsdemo.views.diagrams.leaks import WAYS, leaks
from wsdemo.views.live.view import Live


def leaking(way: str = WAYS[0], *, tls: bool = True) -> Live:
    """A menu of the five ways and a switch for TLS over the places; at first these.

    ``way`` is one of `WAYS`. Raises ValueError for another way.
    """
    leaks(way)  # or ValueError, before any widget is made
    wide = {"description_width": "initial"}
    ways = ipywidgets.Dropdown(options=WAYS, value=way, description="the token comes as", style=wide)
    secure = ipywidgets.Checkbox(value=tls, description="TLS", indent=False)
    live = Live(
        [ways, secure],
        lambda: leaks(ways.value, tls=secure.value),
        caption="In a running notebook a menu sets the way, and a box switches TLS off.",
    )
    for control in (ways, secure):
        control.observe(live.update, names="value")
    return live
