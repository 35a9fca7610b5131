"""Jupyter's own WebSocket: a real server with a real kernel, and what goes between page and kernel.

    page ── WebSocket, subprotocol v1.kernel.websocket.jupyter.org ──► Jupyter server ──► kernel

`Jupyter` starts a server of its own, on a free port of 127.0.0.1 and without a page, and ends it: the one in
which you may be reading this is left alone. A message on that socket is binary (jupyter_server's
documentation, "WebSocket kernel wire protocols"); all numbers have 8 bytes, the lowest first:

    how many offsets │ offset … │ channel │ header │ parent header │ metadata │ content │ buffers …
                                   UTF-8     JSON       JSON           JSON       JSON
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import itertools
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from wsdemo.net.connection import Connection

SUBPROTOCOL: Final = "v1.kernel.websocket.jupyter.org"
PATIENCE: Final = 45.0  # seconds, for a server or a kernel to start, or a cell to run
FORSAKEN: Final = 60  # seconds after which a server that was not ended ends itself
NUMBER: Final = 8  # bytes
HEARTBEAT: Final = 0.5  # seconds between the server's looks at its kernel: is it alive?
NUDGE: Final = 0.5  # seconds between two questions to a new kernel: are you heard?
RESTARTING: Final = "restarting"
DEAD: Final = (RESTARTING, "dead")  # the server's words on the kernel's socket where it is not
MISSING: Final = "jupyter_server is missing: make lab (or: pip install -e '.[lab]'), then restart the kernel"


class DeadKernelError(RuntimeError):
    """The kernel has died, and does not answer its request."""


@dataclass(frozen=True, slots=True)
class KernelMessage:
    """One message between page and kernel: its kind and id, and the id of what it answers ('' if nothing)."""

    channel: str
    kind: str
    id: str
    parent: str
    content: dict[str, Any]

    @property
    def says(self) -> str:
        """Its main content, as text."""
        data = self.content.get("data", {})
        known = (self.content.get(key) for key in ("code", "execution_state", "text", "ename", "status"))
        return str(data.get("text/plain") or next(filter(None, known), ""))

    def __str__(self) -> str:
        return f"{self.channel:<6} {self.kind:<16} {self.says}".rstrip()


def ask(code: str, id: str) -> bytes:
    """The message with which a page asks its kernel to run a cell.

    >>> print(read(ask("1 + 1", id="cell 1")))
    shell  execute_request  1 + 1
    """
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    return _kernel_request(id, "execute_request", content)


def pack(channel: str, header: dict[str, str], parent: dict[str, str], content: dict[str, Any]) -> bytes:
    """A message as it goes over the socket, without metadata and buffers."""
    parts = [channel.encode(), *(json.dumps(part).encode() for part in (header, parent, {}, content))]
    offsets = [(len(parts) + 2) * NUMBER]  # a place for the count, for the start, and for each end
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    numbers = (len(offsets), *offsets)
    return b"".join([number.to_bytes(NUMBER, "little") for number in numbers] + parts)


def read(message: bytes) -> KernelMessage:
    """The content of a message. Raises ValueError for one that is not packed in this way."""
    count, *offsets = _numbers(message, 1)
    offsets = _numbers(message, count + 1)[1:]
    pieces = [message[start:end] for start, end in itertools.pairwise(offsets)]
    if len(pieces) < 5:
        raise ValueError(f"a kernel message has 5 parts or more, not {len(pieces)}")
    header, parent, _, content = map(json.loads, pieces[1:5])
    return KernelMessage(
        pieces[0].decode(), header["msg_type"], header["msg_id"], parent.get("msg_id", ""), content
    )


def answers(ws: Connection, id: str, timeout: float = PATIENCE) -> Iterator[KernelMessage]:
    """All that a kernel answers to one request, until it has replied and is idle again.

    Raises TimeoutError if nothing comes for `timeout` seconds, ValueError for a text message, which this
    subprotocol has not, and DeadKernelError if the kernel dies: the server notices within a second, and
    starts a new one, which does not have the old one's variables. The error comes when that one is heard,
    or after `timeout` seconds.
    """
    replied = idle = False
    while not (replied and idle):
        message = _receive(ws, timeout)
        if message.kind == "status" and message.says in DEAD:
            if message.says == RESTARTING:
                _await_new_kernel(ws, timeout)
            raise DeadKernelError(
                f"the kernel died before it answered {id!r}: the server says {message.says!r}"
            )
        if message.parent == id:
            replied |= message.kind == "execute_reply"
            idle |= message.says == "idle"
            yield message


class Jupyter:
    """A Jupyter server with one kernel, as a process of its own: for a `with` block.

    `url` is the WebSocket of its kernel, `headers` the field that lets you in. Raises RuntimeError if the
    server does not start.
    """

    def __init__(self) -> None:
        if importlib.util.find_spec("jupyter_server") is None:
            raise RuntimeError(MISSING)
        self._token = secrets.token_hex(16)
        self.headers = {"Authorization": f"token {self._token}"}
        self._folder = tempfile.TemporaryDirectory(prefix="jupyter-", ignore_cleanup_errors=True)
        self._home = Path(self._folder.name)
        try:
            self._process = self._start()
            try:
                self._port = self._await_port()
                self._kernel: str = self._request("POST", "/api/kernels")["id"]
            except BaseException:
                self._end()
                raise
        except BaseException:
            self._folder.cleanup()
            raise
        self.url = f"ws://127.0.0.1:{self._port}/api/kernels/{self._kernel}/channels"

    def __enter__(self) -> Jupyter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the kernel, then the server. May be called again."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._request("DELETE", f"/api/kernels/{self._kernel}")
            self._end()
        self._folder.cleanup()

    # Its parts

    def _start(self) -> subprocess.Popen[bytes]:
        """With settings, runtime files and history in a folder that goes with it."""
        home = self._home
        environment = os.environ | {
            "JUPYTER_TOKEN": self._token,
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "IPYTHONDIR": str(home / "ipython"),
            "JUPYTER_NO_CONFIG": "1",  # nor the settings of others: no extensions, so it starts fast
            "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this very environment
        }
        options = {
            "ip": "127.0.0.1",
            "port": 0,
            "open_browser": False,
            "allow_root": True,
            "root_dir": home,
            "shutdown_no_activity_timeout": FORSAKEN,
        }
        command = [sys.executable, "-m", "jupyter_server"]
        command += [f"--ServerApp.{name}={value}" for name, value in options.items()]
        command += [f"--MappingKernelManager.cull_idle_timeout={FORSAKEN}"]
        command += [f"--KernelRestarter.time_to_dead={HEARTBEAT}"]
        with (home / "log").open("wb") as log:
            return subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _await_port(self) -> int:
        """The port that the server found free. It writes a file with it, a moment before it listens there."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for path in (self._home / "runtime").glob("jpserver-*.json"):
                with contextlib.suppress(ValueError, OSError):  # half written, or not yet listening
                    port = int(json.loads(path.read_text())["port"])
                    socket.create_connection(("127.0.0.1", port), PATIENCE).close()
                    return port
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.02)
                break
        lines = (self._home / "log").read_text(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "it said nothing")
        last = last.strip().replace(self._token, "...")
        raise RuntimeError(f"the Jupyter server did not start: {last}")

    def _request(self, method: str, path: str) -> Any:
        """The answer of its HTTP interface, from JSON; None where that is empty."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, headers=self.headers)
            answer = connection.getresponse()
            body = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"the Jupyter server says {answer.status} {answer.reason} to {method} {path}")
        return json.loads(body) if body else None

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _await_new_kernel(ws: Connection, timeout: float) -> None:
    """Ask until it is heard on iopub: what comes there before the server has subscribed again is lost."""
    deadline = time.monotonic() + timeout
    for number in itertools.count():
        if time.monotonic() >= deadline:
            return
        ws.send(_kernel_request(f"nudge {number}", "kernel_info_request", {}))
        with contextlib.suppress(TimeoutError):
            while not _is_heard(_receive(ws, NUDGE)):
                pass
            return


def _is_heard(message: KernelMessage) -> bool:
    return message.channel == "iopub" and message.parent.startswith("nudge")


def _receive(ws: Connection, timeout: float) -> KernelMessage:
    came = ws.recv(timeout)
    if isinstance(came, str):
        raise ValueError(f"a text message; {SUBPROTOCOL} has binary ones only")
    return read(came)


def _kernel_request(id: str, kind: str, content: dict[str, Any]) -> bytes:
    """A question of the page to the kernel."""
    header = {"msg_id": id, "msg_type": kind, "username": "", "session": "wsdemo"}
    return pack("shell", header | {"date": "", "version": "5.3"}, {}, content)


def _numbers(message: bytes, count: int) -> list[int]:
    """The numbers at the beginning of a message."""
    if not 0 < count <= len(message) // NUMBER:
        raise ValueError(f"{count} numbers of {NUMBER} bytes announced, in a message of {len(message)} bytes")
    starts = range(0, count * NUMBER, NUMBER)
    return [int.from_bytes(message[start : start + NUMBER], "little") for start in starts]
