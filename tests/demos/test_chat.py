"""The chat keeps its promise: each sentence once and in order, for a slow member and a lost one too."""

from __future__ import annotations

from wsdemo.demos.chat import ROOM, typing
from wsdemo.demos.gathering import Gathering

SENTENCES = [f"{number} " + "word " * 2000 for number in range(40)]


def test_a_slow_and_a_lost_member_hear_every_sentence_once() -> None:
    with Gathering() as gathering:
        ann, slow, lost = (gathering.guest(name, ROOM) for name in ("ann", "slow", "lost"))
        slow.freeze()
        lost.lose()
        typing(ann)
        for sentence in SENTENCES:
            ann.client.publish(ROOM, sentence)
        assert ann.wait(len(SENTENCES)) == SENTENCES, "the others are not held up"
        slow.thaw()
        lost.back_again(ROOM)
        assert slow.wait(len(SENTENCES)) == SENTENCES
        assert lost.wait(len(SENTENCES)) == SENTENCES
        assert (slow.told, lost.told, lost.seen) == ([], [], [])


def test_typing_is_not_kept_for_a_newcomer() -> None:
    with Gathering() as gathering:
        ann, bob = gathering.guest("ann", ROOM), gathering.guest("bob", ROOM)
        typing(ann)
        gathering.until(lambda: bob.seen)
        late = gathering.guest("late", ROOM)
        ann.say(ROOM, "hello")
        assert late.wait(1) == ["hello"] and late.seen == []
