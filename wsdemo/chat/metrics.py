"""Metrics of the chat, for a Prometheus that asks at ``/metrics``.

::

    # HELP wsdemo_chat_messages_total Messages of the protocol.
    # TYPE wsdemo_chat_messages_total counter
    wsdemo_chat_messages_total{way="received",type="publish"} 1207

The text exposition format, version 0.0.4. Metrics are computed when they are asked for, from counters that
are there anyway; the log alone is timed. Labels have few values, and never one that a client chooses.
"""

from __future__ import annotations

import bisect
import collections
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from wsdemo.net.counts import Counts
from wsdemo.patterns.entries import Done, Log, Outcome, Page, Post
from wsdemo.patterns.figures import MessageCounts

TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
PREFIX: Final = "wsdemo_chat"
BROKER_UP: Final = "1: the other nodes can be reached; 0: this one is alone."
#: The upper bounds of histograms: seconds, and posts.
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
POSTS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)

#: Close codes of our own: 4000 and the HTTP status that it would have been.
OWN_CODES: Final = frozenset((4400, 4401, 4403, 4408, 4409, 4413, 4426, 4429))

Labels = Mapping[str, object]
Sample = tuple[str, Labels, float]


class Histogram:
    """Values counted by bounds. One thread adds them, any may read.

    >>> histogram = Histogram((1.0, 2.0))
    >>> histogram.add(0.5); histogram.add(5.0)
    >>> [int(value) for _, _, value in histogram.samples()]  # up to 1, up to 2, all; their number, their sum
    [1, 1, 2, 2, 5]
    """

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect.bisect_left(self._bounds, value)] += 1
        self._sum += value

    def samples(self) -> Iterator[Sample]:
        """The samples, with the endings of their names."""
        total, counts = 0, self._counts.copy()
        for bound, count in zip((*self._bounds, "+Inf"), counts, strict=True):
            total += count
            yield "_bucket", {"le": bound}, total
        yield "_count", {}, total
        yield "_sum", {}, self._sum


class MeasuredLog:
    """A log, and the time from each post to its outcome. ``make``: makes the log, of (done, call).

    ``clock``: seconds that never go back.
    """

    def __init__(
        self,
        make: Callable[[Done, Callable[..., object]], Log],
        done: Done,
        call: Callable[..., object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.confirm, self.batch = Histogram(SECONDS), Histogram(POSTS)
        self._done, self._clock = done, clock
        self._waiting: dict[tuple[str, int], float] = {}
        self.log = make(self._outcomes, call)

    @property
    def waiting(self) -> int:
        """Posts without an outcome."""
        return len(self._waiting)

    @property
    def epoch(self) -> str:
        """See `Log`, as all that follows."""
        return self.log.epoch

    @property
    def durable(self) -> bool:
        return self.log.durable

    def append(self, post: Post) -> bool:
        self._waiting[post.device, post.n] = self._clock()  # before: a log in memory answers at once
        taken = self.log.append(post)
        if not taken:
            self._waiting.pop((post.device, post.n), None)
        return taken

    def read(self, channel: str, after: int, size: int, then: Callable[[Page | None], object]) -> bool:
        return self.log.read(channel, after, size, then)

    def last(self, device: str, then: Callable[[int | None], object]) -> bool:
        return self.log.last(device, then)

    def close(self) -> None:
        self.log.close()

    def _outcomes(self, outcomes: list[Outcome]) -> None:
        now = self._clock()
        for outcome in outcomes:
            begun = self._waiting.pop((outcome.post.device, outcome.post.n), None)
            if begun is not None:
                self.confirm.add(now - begun)
        self.batch.add(len(outcomes))
        self._done(outcomes)


def text(metrics: Iterable[tuple[str, str, str, Iterable[Sample]]]) -> str:
    """Metrics as (name, type, help, samples) in the exposition format.

    >>> print(text([("lag_seconds", "gauge", "Late timers.", [("", {"node": 'a"b'}, 0.5)])]), end="")
    # HELP wsdemo_chat_lag_seconds Late timers.
    # TYPE wsdemo_chat_lag_seconds gauge
    wsdemo_chat_lag_seconds{node="a\\"b"} 0.5
    """
    lines = []
    for name, kind, about, samples in metrics:
        whole = f"{PREFIX}_{name}"
        lines += [f"# HELP {whole} {about}", f"# TYPE {whole} {kind}"]
        lines += [f"{whole}{ending}{_labels(labels)} {value!r}" for ending, labels, value in samples]
    return "\n".join(lines) + "\n"


def collect(
    counts: Counts,
    connections: int,
    lag: float,
    figures: MessageCounts,
    log: MeasuredLog,
    commit: Histogram,
    broker_up: bool | None = None,
) -> str:
    """All metrics of a chat, as text.

    ``commit``: the seconds of the log's transactions; ``broker_up``: None where there is no broker.
    """
    messages = [
        ("", {"way": way, "type": kind}, number)
        for way, by_type in (("received", figures.received), ("sent", figures.sent))
        for kind, number in sorted(by_type.items())
    ]
    failing = bool(getattr(log.log, "failing", ""))
    return text(
        [
            ("connections", "gauge", "Open connections.", _one(connections)),
            ("opened_total", "counter", "Connections that were opened.", _one(counts.opened)),
            ("refused_total", "counter", "Requests that were refused.", _by("status", counts.refused)),
            ("closed_total", "counter", "Connections that have ended.", _by("code", _known(counts.closed))),
            ("messages_total", "counter", "Messages of the protocol.", messages),
            ("received_bytes_total", "counter", "Bytes on the wire, in.", _one(counts.bytes_received)),
            ("sent_bytes_total", "counter", "Bytes on the wire, out.", _one(counts.bytes_sent)),
            ("missed_total", "counter", "Volatile messages that slow members missed.", _one(figures.missed)),
            ("errors_total", "counter", "Errors of the server.", _one(counts.errors)),
            ("log_commit_seconds", "histogram", "Transactions of the message log.", commit.samples()),
            ("log_confirm_seconds", "histogram", "From a post to its outcome.", log.confirm.samples()),
            ("log_batch_posts", "histogram", "Outcomes that came together.", log.batch.samples()),
            ("log_waiting_posts", "gauge", "Posts without an outcome.", _one(log.waiting)),
            ("log_up", "gauge", "1: the log takes posts; 0: its last transaction failed.", _one(not failing)),
            ("lag_seconds", "gauge", "How late timers were: a handler that blocks.", _one(lag)),
            *([] if broker_up is None else [("broker_up", "gauge", BROKER_UP, _one(broker_up))]),
        ]
    )


def _one(value: float) -> list[Sample]:
    return [("", {}, float(value))]


def _by(label: str, numbers: Mapping[Any, int]) -> list[Sample]:
    return [("", {label: key}, float(number)) for key, number in sorted(numbers.items())]


def _known(closed: Mapping[int, int]) -> Mapping[str, int]:
    """Ended connections by close code; a client may choose any from 3000 on: such are "other"."""
    found: collections.Counter[str] = collections.Counter()
    for code, number in closed.items():
        found[str(code) if code < 3000 or code in OWN_CODES else "other"] += number
    return found


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    escapes = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    return "{" + ",".join(f'{name}="{str(value).translate(escapes)}"' for name, value in labels.items()) + "}"
