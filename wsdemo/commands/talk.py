"""``talk``: a line typed is a message sent, and messages that come are printed.

::

    keyboard ──► its thread ── send, at the end close ──►┐
                                                         ├── connection
    screen   ◄── main thread ◄── recv ───────────────────┘
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from wsdemo.commands.shared import OK, Commands, Failure, say, websocket_url
from wsdemo.commands.streams import Input
from wsdemo.protocol.url import without_secrets
from wsdemo.words import printable

if TYPE_CHECKING:
    from wsdemo import Connection, Trace

#: Seconds between two looks for new frames.
LOOK: Final = 0.1
#: Bytes of a binary message that are shown.
SHOWN: Final = 32
#: Bytes of frames on record that are kept; those shown are forgotten then.
KEPT: Final = 1 << 20
#: Bytes taken from the keyboard at once.
PIECE: Final = 65536


def add(commands: Commands) -> None:
    """``talk URL [--frames] [--origin ORIGIN] [--subprotocol NAME]``"""
    command = commands.add_parser("talk", help="a line typed is a message sent")
    command.add_argument("url", metavar="URL", type=websocket_url, help="ws://host:port/ or wss://…")
    command.add_argument("--frames", action="store_true", help="show every frame, with its opcode and size")
    command.add_argument("--origin", help="the web page that a browser would name")
    command.add_argument("--subprotocol", action="append", default=[], metavar="NAME", help="may be repeated")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Send typed lines and print received messages, until the end of either, or Ctrl-C. Raises Failure."""
    from wsdemo import Trace, WebSocketError, connect

    trace = Trace() if options.frames else None
    try:
        ws = connect(options.url, subprotocols=options.subprotocol, origin=options.origin, trace=trace)
    except (ValueError, WebSocketError) as error:
        raise Failure(str(error)) from None
    failures: list[OSError] = []
    try:
        with ws:
            say(f"connected to {without_secrets(options.url)}; a line is a message, Ctrl-D ends it")
            threading.Thread(target=_send_lines, args=(ws, failures), daemon=True).start()
            _print_messages(ws, trace)
    finally:
        _print_frames(trace)
    if failures:
        raise failures[0]
    return OK


def _print_messages(ws: Connection, trace: Trace | None) -> None:
    """Print messages until the connection ends. Raises Failure where that is not a good end."""
    from wsdemo import ConnectionClosed
    from wsdemo.net.connection import GOOD

    while True:
        try:
            message = ws.recv(LOOK if trace is not None else None)
        except TimeoutError:
            _print_frames(trace)
            continue
        except ConnectionClosed as closed:
            if closed.code not in GOOD:
                why = f": {ws.error}" if ws.error else ""
                raise Failure(f"{closed}{why}") from None
            say(str(closed))
            return
        _print_frames(trace)
        print(f"< {_shown(message)}")


def _print_frames(trace: Trace | None) -> None:
    """Print the frames sent and received since the last time, where ``--frames`` asks for them."""
    if trace is None:
        return
    for packet in sorted(trace.news(), key=attrgetter("time")):
        arrow = "──►" if packet.direction == "to server" else "◄──"
        verdict = "" if packet.verdict.accepted else f"  {packet.verdict}"
        print(f"  {arrow} {printable(packet.summary + verdict)}")
    if trace.size > KEPT:
        trace.clear()


def _shown(message: str | bytes) -> str:
    r"""A message as it is printed.

    >>> _shown("a\tb"), _shown(b"\x00\xff")
    ('a\\tb', '(2 bytes) 00 ff')
    """
    if isinstance(message, str):
        return printable(message)
    more = " …" if len(message) > SHOWN else ""
    return f"({len(message)} bytes) {message[:SHOWN].hex(' ')}{more}"


def _send_lines(ws: Connection, failures: list[OSError]) -> None:
    """Send each line that is typed; at their end do the closing handshake. In a thread of its own.

    An error that the connection survives, of reading or of a send that took too long, ends it too, and is
    added to ``failures``.
    """
    from wsdemo import WebSocketError

    encoding = sys.stdin.encoding or "utf-8"
    with contextlib.suppress(WebSocketError):  # it has ended: the main thread says why
        try:
            for line in _lines():
                try:
                    ws.send(line.decode(encoding))
                except UnicodeDecodeError as error:
                    say(f"not sent, for it is not {encoding.upper()}: {error}")
        except OSError as error:
            failures.append(error)
        ws.close()


def _lines() -> Iterator[bytes]:
    """The lines of standard input, read without its lock, for which the interpreter's exit would wait."""
    keyboard = Input(sys.stdin.fileno(), "rb")
    pieces: list[bytes] = []  # of the line that has not ended; joined once, for it may be long
    while data := keyboard.read(PIECE):
        end, *lines = data.split(b"\n")
        pieces.append(end)
        for line in lines:
            yield b"".join(pieces).removesuffix(b"\r")
            pieces = [line]
    if rest := b"".join(pieces):
        yield rest
