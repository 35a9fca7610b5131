"""Lesson 15 on a machine without a NATS: it says how to get one, and goes on with its own broker."""

from __future__ import annotations

import nbformat
from nbclient import NotebookClient

from tools import notebooks


def test_the_lesson_goes_on_without_a_nats() -> None:
    path = next(path for path in notebooks.lessons() if path.name.startswith("15"))
    notebook = notebooks.read(path)
    hidden = "from wsdemo.patterns import natsserver\n\nnatsserver.find = lambda: None"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(hidden))
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(path.parent)}}).execute()
    said = [output.text for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output]
    assert sum("no NATS here: pip install 'wsdemo[scale]'" in text for text in said) == 2
    assert not any("NATS answers" in text for text in said)
