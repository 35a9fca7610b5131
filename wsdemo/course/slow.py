"""A member on a narrow line who reads slowly, or never: what a phone in a tunnel looks like to a server.

::

    server ──► kernel's buffers, as small as can be ──► SlowReader: at most `rate` bytes a second

Its segments and its receive buffer are small, so the kernels on the way keep some 20 KiB and not 4 MB: what a
fast line shows after seconds, a narrow one shows at once. Knows nothing of rooms.
"""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from types import TracebackType
from typing import Final, Self

from wsdemo.protocol import Closed, Closing, Message, Protocol, Side
from wsdemo.protocol.handshake import parse_url, request

#: Bytes of a TCP segment, and of the receive buffer, on a narrow line.
SEGMENT: Final = 88
BUFFER: Final = 2048
#: Seconds between two reads.
PACE: Final = 0.001
#: Seconds whose bytes it reads at once at most: a line that was quiet for a while is no faster afterwards.
MOMENT: Final = 0.05
#: Seconds without a byte, after which nothing is on the line any more; a window of 0 is probed after 0.4.
QUIET: Final = 1.0
#: Seconds that a reader takes at most to catch up.
PATIENCE: Final = 10.0


class SlowReader:
    """Opens ``url`` and reads at most ``rate`` bytes a second in a thread of its own; 0: never.

    ``heard``: the messages so far. ``code``: the close code, once the server has closed. ``narrow``: on a
    narrow line; else the kernels keep as much as they like. Set ``rate`` to ``math.inf`` to let it catch up.
    Raises ValueError for a URL that is none, OSError where no server answers.
    """

    def __init__(self, url: str, rate: float, *, narrow: bool = True) -> None:
        where = parse_url(url)
        self.rate = rate
        self.heard: list[str | bytes] = []
        self.code: int | None = None
        self._protocol = Protocol(Side.CLIENT, request=request(where))
        self._ended = threading.Event()
        self._heard_at = time.monotonic()
        self._sock = socket.socket()
        try:
            if narrow:
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
                with contextlib.suppress(OSError):  # not every system has it
                    self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
            self._sock.connect((where.host, where.port))
            self._sock.sendall(self._protocol.data_to_send())
        except BaseException:
            self._sock.close()
            raise
        self._sock.settimeout(PACE)
        self._thread = threading.Thread(target=self._read, name="slow reader", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"<SlowReader: {len(self.heard)} messages at {self.rate:,g} bytes a second>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def settle(self) -> None:
        """Read as fast as it can, until nothing has come for a second or the server has closed."""
        self.rate = math.inf
        self._heard_at = start = time.monotonic()
        while self._thread.is_alive() and time.monotonic() < min(self._heard_at + QUIET, start + PATIENCE):
            self._ended.wait(PACE)

    def close(self) -> None:
        """Leave, without a word: the socket is closed."""
        self._ended.set()
        self._thread.join()
        self._sock.close()

    def _read(self) -> None:
        now, room = time.monotonic(), 0.0
        while not self._ended.wait(PACE):
            before, now = now, time.monotonic()
            room = self._allowed(room, now - before)
            if room < 1:
                continue
            try:
                data = self._sock.recv(int(room))
            except TimeoutError:
                continue
            except OSError:
                return
            room -= len(data)
            self._heard_at = time.monotonic()
            if not data or self._take(data):
                return

    def _allowed(self, room: float, seconds: float) -> float:
        """The bytes that it may read now: what was left, and what has come in since, in a moment at most."""
        if math.isinf(self.rate):
            return 65536
        return min(65536, room + self.rate * seconds, max(1.0, self.rate * MOMENT))

    def _take(self, data: bytes) -> bool:
        """Keep the messages in these bytes; True: the server has closed."""
        for event in self._protocol.receive(data):
            if isinstance(event, Message):
                self.heard.append(event.data)
            elif isinstance(event, Closing | Closed):
                self.code = event.code
        if self._protocol.has_data_to_send:
            with contextlib.suppress(OSError):
                self._sock.sendall(self._protocol.data_to_send())
        return self.code is not None
