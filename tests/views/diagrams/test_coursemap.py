"""The map of the course: complete, in order, and every word inside its box."""

from __future__ import annotations

import textwrap

import pytest

from tests.views.seen import seen, within
from wsdemo.lessons import LESSONS, PARTS
from wsdemo.views.diagrams.coursemap import FILLS, coursemap
from wsdemo.views.drawing import theme


def test_each_part_has_a_colour_of_its_own() -> None:
    assert len(set(FILLS)) == len(FILLS) == len(PARTS)


def test_the_text_says_all_of_it() -> None:
    text = coursemap().text
    for part in PARTS:
        assert part.title in text
        assert all(lesson.title in text and lesson.question in text for lesson in part.lessons)


def test_it_says_which_lessons_are_not_yet_written() -> None:
    lines = coursemap(range(3)).text.splitlines()
    missing = [line for line in lines if line.endswith("minutes; not yet written)")]
    assert [int(line[:4]) for line in missing] == list(range(3, 17))
    assert coursemap().text == coursemap(lesson.number for lesson in LESSONS if lesson.file).text


def test_it_says_what_is_solved() -> None:
    """A count where something is, and a mark where all is: in the picture and in its text."""
    solved = {0: (4, 4), 1: (0, 4), 4: (1, 5), 12: (2, 4)}
    drawn = coursemap(range(10), solved)
    lines = [line for line in drawn.text.splitlines() if "solved" in line]
    assert [line.rpartition("; ")[2] for line in lines] == [
        "4 of 4 exercises solved)",
        "1 of 5 exercises solved)",
    ]
    assert [int(line[:4]) for line in lines] == [0, 4]
    page = seen(drawn)
    within(page)
    for lesson, text in ((0, "4 of 4 ✓"), (4, "1 of 5")):
        title = next(word for word in page.words if word.text.startswith(f"{lesson:02d} · "))
        word = page.find(text)
        assert word.bold and word.left == title.left and word.y > title.y
    assert sum("of" in word.text.split() and word.text[0].isdigit() for word in page.words) == 2


@pytest.mark.parametrize("written", [None, (0, 1), range(17)])
def test_every_word_stays_inside_the_picture_and_no_two_overlap(written: tuple[int, ...] | None) -> None:
    within(seen(coursemap(written)))
    within(seen(coursemap(written, dict.fromkeys(range(17), (10, 10)))))


def test_each_box_says_what_the_plan_says() -> None:
    page = seen(coursemap(range(10)))
    boxes = sorted(
        (box for box in page.boxes if box.fill == theme.PAPER and box.width > 50), key=lambda b: (b.y, b.x)
    )
    lessons = [(fill, lesson) for part, fill in zip(PARTS, FILLS, strict=True) for lesson in part.lessons]
    assert len(boxes) == len(lessons)
    for box, (fill, lesson) in zip(boxes, lessons, strict=True):
        there = lesson.number < 10
        minutes = f"{lesson.minutes} min" if there else "not yet written"
        said = " ".join(page.inside(box))
        assert said == f"{lesson.number:02d} · {lesson.title} {lesson.question} {minutes}"
        words = [word for word in page.words if box.holds(word.middle, word.y)]
        assert all(box.x < word.left and word.right < box.right for word in words)
        assert [word.text for word in words if word.bold] == textwrap.wrap(
            f"{lesson.number:02d} · {lesson.title}", max(len(word.text) for word in words if word.bold)
        )
        assert bool(box.dash) == (not there)
        strips = [
            b for b in page.boxes if (b.x, b.y, b.height) == (box.x, box.y, box.height) and b is not box
        ]
        assert [(b.fill, b.dash) for b in strips] == [(fill if there else theme.PAPER, box.dash)]


def test_the_name_of_a_part_stands_above_its_lessons() -> None:
    page = seen(coursemap())
    names = [page.find(part.title).y for part in PARTS]
    tops = sorted({box.y for box in page.boxes})
    assert len(tops) == len(names)
    assert all(0 < top - name < 20 for name, top in zip(names, tops, strict=True))
    assert all(foot < name for foot, name in zip((tops[0] + 50, tops[1] + 50), names[1:], strict=False))
