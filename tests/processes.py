"""The command line as a person runs it: a process of its own, its lines, its exit status, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tests.waiting import DEADLINE

Process = subprocess.Popen[str]
Start = Callable[..., Process]


def starting() -> Iterator[Start]:
    """Starts ``python -m wsdemo …``; what still runs at the end is ended. For the fixture `start`."""
    running: list[Process] = []

    def start(*arguments: str, **options: Any) -> Process:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        running.append(
            subprocess.Popen(
                [sys.executable, "-X", "dev", "-W", "error", "-m", "wsdemo", *arguments],
                text=True,
                encoding="utf-8",
                env={**os.environ, "PYTHONUTF8": "1"},
                **streams,
            )
        )
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def run(start: Start, *arguments: str, **options: Any) -> tuple[int, str, str]:
    """To its end: status, output, errors."""
    return ended(start(*arguments, **options))


def line(process: Process) -> str:
    """The next line of its output."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def end(process: Process, by: int = signal.SIGINT) -> tuple[int, str, str]:
    """End it as Ctrl-C does; then as `run`."""
    process.send_signal(by)
    return ended(process)


def ended(process: Process) -> tuple[int, str, str]:
    """Wait for its end; then as `run`."""
    out, err = process.communicate(timeout=DEADLINE)
    return process.returncode, out, err
