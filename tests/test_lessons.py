"""The table of the lessons holds: notebooks call themselves as it does, and every other place agrees."""

from __future__ import annotations

import re
from typing import Any

from tools import notebooks
from wsdemo.course.exercises import registry
from wsdemo.lessons import LESSONS, PARTS, Lesson

FUTURE = [lesson for lesson in LESSONS if not lesson.file]
WRITTEN = [lesson for lesson in LESSONS if lesson.file]
LONGEST = 60  # minutes of a sitting


def test_seventeen_lessons_in_order() -> None:
    assert [lesson.number for lesson in LESSONS] == list(range(17))
    assert [len(part.lessons) for part in PARTS] == [3, 5, 3, 5, 1]
    assert all(lesson.question.endswith("?") for lesson in LESSONS)
    assert all(15 <= minutes <= LONGEST for lesson in LESSONS for minutes in lesson.sittings)


def test_every_notebook_is_in_the_table() -> None:
    assert [lesson.file for lesson in WRITTEN] == [path.name for path in notebooks.lessons()]
    assert all(lesson.file.startswith(f"{lesson.number:02d}_") for lesson in WRITTEN)


def cells_of(lesson: Lesson) -> list[Any]:
    return list(notebooks.read(notebooks.LESSONS / lesson.file).cells)


def minutes(source: str) -> tuple[int, int]:
    """`*50 minutes: 30 reading and running, 20 exercises.`: those for reading, and those for exercises."""
    whole, reading, doing = re.findall(
        r"(?m)^\*(\d+) minutes[^:]*: (\d+) reading and running, (\d+) exercises\.", source
    )[0]
    assert int(whole) == int(reading) + int(doing), source[:200]
    return int(reading), int(doing)


def test_a_notebook_calls_itself_as_the_table_does() -> None:
    """`# 04 · Every bit of a frame — what do 2 to 14 bytes say?`, and its minutes below."""
    for lesson in WRITTEN:
        head = cells_of(lesson)[0].source
        title, said = re.findall(r"^# \d\d · (.+?) [—–] [^*]+\*(.+?):", head)[0]
        assert title == lesson.title
        whole = f"{sum(lesson.sittings)} minutes"
        assert said == (whole if len(lesson.sittings) == 1 else f"{whole} in two sittings, {lesson.minutes}")


def test_a_second_sitting_says_where_it_begins_and_its_minutes() -> None:
    """Before it something works and is said to end; after it, what to run first."""
    for lesson in WRITTEN:
        cells = cells_of(lesson)
        seconds = [cell.source for cell in cells if "## Second sitting\n" in cell.source]
        assert len(seconds) == len(lesson.sittings) - 1, lesson.file
        for source in seconds:
            first, _, second = source.partition("## Second sitting\n")
            assert "**Here the first sitting ends.** You " in first
            assert "Run → Run All Above Selected Cell" in second
            assert sum(minutes(second)) == lesson.sittings[1]


def test_the_minutes_are_those_of_what_is_read_run_and_written() -> None:
    """As lessons 00, 02 and 03 took by the clock: 200 words, 12 lines of code or 4 cells a minute.

    What is folded away is not counted. An exercise takes 4 to 9 minutes.
    """
    for lesson in WRITTEN:
        cells = cells_of(lesson)
        prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        code = [cell.source for cell in cells if cell.cell_type == "code"]
        words = re.sub(r"(?s)<details>.*?</details>|(?<=\])\([^)]*\)", "", prose).split()
        lines = [line for source in code for line in source.splitlines() if line]
        estimate = len(words) / 200 + len(lines) / 12 + len(code) / 4
        reading, doing = minutes(cells[0].source)
        assert abs(reading - estimate) <= max(5, estimate / 5), f"{lesson.file}: {estimate:.0f} minutes"
        exercises = len(re.findall(r"(?m)^### Exercise", prose))
        assert 3.5 <= doing / exercises <= 9, lesson.file


def rows(markdown: str, link: str) -> list[Lesson]:
    """The lessons in a table of Markdown, with a link to each."""
    found = re.findall(
        rf"(?m)^\| (\d\d) \| \[(.+?)\]\({link}(.+?)\) \| (.+\?) \| (\d+(?: \+ \d+)?) \|$", markdown
    )
    return [
        Lesson(int(number), title, question, tuple(map(int, shown.split(" + "))), file)
        for number, title, file, question, shown in found
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
    about = {12: "browser", 13: "TLS|token", 14: "attack", 15: "ping|stops"}
    for lesson in WRITTEN:
        about.pop(lesson.number, None)
    for lesson in WRITTEN:
        for cell in notebooks.read(notebooks.LESSONS / lesson.file).cells:
            for line in cell.source.split("\n\n"):
                for number in re.findall(r"[Ll]esson (1[0-6])\b", line):
                    subject = about.get(int(number), "")
                    assert re.search(subject, line, re.IGNORECASE), f"{lesson.file}: {line}"
