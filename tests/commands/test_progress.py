"""`python -m wsdemo lessons` and `progress`: your own copies, and what is solved in them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from wsdemo.cli import main
from wsdemo.course import copies
from wsdemo.course.notes import FILE, note

Printed = pytest.CaptureFixture[str]


def test_copies_and_progress(tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    my = tmp_path / "Ana" / "my"
    assert main(["lessons", str(my)]) == 0
    assert capsys.readouterr().out.startswith(f"new in {my}: 00_start_here.ipynb, 01_raw_tcp.ipynb, ")
    assert main(["lessons", str(my)]) == 0
    assert capsys.readouterr().out == ""
    note("is_green", True, my)
    assert main(["progress", str(my)]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "  00  Start here: 1 of 4"
    monkeypatch.chdir(my)  # where a learner stands
    assert main(["progress"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "  00  Start here: 1 of 4"
    assert main(["progress", "--csv", str(my), "."]) == 0
    header, first, second = csv.reader(io.StringIO(capsys.readouterr().out))
    assert dict(zip(header, first, strict=True))["solved"] == "1"
    assert (first[0], first) == ("Ana", second)


def test_a_clash_is_told(tmp_path: Path, capsys: Printed) -> None:
    main(["lessons", str(tmp_path)])
    for path in (tmp_path / "00_start_here.ipynb", tmp_path / ".lessons" / "00_start_here.json"):
        known = json.loads(path.read_text(encoding="utf-8"))
        if "cells" in known:  # the learner edits a cell that once was another one
            known["cells"][2]["source"] = "mine"
        else:
            known["lesson-00-02"] = "an earlier text"
        path.write_text(json.dumps(known), encoding="utf-8")
    capsys.readouterr()
    assert main(["lessons", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"updated in {tmp_path}: 00_start_here.ipynb",
        "00_start_here.ipynb: you have edited cell lesson-00-02; it stays, with the lesson's new text below",
    ]


def test_wrong_places_are_one_line(tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["progress", str(tmp_path / "none")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"wsdemo progress: {tmp_path / 'none'} has no {FILE}: `make lab` or ")
    (tmp_path / "a file").touch()
    assert main(["lessons", str(tmp_path / "a file")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    monkeypatch.setattr(copies, "TRACKED", tmp_path / "gone")
    assert main(["lessons", str(tmp_path / "my")]) == 1
    assert "run this in a clone of the repository" in capsys.readouterr().err
    assert not (tmp_path / "my").exists()
