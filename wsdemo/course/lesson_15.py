"""The exercises of lesson 15: many servers."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from wsdemo.course.exercises import Wrong, exercise, kind, same, show

TEXTS: Final = ("The kettle is on.", "", "日本", "héllo", "one more", "?")
ROOMS: Final = ("tea", "coffee", "a_b-c")


class NotingMember:
    """A member of a room, who notes what is sent to it."""

    def __init__(self, name: str, notes: list[tuple[str, str]]) -> None:
        self._name, self._notes = name, notes

    def __repr__(self) -> str:
        return self._name

    def send(self, text: str) -> None:
        """Note it."""
        self._notes.append((self._name, text))


@exercise()
def pass_on(answer: Callable[..., object], rng: random.Random) -> None:
    """To the members here, first; then to the broker, unless it came from there, or the broker is dead."""
    for from_broker, dead, room in (
        (False, False, "tea"),
        (True, False, "tea"),
        (False, True, "tea"),
        (True, True, "tea"),
        (False, False, "nowhere"),
        (True, False, "nowhere"),
        (False, False, rng.choice(ROOMS)),
    ):
        _pass(answer, rng, room, from_broker, dead, rng.choice(TEXTS))
    _pass(answer, rng, "tea", False, False, "")  # a text without a letter is a text


def _pass(
    answer: Callable[..., object], rng: random.Random, room: str, from_broker: bool, dead: bool, text: str
) -> None:
    notes: list[tuple[str, str]] = []
    members = {
        name: {NotingMember(f"{name} {number}", notes) for number in range(rng.randint(1, 3))}
        for name in ROOMS
    }
    before = {name: set(people) for name, people in members.items()}

    def publish(where: str, what: str) -> None:
        same((where, what), (room, text), f"what is published, said in {room!r}: room and text")
        notes.append(("the broker", what))
        if dead:
            raise ConnectionError("the broker is dead")

    origin = "from the broker" if from_broker else "from a member"
    what = f"pass_on({room!r}, {text!r}, …), {origin}" + (", the broker is dead" if dead else "")
    got = answer(room, text, members, publish, from_broker)
    here = sorted(repr(member) for member in before.get(room, ()))
    told = [name for name, _ in notes if name != "the broker"]
    same(sorted(told), here, f"{what}: the members who heard it")
    published = sum(name == "the broker" for name, _ in notes)
    same(published, 0 if from_broker else 1, f"{what}: how often it was published")
    if published and notes[-1][0] != "the broker":
        raise Wrong(f"{what}: the members here should hear it first, and the broker last; got {show(notes)}")
    same(_names(members), _names(before), f"{what}: the rooms afterwards")
    same(got, not dead or from_broker, f"{what}: whether nothing is missing elsewhere")


def _names(members: dict[str, set[NotingMember]]) -> dict[str, list[str]]:
    """The rooms, as they print in every process alike."""
    return {room: sorted(map(repr, people)) for room, people in members.items()}


Event = tuple[str, str] | str


@exercise()
def delivered(answer: Callable[[list[Event], str, bool], object], rng: random.Random) -> None:
    """Without a log a dead broker loses what others say; with one it comes later, and never before."""
    fixed: list[Event] = [("A", "1"), "down", ("A", "2"), ("B", "3"), "up", ("B", "4")]
    cases: list[list[Event]] = [
        [("A", "hello"), ("B", "hi")],
        fixed,
        ["down", ("A", "only here")],
        ["down", ("A", "first"), "up", "down", ("B", "second"), "up"],
        ["down", ("B", "b"), ("C", "c"), ("A", "a"), "up", "down", ("B", "late")],
        [("A", "same"), "down", ("B", "same"), "up", ("C", "same")],
        [],
        _evening(rng),
        _evening(rng),
    ]
    for events in cases:
        for node in ("A", "B"):
            for log in (False, True):
                what = f"delivered({events}, {node!r}, log={log})"
                got = answer(list(events), node, log)
                if not isinstance(got, list | tuple):
                    raise Wrong(f"{what} should give a list of texts; got {kind(got)}")
                same(list(got), _delivered(events, node, log), what)


def _evening(rng: random.Random) -> list[Event]:
    events: list[Event] = []
    up = True
    for number in range(12):
        if rng.random() < 0.3:
            up = not up
            events.append("up" if up else "down")
        else:
            events.append((rng.choice("ABC"), f"{number}"))
    return events


def _delivered(events: list[Event], node: str, log: bool) -> list[str]:
    up, waiting, heard = True, list[str](), list[str]()
    for event in events:
        if isinstance(event, str):
            up = event == "up"
            if up:
                heard += waiting
                waiting = []
        elif log and not up:
            waiting.append(event[1])
        elif up or event[0] == node:
            heard.append(event[1])
    return heard


@exercise()
def interval(answer: Callable[[list[float | None], float], object], rng: random.Random) -> None:
    """Two pings and a delay fit into the shortest timeout: one ping may be lost."""
    cases: list[tuple[list[float | None], float]] = [
        ([60], 0),
        ([60], 5),
        ([75, 60, 350], 3),
        ([None, 100, None], 4),
        ([None], 2),
        ([], 1),
        ([5], 1.5),
        ([rng.randint(20, 400), rng.randint(20, 400)], rng.randint(1, 5)),
        ([61.5, None], 0.25),
    ]
    for timeouts, late in cases:
        what = f"interval({timeouts}, {late})"
        got = answer(list(timeouts), late)
        if isinstance(got, float):
            raise Wrong(f"{what} should be a whole number, an int; got {show(got)}")
        same(got, _interval(timeouts, late), what)
    for hopeless in (([2], 0.5), ([rng.randint(3, 9), 2], 1)):
        try:
            got = answer(list(hopeless[0]), hopeless[1])
        except ValueError:
            continue
        raise Wrong(
            f"interval{hopeless}: no interval is short enough: it should raise ValueError; got {show(got)}"
        )


def _interval(timeouts: list[float | None], late: float) -> int | None:
    shortest = min((seconds for seconds in timeouts if seconds is not None), default=None)
    if shortest is None:
        return None
    return max(number for number in range(int(shortest) + 1) if 2 * number + late < shortest)


@exercise()
def farewells(answer: Callable[[list[str], float, random.Random], Any], rng: random.Random) -> None:
    """Each client once, spread over the drain; none comes back before its end, and not all at once."""
    for count, seconds in ((40, 8.0), (100, rng.uniform(2, 30)), (1, 5.0), (3, 6.0), (0, 5.0)):
        clients = [f"client {number}" for number in range(count)]
        what = f"farewells(<{count} clients>, {seconds:g}, rng)"
        orders = [_farewells(answer, list(clients), seconds, random.Random(seed), what) for seed in (1, 2, 1)]
        if count <= 20:
            continue
        if clients in orders:
            raise Wrong(f"{what}: the first to come should not be the first to go; mix them, by rng.shuffle")
        if orders[0] == orders[1]:
            raise Wrong(
                f"{what}: the order should be random; it was the same for two of them, rng of two seeds"
            )
        if orders[0] != orders[2]:
            raise Wrong(f"{what}: rng of the same seed should give the same order; take chance from rng")


def _farewells(
    answer: Callable[..., Any], clients: list[str], seconds: float, chance: random.Random, what: str
) -> list[str]:
    got = answer(list(clients), seconds, chance)
    if not isinstance(got, list | tuple) or not all(
        isinstance(one, list | tuple) and len(one) == 3 for one in got
    ):
        raise Wrong(f"{what} should give a list of (at, client, after); got {show(got)}")
    same(sorted(client for _, client, _ in got), sorted(clients), f"{what}: the clients that are told")
    for at, client, after in got:
        if not 0 <= at <= seconds:
            raise Wrong(f"{what}: {client} is told at {at:.3g}; it should be from 0 to {seconds:g} seconds")
        if at + after < seconds - 1e-9:
            raise Wrong(
                f"{what}: {client}, told at {at:.3g}, comes back at {at + after:.3g}; "
                f"the drain is over at {seconds:g}"
            )
    _spread([at for at, _, _ in got], seconds, f"{what}: they are told")
    thirds = {min(2, int(3 * at / seconds)) for at, _, _ in got}
    if len(got) >= 20 and len(thirds) < 3:
        raise Wrong(f"{what}: in a third of the drain no client is told; spread them over all of it")
    _spread([at + after for at, _, after in got], seconds, f"{what}: they come back")
    return [client for _, client, _ in sorted(got, key=lambda one: one[0])]


def _spread(moments: list[float], seconds: float, what: str) -> None:
    """No tenth of the drain has more than two fifths of them, where they are many."""
    if len(moments) < 20:
        return
    part = seconds / 10
    most = max(sum(begin <= moment < begin + part for moment in moments) for begin in moments)
    if most > 2 * len(moments) / 5:
        raise Wrong(
            f"{what}: {most} of {len(moments)} within {part:.2g} seconds; it should be a few at a time"
        )
