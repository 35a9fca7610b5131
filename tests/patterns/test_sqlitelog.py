"""The log on disk: after a restart, a kill, a power cut, on a full disk, and beside a second process."""

from __future__ import annotations

import os
import queue
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import apsw
import pytest

from tests.patterns.heard import Heard
from wsdemo.course.powercut import Disk, ForgetfulVFS
from wsdemo.patterns import sqlitelog
from wsdemo.patterns.log import Keep, Post
from wsdemo.patterns.sqlitelog import SqliteLog, renew

#: Power cuts and kills of one run; the long runs have their own target in the Makefile.
CUTS = int(os.environ.get("WSDEMO_CUTS", "5"))


def ask(function, *args):
    """A question to the log, and its answer."""
    answer = queue.SimpleQueue()
    assert function(*args, answer.put)
    return answer.get(timeout=20)


def last_number(path):
    """The last number stored in ``path``, of one device in one channel, as another program reads it."""
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            return 0  # the power went before the first sync
        rows = db.execute("SELECT offset, n FROM entry ORDER BY offset").fetchall()
        (last,) = db.execute("SELECT last FROM device").fetchone() or (0,)
    db.close()
    assert rows == [(n, n) for n in range(last + 1 - len(rows), last + 1)]  # none missing, none twice
    return last


def test_a_restart_keeps_entries_devices_and_epoch(tmp_path):
    with SqliteLog(tmp_path / "log.db", lambda outcomes: None) as log:
        assert log.append(Post("#lobby", "phone", 1, "ann", "hello"))
        epoch = log.epoch
    with SqliteLog(tmp_path / "log.db", lambda outcomes: None) as log:
        assert log.epoch == epoch
        assert ask(log.last, "phone") == 1
        assert [entry.body for entry in ask(log.read, "#lobby", 0, 100).entries] == ["hello"]


def test_two_logs_have_two_epochs(tmp_path):
    epochs = set()
    for name in "ab":
        with SqliteLog(tmp_path / name, lambda outcomes: None) as log:
            epochs.add(log.epoch)
    assert len(epochs) == 2 and "" not in epochs


def test_a_copy_that_is_put_back_is_given_another_epoch(tmp_path):
    path = tmp_path / "log.db"
    with SqliteLog(path, lambda outcomes: None) as log:
        assert log.append(Post("#lobby", "phone", 1, "ann", "hello"))
        before = log.epoch
        with pytest.raises(OSError, match="another process has this message log open"):
            renew(path)
    renew(path)
    with SqliteLog(path, lambda outcomes: None) as log:
        assert log.epoch not in ("", before) and ask(log.last, "phone") == 1
    with pytest.raises(OSError, match="nothing: there is no message log"):
        renew(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_close_stores_what_is_waiting_and_takes_no_more(tmp_path):
    outcomes = []
    log = SqliteLog(tmp_path / "log.db", outcomes.extend)
    for n in range(1, 2001):
        assert log.append(Post("#lobby", "phone", n, "ann", "x"))
    log.close()
    assert [outcome.status for outcome in outcomes] == ["stored"] * 2000
    assert not log.append(Post("#lobby", "phone", 2001, "ann", "x"))
    assert not log.read("#lobby", 0, 1, print)
    log.close()  # twice is once


def test_too_many_that_wait_are_not_taken(tmp_path):
    free, outcomes = threading.Event(), []

    def done(found):
        outcomes.extend(found)
        assert free.wait(20)

    with SqliteLog(tmp_path / "log.db", done, waiting=10) as log:
        taken = 0
        while log.append(Post("#lobby", "phone", taken + 1, "ann", "x")):
            taken += 1
        assert not log.read("#lobby", 0, 1, print)
        free.set()
    assert 10 <= taken < 10 + sqlitelog.BATCH
    assert [outcome.post.n for outcome in outcomes] == list(range(1, taken + 1))


def test_an_error_in_what_it_calls_ends_nothing(tmp_path, caplog):
    def broken(found):
        raise SystemExit("nobody expects this")

    with SqliteLog(tmp_path / "log.db", broken) as log:
        log.append(Post("#lobby", "phone", 1, "ann", "poison"))
        log.read("#lobby", 0, 1, broken)
        assert ask(log.last, "phone") == 1
        assert [type(error) for error in log.errors] == [SystemExit, SystemExit]
    assert caplog.text.count("nobody expects this") >= 2


def test_answers_come_through_call(tmp_path):
    called = []
    with SqliteLog(tmp_path / "log.db", called.append, call=lambda f, *args: called.append((f, args))) as log:
        log.append(Post("#lobby", "phone", 1, "ann", "x"))
        log.last("phone", print)
    (done, (outcomes,)), last = called
    assert done == called.append and outcomes[0].status == "stored" and last == (print, (1,))


HOLD = """
import sys
from wsdemo.patterns.sqlitelog import SqliteLog, renew
try:
    log = SqliteLog(sys.argv[1], print)
except OSError as error:
    print(error)
else:
    print("open", flush=True)
    sys.stdin.read()
    log.close()
"""


def test_a_second_process_is_refused_in_one_line(tmp_path):
    path = str(tmp_path / "log.db")
    with SqliteLog(path, print):
        found = subprocess.run(
            [sys.executable, "-c", HOLD, path], stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    assert found.stdout.count("\n") == 1 and "another process has this message log open" in found.stdout
    assert path in found.stdout and found.stderr == ""
    with SqliteLog(path, print):  # and it is free again
        pass


@pytest.mark.parametrize("path", ["", ":memory:", Path(":memory:")])
def test_a_log_that_ends_with_the_process_is_not_called_durable(path):
    with pytest.raises(ValueError, match="expected that of a file"):
        SqliteLog(path, print)


def test_a_full_disk_fails_a_whole_batch_and_goes_on_when_there_is_room(tmp_path, caplog):
    opened, outcomes = [], queue.SimpleQueue()

    def connect(path):
        opened.append(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
        return opened[0]

    with SqliteLog(
        tmp_path / "log.db", lambda found: [outcomes.put(o) for o in found], connect=connect
    ) as log:
        run(opened[0], log, "PRAGMA max_page_count=20")
        n, stored = 0, 0
        while True:
            n += 1
            assert log.append(Post("#lobby", "phone", n, "ann", "x" * 1000))
            outcome = outcomes.get(timeout=20)
            if outcome.status == "failed":
                break
            stored += 1
        assert stored and "full" in outcome.reason and "full" in log.failing
        assert len(ask(log.read, "#lobby", 0, 1 << 20).entries) == stored  # reading goes on
        log.append(Post("#lobby", "phone", n + 1, "ann", "small"))
        assert outcomes.get(timeout=20).status == "out of order"  # nothing after it is taken
        run(opened[0], log, "PRAGMA max_page_count=100000")
        log.append(Post("#lobby", "phone", n, "ann", "x" * 1000))
        assert outcomes.get(timeout=20).status == "stored" and log.failing == ""
    assert last_number(tmp_path / "log.db") == n
    assert "full" in caplog.text


def test_a_log_that_can_not_be_read_answers_with_none(tmp_path, caplog):
    opened = []

    def connect(path):
        opened.append(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
        return opened[0]

    with SqliteLog(tmp_path / "log.db", print_nothing, connect=connect) as log:
        run(opened[0], log, "ALTER TABLE entry RENAME TO other")
        assert ask(log.read, "#lobby", 0, 100) is None
        assert [type(error) for error in log.errors] == [sqlite3.OperationalError]
        assert "cannot be read: no such table: entry" in caplog.text
        log.append(Post("#lobby", "phone", 1, "ann", "x"))
        run(opened[0], log, "ALTER TABLE other RENAME TO entry")
        assert "no such table" in log.failing
        log.append(
            Post("#lobby", "phone", 1, "ann", "x")
        )  # what has failed is no part of the next transaction
        assert len(ask(log.read, "#lobby", 0, 100).entries) == 1 and log.failing == ""


@pytest.mark.parametrize("good", [True, False])
def test_a_log_that_has_ended_or_did_not_begin_leaves_nothing_open(tmp_path, good):
    opened, path = [], tmp_path / "log.db"

    def connect(path):
        opened.append(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
        return opened[0]

    if good:
        SqliteLog(path, print, connect=connect).close()
    else:
        path.write_bytes(b"something else, and much longer than sixteen bytes")
        with pytest.raises(ValueError, match="no SQLite database"):
            SqliteLog(path, print, connect=connect)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


def test_a_transaction_has_so_many_posts_at_most(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlitelog, "BATCH", 3)
    sizes, here, go = [], threading.Event(), threading.Event()

    def measured(seconds, posts):
        sizes.append(posts)
        raise ZeroDivisionError  # which ends nothing

    with SqliteLog(tmp_path / "log.db", print_nothing, measured=measured) as log:
        log.last("phone", lambda last: (here.set(), go.wait(20)))
        assert here.wait(20)
        for n in range(1, 11):
            assert log.append(Post("#lobby", "phone", n, "ann", "x"))
        go.set()
        assert ask(log.last, "phone") == 10
        assert sizes == [3, 3, 3, 1] and [type(error) for error in log.errors] == [ZeroDivisionError] * 4


def run(db, log, statement):
    """Run a statement between two jobs of the log's thread."""
    here, go = threading.Event(), threading.Event()
    log.last("phone", lambda last: (here.set(), go.wait(20)))
    assert here.wait(20)
    db.execute(statement).fetchall()
    go.set()


def test_what_is_too_old_goes_even_where_nothing_comes(tmp_path, monkeypatch):
    now = [1000.0]
    options = {"clock": lambda: now[0], "keep": lambda channel: Keep(seconds=50), "remember": 70}
    with SqliteLog(tmp_path / "log.db", print_nothing, **options) as log:
        for n, at in ((1, 1000.0), (2, 1000.0), (3, 1040.0)):
            now[0] = at
            log.append(Post("#lobby", "phone", n, "ann", "x"))
            ask(log.last, "phone")
    now[0] = 1051.0
    with SqliteLog(tmp_path / "log.db", print_nothing, **options) as log:
        ask(log.last, "phone")  # the first job, and the first sweep after it
        page = ask(log.read, "#lobby", 1, 100)
        assert (page.first, page.top, page.gap, len(page.entries)) == (3, 3, (2, 2), 1)
        assert ask(log.last, "phone") == 3
    now[0] = 1200.0
    with SqliteLog(tmp_path / "log.db", print_nothing, **options) as log:
        ask(log.last, "phone")
        page = ask(log.read, "#lobby", 1, 100)
        assert (page.first, page.top, page.gap, page.entries) == (4, 3, (2, 3), ())
        assert ask(log.last, "phone") == 0  # forgotten
        log.append(Post("#lobby", "phone", 1, "ann", "again from 1"))
        assert ask(log.read, "#lobby", 3, 100).entries[0].offset == 4  # no offset is used twice


def print_nothing(outcomes):
    """For a log of which only the answers count."""


WRITE = """
import sys
from wsdemo.patterns.log import Post
from wsdemo.patterns.sqlitelog import SqliteLog, renew

def done(outcomes):
    assert all(outcome.status == "stored" for outcome in outcomes), outcomes
    sys.stdout.write(f"{outcomes[-1].post.n}\\n")
    sys.stdout.flush()

log = SqliteLog(sys.argv[1], done)
found = []
log.last("phone", found.append)
while not found:
    pass
n = found[0]
sys.stdout.write(f"{n}\\n")
while True:
    if log.append(Post("#lobby", "phone", n + 1, "ann", "x" * (n % 300))):
        n += 1
"""


def test_kill_loses_nothing_that_was_confirmed(tmp_path):
    """A process that stores as fast as it can is killed at random instants; each finds all it confirmed."""
    path, confirmed, chance = tmp_path / "log.db", 0, random.Random(1)
    for _ in range(CUTS):
        with subprocess.Popen(
            [sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE, text=True
        ) as child:
            first = int(child.stdout.readline())
            assert first >= confirmed
            for _ in range(chance.randrange(1, 40)):
                confirmed = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            confirmed = max([confirmed, *(int(line) for line in child.stdout if line.endswith("\n"))])
        assert confirmed > first
    assert last_number(path) >= confirmed


def test_a_commit_is_on_the_disk_by_default(tmp_path):
    Heard.statements.clear()
    heard = partial(sqlite3.connect, timeout=0, isolation_level=None, factory=Heard)
    with SqliteLog(tmp_path / "log.db", print, connect=heard):
        pass
    assert "PRAGMA synchronous=FULL" in Heard.statements


def power_cut(folder, seed, synchronous):
    """Store for a moment, cut the power, and look: (confirmed, still there, broken)."""
    chance, disk, confirmed = random.Random(seed), Disk(), []
    vfs = ForgetfulVFS(f"forgetful{seed}", disk)
    enough = threading.Event()
    goal = chance.randrange(200, 3000)

    def done(outcomes):
        confirmed.append(outcomes[-1].post.n)
        if confirmed[-1] >= goal:
            enough.set()

    log = SqliteLog(
        folder / "log.db",
        done,
        connect=lambda path: apsw.Connection(path, vfs=f"forgetful{seed}"),
        synchronous=synchronous,
    )
    n = 0
    while not enough.is_set():
        if log.append(Post("#lobby", "phone", n + 1, "ann", "x" * chance.randrange(10, 400))):
            n += 1
    told = confirmed[-1]
    after = folder / "after"
    after.mkdir()
    disk.cut(chance, after)
    log.close()
    vfs.unregister()
    try:
        return told, last_number(after / "log.db"), False
    except (sqlite3.DatabaseError, AssertionError):
        return told, 0, True


def test_a_power_cut_takes_nothing_that_was_confirmed(tmp_path):
    for seed in range(CUTS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        told, there, broken = power_cut(folder, seed, "FULL")
        assert not broken and there >= told, f"seed {seed}: {told} confirmed, {there} there"


def test_the_power_cut_bites(tmp_path):
    """Without a sync in each transaction something confirmed is lost: else the test above proves nothing."""
    lost = 0
    for seed in range(CUTS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        told, there, broken = power_cut(folder, seed, "NORMAL")
        lost += broken or there < told
    assert lost


def test_a_job_is_queued_under_the_lock_that_its_end_takes_too(tmp_path):
    """Or it would stand behind the end, and be neither done nor refused."""
    log = SqliteLog(tmp_path / "log.db", lambda outcomes: None)
    held = []

    class Jobs:
        def __init__(self, jobs):
            self._jobs = jobs

        def put(self, job):
            held.append(log._lock.locked())
            self._jobs.put(job)

        def __getattr__(self, name):
            return getattr(self._jobs, name)

    log._jobs = Jobs(log._jobs)
    assert log.append(Post("#lobby", "phone", 1, "ann", "hello"))
    assert ask(log.last, "phone") == 1
    log.close()
    assert held == [True] * 3
    assert not log.append(Post("#lobby", "phone", 2, "ann", "too late"))


@pytest.mark.parametrize("synchronous", ["full", "FUL", "", "FULL; DROP TABLE entry", None])
def test_a_setting_that_sqlite_does_not_know_is_refused(tmp_path, synchronous):
    with pytest.raises(ValueError, match="synchronous: got"):
        SqliteLog(tmp_path / "log.db", print, synchronous=synchronous)
