"""The file of a log: its tables in SQLite, and what is asked of them. One thread has it.

::

    about      epoch                                      another one: another log, or a copy put back
    device     phone: last 4, at …                        the next post of it that is stored is 5
    channel    #lobby: first 3, top 7                     no offset is given twice, even where none is kept
    entry      #lobby 3, 4, 5, 6, 7                       what is kept

`store` is one transaction for many posts: all of them are on the disk at its end, or none. Read `entries` and
`sqlitefile` first. Knows nothing of threads.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from wsdemo.patterns.entries import KEEP, REMEMBER, Entry, Keep, Outcome, Page, Post, not_next, up_to
from wsdemo.patterns.sqlitefile import opened, transaction

#: The version of the tables below, in the file's ``user_version``.
VERSION: Final = 1
#: The most entries read for one page, whatever their size.
PAGE: Final = 1000

_TABLES: Final = """
CREATE TABLE about (epoch TEXT NOT NULL);
CREATE TABLE device (id TEXT PRIMARY KEY, last INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE channel (name TEXT PRIMARY KEY, first INTEGER NOT NULL, top INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE entry (
    channel TEXT NOT NULL, offset INTEGER NOT NULL, sender TEXT NOT NULL, device TEXT NOT NULL,
    n INTEGER NOT NULL, at REAL NOT NULL, body TEXT NOT NULL, PRIMARY KEY (channel, offset)
) WITHOUT ROWID;
"""


def connected(path: str) -> sqlite3.Connection:
    """A connection whose transactions are its user's own, and which waits for no other process."""
    return sqlite3.connect(path, timeout=0, isolation_level=None)


class LogFile:
    """The log in ``path``, for the thread that opens it; the options are those of `sqlitelog.SqliteLog`.

    Raises OSError where another process has the file, ValueError where it is no log of this version.
    """

    def __init__(
        self,
        path: str,
        *,
        keep: Callable[[str], Keep] = lambda channel: KEEP,
        remember: float = REMEMBER,
        clock: Callable[[], float] = time.time,
        connect: Callable[[str], Any] = connected,
        synchronous: str = "FULL",
    ) -> None:
        self._path, self._keep, self._remember, self._clock = path, keep, remember, clock
        try:
            self._db = opened(connect(path), _TABLES, {"user_version": VERSION}, self._begin, synchronous)
        except Exception as error:
            raise _opening_error(path, error) from error

    def _begin(self, db: Any, new: bool) -> None:
        if new:
            db.execute("INSERT INTO about VALUES (?)", (secrets.token_hex(8),))
        (self.epoch,) = db.execute("SELECT epoch FROM about").fetchone()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # -- what is kept -------------------------------------------------------------------------------------

    def page(self, channel: str, after: int, size: int) -> Page:
        """See `entries.Log.read`."""
        first, top = self._bounds(channel)
        select = "SELECT offset, sender, device, n, at, body FROM entry WHERE channel = ? AND offset > ?"
        rows = self._db.execute(f"{select} ORDER BY offset LIMIT {PAGE}", (channel, after))
        return Page(after, tuple(up_to(size, map(Entry._make, rows))), first, top)

    def last(self, device: str) -> int:
        """The last number stored of a device, 0 for an unknown one."""
        found = self._row("SELECT last FROM device WHERE id = ?", (device,))
        return found[0] if found else 0

    def _bounds(self, channel: str) -> tuple[int, int]:
        """The oldest offset that is kept, and the newest."""
        return self._row("SELECT first, top FROM channel WHERE name = ?", (channel,)) or (1, 0)

    def _row(self, statement: str, values: Iterable[Any] = ()) -> Any:
        return next(iter(self._db.execute(statement, values).fetchall()), None)

    # -- transactions -------------------------------------------------------------------------------------

    def store(self, posts: list[Post]) -> list[Outcome]:
        """Store those that are the next ones of their devices: all of them are on the disk, or none."""
        with transaction(self._db):
            return self._insert(posts)

    def _insert(self, posts: list[Post]) -> list[Outcome]:
        now = self._clock()
        devices = {post.device: self.last(post.device) for post in posts}
        channels = {post.channel: self._bounds(post.channel) for post in posts}
        outcomes = []
        for post in posts:
            expected = devices[post.device] + 1
            if (outcome := not_next(post, expected)) is None:
                first, top = channels[post.channel]
                channels[post.channel], devices[post.device] = (first, top + 1), post.n
                entry = Entry(top + 1, post.sender, post.device, post.n, now, post.body)
                outcome = Outcome(post, "stored", entry, expected + 1)
            outcomes.append(outcome)
        stored = [(outcome.post, outcome.entry) for outcome in outcomes if outcome.entry is not None]
        rows = [(post.channel, *entry) for post, entry in stored]
        self._db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        numbers = [(device, devices[device], now) for device in {post.device for post, _ in stored}]
        self._db.executemany("REPLACE INTO device VALUES (?, ?, ?)", numbers)
        for channel in {post.channel for post, _ in stored}:
            first, top = channels[channel]
            kept = max(first, top + 1 - self._keep(channel).count)
            self._drop(channel, first, kept)
            self._db.execute("REPLACE INTO channel VALUES (?, ?, ?)", (channel, kept, top))
        return outcomes

    def sweep(self) -> None:
        """Drop entries and devices that are too old."""
        now = self._clock()
        with transaction(self._db):
            for channel, first, top in list(self._db.execute("SELECT name, first, top FROM channel")):
                oldest = now - self._keep(channel).seconds
                young = "SELECT min(offset) FROM entry WHERE channel = ? AND at >= ?"
                kept = self._row(young, (channel, oldest))[0] or top + 1
                if self._drop(channel, first, kept):
                    self._db.execute("UPDATE channel SET first = ? WHERE name = ?", (kept, channel))
            self._db.execute("DELETE FROM device WHERE at < ?", (now - self._remember,))

    def _drop(self, channel: str, first: int, kept: int) -> bool:
        """Drop the entries below ``kept``; false where there are none."""
        if kept > first:
            self._db.execute("DELETE FROM entry WHERE channel = ? AND offset < ?", (channel, kept))
        return kept > first

    def renew(self) -> None:
        """Give the log another epoch. Raises OSError."""
        try:
            with transaction(self._db):
                self._db.execute("UPDATE about SET epoch = ?", (secrets.token_hex(8),))
        except Exception as error:
            raise OSError(f"{self._path}: cannot be changed: {error}") from error


def renew(path: str | Path) -> None:
    """Give a log another epoch, once an older copy of it was put back: so all readers are told.

    Raises OSError where there is none or a process has it, ValueError where it is no log of this version.
    """
    if not Path(path).is_file():
        raise OSError(f"{path}: there is no message log")
    with contextlib.closing(LogFile(str(path))) as file:
        file.renew()


def _opening_error(path: str, error: Exception) -> OSError | ValueError:
    if "locked" in str(error):
        return OSError(f"{path}: another process has this message log open: end it, or give another file")
    if "not a database" in str(error):
        return ValueError(f"{path}: no SQLite database: give another file")
    if isinstance(error, ValueError):
        return ValueError(f"{path}: no message log of version {VERSION}: give another file")
    return OSError(f"{path}: cannot be opened as a message log: {error}")
