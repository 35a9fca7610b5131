"""A contestant's server in a process of its own, which takes commands from its standard input.

::

    Served("wsdemo") ── {"do": "cpu"} ──► python -m wsdemo.bench.served wsdemo
                     ◄── {"seconds": 1.25} ──

It ends with its input, so none outlives the benchmark.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from wsdemo.bench.peers import PEERS, Running

#: The file in which Linux tells the memory that a process shares with no other.
MEMORY: Final = "/proc/self/smaps_rollup"


class Contestant(NamedTuple):
    """A peer and the conditions under which it runs."""

    name: str
    peer: str
    compressed: bool = False
    crowd: bool = False  # many connections, of which none talks
    hidden: tuple[str, ...] = ()  # modules that it shall not find
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def missing(self) -> str:
        """The packages to install before it can run; empty: none."""
        peer = PEERS[self.peer]
        return "" if all(importlib.util.find_spec(name) for name in peer.needs) else peer.pip


class Served:
    """A server process. It starts with the object; `wait` until it listens."""

    def __init__(self, contestant: Contestant) -> None:
        self.contestant = contestant
        self.port = 0
        self.crowd: list[socket.socket] = []  #: connections that a measure keeps open to it
        arguments = [contestant.peer, "--hide", ",".join(contestant.hidden)]
        arguments += ["--compressed"] * contestant.compressed + ["--crowd"] * contestant.crowd
        # Its last words: a file, because a pipe without a reader fills up, and its writer waits.
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
        self._process = subprocess.Popen(
            [sys.executable, "-m", "wsdemo.bench.served", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            text=True,
            env={**os.environ, **dict(contestant.environment)},
        )

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def wait(self) -> None:
        """Wait until it listens. Raises RuntimeError, with its last words, where it does not."""
        self.port = self._answer()["port"]

    def cpu(self) -> float:
        """Seconds of CPU time so far, user and system."""
        return float(self._do(do="cpu")["seconds"])

    def memory(self) -> int:
        """Bytes of memory of its own. Raises RuntimeError where the system does not tell them."""
        size = self._do(do="memory")["bytes"]
        if size is None:
            raise RuntimeError(f"this system has no {MEMORY}")
        return int(size)

    def broadcast(self, message: str, hear: Callable[[], object]) -> float:
        """Seconds from the beginning of a broadcast until ``hear()``, which reads it, has returned."""
        self._tell(do="broadcast", message=message)
        hear()
        ended = time.perf_counter()
        return ended - float(self._answer()["began"])

    def exchange(self, message: str, times: int) -> float:
        """Seconds of a median round trip between this server and a client in its own process."""
        return float(self._do(do="exchange", message=message, times=times)["seconds"])

    def close(self) -> None:
        """End the process."""
        for sock in self.crowd:
            sock.close()
        with contextlib.suppress(OSError):
            self._process.communicate(timeout=5)
        self._process.kill()
        self._process.wait()
        self._words.close()

    def _do(self, **command: Any) -> dict[str, Any]:
        self._tell(**command)
        return self._answer()

    def _tell(self, **command: Any) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # its last words say more
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._words.seek(0)
            words = self._words.read().decode(errors="replace").strip().splitlines() or ["no word"]
            raise RuntimeError(f"the server of {self.contestant.name} ended: {words[-1]}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def main(arguments: Sequence[str]) -> None:
    """The process: start the server, then carry out commands, line by line."""
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--compressed", action="store_true")
    parser.add_argument("--crowd", action="store_true")
    parser.add_argument("--hide", default="", help="modules, with commas between")
    options = parser.parse_args(arguments)
    for name in filter(None, options.hide.split(",")):
        sys.modules[name] = None  # type: ignore[assignment] # makes its import fail
    running = PEERS[options.peer].start(options.compressed, options.crowd)
    print(json.dumps({"port": running.port}), flush=True)
    exchange = None
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "exchange" and exchange is None:
            assert running.dial is not None
            exchange = running.dial()
        print(json.dumps(obey(running, exchange, command)), flush=True)
    sys.stdout.flush()
    os._exit(0)  # without waiting for the server's threads, whatever they are


def obey(running: Running, exchange: Any, command: dict[str, Any]) -> dict[str, Any]:
    """Carry out one command."""
    if command["do"] == "cpu":
        return {"seconds": time.process_time()}
    if command["do"] == "memory":
        return {"bytes": private_memory()}
    if command["do"] == "broadcast":
        assert running.broadcast is not None
        return {"began": running.broadcast(command["message"])}
    message, seconds = command["message"], []
    for _ in range(command["times"]):
        began = time.perf_counter()
        answer = exchange(message)
        seconds.append(time.perf_counter() - began)
        assert answer == message
    return {"seconds": statistics.median(seconds)}


def private_memory() -> int | None:
    """Bytes that this process shares with no other; None where the system does not tell."""
    gc.collect()
    try:
        with open(MEMORY, encoding="ascii") as file:
            return 1024 * sum(map(int, re.findall(r"^Private_\w+:\s+(\d+) kB", file.read(), re.MULTILINE)))
    except OSError:
        return None


if __name__ == "__main__":
    main(sys.argv[1:])
