"""A SQLite file of one kind, which one process has for itself, and whose commits a power cut can't take back.

::

    opened(db, …)               new: its tables and marks are made      ours: nothing is changed
                                of another kind: ValueError             another process has it: "locked"
    with transaction(db): …     all of the block is on the disk at its end, or nothing

Knows nothing of what is in the tables.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any


def opened(
    db: Any,
    tables: str,
    marks: Mapping[str, int],
    begin: Callable[[Any, bool], object],
    synchronous: str = "FULL",
) -> Any:
    """The connection ``db``, once it is this process's own until it is closed.

    ``tables``: the statements that make a new file.
    ``marks``: numbers in the file that tell its kind and its version, by the names of their PRAGMAs.
    ``begin``: called with (db, whether the file is new) in the first transaction.
    ``synchronous``: SQLite's setting; with "FULL" each commit is on the disk.

    Raises ValueError for a file of another kind, and what SQLite raises; ``db`` is closed then.

    >>> import sqlite3
    >>> db = sqlite3.connect(":memory:", isolation_level=None)
    >>> db is opened(db, "CREATE TABLE a (b)", {"user_version": 1}, lambda db, new: print("new:", new))
    new: True
    True
    >>> opened(db, "CREATE TABLE c (d)", {"user_version": 1}, print)
    Traceback (most recent call last):
    ValueError: a file of another kind, or of another version
    """
    try:
        found = {name for (name,) in db.execute("SELECT name FROM sqlite_master").fetchall()}
        ours, new = set(re.findall(r"CREATE TABLE (\w+)", tables)), not found
        marked = {name: db.execute(f"PRAGMA {name}").fetchall()[0][0] for name in marks}
        if marked != (dict.fromkeys(marks, 0) if new else marks) or not (new or found >= ours):
            raise ValueError("a file of another kind, or of another version")
        # Exclusive: the lock is held until the end, and no file of shared memory lies beside this one.
        _run(db, "PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL")
        _run(db, f"PRAGMA synchronous={synchronous}")
        if sys.platform == "darwin":  # where fsync alone does not reach the disk
            _run(db, "PRAGMA fullfsync=1")
        with transaction(db):  # takes the lock
            if new:
                _run(db, *filter(str.strip, tables.split(";")))
                _run(db, *(f"PRAGMA {name}={number}" for name, number in marks.items()))
            begin(db, new)
    except BaseException:
        db.close()
        raise
    return db


@contextlib.contextmanager
def transaction(db: Any) -> Iterator[None]:
    """All of the block is on the disk at its end, or nothing."""
    _run(db, "BEGIN IMMEDIATE")  # raises inside another one, which goes on
    try:
        yield
        _run(db, "COMMIT")
    except BaseException:
        with contextlib.suppress(Exception):  # on a full disk SQLite has done it already
            _run(db, "ROLLBACK")
        raise


def _run(db: Any, *statements: str) -> None:
    for statement in statements:
        db.execute(statement).fetchall()
