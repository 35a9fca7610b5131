"""Of each exercise: the stub is not started, mistakes are told, right answers and the solution shown pass.

All in the lesson's own notebook, in one run: at each check the stub, the answers of `tests/course`, and the
solution taken from the folded markdown below; then on, with the solution in place.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.course import answers
from tests.course.answers import Answer
from tools import notebooks
from wsdemo.course.exercises import NOT_STARTED, Exercise, registry

SEEDS = 5
DETAILS = re.compile(r"<details>\s*<summary>(.+?)</summary>\n\n(.+?)\n\n</details>", re.DOTALL)
CODE = re.compile(r"^```python\n(.+?)\n```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asked:
    """One exercise as a notebook asks it: positions of its cells, its hints, its solution."""

    name: str
    stub: int
    check: int
    hints: int
    solution: str


def asked(cells: list[Any]) -> list[Asked]:
    """The exercises of a notebook, in order."""
    found = []
    for index, cell in enumerate(cells):
        match = re.fullmatch(r"check\((\w+)\)", cell.source.strip()) if cell.cell_type == "code" else None
        if match:
            name = match[1]
            stub = max(
                i for i in range(index) if cells[i].cell_type == "code" and name in defined(cells[i].source)
            )
            assert cells[index + 1].cell_type == "markdown", (
                f"{name}: hints and solution stand below the check"
            )
            folded = DETAILS.findall(cells[index + 1].source)
            titles = [title.strip() for title, _ in folded]
            assert titles.count("Solution") == 1 and titles[-1] == "Solution", f"{name}: {titles}"
            (solution, *_) = CODE.findall(folded[-1][1])
            hints = sum(title.startswith("Hint") for title in titles)
            found.append(Asked(name, stub, index, hints, solution))
    return found


def defined(source: str) -> set[str]:
    """The names of the functions and classes that code defines.

    >>> sorted(defined("def f(): ...\\nclass C: ...\\nx = 1"))
    ['C', 'f']
    """
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in ast.parse(source).body if isinstance(node, kinds)}


def of_lesson(path: Path) -> dict[str, Exercise]:
    return {name: one for name, one in registry().items() if one.lesson == int(path.name[:2])}


each_lesson = pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)


@each_lesson
def test_the_lesson_asks_what_the_course_checks(path: Path) -> None:
    cells = notebooks.read(path).cells
    exercises = asked(cells)
    assert [one.name for one in exercises] == list(of_lesson(path)), "in the same order"
    for one in exercises:
        assert one.hints >= 1, f"{one.name} has no hint"
        assert "NotImplementedError" in cells[one.stub].source, f"{one.name} is solved already"
        assert defined(cells[one.stub].source) <= defined(one.solution), (
            "the solution replaces the whole stub cell"
        )
        assert (
            "".join(output.text for output in cells[one.check].outputs) == f"[ ] {one.name}: {NOT_STARTED}\n"
        )


@pytest.mark.timeout(400)
@each_lesson
def test_mistakes_are_told_and_the_solution_shown_passes(path: Path) -> None:
    notebook = notebooks.read(path)
    known = of_lesson(path)
    trials: dict[int, list[Answer]] = {}  # by the position of the check
    for one in asked(notebook.cells):
        lesson = known[one.name].lesson
        kept = [*answers.mistakes(lesson, one.name), *answers.others(lesson, one.name)]
        trials[one.check] = [*kept, Answer("the solution", one.solution, f"[ok] {one.name}")]
    cells, expected = [], []
    for index, cell in enumerate(notebook.cells):
        cells.append(cell)
        for answer in trials.get(index, ()):
            name = cell.source.strip()[len("check(") : -1]
            repeat = f"for __seed in range({SEEDS}):\n    check({name}, seed=__seed)"
            cells += [nbformat.v4.new_code_cell(answer.code), nbformat.v4.new_code_cell(repeat)]
            expected.append((cells[-1], answer))
    notebook.cells = cells
    notebooks.execute(notebook, path.parent)
    misjudged = []
    for cell, answer in expected:
        said = "".join(output.get("text", "") for output in cell.outputs)
        begin, _, part = answer.line.partition("…")
        lines = [line for line in said.splitlines() if line.startswith("[")]
        assert len(lines) == SEEDS, said
        misjudged += [
            f"{answer.name}\n  wanted: {answer.line}\n  got: {line}"
            for line in dict.fromkeys(lines)
            if not (line.startswith(begin) and part in line)
        ]
    assert not misjudged, "\n".join(misjudged)


#: In place of a stub: an answer that raises, and one that gives nothing.
WRONG = ("raise KeyError('wrong')", "pass")


@pytest.mark.timeout(400)
@pytest.mark.parametrize("body", WRONG)
@pytest.mark.parametrize("path", [path for path in notebooks.lessons() if path.name[:2] in ("06", "07")],
                         ids=lambda path: path.name)  # fmt: skip
def test_a_wrong_answer_stops_no_cell(path: Path, body: str) -> None:
    notebook = notebooks.read(path)
    for one in asked(notebook.cells):
        stub = notebook.cells[one.stub]
        stub.source = stub.source.replace("raise NotImplementedError", body)
    notebooks.execute(notebook, path.parent)  # raises where a cell does
