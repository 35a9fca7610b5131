"""The claims: the rows of the table, in its order, and the goal of each.

A goal compares us with a peer of the same run, or with a number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from wsdemo.bench import measures
from wsdemo.bench.measures import LINE, TEXTS
from wsdemo.bench.peers import PEERS
from wsdemo.bench.served import Contestant, Served

NO_NUMPY: Final = Contestant("wsdemo without NumPy", "wsdemo", hidden=("numpy",))
NO_C: Final = Contestant("aiohttp without C", "aiohttp", environment=(("AIOHTTP_NO_EXTENSIONS", "1"),))
TIMEOUT: Final = Contestant("wsdemo recv(timeout=…)", "wsdemo-timeout")
THREADED: Final = Contestant("wsdemo threaded", "wsdemo-threaded")


class Goal(NamedTuple):
    """At most, or at least: times ``by`` in the same run, or in the row's unit."""

    most: float | None = None
    least: float | None = None
    by: str = ""
    ours: str = "wsdemo"

    def __str__(self) -> str:
        bound = f"≤ {self.most:g}" if self.most is not None else f"≥ {self.least:g}"
        return f"{bound} × {self.by}" if self.by else bound

    def met(self, value: float) -> bool:
        """Whether a value, or a ratio, keeps to it.

        >>> Goal(most=1.2, by="tcp").met(1.1), Goal(least=8, by="websockets").met(7.5)
        (True, False)
        """
        return value <= self.most if self.most is not None else value >= (self.least or 0.0)


class Row(NamedTuple):
    """One line of the table.

    ``beside``: the contestant with whom all values are compared, or none. ``fresh``: each round has new
    servers, because a round changes them. ``together``: server and client share one processor, where the
    system can do that; else the round trip of a small message measures the time in which an idle processor
    wakes up (4 times as long).
    """

    key: str
    title: str
    unit: str
    contestants: tuple[Contestant, ...]
    measure: Callable[[Served, bool], float]
    goals: tuple[Goal, ...]
    beside: str = ""
    fresh: bool = False
    together: bool = False


def _plain(*names: str) -> tuple[Contestant, ...]:
    return tuple(Contestant(name, name) for name in names)


def _crowd(*names: str, compressed: bool = False) -> tuple[Contestant, ...]:
    return tuple(Contestant(name, name, compressed, crowd=True) for name in names)


def _compressed(*names: str) -> tuple[Contestant, ...]:
    return tuple(Contestant(name, name, compressed=True) for name in names)


ROWS: Final[tuple[Row, ...]] = (
    Row(
        "echo",
        "echo round trip, p50",
        "µs",
        _plain("tcp", "wsdemo", *(name for name, peer in PEERS.items() if peer.needs)),
        measures.round_trip,
        (Goal(most=1.12, by="tcp"),),
        beside="tcp",
        together=True,
    ),
    Row(
        "pipelined",
        "echo, 100 in flight",
        "messages/s",
        _plain("tcp-buffered", "wsdemo", "websockets", "aiohttp", "picows", "wsproto"),
        measures.pipelined,
        (Goal(least=0.42, by="tcp-buffered"), Goal(least=3.5, by="picows")),
        beside="tcp-buffered",
        together=True,
    ),
    Row(
        "large",
        "64 KiB binary echo",
        "MB/s",
        (*_plain("tcp", "wsdemo"), NO_NUMPY, *_plain("websockets", "aiohttp", "picows", "wsproto")),
        measures.large,
        (Goal(least=0.30, by="tcp", ours=NO_NUMPY.name), Goal(least=0.70, by="tcp")),
        beside="tcp",
    ),
    Row(
        "bytes",
        "1 MiB binary echo, CPU per byte",
        "ns",
        (*_plain("tcp", "wsdemo"), NO_NUMPY, NO_C),
        measures.cpu_per_byte,
        (Goal(most=1.3, ours=NO_NUMPY.name),),
        beside="tcp",
    ),
    Row(
        "fanout-1000",
        "64 B to 1,000 clients, read",
        "ms",
        _crowd("tcp", "wsdemo", "websockets", "aiohttp", "picows"),
        partial(measures.fan_out, LINE, 1000),
        (Goal(most=1.12, by="tcp"),),
        beside="tcp",
    ),
    Row(
        "fanout-5000",
        "64 B to 5,000 clients, read",
        "ms",
        _crowd("tcp", "wsdemo", "websockets"),  # a fourth would need more open files than most systems allow
        partial(measures.fan_out, LINE, 5000),
        (Goal(most=1.12, by="tcp"),),
        beside="tcp",
    ),
    Row(
        "memory",
        "memory of one of 5,000 idle connections",
        "KiB",
        _crowd("wsdemo", "websockets", "aiohttp", "picows"),
        measures.idle_memory,
        (Goal(most=1.4),),
        fresh=True,
    ),
    Row(
        "memory-compressed",
        "the same with compression negotiated",
        "KiB",
        _crowd("wsdemo", "websockets", "aiohttp", compressed=True),
        measures.idle_memory,
        (Goal(most=8),),
        fresh=True,
    ),
    Row(
        "opening",
        "an opening, CPU",
        "µs",
        _plain("wsdemo", "websockets", "aiohttp", "picows"),
        measures.opening_cpu,
        (Goal(most=0.42, by="picows"),),
        beside="picows",
    ),
    Row(
        "opening-closing",
        "an opening and its closing, CPU",
        "µs",
        _plain("wsdemo", "websockets", "aiohttp", "picows"),
        measures.opening_and_closing_cpu,
        (Goal(most=0.88, by="picows"),),
        beside="picows",
    ),
    Row(
        "same-process",
        "send and recv() in one process",
        "µs",
        (*_plain("tcp", "wsdemo"), TIMEOUT, THREADED, *_plain("websockets.sync")),
        measures.same_process,
        (Goal(most=2.0, by="tcp"), Goal(most=2.0, by="tcp", ours=TIMEOUT.name)),
        beside="tcp",
        together=True,
    ),
    Row(
        "compressed",
        "100 JSON texts, compressed, all in flight",
        "messages/s",
        _compressed("wsdemo", "websockets", "aiohttp"),
        partial(measures.compressed_echoes, len(TEXTS)),
        (Goal(least=2.0, by="websockets"),),
        beside="websockets",
        together=True,
    ),
    Row(
        "compressed-alone",
        "100 JSON texts, compressed, one at a time",
        "messages/s",
        _compressed("wsdemo", "websockets", "aiohttp"),
        partial(measures.compressed_echoes, 1),
        (Goal(least=1.2, by="websockets"),),
        beside="websockets",
        together=True,
    ),
    Row(
        "broadcast-compressed",
        "500-byte JSON to 1,000, compressed, read",
        "ms",
        (
            Contestant("wsdemo", "wsdemo", compressed=True, crowd=True),
            Contestant("wsdemo uncompressed", "wsdemo", crowd=True),
            Contestant("websockets", "websockets", compressed=True, crowd=True),
        ),
        partial(measures.fan_out, TEXTS[0], 1000),
        (Goal(most=1.05, by="wsdemo uncompressed"),),
        beside="wsdemo uncompressed",
    ),
    Row("import", "import wsdemo, CPU", "ms", _plain("wsdemo"), measures.import_time, (Goal(most=40),)),
)
