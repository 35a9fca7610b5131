"""``compare``: a small run from the command line, and its wrong uses, one line each."""

from __future__ import annotations

import json

import pytest

from tests.processes import Start, run
from wsdemo import cli
from wsdemo.alternatives import compare, table
from wsdemo.alternatives.table import Alternative


def test_a_small_run_writes_table_json_and_picture(start: Start, tmp_path) -> None:
    files = ("--json", str(tmp_path / "a.json"), "--picture", str(tmp_path / "a.svg"))
    status, out, err = run(start, "compare", "--quick", "--only", "WSDEMO", *files)
    assert (status, err) == (0, "")
    assert "lines of code" in out and "20 / 0 / 0" in out
    assert list(json.loads((tmp_path / "a.json").read_text("utf-8"))["alternatives"]) == ["wsdemo"]
    assert (tmp_path / "a.svg").read_text("utf-8").startswith("<svg ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--only", "flask"), "no alternative 'flask', there are wsdemo, websockets, aiohttp"),
        (("--json", "/no/such/folder/a.json"), "/no/such/folder/a.json: No such file or directory"),
    ],
)
def test_wrong_use_is_one_line(capsys, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["compare", *arguments])
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("wsdemo compare: ") and words in line


def test_one_file_for_two_outputs_is_refused(capsys, tmp_path) -> None:
    name = str(tmp_path / "a")
    assert cli.main(["compare", "--json", name, "--picture", name]) == 1
    assert "name the same file" in capsys.readouterr().err


def test_nothing_installed_is_one_line(capsys, monkeypatch) -> None:
    absent = Alternative("absent", "on_absent.py", ("no_such_module",), ("no-such-package",), "", "")
    monkeypatch.setattr(table, "ALTERNATIVES", {"absent": absent})
    assert cli.main(["compare"]) == 1
    assert capsys.readouterr().err == "wsdemo compare: absent is left out: pip install no-such-package.\n"


def test_a_missing_library_is_a_line_beside_the_table(capsys, monkeypatch) -> None:
    absent = Alternative("absent", "on_absent.py", ("no_such_module",), ("no-such-package",), "", "")
    monkeypatch.setattr(table, "ALTERNATIVES", {"wsdemo": table.ALTERNATIVES["wsdemo"], "absent": absent})
    monkeypatch.setattr(compare.wire, "CHECKS", compare.wire.CHECKS[:1])
    assert cli.main(["compare", "--quick"]) == 0
    out, err = capsys.readouterr()
    assert "wsdemo compare: absent is left out: pip install no-such-package.\n" in err
    assert "1 / 0 / 0" in out
