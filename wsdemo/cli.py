"""The command line: one parser, and for each command a function that adds it and one that runs it.

::

    time-server   welcome, then the time every 3 seconds, to any number of clients
    time-client   prints each message as it comes
    sniff         tracing proxy in front of any WebSocket server
    doctor        checks the machine and the environment

Exit status: 0 when it went well or Ctrl-C ended it, 1 for a failure, 2 for wrong use; errors are one line on
stderr. What a peer said is escaped before it is printed. What a command needs is imported when it runs. Knows
nothing of sockets.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from wsdemo.rawtcp import Peer

OK: Final = 0
FAILURE: Final = 1
WRONG_USE: Final = 2

#: Where the time server listens unless told otherwise.
HOST: Final = "127.0.0.1"
PORT: Final = 1234

#: Lines that wait to be printed at most; beyond it they are counted, not kept.
LINES: Final = 1000
#: Characters of one message that the server's log shows.
SHOWN: Final = 200

#: Seconds for which one wait lasts on Windows, where a waiting thread can't be interrupted by Ctrl-C.
SLICE: Final = 0.25 if os.name == "nt" else None

Commands = Any  # argparse's own type for it has no public name


class Failure(Exception):
    """A command can't do what was asked: its text is the one line that says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` (default: those of this process) ask for; gives the exit status."""
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a line is seen when it is printed, whatever its alphabet
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    try:
        with terminable():
            return int(options.run(options))
    except KeyboardInterrupt:
        return OK
    except BrokenPipeError:  # who read our output has left, as `head` does
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except (Failure, OSError) as error:
        print(f"wsdemo {options.command}: {reason(error)}", file=sys.stderr)
        return FAILURE


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = Parser(prog="wsdemo", description="See how WebSockets work.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for add in COMMANDS:
        add(commands)
    return top


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USE, f"{self.prog}: {printable(message)}; see {self.prog} --help\n")


# -- time-server ---------------------------------------------------------------------------------------------


def add_time_server(commands: Commands) -> None:
    """``time-server [--protocol P] [--host H] [--port N] [--every SECONDS]``"""
    command = commands.add_parser("time-server", help="welcomes each client and tells everyone the time")
    add_protocol(command)
    command.add_argument(
        "--host", default=HOST, help="address to listen on (%(default)s; 0.0.0.0: all of IPv4)"
    )
    command.add_argument("--port", type=listening_port, default=PORT, help="%(default)s; 0: any free one")
    command.add_argument(
        "--every", type=seconds, default=3.0, help="seconds between two messages (%(default)s)"
    )
    command.set_defaults(run=time_server)


def time_server(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C. The server's thread records, this one prints."""
    from wsdemo.rawtcp import TimeServer

    only_raw(options)
    journal = Journal()
    with TimeServer(
        journal.said,
        options.host,
        options.port,
        on_open=journal.came,
        on_close=journal.left,
        every=options.every,
    ) as server:
        where = endpoint(server.host, server.port)
        print(f"time server on {where} ({options.protocol}), every {options.every:g} s; Ctrl-C ends it")
        for line in journal:
            print(line)
    return OK


class Journal:
    """What happens to a server, told by its thread in lines that another thread prints. Bounded."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._missed = 0  # written by the server's thread only

    def came(self, peer: Peer) -> None:
        """A client has come."""
        self._add(f"client {peer.id} came from {endpoint(*peer.address[:2])}")

    def said(self, peer: Peer, text: str) -> None:
        """A client said something."""
        more = f"… ({len(text)} characters)" if len(text) > SHOWN else ""
        self._add(f"client {peer.id} says: {printable(text[:SHOWN])}{more}")

    def left(self, peer: Peer) -> None:
        """A client has gone."""
        why = f": {reason(peer.error)}" if peer.error is not None else ""
        self._add(f"client {peer.id} left{why}")

    def _add(self, line: str) -> None:
        if self._lines.qsize() >= LINES:
            self._missed += 1
            return
        if self._missed:
            self._lines.put(f"({self._missed} lines not shown)")
            self._missed = 0
        self._lines.put(line)

    def __iter__(self) -> Iterator[str]:
        """Every line, as it comes, without end."""
        while True:
            try:
                yield self._lines.get(timeout=SLICE)
            except queue.Empty:
                continue


# -- time-client ---------------------------------------------------------------------------------------------


def add_time_client(commands: Commands) -> None:
    """``time-client [HOST] [--protocol P] [--port N]``"""
    command = commands.add_parser("time-client", help="prints what a time server says")
    command.add_argument("host", nargs="?", default=HOST, metavar="HOST", help="of the server (%(default)s)")
    add_protocol(command)
    command.add_argument("--port", type=port, default=PORT, help="of the server (%(default)s)")
    command.set_defaults(run=time_client)


def time_client(options: argparse.Namespace) -> int:
    """Print each message until the server ends, or Ctrl-C."""
    from wsdemo.rawtcp import TimeClient

    only_raw(options)
    with TimeClient(options.host, options.port) as client:
        for message in client:
            print(printable(message))
        if client.error is not None:
            raise Failure(f"the connection broke: {reason(client.error)}")
    return OK


# -- sniff ---------------------------------------------------------------------------------------------------


def add_sniff(commands: Commands) -> None:
    """``sniff URL [--host H] [--port N] [--save FILE] [--pcap FILE] [--secrets] [--rewrite yes|no]``"""
    command = commands.add_parser("sniff", help="shows what passes between a client and a WebSocket server")
    command.add_argument("url", metavar="URL", help="the server: ws://host:port/ or wss://…")
    command.add_argument("--host", default=HOST, help="address to listen on (%(default)s)")
    command.add_argument("--port", type=listening_port, default=0, help="%(default)s; 0: any free one")
    command.add_argument("--save", metavar="FILE", help="write the record there at the end (JSON lines)")
    command.add_argument("--pcap", metavar="FILE", help="and a capture for Wireshark")
    command.add_argument(
        "--secrets", action="store_true", help="keep cookies, tokens and queries in these files"
    )
    command.add_argument(
        "--rewrite",
        choices=("yes", "no"),
        help="whether Host and Origin name the server (only where it is not on this machine)",
    )
    command.set_defaults(run=sniff)


def sniff(options: argparse.Namespace) -> int:
    """Print every packet until Ctrl-C, then write the files."""
    from wsdemo.trace.sniffer import Sniffer

    try:
        rewrite = {"yes": True, "no": False}.get(options.rewrite)
        sniffer = Sniffer(options.url, host=options.host, port=options.port, rewrite=rewrite)
    except ValueError as error:
        raise Failure(str(error)) from None
    trace, keep = sniffer.trace, options.save or options.pcap
    try:
        with sniffer:
            here, there = (
                url.partition("?")[0] for url in (sniffer.url, options.url)
            )  # a query may be secret
            print(f"connect to {here} instead of {printable(there)}; Ctrl-C ends it")
            for line in sniffer.lines(keep=bool(keep)):
                print(printable(line))
    finally:
        if options.save:
            trace.save(options.save, redact=not options.secrets)
        if options.pcap:
            trace.to_pcap(options.pcap, redact=not options.secrets)
    return OK


# -- doctor --------------------------------------------------------------------------------------------------


def add_doctor(commands: Commands) -> None:
    """``doctor``"""
    command = commands.add_parser("doctor", help="checks this machine and environment, with remedies")
    command.set_defaults(run=doctor)


def doctor(options: argparse.Namespace) -> int:
    """Print the report; a failure if something the course needs is missing."""
    from wsdemo.course import doctor as examine

    report = examine()
    print(report)
    return OK if report.ok else FAILURE


COMMANDS: Final[tuple[Callable[[Commands], None], ...]] = (
    add_time_server,
    add_time_client,
    add_sniff,
    add_doctor,
)


# -- what commands share -------------------------------------------------------------------------------------


def add_protocol(command: argparse.ArgumentParser) -> None:
    """``--protocol raw|websocket``"""
    command.add_argument(
        "--protocol", choices=("raw", "websocket"), default="raw", help="what is spoken (%(default)s)"
    )


def only_raw(options: argparse.Namespace) -> None:
    """Raises Failure for the protocol that these commands do not speak."""
    if options.protocol != "raw":
        raise Failure(f"--protocol {options.protocol} is not there yet; use --protocol raw")


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


def _number(text: str, least: int) -> int:
    if text.isascii() and text.isdigit() and least <= int(text[:9]) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port, expected {least} to 65535")


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


def endpoint(host: str, port: int) -> str:
    """Host and port as they are written.

    >>> endpoint("127.0.0.1", 1234), endpoint("::1", 1234)
    ('127.0.0.1:1234', '[::1]:1234')
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def printable(text: str) -> str:
    r"""The text with all that a terminal might obey, or that hides, written as escapes.

    >>> printable("caf\u00e9 \x1b[2J\n\u202e")
    'café \\x1b[2J\\n\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def reason(error: Exception) -> str:
    """What an error says, without its number.

    >>> reason(OSError(98, "port in use"))
    'port in use'
    """
    return printable((error.strerror if isinstance(error, OSError) else None) or str(error))


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Inside, Ctrl-C and SIGTERM raise KeyboardInterrupt, also where SIGINT was ignored, as behind ``&``."""
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
