"""The answers that are kept for the tests, one file each.

    mistakes/05_mask_piece/forgets_the_offset.py    a wrong one; its first line: a part of what `check` says

        # said: should be
        def mask_piece(data, key, offset): ...

    others/05_mask_piece/one_large_integer.py       a right one, of another kind than the lesson's solution

A name that an answer leaves undefined is one of its lesson. An answer that needs an option that this system's
sockets do not have (TCP_CORK on macOS) is left out.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SAID = "# said: "


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: what it does in a word or two, its code, and a part of the line that `check` must print."""

    name: str
    code: str
    line: str


def mistakes(lesson: int, exercise: str) -> list[Answer]:
    """The wrong answers to an exercise, each with what must be said to it."""
    return [
        Answer(path.stem, code, f"[no] {exercise}: …{message}")
        for path in _files("mistakes", lesson, exercise)
        for message, code in [_split(path)]
    ]


def others(lesson: int, exercise: str) -> list[Answer]:
    """The right answers to an exercise, beside the solution that its lesson shows."""
    return [
        Answer(path.stem, path.read_text(encoding="utf-8"), f"[ok] {exercise}")
        for path in _files("others", lesson, exercise)
    ]


def folders() -> set[tuple[int, str]]:
    """The exercises that answers are kept for."""
    return {(int(path.name[:2]), path.name[3:]) for path in HERE.glob("*/[0-9][0-9]_*")}


def _files(kind: str, lesson: int, exercise: str) -> list[Path]:
    found = sorted((HERE / kind / f"{lesson:02}_{exercise}").glob("*.py"))
    return [path for path in found if _has_all(path.read_text(encoding="utf-8"))]


def _has_all(code: str) -> bool:
    """Whether this system has every option of sockets that an answer names."""
    return all(hasattr(socket, name) for name in re.findall(r"\bsocket\.([A-Z_]+)\b", code))


def _split(path: Path) -> tuple[str, str]:
    """The message and the code of a wrong answer."""
    first, code = path.read_text(encoding="utf-8").split("\n", 1)
    assert first.startswith(SAID), f"{path}: the first line is {SAID!r} and what check says"
    return first.removeprefix(SAID), code
