"""The document keeps its promise: the same edits give the same text, in any order, even twice."""

from __future__ import annotations

from wsdemo.demos.document import Editor
from wsdemo.demos.gathering import Gathering


def test_a_slow_and_a_lost_editor_have_the_same_text_at_last() -> None:
    with Gathering() as gathering:
        ann, slow, lost = (Editor(gathering, name) for name in ("ann", "slow", "lost"))
        slow.guest.freeze()
        lost.guest.lose()
        for number, editor in enumerate((ann, slow, lost, ann, slow, lost)):
            editor.write(f"{number} 👋 ")
        slow.guest.thaw()
        lost.guest.back()
        gathering.until(lambda: all(len(one.guest.heard) == 6 for one in (ann, slow, lost)))
        assert str(ann.text) == str(slow.text) == str(lost.text)
        assert sorted(str(ann.text).split()) == sorted(["0", "1", "2", "3", "4", "5"] + ["👋"] * 6)


def test_an_edit_that_is_heard_twice_changes_nothing() -> None:
    with Gathering() as gathering:
        ann = Editor(gathering, "ann")
        late = Editor(gathering, "late")
        ann.write("tea")
        ann.write("hot ", snapshot=True)  # holds the first edit too
        late.guest.wait(2)
        assert str(late.text) == "hot tea"


def test_a_newcomer_reads_the_snapshot_and_the_edits_behind_it() -> None:
    with Gathering() as gathering:
        ann = Editor(gathering, "ann")
        for number in range(5):
            ann.write(str(number), snapshot=number == 4)
        ann.guest.wait(5)
        snapshot = ann.guest.offset
        ann.write("!")
        late = Editor(gathering, "late", snapshot - 1)
        assert len(late.guest.wait(2)) == 2
        assert str(late.text) == "!43210"
