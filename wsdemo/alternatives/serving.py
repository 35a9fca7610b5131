"""An alternative in a process of its own, as ``python FILE PORT`` runs it.

::

    with Serving(ALTERNATIVES["aiohttp"]) as server:      python on_aiohttp.py 43127
        Speaker(server)                                    listens on 127.0.0.1

The port is a free one, and stays bound here, so that the system gives it to no other process meanwhile. Knows
nothing of messages.
"""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from types import TracebackType
from typing import Final, Self

from wsdemo.alternatives.table import ALTERNATIVES, Alternative

HOST: Final = "127.0.0.1"
#: Seconds in which a server must listen.
DEADLINE: Final = 60.0
#: Seconds between two looks.
PACE: Final = 0.02
#: Seconds in which it must end when it is asked to.
GRACE: Final = 5.0


class Serving:
    """A server process that listens; ``with`` ends it.

    Raises RuntimeError, one line with its last words, where a library is missing or it does not listen.
    """

    def __init__(self, alternative: Alternative) -> None:
        if alternative.missing:
            raise RuntimeError(f"{alternative.name} is not installed: {alternative.missing}")
        self.alternative = alternative
        self.port, self._reserved = reserved_port()
        # Its last words: a file, because a pipe without a reader fills up, and its writer waits.
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
        self._process = self._start()
        try:
            if not self._listens():
                words = self.words.splitlines() or ["no word"]
                raise RuntimeError(f"the server on {alternative.name} did not start: {words[-1]}")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def words(self) -> str:
        """Its output so far."""
        self._words.seek(0)
        return self._words.read().decode(errors="replace").strip()

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process.poll() is None

    def memory(self) -> int | None:
        """Bytes of memory that its process shares with no other; None where the system does not tell."""
        try:
            with open(f"/proc/{self._process.pid}/smaps_rollup", encoding="ascii") as file:
                return 1024 * sum(
                    map(int, re.findall(r"^Private_\w+:\s+(\d+) kB", file.read(), re.MULTILINE))
                )
        except OSError:
            return None

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._words.close()
        self._reserved.close()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(self.alternative.path), str(self.port)]
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._words, stderr=subprocess.STDOUT
        )

    def _listens(self) -> bool:
        """Wait until it listens; False: its process has ended, or takes too long."""
        deadline = time.monotonic() + DEADLINE
        while self.alive and time.monotonic() < deadline:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
                return self.alive
            except OSError:
                time.sleep(PACE)
        return False


@contextlib.contextmanager
def running(*names: str) -> Iterator[dict[str, Serving]]:
    """The servers of these names, of all that are installed where none is given; they end with the ``with``.

    Raises KeyError for a name that is none, RuntimeError where one does not start.
    """
    chosen = [ALTERNATIVES[name] for name in names]
    chosen = chosen or [one for one in ALTERNATIVES.values() if not one.missing]
    with ThreadPoolExecutor(len(chosen)) as pool:
        starting = [pool.submit(Serving, one) for one in chosen]
        wait(starting)
        started = [future.result() for future in starting if future.exception() is None]
        try:
            yield {one.name: future.result() for one, future in zip(chosen, starting, strict=True)}
        finally:
            list(pool.map(Serving.close, started))


def reserved_port() -> tuple[int, socket.socket]:
    """A free port of 127.0.0.1, and a socket that keeps it free for a server until it is closed.

    On Linux a bound socket that does not listen shares its port by SO_REUSEADDR, which servers set, and the
    system gives that port to no one who asks for any. Elsewhere it can't be shared, and is given back.
    """
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, 0))
    port = int(sock.getsockname()[1])
    if sys.platform != "linux":
        sock.close()
    return port, sock
