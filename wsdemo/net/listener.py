"""Listening sockets: every address of a host, accepted in the reactor's thread.

Running out of file descriptors pauses accepting and ends nothing. Knows nothing of protocols.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

from wsdemo.net.reactor import READ, Reactor, WatchedSocket
from wsdemo.protocol.arguments import check_kind, check_whole

#: Connections accepted in one turn, before the open sockets have their turn.
PER_TURN: Final = 64
#: Seconds without accepting when there are no file descriptors left.
PAUSE: Final = 0.25

_EXHAUSTED: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
#: A name may have an address that this machine lacks, such as ::1; the others serve.
_LACKING: Final = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


class Listener:
    """Accepts on all addresses of ``host`` and calls ``accepted(sock, address)`` with each new socket.

    ``port`` 0 takes a free one. Raises OSError with the host and port in its text, ValueError for a number
    that is no port, TypeError for values of the wrong kind.
    """

    def __init__(
        self,
        reactor: Reactor,
        host: str,
        port: int,
        backlog: int,
        accepted: Callable[[socket.SocketType, Any], object],
    ) -> None:
        self.paused = 0  #: the number of times that accepting had to pause
        self._reactor = reactor
        self._accepted = accepted
        self._sockets = _listen(host, port, backlog)
        # Of all of them, except while accepting is paused.
        self._watches: dict[socket.socket, WatchedSocket] = {}
        self.addresses: list[Any] = [sock.getsockname() for sock in self._sockets]
        self.port: int = self.addresses[0][1]
        for sock in self._sockets:
            reactor.call_soon(self._watch, sock)

    def close(self) -> None:
        """Accept no more; in the reactor's thread."""
        for sock in self._sockets:
            self._stop(sock)
            sock.close()
        self._sockets = []

    def _watch(self, sock: socket.socket) -> None:
        if sock in self._sockets:
            self._watches[sock] = WatchedSocket(sock, lambda mask: self._accept(sock))
            self._reactor.watch(self._watches[sock], READ)

    def _stop(self, sock: socket.socket) -> None:
        if sock in self._watches:
            self._reactor.watch(self._watches.pop(sock), 0)

    def _accept(self, sock: socket.socket) -> None:
        family, kind = sock.family, sock.type
        for _ in range(PER_TURN):
            try:
                # As `sock.accept` does it, with the base class of sockets: half of the memory, 2 µs less.
                number, address = sock._accept()  # type: ignore[attr-defined]
                connected = socket.SocketType(family, kind, 0, number)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    continue  # that connection is gone already
                self.paused += 1
                self._stop(sock)
                self._reactor.call_later(PAUSE, self._watch, sock)
                return
            try:
                connected.setblocking(False)
                if sys.platform != "linux":  # there the socket inherits it from the listening one
                    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:  # gone already, which macOS reports here
                connected.close()
                continue
            self._accepted(connected, address)
            if sock not in self._watches:  # `accepted` has closed us
                return


def local_host(host: str) -> str:
    """The host by which a client on this machine reaches a server that listens on ``host``.

    >>> [local_host(host) for host in ("0.0.0.0", "::", "", "localhost", "192.0.2.1")]
    ['127.0.0.1', '::1', '127.0.0.1', 'localhost', '192.0.2.1']
    """
    import ipaddress  # 1.3 ms of `import wsdemo`

    try:
        address = ipaddress.ip_address(host or "0.0.0.0")
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"


def _listen(host: str, port: int, backlog: int) -> list[socket.socket]:
    """A listening socket for each address of ``host`` that this machine has, all on the same port."""
    check_kind("host", host, str, "a name or an IP address, '' for all of this machine")
    check_whole("port", port, 0, 65535)  # getaddrinfo would take it modulo 65536
    sockets: list[socket.socket] = []
    lacking: OSError | None = None
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            if sockets and port == 0:
                address = (address[0], sockets[0].getsockname()[1], *address[2:])
            try:
                sockets.append(_bind(family, address, backlog))
            except OSError as error:
                if error.errno not in _LACKING:
                    raise
                lacking = error
        if lacking is not None and not sockets:
            raise lacking
    except (OSError, UnicodeError) as error:
        for sock in sockets:
            sock.close()
        number = error.errno if isinstance(error, OSError) else socket.EAI_NONAME
        raise OSError(number, f"cannot listen on {host}:{port}: {_why(error)}") from error
    return sockets


def _bind(family: int, address: Any, backlog: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere this would let another program take the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        sock.bind(address)
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def _why(error: OSError | UnicodeError) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return "no such host name"
    if error.errno == errno.EADDRINUSE:
        return "another program uses this port; choose another one, or 0 for any free one"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address"
    if error.errno == errno.EACCES:
        return "ports below 1024 need more rights; choose a higher one"
    return error.strerror or str(error)
