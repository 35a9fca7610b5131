"""The table of the lessons holds: notebooks call themselves as it does, and every other place agrees."""

from __future__ import annotations

import re

from tools import notebooks
from wsdemo.course.exercises import registry
from wsdemo.lessons import LESSONS, PARTS, Lesson

FUTURE = [lesson for lesson in LESSONS if not lesson.file]
WRITTEN = [lesson for lesson in LESSONS if lesson.file]


def test_seventeen_lessons_in_order() -> None:
    assert [lesson.number for lesson in LESSONS] == list(range(17))
    assert [len(part.lessons) for part in PARTS] == [3, 5, 3, 5, 1]
    assert all(lesson.question.endswith("?") for lesson in LESSONS)
    assert all(15 <= lesson.minutes <= 90 for lesson in LESSONS)


def test_every_notebook_is_in_the_table() -> None:
    assert [lesson.file for lesson in WRITTEN] == [path.name for path in notebooks.lessons()]
    assert all(lesson.file.startswith(f"{lesson.number:02d}_") for lesson in WRITTEN)


def test_a_notebook_calls_itself_as_the_table_does() -> None:
    """`# 04 · Every bit of a frame — what do 2 to 14 bytes say?`, and its minutes below."""
    for lesson in WRITTEN:
        head = notebooks.read(notebooks.LESSONS / lesson.file).cells[0].source
        title, minutes = re.findall(r"^# \d\d · (.+?) [—–] [^*]+\*(\d+) minutes", head)[0]
        assert (title, int(minutes)) == (lesson.title, lesson.minutes)


def test_the_minutes_of_a_lesson_add_up() -> None:
    for lesson in WRITTEN:
        head = notebooks.read(notebooks.LESSONS / lesson.file).cells[0].source
        whole, reading, doing = re.findall(
            r"\*(\d+) minutes: (\d+) reading and running, (\d+) exercises", head
        )[0]
        assert int(whole) == int(reading) + int(doing), lesson.file


def rows(markdown: str, link: str) -> list[Lesson]:
    """The lessons in a table of Markdown, with a link to each."""
    found = re.findall(rf"(?m)^\| (\d\d) \| \[(.+?)\]\({link}(.+?)\) \| (.+\?) \| (\d+) \|$", markdown)
    return [
        Lesson(int(number), title, question, int(minutes), file)
        for number, title, file, question, minutes in found
    ]


def test_the_readme_shows_the_table() -> None:
    readme = (notebooks.ROOT / "README.md").read_text(encoding="utf-8")
    assert rows(readme, "notebooks/") == WRITTEN


def test_the_first_lesson_shows_the_table() -> None:
    """As HTML does, without a link to itself."""
    cells = notebooks.read(notebooks.lessons()[0]).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"(?m)^\| \[(\d\d) · (.+?)\]", r"| \1 | [\2]", text)
    assert rows(text, "") == WRITTEN[1:]


def test_every_exercise_belongs_to_a_lesson() -> None:
    assert {one.lesson for one in registry().values()} == {lesson.number for lesson in WRITTEN}


def test_lessons_say_what_later_ones_are_about() -> None:
    """A lesson that is not yet written is named by its subject, beside its number."""
    about = {
        10: "rooms",
        11: "reconnect|come back",
        12: "browser",
        13: "TLS|token",
        14: "attack",
        15: "ping|stops",
        16: "choose",
    }
    for lesson in WRITTEN:
        for cell in notebooks.read(notebooks.LESSONS / lesson.file).cells:
            for line in cell.source.split("\n\n"):
                for number in re.findall(r"[Ll]esson (1[0-6])\b", line):
                    assert re.search(about[int(number)], line, re.IGNORECASE), f"{lesson.file}: {line}"
