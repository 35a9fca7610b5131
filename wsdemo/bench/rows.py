"""What is claimed: the rows of the table, in its order, and the goal of each.

A goal compares us with a peer of the same run, or with a number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from wsdemo.bench import measures
from wsdemo.bench.measures import JSON, LINE
from wsdemo.bench.peers import PEERS
from wsdemo.bench.served import Contestant, Served

NO_NUMPY: Final = Contestant("wsdemo without NumPy", "wsdemo", hidden=("numpy",))
NO_C: Final = Contestant("aiohttp without C", "aiohttp", environment=(("AIOHTTP_NO_EXTENSIONS", "1"),))


class Goal(NamedTuple):
    """At most, or at least, so much: of ``by`` in the same run, or of the row's unit."""

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

    ``once``: a count, the same every time. ``together``: server and client share one processor, where the
    system can say so; else a round trip measures how long an idle one takes to wake up (4 times as long).
    """

    key: str
    title: str
    unit: str
    contestants: tuple[Contestant, ...]
    measure: Callable[[Served, bool], float]
    goals: tuple[Goal, ...]
    once: bool = False
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
        _plain(*PEERS),
        measures.round_trip,
        (Goal(most=1.20, by="tcp"),),
        together=True,
    ),
    Row(
        "pipelined",
        "echo, 100 in flight",
        "messages/s",
        _plain("tcp", "wsdemo", "websockets", "aiohttp", "picows", "wsproto"),
        measures.pipelined,
        (Goal(least=0.35, by="tcp"), Goal(least=2.5, by="picows"), Goal(least=8, by="websockets")),
        together=True,
    ),
    Row(
        "large",
        "64 KiB binary echo",
        "MB/s",
        (*_plain("tcp", "wsdemo"), NO_NUMPY, *_plain("websockets", "aiohttp", "picows", "wsproto")),
        measures.large,
        (Goal(least=0.25, by="tcp", ours=NO_NUMPY.name), Goal(least=0.60, by="tcp")),
    ),
    Row(
        "bytes",
        "1 MiB binary echo, CPU per byte",
        "ns",
        (*_plain("tcp", "wsdemo"), NO_NUMPY, NO_C),
        measures.cpu_per_byte,
        (Goal(most=1.9, ours=NO_NUMPY.name), Goal(most=1.0, by=NO_C.name, ours=NO_NUMPY.name)),
    ),
    Row(
        "fanout-1000",
        "64 B to 1,000 clients",
        "ms",
        _crowd("tcp", "wsdemo", "websockets", "aiohttp", "picows"),
        partial(measures.fan_out, LINE, 1000),
        (Goal(most=1.20, by="tcp"), Goal(most=0.80, by="websockets")),
    ),
    Row(
        "fanout-5000",
        "64 B to 5,000 clients",
        "ms",
        _crowd("tcp", "wsdemo", "websockets"),
        partial(measures.fan_out, LINE, 5000),
        (Goal(most=1.20, by="tcp"), Goal(most=0.80, by="websockets")),
    ),
    Row(
        "memory",
        "memory of one of 5,000 idle connections",
        "KiB",
        _crowd("wsdemo", "websockets", "aiohttp", "picows"),
        measures.idle_memory,
        (Goal(most=2.5),),
        once=True,
    ),
    Row(
        "memory-compressed",
        "the same with compression negotiated",
        "KiB",
        _crowd("wsdemo", "websockets", "aiohttp", compressed=True),
        measures.idle_memory,
        (Goal(most=8),),
        once=True,
    ),
    Row(
        "handshakes",
        "handshakes",
        "per second",
        _plain("tcp", "wsdemo", "websockets", "aiohttp", "picows"),
        measures.handshakes,
        (Goal(least=3, by="tcp"),),
    ),
    Row(
        "handshake-cpu",
        "handshakes, CPU each",
        "µs",
        _plain("tcp", "wsdemo", "websockets", "aiohttp", "picows"),
        measures.handshake_cpu,
        (Goal(most=75),),
    ),
    Row(
        "same-process",
        "send → recv in one process",
        "µs",
        _plain("tcp", "wsdemo", "websockets.sync"),
        measures.same_process,
        (Goal(most=2.0, by="tcp"), Goal(most=0.40, by="websockets.sync")),
        together=True,
    ),
    Row(
        "compressed",
        "500-byte JSON, compressed, 100 in flight",
        "messages/s",
        _compressed("wsdemo", "websockets", "aiohttp"),
        partial(measures.compressed_echoes, measures.IN_FLIGHT),
        (Goal(least=2.0, by="websockets"),),
        together=True,
    ),
    Row(
        "compressed-alone",
        "500-byte JSON, compressed, one at a time",
        "messages/s",
        _compressed("wsdemo", "websockets", "aiohttp"),
        partial(measures.compressed_echoes, 1),
        (Goal(least=1.2, by="websockets"),),
        together=True,
    ),
    Row(
        "broadcast-compressed",
        "500-byte JSON to 1,000, compressed",
        "ms",
        (
            Contestant("wsdemo", "wsdemo", compressed=True, crowd=True),
            Contestant("wsdemo uncompressed", "wsdemo", crowd=True),
            Contestant("websockets", "websockets", compressed=True, crowd=True),
        ),
        partial(measures.fan_out, JSON, 1000),
        (Goal(most=1.15, by="wsdemo uncompressed"),),
    ),
    Row("import", "import wsdemo, CPU", "ms", _plain("wsdemo"), measures.import_time, (Goal(most=60),)),
)
