"""``time-server`` and ``time-client``: a welcome, then the time every three seconds, raw or by WebSocket."""

from __future__ import annotations

import argparse
import queue
from collections.abc import Iterator
from typing import Any, Final

from wsdemo.commands.shared import (
    HOST,
    OK,
    SLICE,
    Commands,
    Failure,
    endpoint,
    listening_port,
    port,
    reason,
    seconds,
)
from wsdemo.words import printable

PORT: Final = 1234

#: The most lines that wait to be printed; beyond it they are counted, not kept.
LINES: Final = 1000
#: Characters of one message that the server's log shows.
SHOWN: Final = 200


def add_server(commands: Commands) -> None:
    """``time-server [--protocol P] [--host H] [--port N] [--every SECONDS]``"""
    command = commands.add_parser("time-server", help="welcomes each client and tells everyone the time")
    _add_protocol(command)
    command.add_argument(
        "--host", default=HOST, help="address to listen on (%(default)s; 0.0.0.0: all of IPv4)"
    )
    command.add_argument("--port", type=listening_port, default=PORT, help="%(default)s; 0: any free one")
    command.add_argument(
        "--every", type=seconds, default=3.0, help="seconds between two messages (%(default)s)"
    )
    command.set_defaults(run=run_server)


def run_server(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C. The server's thread records, this one prints."""
    from wsdemo.net.listener import local_host

    journal = Journal()
    start = _websocket_server if options.protocol == "websocket" else _raw_server
    with start(options, journal) as server:
        where = endpoint(local_host(server.host), server.port)
        print(f"time server on {where} ({options.protocol}), every {options.every:g} s; Ctrl-C ends it")
        for line in journal:
            print(line)
    return OK


def _raw_server(options: argparse.Namespace, journal: Journal) -> Any:
    from wsdemo.rawtcp import TimeServer

    return TimeServer(
        journal.said,
        options.host,
        options.port,
        on_open=journal.came,
        on_close=journal.left,
        every=options.every,
    )


def _websocket_server(options: argparse.Namespace, journal: Journal) -> Any:
    from wsdemo import serve
    from wsdemo.rawtcp.server import WELCOME, wall_clock

    class Visitors:
        """Callbacks for the journal."""

        def on_open(self, ws: Any) -> None:
            ws.send(WELCOME)
            journal.came(ws)

        def on_message(self, ws: Any, message: str | bytes) -> None:
            journal.said(ws, message)

        def on_close(self, ws: Any) -> None:
            journal.left(ws)

    server = serve(Visitors(), options.host, options.port)
    server.every(options.every, lambda: server.broadcast(wall_clock()))
    return server


class Journal:
    """The events of a server, in lines that its thread writes and another thread prints. Bounded."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._missed = 0  # written by the server's thread only

    def came(self, peer: Any) -> None:
        """A client has come."""
        self._add(f"client {peer.id} came from {endpoint(*peer.address[:2])}")

    def said(self, peer: Any, message: str | bytes) -> None:
        """A client said something."""
        if isinstance(message, bytes):
            self._add(f"client {peer.id} says: {len(message)} bytes")
            return
        more = f"… ({len(message)} characters)" if len(message) > SHOWN else ""
        self._add(f"client {peer.id} says: {printable(message[:SHOWN])}{more}")

    def left(self, peer: Any) -> None:
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


def add_client(commands: Commands) -> None:
    """``time-client [HOST] [--protocol P] [--port N]``"""
    command = commands.add_parser("time-client", help="prints what a time server says")
    command.add_argument("host", nargs="?", default=HOST, metavar="HOST", help="of the server (%(default)s)")
    _add_protocol(command)
    command.add_argument("--port", type=port, default=PORT, help="of the server (%(default)s)")
    command.set_defaults(run=run_client)


def run_client(options: argparse.Namespace) -> int:
    """Print each message until the server ends, or Ctrl-C."""
    if options.protocol == "websocket":
        _websocket_client(options)
    else:
        _raw_client(options)
    return OK


def _raw_client(options: argparse.Namespace) -> None:
    from wsdemo.rawtcp import TimeClient

    with TimeClient(options.host, options.port) as client:
        for message in client:
            print(printable(message))
        if client.error is not None:
            raise Failure(f"the connection broke: {reason(client.error)}")


def _websocket_client(options: argparse.Namespace) -> None:
    from wsdemo import ConnectionClosed, WebSocketError, connect
    from wsdemo.protocol.url import parse_url

    url = f"ws://{endpoint(options.host, options.port)}"
    try:
        where = parse_url(url)
        if (where.port, where.target) != (options.port, "/"):
            raise Failure(f"{options.host!r} is no host name")
        ws = connect(url)
    except (ValueError, WebSocketError) as error:
        raise Failure(str(error)) from None
    with ws:
        try:
            for message in ws:
                print(printable(message) if isinstance(message, str) else f"({len(message)} bytes)")
        except ConnectionClosed as closed:
            raise Failure(str(closed)) from None


def _add_protocol(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--protocol", choices=("raw", "websocket"), default="websocket", help="what is spoken (%(default)s)"
    )
