"""One client for all alternatives: a blocking socket, our protocol, and for Socket.IO its packets.

::

    with Speaker(server) as ana:          request, 101 ─ and for Socket.IO: open, connect, connected
        ana.say("hello")                  a text frame ─ or an event in one
        ana.hear()                        the next text of the room

It is the same for each, so that it costs each the same. It counts the bytes of either way.
"""

from __future__ import annotations

import contextlib
import socket
import time
from types import TracebackType
from typing import Final, Self

from wsdemo.alternatives import envelope
from wsdemo.alternatives.serving import HOST, Serving
from wsdemo.protocol import Closed, Closing, Failed, Limits, Message, Opened, Ping, Protocol, Refused, Side
from wsdemo.protocol.handshake import request
from wsdemo.protocol.url import parse_url

#: Seconds that any answer may take.
PATIENCE: Final = 20.0
#: A bound of the server's is to be seen, not ours.
UNBOUNDED: Final = Limits(message_size=1 << 30)


class Speaker:
    """A client in ``/room``, or of another ``path``. Its Origin is the server's own, or ``origin``.

    ``sent`` and ``received``: bytes so far. ``refused``: the status of an answer that was no 101, else None.
    ``code``: the server's close code; ``ended``: whether TCP has ended; ``pings``: their number so far.
    Raises OSError where nothing listens, EOFError where the server ends the connection first.
    """

    def __init__(self, server: Serving, path: str = "/room", *, origin: str | None = None) -> None:
        self.envelope = server.alternative.envelope
        self.namespace = path
        own = f"http://{HOST}:{server.port}"
        where = parse_url(f"ws://{HOST}:{server.port}{envelope.TARGET if self.envelope else path}")
        self.sent = self.received = 0
        self.refused: int | None = None
        self.code: int | None = None
        self.pings = 0
        self.opened = self.ended = False
        self._texts: list[str] = []
        self._packets: set[int] = set()  # the kinds that have come, with Socket.IO
        self._protocol = Protocol(Side.CLIENT, request=request(where, origin=origin or own), limits=UNBOUNDED)
        self.sock = socket.create_connection((HOST, server.port), timeout=PATIENCE)
        try:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._enter()
        except BaseException:
            self.sock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sock.close()

    def end(self) -> None:
        """End the connection, for another thread that reads it too."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def say(self, text: str) -> None:
        """Say it in the room."""
        self.write(self._protocol.send_text(envelope.event(text, self.namespace) if self.envelope else text))

    def hear(self, seconds: float = PATIENCE) -> str:
        """The next text. Raises TimeoutError after ``seconds``, EOFError at the end of the connection."""
        deadline = time.monotonic() + seconds
        while not self._texts:
            self.sock.settimeout(max(1e-3, deadline - time.monotonic()))
            self._receive()
        return self._texts.pop(0)

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sent += len(data)
        self.sock.sendall(data)

    def _enter(self) -> None:
        self.write(self._protocol.data_to_send())
        while not self.opened and self.refused is None:
            self._receive()
        if self.envelope and self.opened:
            self._packet(envelope.OPEN)
            self._send(envelope.EnginePacket(envelope.MESSAGE, envelope.CONNECT, self.namespace))
            self._packet(envelope.MESSAGE)

    def _packet(self, engine: int) -> None:
        """Wait for a packet of this kind."""
        while engine not in self._packets:
            self._receive()

    def _receive(self) -> None:
        data = self.sock.recv(1 << 16)
        self.received += len(data)
        if not data:
            self.ended = True
            raise EOFError(f"the server ended the connection (close code {self.code or 1006})")
        for event in self._protocol.receive(data):
            match event:
                case Message(data=str(text)):
                    self._text(text)
                case Ping():
                    self.pings += 1
                case Opened():
                    self.opened = True
                case Refused(response=response):
                    self.refused = response.status if response is not None else 0
                case Closing(code=code) | Closed(code=code):
                    self.code = code
                case Failed(error=error):
                    raise error
        if self._protocol.has_data_to_send:
            self.write(self._protocol.data_to_send())

    def _send(self, packet: envelope.EnginePacket) -> None:
        self.write(self._protocol.send_text(envelope.serialize(packet)))

    def _text(self, text: str) -> None:
        if not self.envelope:
            self._texts.append(text)
            return
        packet = envelope.parse(text)
        if packet.engine == envelope.PING:
            self.pings += 1
            self._send(envelope.EnginePacket(envelope.PONG))
        self._packets.add(packet.engine)
        if (said := envelope.content(text)) is not None:
            self._texts.append(said)
