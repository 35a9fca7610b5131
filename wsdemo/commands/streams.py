"""Standard streams as they come: closed, non-blocking, full, without a reader, in any encoding.

::

    stdin    closed: reads as empty                  non-blocking: waits for bytes
    stdout   closed: takes everything                non-blocking: waits for room
             no reader, or a full disk: one OSError that names the stream, and none at exit
    stderr   closed, no reader, or a full disk: its text is lost, and the command goes on

Characters that an encoding lacks are escaped. Knows nothing of the commands.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
from collections.abc import Iterator
from typing import Any, Final, TextIO

INPUT: Final = "standard input"
OUTPUT: Final = "standard output"


class Patient(io.FileIO):
    """The file descriptor of a standard stream; reading and writing wait, also where it is non-blocking.

    Another program that has the same terminal or pipe may have made it so, at any time: EAGAIN is neither the
    end of the input nor a failure of the output. There is no buffer above it: after a Ctrl-C that comes
    between the system call and its result, a buffer would write its bytes again.
    """

    def __init__(self, descriptor: int, mode: str) -> None:
        super().__init__(descriptor, mode, closefd=False)

    def read(self, size: int | None = -1, /) -> bytes:
        """Wait for bytes: up to ``size`` of them, b"" at the end."""
        while (data := super().read(-1 if size is None else size)) is None:
            select.select([self], [], [])
        return data

    def write(self, data: Any, /) -> int:
        """Write all of it, and wait for room where there is none."""
        rest = memoryview(data)
        while rest:
            written = super().write(rest)
            if written is None:
                select.select([], [self], [])
            else:
                rest = rest[written:]
        return len(data)


class Input(Patient):
    """Standard input. An OSError has ``filename``, the stream's name."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As `Patient`."""
        try:
            return super().read(size)
        except OSError as error:
            error.filename = INPUT
            raise


class Output(Patient):
    """Standard output. The first failure is raised and kept in ``failed``; later output is thrown away.

    The OSError has ``filename``, the stream's name.
    """

    failed: OSError | None = None

    def write(self, data: Any, /) -> int:
        """As `Patient`."""
        if self.failed is not None:
            return len(data)
        try:
            return super().write(data)
        except OSError as error:
            error.filename = OUTPUT
            self.failed = error
            raise


class Errors(Patient):
    """Standard error. A failure is not raised: there is no other place to report it."""

    def write(self, data: Any, /) -> int:
        """As `Patient`; where that fails the text is lost."""
        try:
            return super().write(data)
        except OSError:
            return len(data)


@contextlib.contextmanager
def prepared() -> Iterator[None]:
    """A context in which ``sys.stdin``, ``sys.stdout`` and ``sys.stderr`` behave as the module promises."""
    before = sys.stdin, sys.stdout, sys.stderr
    _reserve()
    with open(os.devnull, "r+", encoding="utf-8") as nothing:  # print(file=None) writes to sys.stdout
        sys.stdin = before[0] or nothing
        sys.stdout = _writer(before[1], Output) or nothing
        sys.stderr = _writer(before[2], Errors) or nothing
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before


@contextlib.contextmanager
def complete() -> Iterator[None]:
    """A context whose end raises OSError where not all of the output could be written; inside `prepared`."""
    try:
        yield
    finally:
        sys.stdout.flush()
        output = getattr(sys.stdout, "buffer", None)
        if isinstance(output, Output) and output.failed is not None:  # argparse keeps the error for itself
            raise output.failed


def _reserve() -> None:
    """Open the descriptors 0, 1 and 2 where they are closed: a socket must not get the number of one."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _writer(stream: TextIO | None, kind: type[Patient]) -> TextIO | None:
    """The stream with ``kind`` below it; a stream that is no file of the system stays as it is."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    if type(getattr(stream.buffer, "raw", stream.buffer)) is not io.FileIO:  # with -u there is no buffer
        stream.reconfigure(line_buffering=True, errors="backslashreplace")
        return stream
    file: Any = kind(stream.fileno(), "wb")  # a buffer as far as it is used, as with -u
    return io.TextIOWrapper(file, stream.encoding, "backslashreplace", line_buffering=True)
