"""A file of SQLite that is ours alone: opened new and again, refused, and its transactions."""

from __future__ import annotations

import sqlite3

import pytest

from wsdemo.patterns.sqlitefile import opened, transaction

TABLES = "CREATE TABLE one (a); CREATE TABLE two (b);"
MARKS = {"application_id": 7, "user_version": 3}


def connect(path):
    return sqlite3.connect(path, timeout=0, isolation_level=None)


def again(path, tables=TABLES, marks=MARKS, **options):
    """Open it; whether it was new."""
    told = []
    db = opened(connect(path), tables, marks, lambda db, new: told.append(new), **options)
    return db, *told


def test_a_new_file_gets_tables_and_marks_and_is_known_again(tmp_path):
    for new in (True, False):
        db, was_new = again(tmp_path / "file")
        assert was_new is new
        assert [db.execute(f"PRAGMA {name}").fetchone() for name in MARKS] == [(7,), (3,)]
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("one",), ("two",)]
        db.close()


@pytest.mark.parametrize(
    ("tables", "marks"),
    [
        (TABLES, {"application_id": 7, "user_version": 4}),
        (TABLES, {"application_id": 8, "user_version": 3}),
        (TABLES + "CREATE TABLE three (c);", MARKS),
    ],
)
def test_another_kind_of_file_is_left_alone_and_closed(tmp_path, tables, marks):
    path = tmp_path / "file"
    again(path)[0].close()
    before, db = path.read_bytes(), connect(path)
    with pytest.raises(ValueError, match="another kind"):
        opened(db, tables, marks, print)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        db.execute("SELECT 1")
    assert path.read_bytes() == before


def test_a_second_one_is_refused_until_the_first_is_closed(tmp_path):
    db, _ = again(tmp_path / "file")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        again(tmp_path / "file")
    db.close()
    again(tmp_path / "file")[0].close()


def test_where_it_does_not_begin_it_is_new_the_next_time(tmp_path):
    def fail(db, new):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        opened(connect(tmp_path / "file"), TABLES, MARKS, fail)
    db, new = again(tmp_path / "file")
    assert new
    db.close()


def test_a_block_is_stored_whole_or_not_at_all(tmp_path):
    db, _ = again(tmp_path / "file", synchronous="OFF")
    with pytest.raises(ZeroDivisionError), transaction(db):
        db.execute("INSERT INTO one VALUES (1)")
        1 / 0  # noqa: B018
    assert not db.in_transaction
    with transaction(db):
        db.execute("INSERT INTO one VALUES (2)")
    assert db.execute("SELECT a FROM one").fetchall() == [(2,)]
    db.close()


def test_one_inside_another_is_refused_and_the_outer_one_goes_on(tmp_path):
    db, _ = again(tmp_path / "file")
    with transaction(db):
        db.execute("INSERT INTO one VALUES (1)")
        with pytest.raises(sqlite3.OperationalError, match="within a transaction"), transaction(db):
            raise AssertionError("not reached")
        assert db.in_transaction
    assert db.execute("SELECT a FROM one").fetchall() == [(1,)]
    db.close()
