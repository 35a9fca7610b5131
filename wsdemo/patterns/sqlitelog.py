"""The numbered log on disk: SQLite, one thread, and one ``fsync`` for all posts that came meanwhile.

::

    any thread ── append(post) ──► queue ──► BEGIN · post, post, post … · COMMIT ──► done([outcome, …])
                  read(channel) ──►      ──► SELECT, behind the posts before it  ──► then(page)

While one transaction is being synced the next posts gather, so under load more posts share one ``fsync``
(*group commit*). With ``synchronous=FULL`` a post that ``done`` calls stored is on the disk: neither the end
of the process nor a power cut loses it, as long as the disk keeps what it has confirmed.

``done`` and ``then`` are called through ``call``, such as a server's ``call_soon``; an exception in them is
kept in ``errors`` and ends nothing. One process has the file: a second one is refused.
"""

from __future__ import annotations

import collections
import contextlib
import logging
import queue
import secrets
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from wsdemo.patterns.entries import KEEP, REMEMBER, Done, Entry, Keep, Outcome, Page, Post, Status, up_to

#: The version of the tables below, in the file's ``user_version``.
VERSION: Final = 1
#: The most entries read for one page, whatever their size.
PAGE: Final = 1000
#: The most posts in one transaction.
BATCH: Final = 512
#: Seconds from one search of all channels for entries that are too old to the next.
SWEEP: Final = 60.0

OURS: Final = {"about", "device", "channel", "entry"}
_TABLES: Final = """
CREATE TABLE about (epoch TEXT NOT NULL);
CREATE TABLE device (id TEXT PRIMARY KEY, last INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE channel (name TEXT PRIMARY KEY, first INTEGER NOT NULL, top INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE entry (
    channel TEXT NOT NULL, offset INTEGER NOT NULL, sender TEXT NOT NULL, device TEXT NOT NULL,
    n INTEGER NOT NULL, at REAL NOT NULL, body TEXT NOT NULL, PRIMARY KEY (channel, offset)
) WITHOUT ROWID;
"""

log = logging.getLogger("wsdemo")


class SqliteLog:
    """A `entries.Log` in the file ``path``. Close it, or use it in a ``with``.

    ``path``: the file.
    ``done``: called with the outcomes of a transaction's posts, once it is on the disk.
    ``call``: calls a function with its arguments, in the thread where you want ``done`` and ``then``.
    ``keep``: a function of (channel) that gives the bounds on its entries.
    ``remember``: seconds for which a device is known after its last post.
    ``waiting``: jobs that may wait; beyond it `append` and `read` return False.
    ``clock``: seconds since 1970.
    ``connect``: a function of (path) that opens the database.
    ``synchronous``: SQLite's setting; "FULL" survives a power cut, "NORMAL" the end of the process.
    ``measured``: called in the log's thread with the seconds and the posts of each transaction.

    Raises OSError where another process has the file, ValueError where it is no log of this version, or no
    file at all.
    """

    durable = True

    def __init__(
        self,
        path: str | Path,
        done: Done,
        *,
        call: Callable[..., object] = lambda function, *args: function(*args),
        keep: Callable[[str], Keep] = lambda channel: KEEP,
        remember: float = REMEMBER,
        waiting: int = 20_000,
        clock: Callable[[], float] = time.time,
        connect: Callable[[str], Any] = lambda path: sqlite3.connect(path, timeout=0, isolation_level=None),
        synchronous: str = "FULL",
        measured: Callable[[float, int], object] = lambda seconds, posts: None,
    ) -> None:
        if str(path) in ("", ":memory:"):  # which are no files to SQLite, and end with the process
            raise ValueError(f"the path {str(path)!r}, expected that of a file; `MemoryLog` is one in memory")
        self.epoch = ""
        self.failing = ""  #: the reason why the last transaction failed; "" where it did not
        self.errors: collections.deque[BaseException] = collections.deque(maxlen=100)
        self._path = str(path)
        self._done = done
        self._call = call
        self._keep = keep
        self._remember = remember
        self._waiting = waiting
        self._clock = clock
        self._connect = connect
        self._synchronous = synchronous
        self._measured = measured
        # A job: a post, or a function to call with the database, after all jobs before it.
        self._jobs: queue.SimpleQueue[Post | Callable[[Any], None] | None] = queue.SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()  # no job is queued behind the end, where it would never be done
        self._started: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="wsdemo-log", daemon=True)
        self._thread.start()
        if (error := self._started.get()) is not None:
            self._thread.join()
            raise error

    def __enter__(self) -> SqliteLog:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    # -- from any thread ----------------------------------------------------------------------------------

    def append(self, post: Post) -> bool:
        """See `entries.Log`."""
        return self._ask(post)

    def read(self, channel: str, after: int, size: int, then: Callable[[Page | None], object]) -> bool:
        """See `entries.Log`."""
        return self._ask(lambda db: self._answer(then, _page, db, channel, after, size))

    def last(self, device: str, then: Callable[[int | None], object]) -> bool:
        """See `entries.Log`."""
        return self._ask(lambda db: self._answer(then, _last, db, device))

    def close(self) -> None:
        """Store the posts that are waiting, and end. Later jobs are not taken."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _ask(self, job: Post | Callable[[Any], None]) -> bool:
        with self._lock:
            if self._closed or self._jobs.qsize() >= self._waiting:
                return False
            self._jobs.put(job)
            return True

    # -- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            db = self._open()
        except BaseException as error:
            self._started.put(error)
            return
        self._started.put(None)
        swept, jobs = -SWEEP, []
        while None not in jobs:
            jobs = self._next_jobs()
            posts = [job for job in jobs if isinstance(job, Post)]
            if posts:
                self._tell(self._done, self._store(db, posts))
            for job in jobs:
                if callable(job):
                    job(db)
            if time.monotonic() - swept > SWEEP:
                swept = time.monotonic()
                self._sweep(db)
        db.close()

    def _next_jobs(self) -> list[Post | Callable[[Any], None] | None]:
        """All jobs that are waiting, up to a batch; waits for the first."""
        jobs = []
        try:
            jobs.append(self._jobs.get(timeout=SWEEP))
            while len(jobs) < BATCH and jobs[-1] is not None:
                jobs.append(self._jobs.get_nowait())
        except queue.Empty:
            pass
        return jobs

    def _open(self) -> Any:
        db = None
        try:
            db = self._connect(self._path)
            self._prepare(db)
            (self.epoch,) = _row(db, "SELECT epoch FROM about")
            return db
        except Exception as error:
            if db is not None:
                db.close()
            raise _opening_error(self._path, error) from error

    def _prepare(self, db: Any) -> None:
        (version,) = _row(db, "PRAGMA user_version")
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master").fetchall()}
        empty = not tables
        if version != (0 if empty else VERSION) or not (empty or tables >= OURS):
            raise ValueError(f"{self._path}: no message log of version {VERSION}: give another file")
        # One process, and no file of shared memory beside the log: the lock is held until the end.
        _all(db, "PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL")
        _all(db, f"PRAGMA synchronous={self._synchronous}")
        if sys.platform == "darwin":  # where fsync alone does not reach the disk
            _all(db, "PRAGMA fullfsync=1")
        _all(db, "BEGIN IMMEDIATE")  # takes the lock
        if empty:
            _all(db, *filter(str.strip, _TABLES.split(";")), f"PRAGMA user_version={VERSION}")
            _all(db, ("INSERT INTO about VALUES (?)", (secrets.token_hex(8),)))
        _all(db, "COMMIT")

    def _store(self, db: Any, posts: list[Post]) -> list[Outcome]:
        """One transaction: all of it is on the disk, or nothing."""
        begun = time.perf_counter()
        try:
            _all(db, "BEGIN IMMEDIATE")
            outcomes = self._insert(db, posts)
            _all(db, "COMMIT")
        except Exception as error:  # the disk is full, or broken: these posts may be sent again later
            self._failed(db, error)
            return [Outcome(post, "failed", reason=self.failing) for post in posts]
        self.failing = ""
        try:
            self._measured(time.perf_counter() - begun, len(posts))
        except Exception as error:
            self._wrong(error)
        return outcomes

    def _insert(self, db: Any, posts: list[Post]) -> list[Outcome]:
        now = self._clock()
        devices = {post.device: _last(db, post.device) for post in posts}
        channels = {post.channel: _bounds(db, post.channel) for post in posts}
        outcomes, changed = [], set()
        for post in posts:
            expected = devices[post.device] + 1
            if post.n != expected:
                status: Status = "again" if post.n < expected else "out of order"
                outcomes.append(Outcome(post, status, None, expected))
                continue
            first, top = channels[post.channel]
            channels[post.channel] = first, top + 1
            devices[post.device] = post.n
            changed.add(post.channel)
            entry = Entry(top + 1, post.sender, post.device, post.n, now, post.body)
            outcomes.append(Outcome(post, "stored", entry, expected + 1))
        stored = [outcome for outcome in outcomes if outcome.entry is not None]
        rows = [(outcome.post.channel, *outcome.entry) for outcome in stored if outcome.entry]
        db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        senders = {outcome.post.device for outcome in stored}
        db.executemany(
            "REPLACE INTO device VALUES (?, ?, ?)", [(name, devices[name], now) for name in senders]
        )
        for channel in changed:
            first, top = channels[channel]
            kept = max(first, top + 1 - self._keep(channel).count)
            if kept > first:
                db.execute("DELETE FROM entry WHERE channel = ? AND offset < ?", (channel, kept))
            db.execute("REPLACE INTO channel VALUES (?, ?, ?)", (channel, kept, top))
        return outcomes

    def _sweep(self, db: Any) -> None:
        """Drop entries and devices that are too old."""
        now = self._clock()
        try:
            _all(db, "BEGIN IMMEDIATE")
            for channel, first, top in list(db.execute("SELECT name, first, top FROM channel")):
                oldest = now - self._keep(channel).seconds
                young = "SELECT min(offset) FROM entry WHERE channel = ? AND at >= ?"
                kept = _row(db, young, (channel, oldest))[0] or top + 1
                if kept > first:
                    db.execute("DELETE FROM entry WHERE channel = ? AND offset < ?", (channel, kept))
                    db.execute("UPDATE channel SET first = ? WHERE name = ?", (kept, channel))
            db.execute("DELETE FROM device WHERE at < ?", (now - self._remember,))
            _all(db, "COMMIT")
            self.failing = ""
        except Exception as error:
            self._failed(db, error)

    def _failed(self, db: Any, error: Exception) -> None:
        self.failing = f"{type(error).__name__}: {error}"
        self.errors.append(error)
        log.error("the message log %s: %s", self._path, self.failing)
        try:
            _all(db, "ROLLBACK")
        except Exception:
            pass  # it was rolled back already

    def _answer(self, then: Callable[[Any], object], ask: Callable[..., Any], *args: Any) -> None:
        try:
            found = ask(*args)
        except Exception as error:
            self.errors.append(error)
            log.error("the message log %s cannot be read: %s", self._path, error)
            found = None
        self._tell(then, found)

    def _tell(self, function: Callable[[Any], object], value: object) -> None:
        """Call a function of the user, whose errors end nothing here."""
        try:
            self._call(function, value)
        except BaseException as error:
            self._wrong(error)

    def _wrong(self, error: BaseException) -> None:
        self.errors.append(error)
        log.error("an error in what the message log calls", exc_info=error)


def renew(path: str | Path) -> None:
    """Give a log another epoch, once an older copy of it was put back: so all readers are told.

    Raises OSError where there is none or a process has it, ValueError where it is no log of this version.
    """
    if not Path(path).is_file():
        raise OSError(f"{path}: there is no message log")
    with SqliteLog(path, lambda outcomes: None):
        pass  # it is one, and no process has it open
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as db:
            _all(db, ("UPDATE about SET epoch = ?", (secrets.token_hex(8),)))
    except sqlite3.Error as error:
        raise OSError(f"{path}: cannot be changed: {error}") from error


def _page(db: Any, channel: str, after: int, size: int) -> Page:
    first, top = _bounds(db, channel)
    select = "SELECT offset, sender, device, n, at, body FROM entry WHERE channel = ? AND offset > ?"
    rows = db.execute(f"{select} ORDER BY offset LIMIT {PAGE}", (channel, after))
    return Page(after, tuple(up_to(size, map(Entry._make, rows))), first, top)


def _bounds(db: Any, channel: str) -> tuple[int, int]:
    """The oldest offset that is kept, and the newest."""
    return _row(db, "SELECT first, top FROM channel WHERE name = ?", (channel,)) or (1, 0)


def _last(db: Any, device: str) -> int:
    found = _row(db, "SELECT last FROM device WHERE id = ?", (device,))
    return found[0] if found else 0


def _row(db: Any, statement: str, values: Iterable[Any] = ()) -> Any:
    return next(iter(db.execute(statement, values).fetchall()), None)


def _all(db: Any, *statements: str | tuple[str, Iterable[Any]]) -> None:
    for statement in statements:
        text, values = (statement, ()) if isinstance(statement, str) else statement
        db.execute(text, values).fetchall()


def _opening_error(path: str, error: Exception) -> Exception:
    if isinstance(error, ValueError):
        return error
    if "locked" in str(error):
        return OSError(f"{path}: another process has this message log open: end it, or give another file")
    if "not a database" in str(error):
        return ValueError(f"{path}: no SQLite database: give another file")
    return OSError(f"{path}: cannot be opened as a message log: {error}")
