"""The exercises that are solved, by the record of a learner's checks (`wsdemo.course.notes`).

The record was written on the learner's own machine: a report to oneself, and no proof to others. So nothing
in it is trusted: a line that is no entry is skipped.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from wsdemo.course import notes
from wsdemo.course.exercises import registry
from wsdemo.lessons import LESSONS
from wsdemo.words import plural

TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is run by spreadsheets


class Tries(NamedTuple):
    """The record of one exercise: the tries until it was solved, and the time of that ("": not yet)."""

    times: int
    solved: str


def read(folder: Path | None = None) -> dict[str, Tries]:
    """The exercises that were tried, by name; none where there is no record."""
    found: dict[str, Tries] = {}
    for name, ok, at in _entries((folder or Path()) / notes.FILE):
        before = found.get(name, Tries(0, ""))
        if not before.solved:
            found[name] = Tries(before.times + 1, at if ok else "")
    return found


def solved(folder: Path | None = None) -> dict[int, tuple[int, int]]:
    """By a lesson's number: the number of its exercises that are solved, and of all."""
    tries = read(folder)
    counts: dict[int, tuple[int, int]] = {}
    for name, lesson in _exercises():
        done, total = counts.get(lesson, (0, 0))
        counts[lesson] = (done + bool(name in tries and tries[name].solved), total + 1)
    return counts


def report(folder: Path) -> str:
    """As `python -m wsdemo progress` prints it: a line for the whole, then the lessons that were begun."""
    tries, counts = read(folder), solved(folder)
    done, total = map(sum, zip(*counts.values(), strict=True))
    lines = [f"{_learner(folder)}: {done} of {total} exercises solved"]
    for lesson in LESSONS:
        begun = [name for name, number in _exercises() if number == lesson.number and name in tries]
        if begun:
            done, total = counts[lesson.number]
            lines.append(f"  {lesson.number:02d}  {lesson.title}: {done} of {total}")
            lines += [f"      {_verdict(tries[name])}: {name}" for name in begun]
    return "\n".join(lines)


def table(folders: Iterable[Path]) -> list[list[str | int]]:
    """A header, and a row for each learner: the time when an exercise was solved, or the number of tries."""
    exercises = _exercises()
    rows: list[list[str | int]] = [
        ["learner", "solved", "of", *(f"{lesson:02d} {name}" for name, lesson in exercises)]
    ]
    for folder in folders:
        tries = read(folder)
        cells = [_cell(tries[name]) if name in tries else "" for name, _ in exercises]
        rows.append([_learner(folder), sum(bool(one.solved) for one in tries.values()), len(cells), *cells])
    return rows


# Its parts


def _exercises() -> list[tuple[str, int]]:
    """All exercises in the order of the course: name, lesson."""
    return sorted(((name, one.lesson) for name, one in registry().items()), key=lambda pair: pair[1])


def _verdict(tries: Tries) -> str:
    """As `check` marks it.

    >>> _verdict(Tries(2, "2026-11-26T09:30:00Z")), _verdict(Tries(1, ""))
    ('[ok] 2026-11-26, 2 tries', '[no] 1 try')
    """
    counted = plural(tries.times, "try")
    return f"[ok] {tries.solved[:10]}, {counted}" if tries.solved else f"[no] {counted}"


def _cell(tries: Tries) -> str:
    return tries.solved or f"tried {tries.times}"


def _learner(folder: Path) -> str:
    """The folder's name, or, of a folder `my`, that of the one around it; never a formula for a spreadsheet.

    >>> _learner(Path("class/Ana")), _learner(Path("class/Ben/my")), _learner(Path("class/=1+1"))
    ('Ana', 'Ben', "'=1+1")
    """
    place = folder.resolve()
    name = place.parent.name if place.name == "my" else place.name
    return f"'{name}" if name.startswith(FORMULA) else name


def _entries(path: Path) -> Iterator[tuple[str, bool, str]]:
    """The entries in a record: an exercise that there is, verdict, time."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
            entry = json.loads(line)
            name, ok, at = entry["exercise"], entry["ok"], entry["at"]
            if name in registry() and isinstance(ok, bool) and TIME.fullmatch(at):
                yield name, ok, at
