"""The harness of the benchmark: nothing here is timed, only that it measures, compares and tells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wsdemo.bench import report
from wsdemo.bench.peers import PEERS
from wsdemo.bench.rows import ROWS, Goal, Row
from wsdemo.bench.run import Result
from wsdemo.bench.run import run as measure
from wsdemo.bench.served import Contestant, Served


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wsdemo", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize(
    "key",
    ["echo", "pipelined", "large", "bytes", "fanout-1000", "opening-closing", "same-process", "compressed"],
)
def test_a_quick_row_gives_a_number_for_each_contestant(key: str) -> None:
    """Our own server and plain TCP: what every machine has."""
    done = bench("--quick", "--rounds", "2", "--only", key, "--against", "", "--json", "-")
    assert (done.returncode, done.stderr) == (0, "")
    data = json.loads(done.stdout)
    (row,) = data["rows"]
    assert row["key"] == key and row["failed"] == {} and data["quick"] and data["rounds"] == 2
    assert "wsdemo" in row["values"]
    assert all(len(values) == 2 and min(values) > 0 for values in row["values"].values())
    own = [goal for goal in row["goals"] if "×" not in goal["goal"] or "× tcp" in goal["goal"]]
    assert all(isinstance(goal["met"], bool) for goal in own)


def test_the_table_the_file_and_the_picture(tmp_path: Path) -> None:
    file, drawing = tmp_path / "bench.json", tmp_path / "bench.png"
    options = ("--json", str(file), "--picture", str(drawing))
    done = bench("--quick", "--rounds", "1", "--only", "echo", "--against", "", *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert "echo round trip, p50" in done.stdout and "≤ 1.12 × tcp" in done.stdout
    assert json.loads(file.read_text())["rows"][0]["spreads"]["wsdemo"]["low"] > 0
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


def test_ratios_are_of_the_same_round_and_every_round_counts() -> None:
    goals = (Goal(most=1.2, by="tcp"), Goal(most=2.2, by="tcp"), Goal(least=2), Goal(least=3))
    row = Row("row", "a row", "µs", (), lambda served, quick: 0.0, goals, beside="tcp")
    result = Result(row, {"tcp": [2.0, 30.0, 2.0], "wsdemo": [2.0, 30.0, 4.4]})
    assert result.measured(goals[0]) == [1.0, 1.0, 2.2] and result.measured(goals[2]) == [2.0, 30.0, 4.4]
    assert result.measured(Goal(most=1, by="picows")) == result.measured(Goal(most=1, ours="other")) == []
    told = result.as_json()["goals"]
    assert [goal["met"] for goal in told] == [False, True, True, False]  # the median meets the first and last
    assert told[0]["measured"] == {"low": 1.0, "median": 1.0, "high": 2.2}
    assert result.as_json()["spreads"]["tcp"] == {"low": 2.0, "median": 2.0, "high": 30.0}


def affinity(served: Served, quick: bool) -> float:
    return float(len(os.sched_getaffinity(0) | os.sched_getaffinity(served.pid)))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system can't bind a process to a CPU")
def test_round_trips_have_both_ends_on_one_cpu() -> None:
    before = os.sched_getaffinity(0)
    row = Row("row", "a row", "CPUs", (Contestant("tcp", "tcp"),), affinity, (), together=True)
    assert measure([row], {"tcp"}, rounds=1).results[0].values == {"tcp": [1.0]}
    apart = measure([row._replace(together=False)], {"tcp"}, rounds=1)
    assert apart.results[0].values == {"tcp": [float(len(before))]}
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("fresh", [False, True])
def test_a_fresh_row_has_new_servers_each_round(fresh: bool) -> None:
    row = Row("row", "a row", "", (Contestant("tcp", "tcp"),), lambda s, q: float(s.pid), (), fresh=fresh)
    steps: list[tuple[int, int]] = []
    done = measure([row], {"tcp"}, rounds=3, progress=lambda title, n, total: steps.append((n, total)))
    assert len(set(done.results[0].values["tcp"])) == (3 if fresh else 1)
    assert steps == [(0, 3), (1, 3), (2, 3)]


def test_no_peer_is_missing_where_the_tests_run() -> None:
    """All that the extra `test` names; picows is not made for Windows."""
    missing = {name for name in PEERS if Contestant(name, name).missing}
    assert missing <= ({"picows"} if sys.platform == "win32" else set())


def test_fastapi_and_channels_take_part() -> None:
    done = bench("--quick", "--rounds", "1", "--only", "echo", "--against", "fastapi,channels", "--json", "-")
    (row,) = json.loads(done.stdout)["rows"]
    assert row["failed"] == {} and row["values"].keys() == {"tcp", "wsdemo", "fastapi", "channels"}


def test_the_rows_can_be_told_apart_and_name_peers_that_there_are() -> None:
    assert len({row.key for row in ROWS}) == len(ROWS)
    for row in ROWS:
        names = {contestant.name for contestant in row.contestants}
        assert {contestant.peer for contestant in row.contestants} <= set(PEERS)
        assert all(goal.ours in names and (not goal.by or goal.by in names) for goal in row.goals)


def test_every_row_compares_with_a_contestant_of_its_own() -> None:
    for row in ROWS:
        assert not row.beside or row.beside in {contestant.name for contestant in row.contestants}
        assert all(goal.by == row.beside for goal in row.goals[:1] if goal.by)
