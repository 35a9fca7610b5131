"""The map of the course: complete, in order, and every word inside its box."""

from __future__ import annotations

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


def test_every_word_stays_inside_the_picture_and_no_two_overlap() -> None:
    picture = coursemap()
    canvas = picture.figure
    canvas.canvas.draw()
    boxes = [text.get_window_extent() for text in canvas.axes[0].texts]
    width, height = canvas.get_size_inches() * canvas.dpi
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height for box in boxes)
    clashes = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.shrunk(0.95, 0.9).overlaps(b)]
    assert not clashes
