"""A proxy that cuts connections which are silent for too long, as proxies on the way to a server do.

::

    client ──► Idle(port, 0.5) ──► server        no byte either way for half a second: both are closed

The patience of nginx is 60 seconds, unless it is told otherwise. Knows nothing of frames.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from types import TracebackType
from typing import Final, Self

#: Bytes that are passed on at once.
PIECE: Final = 65536


class Idle:
    """In front of a server on loopback, a thread for each connection. Close it, or use it in a ``with``.

    ``target``: the server's port; ``seconds``: the silence that it bears. Raises ValueError for seconds that
    are not above 0, OSError where it can't listen.
    """

    def __init__(self, target: int, seconds: float) -> None:
        if not seconds > 0:
            raise ValueError(f"seconds {seconds:g}, expected more than 0")
        self._target, self._seconds = target, seconds
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.port: int = self._listening.getsockname()[1]
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more, and wait for the connections to end: by themselves, or by their silence."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes `accept`
        self._listening.close()
        for thread in self._threads:
            thread.join()

    def _start(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, name="wsdemo-idle", daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self._listening.accept()
                self._start(self._pass, near)

    def _pass(self, near: socket.socket) -> None:
        """Pass bytes on, both ways, until one side ends or nothing comes for too long."""
        with near, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as far:
            while ready := select.select([near, far], [], [], self._seconds)[0]:
                for source in ready:
                    data = source.recv(PIECE)
                    if not data:
                        return
                    (far if source is near else near).sendall(data)
