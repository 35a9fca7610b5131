"""The time server and a chat room on Socket.IO (`python-socketio`): ``python on_socketio.py [PORT]``.

As its documentation advises: events with names, namespaces ``/time`` and ``/room`` that share one connection,
a background task for the clock. `emit` never waits: what a slow reader has not read is kept until the
keepalive ends it (25 + 20 s). Only clients of Socket.IO can talk to it, or those that speak its packets.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import socketio
import uvicorn

WELCOME = "Welcome! The time follows."
SECONDS = 3.0

# Its check of the Origin is on by default. `always_connect`: the connection is told before the welcome.
sio = socketio.AsyncServer(async_mode="asgi", always_connect=True)


@sio.on("connect", namespace="/time")
async def listen(sid: str, environ: dict[str, Any]) -> None:
    """A client has come to hear the time."""
    await sio.send(WELCOME, to=sid, namespace="/time")


@sio.on("connect", namespace="/room")
async def enter(sid: str, environ: dict[str, Any]) -> None:
    """A client has come into the room."""


@sio.on("message", namespace="/room")
async def say(sid: str, message: str) -> None:
    """Each message of a member goes to all of them."""
    await sio.send(message, namespace="/room")


async def tell_time() -> None:
    while True:
        await sio.sleep(SECONDS)
        await sio.send(time.strftime("%H:%M:%S"), namespace="/time")


async def begin() -> None:
    sio.start_background_task(tell_time)


app = socketio.ASGIApp(sio, on_startup=begin)

if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8765
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
