"""The one client for all servers: a blocking socket and frames built beforehand, so it costs next to nothing.

::

    dial ──► [opening handshake] ──► frames out, so many bytes back
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Final

from wsdemo.bench.peers import GREETING, HOST, framed
from wsdemo.protocol.codes import Opcode
from wsdemo.protocol.deflate import Deflater
from wsdemo.protocol.frames import Frame

#: Seconds that any answer may take.
PATIENCE: Final = 30.0

#: Window bits and context takeover for compressed rows: the same for all. Without takeover a frame that was
#: built once can be sent again and again.
WINDOW_BITS: Final = 12
OFFER: Final = (
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
    f"server_max_window_bits={WINDOW_BITS}; client_max_window_bits={WINDOW_BITS}"
)

#: Connections that are dialled at once; less than any listening queue.
BATCH: Final = 50


def message(payload: str | bytes, peer: str, compressed: bool = False) -> bytes:
    """A message as it is sent to this peer."""
    data = payload.encode() if isinstance(payload, str) else payload
    if peer == "tcp":
        return framed(data)
    opcode = Opcode.TEXT if isinstance(payload, str) else Opcode.BINARY
    if compressed:
        data = Deflater(WINDOW_BITS, takeover=False).deflate(data)
    return Frame(opcode, data, rsv1=compressed, masking_key=os.urandom(4)).serialize()


def answer_size(payload: str | bytes, peer: str) -> int:
    """Bytes of the echo of this message, where nothing is compressed."""
    data = payload.encode() if isinstance(payload, str) else payload
    return len(framed(data)) if peer == "tcp" else len(Frame(Opcode.BINARY, data).serialize())


def request(port: int, compressed: bool) -> bytes:
    """An opening request (RFC 6455 §4.1)."""
    lines = [
        "GET / HTTP/1.1",
        f"Host: {HOST}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    if compressed:
        lines.append(f"Sec-WebSocket-Extensions: {OFFER}")
    return "\r\n".join([*lines, "", ""]).encode()


def dial(port: int, hello: bytes) -> socket.socket:
    """A TCP connection with its first bytes sent: a request, or a message where there is no handshake."""
    sock = socket.socket()  # `create_connection` looks the address up first, each time
    sock.connect((HOST, port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hello:
        sock.sendall(hello)
    return sock


def opened(sock: socket.socket) -> None:
    """Read the server's answer to the request. Raises RuntimeError where it is no 101."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        data = sock.recv(4096)
        head += data
        if not data or not head.startswith(b"HTTP/1.1 101 "[: len(head)]):
            raise RuntimeError(f"no 101 but {head[:80]!r}")


@contextlib.contextmanager
def connection(port: int, peer: str, compressed: bool = False) -> Iterator[socket.socket]:
    """An open connection."""
    with dial(port, b"" if peer == "tcp" else request(port, compressed)) as sock:
        if peer != "tcp":
            opened(sock)
        yield sock


def read(sock: socket.socket, size: int) -> bytes:
    """So many bytes. Raises RuntimeError where the server ends before."""
    data = sock.recv(size)
    if len(data) == size:
        return data
    parts = bytearray(data)
    while len(parts) < size:
        data = sock.recv(size - len(parts))
        if not data:
            raise RuntimeError(f"the server ended after {len(parts)} of {size} bytes")
        parts += data
    return bytes(parts)


def crowd(port: int, peer: str, count: int, compressed: bool = False) -> list[socket.socket]:
    """Many open connections."""
    allow_files(count + 200)
    hello = b"" if peer == "tcp" else request(port, compressed)
    socks: list[socket.socket] = []
    while len(socks) < count:
        batch = [dial(port, hello) for _ in range(min(BATCH, count - len(socks)))]
        for sock in batch:
            if hello:
                opened(sock)
            elif read(sock, 1) != GREETING:
                raise RuntimeError("a crowd in plain TCP is greeted with one byte")
            sock.settimeout(PATIENCE)
        socks += batch
    return socks


def drain(socks: list[socket.socket]) -> None:
    """Read away what nobody asked for, such as pings."""
    for sock in socks:
        sock.setblocking(False)
        try:
            if not sock.recv(65536):
                raise RuntimeError("the server has closed an idle connection")
        except BlockingIOError:
            pass
        sock.settimeout(PATIENCE)


def allow_files(count: int) -> None:
    """Raise the soft limit of open files to ``count``, where there is such a limit and we may."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < count:
            resource.setrlimit(resource.RLIMIT_NOFILE, (count if hard < 0 else min(count, hard), hard))
