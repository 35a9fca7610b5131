"""Sockets for the checks: real connections, and a rescue for an answer that waits on one of them.

Each check opens its connections in a ``with`` block, so that a wrong answer leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import select
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Self

from wsdemo.course.exercises import Wrong

PATIENCE = 1.0  #: seconds; an answer that waits for longer on one client has blocked
LONGEST: Final = 0.05  # seconds of a call that does not wait, at the median of several


@contextlib.contextmanager
def connections(count: int, small: bool = False) -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """``count`` TCP connections on the loopback, each as (the server's socket, the client's)."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        pairs = []
        for _ in range(count):
            client = stack.enter_context(socket.socket())
            if small:  # so that little fills it
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
            client.settimeout(PATIENCE)
            client.connect(listener.getsockname())
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = stack.enter_context(listener.accept()[0])
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if small:
                server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * 1024)
            pairs.append((server, client))
        yield pairs


def arrived(sock: socket.socket, size: int) -> bytes:
    """The bytes that have come; waits for at least ``size`` of them, but not for ever."""
    data = b""
    while select.select([sock], [], [], PATIENCE / 2 if len(data) < size else 0)[0]:
        piece = sock.recv(65536)
        if not piece:
            break
        data += piece
    return data


def drain(sock: socket.socket) -> None:
    """Read until nothing comes."""
    while arrived(sock, 1):
        pass


@contextlib.contextmanager
def rescue(wake: Callable[[], object]) -> Iterator[threading.Event]:
    """Wake the client for which an answer waits too long; the event tells that this was needed."""
    rescued = threading.Event()

    def body() -> None:
        rescued.set()
        with contextlib.suppress(OSError, ValueError):  # the check may have closed it meanwhile
            wake()

    timer = threading.Timer(PATIENCE, body)
    timer.daemon = True
    timer.start()
    try:
        yield rescued
    finally:
        timer.cancel()
        timer.join()


class Watch:
    """Times an answer's calls, and checks that they leave the timeout of each socket as it was."""

    def __init__(self) -> None:
        self._took: list[float] = []

    @contextlib.contextmanager
    def on(self, *socks: socket.socket) -> Iterator[None]:
        """The context of one call. Raises `Wrong` where it changes a socket's timeout."""
        before = [sock.gettimeout() for sock in socks]
        start = time.perf_counter()
        yield
        self._took.append(time.perf_counter() - start)
        for sock, timeout in zip(socks, before, strict=True):
            if sock.fileno() >= 0 and sock.gettimeout() != timeout:
                raise Wrong(
                    f"your code set the socket's timeout from {timeout} to {sock.gettimeout()} seconds: "
                    "leave it; a thread that serves many waits nowhere but in its loop"
                )

    def judge(self, what: str) -> None:
        """Raise `Wrong` for calls that took long."""
        median = statistics.median(self._took)
        if median >= LONGEST:
            raise Wrong(
                f"{what} took {1000 * median:.0f} ms at the median of {len(self._took)} calls: "
                "it waits, or sleeps, and no other client is served meanwhile"
            )


class Listeners:
    """Clients that read while an answer writes: up to `size` bytes each, then all others that have come."""

    def __init__(self, socks: Sequence[socket.socket], size: int) -> None:
        self.heard = [b""] * len(socks)
        self._socks = socks
        self._told = threading.Event()  # the answer has come back
        self._threads = [
            threading.Thread(target=self._listen, args=(number, size), daemon=True)
            for number in range(len(socks))
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._told.set()
        for thread in self._threads:
            thread.join()

    def _listen(self, number: int, size: int) -> None:
        sock, data = self._socks[number], bytearray()
        while len(data) < size and not self._told.is_set():
            if select.select([sock], [], [], LONGEST)[0]:
                data += sock.recv(65536)
        self._told.wait()
        quiet = PATIENCE / 2 if 0 < len(data) < size else LONGEST
        while select.select([sock], [], [], quiet)[0] and (piece := sock.recv(65536)):
            data += piece
        self.heard[number] = bytes(data)
