"""Servers of news in a process of their own, so that their CPU time is theirs alone.

::

    parent                                        child: python -m wsdemo.rivals.serving
           ─── {"way": "SSE"} ──────────────────►  a fresh server
           ◄── {"port": 50123, "about": …} ──────
           ─── {"clients": 100, "events": … } ──►  waits for its clients, starts the clock, publishes
           ◄── {"started": true} ────────────────
           ─── {} ──────────────────────────────►  stops
           ◄── {"cpu": 0.12, "wall": 2.0, … } ───
           ─── {} ──────────────────────────────►  closes that server, and the next round begins

A line of JSON each, over the child's standard input and output. The child ends when its input does.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from wsdemo.rivals.news import Publisher, clock, events
from wsdemo.rivals.ways import Way, find


def main() -> None:
    """The child: serve a round of news for each request."""
    while asked := _hear():
        _round(find([asked["way"]])[0])


def _round(way: Way) -> None:
    """Serve one round of news, and report its CPU time, duration and threads."""
    with way.server() as server:
        _say({"port": server.port, "about": server.about})
        asked = _hear()
        if asked is None:
            return
        server.ready(asked["clients"], 30.0)
        told = events(asked["events"], asked["rate"], asked["seed"], asked["size"])
        publisher = Publisher(told, server.publish)
        cpu, wall = time.process_time(), clock()
        publisher.start()
        _say({"started": True})
        _hear()
        spent = {
            "cpu": time.process_time() - cpu,
            "wall": clock() - wall,
            "threads": threading.active_count(),
        }
        publisher.stop()
        _say(spent)
        _hear()  # serve on until the parent's clients have left


def _say(value: dict[str, Any]) -> None:
    print(json.dumps(value), flush=True)


def _hear() -> dict[str, Any] | None:
    line = sys.stdin.readline()
    return json.loads(line) if line else None


class Child:
    """The parent's end. Use it in a ``with``: at its end the process has ended.

    A round is `serve`, `start`, `stop`, and `done` when its clients have left.
    """

    port: int  #: of this round's server
    about: str  #: a description of it

    def __init__(self) -> None:
        here = str(Path(__file__).parents[2])
        path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "wsdemo.rivals.serving"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def serve(self, way: str) -> None:
        """Start a server of this way, without news, on a ``port`` of its own. RuntimeError: it has ended."""
        self._say({"way": way})
        found = self._hear()
        self.port, self.about = found["port"], found["about"]

    def start(self, **asked: Any) -> None:
        """Begin the news: ``clients``, ``events``, ``rate``, ``seed``, ``size``. RuntimeError: it ended."""
        self._say(asked)
        self._hear()

    def stop(self) -> dict[str, Any]:
        """End the news: ``cpu`` and ``wall`` in seconds, ``threads``. RuntimeError as in `serve`."""
        self._say({})
        return self._hear()

    def done(self) -> None:
        """The clients of this round have left."""
        self._say({})

    def close(self) -> None:
        """End the process: by its input's end, or, if that does not help, at once."""
        try:
            self._process.communicate(timeout=10.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def _say(self, value: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended: `_hear` tells why
            self._process.stdin.write(json.dumps(value) + "\n")
            self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None and self._process.stderr is not None
        line = self._process.stdout.readline()
        if not line:
            *_, last = ["no reason given", *self._process.stderr.read().splitlines()]
            raise RuntimeError(f"the server's process has ended: {last}")
        found: dict[str, Any] = json.loads(line)
        return found


if __name__ == "__main__":
    main()
