"""Waiting for any number of seconds: no system waits for ``math.inf``, or for 1e10, in one call.

Knows nothing of the events.
"""

from __future__ import annotations

import threading
import time
from typing import Final

#: Seconds that one wait lasts at most.
LONGEST: Final = 3600.0


def wait(event: threading.Event, timeout: float | None = None) -> bool:
    """``event.wait(timeout)`` for any number of seconds, ``math.inf`` too; false: the time is over.

    >>> import math
    >>> wait(threading.Event(), 0)
    False
    >>> event = threading.Event()
    >>> event.set()
    >>> wait(event, math.inf)
    True
    """
    if timeout is None or timeout <= LONGEST:
        return event.wait(timeout)
    deadline = time.monotonic() + timeout
    while not event.wait(min(LONGEST, deadline - time.monotonic())):
        if time.monotonic() >= deadline:
            return False
    return True
