"""`check` says in one line how an answer fares, never raises, and comes back from everything."""

from __future__ import annotations

import json
import random
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.course import answers
from wsdemo.course import exercises
from wsdemo.course.exercises import (
    NOT_STARTED,
    Wrong,
    as_bytes,
    check,
    exercise,
    refuses,
    registry,
    same,
    show,
)

SEVENTH = "e4 4d a7 f2 9e 26"  # the input that seed 7 draws


@pytest.fixture(autouse=True)
def doubling() -> Iterator[None]:
    """One exercise of our own, taken out of the registry afterwards."""
    registry()

    def double_it(answer: Callable[..., Any], rng: random.Random) -> None:
        data = rng.randbytes(rng.randint(1, 9))
        same(answer(data), data + data, f"double_it({show(data)})")

    exercise(deadline=0.3)(double_it)
    yield
    del exercises._REGISTRY["double_it"]


def said(capsys: pytest.CaptureFixture[str], answer: object, seed: int | None = None) -> str:
    check(answer, seed=seed)
    return capsys.readouterr().out


def test_the_stub_is_not_started(capsys: pytest.CaptureFixture[str]) -> None:
    def double_it(data: bytes) -> bytes:
        raise NotImplementedError

    assert said(capsys, double_it) == f"[ ] double_it: {NOT_STARTED}\n"


def test_a_right_answer(capsys: pytest.CaptureFixture[str]) -> None:
    def double_it(data: bytes) -> bytes:
        return data * 2

    assert said(capsys, double_it) == "[ok] double_it\n"


def test_a_wrong_answer_is_told_in_bytes_and_with_its_seed(capsys: pytest.CaptureFixture[str]) -> None:
    def double_it(data: bytes) -> bytes:
        return data

    text = said(capsys, double_it, seed=7)
    first, second = text.splitlines()
    assert first.startswith("[no] double_it: double_it(")
    assert " should be " in first
    assert second == "    the same inputs again: check(double_it, seed=7)"
    assert said(capsys, double_it, seed=7) == text
    assert said(capsys, double_it) != said(capsys, double_it), "inputs are fresh each time"


def test_an_error_in_the_answer_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    def double_it(data: bytes) -> bytes:
        return data + "more"  # type: ignore[operator,no-any-return]

    first = said(capsys, double_it, seed=7).splitlines()[0]
    assert (
        first
        == f"[no] double_it: double_it({SEVENTH}): your code raised TypeError: can't concat str to bytes"
    )


def test_the_line_that_raised_is_shown_when_it_is_a_cell(capsys: pytest.CaptureFixture[str]) -> None:
    import linecache

    source = "def double_it(data):\n    return data[99]\n"
    linecache.cache["<cell>"] = (len(source), None, source.splitlines(keepends=True), "<cell>")
    namespace: dict[str, Any] = {}
    exec(compile(source, "<cell>", "exec"), namespace)
    assert ", in the line: return data[99]" in said(capsys, namespace["double_it"])


@pytest.mark.parametrize("leave", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_leaving_the_interpreter_is_no_way_out(
    capsys: pytest.CaptureFixture[str], leave: type[BaseException]
) -> None:
    def double_it(data: bytes) -> bytes:
        raise leave

    assert said(capsys, double_it).splitlines()[0].endswith(f"): your code raised {leave.__name__}")


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (7, "gave 7, of type int: the exercise asks for something else"),
        (None, "gave None: the exercise asks for something else"),
        (("a", b"b"), "gave ('a', 62), of type tuple: the exercise asks for something else"),
    ],
)
def test_a_result_that_breaks_the_check_is_told_as_a_result(
    capsys: pytest.CaptureFixture[str], result: object, told: str
) -> None:
    def careless(answer: Callable[..., Any], rng: random.Random) -> None:
        same(answer(b"x").hex().lower(), "78", "x in hex")

    exercise(deadline=0.3)(careless)

    def answer(data: bytes) -> object:
        return result

    answer.__name__ = "careless"
    assert said(capsys, answer).splitlines()[0] == f"[no] careless: careless(78) {told}"
    del exercises._REGISTRY["careless"]


def test_a_coroutine_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    async def double_it(data: bytes) -> bytes:
        return data * 2

    assert "gave a coroutine: write def, not async def" in said(capsys, double_it)


def test_a_method_that_raises_is_told_with_what_it_was_given(capsys: pytest.CaptureFixture[str]) -> None:
    def Counter(answer: Callable[..., Any], rng: random.Random) -> None:
        counter = answer(3)
        same(counter.step, 3, "the step")
        same(counter.count(b"ab", times=2), 6, "the count")

    exercise(deadline=0.3)(Counter)
    check_function, given = Counter, type("Counter", (), {"__init__": _init, "count": _count})
    assert said(capsys, given).splitlines()[0] == (
        "[no] Counter: count(61 62, times=2): your code raised LookupError: 2 times"
    )
    del exercises._REGISTRY[check_function.__name__]


def _init(self: Any, step: int) -> None:
    self.step = step


def _count(self: Any, data: bytes, times: int) -> int:
    raise LookupError(f"{times} times")


def test_a_part_that_is_not_written_yet_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    def mask_piece(data: bytes) -> bytes:  # an exercise of lesson 05
        raise NotImplementedError

    def double_it(data: bytes) -> bytes:
        return mask_piece(data)

    assert said(capsys, double_it).startswith(
        "[no] double_it: it calls mask_piece, which is not written yet\n"
    )


def test_a_name_of_a_cell_that_was_not_run_is_told_with_the_cell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lesson.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": ["FACTOR = 2"]}]}))
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))

    def double_it(data: bytes) -> bytes:
        return data * FACTOR  # type: ignore[name-defined] # noqa: F821

    told = "FACTOR is not there yet. Run first the cell that begins `FACTOR = 2`"
    assert said(capsys, double_it).startswith(f"[no] double_it: {told}")
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert "): your code raised NameError: name 'FACTOR' is not defined" in said(capsys, double_it)


def test_a_second_check_of_the_same_cell_asks_whether_it_was_run(capsys: pytest.CaptureFixture[str]) -> None:
    def first(data: bytes) -> bytes:
        return data

    def second(data: bytes) -> bytes:
        return data

    first.__name__ = second.__name__ = "double_it"
    asks = "if you have edited it, run its cell first"
    assert asks not in said(capsys, first)
    assert asks in said(capsys, first)
    assert asks not in said(capsys, first, seed=3), "the same inputs were asked for"
    assert asks not in said(capsys, second)


def test_values_are_shown_in_the_terms_of_the_lesson() -> None:
    class Shy:
        def __repr__(self) -> str:
            raise RuntimeError

    assert show([b"ab", ("c",)]) == "[61 62, ('c',)]"
    assert show(list(range(99))).endswith("22, 23, …]")
    assert show(memoryview(b"ab")) == "61 62"
    assert "Shy object" in show(Shy())
    with socket.socket() as sock:
        assert show(sock) == "sock"
    assert as_bytes(memoryview(b"ab"), "the rest") == b"ab"
    for wrong in (5, None, "ab", [97, 98]):
        with pytest.raises(Wrong, match="the rest should be bytes; got"):
            as_bytes(wrong, "the rest")


def test_an_endless_loop_is_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    def double_it(data: bytes) -> bytes:
        while True:
            try:
                data.count(b"")
            except Exception:
                continue

    assert "still running after 0.3 seconds, so it was stopped" in said(capsys, double_it)
    assert "check double_it" not in {thread.name for thread in threading.enumerate()}


def test_waiting_forever_is_left_behind(capsys: pytest.CaptureFixture[str]) -> None:
    gate = threading.Lock()
    gate.acquire()

    def double_it(data: bytes) -> bytes:
        with gate:
            return data

    assert "waits for something that never comes" in said(capsys, double_it)
    gate.release()


def test_names_that_are_no_exercise(capsys: pytest.CaptureFixture[str]) -> None:
    def double_its() -> None: ...

    assert said(capsys, double_its) == "[no] double_its: no exercise has this name; did you mean double_it?\n"
    assert said(capsys, b"no function").startswith("[no] check wants the function itself")
    assert said(capsys, lambda: 1).startswith("[no] <lambda>: no exercise has this name")


def test_one_name_is_one_exercise() -> None:
    def double_it(answer: Callable[..., Any], rng: random.Random) -> None: ...

    double_it.__module__ = "wsdemo.course.lesson_77"
    with pytest.raises(ValueError, match="two exercises are called double_it"):
        exercise()(double_it)


def test_same_and_refuses() -> None:
    same(bytearray(b"x"), b"x", "a bytearray will do")
    with pytest.raises(Wrong, match="should be True; got 1"):
        same(1, True, "a truth")
    refuses((ValueError, KeyError), lambda: {}["x"], "a lookup")
    with pytest.raises(Wrong, match=r"a lookup should raise ValueError; it raised KeyError: 'x'"):
        refuses(ValueError, lambda: {}["x"], "a lookup")

    def stub() -> None:
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        refuses(RuntimeError, stub, "a stub is a stub")


def test_every_exercise_of_the_course_is_complete() -> None:
    for name, record in registry().items():
        if record.lesson >= 0:
            assert len(answers.mistakes(record.lesson, name)) >= 8, f"{name} has too few wrong answers"
            assert len(answers.others(record.lesson, name)) >= 2, f"{name} has too few right answers"
            assert record.check.__doc__, f"{name} does not say what it checks"


def test_every_answer_kept_is_one_to_an_exercise() -> None:
    assert answers.folders() <= {(record.lesson, name) for name, record in registry().items()}


def test_a_wrong_answer_says_what_must_be_said_to_it_and_a_right_one_passes() -> None:
    wrong = {answer.name: answer.line for answer in answers.mistakes(8, "send_message")}
    assert wrong["two_writes"] == "[no] send_message: …is held back"
    assert {answer.line for answer in answers.others(8, "send_message")} == {"[ok] send_message"}


KINDS = [None, 7, True, "text", b"text", [b"x", 1], (None, None), ([], None), object(), iter("ab")]
CLASSES = {"Allowance", "Keepalive", "Newest", "Once", "Opening", "Watch"}  # their methods count
UNUSED = {"tell_others", "send_what_fits", "send_message"}  # what they give back does not count


@pytest.mark.parametrize("name", [name for name in registry() if name not in {*UNUSED, *CLASSES}])
def test_a_result_of_any_kind_is_told_in_the_terms_of_the_exercise(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """None, numbers, text, lists: nothing breaks a check, and nothing is told as an error raised."""
    for kind in KINDS:

        def answer(*_: object, kind: object = kind) -> object:
            return kind

        answer.__name__ = name
        first = said(capsys, answer, seed=1).splitlines()[0]
        assert first.startswith(f"[no] {name}: ")
        assert "your code raised" not in first
        assert "asks for something else" not in first
