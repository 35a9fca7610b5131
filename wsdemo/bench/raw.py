"""The one client for all servers: a blocking socket and frames built beforehand, so it costs next to nothing.

::

    dial ──► [opening handshake] ──► frames out, bytes back ──► [closing handshake]
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterable, Iterator
from typing import Final

from wsdemo.bench.peers import GREETING, HOST
from wsdemo.bench.plain import framed, read
from wsdemo.protocol.codes import CloseCode, Opcode
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

#: The parameters that an answer must agree to, so that all compress alike.
AGREED: Final = (b"server_no_context_takeover", b"server_max_window_bits=%d" % WINDOW_BITS)

#: Connections that are dialled at once; less than any listening queue.
BATCH: Final = 50


def message(payload: str | bytes, peer: str, compressed: bool = False) -> bytes:
    """A message as it is sent to this peer."""
    data = payload.encode() if isinstance(payload, str) else payload
    if is_tcp(peer):
        return framed(data)
    opcode = Opcode.TEXT if isinstance(payload, str) else Opcode.BINARY
    if compressed:
        data = Deflater(WINDOW_BITS, takeover=False).deflate(data)
    return Frame(opcode, data, rsv1=compressed, masking_key=os.urandom(4)).serialize()


def answer_size(payload: str | bytes, peer: str) -> int:
    """The size in bytes of the echo of this message without compression."""
    data = payload.encode() if isinstance(payload, str) else payload
    return len(framed(data)) if is_tcp(peer) else len(Frame(Opcode.BINARY, data).serialize())


def is_tcp(peer: str) -> bool:
    """Whether it speaks plain TCP: no handshake, no frames."""
    return peer.startswith("tcp")


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


def opened(sock: socket.socket, compressed: bool = False) -> None:
    """Read the server's answer to the request. Raises RuntimeError unless it is a 101 to the offer."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        data = sock.recv(4096)
        head += data
        if not data or not head.startswith(b"HTTP/1.1 101 "[: len(head)]):
            raise RuntimeError(f"no 101 but {head[:80]!r}")
    if compressed and not all(parameter in head for parameter in AGREED):
        raise RuntimeError(f"the server agrees to other parameters than those offered: {head!r}")


@contextlib.contextmanager
def connection(port: int, peer: str, compressed: bool = False) -> Iterator[socket.socket]:
    """An open connection."""
    with dial(port, b"" if is_tcp(peer) else request(port, compressed)) as sock:
        if not is_tcp(peer):
            opened(sock, compressed)
        yield sock  # without a timeout, which would cost a system call more for each read


def batches(port: int, peer: str, count: int, compressed: bool = False) -> Iterator[list[socket.socket]]:
    """``count`` open connections, at most `BATCH` dialled at once."""
    hello = b"" if is_tcp(peer) else request(port, compressed)
    for begin in range(0, count, BATCH):
        socks = [dial(port, hello) for _ in range(min(BATCH, count - begin))]
        for sock in socks:
            sock.settimeout(PATIENCE)
            if hello:
                opened(sock, compressed)
            elif read(sock, 1) != GREETING:
                raise RuntimeError("a crowd in plain TCP is greeted with one byte")
        yield socks


def hang_up(socks: Iterable[socket.socket]) -> None:
    """Close WebSocket connections as RFC 6455 §7.1 says: close frames both ways, then the server ends TCP."""
    goodbye = Frame(Opcode.CLOSE, CloseCode.NORMAL.to_bytes(2), masking_key=os.urandom(4)).serialize()
    for sock in socks:
        sock.sendall(goodbye)
    for sock in socks:
        with sock, contextlib.suppress(ConnectionError):
            while sock.recv(4096):
                pass


def frames(sock: socket.socket, count: int) -> list[bytes]:
    """``count`` frames of a server, each less than 64 KiB. Raises EOFError if there are fewer."""
    found: list[bytes] = []
    data, start = b"", 0
    while len(found) < count:
        size = _frame_size(data, start)
        if start + size <= len(data):
            found.append(data[start : start + size])
            start += size
        else:
            more = sock.recv(65536)
            if not more:
                raise EOFError(f"the server ended after {len(found)} of {count} frames")
            data, start = data[start:] + more, 0
    return found


def _frame_size(data: bytes, start: int) -> int:
    """Bytes of the frame that begins at ``start``; while its header is not complete, more than there are."""
    if len(data) < start + 2:
        return 2
    length = data[start + 1]
    if length < 126:
        return 2 + length
    return 4 + int.from_bytes(data[start + 2 : start + 4])


def crowd(port: int, peer: str, count: int, compressed: bool = False) -> list[socket.socket]:
    """``count`` open connections."""
    allow_files(count + 200)
    return [sock for socks in batches(port, peer, count, compressed) for sock in socks]


def drain(socks: list[socket.socket]) -> None:
    """Discard bytes that came unasked, such as pings. Raises RuntimeError where a connection has ended."""
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
