"""The map of the course: complete, in order, and every word inside its box."""

from __future__ import annotations

import pytest

from wsdemo.views.coursemap import PARTS, coursemap


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
    picture = coursemap(written)
    canvas = picture.figure
    canvas.canvas.draw()
    boxes = [text.get_window_extent() for text in canvas.axes[0].texts]
    width, height = canvas.get_size_inches() * canvas.dpi
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height for box in boxes)
    clashes = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.shrunk(0.95, 0.9).overlaps(b)]
    assert not clashes
