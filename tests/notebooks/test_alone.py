"""Each lesson runs alone, twice in a row in one kernel, and leaves nothing behind."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tools import notebooks

# Runs in the kernel, before the lesson: what there is already, and what threads raise from now on.
BEFORE = """
def __probe():
    import gc, sys, threading, time, warnings
    import ipykernel, json, psutil

    me = psutil.Process()
    ports = json.loads(ipykernel.get_connection_info())
    own = {value for key, value in ports.items() if key.endswith("_port")}
    raised = []
    threading.excepthook = lambda args: raised.append(f"{args.thread.name}: {args.exc_value!r}")
    sys.unraisablehook = lambda args: raised.append(f"{args.object!r}: {args.exc_value!r}")
    warnings.simplefilter("error", ResourceWarning)

    def sockets():
        found = me.net_connections("all")
        found = [c for c in found if not {getattr(end, "port", 0) for end in (c.laddr, c.raddr)} & own]
        return {(c.fd, str(c.family), str(c.laddr), c.status) for c in found}

    def of_the_kernel(thread):  # pyzmq starts one of its own with the first large output
        return type(thread).__module__.startswith("zmq.")

    def state():
        return {
            "threads": {thread.name for thread in threading.enumerate() if not of_the_kernel(thread)},
            "sockets": sockets(),
            "processes": {child.pid for child in me.children(recursive=True)},
        }

    before = state()

    def after():
        deadline = time.monotonic() + 20
        while True:
            gc.collect()
            left = {what: sorted(map(str, now - before[what])) for what, now in state().items()}
            if not any(left.values()) or time.monotonic() > deadline:
                return json.dumps(left | {"raised": raised})
            time.sleep(0.05)

    return after

__after = __probe()
"""


def left_behind(notebook: Any, folder: Path) -> dict[str, list[str]]:
    """Run a notebook twice in one kernel; the threads, sockets, processes and errors that it leaves."""
    lesson = [cell for cell in notebook.cells if cell.cell_type == "code"]
    probe, verdict = nbformat.v4.new_code_cell(BEFORE), nbformat.v4.new_code_cell("print(__after())")
    notebook.cells = [probe, *lesson, *copy.deepcopy(lesson), verdict]
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    notebooks.execute(notebook, folder)
    for cell in notebook.cells:
        for output in cell.outputs:
            assert output.get("name") != "stderr", f"{output.text}\nfrom\n{cell.source}"
    left: dict[str, list[str]] = json.loads(notebook.cells[-1].outputs[0].text)
    return {what: names for what, names in left.items() if names}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)
def test_it_runs_twice_and_leaves_nothing(path: Path) -> None:
    assert not left_behind(notebooks.read(path), path.parent)


def test_what_is_left_behind_is_seen(tmp_path: Path) -> None:
    """The probe itself: a lesson that leaves one of each."""
    cells = [
        "import socket, subprocess, sys, threading",
        "threading.Thread(target=threading.Event().wait, name='forgotten', daemon=True).start()",
        "left_open = socket.create_server(('127.0.0.1', 0))",
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)",
        "thread = threading.Thread(target=lambda: 1 / 0)\nthread.start()\nthread.join()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    left = left_behind(notebook, tmp_path)
    assert left["threads"] == ["forgotten"]
    assert set(left) == {"threads", "sockets", "processes", "raised"}
    assert "division by zero" in left["raised"][0]
