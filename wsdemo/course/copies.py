"""The learner's own copies of the lessons: made once, and brought up to date without losing an answer.

    notebooks/04_frames.ipynb ──► my/04_frames.ipynb           without outputs; links and names as they are
                              └─► my/.lessons/04_frames.json   each cell's text by its id, as handed out

On an update each cell is compared with its text when it was handed out. One that the learner left as it was
follows the lesson; one that was edited stays, with its outputs, and where the lesson has changed it too, its
new text stands in a cell of its own below. The learner's own cells stay behind the cell that they followed,
and deleted cells stay deleted. The notebook as it was before an update is kept beside it (`.before`).

Knows nothing of Jupyter but the format of its files (nbformat 4.5: a cell has an id).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from wsdemo.course import notes
from wsdemo.lessons import LESSONS

ROOT: Final = Path(__file__).resolve().parent.parent.parent
TRACKED: Final = ROOT / "notebooks"
MINE: Final = ROOT / "my"
HANDED_OUT: Final = ".lessons"

Cell = dict[str, Any]
Notebook = dict[str, Any]


class Copy(NamedTuple):
    """The result for one lesson: its file, the action ("": none), the cells that both sides changed."""

    file: str
    done: str
    clashes: tuple[str, ...] = ()


def hand_out(lessons: Path = TRACKED, folder: Path = MINE) -> list[Copy]:
    """Copy each lesson that is not there yet, update the others, and begin the record of progress.

    Raises OSError where that can't be read or written.
    """
    (folder / HANDED_OUT).mkdir(parents=True, exist_ok=True)
    notes.begin(folder)
    return [_hand_out(lessons / lesson.file, folder) for lesson in LESSONS if lesson.file]


def _hand_out(path: Path, folder: Path) -> Copy:
    """One lesson."""
    lesson, own, memo = _read(path), folder / path.name, folder / HANDED_OUT / f"{path.stem}.json"
    texts = {cell["id"]: text(cell) for cell in lesson["cells"]}
    if not own.exists():
        _write(own, lesson | {"cells": [without_outputs(cell) for cell in lesson["cells"]]})
        _write(memo, texts)
        return Copy(path.name, "new")
    try:
        before = _read(own)
        base: dict[str, str] = _read(memo) if memo.exists() else {}
        if base == texts:
            return Copy(path.name, "")
        cells, clashes = merged(lesson["cells"], before["cells"], base)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Copy(path.name, "left as they are, for they are no notebooks that can be updated,")
    _write(own.with_name(f"{own.name}.before"), before)
    _write(own, before | {"cells": cells})
    _write(memo, texts)
    return Copy(path.name, "updated", clashes)


def merged(
    lesson: Iterable[Cell], own: Iterable[Cell], base: Mapping[str, str]
) -> tuple[list[Cell], tuple[str, ...]]:
    """The learner's cells brought up to date, in the lesson's order; and the ids that both sides changed.

    `base` has the text of each cell as it was handed out. Raises KeyError for a cell without an id.
    """
    lesson = list(lesson)
    had, extra = _sorted_out(own, {cell["id"] for cell in lesson}, base)
    cells, clashes = extra.pop("", []), []
    for cell in lesson:
        id = cell["id"]
        if id not in had:
            if id not in base:  # new; a cell that is in the base was deleted by the learner
                cells.append(without_outputs(cell))
        elif text(had[id]) == text(cell):
            cells.append(had[id] | {"metadata": had[id]["metadata"] | cell["metadata"]})
        elif text(had[id]) == base.get(id):
            cells.append(without_outputs(cell))
        else:
            cells.append(had[id])
            if base.get(id) != text(cell):
                clashes.append(id)
                told, below = _told(cell), extra.setdefault(id, [])
                if told["id"] not in {one["id"] for one in below}:  # an update that was cut short
                    below.insert(0, told)
        cells += extra.get(id, [])
    return cells, tuple(clashes)


def _sorted_out(
    own: Iterable[Cell], ids: set[str], base: Mapping[str, str]
) -> tuple[dict[str, Cell], dict[str, list[Cell]]]:
    """The learner's cells that the lesson has too, by id; and the other ones to keep, by the id before them.

    A cell that the lesson has no longer goes, unless the learner had edited it.
    """
    had: dict[str, Cell] = {}
    extra: dict[str, list[Cell]] = {}
    last = ""
    for cell in own:
        id = cell["id"]
        if id in ids and id not in had:
            had[id] = cell
            last = id
        elif base.get(id) != text(cell):
            extra.setdefault(last, []).append(cell)
    return had, extra


def _told(cell: Cell) -> Cell:
    """The new text of a cell that the learner has edited: to read; running it may undo an answer."""
    new = text(cell)
    if cell["cell_type"] == "code":
        new = f"```python\n{new}\n```"
    mark = hashlib.sha256(new.encode()).hexdigest()[:8]
    note = "*The lesson has changed the cell above, which you have edited. Its new text:*"
    return {
        "cell_type": "markdown",
        "id": f"{cell['id'][:50]}-{mark}",
        "metadata": {},
        "source": f"{note}\n\n{new}",
    }


def text(cell: Cell) -> str:
    """A cell's source, which the format allows to be one text or a list of lines.

    >>> text({"source": ["a = 1\\n", "a"]}) == text({"source": "a = 1\\na"})
    True
    """
    return "".join(cell["source"])


def without_outputs(cell: Cell) -> Cell:
    """A cell as if it had never run."""
    return cell | {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else cell


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, value: object) -> None:
    """The whole file or, where the power fails meanwhile, the one before."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    os.replace(new, path)
