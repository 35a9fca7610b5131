"""The time server and a chat room on `wsdemo`: ``python on_wsdemo.py [PORT]``.

A member who reads too slowly follows `Limits.overflow`: closed with 1008 when 1 MiB waits, and told so.
"""

from __future__ import annotations

import sys
import time

from wsdemo import Connection, HandshakeError, serve
from wsdemo.protocol.http11 import Request

WELCOME = "Welcome! The time follows."
SECONDS = 3.0


class TimeAndRoom:
    """Callbacks of the server: the connections of each path, and what they say."""

    def __init__(self) -> None:
        self.members: dict[str, set[Connection]] = {"/time": set(), "/room": set()}

    def known(self, request: Request) -> str:
        """The path, before the handshake is done; refused with 404 where there is nothing."""
        if request.target not in self.members:
            raise HandshakeError("nothing here but /time and /room", status=404)
        return request.target

    def on_open(self, ws: Connection) -> None:
        """A client has come."""
        self.members[ws.user].add(ws)
        if ws.user == "/time":
            ws.send(WELCOME)

    def on_message(self, ws: Connection, message: str | bytes) -> None:
        """A message in the room goes to all of it; the time server does not listen."""
        if ws.user == "/room":
            server.broadcast(message, self.members["/room"])

    def on_close(self, ws: Connection) -> None:
        """A client has left."""
        self.members[ws.user].discard(ws)


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8765
    app = TimeAndRoom()
    with serve(app, port=port, authorize=app.known) as server:
        server.every(SECONDS, lambda: server.broadcast(time.strftime("%H:%M:%S"), app.members["/time"]))
        print(f"ws://127.0.0.1:{server.port}/time and /room; Ctrl-C ends it", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass
