"""The messages of one connection that wait for a thread to take them: bounded, and it can be closed.

::

    reactor ── put ──► [ message | message | … ] ──► get ── your thread
            ◄─ "full" ─┘                         └─ "room again" ─►

The end wakes every thread that waits, so none waits for ever. Knows nothing of sockets.
"""

from __future__ import annotations

import math
import os
import queue
import threading
from collections.abc import Callable
from typing import Final

from wsdemo.net.waiting import LONGEST
from wsdemo.protocol.errors import ConnectionClosed
from wsdemo.protocol.sending import payload_size

#: Seconds for which one wait lasts; on Windows a waiting thread can't be interrupted by Ctrl-C.
SLICE: Final = 0.25 if os.name == "nt" else None


class Inbox:
    """A queue of messages with a bound on their number and on their size.

    ``room()`` is called, from the thread that made the room, when a full inbox can take messages again.
    A SimpleQueue, not a Queue: it is written in C (29 µs for an echo in one process, against 42).
    """

    __slots__ = ("_ended", "_full", "_lock", "_messages", "_most", "_queue", "_put", "_room", "_taken")

    def __init__(self, messages: int, size: int, room: Callable[[], object]) -> None:
        self._queue: queue.SimpleQueue[str | bytes | None] = queue.SimpleQueue()
        self._messages = messages
        self._most = size
        self._room = room
        self._put = 0  # bytes put, written by the reactor's thread only
        self._lock = threading.Lock()  # guards the next two
        self._taken = 0  # bytes taken
        self._full = False
        self._ended: tuple[int, str, BaseException | None] | None = None

    def __len__(self) -> int:
        return max(0, self._queue.qsize() - (self._ended is not None))

    def put(self, message: str | bytes) -> bool:
        """Add a message; false: the inbox is full now, and `room` will be called. Reactor's thread only."""
        self._put += payload_size(message)
        self._queue.put(message)
        if self._queue.qsize() < self._messages and self._put - self._taken < self._most:
            return True
        with self._lock:  # only `get` ends it, and calls `room`
            self._full = self._full or not self._has_room()
            return not self._full

    @property
    def full(self) -> bool:
        """Whether it was full and has had no room since: a call of `room` may be older than that."""
        return self._full

    def end(self, code: int, reason: str, why: BaseException | None = None) -> None:
        """No more messages will come: `get` gives the rest, then ConnectionClosed from ``why``."""
        if self._ended is None:
            self._ended = (code, reason, why)
            self._queue.put(None)

    def get(self, timeout: float | None = None) -> str | bytes:
        """The next message, waiting ``timeout`` seconds for it (``None`` or ``math.inf``: without end).

        Raises TimeoutError, and ConnectionClosed when all messages are taken and no more will come.
        """
        try:
            # As short as it can be: a reactor that our `send` has woken, and that finds the GIL held by this
            # thread, waits for it, which is one switch more (5 µs of an echo's 21).
            if timeout is not None and timeout <= LONGEST:
                message = self._queue.get(timeout=timeout if timeout > 0 else 0)
            else:
                message = self._in_slices(timeout)
        except queue.Empty:
            raise TimeoutError(f"no message within {timeout:g} seconds") from None
        if message is None:
            assert self._ended is not None
            self._queue.put(None)  # for the next thread that asks
            code, reason, why = self._ended
            raise ConnectionClosed(code, reason) from why
        with self._lock:
            self._taken += payload_size(message)
            again = self._full and self._has_room()
            if again:
                self._full = False
        if again:
            self._room()
        return message

    def _in_slices(self, timeout: float | None) -> str | bytes | None:
        """Wait without end, or longer than one wait may last. Raises queue.Empty when the time is over."""
        remaining = math.inf if timeout is None else timeout
        while remaining > 0:
            part = SLICE if timeout is None else min(LONGEST, remaining)
            try:
                return self._queue.get(timeout=part)
            except queue.Empty:
                remaining -= part or 0
        raise queue.Empty

    def _has_room(self) -> bool:
        return self._queue.qsize() <= self._messages // 2 and self._put - self._taken <= self._most // 2
