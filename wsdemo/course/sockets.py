"""Sockets for the checks: real connections, and a way out for an answer that waits on one of them.

Each check opens its connections in a ``with`` block, so that a wrong answer leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator

PATIENCE = 1.0  #: seconds; an answer that waits for longer on one client has blocked


@contextlib.contextmanager
def connections(count: int, small: bool = False) -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """So many TCP connections on the loopback, each as (the server's socket, the client's)."""
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
    """What has come: waits for at least ``size`` bytes, but not for ever."""
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
    """Wake the client on whom an answer waits for too long; the event says that this was needed."""
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
