"""Parts that the commands share: kinds of arguments, and text that is safe to print."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from wsdemo.protocol.errors import LENGTH, cut
from wsdemo.protocol.url import parse_url, without_secrets
from wsdemo.words import printable

OK: Final = 0
FAILURE: Final = 1
WRONG_USE: Final = 2

#: The address that servers listen on by default.
HOST: Final = "127.0.0.1"

#: Seconds for which one wait lasts. A Ctrl-C that comes just before a wait is noticed after it only, and on
#: Windows no wait can be interrupted.
SLICE: Final = 0.1

Commands = Any  # argparse's own type for it has no public name


def sleep_until(done: Callable[[], bool], seconds: float = math.inf) -> None:
    """Wait until ``done()`` is true, at most ``seconds``.

    By ``time.sleep``, not by an Event, whose lock stays taken where a Ctrl-C comes as it is taken.
    """
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(SLICE)


class Failure(Exception):
    """A command can't do what was asked: its text is one line with the reason."""


def listening_port(text: str) -> int:
    """A port to listen on; 0 for any free one.

    >>> listening_port("1234")
    1234
    """
    return _number(text, 0)


def port(text: str) -> int:
    """A port to connect to.

    >>> port("70000")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: '70000' is no port, expected 1 to 65535
    """
    return _number(text, 1)


def positive(text: str) -> int:
    """A whole number, 1 or more.

    >>> positive("1024")
    1024
    """
    with contextlib.suppress(ValueError):  # more digits than Python reads
        if text.isascii() and text.isdigit() and (number := int(text)) > 0:
            return number
    raise argparse.ArgumentTypeError(f"{cut(repr(text))}, expected a whole number from 1")


def _number(text: str, least: int) -> int:
    with contextlib.suppress(ValueError):
        if text.isascii() and text.isdigit() and least <= (number := int(text)) <= 65535:
            return number
    raise argparse.ArgumentTypeError(f"{cut(repr(text))} is no port, expected {least} to 65535")


def seconds(text: str) -> float:
    """A time in seconds, more than 0.

    >>> seconds("0.5")
    0.5
    """
    with contextlib.suppress(ValueError):
        value = float(text)
        if 0 < value < math.inf:
            return value
    raise argparse.ArgumentTypeError(f"{text!r} seconds, expected more than 0")


def websocket_url(text: str) -> str:
    """The URL of a WebSocket.

    >>> websocket_url("example.com")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: 'example.com' is not a WebSocket URL: ws://host:port/path is needed
    """
    try:
        parse_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def output_file(text: str) -> str:
    """A file that can be written at the end, checked now, not when hours of work would be lost.

    >>> output_file("/no/such/folder/a.json")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: /no/such/folder/a.json: No such file or directory
    """
    if _is_pipe(text):
        return text  # opened once only
    try:
        new = not os.path.lexists(text)
        open(text, "ab").close()  # its content stays until the end
        if new:
            os.unlink(text)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(reason(error)) from None
    return text


def _is_pipe(path: str) -> bool:
    """A pipe or a device."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def different(**files: str | None) -> None:
    """Raise Failure where two options name one file: the second would overwrite the first."""
    named = [(option, os.path.realpath(file)) for option, file in files.items() if file]
    for (first, path), (second, other) in itertools.combinations(named, 2):
        if path == other and not _is_pipe(path):
            raise Failure(f"--{first} and --{second} name the same file, {path}")


def write_files(*outputs: tuple[str | None, Callable[[str], object]]) -> None:
    """Write each file by its function, also where another one fails. Raises Failure that names those."""
    failed = []
    for path, write in outputs:
        if path is None:
            continue
        try:
            write(path)
        except (OSError, ValueError) as error:
            failed.append(f"{path}: {error.strerror if isinstance(error, OSError) else error}")
    if failed:
        raise Failure("; ".join(failed))


def endpoint(host: str, port: int) -> str:
    """Host and port as they stand in a URL.

    >>> endpoint("127.0.0.1", 1234), endpoint("::1", 1234)
    ('127.0.0.1:1234', '[::1]:1234')
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def line(text: str, length: int = LENGTH) -> str:
    r"""One line on stderr: escaped, without secrets of a URL, and of at most ``length`` characters.

    >>> line("no ws://a.example/?token=s3cret")
    'no ws://a.example/?...'
    >>> len(line("\x1b" * 300))
    300
    """
    words = [
        word if "?..." in word or "://" not in word else without_secrets(word) for word in text.split(" ")
    ]
    return cut(printable(" ".join(words)), length)


def say(text: str) -> None:
    """Print on stderr: for a person, not for a program that reads our output."""
    print(line(text), file=sys.stderr)


def reason(error: BaseException) -> str:
    """The text of an error, without its number; with the name of the file, where it concerns one.

    >>> reason(OSError(98, "port in use")), reason(OSError(2, "no such file", "a.json"))
    ('port in use', 'a.json: no such file')
    """
    if not isinstance(error, OSError) or not error.strerror:
        return printable(str(error))
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    return printable(where + error.strerror)
