"""``sniff``: a tracing proxy in front of any WebSocket server."""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING

from wsdemo.commands.shared import (
    HOST,
    OK,
    Commands,
    Failure,
    different,
    listening_port,
    output_file,
    positive,
    sleep_until,
    write_files,
)
from wsdemo.words import printable

if TYPE_CHECKING:
    from wsdemo.proxy.sniffer import Sniffer
    from wsdemo.trace.capture import Capture

#: Seconds for the last lines, at the end.
LAST = 5.0


def add(commands: Commands) -> None:
    """``sniff URL [--host H] [--port N] [--save FILE] [--pcap FILE] [--max-record BYTES] [--newest] …``"""
    command = commands.add_parser("sniff", help="shows what passes between a client and a WebSocket server")
    command.add_argument("url", metavar="URL", help="the server: ws://host:port/ or wss://…")
    command.add_argument("--host", default=HOST, help="address to listen on (%(default)s)")
    command.add_argument("--port", type=listening_port, default=0, help="%(default)s; 0: any free one")
    command.add_argument(
        "--save", type=output_file, metavar="FILE", help="write the record there at the end (JSON lines)"
    )
    command.add_argument("--pcap", type=output_file, metavar="FILE", help="and a capture for Wireshark")
    command.add_argument(
        "--max-record", type=positive, metavar="BYTES", help="on record; beyond it is only shown (64 MiB)"
    )
    command.add_argument(
        "--newest", action="store_true", help="where the record is full, forget the oldest connections"
    )
    command.add_argument(
        "--secrets", action="store_true", help="keep cookies, tokens and queries in these files"
    )
    command.add_argument(
        "--rewrite",
        choices=("yes", "no"),
        help="whether Host and Origin name the server (only where it is not on this machine)",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print every packet until Ctrl-C, then write the files. Raises Failure for what can't be done."""
    from wsdemo.proxy.sniffer import Sniffer
    from wsdemo.record.record import DEFAULT_LIMIT
    from wsdemo.trace.capture import Capture
    from wsdemo.trace.pcap import opening

    different(save=options.save, pcap=options.pcap)
    try:
        rewrite = {"yes": True, "no": False}.get(options.rewrite)
        sniffer = Sniffer(options.url, host=options.host, port=options.port, rewrite=rewrite)
    except ValueError as error:
        raise Failure(str(error)) from None
    capture = None
    if options.save or options.pcap:
        limit = options.max_record or DEFAULT_LIMIT
        capture = Capture(sniffer.trace, limit=limit, newest=options.newest)
    screen = Screen(sniffer, capture)
    try:
        with sniffer:
            here = sniffer.url.partition("?")[0]  # to be copied: without the dots of a hidden query
            print(f"connect to {here} instead of {sniffer.target_url}; Ctrl-C ends it")
            screen.run()
    finally:
        screen.end()
        if capture is not None:
            trace, redact = capture.trace(), not options.secrets
            write_files(
                (options.save, lambda path: trace.save(path, redact=redact)),
                (options.pcap, lambda path: trace.to_pcap(path, redact=redact)),
            )
            if options.pcap:
                print(f"frames on any port ('Decode As'): {printable(opening(trace, options.pcap))}")
    return OK


class Screen:
    """Prints the lines and keeps the record, in a thread of its own: a Ctrl-C in between would tear it."""

    def __init__(self, sniffer: Sniffer, capture: Capture | None) -> None:
        self._sniffer = sniffer
        self._capture = capture
        self._error: Exception | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._print, name="wsdemo-screen", daemon=True)

    def run(self) -> None:
        """Print until the sniffer is closed. Raises the error that ended it, such as one of the output."""
        self._thread.start()
        sleep_until(self._has_ended)  # in Python 3.11 a join that Ctrl-C interrupts can't be repeated
        if self._error is not None:
            raise self._error

    def end(self) -> None:
        """Wait for the last lines of a sniffer that is closed, and take the rest of its bytes on record."""
        if self._thread.ident is not None:
            # A terminal that was stopped, by Ctrl-S, does not hold up the files.
            sleep_until(self._has_ended, LAST)
        if self._capture is not None:
            self._capture.take()

    def _has_ended(self) -> bool:
        return self._ended

    def _print(self) -> None:
        try:
            for line in self._sniffer.lines(keep=False, capture=self._capture):
                print(printable(line))
        except Exception as error:
            self._error = error
        finally:
            self._ended = True
