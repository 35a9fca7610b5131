"""`check` says in one line how an answer fares, never raises, and comes back from everything."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.course import answers
from wsdemo.course import exercises
from wsdemo.course.exercises import Wrong, check, exercise, refuses, registry, same, show


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

    assert said(capsys, double_it) == "[ ] double_it: not started\n"


def test_a_right_answer(capsys: pytest.CaptureFixture[str]) -> None:
    def double_it(data: bytes) -> bytes:
        return data * 2

    assert said(capsys, double_it) == "[ok] double_it\n"


def test_a_wrong_answer_is_told_in_bytes_and_with_its_seed(capsys: pytest.CaptureFixture[str]) -> None:
    def double_it(data: bytes) -> bytes:
        return data

    text = said(capsys, double_it, seed=7)
    first, second = text.splitlines()
    assert first.startswith("[x] double_it: double_it(")
    assert " should be " in first
    assert second == "    the same inputs again: check(double_it, seed=7)"
    assert said(capsys, double_it, seed=7) == text
    assert said(capsys, double_it) != said(capsys, double_it), "inputs are fresh each time"


def test_an_error_in_the_answer_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    def double_it(data: bytes) -> bytes:
        return data + "more"  # type: ignore[operator,no-any-return]

    assert said(capsys, double_it).startswith("[x] double_it: your code raised TypeError: can't concat str")


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

    assert said(capsys, double_it).startswith(f"[x] double_it: your code raised {leave.__name__}")


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

    assert said(capsys, double_its) == "[x] double_its: no exercise has this name; did you mean double_it?\n"
    assert said(capsys, b"no function").startswith("[x] check wants the function itself")
    assert said(capsys, lambda: 1).startswith("[x] <lambda>: no exercise has this name")


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
            assert len(answers.mistakes(record.lesson, name)) >= 3, f"{name} has too few wrong answers"
            assert record.check.__doc__, f"{name} does not say what it checks"


def test_every_answer_kept_is_one_to_an_exercise() -> None:
    assert answers.folders() <= {(record.lesson, name) for name, record in registry().items()}
