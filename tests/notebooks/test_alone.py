"""Each lesson runs alone, twice in a row in one kernel, and leaves nothing behind."""

from __future__ import annotations

import copy
import json
from pathlib import Path

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

    def state():
        return {
            "threads": {thread.name for thread in threading.enumerate()},
            "sockets": sockets(),
            "processes": {child.pid for child in me.children(recursive=True)},
        }

    before = state()

    def after():
        deadline = time.monotonic() + 5
        while True:
            gc.collect()
            left = {what: sorted(map(str, now - before[what])) for what, now in state().items()}
            if not any(left.values()) or time.monotonic() > deadline:
                return json.dumps(left | {"raised": raised})
            time.sleep(0.05)

    return after

__after = __probe()
"""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)
def test_it_runs_twice_and_leaves_nothing(path: Path) -> None:
    notebook = notebooks.read(path)
    lesson = [cell for cell in notebook.cells if cell.cell_type == "code"]
    probe, verdict = nbformat.v4.new_code_cell(BEFORE), nbformat.v4.new_code_cell("print(__after())")
    notebook.cells = [probe, *lesson, *copy.deepcopy(lesson), verdict]
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    notebooks.execute(notebook, path.parent)
    for cell in notebook.cells:
        for output in cell.outputs:
            assert output.get("name") != "stderr", f"{output.text}\nfrom\n{cell.source}"
    left = json.loads(notebook.cells[-1].outputs[0].text)
    assert not any(left.values()), f"left behind: {left}"
