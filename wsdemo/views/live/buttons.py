"""Buttons that act on a live thing, and a picture that shows the effect.

::

    [freeze] [reset] [close] …      a click calls a function …
    version() ──► draw() ──► HTML   … and for a while the picture follows the events after it

Nothing runs before the first click, and nothing for long after the last one. Knows nothing of the functions
behind the buttons.
"""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Final

import ipywidgets

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.live.view import Live

EVERY: Final = 0.05  #: seconds from one drawing to the next, at least
FOLLOWED: Final = 30.0  #: seconds after a click during which the picture follows


class Buttons(Live):
    """A `Live` picture over buttons; see `buttons`."""

    def __init__(
        self,
        deeds: Mapping[str, Callable[[], object]],
        draw: Callable[[], Drawing],
        version: Callable[[], Hashable],
        *,
        caption: str,
    ) -> None:
        self._version = version
        self._seen = version()
        self._lock = threading.Lock()  # held for one drawing: a click and the follower both draw
        self._until = 0.0
        self._follower: threading.Thread | None = None
        controls = [ipywidgets.Button(description=name, layout={"width": "auto"}) for name in deeds]
        super().__init__(controls, draw, caption=caption)
        for control, deed in zip(controls, deeds.values(), strict=True):
            control.on_click(partial(self._click, deed))

    def update(self, change: object = None) -> None:
        """Draw the picture anew."""
        with self._lock:
            self._seen = self._version()
            super().update(change)

    def _click(self, deed: Callable[[], object], button: object) -> None:
        error = None
        try:
            deed()
        except Exception as raised:  # a callback has no cell in which to fail
            error = raised
        self.update()
        if error is not None:
            words = html.escape(f"{type(error).__name__}: {error}")
            self.view.value += f'<pre style="color:{theme.ALARM};background:{theme.PAPER}">{words}</pre>'
        self._until = time.monotonic() + FOLLOWED
        if self._follower is None or not self._follower.is_alive():
            self._follower = threading.Thread(target=self._follow, name="wsdemo buttons", daemon=True)
            self._follower.start()

    def _follow(self) -> None:
        pause = threading.Event()
        while time.monotonic() < self._until:
            pause.wait(EVERY)
            if self._version() != self._seen:
                self.update()

    def close(self) -> None:
        """Follow no more, and remove the widgets."""
        self._until = 0.0
        if self._follower is not None:
            self._follower.join()
        super().close()


def buttons(
    deeds: Mapping[str, Callable[[], object]],
    draw: Callable[[], Drawing],
    version: Callable[[], Hashable],
    *,
    caption: str = "In a running notebook there are buttons.",
) -> Buttons:
    """A button for each of ``deeds``, by its name, over what ``draw()`` gives.

    For half a minute after a click it is drawn anew whenever ``version()`` has changed.
    """
    return Buttons(deeds, draw, version, caption=caption)
