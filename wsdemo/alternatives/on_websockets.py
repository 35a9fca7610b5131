"""The time server and a chat room on `websockets`: ``python on_websockets.py [PORT]``.

As its documentation advises: `serve`, and `broadcast` for many, which never waits. A member who reads too
slowly is kept, and what is sent to it, until the keepalive finds no pong (20 + 20 s).
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

WELCOME = "Welcome! The time follows."
SECONDS = 3.0

members: dict[str, set[ServerConnection]] = {"/time": set(), "/room": set()}


def known(ws: ServerConnection, request: Request) -> Response | None:
    """Refuse a path where nothing is."""
    return None if request.path in members else ws.respond(HTTPStatus.NOT_FOUND, "nothing here\n")


async def handler(ws: ServerConnection) -> None:
    """One connection, from its first message to its last."""
    assert ws.request is not None
    path = ws.request.path
    if path == "/time":
        await ws.send(WELCOME)
    members[path].add(ws)
    try:
        async for message in ws:
            if path == "/room":
                broadcast(members["/room"], message)
    except ConnectionClosed:
        pass  # without a closing handshake: it has left all the same
    finally:
        members[path].discard(ws)


async def tell_time() -> None:
    while True:
        await asyncio.sleep(SECONDS)
        broadcast(members["/time"], time.strftime("%H:%M:%S"))


async def main(port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(handler, "127.0.0.1", port, process_request=known):
        clock = asyncio.create_task(tell_time())
        print(f"ws://127.0.0.1:{port}/time and /room; Ctrl-C ends it", flush=True)
        await stop.wait()
        clock.cancel()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8765))
