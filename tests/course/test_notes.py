"""`check` notes what it found where the learner keeps a record, and nowhere else."""

from __future__ import annotations

import json
import random
import re
import threading
from pathlib import Path

import pytest

from wsdemo.course import check, notes
from wsdemo.course.notes import FILE, begin, note


def entries(folder: Path) -> list[tuple[str, bool]]:
    found = [json.loads(line) for line in (folder / FILE).read_text().splitlines()]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry["at"]) for entry in found)
    return [(entry["exercise"], entry["ok"]) for entry in found]


def is_green(report: object) -> bool:
    return True


def word_to_bytes(word: str) -> bytes:
    return word.encode()


def chosen_subprotocol(answer: bytes) -> str | None:
    raise NotImplementedError


def test_a_check_is_noted_beside_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check(word_to_bytes)
    assert not list(tmp_path.iterdir()), "no record, no note: as in notebooks/"
    begin(tmp_path)
    for answer in (is_green, word_to_bytes, chosen_subprotocol):
        check(answer)
    check(print)  # no exercise
    assert entries(tmp_path) == [("is_green", False), ("word_to_bytes", True)], (
        "what is not started is no try"
    )
    begin(tmp_path)
    assert len(entries(tmp_path)) == 2, "begun once"


def test_a_record_that_cannot_be_written_stops_no_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).mkdir()
    monkeypatch.chdir(tmp_path)
    check(word_to_bytes)
    assert capsys.readouterr().out == "[ok] word_to_bytes\n"


def test_two_kernels_mix_no_lines(tmp_path: Path) -> None:
    begin(tmp_path)
    names = [f"exercise {random.Random(n).randbytes(40).hex()}" for n in range(8)]
    threads = [
        threading.Thread(target=lambda name=name: [note(name, True, tmp_path) for _ in range(50)])
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entries(tmp_path)) == sorted([(name, True) for name in names] * 50)
    assert notes.FILE == "progress.jsonl"
