"""What strict nbval can't see: a lesson that looks green and proves nothing."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tools import notebooks

MOST_BYTES = 2_000_000
MOST_LINES = 50  # of a code cell: a screenful
FEWEST_COMPARED = 5  # code cells whose output nbval compares
MEASURED = "nbval-ignore-output"
# Of ipywidgets: they can hang a notebook that runs without a reader.
HANGING = {"Output", "interact", "interactive", "interactive_output"}

each_lesson = pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in notebooks.read(path).cells if cell.cell_type == "code"]


def outputs(path: Path) -> list[tuple[Any, Any]]:
    return [(cell, output) for cell in code_cells(path) for output in cell.outputs]


def tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", ()))


def test_there_are_lessons() -> None:
    assert notebooks.lessons()


@each_lesson
def test_the_stored_notebook_ran_from_top_to_bottom(path: Path) -> None:
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    for cell, output in outputs(path):
        assert output.get("execution_count") in (None, cell.execution_count)


@each_lesson
def test_the_file_is_plain(path: Path) -> None:
    """The same metadata everywhere, unique ids, no widget's state, not too large."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["metadata"] == notebooks.METADATA
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) <= set(notebooks.KEPT_IN_CELLS), f"cell {cell['id']}: {cell['metadata']}"
    assert path.stat().st_size <= MOST_BYTES


@each_lesson
def test_nothing_went_wrong_and_everything_shows(path: Path) -> None:
    """No stderr, no error that was not meant, nothing that an untrusted notebook hides."""
    for cell, output in outputs(path):
        where = f"cell {cell.execution_count}"
        assert output.get("name") != "stderr", where
        assert output.output_type != "error" or "raises-exception" in tags(cell), where
        data = output.get("data", {})
        assert not {"image/svg+xml", *notebooks.DROPPED} & set(data), where
        assert "<svg" not in data.get("text/html", ""), f"{where}: an untrusted notebook shows no inline SVG"
        assert "<script" not in data.get("text/html", ""), where
    for cell in notebooks.read(path).cells:
        assert cell.cell_type != "markdown" or "<svg" not in cell.source


@each_lesson
def test_a_heading_begins_its_line(path: Path) -> None:
    """Glued to the text before it, it is no heading, and none of the table of contents."""
    for cell in notebooks.read(path).cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", cell.source)
            assert not (glued := re.findall(r"[^\n#]#{2,} .*", text)), glued


@each_lesson
def test_a_table_is_html(path: Path) -> None:
    """Printed, it would be torn where the page is narrow; `views.table` scrolls."""
    for cell, output in outputs(path):
        if not (data := output.get("data")) or "text/html" not in data:
            text = output.get("text") or (data or {}).get("text/plain", "")
            assert not re.search(r"(?m)^-{3,}(  -+)+$", text), f"cell {cell.execution_count}"


@each_lesson
def test_every_picture_has_a_text(path: Path) -> None:
    for cell, output in outputs(path):
        data = output.get("data", {})
        if "image/png" in data or "<img" in data.get("text/html", ""):
            text = data.get("text/plain", "")
            assert text, f"cell {cell.execution_count}"
            assert not re.search(r"<\S+ object at 0x|<Figure size|^<IPython", text), f"says nothing: {text!r}"


@each_lesson
def test_enough_is_compared_and_what_is_not_asserts(path: Path) -> None:
    cells = code_cells(path)
    assert sum(bool(cell.outputs) and MEASURED not in tags(cell) for cell in cells) >= FEWEST_COMPARED
    for cell in cells:
        assert not re.search(r"(?i)#\s*nbval", cell.source), "marks are tags, not comments"
        assert "nbval-skip" not in tags(cell)
        if MEASURED in tags(cell):
            assert "assert" in cell.source, (
                f"cell {cell.execution_count} measures: assert an ordering or a bound"
            )


@each_lesson
def test_cells_are_short_and_keep_the_rules(path: Path) -> None:
    for cell in code_cells(path):
        where = f"cell {cell.execution_count}"
        assert len(cell.source.splitlines()) <= MOST_LINES, where
        assert not re.search(r"(?m)^\s*[%!]|\?\s*$", cell.source), f"{where}: plain Python only"
        for node in ast.walk(ast.parse(cell.source)):
            name = (
                node.id
                if isinstance(node, ast.Name)
                else node.attr
                if isinstance(node, ast.Attribute)
                else ""
            )
            assert name not in HANGING, f"{where} uses {name}"
            assert name not in ("exit", "quit", "clear_output"), f"{where} uses {name}"
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, name) not in {("asyncio", "run"), ("plt", "show")}, where


@each_lesson
def test_it_begins_and_ends_as_lessons_do(path: Path) -> None:
    cells = notebooks.read(path).cells
    number = path.name[:2]
    assert cells[0].cell_type == cells[-1].cell_type == "markdown"
    assert cells[0].source.startswith(f"# {number} · "), "the title: # NN · Title"
    assert re.search(r"\b\d+ minutes", cells[0].source), "the minutes stand at the top"
    assert re.search(r"(?i)\bnext\b", cells[-1].source), "the end leads on"
