"""The harness of the benchmark: nothing here is timed, only that it measures, compares and tells."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from wsdemo.bench import report
from wsdemo.bench.measures import JSON, LINE, TEXT
from wsdemo.bench.peers import PEERS, framed
from wsdemo.bench.rows import ROWS, Goal, Row
from wsdemo.bench.run import Result, Run
from wsdemo.bench.run import run as measure
from wsdemo.bench.served import Contestant, Served


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wsdemo", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("key", ["echo", "pipelined", "large", "fanout-1000", "same-process", "compressed"])
def test_a_quick_row_gives_a_number_for_each_contestant(key: str) -> None:
    """Our own server and plain TCP: what every machine has."""
    done = bench("--quick", "--rounds", "2", "--only", key, "--against", "", "--json", "-")
    assert (done.returncode, done.stderr) == (0, "")
    data = json.loads(done.stdout)
    (row,) = data["rows"]
    assert row["key"] == key and row["failed"] == {} and data["quick"] and data["rounds"] == 2
    assert "wsdemo" in row["values"]
    assert all(len(values) == 2 and min(values) > 0 for values in row["values"].values())
    own = [goal for goal in row["goals"] if "×" not in goal["goal"] or goal["goal"].endswith("tcp")]
    assert all(isinstance(goal["met"], bool) for goal in own)


def test_the_table_the_file_and_the_picture(tmp_path: Path) -> None:
    file, drawing = tmp_path / "bench.json", tmp_path / "bench.png"
    options = ("--json", str(file), "--picture", str(drawing))
    done = bench("--quick", "--rounds", "1", "--only", "echo", "--against", "", *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert "echo round trip, p50" in done.stdout and "≤ 1.2 × tcp" in done.stdout
    assert json.loads(file.read_text())["rows"][0]["medians"]["wsdemo"] > 0
    assert drawing.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("arguments", [("--against", "webskets"), ("--only", "ecco"), ("--rounds", "0")])
def test_wrong_use_is_one_line_and_status_2(arguments: tuple[str, ...]) -> None:
    done = bench(*arguments)
    assert done.returncode == 2
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1


def test_a_peer_that_is_not_installed_is_skipped_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PEERS, "picows", PEERS["picows"]._replace(needs=("no_such_module",)))
    row = Row("row", "a row", "µs", (Contestant("picows", "picows"),), lambda served, quick: 1.0, ())
    done = measure([row], {"picows"}, rounds=1)
    assert done.skipped == {"picows": "picows"} and done.results[0].values == {}
    assert "picows: not installed, skipped (pip install picows)" in report.table(done)


def test_who_fails_leaves_the_row_and_the_others_go_on() -> None:
    def measured(served: Served, quick: bool) -> float:
        if served.contestant.name == "bad":
            raise RuntimeError("no")
        return 1.0

    row = Row("row", "a row", "µs", (Contestant("bad", "tcp"), Contestant("good", "tcp")), measured, ())
    done = measure([row], {"tcp"}, rounds=2)
    assert done.results[0].values == {"good": [1.0, 1.0]}
    assert done.results[0].failed == {"bad": "RuntimeError: no"}


def test_a_server_that_ends_says_why() -> None:
    served = Served(Contestant("broken", "wsproto", hidden=("wsproto",)))
    try:
        with pytest.raises(RuntimeError, match=r"server of broken ended: .*wsproto"):
            served.wait()
    finally:
        served.close()


def test_ratios_are_of_the_same_round() -> None:
    row = Row("row", "a row", "µs", (), lambda served, quick: 0.0, (Goal(most=1.2, by="tcp"), Goal(least=1)))
    result = Result(row, {"wsdemo": [2.0, 30.0, 4.4], "tcp": [2.0, 30.0, 2.0]})
    assert [result.measured(goal) for goal in row.goals] == [1.0, 4.4]
    assert result.measured(Goal(most=1, by="picows")) is None
    text = report.table(Run([result], 3, False, {}, {"load": None, "python": "3.11.7", "cores": 2}))
    assert text.count("  met") == 2 and "MISSED" not in text


def test_the_rows_can_be_told_apart_and_name_peers_that_there_are() -> None:
    assert len({row.key for row in ROWS}) == len(ROWS)
    for row in ROWS:
        names = {contestant.name for contestant in row.contestants}
        assert {contestant.peer for contestant in row.contestants} <= set(PEERS)
        assert all(goal.ours in names and (not goal.by or goal.by in names) for goal in row.goals)


def test_the_messages_have_the_sizes_that_the_rows_say() -> None:
    assert (len(TEXT), len(LINE), len(JSON)) == (32, 64, 500)
    assert framed(b"") == b"0         "
