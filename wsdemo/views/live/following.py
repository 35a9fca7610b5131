"""A live picture of something that grows: drawn anew when there is news, at most twenty times a second.

::

    trace ──version()──► thread ──draw()──► Picture ──► HTML widget
                           │ every 50 ms, however fast the traffic; nothing new: nothing drawn
                           └ ends with `close`, or when the cell that made it is run again

Knows nothing of its content. The traffic itself never waits for a picture.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from types import TracebackType
from typing import Final, TypeVar

import ipywidgets

from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.live.view import Live

EVERY: Final = 0.05  #: seconds from one drawing to the next, at least

_following: dict[str, Following] = {}

T = TypeVar("T", bound="Following")


class Following(Live):
    """A `Live` picture that watches ``version()`` and draws itself anew when that has changed.

    `stop` it at the end of a lesson, or use it in a ``with``: a thread of its own does the watching. The last
    picture stays on the page, until `close`.
    """

    def __init__(
        self,
        draw: Callable[[], Drawing],
        version: Callable[[], Hashable],
        *,
        caption: str,
        controls: Sequence[ipywidgets.Widget] = (),
        every: float = EVERY,
    ) -> None:
        self._version = version
        self._seen = version()
        self._every = every
        self._end = threading.Event()
        self.drawings = 1
        super().__init__(controls, draw, caption=caption)
        self._thread = threading.Thread(target=self._watch, name="wsdemo live view", daemon=True)
        key = _cell()
        if key:
            before = _following.pop(key, None)
            if before is not None:
                before.stop()
            _following[key] = self
        self._thread.start()

    def __enter__(self: T) -> T:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _watch(self) -> None:
        while not self._end.wait(self._every):
            self.look()

    def look(self) -> None:
        """Draw anew if there is news."""
        version = self._version()
        if version != self._seen:
            self._seen = version
            self.drawings += 1
            self.update()

    def stop(self) -> None:
        """Stop drawing, after one last time; that picture stays."""
        for key in [key for key, view in _following.items() if view is self]:
            del _following[key]
        if self._end.is_set():
            return
        self._end.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self.look()

    def close(self) -> None:
        """Stop, and remove the widgets."""
        self.stop()
        super().close()


def _cell() -> str:
    """The cell that is running, "" outside of a notebook: running it again replaces its picture."""
    try:
        from IPython import get_ipython

        metadata = get_ipython().kernel.get_parent("shell")["metadata"]
        return str(metadata.get("cellId") or metadata.get("cell_id") or "")
    except (ImportError, AttributeError, KeyError, TypeError):
        return ""
