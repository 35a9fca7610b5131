"""The file of a log: what is no log is left alone, one transaction or nothing, age; logs are in test_log."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from wsdemo.patterns.entries import Keep, Post
from wsdemo.patterns.logfile import VERSION, LogFile


@pytest.fixture
def make(tmp_path):
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(
            contextlib.closing(LogFile(str(tmp_path / "log.db"), **options))
        )


def post(n, body="x"):
    return Post("#lobby", "phone", n, "ann", body)


def test_posts_of_one_transaction_are_stored_together_or_not_at_all(make):
    opened = []

    def connect(path):
        opened.append(sqlite3.connect(path, isolation_level=None))
        opened[0].execute("PRAGMA max_page_count=20")
        return opened[0]

    file = make(connect=connect)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        file.store([post(n, "x" * 10_000) for n in range(1, 20)])
    assert not opened[0].in_transaction
    assert (file.last("phone"), file.page("#lobby", 0, 1).top) == (0, 0)
    assert [outcome.status for outcome in file.store([post(1), post(2), post(1), post(5)])] == [
        "stored", "stored", "again", "out of order",
    ]  # fmt: skip
    assert [entry.n for entry in file.page("#lobby", 0, 100).entries] == [1, 2]


def test_a_sweep_drops_what_is_too_old_and_gives_no_offset_twice(make):
    now = [1000.0]
    file = make(clock=lambda: now[0], keep=lambda channel: Keep(seconds=50), remember=70)
    file.store([post(1), post(2)])
    now[0] = 1040.0
    file.store([post(3)])
    now[0] = 1051.0
    file.sweep()
    page = file.page("#lobby", 1, 100)
    assert (page.first, page.top, page.gap, len(page.entries)) == (3, 3, (2, 2), 1)
    assert file.last("phone") == 3
    now[0] = 1111.0
    file.sweep()
    assert file.last("phone") == 0 and file.page("#lobby", 1, 100).gap == (2, 3)
    (outcome,) = file.store([post(1)])
    assert outcome.entry.offset == 4


def test_a_file_that_can_not_be_changed_keeps_its_epoch(make, tmp_path):
    opened = []
    file = make(connect=lambda path: opened.append(sqlite3.connect(path, isolation_level=None)) or opened[0])
    opened[0].execute("PRAGMA query_only=1")
    with pytest.raises(OSError, match=r"log\.db: cannot be changed"):
        file.renew()


def test_a_file_that_is_refused_is_closed(tmp_path):
    opened = []

    def connect(path):
        opened.append(sqlite3.connect(path, isolation_level=None))
        opened[0].execute("CREATE TABLE recipes (name TEXT)")
        return opened[0]

    with pytest.raises(ValueError, match="no message log"):
        LogFile(str(tmp_path / "log.db"), connect=connect)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"something else, and much longer than sixteen bytes", "no SQLite database"), (None, "no message log")],
)
def test_a_file_that_is_no_log_is_left_alone(tmp_path, content, said):
    path = tmp_path / "log.db"
    if content is None:
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE recipes (name TEXT)")
        db.close()
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=said):
        LogFile(str(path))
    assert path.read_bytes()[100:] == before[100:]  # SQLite counts openings in its header


def test_a_file_of_another_kind_with_the_same_version_is_left_alone(tmp_path):
    """``user_version`` 1 is common: our accounts have it too."""
    with sqlite3.connect(path := tmp_path / "users.db") as db:
        db.execute(f"PRAGMA user_version={VERSION}")
        db.execute("CREATE TABLE about (name TEXT)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(ValueError, match="no message log"):
        LogFile(str(path))
    assert path.read_bytes() == before


def test_a_later_version_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "log.db") as db:
        db.execute(f"PRAGMA user_version={VERSION + 1}")
    db.close()
    with pytest.raises(ValueError, match=f"version {VERSION}"):
        LogFile(str(tmp_path / "log.db"))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match="cannot be opened as a message log"):
        LogFile(str(tmp_path / "none" / "log.db"))
