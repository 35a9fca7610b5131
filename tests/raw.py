"""The other end of a connection, by hand: a socket, bytes, and no mercy. For tests that look from outside.

with serve(echo) as server, raw.client(server.port) as peer:      # the handshake is done
    peer.send(raw.frame(Opcode.TEXT, b"hello"))
    assert peer.message() == "hello"

with raw.server(script) as url:                                   # script(peer) runs once per connection
    connect(url)
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

from tests.waiting import DEADLINE
from wsdemo.protocol import frames
from wsdemo.protocol.codes import Opcode
from wsdemo.protocol.frames import FIN, MASK, Frame
from wsdemo.protocol.handshake import accept_key

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASKING = bytes.fromhex("37fa213d")
FIELDS = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}
DEFLATE = {"Sec-WebSocket-Extensions": "permessage-deflate"}


def request(path: str = "/", **fields: str | None) -> bytes:
    """An opening request; ``Name_With_Underscores=None`` leaves a field out."""
    merged: dict[str, str | None] = {**FIELDS, **{name.replace("_", "-"): v for name, v in fields.items()}}
    lines = [f"{name}: {value}" for name, value in merged.items() if value is not None]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv1: bool = False, key: Any = MASKING
) -> bytes:
    """A client's frame; ``key=None`` for a server's."""
    return Frame(opcode, payload, fin=fin, rsv1=rsv1, masking_key=key).serialize()


def announce(
    length: int, opcode: int = Opcode.BINARY, *, fin: bool = True, key: bytes | None = MASKING
) -> bytes:
    """The header of a frame, without its payload."""
    return frames.header(FIN * fin | opcode, length, MASK if key else 0) + (key or b"")


class Peer:
    """A socket that speaks by hand. Every wait has a deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sock.settimeout(DEADLINE)
        self.buffer = b""

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def __del__(self) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        """Send all of it; that the other side has had enough of us already is its good right."""
        with contextlib.suppress(ConnectionError):
            self.sock.sendall(data)

    def head(self) -> str:
        """The next head of HTTP, with its empty line."""
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return head.decode("latin-1") + "\r\n\r\n"

    def answer(self) -> tuple[int, str]:
        """The status and the body of an HTTP answer, after which the connection ends."""
        head = self.head()
        assert "\r\nconnection: close" in head.lower().replace("upgrade, close", "close")
        return int(head.split()[1]), self.rest().decode()

    def frame(self) -> Frame:
        """The next frame."""
        while (found := frames.parse(self.buffer, rsv1=True)) is None:
            self._more()
        made, size = found
        self.buffer = self.buffer[size:]
        return made

    def message(self) -> str | bytes:
        """The next whole data frame; others are passed over."""
        while (made := self.frame()).opcode not in (Opcode.TEXT, Opcode.BINARY):
            pass
        return made.payload.decode() if made.opcode == Opcode.TEXT else made.payload

    def closed(self) -> tuple[int, str]:
        """The close code and reason of the next close frame; others are passed over."""
        while (made := self.frame()).opcode != Opcode.CLOSE:
            pass
        return frames.parse_close(made.payload)

    def rest(self) -> bytes:
        """All that comes before the connection ends, in order or by a reset."""
        with contextlib.suppress(EOFError):
            while True:
                self._more()
        rest, self.buffer = self.buffer, b""
        return rest

    def reset(self) -> None:
        """End by RST, as a crashed machine or an impatient one does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def fill(self, data: bytes, quiet: float = 0.3) -> int:
        """Send ``data`` over and over until nothing has been taken for ``quiet`` seconds: bytes taken."""
        self.sock.settimeout(quiet)
        taken = 0
        view = memoryview(data)
        try:
            while taken < 256 << 20:
                taken += self.sock.send(view[taken % len(data) :])
        except TimeoutError:
            pass
        finally:
            self.sock.settimeout(DEADLINE)
        return taken

    def _more(self) -> None:
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            raise EOFError(f"the connection ended; unread: {self.buffer[:100]!r}")
        self.buffer += data


def dial(port: int, host: str = "127.0.0.1", *, receive_buffer: int | None = None) -> Peer:
    """A TCP connection; with a small ``receive_buffer`` for one who reads slowly."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    peer = Peer(sock)
    sock.connect((host, port))
    return peer


def client(port: int, *, receive_buffer: int | None = None, **fields: str | None) -> Peer:
    """A connection whose opening handshake is done."""
    peer = dial(port, receive_buffer=receive_buffer)
    peer.send(request(**fields))
    head = peer.head()
    assert head.startswith("HTTP/1.1 101 "), head
    return peer


def accept(peer: Peer, *more: str) -> str:
    """Answer a client's request with a 101; gives the request's head."""
    head = peer.head()
    key = next(
        line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key")
    )
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    peer.send("\r\n".join([*lines, f"Sec-WebSocket-Accept: {accept_key(key)}", *more, "", ""]).encode())
    return head


@contextlib.contextmanager
def server(script: Callable[[Peer], object], *, answer: bool = True) -> Iterator[str]:
    """A server that runs ``script(peer)`` for each connection in a thread; ``answer``: after a 101.

    What a script asserts in vain is raised at the end. Gives the URL.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    errors: list[BaseException] = []
    peers: list[Peer] = []
    threads: list[threading.Thread] = []

    def run(peer: Peer) -> None:
        try:
            if answer:
                accept(peer)
            script(peer)
        except BaseException as error:
            errors.append(error)
        finally:
            peer.sock.close()

    def loop() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            peers.append(Peer(sock))
            threads.append(threading.Thread(target=run, args=(peers[-1],), daemon=True))
            threads[-1].start()

    acceptor = threading.Thread(target=loop, daemon=True)
    acceptor.start()
    try:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(DEADLINE)
        for peer in peers:
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(DEADLINE)
    if errors:
        raise errors[0]
