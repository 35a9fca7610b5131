"""A server of rooms to be killed, in its own process: ``python -m tests.patterns.roomserver FILE PORT SLOW``.

It says its port on standard output, tells all clients to leave when it reads a line, ends with its input.
Users name themselves by their token. SLOW: seconds that each commit takes longer.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from functools import partial

from wsdemo import Limits, serve
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.patterns.rooms import Rooms
from wsdemo.patterns.session import Identity, RoomLimits
from wsdemo.patterns.sqlitelog import SqliteLog

#: No bounds on rates: it is loaded as far as it goes.
FAST = RoomLimits(publishes=(1e6, 1e6), requests=(1e6, 1e6), volatiles=(1e6, 1e6), per_user=10_000)


#: Seconds until another server is in the place of this one, which it says as it goes.
AWAY = 3.0


def identify(ws, token):
    return Identity(token) if token else None


def slowly(seconds: float) -> type[sqlite3.Connection]:
    class Slow(sqlite3.Connection):
        def execute(self, statement, *values):
            if statement == "COMMIT":
                time.sleep(seconds)
            return super().execute(statement, *values)

    return Slow


def main(path: str, port: int, slow: float) -> None:
    rooms = Rooms(identify=identify, limits=FAST)
    limits = Limits(connections=2_000, handshakes=2_000, backlog=2_048)
    with serve(rooms, port=port, subprotocols=[PROTOCOL], limits=limits) as server:
        connect = partial(sqlite3.connect, timeout=0, isolation_level=None, factory=slowly(slow))
        with SqliteLog(path, rooms.stored, call=server.call_soon, connect=connect) as log:
            server.call_soon(rooms.begin, server, log)
            print(server.port, flush=True)
            for _ in sys.stdin:
                server.call_soon(partial(rooms.end, away=AWAY))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
