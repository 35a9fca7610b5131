"""The memory of a device: messages that are not confirmed yet, and the places where it stopped reading.

::

    confirmed = 4      5    6    7   = last        the oldest is the next one to be confirmed
                       ▲         ▲
                     first      add()              drop 6: 7 becomes 6

A number is a place in the queue: it is not stored, so a message that is dropped renumbers those behind it.
The device's id lives in the same file as its messages, and dies with it: an id that outlived its outbox would
start again with 1, and a server would take new messages for old ones. In memory, or in one SQLite file that
survives the end of the process and a power cut. Knows nothing of connections.

Of two copies of the file each would number its own messages by the same id, and the server would take those
of one for those of the other. So an id is given to the messages of one opening of the file alone::

    opening 1   id A   4  5             closed with 4 and 5 in it: 5 is the final number of A
    opening 2   id A   4  5             goes first
                id B   1  2             is added now, and goes after `renew`, once 4 and 5 are confirmed

An id and a number then stand for one message in every copy: whichever copy sends it, it is stored once, and
what a copy adds has an id of its own. Two limits remain. Copies of a *running process*, such as a snapshot of
its machine, share an id that is in use: only where the server expects a number that was not sent here yet is
that noticed, and told as ``doubled``; else a message may be lost. And where one copy hears that a message of
them all is refused for ever, those behind it may be stored once for each copy.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from wsdemo.patterns.sqlitefile import opened, transaction
from wsdemo.protocol.errors import InvalidState

#: The file is an outbox ("wsob"), with the tables below.
MARKS: Final = {"application_id": 0x77736F62, "user_version": 3}
# Above the key of any message.
_END: Final = 2**63 - 1
# A device numbers the messages behind those of the device before it, up to the key ``until``. The first one
# sends, the last one is that of this opening.
_TABLES: Final = """
CREATE TABLE device (until INTEGER PRIMARY KEY, id TEXT NOT NULL, confirmed INTEGER NOT NULL);
CREATE TABLE message (key INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE position (channel TEXT PRIMARY KEY, epoch TEXT NOT NULL, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE parked (
    channel TEXT NOT NULL, offset INTEGER NOT NULL, message TEXT NOT NULL, why TEXT NOT NULL
);
"""

_FIRST: Final = "SELECT min(until) FROM device"

#: Stores the effect of a message: a function of (database, message).
Effect = Callable[[sqlite3.Connection, Any], object]


class Outgoing(NamedTuple):
    """A message that is not confirmed yet."""

    key: int  #: stays when its number changes
    channel: str
    body: str  #: JSON


class Position(NamedTuple):
    """The place in a channel up to which a device has read."""

    epoch: str  #: of the log that gave the offset
    offset: int


class Outbox:
    """The messages, device id and positions in the file ``path``. Close it, or use it in a ``with``.

    ``path``: the file; ":memory:" for one that ends with the process.
    ``count``: messages that it holds at most.
    ``effect``: stores what a message changes, in the transaction that stores the message's offset: both are
    on the disk, or neither. Other users of the outbox wait meanwhile, and it must not publish.

    Raises OSError where it is open already, ValueError where the file is no outbox of this version, and for
    an impossible argument.

    >>> with Outbox() as outbox:
    ...     keys = [outbox.add("#lobby", body) for body in ('"a"', '"b"', '"c"')]
    ...     outbox.confirm(1)
    ...     outbox.drop(keys[1])
    ...     outbox.first, outbox.last, outbox.get(2)
    (2, 2, Outgoing(key=3, channel='#lobby', body='"c"'))
    """

    def __init__(
        self, path: str | Path = ":memory:", *, count: int = 10_000, effect: Effect | None = None
    ) -> None:
        if not str(path):  # which SQLite takes for a file that is removed at the end
            raise ValueError("the path '', expected that of a file, or ':memory:'")
        if count < 1:
            raise ValueError(f"count {count}: expected the messages that it holds, 1 or more")
        self._path = str(path)
        self._count = count
        self._effect = effect
        self._lock = threading.RLock()  # one transaction at a time
        self._claimed = False
        self._db = self._open()
        self._load()

    def _load(self) -> None:
        first = "SELECT until, id, confirmed FROM device ORDER BY until LIMIT 1"
        until, device, confirmed = self._db.execute(first).fetchone()
        count = "SELECT count(*) FROM message WHERE key <= ?"
        (all_,), (own,) = (self._db.execute(count, (key,)).fetchone() for key in (_END, until))
        # Plain attributes, to be read by any thread without the lock. ``final``: None in an id's own opening.
        self.device, self.confirmed = device, confirmed
        self.last, self.final = confirmed + all_, None if until == _END else confirmed + own

    def __enter__(self) -> Outbox:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def __len__(self) -> int:
        return max(0, int(self.last - self.confirmed))

    @property
    def first(self) -> int:
        """The number of the oldest message, or the one that the next message gets."""
        return int(self.confirmed) + 1

    @property
    def top(self) -> int:
        """The highest number that may be sent by this id."""
        return int(self.last if self.final is None else min(self.last, self.final))

    @property
    def finished(self) -> bool:
        """Whether all messages of this id are confirmed: the next ones are sent after `renew`."""
        return self.final is not None and bool(self.confirmed >= self.final)

    @property
    def full(self) -> bool:
        """Whether it takes no more messages."""
        return len(self) >= self._count

    def close(self) -> None:
        """Close the file. Closing twice is closing once."""
        with self._lock:
            self._db.close()

    def claim(self) -> None:
        """Become its one user: two would send different messages by one number. Raises InvalidState."""
        with self._lock:
            if self._claimed:
                raise InvalidState("this outbox has a client already: close it, or give another outbox")
            self._claimed = True

    def release(self) -> None:
        """Let another one `claim` it."""
        with self._lock:
            self._claimed = False

    # -- messages on their way out ------------------------------------------------------------------------

    def add(self, channel: str, body: str) -> int | None:
        """Store a message behind the others, and return its key; None where the outbox is full.

        Raises InvalidState inside ``effect``, whose transaction may still be taken back.
        """
        with self._lock:
            if self._db.in_transaction:
                raise InvalidState("effect can't publish: do it in on_message, or in another thread")
            if self.full:
                return None
            with self._transaction() as db:
                insert = "INSERT INTO message (channel, body) VALUES (?, ?)"
                key = db.execute(insert, (channel, body)).lastrowid
            self.last += 1
        return key

    def get(self, number: int) -> Outgoing | None:
        """The message of that number; None where there is none."""
        with self._lock:
            if number < self.first:
                return None
            select = "SELECT key, channel, body FROM message ORDER BY key LIMIT 1 OFFSET ?"
            found = self._db.execute(select, (number - self.first,)).fetchone()
            return None if found is None else Outgoing(*found)

    def confirm(self, number: int) -> None:
        """The server has stored all messages up to ``number``: forget them.

        Raises ValueError for a number that no message here has had.
        """
        with self._lock:
            if number > self.top:
                raise ValueError(f"confirm {number}, but the last message is {self.top}")
            if number >= self.first:
                with self._transaction() as db:
                    oldest = "SELECT key FROM message ORDER BY key LIMIT ?"
                    db.execute(f"DELETE FROM message WHERE key IN ({oldest})", (number - self.confirmed,))
                    db.execute(f"UPDATE device SET confirmed = ? WHERE until = ({_FIRST})", (number,))
                self.confirmed = number

    def drop(self, key: int) -> None:
        """Forget one message, which the server will never take. Those behind it move up.

        Those of an earlier opening go on by a new id: in a copy their numbers still stand as they were.
        """
        with self._lock:
            with self._transaction() as db:
                db.execute("DELETE FROM message WHERE key = ?", (key,))
                owner = "SELECT until, id, confirmed FROM device WHERE until >= ? ORDER BY until LIMIT 1"
                until, device, confirmed = db.execute(owner, (key,)).fetchone()
                behind = "SELECT 1 FROM message WHERE key > ? AND key <= ?"
                if until < _END and db.execute(behind, (key, until)).fetchone():
                    self._rename(db, until)
                    db.execute("INSERT INTO device VALUES (?, ?, ?)", (key, device, confirmed))
            self._load()

    def renew(self) -> None:
        """Become the next device; where this one is not finished, a new one with its messages, from 1."""
        with self._lock:
            with self._transaction() as db:
                (until,) = db.execute(_FIRST).fetchone()
                if self.finished:
                    db.execute("DELETE FROM device WHERE until = ?", (until,))
                else:
                    self._rename(db, until)
            self._load()

    def _rename(self, db: sqlite3.Connection, until: int) -> None:
        device = secrets.token_hex(16)
        db.execute("UPDATE device SET id = ?, confirmed = 0 WHERE until = ?", (device, until))

    # -- places of reading --------------------------------------------------------------------------------

    def position(self, channel: str) -> Position | None:
        """The place up to which a channel has been read; None for one that is new here."""
        with self._lock:
            select = "SELECT epoch, offset FROM position WHERE channel = ?"
            found = self._db.execute(select, (channel,)).fetchone()
            return None if found is None else Position(*found)

    def seen(self, channel: str, position: Position, message: Any = None) -> None:
        """Store the place, and with it the effect of a message that was read there."""
        with self._transaction() as db:
            if self._effect is not None and message is not None:
                self._effect(db, message)
            db.execute("REPLACE INTO position VALUES (?, ?, ?)", (channel, *position))

    def park(self, channel: str, position: Position, message: Any, reason: str) -> None:
        """Put a message aside that the application cannot take, and go on behind it."""
        with self._transaction() as db:
            values = (channel, position.offset, json.dumps(message), reason)
            db.execute("INSERT INTO parked VALUES (?, ?, ?, ?)", values)
            db.execute("REPLACE INTO position VALUES (?, ?, ?)", (channel, *position))

    def parked(self) -> list[tuple[str, int, str, str]]:
        """The messages that were put aside: channel, offset, message (JSON), reason."""
        with self._lock:
            return self._db.execute("SELECT * FROM parked ORDER BY rowid").fetchall()

    # -- the file -----------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block is on the disk at its end, or nothing."""
        with self._lock, transaction(self._db):
            yield self._db

    def _open(self) -> sqlite3.Connection:
        try:
            db = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            return opened(db, _TABLES, MARKS, _begin)  # type: ignore[no-any-return]
        except (sqlite3.Error, ValueError) as error:
            raise _opening_error(self._path, error) from error


def _begin(db: sqlite3.Connection, new: bool) -> None:
    """The messages that are here keep their ids; another one begins for those of this opening."""
    before = "SELECT max(until) FROM device AS other WHERE other.until < device.until"
    db.execute(
        "DELETE FROM device WHERE NOT EXISTS"
        f" (SELECT 1 FROM message WHERE key <= until AND key > ifnull(({before}), 0))"
    )
    last = "SELECT max(key) FROM message"
    db.execute(f"UPDATE device SET until = ({last}) WHERE until = ?", (_END,))
    db.execute("INSERT INTO device VALUES (?, ?, 0)", (_END, secrets.token_hex(16)))


def _opening_error(path: str, error: Exception) -> OSError | ValueError:
    if "locked" in str(error):
        return OSError(f"{path}: this outbox is open already: close it there, or give another file")
    if isinstance(error, ValueError) or "not a database" in str(error):
        return ValueError(f"{path}: no outbox of version {MARKS['user_version']}: give another file")
    return OSError(f"{path}: cannot be opened as an outbox: {error}")
