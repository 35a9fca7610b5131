"""The table of alternatives: files that run alone, and what is missing is said in one line."""

from __future__ import annotations

import ast
import re

import pytest

from wsdemo.alternatives.table import ALTERNATIVES, HERE, Alternative, code_lines


def test_each_file_has_its_row() -> None:
    assert {one.file for one in ALTERNATIVES.values()} == {path.name for path in HERE.glob("on_*.py")}
    assert all(one.name == name for name, one in ALTERNATIVES.items())


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_it_is_complete_in_one_file(name: str) -> None:
    """It imports nothing of this package, but for ours."""
    one = ALTERNATIVES[name]
    tree = ast.parse(one.path.read_text("utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert any(module.split(".")[0] == "wsdemo" for module in names) == (name == "wsdemo")
    assert f"python {one.file} [PORT]" in (ast.get_docstring(tree) or "")


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_versions_and_lines_are_told(name: str) -> None:
    one = ALTERNATIVES[name]
    assert one.missing == ""
    assert re.search(r" \d+\.\d+", one.version)
    assert 20 < one.lines < len(one.path.read_text("utf-8").splitlines())


def test_a_missing_library_is_named_with_its_remedy() -> None:
    one = Alternative("none", "on_none.py", ("sys", "no_such_module"), ("no-such-package",), "", "")
    assert one.missing == "pip install no-such-package"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("", 0),
        ('"""What it is."""\n', 0),
        ('"""What it is.\n\nMore."""\n\n# why\na = 1\n', 1),
        ('def f():\n    """Of f."""\n    return """a\nb"""\n', 3),
        ("a = [\n    1,  # one\n\n    2,\n]\n", 4),
        ('a = "no docstring"\n', 1),
    ],
)
def test_lines_of_code_are_no_comments(source: str, lines: int) -> None:
    assert code_lines(source) == lines
