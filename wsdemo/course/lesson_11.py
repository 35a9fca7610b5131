"""The exercises of lesson 11: nothing lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from wsdemo.course.exercises import Wrong, exercise, kind, same, show

#: An entry of a channel: its offset, and its text.
Entry = tuple[int, str]
#: A message of a device: its number, and its text.
Numbered = tuple[int, str]
#: From which offset of a reader on, which is the oldest that is kept.
Kept = list[tuple[int, int]]

WORDS: Final = ("tea", "naïve", "", "see you", "12", "日本", "tea", "no")
CAP: Final = 10.0
FIRST: Final = 0.5
TRIES: Final = 600  # of which a quarter of the range has a quarter, give or take a few hundredths


class Pages:
    """A channel that is read in pages, and whose oldest entries go while it is read.

    ``kept``: the oldest offset that is kept at first; then, once the reader has come to an offset, another.
    So it does not matter how often a reader asks: one who asks again finds what was there.
    """

    def __init__(self, entries: list[Entry], kept: Kept, size: int) -> None:
        self._entries, self._kept, self._size = entries, kept, size
        self.asked: list[int] = []

    def read(self, after: int) -> tuple[int, list[Entry]]:
        """The oldest offset that is kept, and some entries above ``after``; none at the top."""
        if isinstance(after, bool) or not isinstance(after, int):
            raise Wrong(f"read(after) wants an offset; got {kind(after)}")
        if len(self.asked) > 3 * len(self._entries) + 9:
            raise Wrong(f"read was called {len(self.asked)} times, the last 3 times with {self.asked[-3:]}")
        self.asked.append(after)
        first = max(oldest for come_to, oldest in self._kept if come_to <= max(self.asked))
        rest = [entry for entry in self._entries if entry[0] > after and entry[0] >= first]
        later = len(set(self.asked)) > 1  # a page that is shorter than the first is not the last one
        return first, rest[: max(1, self._size - later)]


@exercise()
def resume(
    answer: Callable[[Callable[[int], tuple[int, list[Entry]]], int], object], rng: random.Random
) -> None:
    """All pages, in order; what is no longer kept is told as a gap; the next offset to resume from."""
    offsets = [40 + 3 * number + rng.randint(0, 1) for number in range(10)]  # they grow, but not by one
    log = [(offset, rng.choice(WORDS)) for offset in offsets]
    log[5] = (offsets[5], "")  # an empty text is a message
    top = offsets[-1]
    cases: list[tuple[list[Entry], Kept, int, int]] = [
        (log, [(0, offsets[0])], 3, offsets[0] - 1),  # all of it
        (log, [(0, offsets[0])], 3, offsets[4]),  # some of it
        (log, [(0, offsets[0])], 20, top),  # at the top: nothing
        (log, [(0, offsets[3])], 4, offsets[0]),  # some are gone
        (log, [(0, offsets[2])], 4, 0),
        (log, [(0, offsets[0]), (offsets[1], offsets[7])], 2, offsets[0] - 1),  # they go while one reads
        (log, [(0, offsets[0]), (offsets[1], offsets[4]), (offsets[7], offsets[9])], 2, offsets[0] - 1),
        ([], [(0, 1)], 4, 0),  # a new channel
        ([], [(0, top + 1)], 4, offsets[3]),  # all of it is gone
    ]
    for entries, kept, size, after in cases:
        what = f"resume(read, {after})"
        if entries:
            what += f", offsets {offsets[0]} to {top}, from {kept[0][1]} on kept"
        if len(kept) > 1:
            what += f", and from {kept[-1][1]} on while you read"
        pages = Pages(entries, kept, size)
        got = answer(pages.read, after)
        if not isinstance(got, tuple) or len(got) != 3:
            raise Wrong(f"{what} should give three: (texts, gaps, offset); got {kind(got)}")
        texts, gaps, offset = got
        wanted = _resumed(Pages(entries, kept, size), after)
        same(texts, wanted[0], f"{what}: the texts")
        if not isinstance(gaps, list | tuple):
            raise Wrong(f"{what}: the gaps should be a list; got {kind(gaps)}")
        same(list(map(_tuple, gaps)), wanted[1], f"{what}: the gaps")
        same(offset, wanted[2], f"{what}: the offset to resume from next")


def _resumed(pages: Pages, after: int) -> tuple[list[str], list[tuple[int, int]], int]:
    texts: list[str] = []
    gaps: list[tuple[int, int]] = []
    while True:
        first, entries = pages.read(after)
        if after + 1 < first:
            gaps.append((after + 1, first - 1))
            after = first - 1
        if not entries:
            return texts, gaps, after
        texts += [text for _, text in entries]
        after = entries[-1][0]


@exercise()
def take_once(
    answer: Callable[[list[Any], dict[str, int], str, int, str], object], rng: random.Random
) -> None:
    """A device's next number is stored, an earlier one not again, a later one not yet; devices apart."""
    log: list[tuple[str, int, str]] = []
    last: dict[str, int] = {}
    wanted: list[tuple[str, int, str]] = []
    stored: dict[str, int] = {}
    for device, step in _deliveries(rng):
        n = max(1, stored.get(device, 0) + step)
        text = rng.choice(WORDS)
        expected = stored.get(device, 0) + 1
        what = f"take_once(log, {show(stored)}, {device!r}, {n}, {text!r})"
        got = answer(log, last, device, n, text)
        fate = "stored" if n == expected else "again" if n < expected else "out of order"
        same(got, fate, what)
        if fate == "stored":
            wanted.append((device, n, text))
            stored[device] = n
        same(list(map(_tuple, log)), wanted, f"after {what}, the log")
        same(last, stored, f"after {what}, the last numbers")


def _tuple(entry: object) -> object:
    return tuple(entry) if isinstance(entry, list) else entry


def _deliveries(rng: random.Random) -> list[tuple[str, int]]:
    """Devices, and by how much the number is above the last one that was stored."""
    begin = [("phone", 2), ("phone", 1), ("laptop", 1), ("phone", 1), ("laptop", 0), ("phone", -1)]
    return begin + [
        (rng.choice(("phone", "laptop", "tablet")), rng.choice((1, 1, 0, -1, 2))) for _ in range(30)
    ]


@exercise()
def resend(answer: Callable[[list[Numbered], int, int], list[Numbered]], rng: random.Random) -> None:
    """The confirmed are forgotten, the rest goes again in order, at most ``window``; a loss is told."""
    first = rng.randint(2, 90)
    waiting = [(first + number, rng.choice(WORDS)) for number in range(9)]
    cases = [
        (waiting, first, 4),
        (waiting, first + 3, 4),
        (waiting, first + 7, 4),  # fewer than the window
        (waiting, first + 9, 4),  # all of it was stored
        (waiting, first + rng.randint(1, 8), 20),
        (waiting, first + 2, 1),
        ([], first, 4),
    ]
    for messages, expected, window in cases:
        given = list(messages)
        what = f"resend(<{_numbers(messages)}>, {expected}, {window})"
        got = answer(given, expected, window)
        rest = [message for message in messages if message[0] >= expected]
        if not isinstance(got, list | tuple):
            raise Wrong(f"{what} should give a list of messages; got {kind(got)}")
        same(list(got), rest[:window], what)
        same(given, rest, f"{what}: what is kept until it is confirmed")
    _forgotten(answer, waiting, first - 1 if first % 2 else 1)


def _forgotten(
    answer: Callable[[list[Numbered], int, int], object], waiting: list[Numbered], expected: int
) -> None:
    given, what = list(waiting), f"resend(<{_numbers(waiting)}>, {expected}, 4)"
    try:
        got = answer(given, expected, 4)
    except LookupError as error:
        if isinstance(error, IndexError | KeyError):  # an accident
            raise
        same(given, waiting, f"{what}: what is kept when the server has forgotten")
        return
    raise Wrong(
        f"{what}: the server has lost what it confirmed: it should raise LookupError; got {show(got)}"
    )


def _numbers(messages: list[Numbered]) -> str:
    return f"numbers {messages[0][0]} to {messages[-1][0]}" if messages else "nothing"


@exercise()
def wait(answer: Callable[[int, float | None, random.Random], float], rng: random.Random) -> None:
    """Full jitter: anything from 0 to a bound that doubles up to 10 s; the server's word goes first."""
    for attempt in (1, 2, 3, 5, 6, 40, 1100):
        _spread(answer, attempt, rng.random())
    for after in (0.0, rng.uniform(20, 30), 1.5):
        for attempt in (1, 7):
            got = answer(attempt, after, random.Random(1))
            same(got, after, f"wait({attempt}, {after:.3g}, rng): the server said {after:.3g}; it")


def _spread(answer: Callable[[int, float | None, random.Random], float], attempt: int, seed: float) -> None:
    bound = min(CAP, FIRST * 2.0 ** min(attempt - 1, 10))
    what = f"wait({attempt}, None, rng)"
    chance, again = random.Random(seed), random.Random(seed)
    found = [answer(attempt, None, chance) for _ in range(TRIES)]
    for got in found:
        if isinstance(got, bool) or not isinstance(got, int | float):
            raise Wrong(f"{what} should be a number of seconds; got {kind(got)}")
    low, high = min(found), max(found)
    if low < 0 or high > bound:
        raise Wrong(f"{what} should be from 0 to {bound:g} seconds; got {low if low < 0 else high:.3g}")
    if found != [answer(attempt, None, again) for _ in range(TRIES)]:
        raise Wrong(f"{what}: two random.Random of one seed should give the same waits; take chance from rng")
    quarters = [sum(part <= 4 * got / bound < part + 1 for got in found) / TRIES for part in range(4)]
    if low > bound / 10 or high < bound * 0.9 or not all(0.16 < share < 0.34 for share in quarters):
        shares = ", ".join(f"{share:.0%}" for share in quarters)
        raise Wrong(
            f"{what}, {TRIES} times, should be spread evenly from 0 to {bound:g} seconds; "
            f"got {low:.3g} to {high:.3g}, in the four quarters {shares}"
        )
