"""Waiting without sleeping: for an event, with a deadline."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from typing import Any

from wsdemo.net.reactor import Reactor

#: Seconds for anything that must happen to happen, on a busy machine too.
DEADLINE = 60.0


class Seen:
    """What handlers saw, in order: call it to add, `next` to take."""

    def __init__(self) -> None:
        self._things: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def __call__(self, *things: Any) -> None:
        self._things.put(things[0] if len(things) == 1 else things)

    def next(self, timeout: float = DEADLINE) -> Any:
        return self._things.get(timeout=timeout)

    def until(self, wanted: Callable[[Any], bool]) -> Any:
        """The next thing that is wanted; the ones before are passed over."""
        while not wanted(thing := self.next()):
            pass
        return thing

    def empty(self) -> bool:
        return self._things.empty()


def turn(reactor: Reactor) -> None:
    """Wait until the reactor has done all that it was asked for before this call."""
    done = threading.Event()
    reactor.call_soon(done.set)
    assert done.wait(DEADLINE), "the reactor's thread does not answer"


def turn_until(reactor: Reactor, condition: Callable[[], object]) -> None:
    """Let the reactor turn until the condition holds."""
    deadline = reactor.now + DEADLINE
    while not condition():
        turn(reactor)
        assert reactor.now < deadline, "it did not come to pass"


def open_files() -> int:
    """How many file descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))
