"""A NATS server of our own: a process on loopback that syncs each message to the disk before it confirms it.

::

    with NatsServer("data") as broker:
        nats = Nats(broker.url)

The program ``nats-server`` is the one beside this Python (``pip install 'wsdemo[scale]'``), or else on PATH.
Where this process is killed, a shell that watches it by a pipe ends the server (not on Windows).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

#: Seconds for a start.
START: Final = 10.0
#: The command that brings a server and its client.
INSTALL: Final = "pip install 'wsdemo[scale]'"
#: The shell's program: its input ends when the process that wrote to it does, however that ended.
WATCH: Final = 'read -r _; kill "$0"'


def find() -> str | None:
    """The path of ``nats-server``, or None."""
    beside = Path(sys.executable).with_name("nats-server")
    return str(beside) if beside.is_file() else shutil.which("nats-server")


class NatsServer:
    """A broker with JetStream on loopback. Close it, or use it in a ``with``.

    ``folder``: its configuration and the messages.
    ``port``: 0 takes a free one.
    ``sync``: the time from a confirmation to the disk: "always" is none, NATS's own default "2m".

    Raises FileNotFoundError where no program is found, OSError where it does not start.
    """

    def __init__(self, folder: str | Path, port: int = 0, *, sync: str = "always") -> None:
        program = find()
        if program is None:
            raise FileNotFoundError(f"no nats-server here: {INSTALL}, or put one on PATH")
        self._program, self._folder, self._sync = program, Path(folder), sync
        self.port, self.monitor = port, 0
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._folder.mkdir(parents=True, exist_ok=True)
        self.start()

    @property
    def url(self) -> str:
        """``nats://127.0.0.1:port``"""
        return f"nats://127.0.0.1:{self.port}"

    def __enter__(self) -> NatsServer:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def start(self) -> None:
        """Start it, again after `kill`, on the same port. Raises OSError where it does not start."""
        path = self._folder / "nats.conf"
        path.write_text(self._configuration(), encoding="utf-8")
        for old in self._folder.glob("nats-server_*.ports"):
            old.unlink()
        with (self._folder / "nats.log").open("ab") as output:
            self._process = subprocess.Popen(
                [self._program, "-c", str(path)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._watch(self._process.pid)
        self.port, self.monitor = self._ports()

    def kill(self) -> None:
        """End it at once, as a power cut would, but for what the kernel still writes."""
        if self._process is not None:
            self._unwatch()
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._unwatch()
            self._process.terminate()
            self._process.wait()

    def _watch(self, process: int) -> None:
        """End the server when this process is gone. A signal of the kernel would come when a thread ends."""
        if os.name == "posix":
            self._watcher = subprocess.Popen(
                ["/bin/sh", "-c", WATCH, str(process)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def _unwatch(self) -> None:
        """Before the server is waited for: its number may be another process's then."""
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None

    def _configuration(self) -> str:
        store = json.dumps(str(self._folder / "jetstream"))
        return (
            f"listen: 127.0.0.1:{self.port or -1}\n"
            "http: 127.0.0.1:-1  # what `wsdemo doctor` asks\n"
            f"ports_file_dir: {json.dumps(str(self._folder))}\n"
            f"jetstream {{ store_dir: {store}, sync_interval: {self._sync} }}\n"
        )

    def _ports(self) -> tuple[int, int]:
        """Its ports, which it writes into a file once it serves."""
        assert self._process is not None
        path = self._folder / f"nats-server_{self._process.pid}.ports"
        deadline = time.monotonic() + START
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                ports = json.loads(path.read_text(encoding="utf-8"))
                return _port(ports["nats"]), _port(ports["monitoring"])
            except (OSError, ValueError, KeyError):
                time.sleep(0.01)
        self.kill()
        said = (self._folder / "nats.log").read_text(encoding="utf-8", errors="replace").splitlines()
        raise OSError(f"nats-server does not start: {said[-1] if said else 'it said nothing'}")


def _port(urls: list[str]) -> int:
    return int(urls[0].rpartition(":")[2])


def syncs(monitor: str) -> bool | None:
    """Whether a NATS confirms a message only once it is on the disk; None where it does not say.

    ``monitor``: the address of its monitoring, such as ``http://127.0.0.1:8222``. Raises OSError where
    nothing answers there.
    """
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a monitor is near
    with direct.open(f"{monitor.rstrip('/')}/varz", timeout=3) as answer:
        found: dict[str, Any] = json.load(answer)
    config = found.get("jetstream", {}).get("config")
    return None if config is None else bool(config.get("sync_always", False))
