"""Forty milliseconds for nothing: Nagle's algorithm meets delayed acknowledgement.

::

    client                                      server
      header (10 bytes) ──────────────────────►  half a message: nothing to answer yet,
      payload: held back, until the header        so its acknowledgement waits for data to
      is acknowledged (Nagle, RFC 896)            travel with (RFC 1122 §4.2.3.2): 40 ms on Linux
                       ◄─────────── ACK ───────
      payload ────────────────────────────────►
                       ◄──────── answer ───────

Each rule is good alone. Together they stall a program that writes a message in two pieces and then waits for
the answer. Either of two cures is enough: write once, or set TCP_NODELAY.

The 40 ms are those of Linux. Other systems wait for another time (macOS up to 100 ms, and it adapts; Windows
40 to 200 ms), and some do not delay on loopback at all: this measures your system, whichever it is.
"""

from __future__ import annotations

import platform
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from wsdemo.rawtcp.framing import HEADER, parse_header, serialize
from wsdemo.rivals import tables
from wsdemo.rivals.measuring import machine, quantile
from wsdemo.rivals.news import clock

Variant = Literal["two writes", "two writes, TCP_NODELAY", "one write"]
VARIANTS: Final[tuple[Variant, ...]] = ("two writes", "two writes, TCP_NODELAY", "one write")

#: Seconds: a stall is over this. A round trip on loopback takes a hundredth of it, Linux waits twice as long.
STALL: Final = 0.02


@dataclass(frozen=True, slots=True)
class Trial:
    """Questions and answers over one connection, in one variant."""

    variant: Variant
    seconds: tuple[float, ...]  #: for each exchange, in order

    @property
    def median(self) -> float:
        """Seconds."""
        return quantile(self.seconds, 0.5)

    @property
    def stalls(self) -> int:
        """The number of exchanges that took over `STALL` seconds."""
        return sum(seconds > STALL for seconds in self.seconds)


@dataclass(frozen=True, slots=True)
class Stalls:
    """The outcome of `measure`: one entry per variant, ``stalls["one write"]``."""

    exchanges: tuple[Trial, ...]
    size: int
    machine: str

    def __repr__(self) -> str:
        count = len(self.exchanges[0].seconds)
        return f"<Stalls: {', '.join(e.variant for e in self.exchanges)}; {count} exchanges each>"

    def __getitem__(self, variant: str) -> Trial:
        for exchange in self.exchanges:
            if exchange.variant == variant:
                return exchange
        raise KeyError(variant)

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.exchanges)

    def rows(self) -> list[dict[str, tables.Value]]:
        """One row per variant, milliseconds."""
        return [
            {
                "variant": exchange.variant,
                "median ms": exchange.median * 1000,
                "longest ms": max(exchange.seconds) * 1000,
                "stalls": exchange.stalls,
                "of": len(exchange.seconds),
            }
            for exchange in self.exchanges
        ]

    def table(self) -> str:
        """The rows as text, and the conditions below."""
        return f"{tables.table(self.rows())}\n\nmessages of {self.size} bytes; loopback; {self.machine}"

    def to_csv(self, path: str | Path) -> None:
        """Write each exchange as a line: variant, number, seconds."""
        lines: list[dict[str, tables.Value]] = [
            {"variant": exchange.variant, "number": number, "seconds": seconds}
            for exchange in self.exchanges
            for number, seconds in enumerate(exchange.seconds, 1)
        ]
        tables.write_csv(path, lines)


def measure(
    exchanges: int = 20,
    *,
    size: int = 32,
    variants: tuple[Variant, ...] = VARIANTS,
    progress: Callable[[str, int, int], object] | None = None,
) -> Stalls:
    """Ask and be answered ``exchanges`` times in each variant, over a connection of its own.

    ``size``: bytes of the question. ``progress(variant, done, total)`` after each exchange. The answer
    comes in one write, without Nagle's delay, in all variants. ValueError for values that can't be.
    """
    if exchanges < 1 or not 1 <= size <= 1000:
        raise ValueError(f"{exchanges} exchanges of {size} bytes, expected at least 1, of 1 to 1000 bytes")
    measured = []
    for variant in variants:
        if variant not in VARIANTS:
            raise ValueError(f"no variant is called {variant!r}; there are: {'; '.join(VARIANTS)}")
        with _pair() as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, variant == "two writes, TCP_NODELAY")
            seconds = []
            for number in range(exchanges):
                seconds.append(_exchange(sock, serialize("x" * size), variant))
                if progress is not None:
                    progress(variant, number + 1, exchanges)
        measured.append(Trial(variant, tuple(seconds)))
    return Stalls(tuple(measured), size, machine())


def expected() -> str:
    """A sentence on the delayed acknowledgement of this system.

    >>> expected().endswith(".")
    True
    """
    known = {
        "linux": "Linux delays an acknowledgement by 40 ms; the first few of a connection go out at once.",
        "darwin": "macOS delays an acknowledgement by up to 100 ms, but adapts: there may be no stall.",
        "win32": "Windows delays an acknowledgement by 40 to 200 ms, but may not do so on loopback.",
    }
    return known.get(sys.platform, f"Of {platform.system()} nothing is known here: measure it.")


def _exchange(sock: socket.socket, message: bytes, variant: Variant) -> float:
    """Seconds from the first write to the end of the answer."""
    start = clock()
    if variant == "one write":
        sock.sendall(message)
    else:
        sock.sendall(message[:HEADER])
        sock.sendall(message[HEADER:])
    _receive(sock)
    return clock() - start


@contextmanager
def _pair() -> Iterator[socket.socket]:
    """A client's socket, connected to an echo server that lives as long."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer, args=(listener,), name="wsdemo-nagle", daemon=True)
        thread.start()
        try:
            with socket.create_connection(listener.getsockname(), timeout=10.0) as sock:
                yield sock
        finally:
            thread.join()


def _answer(listener: socket.socket) -> None:
    """Send each message back, until there are no more."""
    listener.settimeout(10.0)
    sock, _ = listener.accept()
    with sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while message := _receive(sock):
                sock.sendall(message)
        except OSError:
            pass  # the client gave up


def _receive(sock: socket.socket) -> bytes:
    """One message with its header, or b"" at the end."""
    header = _exactly(sock, HEADER)
    return header and header + _exactly(sock, parse_header(header))


def _exactly(sock: socket.socket, size: int) -> bytes:
    """Exactly ``size`` bytes, or b"" where the stream ends before."""
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            return b""
        data += more
    return data
