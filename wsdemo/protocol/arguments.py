"""Checks of arguments: a wrong one is refused by the call that got it, not later and elsewhere.

::

    port: got the text '8000', expected a whole number from 0 to 65535
    ╰┬─╯      ╰──────┬───────╯          ╰──────────────┬─────────────╯
    name      what was given              what it takes

TypeError for a value of the wrong kind, ValueError for a wrong value of the right kind.
Knows nothing of what an option means: that is documented beside the option.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Iterable, Mapping
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from .headers import shown


def wrong_kind(name: str, value: object, expected: str) -> TypeError:
    """The error for a value of another kind.

    >>> print(wrong_kind("trace", True, "a Trace or None"))
    trace: got True, expected a Trace or None
    """
    return TypeError(f"{name}: got {got(value)}, expected {expected}")


def wrong_value(name: str, value: object, expected: str) -> ValueError:
    """The error for a wrong value of the right kind."""
    return ValueError(f"{name}: got {got(value)}, expected {expected}")


def got(value: object) -> str:
    """A value in a few words: numbers and texts are shown, of anything else the type.

    >>> got("8000"), got(-1.5), got([1, 2]), got(int)
    ("the text '8000'", '-1.5', 'a value of type list', 'the class int')
    """
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if value is None or isinstance(value, (bool, float)):
        return repr(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() < 128 else f"a number of {value.bit_length()} bits"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"a value of type {type(value).__name__}"


def check_kind(name: str, value: object, kind: type | tuple[type, ...], expected: str) -> None:
    """Raise TypeError unless ``value`` is an instance of ``kind``; None only where ``kind`` includes it."""
    if not isinstance(value, kind):
        raise wrong_kind(name, value, expected)


def check_flag(name: str, value: object) -> None:
    """Raise TypeError for anything but True or False, such as 1."""
    check_kind(name, value, bool, "True or False")


def check_whole(name: str, value: Any, least: int, most: int | None = None) -> None:
    """Require a whole number from ``least`` to ``most``: not True, which is 1 to Python, and not 1e6.

    Raises TypeError or ValueError.

    >>> check_whole("port", 8000.0, 0, 65535)
    Traceback (most recent call last):
    TypeError: port: got 8000.0, expected a whole number from 0 to 65535
    """
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole and least <= value and (most is None or value <= most):
        return
    expected = f"a whole number from {least}" + ("" if most is None else f" to {most}")
    raise wrong_value(name, value, expected) if whole else wrong_kind(name, value, expected)


def check_seconds(name: str, value: Any, most: float = math.inf) -> None:
    """Require a number of seconds over 0, up to ``most``; not True, and not NaN, which no clock ever reaches.

    Raises TypeError or ValueError.

    >>> check_seconds("every", -1)
    Traceback (most recent call last):
    ValueError: every: got -1, expected a number of seconds, more than 0
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and 0 < value <= most:
        return
    expected = "a number of seconds, more than 0" + ("" if most == math.inf else f" and at most {most:,.0f}")
    raise wrong_value(name, value, expected) if number else wrong_kind(name, value, expected)


def list_of(name: str, values: Any, expected: str = "a list of names") -> tuple[Any, ...]:
    """The elements of a list, in their order; also of a generator, which can be read only once.

    TypeError for a text: ``"a" in "abc"`` is true, so that each part of it would count as an element.
    """
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise wrong_kind(name, values, expected)
    return tuple(values)


def check_function(name: str, function: Any, arguments: int, expected: str) -> None:
    """Require a function of ``arguments`` arguments whose work is done when its call returns; else TypeError.

    Calling an ``async def`` function only makes a coroutine. Nothing awaits it here, and as a truth value it
    would be a yes. A generator function is the same trap.

    >>> async def authorize(request):
    ...     return "Ana"
    >>> check_function("authorize", authorize, 1, "a function")
    Traceback (most recent call last):
    TypeError: authorize: got an asynchronous function, which nothing awaits here; expected a function
    """
    if isinstance(function, type):
        raise wrong_kind(name, function, expected)
    check_callable(name, function, expected)
    try:
        signature = inspect.signature(function, follow_wrapped=False)
    except (TypeError, ValueError):
        return  # it does not say what it takes
    try:
        signature.bind(*[None] * arguments)
    except TypeError:
        raise TypeError(f"{name}: got a function of {str(signature)[:60]}, expected {expected}") from None


def check_callable(name: str, function: Any, expected: str) -> None:
    """Raise TypeError for what can't be called, or whose call does not do its work (see `check_function`)."""
    if not callable(function):
        raise wrong_kind(name, function, expected)
    what = _not_done_by_its_call(function)
    if what is not None:
        raise TypeError(f"{name}: got {what} here; expected {expected}")


def check_done(name: str, result: object) -> None:
    """Raise TypeError where a call gave a coroutine or a generator, whose work has not begun.

    For functions that do not show beforehand that they give one, such as ``lambda: coroutine()``.
    """
    if isinstance(result, (CoroutineType, GeneratorType)):
        result.close()  # or Python warns that it was never awaited
    elif not (isinstance(result, AsyncGeneratorType) or hasattr(type(result), "__await__")):
        return
    raise TypeError(f"{name} gave {got(result)}, which nothing awaits here: what it stands for is not done")


def _not_done_by_its_call(function: Any) -> str | None:
    """The reason to refuse a function whose call only gives a coroutine or generator; None for others."""
    while isinstance(function, functools.partial):
        function = function.func
    for called in (function, type(function).__call__):  # of an object, what its call calls
        if inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called):
            return "an asynchronous function, which nothing awaits"
        if inspect.isgeneratorfunction(called):
            return "a generator function, which nothing iterates over"
    return None
