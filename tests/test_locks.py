"""The watch on locks: it tells of what is touched without its lock, and of nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.locks import Owned, Row, Watch
from tests.waiting import DEADLINE


class Part:
    def __init__(self) -> None:
        self.calls = 0

    def work(self) -> int:
        self.calls += 1
        return self.calls


class Counter:
    __slots__ = ("count", "known", "lock", "part")

    def __init__(self) -> None:
        self.count = 0
        self.part = Part()
        self.lock = threading.Lock()
        self.known: dict[str, int] = {}

    def add(self) -> None:
        self.count += 1


@pytest.fixture
def watch() -> Iterator[Watch]:
    with pytest.MonkeyPatch.context() as patch:
        watch = Watch(patch)
        watch.owner(Counter, "part", "lock")
        watch.lock(Counter, "lock")
        watch.row(Row(Counter, "lock", sets="count known", calls="add"))
        watch.row(Row(Part, "owner", calls="work"))
        yield watch
    assert type(Counter().lock) is type(threading.Lock()), "all is as before"


def touches(watch: Watch) -> list[str]:
    return [text.split(": ", 1)[1] for text in watch.broken]


def test_with_the_lock_all_is_well(watch: Watch) -> None:
    counter = Counter()
    with counter.lock:
        counter.add()
        assert counter.part.work() == 1
    assert counter.count == 1 and not watch.broken and not counter.lock.locked()


def test_without_it_each_touch_is_told_with_its_place(watch: Watch) -> None:
    counter = Counter()
    counter.add()
    counter.part.work()
    assert touches(watch) == [
        "Counter.add is called without the lock",
        "Counter.count is set without the lock",
        "Part.work is called without the lock",
    ]
    assert all(text.startswith(__file__) for text in watch.broken)


def test_a_dict_that_is_guarded_is_changed_with_the_lock_too(watch: Watch) -> None:
    counter = Counter()
    with counter.lock:
        counter.known = {}
        counter.known["a"] = 1
    assert not watch.broken
    counter.known["b"] = 2
    assert counter.known.pop("a") == 1
    assert touches(watch) == ["Counter.known is changed without the lock"] * 2


def test_that_another_thread_holds_it_is_not_enough(watch: Watch) -> None:
    counter = Counter()
    with counter.lock:
        thread = threading.Thread(target=counter.add)
        thread.start()
        thread.join(DEADLINE)
    assert len(watch.broken) == 2


def test_a_part_without_an_owner_has_no_lock(watch: Watch) -> None:
    Part().work()
    assert not watch.broken


def test_a_lock_that_knows_its_holder_is_a_lock() -> None:
    lock = Owned(threading.Lock())
    assert lock.acquire() and lock.held and lock.locked()
    assert not lock.acquire(blocking=False) and lock.held
    lock.release()
    assert not lock.held and not lock.locked()
