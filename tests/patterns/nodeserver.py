"""One node of several, to be killed: ``python -m tests.patterns.nodeserver NATS [PORT]``.

With an empty NATS the log is in a file of its own.
It says its port on standard output, and ends with its standard input. Users name themselves by their token.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile

from tests.patterns.roomserver import FAST, identify
from wsdemo import Limits, serve
from wsdemo.patterns.jetstream import JetStreamLog
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.patterns.nats import Nats, NatsBroker
from wsdemo.patterns.rooms import Rooms
from wsdemo.patterns.sqlitelog import SqliteLog


def main(url: str, port: int) -> None:
    rooms = Rooms(identify=identify, limits=FAST)
    # The members of a crowd answer no pings.
    limits = Limits(connections=5_000, handshakes=5_000, backlog=4_096, ping_interval=None)
    with contextlib.ExitStack() as opened:
        nats = opened.enter_context(Nats(url)) if url else None
        folder = opened.enter_context(tempfile.TemporaryDirectory())
        server = opened.enter_context(serve(rooms, port=port, subprotocols=[PROTOCOL], limits=limits))
        if nats is None:
            log = SqliteLog(f"{folder}/log.db", rooms.stored, call=server.call_soon)
            broker = None
        else:
            log = JetStreamLog(nats, rooms.stored, call=server.call_soon)
            broker = NatsBroker(nats, server.call_soon)
        opened.enter_context(log)
        server.call_soon(rooms.begin, server, log, broker)
        print(server.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
