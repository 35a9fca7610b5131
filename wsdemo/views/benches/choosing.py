"""Six questions to answer, and the line that the answers draw to a recommendation.

::

    [start from ▾]
    [who speaks ▾] [who is there ▾] … ──► the lines of all uses, and yours

Knows nothing of servers: `choice` recommends.
"""

from __future__ import annotations

from typing import Any

import ipywidgets

from wsdemo.views.diagrams.choice import QUESTIONS, USES, choice
from wsdemo.views.live.view import Live


def choosing(use: str = "chat") -> Live:
    """A menu for each question over the lines; at first the answers of ``use``, one of `USES`.

    Raises ValueError for another use.
    """
    if use not in USES:
        raise ValueError(f"no use {use!r}, there are {', '.join(USES)}")
    wide = {"description_width": "15rem"}
    start = ipywidgets.Dropdown(
        options=list(USES), value=use, description="begin with the answers of", style=wide
    )
    menus = [
        ipywidgets.Dropdown(
            options=[(words, number) for number, words in enumerate(question.options)],
            value=answer,
            description=question.words,
            style=wide,
        )
        for question, answer in zip(QUESTIONS, USES[use], strict=True)
    ]
    for menu in (start, *menus):
        menu.layout.width = "min(28rem, 95%)"
    live = Live(
        [start, *menus],
        lambda: choice([menu.value for menu in menus]),
        caption="In a running notebook a menu answers each question, and your line is drawn anew.",
    )

    def begin(change: Any) -> None:
        for menu, answer in zip(menus, USES[change["new"]], strict=True):
            menu.value = answer

    start.observe(begin, names="value")
    for menu in menus:
        menu.observe(live.update, names="value")
    return live
