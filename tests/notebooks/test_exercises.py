"""Of each exercise: the stub is not started, mistakes are told, right answers and the solution shown pass.

All in the lesson's own notebook, in one run: at each check the stub, the answers of `tests/course`, and the
solution taken from the folded markdown below; then on, with the solution in place.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.course import answers
from tests.course.answers import Answer
from tools import notebooks
from wsdemo.course import exercises, lesson_00
from wsdemo.course.exercises import NOT_STARTED, Exercise, registry

SEEDS = 5
#: Seconds after which no further seed is tried: for an answer that waits for ever one is enough.
ENOUGH = 2.0
#: Tries an answer.
TRY = f"""
__begun, __tried = time.monotonic(), 0
while __tried < {SEEDS} and time.monotonic() < __begun + {ENOUGH}:
    check(__NAME, seed=__tried)
    __tried += 1
print("seeds:", __tried)
"""

#: Run before a lesson: notes at which place of its module (line and column) a check said no.
NOTE_PLACES = """
import sys, time
from wsdemo.course.exercises import Wrong

__places = set()

def __noted(error, *args):
    frame = sys._getframe(1)
    while frame is not None and not frame.f_code.co_filename.endswith("lesson_{:02}.py"):
        frame = frame.f_back
    if frame is not None:
        line, _, column, _ = list(frame.f_code.co_positions())[frame.f_lasti // 2]
        __places.add((line, column))

Wrong.__init__ = __noted
"""
TELL_PLACES = "import json; print(json.dumps(sorted(__places)))"
#: Run before a lesson: notes what each `same` of a check called the wanted value. It is that of the seed, not
#: of the answer: a right one was asked for the same by the same line about the same subject.
NOTE_WANTED = """
from wsdemo.course import exercises, lesson_{:02} as __lesson

__right, __refused, __now = {}, [], []

def __same(got, wanted, what, *, __same=exercises.same):
    key = (*__now[-1], sys._getframe(1).f_lineno, what)
    __seen.append((key, exercises.show(wanted)))
    try:
        __same(got, wanted, what)
    except Wrong:
        __refused.append(__seen.pop())
        raise

def __run(exercise, answer, seed, *, __run=exercises._run):
    global __seen
    __seen = []
    __now.append((exercise.name, seed))
    verdict = __run(exercise, answer, seed)
    if verdict is None:
        for key, wanted in __seen:
            __right.setdefault(key, set()).add(wanted)
    return verdict

__lesson.same = __same
exercises._run = __run
"""
TELL_WANTED = "print(json.dumps([(*key, wanted, sorted(__right.get(key, ()))) for key, wanted in __refused]))"
#: What a check says no with.
SAYING_NO = ("Wrong", "same", "refuses", "as_bytes")
#: What no answer is told, but a machine: `test_lesson_00_a_right_answer_on_a_machine_that_is_ill`.
TOLD_A_MACHINE = "the doctor is not content"
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


def places(number: int) -> dict[tuple[int, int], str]:
    """Where the checks of a lesson say no: each call's place, and its text."""
    path = Path(exercises.__file__).with_name(f"lesson_{number:02}.py")
    source = path.read_text(encoding="utf-8")
    return {
        (node.lineno, node.col_offset): f"{path.name}:{node.lineno} {ast.unparse(node)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING_NO
    }


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
            tried = TRY.replace("__NAME", name)
            cells += [nbformat.v4.new_code_cell(answer.code), nbformat.v4.new_code_cell(tried)]
            expected.append((cells[-1], answer))
    number = int(path.name[:2])
    first = nbformat.v4.new_code_cell((NOTE_PLACES + NOTE_WANTED).replace("{:02}", f"{number:02}"))
    last, wanted = nbformat.v4.new_code_cell(TELL_PLACES), nbformat.v4.new_code_cell(TELL_WANTED)
    notebook.cells = [first, *cells, last, wanted]
    notebooks.execute(notebook, path.parent)
    misjudged = []
    for cell, answer in expected:
        said = "".join(output.get("text", "") for output in cell.outputs)
        begin, _, part = answer.line.partition("…")
        lines = [line for line in said.splitlines() if line.startswith("[")]
        assert said.endswith(f"seeds: {len(lines)}\n"), said
        misjudged += [
            f"{answer.name}\n  wanted: {answer.line}\n  got: {line}"
            for line in dict.fromkeys(lines)
            if not (line.startswith(begin) and part in line)
        ]
    assert not misjudged, "\n".join(misjudged)
    reached = {tuple(place) for place in json.loads(last.outputs[0].text)}
    never = [
        text for place, text in places(number).items() if place not in reached and TOLD_A_MACHINE not in text
    ]
    assert not never, "no answer is told so:\n" + "\n".join(never)
    refused = json.loads(wanted.outputs[0].text)
    mistaken = [one for one in refused if one[-1] and one[-2] not in one[-1]]
    assert not mistaken, f"a right answer was asked for something else: {mistaken}"
    compared = {(name, line) for name, _, line, _, _, right in refused if right}
    assert compared == {(name, line) for name, _, line, *_ in refused}, "no right answer came that far"


def test_lesson_00_a_right_answer_on_a_machine_that_is_ill(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def is_green(report: lesson_00.Report) -> bool:
        return report.ok

    for found, said in (
        (
            (lesson_00.ILL,),
            "[no] is_green: your function is right, but the doctor is not content: packages: ",
        ),
        ((lesson_00.NOTE,), "[ok] is_green"),
    ):
        monkeypatch.setattr(lesson_00, "doctor", lambda found=found: lesson_00.examine(found))
        exercises.check(is_green, seed=0)
        assert capsys.readouterr().out.startswith(said)


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
