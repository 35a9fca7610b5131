"""The game keeps its promise: the next tick shows everything, and the rules bound every move."""

from __future__ import annotations

from wsdemo.demos.game import ROOM, Referee, board
from wsdemo.demos.gathering import Gathering


def test_a_slow_and_a_lost_player_see_the_newest_state() -> None:
    with Gathering() as gathering:
        referee = Referee(gathering)
        bob, slow, lost = (gathering.guest(name, ROOM) for name in ("bob", "slow", "lost"))
        slow.freeze()
        lost.lose()
        for _ in range(20):
            referee.turn()
        gathering.until(lambda: board(bob)["tick"] == 20)
        slow.thaw()
        lost.back_again(ROOM)
        referee.turn()
        gathering.until(lambda: board(slow)["tick"] == board(lost)["tick"] == 21)


def test_wishes_beyond_the_rules_are_cut() -> None:
    with Gathering() as gathering:
        referee, cheat = Referee(gathering), gathering.guest("cheat", ROOM)
        cheat.client.volatile(ROOM, 100)
        cheat.client.volatile(ROOM, -100)  # the newest of a tick counts
        gathering.until(lambda: len(referee.guest.seen) == 2)
        referee.turn()
        assert referee.places == {"cheat": -1}


def test_only_the_referee_is_believed() -> None:
    with Gathering() as gathering:
        referee, ann, cheat = Referee(gathering), gathering.guest("ann", ROOM), gathering.guest("cheat", ROOM)
        cheat.client.volatile(ROOM, {"tick": 99, "places": {"cheat": 1000}})
        gathering.until(lambda: ann.seen)
        assert board(ann) == {"tick": 0, "places": {}}
        assert referee.tick == 0


def test_nothing_but_whole_numbers_is_a_wish_and_the_field_has_edges() -> None:
    with Gathering() as gathering:
        referee, ann = Referee(gathering), gathering.guest("ann", ROOM)
        wishes = ({"tick": 99}, "1", True, 1.5, None, [1], {"typing": True})
        for turn in range(12):
            ann.client.volatile(ROOM, 1)
            for wish in wishes:
                ann.client.volatile(ROOM, wish)
            referee.guest.wait_seen(1 + len(wishes))
            referee.turn()
            assert referee.places == {"ann": min(turn + 1, 10)}


def test_those_who_have_moved_last_are_on_the_field() -> None:
    with Gathering() as gathering:
        referee = Referee(gathering)
        players = [gathering.guest(f"p{number}", ROOM) for number in range(9)]
        for player in (*players[:8], players[0], players[8]):
            player.client.volatile(ROOM, 1)
            referee.guest.wait_seen(1)
            referee.turn()
        assert referee.places.keys() == {f"p{number}" for number in range(9) if number != 1}
