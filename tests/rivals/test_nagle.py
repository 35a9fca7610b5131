"""Two writes stall where the system delays acknowledgements; either cure mends it, everywhere."""

from __future__ import annotations

import csv
import sys
import threading
from pathlib import Path

import pytest

from tests.waiting import open_files
from wsdemo.rivals import nagle
from wsdemo.rivals.nagle import Stalls, Trial, measure


@pytest.fixture(scope="module")
def stalls() -> Stalls:
    return measure(12)


@pytest.mark.skipif(
    sys.platform != "linux", reason="other systems delay for another time, or not on loopback"
)
def test_two_writes_stall_on_linux(stalls: Stalls) -> None:
    two = stalls["two writes"]
    assert two.median > 0.03  # 40 ms
    assert two.stalls >= 8  # the first few of a connection are acknowledged at once


def test_either_cure_mends_it(stalls: Stalls) -> None:
    for variant in ("one write", "two writes, TCP_NODELAY"):
        assert stalls[variant].median < nagle.STALL
    if sys.platform == "linux":
        assert stalls["one write"].median < stalls["two writes"].median / 2


def test_table_rows_and_csv(stalls: Stalls, tmp_path: Path) -> None:
    assert repr(stalls) == "<Stalls: two writes, two writes, TCP_NODELAY, one write; 12 exchanges each>"
    assert "32 bytes" in stalls.table() and [row["of"] for row in stalls.rows()] == [12, 12, 12]
    stalls.to_csv(tmp_path / "stalls.csv")
    with (tmp_path / "stalls.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 36


def test_each_column_of_the_table_is_what_its_name_says() -> None:
    exchange = Trial("one write", (0.001, 0.004, 0.041, 0.044, 0.002))
    found = Stalls((exchange,), 32, "a machine")
    assert found.rows() == [
        {"variant": "one write", "median ms": 4.0, "longest ms": 44.0, "stalls": 2, "of": 5}
    ]
    assert found.table().splitlines()[2].split("  ")[-1].split() == ["5"]


def test_progress_is_told_and_nothing_is_left_behind() -> None:
    threads, files = set(threading.enumerate()), open_files()
    told: list[tuple[str, int, int]] = []
    measure(3, variants=("one write",), progress=lambda *now: told.append(now))
    assert told == [("one write", number, 3) for number in (1, 2, 3)]
    with pytest.raises(ZeroDivisionError):
        measure(3, progress=lambda *now: 1 / 0)
    assert set(threading.enumerate()) <= threads and open_files() <= files


@pytest.mark.parametrize("system", ["linux", "darwin", "win32", "plan9"])
def test_each_system_has_its_word(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert ("40 ms" in nagle.expected()) == (system == "linux")


@pytest.mark.parametrize(
    "wrong", [{"exchanges": 0}, {"size": 0}, {"size": 5000}, {"variants": ("three writes",)}]
)
def test_what_can_not_be_measured_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        measure(**wrong)  # type: ignore[arg-type]
