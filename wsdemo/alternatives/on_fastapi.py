"""The time server and a chat room on `FastAPI` and `uvicorn`: ``python on_fastapi.py [PORT]``.

As its documentation advises: a manager of connections, WebSocketDisconnect, and a lifespan for the clock. The
manager of its tutorial awaits one connection after the other, so that a slow one stops all; here each has a
bounded queue and a task that empties it. With a full queue a member is closed with 1008.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

WELCOME = "Welcome! The time follows."
SECONDS = 3.0
WAITING = 100  # messages, for one connection


class ConnectionManager:
    """The connections of one path, each with the messages that wait for it."""

    def __init__(self) -> None:
        self.writers: dict[WebSocket, tuple[asyncio.Queue[str], asyncio.Task[None]]] = {}
        self.closing: set[asyncio.Task[None]] = set()  # kept: the event loop has only weak references

    def connect(self, ws: WebSocket) -> None:
        """One more, which has been accepted."""
        queue: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self.writers[ws] = queue, asyncio.create_task(self.write(ws, queue))

    def disconnect(self, ws: WebSocket) -> None:
        """One less."""
        if ws in self.writers:
            self.writers.pop(ws)[1].cancel()

    def broadcast(self, message: str) -> None:
        """Tell all, at once."""
        for ws, (queue, _) in list(self.writers.items()):
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:
                self.disconnect(ws)
                task = asyncio.create_task(ws.close(1008, "reads too slowly"))
                self.closing.add(task)
                task.add_done_callback(self.closing.discard)

    async def write(self, ws: WebSocket, queue: asyncio.Queue[str]) -> None:
        """Send what waits, at the reader's pace."""
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await ws.send_text(await queue.get())


listeners, members = ConnectionManager(), ConnectionManager()


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Tell the time as long as the application runs."""

    async def tell_time() -> None:
        while True:
            await asyncio.sleep(SECONDS)
            listeners.broadcast(time.strftime("%H:%M:%S"))

    clock = asyncio.create_task(tell_time())
    yield
    clock.cancel()


app = FastAPI(lifespan=lifespan)


@app.websocket("/time")
async def time_server(ws: WebSocket) -> None:
    """A welcome, then the time; what the client says is not looked at."""
    await ws.accept()
    await ws.send_text(WELCOME)
    listeners.connect(ws)
    try:
        async for _ in ws.iter_text():
            pass
    finally:
        listeners.disconnect(ws)


@app.websocket("/room")
async def room(ws: WebSocket) -> None:
    """Each message of a member goes to all of them."""
    await ws.accept()
    members.connect(ws)
    try:
        async for message in ws.iter_text():
            members.broadcast(message)
    finally:
        members.disconnect(ws)


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8765
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
