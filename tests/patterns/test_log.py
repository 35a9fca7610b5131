"""Both logs, by the same tests: what is stored, in which order, and what a reader is told that is missing."""

from __future__ import annotations

import collections
import random
import threading

import pytest

from wsdemo.patterns.entries import Keep, Post
from wsdemo.patterns.log import MemoryLog
from wsdemo.patterns.sqlitelog import SqliteLog


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


class Harness:
    """A log of either kind, asked and answered in one call."""

    def __init__(self, kind, folder, **options):
        self.outcomes = []
        self.clock = options.setdefault("clock", Clock())
        where = () if kind is MemoryLog else (folder / "log.db",)
        self.log = kind(*where, self.outcomes.extend, **options)

    def post(self, device, n, channel="#lobby", body="hello"):
        assert self.log.append(Post(channel, device, n, device.upper(), body))
        self.last(device)  # answered behind what was posted
        return self.outcomes[-1]

    def read(self, channel="#lobby", after=0, size=1 << 20):
        return self._ask(self.log.read, channel, after, size)

    def last(self, device):
        return self._ask(self.log.last, device)

    def _ask(self, function, *args):
        answer, told = [], threading.Event()
        assert function(*args, lambda found: (answer.append(found), told.set()))
        assert told.wait(10)
        return answer[0]


@pytest.fixture(params=[MemoryLog, SqliteLog], ids=["memory", "sqlite"])
def made(request, tmp_path):
    logs = []

    def make(**options):
        harness = Harness(request.param, tmp_path, **options)
        logs.append(harness.log)
        return harness

    yield make
    for log in logs:
        log.close()


def test_numbers_are_taken_in_order_and_once(made):
    log = made()
    seen = [(log.post("phone", n).status, log.outcomes[-1].expected) for n in (1, 1, 3, 2, 3, 1)]
    assert seen == [
        ("stored", 2), ("again", 2), ("out of order", 2), ("stored", 3), ("stored", 4), ("again", 4),
    ]  # fmt: skip
    assert [(entry.offset, entry.n) for entry in log.read().entries] == [(1, 1), (2, 2), (3, 3)]
    assert log.last("phone") == 3 and log.last("tablet") == 0


def test_a_device_counts_over_all_channels_and_offsets_are_of_each(made):
    log = made()
    for n, channel in enumerate(("#lobby", "@bob", "#lobby"), 1):
        log.post("phone", n, channel)
    log.post("tablet", 1, "@bob")
    assert [(entry.offset, entry.device, entry.n) for entry in log.read("#lobby").entries] == [
        (1, "phone", 1),
        (2, "phone", 3),
    ]
    assert [(entry.offset, entry.device) for entry in log.read("@bob").entries] == [
        (1, "phone"),
        (2, "tablet"),
    ]


def test_an_entry_has_what_was_posted(made):
    log = made()
    stored = log.post("phone", 1, body="tschüß 👋")
    (entry,) = log.read().entries
    assert stored.entry == entry == (1, "PHONE", "phone", 1, 1_000_000.0, "tschüß 👋")


def test_a_page_is_bounded_in_bytes_and_goes_on_where_it_ended(made):
    log = made()
    for n in range(1, 8):
        log.post("phone", n, body="é" * 50)  # 100 bytes
    pages, after = [], 0
    while (page := log.read(after=after, size=250)).entries:
        pages.append([entry.offset for entry in page.entries])
        after = page.entries[-1].offset
    assert pages == [[1, 2], [3, 4], [5, 6], [7]]
    assert [len(log.read(size=size).entries) for size in (0, 99, 100, 199, 200)] == [1, 1, 1, 1, 2]


def test_what_is_no_longer_kept_is_told(made):
    log = made(keep=lambda channel: Keep(count=3))
    for n in range(1, 11):
        log.post("phone", n)
    page = log.read(after=2)
    assert (page.first, page.top, page.gap) == (8, 10, (3, 7))
    assert [entry.offset for entry in page.entries] == [8, 9, 10]
    assert [log.read(after=after).gap for after in (6, 7, 10)] == [(7, 7), None, None]


def test_retention_is_of_each_channel(made):
    log = made(keep=lambda channel: Keep(count=1 if channel[0] == "#" else 5))
    for n in range(1, 5):
        log.post("phone", n, "#lobby" if n % 2 else "@bob")
    assert (len(log.read("#lobby").entries), len(log.read("@bob").entries)) == (1, 2)


def test_an_unknown_channel_is_empty_and_nothing_is_missing(made):
    page = made().read("#nowhere", after=0)
    assert (page.entries, page.first, page.top, page.gap) == ((), 1, 0, None)


@pytest.mark.parametrize("seed", range(8))
def test_random_devices_channels_and_repeats(made, seed):
    """Whatever is sent again or too early: each device's messages once, in order; offsets without holes."""
    chance = random.Random(seed)
    log = made()
    nexts, stored = collections.Counter(), collections.defaultdict(list)
    for _ in range(120):
        device, channel = chance.choice("abc"), chance.choice(("#x", "#y"))
        n = max(1, nexts[device] + 1 + chance.choice((0, 0, 0, -1, 1, 5)))
        outcome = log.post(device, n, channel, body=f"{device}{n}")
        assert outcome.status == (
            "stored" if n == nexts[device] + 1 else "again" if n <= nexts[device] else "out of order"
        )
        if outcome.status == "stored":
            nexts[device] = n
            stored[channel].append((device, n))
    for channel, posted in stored.items():
        entries = log.read(channel).entries
        assert [(entry.device, entry.n) for entry in entries] == posted
        assert [entry.offset for entry in entries] == list(range(1, len(posted) + 1))
