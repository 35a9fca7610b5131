"""The cost of a lost segment: everything behind it on its connection waits (head-of-line blocking).

::

    HTTP/1.1, two connections      a ──1─2─✗ · · · · 3─4─5─6──►    waits for what was lost
                                   b ──1─2─3─4─5─6───────────►     hears nothing of it

    HTTP/2, one connection         a ──1─2─✗ · · · · 3─4─5─6──►
                                   b ──1─2─· · · · · 3─4─5─6──►    waits too: nothing of its own is lost

TCP hands on bytes in order. So a segment that is lost holds back all behind it until it has come again: after
a round trip where enough follows it, else after a timeout, on Linux 200 ms or more (RFC 6298 §2.4: 1 s).
Here a proxy holds the bytes of one connection back for such a time, which is all that the programs at both
ends see of a loss. A WebSocket is one connection, too. Only streams without an order among each other avoid
this: those of QUIC, below HTTP/3 and WebTransport.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from wsdemo.proxy.chaos import Chaos
from wsdemo.record.facts import TO_CLIENT
from wsdemo.rivals import tables
from wsdemo.rivals.audience import PATIENCE, Audience
from wsdemo.rivals.clients import TwoStreams, number_of
from wsdemo.rivals.measuring import machine
from wsdemo.rivals.news import Publisher, clock, events
from wsdemo.rivals.ways import WAYS, Way, usable

#: Name of the variant → the way that serves it.
VARIANTS: Final = {
    "HTTP/1.1, two connections": "SSE, Starlette",
    "HTTP/2, one connection": "SSE, HTTP/2",
}


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One of two listeners to the same news. Times in seconds on `news.clock`."""

    variant: str
    name: str  #: "a", which the lost segment was sent to, or "b"
    stall: tuple[float, float]  #: start and end of the time in which nothing arrived for "a"
    due: tuple[float, ...] = field(repr=False)  #: the times of the events
    heard: tuple[float, ...] = field(repr=False)  #: the times at which they were heard

    @property
    def delays(self) -> tuple[float, ...]:
        """Seconds from each event until it was heard."""
        return tuple(heard - due for due, heard in zip(self.due, self.heard, strict=True))

    @property
    def within(self) -> int:
        """Events that happened during the stall."""
        return sum(self._in_stall(due) for due in self.due)

    @property
    def held(self) -> int:
        """Those of them that were heard only when it was over."""
        pairs = zip(self.due, self.heard, strict=True)
        return sum(self._in_stall(due) and heard >= self.stall[1] for due, heard in pairs)

    def _in_stall(self, moment: float) -> bool:
        start, end = self.stall
        return start <= moment < end


@dataclass(frozen=True, slots=True)
class Loss:
    """The outcome of `measure`: ``loss["HTTP/2, one connection", "b"]`` is one listener."""

    listeners: tuple[Subscriber, ...]
    hold: float  #: seconds
    machine: str

    def __repr__(self) -> str:
        variants = dict.fromkeys(listener.variant for listener in self.listeners)
        return f"<Loss: {'; '.join(variants)}; {self.hold:g} s>"

    def __getitem__(self, key: tuple[str, str]) -> Subscriber:
        for listener in self.listeners:
            if (listener.variant, listener.name) == key:
                return listener
        raise KeyError(key)

    def __iter__(self) -> Iterator[Subscriber]:
        return iter(self.listeners)

    @property
    def delays(self) -> dict[str, Sequence[float]]:
        """Seconds by listener, as charts take them."""
        return {f"{one.variant}: {one.name}": one.delays for one in self.listeners}

    def rows(self) -> list[dict[str, tables.Value]]:
        """One row per listener."""
        return [
            {
                "variant": listener.variant,
                "listener": listener.name,
                "events in the stall": listener.within,
                "heard after it": listener.held,
                "latest ms": max(listener.delays) * 1000,
            }
            for listener in self.listeners
        ]

    def table(self) -> str:
        """The rows as text, and the conditions below."""
        conditions = (
            f"a proxy held the bytes to listener a back for {self.hold * 1000:g} ms, as a lost segment does; "
            f"loopback; {self.machine}"
        )
        return f"{tables.table(self.rows())}\n\n{tables.paragraph(conditions)}"


def measure(*, hold: float = 0.3, count: int = 60, rate: float = 60.0, seed: int = 1) -> Loss:
    """Tell ``count`` events to two listeners, and hold those to one of them back for ``hold`` seconds.

    The stall begins when a third of the events is heard. A variant whose packages are not installed is left
    out, with a line that names them. Raises ValueError for values that can't be, TimeoutError where events
    don't arrive.
    """
    if not hold > 0 or count < 10:
        raise ValueError(f"hold {hold:g} s, {count} events; expected more than 0, and at least 10")
    ways = usable(VARIANTS.values())
    found = [
        listener
        for variant, name in VARIANTS.items()
        if name in ways
        for listener in _measure(variant, WAYS[name], hold, count, rate, seed)
    ]
    return Loss(tuple(found), hold, machine())


def _measure(variant: str, way: Way, hold: float, count: int, rate: float, seed: int) -> list[Subscriber]:
    """Measure one variant: both listeners connect, hear all events, and leave."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(way.server())
        network, audiences = _listeners(variant, way, server.port, stack)
        for audience in audiences:
            audience.listening(PATIENCE)
        publisher = Publisher(events(count, rate, seed), server.publish)
        stack.callback(publisher.stop)
        publisher.start()
        first, total = audiences[0], count * 2 // len(audiences)
        _wait(first, total // 3)
        network.freeze(TO_CLIENT)
        start = clock()
        threading.Event().wait(hold)
        stall = start, clock()
        network.thaw(TO_CLIENT)
        for audience in audiences:
            _wait(audience, total)
        heard = [
            (which + one.client, number_of(one.text), one.time)
            for which, audience in enumerate(audiences)
            for one in audience.heard
        ]
    return [
        Subscriber(
            variant,
            name,
            stall,
            tuple(publisher.times),
            tuple(time for _, time in sorted((event, time) for who, event, time in heard if who == place)),
        )
        for place, name in enumerate(("a", "b"))
    ]


def _listeners(
    variant: str, way: Way, port: int, stack: contextlib.ExitStack
) -> tuple[Chaos, list[Audience]]:
    """Both listeners, as far as that takes one connection or two; and the network of the first."""
    connections = 1 if variant.startswith("HTTP/2") else 2
    client: Any = TwoStreams if connections == 1 else way.client
    networks = [stack.enter_context(Chaos("127.0.0.1", port)) for _ in range(connections)]
    shared = replace(way, client=client)
    return networks[0], [stack.enter_context(Audience(shared, network.port)) for network in networks]


def _wait(audience: Audience, count: int) -> None:
    if not audience.wait(count, PATIENCE):
        raise TimeoutError(f"{len(audience.heard)} of {count} events heard after {PATIENCE:g} seconds")
