"""Exercises: an answer is a function, and `check` prints its verdict in one line.

    [ ] mask: not started (written? run its cell first)
    [no] mask: with key 37fa213d, the piece 'lo' at offset 3 should be 51 58; got 5b 95
    [ok] mask

A lesson's exercises live in `wsdemo/course/lesson_NN.py`, one check function each:

    @exercise()
    def double(answer, random):
        data = random.randbytes(random.randint(1, 9))
        same(answer(data), data + data, f"double({show(data)})")

The function's name is the exercise's. It calls the learner's `answer` with inputs drawn from `random`, so
that no answer can be hard-coded, and raises `Wrong` with bytes in the message. Plausible wrong answers, and
right ones of many kinds, are kept in `tests/course`: the tests prove that `check` tells them apart. Knows
no notebook, but asks `restart` for the cell that would bind a name which is not there.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import linecache
import os
import pkgutil
import random
import re
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from wsdemo.course import notes, restart

NOT_STARTED: Final = "not started (written? run its cell first)"

Check = Callable[[Callable[..., Any], random.Random], None]

DEADLINE: Final = 5.0  # seconds that an answer may take, all its inputs together
SHOWN: Final = 24  # bytes of a value, or items of a list, that a message shows


class Wrong(Exception):
    """A fault of an answer, in one line, in bytes: the expected value, and the one that was got."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise: its name, the lesson's number, the check, seconds it may take."""

    name: str
    lesson: int
    check: Check
    deadline: float


def check(answer: object, *, seed: int | None = None) -> None:
    """Print the verdict on an answer to an exercise. Never raises, and returns from an endless loop.

    `answer` is your function (or class); its name says which exercise it answers. The inputs are drawn anew
    each time; `seed` repeats those of an earlier call. In a folder with a record the outcome is noted
    there (`wsdemo.course.notes`).

    >>> def no_such_exercise(): ...
    >>> check(no_such_exercise)
    [no] no_such_exercise: no exercise has this name
    """
    name = getattr(answer, "__name__", None)
    if not callable(answer) or not isinstance(name, str):
        print(f"[no] check wants the function itself, as in check(mask); got {show(answer)}")
        return
    exercise = registry().get(name)
    if exercise is None:
        near = difflib.get_close_matches(name, registry(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        print(f"[no] {name}: no exercise has this name{hint}")
        return
    chosen = secrets.randbelow(1_000_000) if seed is None else seed
    verdict = _run(exercise, answer, chosen)
    again, _checked[name] = _checked.get(name) is answer, answer
    if verdict != NOT_STARTED:
        notes.note(name, verdict is None)
    if verdict is None:
        print(f"[ok] {name}")
    elif verdict == NOT_STARTED:
        print(f"[ ] {name}: {verdict}")
    else:
        print(f"[no] {name}: {verdict}")
        print(f"    the same inputs again: check({name}, seed={chosen})")
        if again and seed is None:
            print("    this is what you checked before: if you have edited it, run its cell first")


# The tools of check functions


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
        for module in pkgutil.iter_modules([os.path.dirname(__file__)]):
            if module.name.startswith("lesson_"):
                importlib.import_module(f"wsdemo.course.{module.name}")
        _loaded.append(True)
    return _REGISTRY


def show(value: object) -> str:
    """A value as messages show it: bytes in hex, long ones cut with their length, in lists and tuples too.

    >>> show(b"Hello"), show("Hello"), show(None), show(b"")
    ('48 65 6c 6c 6f', "'Hello'", 'None', 'no bytes')
    >>> show(([b"He", 7], ()))
    '([48 65, 7], ())'
    >>> show(bytes(1000))
    '00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 … (1000 bytes)'
    """
    if isinstance(value, bytes | bytearray | memoryview):
        more = f" … ({len(value)} bytes)" if len(value) > SHOWN else ""
        return bytes(value[:SHOWN]).hex(" ") + more or "no bytes"
    if isinstance(value, socket.socket):
        return "sock"
    if type(value) in (list, tuple):
        return _one_line(_in_brackets(value))
    try:
        return _one_line(repr(value))
    except Exception:
        return object.__repr__(value)


def as_bytes(got: object, what: str) -> bytes:
    """A bytes-like result as bytes; raise `Wrong` for every other kind.

    >>> as_bytes(bytearray(b"Hi"), "the rest")
    b'Hi'
    >>> as_bytes(2, "the rest")
    Traceback (most recent call last):
        ...
    wsdemo.course.exercises.Wrong: the rest should be bytes; got 2, of type int
    """
    if isinstance(got, bytes | bytearray | memoryview):
        return bytes(got)
    raise Wrong(f"{what} should be bytes; got {kind(got)}")


def kind(got: object) -> str:
    """A value and its type, as messages name what is of the wrong type.

    >>> kind("tea"), kind(None)
    ("'tea', of type str", 'None')
    """
    return show(got) if got is None else f"{show(got)}, of type {type(got).__name__}"


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
_checked: dict[str, object] = {}  # the answer that was checked last, by name
_NOTHING: Final = object()


class _TooLong(BaseException):
    """Raised inside an answer that runs past its deadline: no Exception, so that no answer swallows it."""


class _Watched:
    """An answer, its last call and the result, so that a message about an error shows its input."""

    def __init__(self, answer: Callable[..., Any], name: str) -> None:
        self._answer, self._name = answer, name
        self.called = ""  # the last call, as messages show it
        self.gave: object = _NOTHING
        self.raised: BaseException | None = None

    def __call__(self, *args: Any, **options: Any) -> Any:
        result = self.call(self._answer, self._name, *args, **options)
        return _Instance(result, self) if isinstance(self._answer, type) else result

    def call(self, function: Callable[..., Any], name: str, /, *args: Any, **options: Any) -> Any:
        """Call a function or method of the learner's."""
        given = [show(value) for value in args] + [f"{key}={show(value)}" for key, value in options.items()]
        self.called, self.gave = f"{name}({', '.join(given)})", _NOTHING
        try:
            self.gave = function(*args, **options)
        except BaseException as error:
            self.raised = error
            raise
        if inspect.iscoroutine(self.gave):
            self.gave.close()
            raise Wrong(f"{self.called} gave a coroutine: write def, not async def")
        return self.gave


class _Instance:
    """An object of a learner's class, whose methods are watched."""

    def __init__(self, instance: object, watched: _Watched) -> None:
        self._instance, self._watched = instance, watched

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._instance, name)
        return functools.partial(self._watched.call, value, name) if callable(value) else value


def _run(exercise: Exercise, answer: Callable[..., Any], seed: int) -> str | None:
    """Run a check in a thread of its own, up to its deadline; the fault, or None if all is well."""
    said: list[str | None] = []
    watched = _Watched(answer, exercise.name)

    def body() -> None:
        try:
            exercise.check(watched, random.Random(seed))
            said.append(None)
        except BaseException as error:  # whatever the learner's code does, the notebook goes on
            said.append(_verdict(error, watched, exercise.name))

    thread = threading.Thread(target=body, name=f"check {exercise.name}", daemon=True)
    try:
        thread.start()
        thread.join(exercise.deadline)
        if thread.is_alive():
            return _end(thread, exercise.deadline)
    except KeyboardInterrupt:
        _end(thread, exercise.deadline)
        return "interrupted"
    return said[0]


def _end(thread: threading.Thread, deadline: float) -> str:
    """Stop a thread by raising in it. That reaches Python code, not a wait inside a system call."""
    import ctypes  # CPython's own way; needed only here

    late = f"still running after {deadline:g} seconds"
    for _ in range(10):  # a thread that it starts just then may have the same number, and be hit instead
        number, raised = ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_TooLong)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(number, raised)
        thread.join(0.1)
        if not thread.is_alive():
            return f"{late}, so it was stopped: is there a loop that never ends?"
    return f"{late}: it waits for something that never comes. It still waits; restart the kernel to end it"


def _verdict(error: BaseException, watched: _Watched, name: str) -> str:
    """The message for an error: a `Wrong` has its own; others come from the answer, or from its result."""
    if isinstance(error, Wrong):
        return _one_line(str(error), 400)
    if isinstance(error, NotImplementedError):
        missing = _raiser(error)
        if missing == name or missing not in _REGISTRY:
            return NOT_STARTED
        return f"it calls {missing}, which is not written yet"
    if type(error) is NameError and (
        first := restart.advice(error.name or "", restart.cells_of_this_notebook())
    ):
        return first
    line = _where(error)
    if error is watched.raised or line or watched.gave is _NOTHING:
        return f"{watched.called}: your code raised {_named(error)}{line}"
    return f"{watched.called} gave {kind(watched.gave)}: the exercise asks for something else"


def _raiser(error: BaseException) -> str:
    """The function, or the class of the method, that raised."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    whole = traceback.tb_frame.f_code.co_qualname if traceback else ""
    return whole.rpartition("<locals>.")[2].split(".")[0]


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


def _in_brackets(values: Any) -> str:
    items = [show(value) for value in values[:SHOWN]] + ["…"] * (len(values) > SHOWN)
    if isinstance(values, list):
        return f"[{', '.join(items)}]"
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _named(error: BaseException) -> str:
    text = _one_line(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _names(errors: type[Exception] | tuple[type[Exception], ...]) -> str:
    return " or ".join(error.__name__ for error in (errors if isinstance(errors, tuple) else (errors,)))


def _one_line(text: str, most: int = 120) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
