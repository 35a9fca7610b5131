"""What a record says, and what can't be made to say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wsdemo.course.exercises import registry
from wsdemo.course.notes import FILE
from wsdemo.course.progress import Tries, read, report, solved, table

EARLY, LATE = "2026-11-26T09:30:00Z", "2026-11-27T10:00:00Z"


def record(folder: Path, *entries: tuple[str, bool, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"at": at, "exercise": name, "ok": ok}) for name, ok, at in entries]
    (folder / FILE).write_text("".join(f"{line}\n" for line in lines))
    return folder


def test_tries_are_counted_until_it_is_solved(tmp_path: Path) -> None:
    record(
        tmp_path,
        ("is_green", False, EARLY),
        ("mask_payload", False, EARLY),
        ("is_green", True, EARLY),
        ("is_green", False, LATE),
        ("is_green", True, LATE),
    )
    assert read(tmp_path) == {"is_green": Tries(2, EARLY), "mask_payload": Tries(1, "")}
    assert solved(tmp_path)[0] == (1, 4)
    assert solved(tmp_path)[5] == (0, 4)


def test_without_a_record_nothing_is_solved(tmp_path: Path) -> None:
    assert read(tmp_path) == {}
    assert sum(done for done, _ in solved(tmp_path).values()) == 0
    assert sum(total for _, total in solved(tmp_path).values()) == len(registry())


GOOD = json.dumps({"at": EARLY, "exercise": "is_green", "ok": True}).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"7",
        b"null",
        b'"is_green"',
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b'{"exercise": "is_green", "ok": true}',
        b'{"at": 7, "exercise": "is_green", "ok": true}',
        b'{"at": "=1+1", "exercise": "is_green", "ok": true}',
        b'{"at": "2026-11-26T09:30:00Z", "exercise": ["is_green"], "ok": true}',
        b'{"at": "2026-11-26T09:30:00Z", "exercise": "no_such_exercise", "ok": true}',
        b'{"at": "2026-11-26T09:30:00Z", "exercise": "is_green", "ok": "yes"}',
        GOOD[:-5],
    ],
)
def test_a_line_that_is_no_entry_is_passed_over(tmp_path: Path, line: bytes) -> None:
    (tmp_path / FILE).write_bytes(line + b"\n")
    assert read(tmp_path) == {}
    (tmp_path / FILE).write_bytes(line + b"\n" + GOOD + b"\n")
    assert read(tmp_path) == {"is_green": Tries(1, EARLY)}


def test_the_report(tmp_path: Path) -> None:
    folder = record(
        tmp_path / "Ana" / "my",
        ("is_green", True, EARLY),
        ("mask_payload", False, EARLY),
        ("mask_payload", False, EARLY),
    )
    assert report(folder).splitlines() == [
        f"Ana: 1 of {len(registry())} exercises solved",
        "  00  Start here: 1 of 4",
        "      [ok] 2026-11-26, 1 try: is_green",
        "  05  Masking: 0 of 4",
        "      [no] 2 tries: mask_payload",
    ]


def test_the_table_has_a_row_for_each_learner(tmp_path: Path) -> None:
    ana = record(tmp_path / "Ana", ("is_green", True, EARLY), ("mask_payload", False, EARLY))
    ben = record(tmp_path / "=HYPERLINK(1)")
    header, *rows = table([ana, ben])
    assert header[:4] == ["learner", "solved", "of", "00 is_green"]
    assert len(header) == 3 + len(registry())
    assert rows[0][:4] == ["Ana", 1, len(registry()), EARLY]
    assert rows[0][header.index("05 mask_payload")] == "tried 1"
    assert rows[1][:3] == ["'=HYPERLINK(1)", 0, len(registry())], "a name that no spreadsheet runs"
    assert set(rows[1][3:]) == {""}
    lessons = [int(str(title)[:2]) for title in header[3:]]
    assert lessons == sorted(lessons)
