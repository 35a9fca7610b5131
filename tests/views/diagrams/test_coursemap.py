"""The map of the course: complete, in order, and every word inside its box."""

from __future__ import annotations

import textwrap

import pytest

from tests.views.seen import seen, within
from wsdemo.views.diagrams.coursemap import PARTS, coursemap
from wsdemo.views.drawing import theme


def test_it_has_seventeen_lessons_in_order() -> None:
    lessons = [lesson for part in PARTS for lesson in part.lessons]
    assert [lesson.number for lesson in lessons] == list(range(17))
    assert all(15 <= lesson.minutes <= 60 and lesson.question.endswith("?") for lesson in lessons)
    assert len({part.fill for part in PARTS}) == len(PARTS)


def test_the_text_says_all_of_it() -> None:
    text = coursemap().text
    for part in PARTS:
        assert part.title in text
        assert all(lesson.title in text and lesson.question in text for lesson in part.lessons)


def test_it_says_which_lessons_are_not_yet_written() -> None:
    lines = coursemap(range(3)).text.splitlines()
    missing = [line for line in lines if line.endswith("minutes; not yet written)")]
    assert [int(line[:4]) for line in missing] == list(range(3, 17))


@pytest.mark.parametrize("written", [None, (0, 1)])
def test_every_word_stays_inside_the_picture_and_no_two_overlap(written: tuple[int, ...] | None) -> None:
    within(seen(coursemap(written)))


def test_each_box_says_what_the_plan_says() -> None:
    page = seen(coursemap(range(10)))
    boxes = sorted(
        (box for box in page.boxes if box.fill == theme.PAPER and box.width > 50), key=lambda b: (b.y, b.x)
    )
    lessons = [(part, lesson) for part in PARTS for lesson in part.lessons]
    assert len(boxes) == len(lessons)
    for box, (part, lesson) in zip(boxes, lessons, strict=True):
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
        assert [(b.fill, b.dash) for b in strips] == [(part.fill if there else theme.PAPER, box.dash)]


def test_the_name_of_a_part_stands_above_its_lessons() -> None:
    page = seen(coursemap())
    names = [page.find(part.title).y for part in PARTS]
    tops = sorted({box.y for box in page.boxes})
    assert len(tops) == len(names)
    assert all(0 < top - name < 20 for name, top in zip(names, tops, strict=True))
    assert all(foot < name for foot, name in zip((tops[0] + 50, tops[1] + 50), names[1:], strict=False))
