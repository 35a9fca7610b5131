"""The messages of one connection that wait for a thread to take them: bounded, and it can be closed.

::

    reactor ── put ──► [ message | message | … ] ──► get ── your thread
            ◄─ "full" ─┘                         └─ "room again" ─►

Whoever waits is woken by the end; nobody waits on it for ever. Knows nothing of sockets.
"""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable

from wsdemo.net.doorbell import Doorbell, doorbell
from wsdemo.protocol.errors import ConnectionClosed


class Inbox:
    """A queue of messages with a bound on their number and on their size.

    ``room()`` is called, from the thread that made the room, when a full inbox can take messages again.
    """

    __slots__ = ("_bell", "_bound", "_ended", "_full", "_lock", "_messages", "_most", "_room", "_size")

    def __init__(self, messages: int, size: int, room: Callable[[], object]) -> None:
        self._most = messages
        self._bound = size
        self._room = room
        self._lock = threading.RLock()  # guards all that follows
        self._messages: collections.deque[str | bytes] = collections.deque()
        self._size = 0  # of all of them
        self._full = False  # `room` is waited for
        self._ended: tuple[int, str] | None = None
        self._bell: Doorbell | None = None  # made when somebody has to wait

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: str | bytes) -> bool:
        """Add a message; false: the inbox is full now, and `room` will be called. Reactor's thread only."""
        with self._lock:
            self._messages.append(message)
            self._size += len(message)
            if len(self._messages) >= self._most or self._size >= self._bound:
                self._full = True
            room, bell = not self._full, self._bell
            if bell is not None and len(self._messages) > bell.waiting:  # who waited is awake already
                bell = None
        if bell is not None:
            bell.ring()
        return room

    def end(self, code: int, reason: str) -> None:
        """No more messages will come: `get` hands out what there is, then raises ConnectionClosed."""
        with self._lock:
            if self._ended is None:
                self._ended = (code, reason)
                if self._bell is not None:
                    self._bell.ring(self._bell.waiting)
                    self._tidy()

    def get(self, timeout: float | None = None) -> str | bytes:
        """The next message, waiting ``timeout`` seconds for it (``None``: as long as it takes).

        Raises TimeoutError, and ConnectionClosed when all messages are taken and no more will come.
        """
        with self._lock:
            if not self._messages:
                self._wait(timeout)
            message = self._messages.popleft()
            self._size -= len(message)
            room = self._full and self._has_room()
            if room:
                self._full = False
        if room:
            self._room()
        return message

    def _wait(self, timeout: float | None) -> None:
        """Wait for a message; the caller holds the lock."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if self._bell is None and self._ended is None:
            self._bell = doorbell(self._lock)
        bell = self._bell
        try:
            while not self._messages:
                if self._ended is not None or bell is None:
                    assert self._ended is not None
                    raise ConnectionClosed(*self._ended)
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError(f"no message within {timeout:g} seconds")
                bell.wait(left)
        except BaseException:
            if self._messages and bell is not None and bell.waiting:  # woken, and interrupted: another may go
                bell.ring()
            raise
        finally:
            self._tidy()

    def _tidy(self) -> None:
        """After the end, and when the last who waited has left: the bell goes."""
        if self._ended is not None and self._bell is not None and not self._bell.waiting:
            self._bell.close()
            self._bell = None

    def _has_room(self) -> bool:
        return len(self._messages) <= self._most // 2 and self._size <= self._bound // 2
