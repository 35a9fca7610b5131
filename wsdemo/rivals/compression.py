"""The effect of permessage-deflate on real streams of messages: their size, CPU time and memory.

::

    stream      messages of a chat, a ticker, a field of sensors; and bytes that can't be compressed
    settings    level × window bits × memory level × context takeover          (RFC 7692 §7.1)
    measured    bytes out / bytes in · CPU time for each message · memory for each connection

The compressor is the package's own, that is zlib. Memory is the amount that zlib really allocates, measured
by `tracemalloc`, while a connection has one compressor and one decompressor.
"""

from __future__ import annotations

import importlib.resources
import itertools
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from wsdemo.protocol.deflate import Deflater, Inflater
from wsdemo.protocol.limits import MiB
from wsdemo.rivals import tables
from wsdemo.rivals.measuring import machine

#: The streams that come with the package, each with a description.
STREAMS: Final = {
    "ticks": "trades of a stock exchange, JSON",
    "chat": "what people write to each other, plain text",
    "sensors": "readings of forty weather stations, JSON",
    "random": "random bytes, as everything that is encrypted or compressed looks",
}
#: Bytes of a message in the stream "random".
RANDOM_SIZE: Final = 128


@cache
def stream(name: str) -> tuple[bytes, ...]:
    """The messages of a stream that comes with the package; ValueError for another name.

    >>> stream("chat")[0], len(stream("random")[0])
    (b'morning all', 128)
    """
    if name not in STREAMS:
        raise ValueError(f"no stream is called {name!r}; there are: {', '.join(STREAMS)}")
    files = {"ticks": "ticks.jsonl", "chat": "chat.txt", "sensors": "sensors.jsonl", "random": "random.bin"}
    data = importlib.resources.files("wsdemo.rivals").joinpath("data", files[name]).read_bytes()
    if name == "random":
        return tuple(data[start : start + RANDOM_SIZE] for start in range(0, len(data), RANDOM_SIZE))
    return tuple(data.splitlines())


def cut(messages: Sequence[bytes], size: int) -> tuple[bytes, ...]:
    r"""The same text in messages of ``size`` bytes each, except for the last; ValueError for a size under 1.

    >>> cut([b"hello", b"world"], 4)
    (b'hell', b'o\nwo', b'rld')
    """
    if size < 1:
        raise ValueError(f"messages of {size} bytes, expected at least 1")
    text = b"\n".join(messages)
    return tuple(text[start : start + size] for start in range(0, len(text), size))


@dataclass(frozen=True, slots=True)
class Settings:
    """The compression of a connection in one direction."""

    level: int = 6  #: 1 fast … 9 small
    window_bits: int = 12  #: 9 to 15: the window that it may refer back to has 2 to the power of this bytes
    memory_level: int = 5  #: 1 to 9
    takeover: bool = False  #: a message may refer to those before it
    threshold: int = 0  #: messages under this size in bytes are sent uncompressed

    def __str__(self) -> str:
        kept = "context takeover" if self.takeover else "no context takeover"
        return f"level {self.level}, window {self.window_bits}, memory {self.memory_level}, {kept}"


@dataclass(frozen=True, slots=True)
class Compressed:
    """The effect of settings on a stream."""

    stream: str
    settings: Settings
    messages: int
    size: int  #: bytes of all messages
    compressed: int  #: bytes of all payloads on the wire
    deflate: float  #: seconds of CPU time to compress a message
    inflate: float  #: seconds of CPU time to decompress it
    memory: int  #: bytes that one connection keeps: a compressor and a decompressor, after use

    @property
    def ratio(self) -> float:
        """Bytes on the wire for each byte of the messages: under 1 is a gain."""
        return self.compressed / self.size

    def row(self) -> dict[str, tables.Value]:
        """As a row of a table."""
        given = self.settings
        return {
            "stream": self.stream,
            "level": given.level,
            "window bits": given.window_bits,
            "memory level": given.memory_level,
            "takeover": "yes" if given.takeover else "no",
            "ratio": self.ratio,
            "deflate µs": self.deflate * 1e6,
            "inflate µs": self.inflate * 1e6,
            "memory KiB": self.memory / 1024,
        }


@dataclass(frozen=True, slots=True)
class Grid:
    """The outcome of `grid`: one entry for each stream and settings."""

    entries: tuple[Compressed, ...]
    machine: str

    def __repr__(self) -> str:
        streams = dict.fromkeys(entry.stream for entry in self.entries)
        return f"<Grid: {', '.join(streams)}; {len(self.entries)} entries>"

    def __iter__(self) -> Iterator[Compressed]:
        return iter(self.entries)

    def select(self, stream: str, **given: int | bool) -> tuple[Compressed, ...]:
        """The entries of a stream whose settings have these values: ``select("chat", level=6)``."""
        return tuple(
            entry
            for entry in self.entries
            if entry.stream == stream
            and all(getattr(entry.settings, name) == value for name, value in given.items())
        )

    def best(self, stream: str, memory: int) -> Compressed:
        """The entry with the smallest ratio of those that keep ``memory`` bytes at most; or ValueError."""
        within = [entry for entry in self.select(stream) if entry.memory <= memory]
        if not within:
            raise ValueError(f"no settings of {stream!r} keep at most {memory} bytes")
        return min(within, key=lambda entry: (entry.ratio, entry.memory))

    def rows(self) -> list[dict[str, tables.Value]]:
        """One row for each entry."""
        return [entry.row() for entry in self.entries]

    def table(self) -> str:
        """The rows as text, and the conditions below."""
        conditions = "CPU time: best of 3 rounds over the stream; memory: what zlib allocates"
        return f"{tables.table(self.rows())}\n\n{conditions}; {self.machine}"

    def to_csv(self, path: str | Path) -> None:
        """Write the rows to a file."""
        tables.write_csv(path, self.rows())


def grid(
    streams: Sequence[str] = tuple(STREAMS),
    *,
    levels: Sequence[int] = (1, 6, 9),
    window_bits: Sequence[int] = (9, 12, 15),
    memory_levels: Sequence[int] = (1, 5, 8),
    takeover: Sequence[bool] = (False, True),
    threshold: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Grid:
    """Measure every combination of settings on every stream.

    ``streams``: names of `STREAMS`.
    ``levels``: of the compressor, 1 (fast) to 9 (small).
    ``window_bits``: 9 to 15; the window has 2 to the power of this bytes.
    ``memory_levels``: of the compressor, 1 to 9.
    ``takeover``: whether a message may refer to those before it.
    ``threshold``: bytes; smaller messages are sent uncompressed.
    ``progress``: called with (done, total) after each measurement.
    """
    all_settings = [
        Settings(*chosen, threshold)
        for chosen in itertools.product(levels, window_bits, memory_levels, takeover)
    ]
    turns = [(name, settings) for name in streams for settings in all_settings]
    entries = []
    for name, settings in turns:
        entries.append(measure(stream(name), settings, name=name))
        if progress is not None:
            progress(len(entries), len(turns))
    return Grid(tuple(entries), machine())


def measure(
    messages: Sequence[bytes],
    settings: Settings = Settings(),
    *,
    name: str = "yours",
    rounds: int = 3,
) -> Compressed:
    """Compress and decompress a stream with these settings; the CPU time is the best of ``rounds``.

    ValueError where there is nothing to compress.

    >>> measure([b"hello " * 20] * 2).compressed < 40
    True
    """
    if not messages or not any(messages):
        raise ValueError("no messages, or only empty ones: nothing to compress")
    deflate = inflate = float("inf")
    for _ in range(rounds):
        payloads, spent = _deflate(messages, settings)
        deflate = min(deflate, spent)
        inflate = min(inflate, _inflate(messages, payloads, settings))
    return Compressed(
        name,
        settings,
        len(messages),
        sum(map(len, messages)),
        sum(map(len, payloads)),
        deflate / len(messages),
        inflate / len(messages),
        memory(settings),
    )


def _deflate(messages: Sequence[bytes], settings: Settings) -> tuple[list[bytes], float]:
    """The payloads on the wire, and the CPU time that they took."""
    deflater = _deflater(settings)
    start = time.thread_time()
    payloads = [
        deflater.deflate(message) if len(message) >= settings.threshold else message for message in messages
    ]
    return payloads, time.thread_time() - start


def _inflate(messages: Sequence[bytes], payloads: Sequence[bytes], settings: Settings) -> float:
    inflater = Inflater(settings.window_bits, takeover=settings.takeover)
    start = time.thread_time()
    given = [
        inflater.inflate(payload, MiB) if len(message) >= settings.threshold else payload
        for message, payload in zip(messages, payloads, strict=True)
    ]
    spent = time.thread_time() - start
    assert given == list(messages), "what was decompressed is not what was compressed"
    return spent


def _deflater(settings: Settings) -> Deflater:
    return Deflater(
        settings.window_bits,
        takeover=settings.takeover,
        level=settings.level,
        memory_level=settings.memory_level,
    )


def memory(settings: Settings, connections: int = 5) -> int:
    """Bytes that one connection keeps to compress the messages it sends and decompress those it receives.

    Measured on ``connections``, after each has sent and received more text than a window. Without context
    takeover all connections share one compressor and keep no decompressor: close to nothing.
    """
    return _memory(
        settings.level, settings.window_bits, settings.memory_level, settings.takeover, connections
    )


@cache
def _memory(level: int, window_bits: int, memory_level: int, takeover: bool, connections: int) -> int:
    settings = Settings(level, window_bits, memory_level, takeover)
    messages = [b"%d " % number * 50 for number in range(200)]  # more than 32 KiB of text
    shared = _deflater(settings)
    for message in messages[:2]:
        shared.deflate(message)
    payloads, _ = _deflate(messages, settings)
    kept: list[Any] = []
    found = []
    for _ in range(connections):
        with _tracing() as allocated:
            deflater = _deflater(settings) if takeover else shared
            inflater = Inflater(window_bits, takeover=takeover)
            if takeover:
                for message, payload in zip(messages, payloads, strict=True):
                    deflater.deflate(message)
                    inflater.inflate(payload, MiB)
            else:
                inflater.inflate(payloads[0], MiB)
            kept.append((deflater, inflater))
            found.append(allocated())
    return max(0, round(statistics.median(found)))


class _tracing:
    """Counts the bytes allocated inside of the ``with``, and not freed."""

    def __enter__(self) -> Callable[[], int]:
        self._ours = not tracemalloc.is_tracing()
        if self._ours:
            tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        return lambda: tracemalloc.get_traced_memory()[0] - before

    def __exit__(self, *error: object) -> None:
        if self._ours:
            tracemalloc.stop()


@dataclass(frozen=True, slots=True)
class Fanout:
    """One message to many clients: compressed once for all, or once for each."""

    clients: int
    shared_cpu: float  #: seconds of CPU time to compress a message for all of them
    own_cpu: float  #: the same with a compressor for each, and context takeover
    shared_size: int  #: bytes of a message, on the wire, to all of them
    own_size: int
    shared_memory: int  #: bytes kept
    own_memory: int


@dataclass(frozen=True, slots=True)
class Fanouts:
    """The outcome of `broadcast`."""

    entries: tuple[Fanout, ...]
    stream: str
    machine: str

    def __repr__(self) -> str:
        counts = ", ".join(str(entry.clients) for entry in self.entries)
        return f"<Fanouts: {self.stream}; {counts} clients>"

    def __iter__(self) -> Iterator[Fanout]:
        return iter(self.entries)

    def rows(self) -> list[dict[str, tables.Value]]:
        """One row for each number of clients."""
        return [
            {
                "clients": entry.clients,
                "shared: CPU µs/message": entry.shared_cpu * 1e6,
                "own: CPU µs/message": entry.own_cpu * 1e6,
                "shared: bytes": entry.shared_size,
                "own: bytes": entry.own_size,
                "shared: KiB kept": entry.shared_memory / 1024,
                "own: KiB kept": entry.own_memory / 1024,
            }
            for entry in self.entries
        ]

    def table(self) -> str:
        """The rows as text, and the conditions below."""
        return f"{tables.table(self.rows())}\n\nstream {self.stream!r}; writing is not in it; {self.machine}"

    def to_csv(self, path: str | Path) -> None:
        """Write the rows to a file."""
        tables.write_csv(path, self.rows())


def broadcast(
    name: str = "ticks",
    *,
    clients: Sequence[int] = (1, 10, 100, 1000),
    messages: int = 20,
    settings: Settings = Settings(),
) -> Fanouts:
    """Compress messages of a stream for each number of clients: with one compressor, and with one for each.

    One for all is only possible without context takeover: then the same bytes are right for every client.
    """
    told = stream(name)[:messages]
    alone = Settings(settings.level, settings.window_bits, settings.memory_level, takeover=False)
    talks = Settings(settings.level, settings.window_bits, settings.memory_level, takeover=True)
    entries = []
    for count in clients:
        payloads, shared = _deflate(told, alone)
        deflaters = [_deflater(talks) for _ in range(count)]
        size = 0
        start = time.thread_time()
        for message in told:
            for deflater in deflaters:
                size += len(deflater.deflate(message))
        own = time.thread_time() - start
        entries.append(
            Fanout(
                count,
                shared / len(told),
                own / len(told),
                sum(map(len, payloads)) * count // len(told),
                size // len(told),
                _compressor(alone),
                _compressor(talks) * count,
            )
        )
    return Fanouts(tuple(entries), name, machine())


def _compressor(settings: Settings) -> int:
    """Bytes that one compressor keeps after use."""
    with _tracing() as allocated:
        deflater = _deflater(settings)
        deflater.deflate(b"text " * 100)
        return allocated()
