"""An attacker with a socket and no manners, and the price that both sides pay. Only for one's own servers.

::

    Attacker(server) ── raw bytes ──► server          paid: the bytes that it sent
                     ◄── end() ─────                  the close code or the HTTP status, or why there is none

    price(attack, handler, limits)  ──►  Price(paid=65_000, memory=67_000_000, seconds=0.2, end="1000")

It takes a server and not an address: what this program has not started, on loopback, is out of its reach.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import time
import tracemalloc
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from wsdemo.net.server import Server, serve
from wsdemo.protocol import Closed, Closing, Event, Message, Protocol, Refused, Side
from wsdemo.protocol.deflate import Deflate
from wsdemo.protocol.frames import Frame
from wsdemo.protocol.handshake import parse_url, request
from wsdemo.protocol.limits import Limits

#: Seconds after which an attacker waits no longer.
PATIENCE: Final = 60.0
#: A masking key that changes nothing: the attacker saves the work.
KEY: Final = bytes(4)


class Attacker:
    """A TCP connection to ``server``, one of this program's own: a `Server`, or a listening socket.

    ``paid``: the bytes sent so far. ``heard``: the number of messages that came. ``wide``: with
    buffers as large as the system likes. Raises ValueError for a server that does not listen on loopback,
    TypeError for anything that is no server, such as an address; OSError for one that has closed.
    """

    def __init__(self, server: Server | socket.socket, *, wide: bool = True) -> None:
        self.paid = 0
        self.heard = 0
        self._port = _port(server)
        self._protocol = Protocol(Side.CLIENT, request=request(f"ws://127.0.0.1:{self._port}/"))
        self._end = ""
        self._sock = socket.socket()
        try:
            if not wide:
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self._sock.settimeout(PATIENCE)
            self._sock.connect(("127.0.0.1", self._port))
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            self._sock.close()
            raise

    def __repr__(self) -> str:
        return f"<Attacker: {self.paid:,} bytes sent>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, data: bytes) -> bool:
        """Send bytes, whatever they are; false: the server has had enough."""
        try:
            self._sock.sendall(data)
        except OSError:
            return False
        self.paid += len(data)
        return True

    def open(self, *, deflate: bool = False, **fields: str) -> str:
        """Do the opening handshake; gives "open", or the status of the refusal.

        ``deflate``: with compression. ``fields``: more header fields, such as ``Origin="https://evil"``.
        """
        where = parse_url(f"ws://127.0.0.1:{self._port}/")
        offer = Deflate() if deflate else None
        asked = request(where, headers=fields, deflate=offer)
        self._protocol = Protocol(Side.CLIENT, request=asked, deflate=offer)
        self.send(self._protocol.data_to_send())
        while not self._end and self._protocol.state.name == "CONNECTING":
            self._read()
        return self._end or "open"

    def frame(self, opcode: int, payload: bytes = b"", *, fin: bool = True, rsv1: bool = False) -> bool:
        """Send a frame, whether or not it is allowed; see `send`."""
        return self.send(Frame(opcode, payload, fin=fin, rsv1=rsv1, masking_key=KEY).serialize())

    def end(self, seconds: float = PATIENCE) -> str:
        """Read until the server ends it: the close code or the HTTP status; "no answer" after ``seconds``."""
        until = time.monotonic() + seconds
        while not self._end and (left := until - time.monotonic()) > 0:
            self._sock.settimeout(left)
            self._read()
        return self._end or "no answer"

    def close(self) -> None:
        """Leave without a word."""
        self._sock.close()

    def _read(self) -> None:
        try:
            data = self._sock.recv(65536)
        except TimeoutError:
            return
        except OSError:
            data = b""
        for event in self._protocol.receive(data) if data else self._protocol.receive_eof():
            self._take(event)
        self._end = self._end or ("" if data else "1006")

    def _take(self, event: Event) -> None:
        if isinstance(event, Message):
            self.heard += 1  # and forgotten: the memory is to be the server's
        elif isinstance(event, Refused):
            self._end = str(event.response.status) if event.response else "1006"
        elif isinstance(event, Closing | Closed) and not self._end:
            self._end = str(event.code)


class Price(NamedTuple):
    """The cost of an attack: bytes on the attacker's side, memory and processor time on the server's."""

    paid: int  #: bytes that the attacker sent
    memory: int  #: bytes by which the program's memory grew at most
    seconds: float  #: of the server's thread
    end: str  #: a close code, a status, or a word


def price(attack: Callable[[Server], Attacker], handler: Any, limits: Limits) -> Price:
    """Run ``attack`` twice, each time on a new server: once for the time, once for the memory.

    The attack gives its `Attacker`, which is waited for and closed. The memory is that of the whole program:
    make what is to be sent before. To watch the memory makes all slower.
    """
    seconds, _, _ = _run(attack, handler, limits)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        _, paid, end = _run(attack, handler, limits)
        most = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    return Price(paid, most, seconds, end)


def _run(attack: Callable[[Server], Attacker], handler: Any, limits: Limits) -> tuple[float, int, str]:
    with serve(handler, limits=limits) as server:
        before = _thread_time(server)
        with attack(server) as attacker:
            end = attacker.end()
            return _thread_time(server) - before, attacker.paid, end


def _thread_time(server: Server) -> float:
    """Seconds of processor time that the server's thread has used."""
    answer: queue.SimpleQueue[float] = queue.SimpleQueue()
    server.call_soon(lambda: answer.put(time.thread_time()))
    return answer.get(timeout=PATIENCE)


def _port(server: Server | socket.socket) -> int:
    """The port of a server of this program. Raises TypeError, ValueError."""
    if isinstance(server, Server):
        host, port = server.host, server.port
    elif isinstance(server, socket.socket):
        host, port = server.getsockname()[:2]
    else:
        raise TypeError(f"{type(server).__name__}: attack a server that this program has started, no address")
    if not _is_loopback(host):
        raise ValueError(f"the server listens on {host}, expected loopback: others could be hit")
    return port


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost"
