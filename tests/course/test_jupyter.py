"""Jupyter's kernel socket: its messages are packed as jupyter_server packs them, and nothing stays behind."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)

from tests.waiting import DEADLINE
from wsdemo import Trace, connect
from wsdemo.course import jupyter
from wsdemo.course.jupyter import (
    SUBPROTOCOL,
    DeadKernelError,
    Jupyter,
    KernelMessage,
    answers,
    ask,
    pack,
    read,
)


def test_jupyter_reads_what_we_pack() -> None:
    channel, parts = deserialize_msg_from_ws_v1(ask("1 + 1", id="a"))
    header, parent, metadata, content = map(json.loads, parts)
    assert (channel, header["msg_id"], header["msg_type"]) == ("shell", "a", "execute_request")
    assert (parent, metadata, content["code"]) == ({}, {}, "1 + 1")


def test_we_read_what_jupyter_packs() -> None:
    header, parent = {"msg_id": "b", "msg_type": "stream"}, {"msg_id": "a"}
    parts = [json.dumps(part).encode() for part in (header, parent, {}, {"text": "héllo"})]
    for buffers in ([], [b"\x00" * 9, b""]):
        message = serialize_msg_to_ws_v1([*parts, *buffers], "iopub")
        assert read(message) == KernelMessage("iopub", "stream", "b", "a", {"text": "héllo"})


@pytest.mark.parametrize("cut", [0, 7, 8, 40, 60, 100])
def test_a_message_that_is_cut_is_refused(cut: int) -> None:
    message = ask("1 + 1", id="a")
    with pytest.raises(ValueError):
        read(message[:cut])


def test_the_heart_of_a_message() -> None:
    cases: list[tuple[dict[str, object], str]] = [
        ({"execution_state": "busy"}, "busy"),
        ({"data": {"text/plain": "2"}, "execution_count": 1}, "2"),
        ({"text": "Hi"}, "Hi"),
        ({"ename": "ValueError", "status": "error"}, "ValueError"),
        ({"status": "ok"}, "ok"),
        ({}, ""),
    ]
    for content, heart in cases:
        assert read(pack("iopub", {"msg_id": "b", "msg_type": "k"}, {}, content)).says == heart


@pytest.mark.timeout(180)
def test_a_cell_in_a_real_kernel() -> None:
    trace = Trace()
    with Jupyter() as server:
        folder = server._home
        with connect(server.url, headers=server.headers, subprotocols=[SUBPROTOCOL], trace=trace) as ws:
            for code, results in (("1 + 1", ["2"]), ("x = 1", []), ("1 / 0", ["ZeroDivisionError"])):
                ws.send(ask(code, id=code))
                came = list(answers(ws, code, DEADLINE))
                kinds = [message.kind for message in came]
                assert (kinds.count("execute_reply"), kinds.count("status")) == (1, 2)
                assert [m.says for m in came if m.kind in ("execute_result", "error")] == results
            ws.send(ask("import os; os._exit(1)", id="last words"))
            with pytest.raises(DeadKernelError, match=r"died before it answered 'last words'.+'restarting'"):
                list(answers(ws, "last words", DEADLINE))
            ws.send(ask("'x' in globals()", id="a new kernel"))
            assert "False" in [message.says for message in answers(ws, "a new kernel", DEADLINE)]
        family = psutil.Process(server._process.pid).children(recursive=True)
        assert family, "the kernel"
    server.close()  # a second time
    assert trace.responses[0].headers["sec-websocket-protocol"] == ws.subprotocol == SUBPROTOCOL
    assert server._process.poll() is not None
    assert not any(process.is_running() for process in family)
    assert not folder.exists()


Scripted = tuple[str, str, dict[str, str], dict[str, str]] | None


class Socket:
    """A kernel's socket on which these messages come; None: nothing comes for as long as `recv` waits."""

    def __init__(self, *script: Scripted) -> None:
        self._script = list(script)
        self.sent: list[KernelMessage] = []

    def send(self, message: bytes) -> None:
        self.sent.append(read(message))

    def recv(self, timeout: float) -> bytes:
        came = self._script.pop(0) if self._script else None
        if came is None:
            raise TimeoutError(f"no message within {timeout:g} seconds")
        channel, kind, parent, content = came
        return pack(channel, {"msg_id": "b", "msg_type": kind}, parent, content)


BUSY = ("iopub", "status", {"msg_id": "a"}, {"execution_state": "busy"})
RESTARTING = ("iopub", "status", {}, {"execution_state": "restarting"})


@pytest.mark.parametrize("state", ["restarting", "dead"])
def test_a_dead_kernel_is_told_at_once(state: str) -> None:
    """jupyter_server says so in a status that answers nobody; what the cell said before is not lost."""
    death = ("iopub", "status", {}, {"execution_state": state})
    came = []
    with pytest.raises(DeadKernelError, match=state):
        for message in answers(Socket(BUSY, death), "a", timeout=0):  # type: ignore[arg-type]
            came.append(message.says)
    assert came == ["busy"]


def test_a_new_kernel_is_asked_until_it_is_heard() -> None:
    """A reply on shell does not do: the server may not yet be subscribed to iopub, where results come."""
    reply = ("shell", "kernel_info_reply", {"msg_id": "nudge 0"}, {"status": "ok"})
    other = ("iopub", "status", {}, {"execution_state": "starting"})
    heard = ("iopub", "status", {"msg_id": "nudge 1"}, {"execution_state": "busy"})
    socket = Socket(RESTARTING, reply, other, None, heard, BUSY)
    with pytest.raises(DeadKernelError, match="restarting"):
        list(answers(socket, "a", timeout=60))  # type: ignore[arg-type]
    asked = [("nudge 0", "kernel_info_request"), ("nudge 1", "kernel_info_request")]
    assert [(message.id, message.kind) for message in socket.sent] == asked
    assert read(socket.recv(0)).says == "busy", "no more is read"


def test_a_kernel_that_is_not_started_again_is_not_asked() -> None:
    socket = Socket(("iopub", "status", {}, {"execution_state": "dead"}))
    with pytest.raises(DeadKernelError, match="dead"):
        list(answers(socket, "a", timeout=60))  # type: ignore[arg-type]
    assert not socket.sent


def test_a_cell_that_prints_dead_is_alive() -> None:
    printed = ("iopub", "stream", {"msg_id": "a"}, {"text": "dead"})
    done = ("shell", "execute_reply", {"msg_id": "a"}, {"status": "ok"})
    idle = ("iopub", "status", {"msg_id": "a"}, {"execution_state": "idle"})
    socket = Socket(BUSY, printed, done, idle)
    assert [m.says for m in answers(socket, "a", timeout=0)] == ["busy", "dead", "ok", "idle"]  # type: ignore[arg-type]


def test_a_server_that_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "jupyter_server.py").write_text("raise SystemExit('out of order')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="the Jupyter server did not start: out of order"):
        Jupyter()
    monkeypatch.setattr(jupyter.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match="jupyter_server is missing: make lab"):
        Jupyter()
