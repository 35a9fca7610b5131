"""Exercises: an answer is a function, and `check` says in one line how it fares.

    [ ] mask: not started
    [x] mask: with key 37fa213d, the piece 'lo' at offset 3 should be 51 58; got 5b 95
    [ok] mask

A lesson's exercises live in `wsdemo/course/lesson_NN.py`, one check function each:

    @exercise()
    def double(answer, random):
        data = random.randbytes(random.randint(1, 9))
        same(answer(data), data + data, f"double({show(data)})")

The function's name is the exercise's. It calls the learner's `answer` with inputs drawn from `random`, so
that no answer can be hard-coded, and raises `Wrong` with bytes in the message. Plausible wrong answers, and
right ones of many kinds, are kept in `tests/course`: the tests prove that `check` tells them apart. Knows
nothing of notebooks.
"""

from __future__ import annotations

import difflib
import importlib
import linecache
import pkgutil
import random
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

Check = Callable[[Callable[..., Any], random.Random], None]

DEADLINE: Final = 5.0  # seconds that an answer may take, all its inputs together
SHOWN: Final = 24  # bytes of a value that a message shows


class Wrong(Exception):
    """What is wrong with an answer, in one line, in bytes: what should be there, and what was got."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise: its name, the lesson's number, the check, seconds it may take."""

    name: str
    lesson: int
    check: Check
    deadline: float


def check(answer: object, *, seed: int | None = None) -> None:
    """Print how an answer to an exercise fares. Never raises, and comes back from an endless loop.

    `answer` is your function (or class); its name says which exercise it answers. The inputs are drawn anew
    each time; `seed` repeats those of an earlier call.

    >>> def no_such_exercise(): ...
    >>> check(no_such_exercise)
    [x] no_such_exercise: no exercise has this name
    """
    name = getattr(answer, "__name__", None)
    if not callable(answer) or not isinstance(name, str):
        print(f"[x] check wants the function itself, as in check(mask); got {_one_line(repr(answer))}")
        return
    exercise = registry().get(name)
    if exercise is None:
        near = difflib.get_close_matches(name, registry(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        print(f"[x] {name}: no exercise has this name{hint}")
        return
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    error = _run(exercise, answer, seed)
    if error is None:
        print(f"[ok] {name}")
    elif isinstance(error, NotImplementedError):
        print(f"[ ] {name}: not started")
    else:
        print(f"[x] {name}: {_verdict(error)}")
        print(f"    the same inputs again: check({name}, seed={seed})")


# What check functions are written with


def exercise(*, deadline: float = DEADLINE) -> Callable[[Check], Check]:
    """Register a check function under its own name; the number of its module is that of the lesson."""

    def register(function: Check) -> Check:
        name = function.__name__
        number = re.search(r"lesson_(\d+)$", function.__module__)
        lesson = int(number[1]) if number else -1
        earlier = _REGISTRY.get(name)
        if earlier is not None and earlier.lesson != lesson:
            raise ValueError(f"two exercises are called {name}: in lessons {earlier.lesson} and {lesson}")
        _REGISTRY[name] = Exercise(name, lesson, function, deadline)
        return function

    return register


def registry() -> dict[str, Exercise]:
    """All exercises by name, of all lessons."""
    if not _loaded:
        from wsdemo import course

        for module in pkgutil.iter_modules(course.__path__):
            if module.name.startswith("lesson_"):
                importlib.import_module(f"wsdemo.course.{module.name}")
        _loaded.append(True)
    return _REGISTRY


def show(value: object) -> str:
    """A value as messages show it: bytes in hex, long ones cut with their length.

    >>> show(b"Hello"), show("Hello"), show(None), show(b"")
    ('48 65 6c 6c 6f', "'Hello'", 'None', 'no bytes')
    >>> show(bytes(1000))
    '00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 … (1000 bytes)'
    """
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        more = f" … ({len(data)} bytes)" if len(data) > SHOWN else ""
        return data[:SHOWN].hex(" ") + more or "no bytes"
    return _one_line(repr(value))


def same(got: object, wanted: object, what: str) -> None:
    """Raise `Wrong` unless an answer's value is the wanted one, of the wanted type.

    >>> same(b"Hello", b"Hellp", "mask(b'Hello')")
    Traceback (most recent call last):
        ...
    wsdemo.course.exercises.Wrong: mask(b'Hello') should be 48 65 6c 6c 70; got 48 65 6c 6c 6f
    """
    if got == wanted and isinstance(got, bool) == isinstance(wanted, bool):
        return
    raise Wrong(f"{what} should be {show(wanted)}; got {show(got)}")


def refuses(
    errors: type[Exception] | tuple[type[Exception], ...], call: Callable[[], object], what: str
) -> None:
    """Raise `Wrong` unless the call raises one of these errors.

    >>> refuses(ValueError, lambda: int("7"), "int('7')")
    Traceback (most recent call last):
        ...
    wsdemo.course.exercises.Wrong: int('7') should raise ValueError; got 7
    """
    try:
        got = call()
    except NotImplementedError:
        raise
    except errors:
        return
    except Exception as error:
        raise Wrong(f"{what} should raise {_names(errors)}; it raised {_named(error)}") from error
    raise Wrong(f"{what} should raise {_names(errors)}; got {show(got)}")


# Its parts

_REGISTRY: dict[str, Exercise] = {}
_loaded: list[bool] = []


class _TooLong(BaseException):
    """Raised inside an answer that runs past its deadline: no Exception, so that no answer swallows it."""


def _run(exercise: Exercise, answer: Callable[..., Any], seed: int) -> BaseException | None:
    """Run a check in a thread of its own, up to its deadline; what it raised, or None if all is well."""
    caught: list[BaseException] = []

    def body() -> None:
        try:
            exercise.check(answer, random.Random(seed))
        except BaseException as error:  # whatever the learner's code does, the notebook goes on
            caught.append(error)

    thread = threading.Thread(target=body, name=f"check {exercise.name}", daemon=True)
    try:
        thread.start()
        thread.join(exercise.deadline)
        if thread.is_alive():
            return _end(thread, exercise.deadline)
    except KeyboardInterrupt:
        _end(thread, exercise.deadline)
        return Wrong("interrupted")
    return caught[0] if caught else None


def _end(thread: threading.Thread, deadline: float) -> Wrong:
    """Stop a thread by raising in it. That reaches Python code, not a wait inside a system call."""
    import ctypes  # CPython's own way; needed only here

    late = f"still running after {deadline:g} seconds"
    for _ in range(10):  # a thread that it starts just then goes by the same number, and is hit instead
        number, raised = ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_TooLong)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(number, raised)
        thread.join(0.1)
        if not thread.is_alive():
            break
    else:
        return Wrong(
            f"{late}: it waits for something that never comes. It still waits; restart the kernel to end it"
        )
    return Wrong(f"{late}, so it was stopped: is there a loop that never ends?")


def _verdict(error: BaseException) -> str:
    """What to say of an error: a `Wrong` speaks for itself, anything else came from the learner's code."""
    if isinstance(error, Wrong):
        return _one_line(str(error), 400)
    return f"your code raised {_named(error)}{_where(error)}"


def _where(error: BaseException) -> str:
    """The line that raised, if it is the learner's own (a notebook's cell, not a file of the package)."""
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    for filename, line in reversed(frames):
        if "ipykernel_" in filename or filename.startswith("<"):
            source = linecache.getline(filename, line).strip()
            return f", in the line: {source}" if source else ""
    return ""


def _named(error: BaseException) -> str:
    text = _one_line(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _names(errors: type[Exception] | tuple[type[Exception], ...]) -> str:
    return " or ".join(error.__name__ for error in (errors if isinstance(errors, tuple) else (errors,)))


def _one_line(text: str, most: int = 120) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
