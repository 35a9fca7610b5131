"""Accounts: who may come in, how many at once, and what a revocation survives."""

from __future__ import annotations

import hashlib
import hmac
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.patterns.heard import Heard, kept
from tests.waiting import DEADLINE, Seen
from wsdemo.patterns import accounts as module
from wsdemo.patterns.accounts import Accounts, TooMany, scrypt
from wsdemo.patterns.tokens import BadToken, Tokens

PASSWORD = "correct horse"


def quick(password: bytes, salt: bytes) -> bytes:
    return hashlib.sha256(salt + password).digest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.db"


@pytest.fixture
def accounts(path: Path) -> Iterator[Accounts]:
    with Accounts(path, hashed=quick, attempts=(1000.0, 1000)) as made:
        made.store("ann", PASSWORD).result(DEADLINE)
        yield made


def test_the_hash_is_that_of_rfc_7914() -> None:
    """The library against the RFC's own vector (§12), and our numbers: 2^14, 8, 5, of which 16 MiB follow."""
    vector = hashlib.scrypt(
        b"pleaseletmein", salt=b"SodiumChloride", n=2**14, r=8, p=1, maxmem=2**25, dklen=64
    )
    assert vector.hex().startswith("7023bdcb3afd7348461c06cd81fd38eb")
    ours = hashlib.scrypt(b"pw", salt=b"salt", n=16384, r=8, p=5, maxmem=2**25, dklen=32)
    assert scrypt(b"pw", b"salt") == ours


@pytest.mark.parametrize(
    ("user", "password", "good"),
    [
        ("ann", PASSWORD, True),
        ("ann", "correct horsf", False),
        ("ann", "", False),
        ("ann", "\ud800", False),
        ("bob", PASSWORD, False),
        ("Ann", PASSWORD, False),
        ("ann' OR '1'='1", PASSWORD, False),
        ("", PASSWORD, False),
        ("a" * 100_000, PASSWORD, False),
    ],
    ids=lambda value: str(value)[:20],
)
def test_logging_in(accounts: Accounts, user: str, password: str, good: bool) -> None:
    assert accounts.check(user, password).result(DEADLINE) is good


def test_one_password_typed_in_two_ways(accounts: Accounts) -> None:
    """As one letter, or as a letter and its accent (RFC 8265 §4.2)."""
    accounts.store("eve", "caf\u00e9 au lait").result(DEADLINE)
    assert accounts.check("eve", "cafe\u0301 au lait").result(DEADLINE)


def test_a_name_that_does_not_exist_costs_one_hash_as_well(path: Path) -> None:
    hashed: list[bytes] = []

    def count(password: bytes, salt: bytes) -> bytes:
        hashed.append(password)
        return quick(password, salt)

    with Accounts(path, hashed=count) as made:
        made.store("ann", PASSWORD).result(DEADLINE)
        hashed.clear()
        for user in ("ann", "nobody", "not a name", ""):
            assert made.check(user, "wrong password").result(DEADLINE) is False
    assert len(hashed) == 4


def test_hashes_are_compared_in_constant_time(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    compared, compare = Seen(), hmac.compare_digest
    monkeypatch.setattr(module.hmac, "compare_digest", lambda a, b: compared(a, b) or compare(a, b))
    salt = accounts._db.execute("SELECT salt FROM account").fetchone()[0]
    for user, password, stored in (
        ("ann", PASSWORD, quick(PASSWORD.encode(), salt)),
        ("ann", "wrong one", quick(PASSWORD.encode(), salt)),
        ("bob", "wrong one", bytes(32)),
    ):
        accounts.check(user, password).result(DEADLINE)
        assert stored in compared.next()
    assert compared.empty()


def test_nothing_of_a_password_is_on_the_disk(path: Path) -> None:
    with Accounts(path, hashed=quick) as made:
        for user in ("ann", "bob"):
            made.store(user, PASSWORD).result(DEADLINE)
    assert PASSWORD.encode() not in path.read_bytes()
    rows = sqlite3.connect(path).execute("SELECT salt, hash FROM account").fetchall()
    assert rows[0] != rows[1] and all(len(salt) == 16 for salt, _ in rows)
    assert path.stat().st_mode & 0o077 == 0


class Slow:
    """A hash that waits until it may go on."""

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), Seen()

    def __call__(self, password: bytes, salt: bytes) -> bytes:
        self.begun(password)
        assert self.go.wait(DEADLINE)
        return quick(password, salt)


def test_a_storm_is_refused_beyond_the_queue(path: Path) -> None:
    """200 at once: one is hashed, 32 wait, the others are told when to come back."""
    slow, refused = Slow(), []
    with Accounts(path, hashed=slow) as made:
        futures = [made.check("user0", "a password", "0")]
        slow.begun.next()
        for i in range(1, 200):
            try:
                futures.append(made.check(f"user{i}", "a password", str(i)))
            except TooMany as error:
                refused.append(error)
        assert (len(futures), len(refused)) == (33, 167)
        assert all(0 < error.retry < 60 and str(error).endswith("try again in 2 s") for error in refused)
        slow.go.set()
        assert [future.result(DEADLINE) for future in futures] == [False] * 33
        assert made.check("late", "a password", "late").result(DEADLINE) is False


def test_one_that_leaves_is_not_hashed(path: Path) -> None:
    slow = Slow()
    with Accounts(path, hashed=slow) as made:
        made.check("ann", "first password")
        slow.begun.next()
        assert made.check("ann", "second one").cancel()
        last = made.check("ann", "third password")
        slow.go.set()
        last.result(DEADLINE)
        assert slow.begun.next() == b"third password"


def test_a_revocation_goes_before_all_passwords(path: Path) -> None:
    slow = Slow()
    with Accounts(path, hashed=slow, wall=lambda: 500.0) as made:
        stored = made.store("ann", PASSWORD)
        slow.begun.next()
        waiting = [made.check(f"user{i}", "a password", str(i)) for i in range(30)]
        revoked, order = made.revoke("ann"), Seen()
        assert made.not_before("ann") == 500.0  # at once
        for name, future in (("revoked", revoked), ("hashed", waiting[0])):
            future.add_done_callback(lambda done, name=name: order(name))
        slow.go.set()
        stored.result(DEADLINE)
        revoked.result(DEADLINE)
        assert (order.next(), order.next()) == ("revoked", "hashed")


@pytest.mark.parametrize("same", ["name", "address"])
def test_five_attempts_a_minute_for_a_name_and_for_an_address(path: Path, same: str) -> None:
    now = [0.0]
    with Accounts(path, hashed=quick, clock=lambda: now[0]) as made:

        def attempt(i: int) -> None:
            made.check("ann" if same == "name" else f"user{i}", "x", f"{i}" if same == "name" else "here")

        for i in range(5):
            attempt(i)
        with pytest.raises(TooMany, match="try again in 12 s") as caught:
            attempt(6)
        assert caught.value.retry == pytest.approx(12.0)
        made.check("bob", "x", "elsewhere")  # others go on
        now[0] = 12.0
        attempt(7)


@pytest.mark.parametrize(
    ("user", "password", "words"),
    [
        ("Ann", PASSWORD, "1 to 32 of a-z"),
        ("", PASSWORD, "1 to 32"),
        ("ann\n", PASSWORD, "1 to 32"),
        ("a" * 50, PASSWORD, f"the user '{'a' * 40}', expected 1 to 32"),
        ("ann", "short", "at least 8"),
    ],
)
def test_bad_accounts(accounts: Accounts, user: str, password: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        accounts.store(user, password)
    assert password not in str(caught.value)


def test_another_password_revokes_what_there_is(path: Path) -> None:
    seen = Seen()
    with Accounts(path, hashed=quick, revoked=seen, wall=lambda: 700.0) as made:
        made.store("ann", PASSWORD).result(DEADLINE)
        assert made.not_before("ann") == 0.0
        made.store("ann", "another password").result(DEADLINE)
        assert seen.next() == "ann" and made.not_before("ann") == 700.0
        assert not made.check("ann", PASSWORD).result(DEADLINE)
        assert made.check("ann", "another password").result(DEADLINE)


def test_a_revocation_is_told_at_once(path: Path) -> None:
    told: list[str] = []
    with Accounts(path, hashed=quick, revoked=told.append) as made:
        made.store("ann", PASSWORD).result(DEADLINE)
        written = made.revoke("ann")
        assert told == ["ann"]
        written.result(DEADLINE)
    assert told == ["ann"]


def test_a_revocation_never_goes_back(path: Path) -> None:
    now = [900.0]
    with Accounts(path, hashed=quick, wall=lambda: now[0]) as made:
        made.store("ann", PASSWORD).result(DEADLINE)
        made.revoke("ann")
        now[0] = 100.0  # the clock was set back
        made.revoke("ann").result(DEADLINE)
        assert 900.0 <= made.not_before("ann") < 901.0


@pytest.mark.parametrize("how", ["revoke", "store"])
def test_a_token_issued_since_the_clock_was_set_back_is_revoked_too(path: Path, how: str) -> None:
    now, told = [900.0], Seen()
    with Accounts(path, hashed=quick, wall=lambda: now[0], revoked=told) as made:
        made.store("ann", PASSWORD).result(DEADLINE)
        made.revoke("ann").result(DEADLINE)
        assert told.next() == "ann"
        now[0] = 100.0
        tokens = Tokens({"1": bytes(32)}, not_before=made.not_before, clock=lambda: now[0])
        token = tokens.issue("ann")
        assert tokens.check(token).user == "ann"
        made.revoke("ann") if how == "revoke" else made.store("ann", "another one")
        assert told.next() == "ann"
        with pytest.raises(BadToken):
            tokens.check(token)
        assert tokens.check(tokens.issue("ann")).user == "ann"


def test_a_user_that_does_not_exist_is_told(accounts: Accounts) -> None:
    with pytest.raises(LookupError, match="there is no user 'bob'"):
        accounts.revoke("bob").result(DEADLINE)


def test_a_revocation_by_another_process_is_seen(path: Path) -> None:
    """Within `LOOK` seconds, and told once."""
    seen = Seen()
    with Accounts(path, hashed=quick, revoked=seen) as made, Accounts(path, hashed=quick) as other:
        made.store("ann", PASSWORD).result(DEADLINE)
        other.revoke("ann").result(DEADLINE)
        assert seen.next() == "ann"
        assert made.not_before("ann") == other.not_before("ann") > 0
        made.store("bob", PASSWORD).result(DEADLINE)  # and it looks again
    assert seen.empty() and module.LOOK <= 0.5


KILLED = """
import sys, os, signal
from wsdemo.patterns.accounts import Accounts
accounts = Accounts(sys.argv[1], hashed=lambda password, salt: bytes(32), wall=lambda: 1234.5)
accounts.store("ann", "a password").result()
accounts.revoke("ann").result()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is Unix's")
def test_a_revocation_survives_kill_9(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], timeout=60)
    assert done.returncode == -signal.SIGKILL
    with Accounts(path, hashed=quick) as made:
        assert made.not_before("ann") == 1234.5


def test_a_revocation_is_on_the_disk_when_it_is_done(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Heard.statements.clear()
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Heard))
    with Accounts(path, hashed=quick):
        pass
    assert "PRAGMA synchronous=FULL" in Heard.statements


def test_a_failing_disk_ends_nothing(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise sqlite3.OperationalError("disk I/O error")

    good = accounts._db
    monkeypatch.setattr(accounts, "_db", Broken())
    for _ in range(2):  # before the second one it has looked for revocations
        with pytest.raises(sqlite3.OperationalError):
            accounts.check("ann", PASSWORD).result(DEADLINE)
    monkeypatch.setattr(accounts, "_db", good)
    assert accounts.check("ann", PASSWORD).result(DEADLINE)
    assert any("disk I/O error" in str(error) for error in accounts.errors)
    assert "the accounts: disk I/O error" in caplog.text


def test_the_end_cancels_who_waits(path: Path) -> None:
    slow = Slow()
    made = Accounts(path, hashed=slow)
    first = made.check("ann", "a password")
    slow.begun.next()
    waiting = made.check("bob", "a password")
    slow.go.set()
    made.close()
    assert first.done()
    try:
        waiting.result(DEADLINE)
    except CancelledError:
        pass


def test_a_file_that_is_none_is_not_left_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"something else, and much longer than sixteen bytes")
    opened = kept(monkeypatch)
    with pytest.raises(ValueError):
        Accounts(path)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


def test_files_that_are_none(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    db = sqlite3.connect(other)
    db.execute("CREATE TABLE something (x)")
    db.close()
    db = sqlite3.connect(same_version := tmp_path / "same.db")
    db.execute("PRAGMA user_version=1")
    db.execute("CREATE TABLE account (balance)")
    db.close()
    (words := tmp_path / "words.txt").write_text("no database at all, only some words. " * 10)
    for path in (other, same_version, words):
        with pytest.raises(ValueError, match="no accounts of version 1"):
            Accounts(path)
    with pytest.raises(OSError):
        Accounts(tmp_path / "no such folder" / "accounts.db")
    with pytest.raises(ValueError, match="expected that of a file"):
        Accounts(":memory:")
    if os.name == "posix":
        os.mkfifo(tmp_path / "fifo")
        with pytest.raises(ValueError, match="no accounts of version 1"):
            Accounts(tmp_path / "fifo")
    assert not any(thread.name == "wsdemo-accounts" for thread in threading.enumerate())
    assert os.path.exists(words)
