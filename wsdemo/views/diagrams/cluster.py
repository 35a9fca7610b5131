"""A room on several nodes: who hears a message, while nodes and the broker live or are killed.

::

                 broker
               ╱   │    ╲
        node 1   node 2   node 3 ✗ killed
        Ana Ben  Cleo     its members come back to the others

`members` and `hearers` compute, `cluster` draws. Knows nothing of sockets.
"""

from __future__ import annotations

from typing import Final

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, WIDTH, Canvas, Sketch

#: The members of the room; the first one speaks.
PEOPLE: Final = ("Ana", "Ben", "Cleo", "Dora", "Eva", "Finn")
#: The most nodes.
MOST: Final = 4
NOTHING, BROKER = "nothing", "the broker"

# Lengths in pixels.
TITLE: Final = 36.0
HIGH: Final = 240.0
BOX: Final = 206.0
TALL: Final = 92.0


def choices(nodes: int) -> list[str]:
    """Whatever may be killed: nothing, the broker, or one of the nodes.

    >>> choices(2)
    ['nothing', 'the broker', 'node 1', 'node 2']
    """
    return [NOTHING, BROKER, *(f"node {number}" for number in range(1, nodes + 1))]


def members(nodes: int, killed: str = NOTHING) -> dict[str, list[str]]:
    """The members on each node, after those of a killed one have come back to the others.

    Raises ValueError for a number of nodes outside 1 to `MOST`, or for something else that is killed.

    >>> members(3, "node 3")
    {'node 1': ['Ana', 'Dora', 'Cleo'], 'node 2': ['Ben', 'Eva', 'Finn'], 'node 3': []}
    """
    if not 1 <= nodes <= MOST or killed not in choices(nodes):
        raise ValueError(f"{nodes} nodes, {killed!r} killed: expected 1 to {MOST}, and one of them")
    found: dict[str, list[str]] = {
        f"node {number + 1}": list(PEOPLE[number::nodes]) for number in range(nodes)
    }
    moving = found.get(killed, [])
    living = [name for name in found if name != killed]
    if moving and living:
        found[killed] = []
        for number, person in enumerate(moving):
            found[living[number % len(living)]].append(person)
    return found


def hearers(nodes: int, killed: str = NOTHING) -> list[str]:
    """The members who hear what Ana says. Raises ValueError as `members` does.

    >>> hearers(3), hearers(3, "the broker"), hearers(1, "node 1")
    (['Ben', 'Cleo', 'Dora', 'Eva', 'Finn'], ['Dora'], [])
    """
    found = members(nodes, killed)
    home = next(name for name, people in found.items() if PEOPLE[0] in people)
    if home == killed:
        return []
    reached = [home] if killed == BROKER else [name for name in found if name != killed]
    return sorted(person for name in reached for person in found[name] if person != PEOPLE[0])


def cluster(nodes: int = 3, killed: str = NOTHING) -> Sketch:
    """Draw the nodes, their members, and who of them hears Ana. Raises ValueError as `members` does."""
    found, heard = members(nodes, killed), hearers(nodes, killed)
    title = (
        f"{nodes} node{'s' * (nodes > 1)}, {killed} killed: Ana is heard by {len(heard)} of {len(PEOPLE) - 1}"
    )
    canvas = Canvas(TITLE + HIGH)
    color = theme.INK if len(heard) == len(PEOPLE) - 1 else theme.ALARM
    canvas.text(14, TITLE / 2, title, anchor="start", bold=True, color=color)
    middle, top = WIDTH / 2, TITLE + 26
    for number, (name, people) in enumerate(found.items()):
        x = WIDTH * (number + 0.5) / nodes
        gone = killed in (name, BROKER)
        if not gone:
            canvas.line([(middle, top), (x, TITLE + HIGH - TALL - 14)], width=1.6)
        _node(canvas, x, name, people, heard, name == killed)
    dead = killed == BROKER
    canvas.box(
        middle - 80,
        top - 20,
        160,
        40,
        None if dead else "payload",
        fill=theme.PAPER,
        dash="6 4" if dead else "",
    )
    canvas.text(
        middle, top, "broker ✗ killed" if dead else "broker", color=theme.ALARM if dead else theme.INK
    )
    return Sketch(canvas, describe(nodes, killed), title)


def describe(nodes: int = 3, killed: str = NOTHING) -> str:
    """The nodes and their members in words. Raises ValueError as `members` does.

    >>> print(describe(2, "the broker"))
    2 nodes, the broker killed: Ana is heard by 2 of 5
      node 1: Ana (speaks), Cleo (hears), Eva (hears)
      node 2: Ben, Dora, Finn
      No error tells Ana who did not hear.
    """
    found, heard = members(nodes, killed), hearers(nodes, killed)
    lines = [
        f"{nodes} node{'s' * (nodes > 1)}, {killed} killed: Ana is heard by {len(heard)} of {len(PEOPLE) - 1}"
    ]
    for name, people in found.items():
        if name == killed:
            lines.append(f"  {name}: killed{'' if people else ', its members are on the others'}")
        else:
            lines.append(f"  {name}: {', '.join(_person(person, heard) for person in people)}")
    if 0 < len(heard) < len(PEOPLE) - 1:
        lines.append("  No error tells Ana who did not hear.")
    return "\n".join(lines)


def _person(person: str, heard: list[str]) -> str:
    return f"{person} (speaks)" if person == PEOPLE[0] else f"{person} (hears)" if person in heard else person


def _node(canvas: Canvas, x: float, name: str, people: list[str], heard: list[str], killed: bool) -> None:
    y = TITLE + HIGH - TALL - 14
    color = theme.ALARM if killed else theme.INK
    canvas.box(x - BOX / 2, y, BOX, TALL, fill=theme.PAPER, edge=color, dash="6 4" if killed else "")
    canvas.text(x, y + 16, f"{name} ✗ killed" if killed else name, bold=True, color=color)
    for number, person in enumerate(people):
        words = _person(person, heard) if not killed else person
        place = x - BOX / 4 + BOX / 2 * (number % 2), y + 38 + 18 * (number // 2)
        canvas.text(*place, words, size=SMALL, room=BOX / 2 - 4, bold=person == PEOPLE[0])
