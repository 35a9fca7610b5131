"""Each cell run twice in place, and all of them backwards then: no error, and the same output again."""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
import pytest

from tools import notebooks

each_lesson = pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)


@pytest.mark.timeout(400)
@each_lesson
def test_a_cell_run_again_says_the_same(path: Path) -> None:
    notebook = notebooks.read(path)
    pairs = []
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "code":
            cells.append(once_more(cell))
            pairs.append((cell, cells[-1]))
    for cell, _ in reversed(pairs[:]):
        if not notebooks.IGNORED & set(cell.metadata.get("tags", ())):  # a measurement takes its time
            cells.append(once_more(cell))
            pairs.append((cell, cells[-1]))
    notebook.cells = cells
    notebooks.execute(notebook, path.parent)
    differ = [first.source for first, later in pairs if not again(first, later)]
    assert not differ, "\n--- other output another time:\n".join(["", *differ])


def once_more(cell: notebooks.Notebook) -> notebooks.Notebook:
    return nbformat.v4.new_code_cell(cell.source, metadata=copy.deepcopy(cell.metadata))


def again(first: notebooks.Notebook, second: notebooks.Notebook) -> bool:
    """Did a cell say the same twice? Of one that measures: are its outputs of the same kinds?

    As nbval, it compares texts; a picture of times is never the same.
    """
    if notebooks.IGNORED & set(first.metadata.get("tags", ())):
        return [output.output_type for output in first.outputs] == [
            output.output_type for output in second.outputs
        ]
    return texts(first) == texts(second)


def texts(cell: notebooks.Notebook) -> list[str]:
    return [
        notebooks.sanitize(output.get("text") or output.get("data", {}).get("text/plain", ""))
        for output in cell.outputs
    ]
