"""A learner's copies follow the lessons, and no word of the learner's is lost."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import nbformat
import pytest

from wsdemo.course import copies, notes
from wsdemo.course.copies import Cell, hand_out, merged, text
from wsdemo.lessons import LESSONS

FILES = [lesson.file for lesson in LESSONS if lesson.file]


def cell(id: str, source: str, kind: str = "code", **more: Any) -> Cell:
    made: Cell = {"cell_type": kind, "id": id, "metadata": {}, "source": source} | more
    return made if kind != "code" else {"outputs": [], "execution_count": None} | made


def ran(one: Cell) -> Cell:
    return one | {"outputs": [{"output_type": "stream", "name": "stdout", "text": "7"}], "execution_count": 3}


def handed_out(lesson: list[Cell]) -> dict[str, str]:
    return {one["id"]: text(one) for one in lesson}


A, B, C = cell("a", "A"), cell("b", "B"), cell("c", "C")
MINE = cell("mine", "my own")
NEW_B = cell("b", "B, better")


# What was handed out, what the learner made of it, the lesson now; the texts that must come out, and clashes.
TABLE: list[tuple[str, list[Cell], list[Cell], list[Cell], list[str], tuple[str, ...]]] = [
    ("nothing changed", [A, B], [A, B], [A, B], ["A", "B"], ()),
    ("the lesson changed", [A, B], [A, B], [A, NEW_B], ["A", "B, better"], ()),
    ("the learner changed", [A, B], [A, cell("b", "mine")], [A, B], ["A", "mine"], ()),
    ("both did the same", [A, B], [A, NEW_B], [A, NEW_B], ["A", "B, better"], ()),
    ("the lesson has one more", [A, C], [A, C], [A, B, C], ["A", "B", "C"], ()),
    ("the lesson has one less", [A, B, C], [A, B, C], [A, C], ["A", "C"], ()),
    ("one less, which the learner edited", [A, B], [A, cell("b", "mine")], [A], ["A", "mine"], ()),
    ("the lesson's order", [A, B, C], [C, B, A], [A, B, C], ["A", "B", "C"], ()),
    ("a cell of one's own", [A, B], [A, MINE, B], [A, NEW_B], ["A", "my own", "B, better"], ()),
    ("one's own at the top", [A], [MINE, A], [A, B], ["my own", "A", "B"], ()),
    ("deleted", [A, B], [A], [A, B], ["A"], ()),
    ("deleted, and changed since", [A, B], [A], [A, NEW_B], ["A"], ()),
    ("all deleted but one's own", [A, B], [MINE], [A, B, C], ["my own", "C"], ()),
]


@pytest.mark.parametrize(("base", "own", "lesson", "left", "clashes"), [row[1:] for row in TABLE],
                         ids=[row[0] for row in TABLE])  # fmt: skip
def test_cell_by_cell(
    base: list[Cell], own: list[Cell], lesson: list[Cell], left: list[str], clashes: tuple[str, ...]
) -> None:
    before = copy.deepcopy((base, own, lesson))
    cells, found = merged(lesson, own, handed_out(base))
    assert ([text(one) for one in cells], found) == (left, clashes)
    assert (base, own, lesson) == before, "nothing that was given is changed"


def test_what_both_changed_stands_in_two_cells() -> None:
    """The answer stays and runs; the lesson's text is there to be read, and undoes no answer when run."""
    own = [A, ran(cell("b", "my answer")), MINE]
    cells, clashes = merged([A, NEW_B, C], own, handed_out([A, B, C]))
    assert clashes == ("b",)
    assert [one["id"] for one in cells[:2]] == ["a", "b"]
    assert cells[1] == own[1], "outputs and all"
    assert cells[2]["cell_type"] == "markdown"
    assert cells[2]["source"].endswith("```python\nB, better\n```")
    assert cells[3] == MINE
    again, clashes = merged([A, NEW_B, C], cells, handed_out([A, NEW_B, C]))
    assert (again, clashes) == (cells, ()), "once"
    cut_short, _ = merged([A, NEW_B, C], cells, handed_out([A, B, C]))
    assert cut_short == cells, "an update that was interrupted before its memory was written"
    twice, clashes = merged([A, cell("b", "B, best"), C], cells, handed_out([A, NEW_B, C]))
    assert clashes == ("b",)
    assert len({one["id"] for one in twice}) == len(twice) == len(cells) + 1


def test_a_cell_that_both_left_alone_keeps_its_outputs_and_gets_new_tags() -> None:
    lesson = [cell("a", "A", metadata={"tags": ["nbval-ignore-output"]})]
    own = [ran(cell("a", "A", metadata={"collapsed": True}))]
    (kept,), _ = merged(lesson, own, handed_out([A]))
    assert kept["outputs"] == own[0]["outputs"]
    assert kept["metadata"] == {"collapsed": True, "tags": ["nbval-ignore-output"]}


def test_no_word_of_the_learner_is_lost() -> None:
    """Random edits on both sides: whatever the learner wrote is there, and the lesson's order is kept."""
    rng = random.Random(20)
    for _ in range(500):
        base = [cell(f"c{n}", f"text {n}") for n in range(rng.randint(0, 6))]
        own, lesson = [], []
        for one in base:
            change = rng.choice(["leave", "leave", "edit", "delete", "add"])
            if change != "delete":
                own.append(one | {"source": f"my {rng.random()}"} if change == "edit" else one)
            if change == "add":
                own.append(cell(f"own-{rng.random()}", f"my {rng.random()}"))
            change = rng.choice(["leave", "leave", "edit", "delete", "add"])
            if change != "delete":
                lesson.append(one | {"source": f"new {rng.random()}"} if change == "edit" else one)
            if change == "add":
                lesson.append(cell(f"new-{rng.random()}", "new"))
        rng.shuffle(own)
        cells, _ = merged(lesson, own, handed_out(base))
        texts = [text(one) for one in cells]
        assert all(text(one) in texts for one in own if text(one).startswith("my "))
        assert len({one["id"] for one in cells}) == len(cells)
        order = [one["id"] for one in cells if one["id"] in handed_out(lesson)]
        assert order == [id for id in handed_out(lesson) if id in order]
        again, _ = merged(lesson, cells, handed_out(lesson))
        assert again == cells, "a second update changes nothing"


# In a folder


def edit(path: Path, id: str, source: str) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for one in notebook["cells"]:
        if one["id"] == id:
            one["source"] = source
    path.write_text(json.dumps(notebook), encoding="utf-8")


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    """Lessons that may be changed."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for file in FILES:
        (folder / file).write_bytes((copies.TRACKED / file).read_bytes())
    return folder


def test_copies_are_made_once_and_have_no_outputs(lessons: Path, tmp_path: Path) -> None:
    my = tmp_path / "my"
    assert {(one.file, one.done) for one in hand_out(lessons, my)} == {(file, "new") for file in FILES}
    assert (my / notes.FILE).read_bytes() == b""
    for file in FILES:
        own, lesson = (nbformat.read(folder / file, as_version=4) for folder in (my, lessons))
        nbformat.validate(own)
        assert own.metadata == lesson.metadata
        assert [(c.id, c.source, c.metadata) for c in own.cells] == [
            (c.id, c.source, c.metadata) for c in lesson.cells
        ]
        assert not any(c.get("outputs") or c.get("execution_count") for c in own.cells)
    edit(my / FILES[0], "lesson-00-10", "mine")
    before = {path: path.read_bytes() for path in my.rglob("*") if path.is_file()}
    assert not any(one.done for one in hand_out(lessons, my))
    assert {path: path.read_bytes() for path in my.rglob("*") if path.is_file()} == before


def test_an_update_keeps_the_answer_and_the_file_before_it(lessons: Path, tmp_path: Path) -> None:
    my = tmp_path / "my"
    hand_out(lessons, my)
    edit(my / FILES[0], "lesson-00-10", "def is_green(report):\n    return report.ok")
    was = json.loads((my / FILES[0]).read_text(encoding="utf-8"))
    edit(lessons / FILES[0], "lesson-00-10", "def is_green(report: object) -> bool: ...")
    edit(lessons / FILES[0], "lesson-00-00", "# 00 · Start anywhere")
    first, *others = hand_out(lessons, my)
    assert first == (FILES[0], "updated", ("lesson-00-10",))
    assert not any(one.done for one in others)
    own = nbformat.read(my / FILES[0], as_version=4)
    nbformat.validate(own)
    assert own.cells[0].source == "# 00 · Start anywhere"
    assert "def is_green(report):\n    return report.ok" in [c.source for c in own.cells]
    assert json.loads((my / f"{FILES[0]}.before").read_text(encoding="utf-8")) == was


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[]",
        '{"cells": 7}',
        "\ud800".encode("utf-16", "surrogatepass"),
        '{"cells": [{"cell_type": "code", "source": "no id"}]}',
    ],
)
def test_a_copy_that_is_no_notebook_is_left_alone(lessons: Path, tmp_path: Path, damage: str | bytes) -> None:
    my = tmp_path / "my"
    hand_out(lessons, my)
    broken = damage if isinstance(damage, bytes) else damage.encode()
    (my / FILES[1]).write_bytes(broken)
    for file in FILES[1:3]:
        notebook = json.loads((lessons / file).read_text(encoding="utf-8"))
        edit(lessons / file, notebook["cells"][0]["id"], "new")
    made = {one.file: one.done for one in hand_out(lessons, my) if one.done}
    assert made == {
        FILES[1]: "left as they are, for they are no notebooks that can be updated,",
        FILES[2]: "updated",
    }
    assert (my / FILES[1]).read_bytes() == broken
