"""Listening sockets: every address of a host, accepted in the reactor's thread.

Running out of file descriptors pauses accepting and ends nothing. Knows nothing of what is spoken.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

from wsdemo.net.reactor import READ, Reactor

#: Connections accepted in one turn, before the sockets that are open get theirs.
PER_TURN: Final = 64
#: Seconds without accepting when there are no file descriptors left.
PAUSE: Final = 0.25

_EXHAUSTED: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Listener:
    """Accepts on all addresses of ``host`` and calls ``accepted(sock, address)`` with each new socket.

    ``port`` 0 takes a free one. Raises OSError with the host and port in its text.
    """

    def __init__(
        self,
        reactor: Reactor,
        host: str,
        port: int,
        backlog: int,
        accepted: Callable[[socket.socket, Any], object],
    ) -> None:
        self.paused = 0  #: how often accepting had to pause
        self._reactor = reactor
        self._accepted = accepted
        self._sockets = _listen(host, port, backlog)
        self.addresses: list[Any] = [sock.getsockname() for sock in self._sockets]
        self.port: int = self.addresses[0][1]
        self._resume()

    def close(self) -> None:
        """Accept no more; in the reactor's thread."""
        for sock in self._sockets:
            self._reactor.unregister(sock)
            sock.close()
        self._sockets = []

    def _resume(self) -> None:
        for sock in self._sockets:
            self._reactor.call_soon(self._watch, sock)

    def _watch(self, sock: socket.socket) -> None:
        if sock in self._sockets:
            self._reactor.register(sock, READ, lambda mask: self._accept(sock))

    def _accept(self, sock: socket.socket) -> None:
        for _ in range(PER_TURN):
            try:
                connected, address = sock.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    continue  # that connection is gone already
                self.paused += 1
                self._reactor.unregister(sock)
                self._reactor.call_later(PAUSE, self._watch, sock)
                return
            connected.setblocking(False)
            if sys.platform != "linux":  # Linux hands it on from the listening socket
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._accepted(connected, address)


def _listen(host: str, port: int, backlog: int) -> list[socket.socket]:
    """A listening socket for each address of ``host``, all on the same port."""
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            if sockets and port == 0:
                address = (address[0], sockets[0].getsockname()[1], *address[2:])
            sock = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(sock)
            if os.name == "posix":  # elsewhere this would let another program take the port
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            try:
                sock.bind(address)
            except OSError as error:
                if len(sockets) > 1 and error.errno == errno.EADDRNOTAVAIL:
                    sockets.pop().close()  # a name with an address that this machine lacks, such as ::1
                    continue
                raise
            sock.listen(backlog)
    except OSError as error:
        for sock in sockets:
            sock.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {_why(error)}") from error
    return sockets


def _why(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "no such host name"
    if error.errno == errno.EADDRINUSE:
        return "another program uses this port; choose another one, or 0 for any free one"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address"
    if error.errno == errno.EACCES:
        return "ports below 1024 need more rights; choose a higher one"
    return error.strerror or str(error)
