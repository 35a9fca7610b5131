"""After a restart: one line says which cell to run first."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from wsdemo.course import restart, startup

CELLS = [
    ("markdown", "# A lesson\n\nProse.\n\n## Begin"),
    ("code", "import math\nradius = 2"),
    ("markdown", "No heading here."),
    ("code", "def area(r):\n    inner = math.pi\n    return inner * r**2"),
    ("markdown", "## Later\n\n# no comment of code"),
    ("code", "%time area(radius)"),
    ("code", "radius = radius + 1"),
    ("code", "area(radius)"),
]


def lesson() -> list[dict[str, Any]]:
    return [{"cell_type": kind, "source": source.splitlines(keepends=True)} for kind, source in CELLS]


@pytest.mark.parametrize(
    ("name", "running", "wanted"),
    [
        ("radius", "area(radius)", "the cell under 'no comment of code' that begins `radius = radius + 1`"),
        ("radius", "radius = radius + 1", "the cell under 'Begin' that begins `import math`"),
        ("math", "area(radius)", "the cell under 'Begin' that begins `import math`"),
        ("area", "a cell that is not in the file", "the cell under 'Begin' that begins `def area(r):`"),
        ("area", "import math\nradius = 2", "the cell under 'Begin' that begins `def area(r):`"),
        ("inner", "area(radius)", None),
        ("r", "area(radius)", None),
        ("typo", "area(radius)", None),
    ],
)
def test_the_nearest_cell_above_that_binds_the_name(name: str, running: str, wanted: str | None) -> None:
    line = restart.advice(name, lesson(), running)
    if wanted is None:
        assert line is None
    else:
        assert line is not None
        assert line.startswith(f"{name} is not there yet. Run first {wanted}, or all above: ")


@pytest.mark.parametrize("content", [None, "", "[1]", "{}"])
def test_no_file_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None) -> None:
    path = tmp_path / "lesson.ipynb"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    assert restart.cells_of_this_notebook() == []
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert restart.cells_of_this_notebook() == []


def test_in_a_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell in the middle, run alone; and a slip of the pen keeps Python's own traceback."""
    path = tmp_path / "lesson.ipynb"
    made = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    whole = nbformat.v4.new_notebook(cells=[made[kind](source) for kind, source in CELLS])
    nbformat.write(whole, path)
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    monkeypatch.setenv("PYTHONSTARTUP", str(startup.__file__))
    alone = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in ("area(radius)", "radiuss", "sorted(dir())")]
    )
    NotebookClient(alone, timeout=60, kernel_name="python3", allow_errors=True).execute()
    first, second, third = (cell.outputs[0] for cell in alone.cells)
    assert first.traceback == [
        "NameError: area is not there yet. Run first the cell under 'Begin' that begins `def area(r):`, "
        "or all above: Run ▸ Run All Above Selected Cell"
    ]
    assert "Traceback" in "".join(second.traceback) and "radiuss" in second.evalue
    assert "_restart" not in third.data["text/plain"], "the learner's names are their own"


def test_where_the_course_is_missing_or_no_notebook_runs_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A terminal's Python takes PYTHONSTARTUP too, and so does a kernel of another environment."""
    for course in (sys.modules["wsdemo.course"], None):
        monkeypatch.setitem(sys.modules, "wsdemo.course", course)
        names = runpy.run_path(str(startup.__file__))
        assert [name for name in names if not name.startswith("__")] == []
    assert capfd.readouterr() == ("", "")
