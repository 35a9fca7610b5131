"""A server of rooms to be killed, in its own process: ``python -m tests.patterns.roomserver FILE [PORT]``.

It says its port on standard output, and ends with its standard input. Users name themselves by their token.
"""

from __future__ import annotations

import sys

from wsdemo import Limits, serve
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.patterns.rooms import Rooms
from wsdemo.patterns.session import Identity, RoomLimits
from wsdemo.patterns.sqlitelog import SqliteLog

#: No bounds on rates: it is loaded as far as it goes.
FAST = RoomLimits(publishes=(1e6, 1e6), requests=(1e6, 1e6), volatiles=(1e6, 1e6), per_user=10_000)


def identify(ws, token):
    return Identity(token) if token else None


def main(path: str, port: int) -> None:
    rooms = Rooms(identify=identify, limits=FAST)
    limits = Limits(connections=2_000, handshakes=2_000, backlog=2_048)
    with serve(rooms, port=port, subprotocols=[PROTOCOL], limits=limits) as server:
        with SqliteLog(path, rooms.stored, call=server.call_soon) as log:
            server.call_soon(rooms.begin, server, log)
            print(server.port, flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
