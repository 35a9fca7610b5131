"""``echo``: an echo server, for conformance and load tools."""

from __future__ import annotations

import argparse

from wsdemo.commands.shared import HOST, OK, Commands, listening_port, positive, sleep_until


def add(commands: Commands) -> None:
    """``echo [--host H] [--port N] [--no-compression] [--max-size BYTES] [--max-fragments N]``"""
    command = commands.add_parser("echo", help="sends every message back; prints its URL first")
    command.add_argument("--host", default=HOST, help="address to listen on (%(default)s)")
    command.add_argument("--port", type=listening_port, default=0, help="%(default)s; 0: any free one")
    command.add_argument("--no-compression", action="store_true", help="do not agree to permessage-deflate")
    command.add_argument("--max-size", type=positive, metavar="BYTES", help="of a message (1 MiB)")
    command.add_argument("--max-fragments", type=positive, metavar="N", help="of a message (1024)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    from wsdemo import Limits, serve

    usual = Limits()
    size = options.max_size or usual.message_size
    limits = Limits(
        message_size=size,
        fragments=options.max_fragments or usual.fragments,
        buffer_size=max(usual.buffer_size, 2 * size),
    )
    with serve(
        lambda ws, message: ws.send(message),
        options.host,
        options.port,
        compression=not options.no_compression,
        limits=limits,
    ) as server:
        print(server.url)
        sleep_until(lambda: False)  # Ctrl-C ends it
    return OK
