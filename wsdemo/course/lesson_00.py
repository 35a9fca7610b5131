"""The exercises of lesson 00: how an exercise works, and that a word is bytes."""

from __future__ import annotations

import random
from collections.abc import Callable

from wsdemo.course.doctor import Finding, Report, doctor, examine
from wsdemo.course.exercises import Mistake, Wrong, exercise, same

LETTERS = ("abc", "xyz", "éàü", "ñß", "日本", "Ω", "👋", "🎉", " ")

WELL = Finding("clock", "ticks finely enough", "1 ns")
NOTE = Finding("tshark", "good to have", "not there", remedy="install it, if you like", required=False)
ILL = Finding("packages", "all are there", "one is missing", remedy="make lab, then restart the kernel")


@exercise(
    Mistake("def is_green(report):\n    return True", "should be False"),
    Mistake(
        "def is_green(report):\n    return all(finding.ok for finding in report.findings)", "should be True"
    ),
    Mistake("def is_green(report):\n    return 'all is well'", "should be False"),
    Mistake("def is_green(report):\n    print(report)", "should be"),
    deadline=20.0,
)
def is_green(answer: Callable[[Report], bool], rng: random.Random) -> None:
    """True for a report without problems; and the report of this very machine is one."""
    cases = [
        ((ILL,), "one check, which found a problem"),
        ((WELL, ILL), "two checks, of which one found a problem"),
        ((WELL,), "one check, in which all is well"),
        ((WELL, NOTE), "one check, in which all is well, and a note about what is merely good to have"),
    ]
    start = rng.randrange(len(cases))  # so that no order of questions can be learnt by heart
    order = cases[:1] + cases[start:] + cases[:start]
    for findings, what in order:
        report = examine(findings)
        same(answer(report), report.ok, f"for a report of {what}, the result")
    mine = doctor()
    same(answer(mine), mine.ok, "for the report of this machine, the result")
    if not mine.ok:
        problem = mine.problems[0]
        raise Wrong(
            f"your function is right, but the doctor is not content: {problem.name}: {problem.remedy}"
        )


@exercise(
    Mistake("def word_to_bytes(word):\n    return word.encode('latin-1', 'replace')", "should be"),
    Mistake("def word_to_bytes(word):\n    return bytes(ord(char) % 256 for char in word)", "should be"),
    Mistake("def word_to_bytes(word):\n    return len(word.encode())", "should be"),
    Mistake("def word_to_bytes(word):\n    return word.encode().hex(' ')", "should be"),
    Mistake(
        "def word_to_bytes(word):\n    return word.encode('ascii')", "your code raised UnicodeEncodeError"
    ),
)
def word_to_bytes(answer: Callable[[str], bytes], rng: random.Random) -> None:
    """A word's UTF-8 bytes (RFC 3629), whatever letters it has."""
    for size in (1, 3, 5):
        letters = [rng.choice(rng.choice(LETTERS)) for _ in range(size)] + ["é", rng.choice("日👋")]
        rng.shuffle(letters)
        word = "".join(letters)
        same(answer(word), word.encode(), f"the bytes of {word!r}")
