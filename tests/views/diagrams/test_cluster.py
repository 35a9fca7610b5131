"""Who hears a message on several nodes, and what the picture says of it."""

from __future__ import annotations

import pytest

from tests.views.seen import seen
from wsdemo.views.diagrams.cluster import BROKER, MOST, PEOPLE, choices, cluster, describe, hearers, members

ALL = [(nodes, killed) for nodes in range(1, MOST + 1) for killed in choices(nodes)]


@pytest.mark.parametrize(("nodes", "killed"), ALL)
def test_no_one_is_lost_or_doubled(nodes: int, killed: str) -> None:
    found = members(nodes, killed)
    assert sorted(person for people in found.values() for person in people) == sorted(PEOPLE)
    heard = hearers(nodes, killed)
    home = next(people for people in found.values() if PEOPLE[0] in people)
    if killed == BROKER:
        assert heard == sorted(set(home) - {PEOPLE[0]})
    elif nodes > 1 or killed == "nothing":
        assert len(heard) == len(PEOPLE) - 1
    else:
        assert heard == []


@pytest.mark.parametrize(("nodes", "killed"), ALL)
def test_the_picture_says_what_the_text_says(nodes: int, killed: str) -> None:
    words = {words.text for words in seen(cluster(nodes, killed)).words}
    lines = describe(nodes, killed).splitlines()
    assert lines[0] in words
    for name, people in members(nodes, killed).items():
        assert (f"{name} ✗ killed" if name == killed else name) in words
        for person in people:
            assert any(word.startswith(person) for word in words)
    said = {word.split()[0] for word in words if word.endswith("(hears)")}
    told = {part.split()[-2] for line in lines for part in line.split(",") if part.endswith("(hears)")}
    assert said == told == set(hearers(nodes, killed))
    assert ("broker ✗ killed" in words) == (killed == BROKER)


@pytest.mark.parametrize(("nodes", "killed"), [(0, "nothing"), (5, "nothing"), (2, "node 3"), (2, "rain")])
def test_what_is_not_there_is_refused(nodes: int, killed: str) -> None:
    with pytest.raises(ValueError, match="expected 1 to 4"):
        cluster(nodes, killed)
