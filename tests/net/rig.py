"""A transport on a fake socket and a fake reactor, whose turns the test takes itself."""

from __future__ import annotations

import collections
import errno
import time
from collections.abc import Callable
from typing import Any

from wsdemo.net.transport import Transport
from wsdemo.protocol.limits import Limits
from wsdemo.trace.trace import Trace

RESET = ConnectionResetError(errno.ECONNRESET, "reset")
PIPE = BrokenPipeError(errno.EPIPE, "broken pipe")


class FakeSocket:
    """Takes as many bytes per ``send`` as it is told to; gives what it is told to receive."""

    def __init__(self) -> None:
        self.takes: list[int | OSError] = []  # of the next sends; then everything
        self.gives: list[bytes | OSError] = []  # of the next recvs; then BlockingIOError
        self.taken: list[bytes] = []
        self.shut = self.closed = False

    def send(self, data: bytes) -> int:
        step = self.takes.pop(0) if self.takes else len(data)
        if isinstance(step, OSError):
            raise step
        if step == 0:
            raise BlockingIOError
        self.taken.append(bytes(data[:step]))
        return len(self.taken[-1])

    def recv(self, size: int) -> bytes:
        if not self.gives:
            raise BlockingIOError
        step = self.gives.pop(0)
        if isinstance(step, OSError):
            raise step
        return step

    def recv_into(self, place: memoryview) -> int:
        data = self.recv(len(place))
        place[: len(data)] = data
        return len(data)

    def shutdown(self, how: int) -> None:
        self.shut = True

    def close(self) -> None:
        self.closed = True


class FakeReactor:
    """Keeps what it is asked for until the test takes a turn."""

    def __init__(self) -> None:
        self.now = time.monotonic()
        self.here = True
        self.events = 0
        self.calls: collections.deque[tuple[Callable[..., object], tuple[Any, ...]]] = collections.deque()
        self.on_modify: Callable[[], object] = lambda: None

    def call_soon(self, function: Callable[..., object], *args: Any) -> None:
        self.calls.append((function, args))

    def watch(self, watched: Any, events: int) -> None:
        if self.events and events:
            self.on_modify()
        self.events = watched.events = events
        self.watched = watched

    def turn(self, mask: int = 0) -> None:
        if mask & self.events:
            self.watched.ready(mask & self.events)
        while self.calls:
            function, args = self.calls.popleft()
            function(*args)


class FakeSink:
    """Notes what the transport tells."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.place: memoryview | None = None

    def data_received(self, data: bytes) -> None:
        self.told.append(data)

    def get_buffer(self) -> memoryview | None:
        return self.place

    def buffer_updated(self, size: int) -> None:
        self.told.append(size)

    def eof_received(self) -> None:
        self.told.append("eof")

    def resume_writing(self) -> None:
        self.told.append("drained")

    def connection_lost(self, error: Exception | None) -> None:
        self.told.append(("lost", error))


class Rig:
    """A transport between the three fakes."""

    def __init__(self, limits: Limits | None = None, tap: bool = False) -> None:
        self.sock, self.reactor, self.sink = FakeSocket(), FakeReactor(), FakeSink()
        self.trace = Trace()
        recorder = self.trace.tap("server", "server", "client") if tap else None
        self.transport = Transport(self.reactor, self.sock, self.sink, limits or Limits(), recorder)  # type: ignore[arg-type]
        self.transport.start()

    def to_write(self, message: bytes) -> bytes:
        return message

    def write(self, data: bytes) -> None:
        with self.transport.lock:
            self.transport.write(data)

    @property
    def sent(self) -> bytes:
        return b"".join(self.sock.taken)
