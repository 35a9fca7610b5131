"""The measures of a comparison: each asks one server one thing, by the same client, and gives a value.

Bytes are those inside TCP. Times are seconds, of a client that reads its connections one after the other, in
one thread: it costs each server the same.
"""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from typing import Final, NamedTuple

from wsdemo.alternatives.serving import Serving
from wsdemo.alternatives.speaking import Speaker
from wsdemo.protocol.errors import ProtocolError

MiB: Final = 1 << 20

#: The message of most measures: 32 bytes.
TEXT: Final = "The quick brown fox jumps over 1"
#: Sizes of messages that are tried, in bytes.
SIZES: Final = (64 << 10, 256 << 10, 900_000, 1 * MiB, 4_000_000, 16 * MiB, 20 * MiB)
#: Bytes that are sent past a member that does not read, in messages of `PIECE` bytes.
FLOOD: Final = 24 * MiB
PIECE: Final = 64 << 10
#: Seconds in which a member that begins to read again is told that it was closed.
SETTLING: Final = 1.0


class Bytes(NamedTuple):
    """Bytes from the client to the server, and back."""

    sent: int
    received: int


class Slow(NamedTuple):
    """The fate of a member that does not read.

    ``others``: whether the others heard everything. ``kept``: bytes by which the server grew, None where the
    system does not tell. ``heard`` of ``sent``: its messages, once it read again. ``code``: its close code,
    1006 where TCP ended without one, None where it is still a member.
    """

    others: bool
    kept: int | None
    heard: int
    sent: int
    code: int | None


def opening(server: Serving) -> Bytes:
    """The bytes until a client can say something."""
    with Speaker(server) as ana:
        return Bytes(ana.sent, ana.received)


def message(server: Serving, text: str = "hello") -> Bytes:
    """The bytes of a text to the server, and of the same text back."""
    with Speaker(server) as ana:
        before = Bytes(ana.sent, ana.received)
        ana.say(text)
        ana.hear()
        return Bytes(ana.sent - before.sent, ana.received - before.received)


def echo(server: Serving, times: int) -> float:
    """Seconds of the median round trip of a text through a room with one member."""
    with Speaker(server) as ana:
        seconds = []
        for _ in range(times + times // 10 + 1):
            began = time.perf_counter()
            ana.say(TEXT)
            ana.hear()
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[-times:])


def fan_out(server: Serving, members: int, times: int) -> float:
    """Seconds, the median, from a text in a room until the last of ``members`` has heard it."""
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(Speaker(server)) for _ in range(members)]
        seconds = []
        for _ in range(times + 1):
            began = time.perf_counter()
            crowd[0].say(TEXT)
            for member in crowd:
                member.hear()
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[1:])


def memory(server: Serving, count: int) -> float | None:
    """Bytes of the server's own memory for each of ``count`` members; None where the system does not tell."""
    with contextlib.ExitStack() as stack:
        for _ in range(10):  # modules that the first ones load are not counted
            with Speaker(server):
                pass
        before = server.memory()
        for _ in range(count):
            stack.enter_context(Speaker(server))
        after = server.memory()
    return None if before is None or after is None else (after - before) / count


def message_limit(server: Serving, sizes: tuple[int, ...] = SIZES) -> tuple[int, int | None]:
    """The largest message of these sizes that is taken, and the close code for the next one.

    The code is None where all are taken, 1006 where TCP ends without one.
    """
    taken = 0
    for size in sizes:
        with Speaker(server) as ana:
            try:
                ana.say("x" * size)
                ana.hear()
            except (EOFError, ConnectionError, ProtocolError):
                return taken, _code(ana)
        taken = size
    return taken, None


def origin(server: Serving) -> int:
    """The status for a page of another origin: 101, or that of a refusal (RFC 6455 §10.2)."""
    with Speaker(server, origin="http://attacker.example") as page:
        return page.refused or 101


def slow_reader(server: Serving, flood: int = FLOOD) -> Slow:
    """Send `flood` bytes past a member that does not read; then it reads."""
    text, before = "x" * PIECE, server.memory()
    with Speaker(server) as ana, Speaker(server) as dora:
        heard, sent, others = 0, 0, True
        while others and sent < flood // PIECE:
            ana.say(text)
            sent += 1
            try:
                ana.hear()
            except (TimeoutError, EOFError):
                others = False
        after = server.memory()
        with contextlib.suppress(TimeoutError, EOFError, ConnectionError):
            while heard < sent:
                dora.hear(SETTLING)
                heard += 1
            dora.hear(SETTLING)
        kept = None if before is None or after is None else max(0, after - before)
        return Slow(others, kept, heard, sent, _code(dora))


def _code(speaker: Speaker) -> int | None:
    """The close code; 1006 at an end without one; None for a connection that is still open."""
    with contextlib.suppress(ConnectionError, EOFError, TimeoutError):
        while speaker.code is None:
            speaker.hear(SETTLING)
    return speaker.code if speaker.code is not None or not speaker.ended else 1006


class SilentMember:
    """A member that says nothing, and notes when the server first pings it, in a thread of its own."""

    def __init__(self, server: Serving) -> None:
        self.seconds: float | None = None  #: of silence before the first ping
        self._speaker = Speaker(server)
        self._pinged = threading.Event()
        self._thread = threading.Thread(target=self._read, name="watch", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> float | None:
        """The seconds of silence before the first ping; None where none came within ``seconds``."""
        self._pinged.wait(seconds)
        return self.seconds

    def close(self) -> None:
        """Leave."""
        self._speaker.end()
        self._thread.join()
        self._speaker.sock.close()

    def _read(self) -> None:
        began = time.monotonic()
        with contextlib.suppress(EOFError, OSError, ValueError):
            while not self._speaker.pings:
                with contextlib.suppress(TimeoutError):
                    self._speaker.hear(0.2)
            self.seconds = time.monotonic() - began
        self._pinged.set()
