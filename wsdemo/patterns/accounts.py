"""Users and their passwords, in SQLite: one thread hashes, and the others go on.

::

    check("ann", password, address) ──► attempts left? room in the queue? ──► one thread: scrypt ──► Future
    revoke("ann") ────────────────────► ahead of all passwords ─────────────► same thread: commit ──► Future

A password is stored as a hash by scrypt (RFC 7914), which takes 16 MiB and a fifth of a second, on purpose:
a thief of the file pays that for each guess. The same cost would hold up a server's thread, so it is paid
in another one. A name that does not exist costs the same time as one that does.

A revocation is a time, ``not_before``: tokens that were issued up to it no longer count (see `tokens`). It
counts at once, it is on the disk before its Future is done, and another process that has the file open sees
it within `LOOK` seconds.
"""

from __future__ import annotations

import collections
import contextlib
import hashlib
import hmac
import itertools
import logging
import os
import queue
import re
import sqlite3
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from wsdemo.patterns.rate import Attempts
from wsdemo.patterns.tokens import STEP

#: The version of the table below, in the file's ``user_version``.
VERSION: Final = 1
#: The names of users: those that may stand in a channel's name too.
NAME: Final = re.compile(r"[a-z0-9_-]{1,32}\Z")
#: Characters of a new password at least.
SHORTEST: Final = 8
#: Seconds from one look for revocations by other processes to the next.
LOOK: Final = 0.5

_TABLE: Final = """
CREATE TABLE account (
    name TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, not_before REAL NOT NULL
) WITHOUT ROWID"""
_STORE: Final = """
INSERT INTO account VALUES (?, ?, ?, 0) ON CONFLICT (name)
DO UPDATE SET salt = excluded.salt, hash = excluded.hash, not_before = max(not_before + ?, ?)"""

_REVOKE: Final = "UPDATE account SET not_before = ? WHERE name = ?"

log = logging.getLogger("wsdemo")


def scrypt(password: bytes, salt: bytes) -> bytes:
    """The hash of a password: 32 bytes, by scrypt with N=2^14, r=8, p=5 (16 MiB).

    >>> scrypt(b"correct horse", b"battery staple..").hex()[:16]
    '2c19e32bf71ef813'
    """
    return hashlib.scrypt(password, salt=salt, n=2**14, r=8, p=5, maxmem=2**25, dklen=32)


class TooMany(Exception):
    """No attempt is left, or no room in the queue. ``retry``: seconds until there may be."""

    def __init__(self, reason: str, retry: float) -> None:
        super().__init__(f"{reason}, try again in {retry:.0f} s")
        self.retry = retry


class Accounts:
    """The accounts in the file ``path``. Close them, or use them in a ``with``.

    ``path``: the file; only its owner may read it.
    ``revoked``: called with the user of each revocation, in any thread; it must not block.
    ``attempts``: logins a second and burst, for each name and for each address.
    ``waiting``: passwords that may wait to be hashed.
    ``clock``: seconds that never go back.
    ``wall``: seconds since 1970.
    ``hashed``: a function of (password, salt) that gives the hash.

    Raises OSError or ValueError for a file that can't be used.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        revoked: Callable[[str], object] = lambda user: None,
        attempts: tuple[float, float] = (5 / 60, 5),
        waiting: int = 32,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        hashed: Callable[[bytes, bytes], bytes] = scrypt,
    ) -> None:
        self.errors: collections.deque[BaseException] = collections.deque(maxlen=100)
        self._revoked, self._waiting = revoked, waiting
        self._clock, self._wall, self._hashed = clock, wall, hashed
        self._attempts = Attempts(*attempts)
        self._order = itertools.count()
        # (0: a revocation, 1: a password; the order of coming; the job, or None for the end)
        self._jobs: queue.PriorityQueue[tuple[int, int, Any]] = queue.PriorityQueue()
        self._db = _opened(str(path))
        self._not_before: dict[str, float] = dict(self._revocations())
        self._thread = threading.Thread(target=self._run, name="wsdemo-accounts", daemon=True)
        self._thread.start()

    def __enter__(self) -> Accounts:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def check(
        self, user: str, password: str, address: str = "", use: Callable[[bool], Any] = bool
    ) -> Future[Any]:
        """Whether this is the user's password: ``use`` of that. Call it from one thread. Raises TooMany.

        ``address``: from where; "" where it is not known, such as behind a proxy: it bounds nothing then.
        """
        now = self._clock()
        user = user if NAME.match(user) else ""
        keys = [*([("address", address)] if address else []), ("user", user)]
        if wait := next(filter(None, (self._attempts.take(key, now) for key in keys)), 0.0):
            raise TooMany("too many logins", wait)
        if self._jobs.qsize() >= self._waiting:
            raise TooMany("too many people are logging in", 2.0)
        return self._ask(1, self._checked, user, _encoded(password), use)

    def store(self, user: str, password: str) -> Future[None]:
        """Make a user, or give one another password, which revokes the tokens that it has.

        Raises ValueError for a bad name, or a password that is too short.
        """
        if not NAME.match(user):
            raise ValueError(f"the user {user[:40]!r}, expected 1 to 32 of a-z 0-9 _ -")
        if len(password) < SHORTEST:
            raise ValueError(f"a password of {len(password)} characters, expected at least {SHORTEST}")
        return self._ask(1, self._stored, user, _encoded(password))

    def revoke(self, user: str) -> Future[None]:
        """Tokens that the user has now no longer count. Once the Future is done, it is on the disk."""
        # Later than the tokens issued since the last one, even where the clock was set back.
        now = self._not_before[user] = max(self._wall(), self.not_before(user) + STEP)
        self._revoked(user)
        return self._ask(0, self._write, user, _REVOKE, (now, user))

    def not_before(self, user: str) -> float:
        """The time of the user's last revocation, in seconds since 1970; 0.0 for none. From any thread."""
        return self._not_before.get(user, 0.0)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """No other process changes the accounts during a ``with``, nor is in one. For the start alone.

        Raises OSError where another one does not end.
        """
        with self._db:
            try:
                self._db.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                raise OSError(f"the accounts are in use: {error}") from error
            yield

    def close(self) -> None:
        """End. The Futures of passwords that are waiting are cancelled."""
        self._jobs.put((-1, next(self._order), None))
        self._thread.join()
        self._db.close()

    def _ask(self, priority: int, function: Callable[..., Any], *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._jobs.put((priority, next(self._order), (future, function, args)))
        return future

    # -- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        running = True
        while running:
            running = self._next()
            self._look()
        while not self._jobs.empty():
            if (job := self._jobs.get()[2]) is not None:
                job[0].cancel()

    def _next(self) -> bool:
        """Do one job, or none within `LOOK` seconds; false at the end."""
        try:
            job = self._jobs.get(timeout=LOOK)[2]
        except queue.Empty:
            return True
        if job is not None and job[0].set_running_or_notify_cancel():
            future, function, args = job
            try:
                future.set_result(function(*args))
            except BaseException as error:
                future.set_exception(error)
        return job is not None

    def _look(self) -> None:
        """Take over the revocations of other processes."""
        try:
            for user, not_before in self._revocations():
                if not_before > self.not_before(user):
                    self._not_before[user] = not_before
                    self._revoked(user)
        except Exception as error:
            self.errors.append(error)
            log.error("the accounts: %s", error, exc_info=error)

    def _revocations(self) -> list[tuple[str, float]]:
        return self._db.execute("SELECT name, not_before FROM account WHERE not_before > 0").fetchall()

    def _checked(self, user: str, password: bytes, use: Callable[[bool], Any]) -> Any:
        row = self._db.execute("SELECT salt, hash FROM account WHERE name = ?", (user,)).fetchone()
        salt, expected = row or (bytes(16), bytes(32))
        return use(hmac.compare_digest(self._hashed(password, salt), expected) and row is not None)

    def _stored(self, user: str, password: bytes) -> None:
        salt = os.urandom(16)
        self._write(user, _STORE, (user, salt, self._hashed(password, salt), STEP, self._wall()))

    def _write(self, user: str, statement: str, values: tuple[Any, ...]) -> None:
        with self._db:
            if not self._db.execute(statement, values).rowcount:
                raise LookupError(f"there is no user {user!r}")


def _encoded(password: str) -> bytes:
    """One form of what people may type in several (Unicode NFC, RFC 8265 §4.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _opened(path: str) -> sqlite3.Connection:
    if path == ":memory:":  # which is no file to SQLite: all users would be gone at the end
        raise ValueError(f"the path {path!r}, expected that of a file")
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    db = None
    try:
        db = sqlite3.connect(path, check_same_thread=False)
        db.execute("PRAGMA synchronous=FULL")
        if sys.platform == "darwin":  # where fsync alone does not reach the disk
            db.execute("PRAGMA fullfsync=1")
        with db:
            db.execute("BEGIN IMMEDIATE")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                db.execute(_TABLE)
                db.execute(f"PRAGMA user_version={VERSION}")
            elif version != VERSION:
                raise ValueError("another kind of file, or another version")
            db.execute("SELECT name, salt, hash, not_before FROM account LIMIT 0")  # it is ours
    except (sqlite3.Error, ValueError) as error:
        if db is not None:
            db.close()
        raise ValueError(f"{path}: no accounts of version {VERSION}: {error}") from error
    return db
