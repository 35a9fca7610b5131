"""Connecting: every address of a host is tried, one deadline for all of them."""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import Any

from wsdemo.protocol.arguments import check_kind, check_seconds, check_whole
from wsdemo.protocol.limits import LONGEST


def dial(host: str, port: int, timeout: float) -> socket.socket:
    """A connected, non-blocking TCP socket without Nagle's delay.

    Tries all addresses of ``host`` in turn, for ``timeout`` seconds in all. Raises OSError (TimeoutError
    where the time ran out) with one line that names the address and the reason, ValueError for a number that
    is no port, and TypeError for values of the wrong kind.
    """
    check_kind("host", host, str, "a name or an IP address")
    check_whole("port", port, 1, 65535)  # getaddrinfo would take it modulo 65536
    check_seconds("timeout", timeout, LONGEST)
    deadline = time.monotonic() + timeout
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise OSError(f"cannot connect to {host}:{port}: no such host name") from error
    failed: OSError | None = None
    for index, (family, kind, proto, _, address) in enumerate(found):
        remaining = (deadline - time.monotonic()) / (len(found) - index)  # each address gets its share
        try:
            return _connect(socket.socket(family, kind, proto), address, max(0.001, remaining))
        except OSError as error:
            failed = failed or error
    assert failed is not None
    why = "no answer" if isinstance(failed, TimeoutError) else failed.strerror or str(failed)
    hint = "; is the server running?" if isinstance(failed, ConnectionRefusedError) else ""
    text = f"cannot connect to {host}:{port}: {why.lower()}{hint}"
    raise TimeoutError(text) if isinstance(failed, TimeoutError) else OSError(failed.errno, text) from failed


def _connect(sock: socket.socket, address: Any, timeout: float) -> socket.socket:
    """The socket, connected and non-blocking; closed if it fails."""
    try:
        sock.settimeout(timeout)
        sock.connect(address)
        if sock.getsockname() == sock.getpeername():  # a free port of our own met itself (RFC 9293 §3.5)
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock
