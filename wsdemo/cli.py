"""The command line: one parser, and for each command a module of `wsdemo.commands`.

::

    time-server   welcome, then the time every 3 seconds, to any number of clients
    time-client   prints each message as it comes
    echo          sends every message back
    talk          a line typed is a message sent
    chat          rooms, mailboxes and a page to use them
    sniff         tracing proxy in front of any WebSocket server
    doctor        checks the machine and the environment
    lessons       your own copies of the lessons, to write in
    progress      which exercises are solved
    bench         measures the speed, beside others
    compare       one server on six libraries, measured and checked
    demo          an application in miniature, by its name

Exit status: 0 when it went well or Ctrl-C ended it, 1 for a failure, 2 for wrong use. An error is one line
on stderr, of at most 300 characters. Text from a peer is escaped before it is printed. A command imports
its modules when it runs. Knows nothing of sockets.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NoReturn

from wsdemo.commands import (
    bench,
    chat,
    compare,
    demo,
    doctor,
    echo,
    lessons,
    progress,
    sniff,
    talk,
    timeserver,
)
from wsdemo.commands.shared import FAILURE, OK, WRONG_USE, Commands, Failure, line, reason
from wsdemo.commands.streams import complete, prepared
from wsdemo.protocol.errors import LENGTH

COMMANDS: Final[tuple[Callable[[Commands], None], ...]] = (
    timeserver.add_server,
    timeserver.add_client,
    echo.add,
    talk.add,
    chat.add,
    sniff.add,
    doctor.add,
    lessons.add,
    progress.add,
    bench.add,
    compare.add,
    demo.add,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command in ``arguments`` (default: those of this process); returns the exit status."""
    name = "wsdemo"
    with prepared():
        try:
            with complete(), terminable():
                options = parser().parse_args(arguments)
                name = f"wsdemo {options.command}"
                return int(options.run(options))
        except KeyboardInterrupt:
            # Where it has passed through an exec of text, as in `dataclass` during an import, Python keeps
            # that in mind, and would end by SIGINT in spite of our status. The next exec forgets it.
            exec("")
            return OK
        except BrokenPipeError:  # the reader of our output has left, as `head` does
            return FAILURE
        except (Failure, OSError) as error:
            print(line(f"{name}: {reason(error)}"), file=sys.stderr)
            return FAILURE


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = Parser(prog="wsdemo", description="See how WebSockets work.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for add in COMMANDS:
        add(commands)
    return top


class Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        tail = f"; see {self.prog} --help"
        self.exit(WRONG_USE, line(f"{self.prog}: {message}", LENGTH - len(tail)) + tail + "\n")


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM raise KeyboardInterrupt, also where SIGINT was ignored, as behind ``&``."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
