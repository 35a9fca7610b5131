"""A learner's copies in `my/` work as the lessons in `notebooks/` do; the map shows what is solved there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks.test_links import links
from tools import notebooks
from wsdemo.course import copies
from wsdemo.course.notes import FILE
from wsdemo.course.progress import solved
from wsdemo.lessons import LESSONS


@pytest.fixture
def my(tmp_path: Path) -> Path:
    copies.hand_out(folder=tmp_path / "my")
    return tmp_path / "my"


def output_of(notebook: Any, source: str) -> str:
    """What stands below the code cell with this text in it."""
    (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code" and source in cell.source]
    return "".join(o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)


@pytest.mark.timeout(240)
def test_an_exercise_solved_in_a_copy_is_on_the_map(my: Path) -> None:
    """The first lesson, from top to bottom, with one right answer and one wrong one."""
    notebook = notebooks.read(my / LESSONS[0].file)
    for cell in notebook.cells:
        if cell.source.startswith("def is_green"):
            cell.source = "def is_green(report):\n    return report.ok"
        if cell.source.startswith("def word_to_bytes"):
            cell.source = "def word_to_bytes(word):\n    return word.encode('ascii', 'replace')"
    notebooks.execute(notebook, my)
    assert output_of(notebook, "check(is_green)") == "[ok] is_green\n"
    assert output_of(notebook, "check(word_to_bytes)").startswith("[no] word_to_bytes: ")
    written = [lesson for lesson in LESSONS if lesson.file]
    plan = output_of(notebook, "coursemap").splitlines()
    assert "(40 minutes; 1 of 4 exercises solved)" in plan[2]
    assert len([line for line in plan if re.match(r"  \d\d .*\d+ minutes", line)]) == len(LESSONS)
    assert sum("not yet written" in line for line in plan) == len(LESSONS) - len(written), (
        "Path().glob finds all"
    )
    assert solved(my)[0] == (1, 4)
    assert len((my / FILE).read_text().splitlines()) == 2, "what is not started is no try"


def test_links_and_pictures_of_a_copy_lead_where_those_of_the_lesson_do(my: Path) -> None:
    """To another copy, or out of the folder to a file of the course, which stands beside both."""
    for path in notebooks.lessons():
        for cell in notebooks.read(my / path.name).cells:
            if cell.cell_type == "markdown":
                for link in links(cell.source):
                    target = link.split("#")[0]
                    if target and "://" not in target and not target.startswith("mailto:"):
                        beside = path.parent if target.startswith("../") else my
                        assert (beside / target).exists(), f"{path.name}: {link}"
    assert copies.MINE.parent == copies.TRACKED.parent, "so that ../ is the same place"
