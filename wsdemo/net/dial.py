"""Connecting: every address of a host is tried, one deadline for all of them."""

from __future__ import annotations

import socket
import time


def dial(host: str, port: int, timeout: float) -> socket.socket:
    """A connected, non-blocking TCP socket without Nagle's delay.

    Tries all addresses of ``host`` in turn, for ``timeout`` seconds in all. Raises OSError (TimeoutError
    where the time ran out) with one line that says what was tried and why it failed.
    """
    deadline = time.monotonic() + timeout
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise OSError(f"cannot connect to {host}:{port}: no such host name") from error
    failed: OSError | None = None
    for index, (family, kind, proto, _, address) in enumerate(found):
        remaining = (deadline - time.monotonic()) / (len(found) - index)  # each address gets its share
        sock = socket.socket(family, kind, proto)
        try:
            sock.settimeout(max(0.001, remaining))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
        except OSError as error:
            sock.close()
            failed = failed or error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    assert failed is not None
    why = "no answer" if isinstance(failed, TimeoutError) else failed.strerror or str(failed)
    hint = "; is the server running?" if isinstance(failed, ConnectionRefusedError) else ""
    text = f"cannot connect to {host}:{port}: {why.lower()}{hint}"
    raise (TimeoutError(text) if isinstance(failed, TimeoutError) else OSError(failed.errno, text)) from failed
