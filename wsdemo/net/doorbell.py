"""Waking a thread that waits: a condition, by way of the kernel where that can be.

::

    your thread ── wait ──► sleeps ──────► goes on
    reactor     ── ring ───────┘

Why not `threading.Condition` everywhere: a thread that waits for a lock is woken while the one that wakes it
still holds the interpreter. It runs, cannot go on, and sleeps again. A system call lets go of the interpreter
before it wakes anybody: 11 µs for the hop from thread to thread, against 22. Knows nothing of messages.
"""

from __future__ import annotations

import os
import select
import threading
from typing import Any, Final, Protocol

#: Seconds that one wait lasts at most. On Windows a waiting thread can't be interrupted by Ctrl-C.
LONGEST: Final = 0.25 if os.name == "nt" else 3600.0


class Doorbell(Protocol):
    """A condition around an RLock that is given. Who was woken looks again: it may have been for nothing."""

    waiting: int  #: threads in `wait`; changes under the lock only

    def wait(self, timeout: float | None) -> None:
        """Let go of the lock, wait for `ring`, not longer than so many seconds, and take the lock again."""

    def ring(self, count: int = 1) -> None:
        """Wake so many of those who wait. Better without the lock, which they need to go on."""

    def close(self) -> None:
        """Nobody waits, and nobody will."""


class Portable:
    """By the standard library's condition: whatever this system has."""

    def __init__(self, lock: Any) -> None:
        self.waiting = 0
        self._condition = threading.Condition(lock)

    def wait(self, timeout: float | None) -> None:
        """See `Doorbell`."""
        self.waiting += 1
        try:
            self._condition.wait(LONGEST if timeout is None else min(timeout, LONGEST))
        finally:
            self.waiting -= 1

    def ring(self, count: int = 1) -> None:
        """See `Doorbell`."""
        with self._condition:
            self._condition.notify(count)

    def close(self) -> None:
        """See `Doorbell`."""


class EventFd:
    """By Linux's ``eventfd``: how often it was rung, counted in the kernel; each who wakes takes one away."""

    def __init__(self, lock: Any) -> None:
        self.waiting = 0
        self._lock = lock
        self._fd: int = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC | os.EFD_SEMAPHORE)

    def __del__(self) -> None:
        self.close()

    def wait(self, timeout: float | None) -> None:
        """See `Doorbell`."""
        fd = self._fd
        poll = select.poll()  # one serves one thread at a time
        poll.register(fd, select.POLLIN)
        self.waiting += 1
        self._lock.release()
        try:
            if poll.poll(1000 * (LONGEST if timeout is None else min(timeout, LONGEST))):
                os.eventfd_read(fd)
        except BlockingIOError:
            pass  # somebody else was faster
        finally:
            self._lock.acquire()
            self.waiting -= 1

    def ring(self, count: int = 1) -> None:
        """See `Doorbell`."""
        os.eventfd_write(self._fd, count)

    def close(self) -> None:
        """See `Doorbell`."""
        fd, self._fd = getattr(self, "_fd", -1), -1
        if fd >= 0:
            os.close(fd)


def doorbell(lock: Any) -> Doorbell:
    """The best one here; the portable one too where no file descriptor is left."""
    if hasattr(os, "eventfd"):
        try:
            return EventFd(lock)
        except OSError:
            pass
    return Portable(lock)
