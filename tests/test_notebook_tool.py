"""The notebook tool stores what changed, and only that."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from tools import notebooks

CELLS = [
    "import time\nprint('took', time.perf_counter(), 's')",
    "object()",
    "from PIL import Image\nImage.new('RGB', (8, 8), 'white')",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A notebook as an editor leaves it: no ids in order, odd metadata, nothing run."""
    cells = [nbformat.v4.new_code_cell(source, metadata={"collapsed": True}) for source in CELLS]
    cells[1]["metadata"]["tags"] = ["kept"]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"widgets": {"state": {}}})
    nbformat.write(notebook, tmp_path / "07_lesson.ipynb")
    return tmp_path / "07_lesson.ipynb"


def test_a_second_run_changes_no_byte(path: Path) -> None:
    ids = [cell.id for cell in notebooks.read(path).cells]
    path.write_text(first := notebooks.run(path), encoding="utf-8")
    assert notebooks.run(path) == first
    notebook = notebooks.read(path)
    assert [cell.id for cell in notebook.cells] == ids
    assert notebook.metadata == notebooks.METADATA
    assert [cell.metadata for cell in notebook.cells] == [{}, {"tags": ["kept"]}, {}]
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3]
    assert notebooks.run(path, fresh=True) != first, "the duration differs"


def test_what_changed_is_stored(path: Path) -> None:
    path.write_text(first := notebooks.run(path), encoding="utf-8")
    for before, after in (("'took'", "'it took'"), ("'white'", "'black'")):
        path.write_text(first.replace(before, after), encoding="utf-8")
        source = notebooks.read(path)
        changed = nbformat.reads(notebooks.run(path), 4)
        assert sum(a.outputs != b.outputs for a, b in zip(source.cells, changed.cells, strict=True)) == 1


DRAWN = """import base64
from IPython.display import HTML
svg = '<svg xmlns="http://www.w3.org/2000/svg"><text>127.0.0.1:{port}</text><rect width="{width}"/></svg>'
HTML(f'<img src="data:image/svg+xml;base64,{{base64.b64encode(svg.encode()).decode()}}">the same words')"""


def drawn(port: int, width: float, *tags: str) -> nbformat.NotebookNode:
    """A notebook with one drawing in one cell, not yet run."""
    cell = nbformat.v4.new_code_cell(DRAWN.format(port=port, width=width), metadata={"tags": list(tags)})
    cell["id"] = "drawing"
    return nbformat.v4.new_notebook(cells=[cell])


@pytest.mark.parametrize(
    ("port", "width", "tags", "kept"),
    [
        (50_001, 10, (), True),
        (50_000, 12, (), False),
        (50_001, 12, ("drawn-to-time",), True),
    ],
    ids=["another port", "drawn anew", "lengths are times"],
)
def test_a_drawing_counts_though_its_text_is_the_same(
    path: Path, port: int, width: float, tags: tuple[str, ...], kept: bool
) -> None:
    nbformat.write(drawn(50_000, 10, *tags), path)
    path.write_text(notebooks.run(path), encoding="utf-8")
    before = notebooks.read(path)
    again = drawn(port, width, *tags)
    again.cells[0].outputs = before.cells[0].outputs
    nbformat.write(again, path)
    after = nbformat.reads(notebooks.run(path), 4)
    assert (after.cells[0].outputs == before.cells[0].outputs) is kept


def test_a_kept_output_has_the_number_of_its_cell(path: Path) -> None:
    """A cell is put in front: what stays below it runs one later."""
    path.write_text(notebooks.run(path), encoding="utf-8")
    notebook = notebooks.read(path)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("pass"))
    nbformat.write(notebook, path)
    kept = nbformat.reads(notebooks.run(path), 4).cells[2]
    assert (kept.execution_count, kept.outputs[0].execution_count) == (3, 3)


def test_a_cell_that_fails_is_told(path: Path) -> None:
    path.write_text(path.read_text().replace('"object()"', '"1 / 0"'))
    with pytest.raises(CellExecutionError, match="division by zero"):
        notebooks.run(path)


def test_ids_are_given_where_there_are_none() -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1"), nbformat.v4.new_code_cell("2")]
    )
    del notebook.cells[1]["id"]
    notebooks.tidy(notebook, "07")
    assert notebook.cells[1].id == "lesson-07-00"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ws://127.0.0.1:51234/chat", "ws://127.0.0.1:PORT/chat"),
        ("('127.0.0.1', 51234)", "('127.0.0.1', PORT)"),
        ("http://[::1]:80/", "http://[::1]:PORT/"),
        ("took 12.5 ms, then 3 s", "took DURATION, then DURATION"),
        ("17 bytes, 3 streams", "17 bytes, 3 streams"),
        ("<Peer at 0x7f00aa>", "<Peer at ADDRESS>"),
        ("opcode 0x8, length 0x7e", "opcode 0x8, length 0x7e"),
        ("/tmp/ipykernel_12/345.py:1", "CELL:1"),
        ("2026-11-23T18:00:01.5Z", "TIMESTAMP"),
        ("<img src='data:image/png;base64,iVBORw0KGgo='>", "<img src='PICTURE'>"),
    ],
)
def test_what_is_taken_out_before_comparing(text: str, left: str) -> None:
    assert notebooks.sanitize(text) == left
