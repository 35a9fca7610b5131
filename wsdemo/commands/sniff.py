"""``sniff``: a tracing proxy in front of any WebSocket server."""

from __future__ import annotations

import argparse

from wsdemo.commands.shared import (
    HOST,
    OK,
    Commands,
    Failure,
    different,
    listening_port,
    output_file,
    printable,
    write_files,
)


def add(commands: Commands) -> None:
    """``sniff URL [--host H] [--port N] [--save FILE] [--pcap FILE] [--secrets] [--rewrite yes|no]``"""
    command = commands.add_parser("sniff", help="shows what passes between a client and a WebSocket server")
    command.add_argument("url", metavar="URL", help="the server: ws://host:port/ or wss://…")
    command.add_argument("--host", default=HOST, help="address to listen on (%(default)s)")
    command.add_argument("--port", type=listening_port, default=0, help="%(default)s; 0: any free one")
    command.add_argument(
        "--save", type=output_file, metavar="FILE", help="write the record there at the end (JSON lines)"
    )
    command.add_argument("--pcap", type=output_file, metavar="FILE", help="and a capture for Wireshark")
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
    """Print every packet until Ctrl-C, then write the files."""
    from wsdemo.trace.pcap import opening
    from wsdemo.trace.sniffer import Sniffer

    different(save=options.save, pcap=options.pcap)
    try:
        rewrite = {"yes": True, "no": False}.get(options.rewrite)
        sniffer = Sniffer(options.url, host=options.host, port=options.port, rewrite=rewrite)
    except ValueError as error:
        raise Failure(str(error)) from None
    trace, keep = sniffer.trace, options.save or options.pcap
    try:
        with sniffer:
            here = sniffer.url.partition("?")[0]  # to be copied: without the dots of a hidden query
            print(f"connect to {here} instead of {sniffer.target_url}; Ctrl-C ends it")
            for line in sniffer.lines(keep=bool(keep)):
                print(printable(line))
    finally:
        redact = not options.secrets
        write_files(
            (options.save, lambda path: trace.save(path, redact=redact)),
            (options.pcap, lambda path: trace.to_pcap(path, redact=redact)),
        )
        if options.pcap:
            print(f"frames on any port ('Decode As'): {printable(opening(trace, options.pcap))}")
    return OK
