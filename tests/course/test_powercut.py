"""The disk that forgets: what was synced stays, each later write stays or not, in any combination."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from wsdemo.course.powercut import Disk, ForgetfulVFS, apsw

KEEP, LOSE = 0.0, 0.9


def test_later_writes_are_lost_each_on_its_own() -> None:
    disk = Disk()
    disk.write("log", 0, b"aaaa")
    disk.sync("log")
    disk.write("log", 0, b"B")
    disk.write("log", 4, b"C")
    for chances, left in (
        ([LOSE, LOSE], b"aaaa"),
        ([KEEP, LOSE], b"Baaa"),
        ([LOSE, KEEP], b"aaaaC"),
        ([KEEP, KEEP], b"BaaaC"),
    ):
        assert disk.left(iter(chances).__next__) == {"log": left}
    disk.sync("log")
    assert disk.left(lambda: LOSE) == {"log": b"BaaaC"} and disk.syncs == 2


def test_a_write_far_behind_the_end_leaves_zeros_and_a_file_may_be_cut() -> None:
    disk = Disk()
    disk.write("log", 3, b"x")
    assert disk.left(lambda: KEEP) == {"log": b"\0\0\0x"}
    disk.write("log", 1, None)
    disk.sync("log")
    assert disk.left(lambda: LOSE) == {"log": b"\0"}


def test_a_deleted_file_is_gone(tmp_path: Path) -> None:
    disk = Disk()
    disk.write("journal", 0, b"x")
    disk.sync("journal")
    disk.write("journal", 1, b"y")
    disk.delete("journal")
    disk.cut(random.Random(1), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("synchronous", "kept"), [("FULL", True), ("OFF", False)])
def test_sqlite_writes_and_syncs_through_it(tmp_path: Path, synchronous: str, kept: bool) -> None:
    disk = Disk()
    vfs = ForgetfulVFS(f"test {synchronous}", disk)
    db = apsw.Connection(str(tmp_path / "log.db"), vfs=f"test {synchronous}")
    db.execute(f"PRAGMA synchronous={synchronous}")
    db.execute("CREATE TABLE entry (n); INSERT INTO entry VALUES (1)")
    left = disk.left(lambda: LOSE).get("log.db", b"")
    assert left.startswith(b"SQLite format 3") is kept and (disk.syncs > 0) is kept
    db.close()
    vfs.unregister()


def test_without_apsw_one_line_says_what_to_do() -> None:
    code = "import sys; sys.modules['apsw'] = None; import wsdemo.course.powercut"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "ImportError: the power cut needs apsw: pip install apsw"
