"""An online game: inputs and state are volatile, with a tick; the server decides.

::

    ann, bob ── "move 1" ──► referee ── tick 7: where everyone is ──► all, the newest

The promise: after any loss the next tick shows everything, and no client moves further than the rules say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wsdemo.demos.gathering import Gathering, Guest

ROOM = "#game"
FASTEST, EDGE, PLAYERS = 1, 10, 8  # steps in a tick; steps from the middle; those who have moved last


class Referee:
    """Takes the players' wishes, and tells each tick where everyone is. It alone is believed."""

    def __init__(self, gathering: Gathering) -> None:
        self.guest, self.tick, self.places = gathering.guest("referee", ROOM), 0, dict[str, int]()

    def turn(self) -> None:
        """One tick: the newest wish of each player counts, as far as the rules allow."""
        wishes = {player: wish for player, wish in self.guest.take_seen() if type(wish) is int}
        for player, wish in wishes.items():
            place = self.places.pop(player, 0) + max(-FASTEST, min(FASTEST, wish))
            self.places[player] = max(-EDGE, min(EDGE, place))
        self.places = dict(list(self.places.items())[-PLAYERS:])
        self.tick += 1
        self.guest.client.volatile(ROOM, {"tick": self.tick, "places": self.places}, key="state")


def board(player: Guest) -> dict[str, Any]:
    """The newest state that a player knows; what other players claim is no state."""
    states = [body for sender, body in player.seen if sender == "referee"]
    return max(states, key=lambda state: state["tick"], default={"tick": 0, "places": {}})


def play() -> Iterator[str]:
    """Bob cheats, and Ann loses her connection after the first tick."""
    with Gathering() as gathering:
        referee = Referee(gathering)
        ann, bob = gathering.guest("ann", ROOM), gathering.guest("bob", ROOM)
        for steps in (1, 100, 1, 1):
            bob.client.volatile(ROOM, steps, key="move")
            gathering.until(lambda: referee.guest.seen)
            referee.turn()
            if referee.tick == 1:
                gathering.until(lambda: board(ann)["tick"] == 1)
                ann.lose()
        yield f"bob wanted 100 steps once; ann is away, and knows {board(ann)}"
        ann.back_again(ROOM)
        referee.turn()
        gathering.until(lambda: board(ann)["tick"] == referee.tick)
        yield f"one tick after she is back she knows {board(ann)}"
