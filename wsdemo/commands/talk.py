"""``talk``: a line typed is a message sent, and what comes is printed."""

from __future__ import annotations

import argparse
import queue
import sys
import threading
from typing import Any, Final

from wsdemo.commands.shared import OK, SLICE, Commands, Failure, printable

#: Lines and messages that wait at most; then the keyboard, or the peer, has to.
WAITING: Final = 100


def add(commands: Commands) -> None:
    """``talk URL [--frames] [--origin ORIGIN] [--subprotocol NAME]``"""
    command = commands.add_parser("talk", help="a line typed is a message sent")
    command.add_argument("url", metavar="URL", help="ws://host:port/ or wss://…")
    command.add_argument("--frames", action="store_true", help="show every frame, with its opcode and size")
    command.add_argument("--origin", help="the web page that a browser would name")
    command.add_argument("--subprotocol", action="append", default=[], metavar="NAME", help="may be repeated")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Send what is typed and print what comes, until the end of either, or Ctrl-C."""
    from wsdemo import Trace, WebSocketError, connect

    trace = Trace() if options.frames else None
    try:
        ws = connect(options.url, subprotocols=options.subprotocol, origin=options.origin, trace=trace)
    except (ValueError, WebSocketError) as error:
        raise Failure(printable(str(error))) from None
    happenings: queue.Queue[tuple[str, Any]] = queue.Queue(WAITING)
    for watch in (_read_keyboard, _read_peer):
        threading.Thread(target=watch, args=(ws, happenings), daemon=True).start()
    with ws:
        print(f"connected to {printable(options.url)}; a line is a message, Ctrl-D ends it", file=sys.stderr)
        good = _converse(ws, happenings, trace)
    if trace is not None:
        _show_frames(trace)
    if not good:
        reason = f", {printable(ws.close_reason)!r}" if ws.close_reason else ""
        raise Failure(f"the connection ended with close code {ws.close_code}{reason}")
    return OK


def _converse(ws: Any, happenings: queue.Queue[tuple[str, Any]], trace: Any) -> bool:
    """Until one side ends; false: not in a good way."""
    from wsdemo import ConnectionClosed

    while True:
        if trace is not None:
            _show_frames(trace)
        try:
            what, data = happenings.get(timeout=0.1 if trace is not None else SLICE)
        except queue.Empty:
            continue
        if what == "typed":
            try:
                ws.send(data)
            except ConnectionClosed:
                return False
        elif what == "came":
            shown = printable(data) if isinstance(data, str) else f"({len(data)} bytes) {data[:32].hex(' ')}"
            print(f"< {shown}")
        else:
            return bool(data)


def _show_frames(trace: Any) -> None:
    for packet in trace.news():
        arrow = "──►" if packet.direction == "to server" else "◄──"
        print(f"  {arrow} {packet.summary}")


def _read_keyboard(ws: Any, happenings: queue.Queue[tuple[str, Any]]) -> None:
    for line in sys.stdin:
        happenings.put(("typed", line.rstrip("\n")))
    happenings.put(("end", True))


def _read_peer(ws: Any, happenings: queue.Queue[tuple[str, Any]]) -> None:
    from wsdemo import ConnectionClosed

    try:
        for message in ws:
            happenings.put(("came", message))
        happenings.put(("end", True))
    except ConnectionClosed:
        happenings.put(("end", False))
