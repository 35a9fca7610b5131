"""The outbox: numbers, bounds, one user at a time, and what a file keeps when its process is killed."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from functools import partial

import pytest

from tests.patterns.heard import Heard, kept
from wsdemo import InvalidState
from wsdemo.patterns.outbox import Outbox, Position
from wsdemo.patterns.sqlitelog import SqliteLog


@pytest.fixture(params=[":memory:", "file"])
def outbox(request, tmp_path):
    with Outbox(tmp_path / "me.db" if request.param == "file" else ":memory:", count=5) as outbox:
        yield outbox


def bodies(outbox):
    """The messages by their numbers."""
    return {number: outbox.get(number).body for number in range(outbox.first, outbox.last + 1)}


def test_numbers_are_places_in_the_queue(outbox):
    keys = [outbox.add("#a", body) for body in "vwxyz"]
    assert bodies(outbox) == {1: "v", 2: "w", 3: "x", 4: "y", 5: "z"} and len(outbox) == 5
    outbox.confirm(2)
    outbox.confirm(1)  # an old one
    assert bodies(outbox) == {3: "x", 4: "y", 5: "z"} and outbox.get(2) is None and outbox.get(6) is None
    outbox.drop(keys[3])
    outbox.drop(keys[3])
    assert bodies(outbox) == {3: "x", 4: "z"} and outbox.get(4).key == keys[4]
    with pytest.raises(ValueError, match="confirm 5, but the last message is 4"):
        outbox.confirm(5)
    outbox.confirm(4)
    assert bodies(outbox) == {} and (outbox.first, outbox.last) == (5, 4) and not outbox


def test_a_key_is_never_used_again(outbox):
    first = outbox.add("#a", "v")
    outbox.confirm(1)
    assert outbox.add("#a", "w") > first


def test_it_is_bounded(outbox):
    assert [outbox.add("#a", "x") is None for _ in range(6)] == [False] * 5 + [True]
    assert outbox.full
    outbox.confirm(1)
    assert not outbox.full and outbox.add("#a", "x") is not None


def test_a_new_device_has_the_same_messages_from_1(outbox):
    device = outbox.device
    for body in "xyz":
        outbox.add("#a", body)
    outbox.confirm(2)
    outbox.renew()
    assert outbox.device != device and bodies(outbox) == {1: "z"} and outbox.confirmed == 0


def test_positions(outbox):
    assert outbox.position("#a") is None
    outbox.seen("#a", Position("e", 3))
    outbox.seen("#b", Position("e", 1))
    outbox.seen("#a", Position("f", 2))
    assert (outbox.position("#a"), outbox.position("#b")) == (Position("f", 2), Position("e", 1))
    outbox.park("#a", Position("f", 3), {"body": 1}, "why")
    assert outbox.position("#a") == Position("f", 3)
    assert outbox.parked() == [("#a", 3, '{"body": 1}', "why")]


def test_two_outboxes_are_two_devices():
    with Outbox() as first, Outbox() as second:
        assert first.device != second.device


def test_threads_add_at_the_same_time(tmp_path):
    with Outbox(tmp_path / "me.db") as outbox:
        threads = [
            threading.Thread(target=lambda: [outbox.add("#a", "x") for _ in range(50)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(outbox) == 200 and outbox.get(200) is not None and outbox.get(201) is None


def test_a_file_keeps_everything(tmp_path):
    with Outbox(tmp_path / "me.db") as outbox:
        device, keys = outbox.device, [outbox.add("#a", body) for body in "wxyz"]
        outbox.confirm(1)
        outbox.drop(keys[2])
        outbox.seen("#a", Position("e", 3))
    outbox.close()  # twice is once
    with Outbox(tmp_path / "me.db") as outbox:
        assert (outbox.device, outbox.confirmed, bodies(outbox)) == (device, 1, {2: "x", 3: "z"})
        assert outbox.position("#a") == Position("e", 3)
        outbox.renew()
        device = outbox.device
    with Outbox(tmp_path / "me.db") as outbox:
        assert (outbox.device, outbox.confirmed, bodies(outbox)) == (device, 0, {1: "x", 2: "z"})


def test_an_id_is_of_one_opening(tmp_path):
    """Else a copy of the file would give the same numbers to other messages."""
    devices = []
    for body in "xyz":
        with Outbox(tmp_path / "me.db") as outbox:  # empty each time
            outbox.add("#a", body)
            assert bodies(outbox) == {1: body} and outbox.final is None
            outbox.confirm(1)
            assert not outbox.finished
            devices.append(outbox.device)
    assert len(set(devices)) == 3


def test_what_is_added_later_is_sent_by_an_id_of_its_own(tmp_path):
    with Outbox(tmp_path / "me.db") as outbox:
        device = outbox.device
        for body in "wxy":
            outbox.add("#a", body)
        outbox.confirm(1)
        assert (outbox.top, outbox.final) == (3, None)
    for _ in range(2):  # the final number does not move with the next opening
        with Outbox(tmp_path / "me.db") as outbox:
            outbox.add("#a", "z")
            assert (outbox.device, outbox.first, outbox.top, outbox.final) == (device, 2, 3, 3)
    with Outbox(tmp_path / "me.db") as outbox:
        with pytest.raises(ValueError, match="confirm 4, but the last message is 3"):
            outbox.confirm(4)
        assert not outbox.finished
        outbox.confirm(3)
        assert outbox.finished and bodies(outbox) == {4: "z", 5: "z"}
        devices = {device}
        for left in ({1: "z", 2: "z"}, {1: "z"}):
            outbox.renew()
            devices.add(outbox.device)
            assert (outbox.top, outbox.final, outbox.finished, bodies(outbox)) == (1, 1, False, left)
            outbox.confirm(1)
        outbox.renew()
        outbox.add("#a", "own")
        assert (outbox.top, outbox.final, bodies(outbox)) == (1, None, {1: "own"})
        assert len({*devices, outbox.device}) == 4


def test_in_each_copy_a_message_has_the_same_id_and_number(tmp_path):
    for body in "xyz":
        with Outbox(tmp_path / "me.db") as outbox:
            outbox.add("#a", body)
            outbox.add("#a", body.upper())
    shutil.copy(tmp_path / "me.db", tmp_path / "copy.db")
    sent = []
    for name in ("me.db", "copy.db"):
        with Outbox(tmp_path / name) as outbox:
            outbox.add("#a", name)
            sent.append({})
            while outbox:
                for number in range(outbox.first, outbox.top + 1):
                    sent[-1][outbox.get(number).body] = outbox.device, number
                outbox.confirm(outbox.top)
                if outbox.finished:
                    outbox.renew()
    mine, copied = (found.pop(name) for found, name in zip(sent, ("me.db", "copy.db"), strict=True))
    assert sent[0] == sent[1] and "".join(sent[0]) == "xXyYzZ"
    assert len({device for device, _ in [*sent[0].values(), mine, copied]}) == 5


def test_an_id_that_is_finished_ends_with_the_opening(tmp_path):
    with Outbox(tmp_path / "me.db") as outbox:
        device = outbox.device
        outbox.add("#a", "x")
    with Outbox(tmp_path / "me.db") as outbox:
        outbox.add("#a", "y")
        outbox.confirm(1)
    with Outbox(tmp_path / "me.db") as outbox:
        assert outbox.device != device and bodies(outbox) == {1: "y"} and outbox.final == 1


def test_behind_what_was_dropped_a_new_id_has_what_an_earlier_opening_left(tmp_path):
    """In a copy its numbers stand as they were, so here they must not stand for other messages."""
    with Outbox(tmp_path / "me.db") as outbox:
        device, keys = outbox.device, [outbox.add("#a", body) for body in "vwxyz"]
        outbox.confirm(1)
    with Outbox(tmp_path / "me.db") as outbox:
        outbox.drop(keys[3])
        assert (outbox.first, outbox.top, outbox.final) == (2, 3, 3)
        late = outbox.add("#a", "late")
        outbox.drop(late)
        outbox.drop(late)
        assert outbox.final == 3
    with Outbox(tmp_path / "me.db") as outbox:
        assert (outbox.device, outbox.final, bodies(outbox)) == (device, 3, {2: "w", 3: "x", 4: "z"})
        outbox.drop(keys[1])
        assert outbox.finished  # none before it is left
        outbox.renew()
        assert (outbox.final, bodies(outbox)) == (1, {1: "x", 2: "z"})
        outbox.drop(keys[2])
        assert outbox.finished  # nor one behind it
        outbox.renew()
        assert (outbox.final, bodies(outbox)) == (1, {1: "z"})
    with Outbox(tmp_path / "me.db") as outbox:
        assert device != outbox.device and (outbox.final, bodies(outbox)) == (1, {1: "z"})


def test_one_client_at_a_time():
    with Outbox() as outbox:
        outbox.claim()
        with pytest.raises(InvalidState, match="this outbox has a client already: close it, or give another"):
            outbox.claim()
        outbox.release()
        outbox.claim()


def test_a_file_is_synced_before_a_message_counts_as_stored(tmp_path, monkeypatch):
    Heard.statements.clear()
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Heard))
    with Outbox(tmp_path / "me.db") as outbox:
        assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert "PRAGMA synchronous=FULL" in Heard.statements  # and not by the default of this build


HOLD = """
import sys
from wsdemo.patterns.outbox import Outbox
try:
    Outbox(sys.argv[1])
except OSError as error:
    print(error)
"""


def test_one_user_at_a_time(tmp_path):
    path = str(tmp_path / "me.db")
    with Outbox(path):
        with pytest.raises(OSError, match="this outbox is open already"):
            Outbox(path)
        done = subprocess.run([sys.executable, "-c", HOLD, path], capture_output=True, text=True, timeout=60)
        assert done.stdout == f"{path}: this outbox is open already: close it there, or give another file\n"
        assert done.stderr == ""
    with Outbox(path):
        pass


def test_a_file_that_is_no_outbox_is_left_alone(tmp_path):
    (tmp_path / "text").write_bytes(b"something else, and much longer than sixteen bytes")
    with SqliteLog(tmp_path / "log", print):
        pass
    for name in ("text", "log"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(ValueError, match="no outbox of version 3: give another file"):
            Outbox(tmp_path / name)
        assert (tmp_path / name).read_bytes() == before
    with pytest.raises(OSError, match="cannot be opened as an outbox"):
        Outbox(tmp_path / "missing" / "me.db")


def test_an_outbox_that_did_not_begin_leaves_nothing_open(tmp_path, monkeypatch):
    (tmp_path / "text").write_bytes(b"something else, and much longer than sixteen bytes")
    opened = kept(monkeypatch)
    with pytest.raises(ValueError, match="no outbox of version"):
        Outbox(tmp_path / "text")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


# -- the effect -------------------------------------------------------------------------------------------


def count(db, message):
    db.execute("CREATE TABLE IF NOT EXISTS sum (total INTEGER)")
    db.execute("INSERT INTO sum VALUES (?)", (message["body"],))


def test_the_effect_and_the_offset_are_stored_together(tmp_path):
    with Outbox(tmp_path / "me.db", effect=count) as outbox:
        outbox.seen("#a", Position("e", 1), {"body": 5})
        outbox.seen("#a", Position("e", 9))  # no message, no effect
    with sqlite3.connect(tmp_path / "me.db") as db:
        assert db.execute("SELECT * FROM sum").fetchall() == [(5,)]
    db.close()


def test_an_effect_that_fails_is_taken_back_with_the_offset():
    def fails(db, message):
        count(db, message)
        raise KeyError("half done")

    with Outbox(effect=fails) as outbox:
        outbox.seen("#a", Position("e", 1))
        with pytest.raises(KeyError):
            outbox.seen("#a", Position("e", 2), {"body": 5})
        assert outbox.position("#a") == Position("e", 1)
        assert outbox._db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'sum'").fetchone() == (0,)
        assert outbox.add("#a", "x") == 1  # and it works


def test_an_effect_does_not_publish():
    def publishes(db, message):
        outbox.add("#a", "x")

    with Outbox(effect=publishes) as outbox:
        with pytest.raises(InvalidState, match="effect can't publish"):
            outbox.seen("#a", Position("e", 1), {"body": 5})
        assert not outbox and outbox.position("#a") is None


ADDS = """
import sys
from wsdemo.patterns.outbox import Outbox, Position
outbox = Outbox(sys.argv[1], effect=lambda db, message: db.execute("UPDATE sum SET total = total + 1"))
if not outbox.position("#a"):
    outbox._db.execute("CREATE TABLE IF NOT EXISTS sum (total INTEGER)")
    outbox._db.execute("INSERT INTO sum VALUES (0)")
offset = (outbox.position("#a") or Position("e", 0)).offset
while True:
    print(outbox.add("#a", "x"), flush=True)
    offset += 1
    outbox.seen("#a", Position("e", offset), {})
    if outbox.finished:
        outbox.renew()
    if offset % 7 == 0:
        outbox.confirm(outbox.first)
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_process_that_is_killed_loses_nothing_that_it_has_stored(tmp_path, seed):
    chance, path, last = random.Random(seed), str(tmp_path / "me.db"), 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", ADDS, path], stdout=subprocess.PIPE, text=True
        ) as process:
            for _ in range(chance.randint(1, 60)):
                last = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            last = int(([last, *process.stdout.read().split()])[-1])
        with Outbox(path) as outbox:
            keys = [outbox.get(number).key for number in range(outbox.first, outbox.last + 1)]
            assert keys == list(range(keys[0], keys[-1] + 1)) and last <= keys[-1] <= last + 1
            assert outbox.get(outbox.last + 1) is None
            (total,) = outbox._db.execute("SELECT total FROM sum").fetchone()
            assert total == (outbox.position("#a") or Position("e", 0)).offset


class Watched(Outbox):
    """An outbox that notes what it sets without its lock."""

    unheld = None  # as long as it is being made

    def __setattr__(self, name, value):
        if self.unheld is not None and name in ("last", "confirmed", "device", "final", "_claimed"):
            self.look(name)
        super().__setattr__(name, value)

    def look(self, what):
        if not self._lock._is_owned():
            self.unheld.append(what)


class WatchedFile:
    """Its connection to SQLite: every use of it counts."""

    def __init__(self, db, look):
        self._db, self._look = db, look

    def __getattr__(self, name):
        self._look(name)
        return getattr(self._db, name)


def test_everything_happens_under_the_lock():
    """Between two steps of one call no other thread may be: it would see a number without its message."""
    with Watched() as outbox:
        outbox._db = WatchedFile(outbox._db, outbox.look)
        outbox.unheld = []
        keys = [outbox.add("#a", body) for body in "wxyz"]
        assert outbox.get(1).body == "w" and outbox.get(9) is None
        outbox.confirm(1)
        outbox.drop(keys[1])
        outbox.seen("#a", Position("e", 1), "w")
        outbox.park("#a", Position("e", 2), "x", "no")
        assert outbox.position("#a") == Position("e", 2) and len(outbox.parked()) == 1
        outbox.renew()
        outbox.claim()
        outbox.release()
        outbox.close()
        assert outbox.unheld == []


@pytest.mark.parametrize(
    "call",
    [
        lambda outbox: outbox.add("#a", "x"),
        lambda outbox: outbox.get(1),
        lambda outbox: outbox.confirm(0),
        lambda outbox: outbox.drop(7),
        lambda outbox: outbox.renew(),
        lambda outbox: outbox.position("#a"),
        lambda outbox: outbox.seen("#a", Position("e", 1)),
        lambda outbox: outbox.park("#a", Position("e", 1), "x", "no"),
        lambda outbox: outbox.parked(),
        lambda outbox: outbox.claim(),
        lambda outbox: outbox.release(),
        lambda outbox: outbox.close(),
    ],
)
def test_a_call_waits_for_one_that_is_under_way(call):
    """The first thing that a call does is to take the lock: what it has looked at before may be old."""
    outbox, taken = Outbox(), []
    lock = outbox._lock

    class Lock:
        def __enter__(self):
            taken.append("lock")
            return lock.__enter__()

        def __exit__(self, *error):
            return lock.__exit__(*error)

    class Looked(Outbox):
        def __getattribute__(self, name):
            if name in ("last", "confirmed", "device", "final", "first", "top", "full", "_claimed", "_db"):
                taken.append(name)
            return super().__getattribute__(name)

    outbox._lock = Lock()
    outbox.__class__ = Looked
    call(outbox)
    assert taken[0] == "lock"
    outbox._lock = lock
    outbox.close()


@pytest.mark.parametrize(
    ("path", "count", "words"), [("", 1, "that of a file"), (":memory:", 0, "1 or more")]
)
def test_impossible_arguments(path, count, words):
    with pytest.raises(ValueError, match=words):
        Outbox(path, count=count)
