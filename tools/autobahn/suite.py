"""One run of wstest against one role of wsdemo, and what came of it. Loopback only."""

from __future__ import annotations

import ast
import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Role = Literal["server", "client"]
ROLES: Final[tuple[Role, ...]] = ("server", "client")

ALL: Final = 517  # cases of this version of the suite
INFORMATIONAL: Final = frozenset({"7.1.6", "7.13.1", "7.13.2"})  # nothing in them is right or wrong
AGENT: Final = "wsdemo"

LARGEST: Final = 16 * 2**20  # bytes of its largest message
FRAGMENTS: Final = LARGEST // 64  # of the message with the most frames
CASE_TIMEOUT: Final = 480.0  # seconds that the suite itself gives to its longest case

# wstest listens on every interface and has no option for it.
ON_LOOPBACK: Final = """
import sys
from twisted.internet import reactor
everywhere = reactor.listenTCP
def listen(port, factory, backlog=50, interface=""):
    return everywhere(port, factory, backlog, "127.0.0.1")
reactor.listenTCP = listen
from autobahntestsuite import wstest
wstest.run()
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run showed. ``results``: for each case how wsdemo behaved, and how it closed."""

    role: Role
    planned: tuple[str, ...]
    results: dict[str, tuple[str, str]]
    seconds: float
    report: Path

    @property
    def faults(self) -> list[str]:
        """A line for each case that is missing, or not strictly passed."""
        lines = []
        for case in self.planned:
            behavior, closing = self.results.get(case, ("MISSING", "MISSING"))
            right = {"OK", "INFORMATIONAL"} if case in INFORMATIONAL else {"OK"}
            if not {behavior, closing} <= right:
                lines.append(f"{self.role} {case}: {behavior}, closing: {closing}")
        return lines

    def __str__(self) -> str:
        found = Counter(self.results.get(case, ("MISSING", ""))[0] for case in self.planned)
        counts = ", ".join(f"{count} {name}" for name, count in found.most_common())
        verdict = f"{len(self.faults)} NOT PASSED" if self.faults or not self.planned else "all passed"
        took = f"{self.seconds:.0f} s"
        return f"{self.role}: {len(self.planned)} cases, {verdict} ({counts}), {took}: {self.report}"


def run(
    role: Role, wstest: Path, folder: Path, cases: Sequence[str] = ("*",), timeout: float = 3600
) -> Outcome:
    """Run the ``cases`` (numbers, or patterns as ``9.*``) and keep wstest's report in ``folder``.

    ``wstest``: the Python that has it. Raises RuntimeError where there is no report, and TimeoutExpired after
    ``timeout`` seconds.
    """
    shutil.rmtree(folder, ignore_errors=True)  # no result of an earlier run
    folder.mkdir(parents=True)
    start = time.monotonic()
    _as_server(wstest, folder, cases, timeout) if role == "server" else _as_client(
        wstest, folder, cases, timeout
    )
    seconds = time.monotonic() - start
    log = (folder / "wstest.log").read_text(encoding="utf-8", errors="replace")
    index = folder / "index.json"
    plan = re.search(r"^Cases = (\[.*\])$", log, re.MULTILINE)
    if plan is None or not index.exists():
        raise RuntimeError(f"wstest made no report; the end of {folder / 'wstest.log'}:\n{log[-1500:]}")
    results = json.loads(index.read_text(encoding="utf-8")).get(AGENT, {})
    return Outcome(
        role,
        tuple(ast.literal_eval(plan[1])),
        {case: (result["behavior"], result["behaviorClose"]) for case, result in results.items()},
        seconds,
        folder / "index.html",
    )


def _as_server(wstest: Path, folder: Path, cases: Sequence[str], timeout: float) -> None:
    """Our echo server; wstest is the client, and ends by itself."""
    command = [
        sys.executable,
        "-m",
        "wsdemo",
        "echo",
        f"--max-size={LARGEST}",
        f"--max-fragments={FRAGMENTS}",
    ]
    with (
        open(folder / "peer.log", "wb") as log,
        _running(command, stdout=subprocess.PIPE, stderr=log) as server,
    ):
        assert server.stdout is not None
        url = server.stdout.readline().decode().strip()
        spec = {"servers": [{"agent": AGENT, "url": url}]}
        with _fuzzing("fuzzingclient", wstest, folder, cases, spec) as client:
            client.wait(timeout)
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with status {server.returncode}; see {log.name}")


def _as_client(wstest: Path, folder: Path, cases: Sequence[str], timeout: float) -> None:
    """wstest is the server; our client asks it for each case, and at the end for the report."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"ws://127.0.0.1:{port}"
    with (
        open(folder / "peer.log", "wb") as log,
        _fuzzing("fuzzingserver", wstest, folder, cases, {"url": url}) as server,
    ):
        _wait_for(server, port)
        command = [sys.executable, "-m", "tools.autobahn.client", url, AGENT]
        with _running(command, stdout=log, stderr=log) as client:
            if client.wait(timeout):
                raise RuntimeError(f"the client ended with status {client.returncode}; see {log.name}")


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    """Until it listens."""
    while server.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)


@contextlib.contextmanager
def _fuzzing(
    mode: str, wstest: Path, folder: Path, cases: Sequence[str], spec: dict[str, object]
) -> Iterator[subprocess.Popen[bytes]]:
    """wstest in one of its modes; its output is ``wstest.log``."""
    whole = {**spec, "outdir": str(folder), "cases": [*cases], "exclude-cases": [], "exclude-agent-cases": {}}
    (folder / "spec.json").write_text(json.dumps(whole, indent=1))
    command = [str(wstest), "-u", "-c", ON_LOOPBACK, "-m", mode, "-s", str(folder / "spec.json"), "-u", "0"]
    with open(folder / "wstest.log", "wb") as log, _running(command, stdout=log, stderr=log) as process:
        yield process


@contextlib.contextmanager
def _running(command: list[str], **output: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process for as long as the ``with`` lasts."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **output)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
