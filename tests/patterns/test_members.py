"""Who is told of whom, and when."""

from __future__ import annotations

from tests.patterns.house import welcomed


def test_presence_is_told_together_to_those_who_asked(house):
    place = house()
    ann, bob = welcomed(place), welcomed(place, "bob")
    assert "members" not in bob.join()
    place.tick(0.5)
    assert ann.join(presence=True)["members"] == ["ann", "bob"]
    eve, other = welcomed(place, "eve"), welcomed(place, "bob", "laptop")
    eve.join()
    other.join()
    place.tick(0.5)
    change = ann.until("presence")
    assert (change["joined"], change["left"]) == (["ann", "eve"], []) or change["joined"] == ["ann"]
    for client in (eve, other):  # bob is still here by another device
        client.ws.close()
    place.tick(0.5)
    while "eve" not in change["left"]:
        change = ann.until("presence")
        assert "bob" not in change["left"]
    place.tick(0.5)
    place.tick(0.5)  # nothing is new, and nothing is told
    ann.join("#other")


def test_a_client_without_a_word_is_asked_and_then_counts_as_left(house):
    place = house()
    ann, bob = welcomed(place), welcomed(place, "bob")
    ann.join(presence=True)
    bob.join()
    place.tick(26.0)
    for client in (ann, bob):
        client.until("ping")
    ann.say("pong")
    ann.join("#other")  # its answer: the pong was heard
    place.tick(15.0)
    while "bob" not in ann.until("presence")["left"]:
        pass
    bob.say("pong")
    bob.join("#other")
    place.tick(0.5)
    while "bob" not in ann.until("presence")["joined"]:
        pass
