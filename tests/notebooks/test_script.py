"""Lessons as scripts: JupyterLab's 'Executable Script' and `jupyter nbconvert --to script`, and listings."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import MarkdownExporter, ScriptExporter

from tools import notebooks


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)
def test_a_lesson_becomes_a_script_of_python(path: Path) -> None:
    """nbconvert takes the kind of file from the notebook's metadata; without it, the script is a .txt."""
    text, resources = ScriptExporter().from_filename(str(path))
    assert resources["output_extension"] == ".py"
    cells = [cell for cell in notebooks.read(path).cells if cell.cell_type == "code"]
    assert len(ast.parse(text).body) == sum(len(ast.parse(cell.source).body) for cell in cells)


def test_what_the_tool_stores_becomes_a_script(tmp_path: Path) -> None:
    """Also a notebook that came without any metadata."""
    path = tmp_path / "07_lesson.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1", id="a")]), path)
    path.write_text(notebooks.run(path), encoding="utf-8")
    text, resources = ScriptExporter().from_filename(str(path))
    assert (resources["output_extension"], ast.unparse(ast.parse(text))) == (".py", "1 + 1")


def test_code_in_a_listing_is_marked_as_python() -> None:
    text, _ = MarkdownExporter().from_filename(str(notebooks.lessons()[0]))
    assert "```python\n" in text
