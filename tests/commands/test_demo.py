"""``demo``: tells a story, lists all uses, and says in one line what is wrong."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest

from tests.processes import Start, end, line, run
from tests.waiting import DEADLINE
from wsdemo import cli
from wsdemo.demos import running
from wsdemo.demos.policies import USES


def test_a_story_is_told(start: Start) -> None:
    status, out, err = run(start, "demo", "payment")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == "it is back, was told 3 times, and has booked 2050 cents"


def test_without_a_name_all_uses_are_listed(capsys) -> None:
    assert cli.main(["demo"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(USES)
    assert lines[0].startswith("chat      chat: what is said: published")


def test_a_wrong_name_is_one_line(capsys) -> None:
    with pytest.raises(SystemExit):
        cli.main(["demo", "chess"])
    (line,) = capsys.readouterr().err.splitlines()
    assert "no demo 'chess', there are chat, ticker, game, document, sensors, payment" in line


def test_a_missing_library_is_one_line(capsys, monkeypatch) -> None:
    monkeypatch.setitem(running.NEEDS, "document", "no_such_module")
    assert cli.main(["demo", "document"]) == 1
    assert capsys.readouterr().err == (
        "wsdemo demo: the demo document needs no_such_module: pip install no_such_module\n"
    )


def test_a_page_is_served_until_ctrl_c(start: Start) -> None:
    process = start("demo", "game", "--page", "--port", "0")
    found = re.fullmatch(r"game on (http\S+/); Ctrl-C ends it", line(process))
    assert found
    with urllib.request.urlopen(f"{found[1]}session", timeout=DEADLINE) as response:
        assert json.load(response)["pictures"] == {"#game": "field"}
    assert end(process) == (0, "", "")


def test_a_demo_without_a_picture_is_one_line(capsys) -> None:
    assert cli.main(["demo", "chat", "--page", "--port", "0"]) == 1
    assert capsys.readouterr().err == "wsdemo demo: the demo 'chat' has no picture, there are ticker, game\n"
