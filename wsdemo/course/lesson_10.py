"""The exercises of lesson 10: rooms and backpressure."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Protocol

from wsdemo.course.exercises import Wrong, exercise, kind, same, show
from wsdemo.protocol.errors import ConnectionClosed

WORDS = ("tea", "naïve", "héllo 👋", "see you", "12", "日本", "x" * 40)


class Member:
    """A connection of a room: it keeps what it is sent, or has left."""

    def __init__(self, name: str, gone: bool = False) -> None:
        self.name = name
        self.gone = gone
        self.heard: list[object] = []

    def __repr__(self) -> str:
        return self.name

    def send(self, text: object) -> None:
        """Keep it; ConnectionClosed for a member that has left."""
        if self.gone:
            raise ConnectionClosed(1001, "")
        self.heard.append(text)


@exercise()
def say(answer: Callable[[dict[str, set[Any]], str, str], object], rng: random.Random) -> None:
    """The members of one room hear it, once; who has left is removed; an empty room is, too."""
    for gone in (0, rng.randint(1, 3), 4):
        _say(answer, rng, gone)
    rooms: dict[str, set[Any]] = {"tea": {member := Member("Ana")}}
    answer(rooms, "coffee", "hello")
    same(sorted(rooms), ["tea"], "after a word to a room that does not exist, the rooms")
    same(member.heard, [], "what Ana in tea hears of a word to coffee")


def _say(answer: Callable[[dict[str, set[Any]], str, str], object], rng: random.Random, gone: int) -> None:
    here = [Member(f"member {number + 1}", number < gone) for number in range(4)]
    there = [Member("a guest of coffee"), Member("one who has left coffee", gone=True)]
    rng.shuffle(here)
    both = here[-1]  # is in two rooms
    rooms: dict[str, set[Any]] = {"tea": set(here), "coffee": {*there, both}}
    text = rng.choice(WORDS)
    answer(rooms, "tea", text)
    same(there[0].heard, [], "what is heard in coffee of a word to tea")
    for member in here:
        same(
            member.heard,
            [] if member.gone else [text],
            f"of {gone} of 4 who have left tea, what {member} in tea hears",
        )
    left = {member for member in here if not member.gone}
    if not left:
        same("tea" in rooms, False, "whether tea is among the rooms when all 4 have left: it")
        return
    if "tea" not in rooms:
        raise Wrong(f"tea has {len(left)} members, and is no longer among the rooms")
    found, wanted = (sorted(map(repr, members)) for members in (rooms["tea"], left))
    same(found, wanted, f"when {gone} of 4 have left tea, its members")
    same(both in rooms.get("coffee", ()), True, "whether a member is still in coffee after a word to tea: it")


class Newer(Protocol):
    """The class that the learner writes."""

    def put(self, key: str, message: str) -> None: ...

    def take(self) -> str | None: ...


@exercise()
def Newest(answer: Callable[[], Newer], rng: random.Random) -> None:
    """One message a key, the newest, in the order in which the keys began to wait; two objects apart."""
    one, other = answer(), answer()
    same(one.take(), None, "take() of a new Newest")
    waiting: dict[str, str] = {}
    done: list[str] = []
    for number in range(60):
        if rng.random() < 0.7:
            key = rng.choice("ABCDE")
            waiting[key] = f"{key} {number}"
            one.put(key, waiting[key])
            done.append(f"put({key!r}, {waiting[key]!r})")
        else:
            _take(one, waiting, done)
    for key in rng.sample("ABCDEFGH", 8):  # all of them wait in the end
        waiting[key] = f"{key} 60"
        one.put(key, waiting[key])
        done.append(f"put({key!r}, {waiting[key]!r})")
    same(other.take(), None, "take() of a second Newest, after puts to the first,")
    while waiting:
        _take(one, waiting, done)
    _falsy(answer())


def _take(one: Newer, waiting: dict[str, str], done: list[str]) -> None:
    key = next(iter(waiting), None)
    wanted = None if key is None else waiting.pop(key)
    same(one.take(), wanted, f"after {', '.join(done[-4:]) or 'nothing'}, take()")
    done.append("take()")


def _falsy(one: Newer) -> None:
    """An empty text is a message, and an empty key is a key."""
    one.put("", "x")
    one.put("A", "")
    same(
        [one.take(), one.take(), one.take()],
        ["x", "", None],
        "after put('', 'x'), put('A', ''), three take()",
    )


@exercise()
def catch_up(
    answer: Callable[[list[tuple[int, str]], int, int], tuple[int, list[tuple[int, str]]]],
    rng: random.Random,
) -> None:
    """The missed are counted; a page is bounded by bytes, and has one entry at least, if there is one."""
    first = rng.randint(5, 50)
    log = [(first + number, rng.choice(WORDS)) for number in range(12)]
    sizes = [len(text.encode()) for _, text in log]
    mixed = [(first + number, text) for number, text in enumerate(("x" * 9, "x" * 50, "12", "tea"))]
    cases = [
        (mixed, first - 1, rng.randint(15, 30)),  # the third would fit, but not the second
        (log, first - 1, sum(sizes)),  # all of it, and nothing missed
        (log, first - 1, sum(sizes) - 1),
        (log, first - 1, sum(sizes[:4])),
        (log, 0, sum(sizes[:2])),
        (log, first + 3, sum(sizes[4:7])),
        (log, first - 2, 10_000),  # one missed
        (log, first + 11, 1000),  # is at the top
        (log, first + 10, 0),  # the last is larger than a page
        (log, first - 3, 0),
        ([], 7, 1000),
        ([(first, "tea"), (first + 1, ""), (first + 2, "12")], first - 1, 3),  # full, but not for no bytes
    ]
    for entries, after, size in cases:
        given = list(entries)
        got = answer(given, after, size)
        what = f"catch_up(<{_kept(entries)}>, {after}, {size})"
        same(given == entries, True, f"{what}: whether the log is as it was: it")
        if not isinstance(got, tuple) or len(got) != 2:
            raise Wrong(f"{what} should give a pair (missed, page); got {kind(got)}")
        missed, page = got
        same(missed, max(0, first - after - 1) if entries else 0, f"{what}: missed")
        if not isinstance(page, list | tuple):
            raise Wrong(f"{what}: the page should be a list; got {kind(page)}")
        same([tuple(entry) for entry in page], _page(entries, after, size), f"{what}: the page")


def _kept(entries: list[tuple[int, str]]) -> str:
    """The log, as messages name it."""
    return f"offsets {entries[0][0]} to {entries[-1][0]}" if entries else "no entry"


def _page(entries: list[tuple[int, str]], after: int, size: int) -> list[tuple[int, str]]:
    page: list[tuple[int, str]] = []
    for offset, text in entries:
        if offset > after:
            size -= len(text.encode())
            if size < 0 and page:
                break
            page.append((offset, text))
    return page


@exercise()
def offer(answer: Callable[[list[str], str, int], bool], rng: random.Random) -> None:
    """Bytes count, all of them together; the bound itself fits; what does not fit changes nothing."""
    # What waits: nothing at first, which is no reason to take a text that does not fit.
    for count, text in enumerate((*rng.sample(WORDS, 4), "", "👋" * 10)):
        waiting = rng.choices(WORDS, k=min(count, rng.randint(1, 5)))
        size = sum(len(one.encode()) for one in [*waiting, text])
        for most, fits in ((size, True), (size - 1, False), (size + 7, True), (size // 2 - 1, False)):
            given = list(waiting)
            what = f"offer({show(waiting)}, {text!r}, {most})"
            same(answer(given, text, most), fits, what)
            same(given, [*waiting, text] if fits else waiting, f"{what}: what waits then")
