"""The time server and a chat room on `aiohttp`: ``python on_aiohttp.py [PORT]``.

As its documentation advises: ``cleanup_ctx`` for the clock, a heartbeat, which is off by default, and
connections closed ``on_shutdown``. `send_str` waits for a slow reader, so each member has a bounded queue and
a task that empties it: a slow one delays no other, and with a full queue it is closed with 1008.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator

from aiohttp import WSCloseCode, WSMsgType, web

WELCOME = "Welcome! The time follows."
SECONDS = 3.0
WAITING = 100  # messages, for one member

members: dict[str, set[RoomMember]] = {"/time": set(), "/room": set()}
closing: set[asyncio.Task[bool]] = set()  # kept: the event loop has only weak references to tasks


class RoomMember:
    """A connection, and what waits for it."""

    def __init__(self, ws: web.WebSocketResponse) -> None:
        self.ws = ws
        self.waiting: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self.writer = asyncio.create_task(self.write())

    async def write(self) -> None:
        """Send what waits, at the reader's pace."""
        while not self.ws.closed:
            try:
                await self.ws.send_str(await self.waiting.get())
            except ConnectionError:
                return  # it has left: the handler notices too

    def close(self, code: int, reason: bytes) -> None:
        """Close, without waiting."""
        self.writer.cancel()
        task = asyncio.create_task(self.ws.close(code=code, message=reason))
        closing.add(task)
        task.add_done_callback(closing.discard)


def tell(path: str, message: str) -> None:
    """Tell all members, at once."""
    for member in list(members[path]):
        try:
            member.waiting.put_nowait(message)
        except asyncio.QueueFull:
            members[path].discard(member)
            member.close(WSCloseCode.POLICY_VIOLATION, b"reads too slowly")


async def handler(request: web.Request) -> web.WebSocketResponse:
    """One connection, from its first message to its last."""
    ws = web.WebSocketResponse(heartbeat=20.0)
    await ws.prepare(request)
    member = RoomMember(ws)
    if request.path == "/time":
        member.waiting.put_nowait(WELCOME)
    members[request.path].add(member)
    try:
        async for message in ws:
            if message.type is WSMsgType.TEXT and request.path == "/room":
                tell(request.path, message.data)
    finally:
        members[request.path].discard(member)
        member.writer.cancel()
    return ws


async def clock(app: web.Application) -> AsyncIterator[None]:
    """Tell the time as long as the application runs."""

    async def tell_time() -> None:
        while True:
            await asyncio.sleep(SECONDS)
            tell("/time", time.strftime("%H:%M:%S"))

    task = asyncio.create_task(tell_time())
    yield
    task.cancel()


async def shutdown(app: web.Application) -> None:
    """Say goodbye."""
    for member in [member for path in members for member in members[path]]:
        member.close(WSCloseCode.GOING_AWAY, b"the server goes away")
    await asyncio.gather(*closing)


if __name__ == "__main__":
    app = web.Application()
    app.add_routes([web.get("/time", handler), web.get("/room", handler)])
    app.cleanup_ctx.append(clock)
    app.on_shutdown.append(shutdown)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]) if len(sys.argv) > 1 else 8765, access_log=None)
