"""Locks at work: what a lock guards is touched only by the thread that holds it.

``GUARDED`` is the table. While `watched` is on, each attribute of a row tells when it is set, and each method
when it is called, by a thread without the lock. It does not need the unlucky moment: a test that merely comes
along a path whose lock is missing fails.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from wsdemo.net import reactor
from wsdemo.net.connection import Connection
from wsdemo.net.counts import Tally
from wsdemo.net.heartbeat import Heartbeat
from wsdemo.net.inbox import Inbox
from wsdemo.net.reactor import Reactor
from wsdemo.net.sending import Sender
from wsdemo.net.tls import Tls
from wsdemo.net.transport import Transport
from wsdemo.protocol.protocol import Protocol


@dataclass(frozen=True)
class Row:
    """Of ``kind``: attributes that are set, and methods that are called, only while ``lock`` is held."""

    kind: type
    lock: str  # a path from the object; ``owner``: the lock of its owner, see `OWNERS`
    sets: str = ""
    calls: str = ""


#: Which attribute holds a lock.
LOCKS = ((Transport, "lock"), (Inbox, "_lock"), (Tally, "_lock"))
#: Parts that have no lock of their own: the owner, its part, and where the lock is once both are known.
OWNERS = ((Sender, "_protocol", "transport.lock"), (Transport, "tls", "lock"))

GUARDED = (
    Row(
        Transport,
        "lock",
        sets="_outbox pending broken",
        calls="write push wake wait wait_for_room add_waiter remove_waiter record",
    ),
    Row(Tls, "owner", calls="encrypt decrypt eof outgoing close"),
    Row(
        Protocol,
        "owner",
        calls="receive buffer_updated receive_eof refuse close ping send_text send_binary send_fragment "
        "send_whole data_to_send data_to_send_first reset_compressor",
    ),
    Row(
        Sender,
        "transport.lock",
        sets="_streamer _latest dropped",
        calls="to_write ping give_up _fail _close _write _write_latest _admit _overflow _wait_for_turn",
    ),
    Row(Heartbeat, "_sender.transport.lock", sets="_pings", calls="end"),
    Row(Connection, "transport.lock", sets="_gone"),
    Row(Inbox, "_lock", sets="_taken _full"),
    Row(Tally, "_lock", sets="_traffic _errors"),
)


class Owned:
    """A lock that knows the thread that holds it."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock
        self._holder: int | None = None

    @property
    def held(self) -> bool:
        """Whether the caller's thread holds it."""
        return self._holder == threading.get_ident()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        got: bool = self._lock.acquire(blocking, timeout)
        if got:
            self._holder = threading.get_ident()
        return got

    def release(self) -> None:
        self._holder = None
        self._lock.release()

    def locked(self) -> bool:
        return bool(self._lock.locked())

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()


class Attribute:
    """Stands in for a slot; ``on_set(object, value)`` gives the value that is stored.

    The first time is the constructor's, when no other thread knows the object.
    """

    def __init__(self, slot: Any, on_set: Callable[[Any, Any], Any], first: bool) -> None:
        self._slot, self._on_set, self._first = slot, on_set, first

    def __get__(self, thing: Any, kind: type | None = None) -> Any:
        return self if thing is None else self._slot.__get__(thing, kind)

    def __set__(self, thing: Any, value: Any) -> None:
        if self._first or self._is_set(thing):
            value = self._on_set(thing, value)
        self._slot.__set__(thing, value)

    def _is_set(self, thing: Any) -> bool:
        try:
            self._slot.__get__(thing, type(thing))
        except AttributeError:
            return False
        return True


class Entries(dict[Any, Any]):
    """A dict in a guarded attribute: ``look()`` is called before each change."""

    def __init__(self, entries: dict[Any, Any], look: Callable[[], None]) -> None:
        super().__init__(entries)
        self._look = look

    def __setitem__(self, key: Any, value: Any) -> None:
        self._look()
        super().__setitem__(key, value)

    def pop(self, *args: Any) -> Any:
        self._look()
        return super().pop(*args)


class Watch:
    """The stand-ins for the rows of a table, and what they have seen."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.broken: list[str] = []
        self._patch = patch
        self._locks: dict[int, Any] = {}  # of owners, by the id of their part

    def lock(self, kind: type, name: str) -> None:
        """The lock in attribute ``name`` knows its holder."""
        self._attribute(kind, name, lambda thing, lock: Owned(lock), first=True)

    def owner(self, kind: type, part: str, path: str) -> None:
        """What is in attribute ``part`` is guarded by the lock at ``path``, whose first name is set last."""
        first, *rest = path.split(".")

        def on_set(owner: Any, value: Any) -> Any:
            # By number: neither of the two is kept alive.
            self._locks[id(getattr(owner, part))] = functools.reduce(getattr, rest, value)
            return value

        self._attribute(kind, first, on_set, first=True)

    def row(self, row: Row) -> None:
        """Watch what the row names."""
        for name in row.sets.split():
            self._attribute(row.kind, name, self._setter(row, name), first=False)
        if row.lock == "owner":
            self._made_anew(row.kind)
        for name in row.calls.split():
            where = home(row.kind, name)
            method = where.__dict__[name]

            @functools.wraps(method)
            def called(
                thing: Any, *args: Any, __method: Any = method, __name: str = name, **options: Any
            ) -> Any:
                self._look(row, thing, f"{__name} is called")
                return __method(thing, *args, **options)

            self._patch.setattr(where, name, called)

    def see(self, held: object, what: str) -> None:
        """Note it, with the place in the package, where the lock is not held."""
        if not held:
            frame = sys._getframe(1)
            while frame.f_back is not None and frame.f_globals["__name__"] == __name__:
                frame = frame.f_back
            self.broken.append(f"{frame.f_code.co_filename}:{frame.f_lineno}: {what} without the lock")

    def _setter(self, row: Row, name: str) -> Callable[[Any, Any], Any]:
        def on_set(thing: Any, value: Any) -> Any:
            self._look(row, thing, f"{name} is set")
            if type(value) is dict:
                return Entries(value, lambda: self._look(row, thing, f"{name} is changed"))
            return value

        return on_set

    def _attribute(self, kind: type, name: str, on_set: Callable[[Any, Any], Any], first: bool) -> None:
        where = home(kind, name)
        self._patch.setattr(where, name, Attribute(where.__dict__[name], on_set, first))

    def _made_anew(self, kind: type) -> None:
        """A new object has no owner yet, though an earlier one with the same id had."""
        init = kind.__dict__["__init__"]

        @functools.wraps(init)
        def made(thing: Any, *args: Any, **options: Any) -> None:
            self._locks.pop(id(thing), None)
            init(thing, *args, **options)

        self._patch.setattr(kind, "__init__", made)

    def _look(self, row: Row, thing: Any, what: str) -> None:
        if row.lock == "owner":
            found = self._locks.get(id(thing))
        else:
            found = thing
            for name in row.lock.split("."):
                found = getattr(found, name, None)
        if isinstance(found, Owned):
            self.see(found.held, f"{row.kind.__name__}.{what}")


def home(kind: type, name: str) -> type:
    """The class that has the name, of a class and its bases."""
    return next(base for base in kind.__mro__ if name in base.__dict__)


def shared_reactor(watch: Watch, patch: pytest.MonkeyPatch) -> None:
    """The one lock of a module: it guards making the shared reactor, and the number of its users."""
    patch.setattr(reactor, "_shared_lock", Owned(threading.Lock()))

    class Counted(Reactor):
        @property
        def users(self) -> int:
            return self.__dict__["users"]

        @users.setter
        def users(self, number: int) -> None:
            if "users" in self.__dict__:
                lock = reactor._shared_lock
                watch.see(not isinstance(lock, Owned) or lock.held, "Reactor.users is set")
            self.__dict__["users"] = number

    patch.setattr(reactor, "Reactor", Counted)


@pytest.fixture(autouse=True)
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """All locks of connections and of what they are made of, while a test runs."""
    watch = Watch(monkeypatch)
    for kind, part, path in OWNERS:
        watch.owner(kind, part, path)
    for kind, name in LOCKS:
        watch.lock(kind, name)
    for row in GUARDED:
        watch.row(row)
    shared_reactor(watch, monkeypatch)
    yield watch
    assert not watch.broken, "\n".join(sorted(set(watch.broken)))
