"""A lesson that prints source code of the package prints it as it is: strict nbval sees that too, later."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools import notebooks

each_lesson = pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in notebooks.read(path).cells if cell.cell_type == "code"]


def imported(cells: list[Any]) -> dict[str, Any]:
    """What the imports of these cells bring."""
    names: dict[str, Any] = {}
    for cell in cells:
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                exec(ast.unparse(node), names)
    return names


def shown(cell: Any) -> Iterator[ast.expr]:
    """The things whose source a cell prints."""
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "inspect.getsource":
            yield node.args[0]


def flush_left(text: str) -> str:
    """Without the indent, which a lesson may take away from a method."""
    return "\n".join(line.lstrip() for line in text.splitlines())


@each_lesson
def test_the_source_shown_is_that_of_the_package(path: Path) -> None:
    cells = code_cells(path)
    for cell in cells:
        printed = flush_left("".join(output.get("text", "") for output in cell.outputs))
        for name in shown(cell):
            source = inspect.getsource(eval(ast.unparse(name), imported(cells)))
            again = f"python -m tools.notebooks {path.relative_to(notebooks.ROOT)}"
            assert flush_left(source) in printed, f"{ast.unparse(name)} has changed: {again}"


def test_there_is_source_to_compare() -> None:
    assert sum(1 for path in notebooks.lessons() for cell in code_cells(path) for _ in shown(cell)) >= 10
