"""Each lesson run as learners do: cells twice in place, all of them backwards, then from the top again.

No error, no warning, the same output again; and at the end nothing is left behind.
"""

from __future__ import annotations

import copy
import itertools
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
    warnings.filterwarnings("ignore", "Implicitly cleaning up")  # a folder of a cell that ran again

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

    def after(patience):
        deadline = time.monotonic() + patience
        while True:
            gc.collect()
            left = {what: sorted(map(str, now - before[what])) for what, now in state().items()}
            if not any(left.values()) or time.monotonic() > deadline:
                return json.dumps(left | {"raised": raised})
            time.sleep(0.05)

    return after

__after = __probe()
"""


#: Seconds within which what a lesson has started ends.
PATIENCE = 20.0


@pytest.mark.timeout(400)
@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)
def test_a_cell_run_again_says_the_same_and_nothing_is_left(path: Path) -> None:
    cells = [cell for cell in notebooks.read(path).cells if cell.cell_type == "code"]
    differ, left = run_again(cells, path.parent)
    assert not differ, "\n--- other output another time:\n".join(["", *differ])
    assert not left


def run_again(
    cells: list[notebooks.Notebook], folder: Path, patience: float = PATIENCE
) -> tuple[list[str], dict[str, list[str]]]:
    """The cells that said something else another time, and what is left at the end."""
    quick = [cell for cell in cells if not measures(cell)]  # a measurement takes its time: twice is enough
    twice = [(cell, once_more(cell)) for cell in cells]
    later = [(cell, once_more(cell)) for cell in (*reversed(quick), *quick)]
    left = left_behind([*itertools.chain(*twice), *(cell for _, cell in later)], folder, patience)
    return [first.source for first, second in (*twice, *later) if not again(first, second)], left


def left_behind(cells: list[notebooks.Notebook], folder: Path, patience: float) -> dict[str, list[str]]:
    """Run cells in one kernel; the threads, sockets, processes and errors that they leave."""
    verdict = nbformat.v4.new_code_cell(f"print(__after({patience}))")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(BEFORE), *cells, verdict])
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    notebooks.execute(notebook, folder)
    for cell in notebook.cells:
        for output in cell.outputs:
            assert output.get("name") != "stderr", f"{output.text}\nfrom\n{cell.source}"
    left: dict[str, list[str]] = json.loads(notebook.cells[-1].outputs[0].text)
    return {what: names for what, names in left.items() if names}


def measures(cell: notebooks.Notebook) -> bool:
    return bool(notebooks.IGNORED & set(cell.metadata.get("tags", ())))


def once_more(cell: notebooks.Notebook) -> notebooks.Notebook:
    return nbformat.v4.new_code_cell(cell.source, metadata=copy.deepcopy(cell.metadata))


def again(first: notebooks.Notebook, second: notebooks.Notebook) -> bool:
    """Did a cell say the same twice? Of one that measures: are its outputs of the same kinds?

    As nbval, it compares texts; a picture of times is never the same.
    """
    if measures(first):
        return [output.output_type for output in first.outputs] == [
            output.output_type for output in second.outputs
        ]
    return texts(first) == texts(second)


def texts(cell: notebooks.Notebook) -> list[str]:
    return [
        notebooks.sanitize(output.get("text") or output.get("data", {}).get("text/plain", ""))
        for output in cell.outputs
    ]


def test_what_says_something_else_is_seen(tmp_path: Path) -> None:
    """In place, backwards, and from the top."""
    cells = [
        "first = globals().get('first', 0) + 1\nprint(first)",
        "print('last' in globals())",
        "print('the same')",
        "last = 'once'",
    ]
    differ, left = run_again([nbformat.v4.new_code_cell(cell) for cell in cells], tmp_path)
    assert differ == [cells[number] for number in (0, 1, 0, 0, 1)]
    assert not left


def test_what_is_left_behind_is_seen(tmp_path: Path) -> None:
    """The probe itself: a lesson that leaves one of each."""
    cells = [
        "import socket, subprocess, sys, threading",
        "threading.Thread(target=threading.Event().wait, name='forgotten', daemon=True).start()",
        "left_open = socket.create_server(('127.0.0.1', 0))",
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)",
        "thread = threading.Thread(target=lambda: 1 / 0)\nthread.start()\nthread.join()",
    ]
    left = left_behind([nbformat.v4.new_code_cell(cell) for cell in cells], tmp_path, patience=0.5)
    assert left["threads"] == ["forgotten"]
    assert set(left) == {"threads", "sockets", "processes", "raised"}
    assert "division by zero" in left["raised"][0]
