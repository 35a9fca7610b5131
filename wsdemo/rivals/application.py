"""The same news as a Starlette application, for any ASGI server, in one event loop.

::

    GET /news?after=17       at once: the events after number 17, one a line; 204 where there are none
    GET /wait?after=17       the same, but where there are none the answer waits for the next one
    GET /stream?after=17     an answer without end: each event as it comes (Server-Sent Events)
    a WebSocket at /         each event as a message; a client that comes late gets those that it missed

Starlette is imported only when an application is made. Knows nothing of sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from wsdemo.rivals.standard import EVENTS, LINES, WAIT, line, server_sent


class Application:
    """The news so far, and the application that tells it. Used in its loop's thread only."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._lines: list[bytes] = []
        self._stream: list[bytes] = []
        self._changed = asyncio.Event()  # replaced when it is set: each waits for the next change
        self._closed = False

    def add(self, text: str) -> None:
        """Tell the next event."""
        self._texts.append(text)
        self._lines.append(line(text))
        self._stream.append(server_sent(len(self._lines), text))
        self._wake()

    def close(self) -> None:
        """Tell no more events: answers without end come to one."""
        self._closed = True
        self._wake()

    def asgi(self) -> Any:
        """The application, as a server takes it."""
        from starlette.applications import Starlette
        from starlette.routing import Route, WebSocketRoute

        return Starlette(
            routes=[
                Route("/news", self._news),
                Route("/wait", self._wait),
                Route("/stream", self._events),
                WebSocketRoute("/", self._websocket),
            ]
        )

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _news(self, request: Any) -> Any:
        return self._answer(_after(request))

    async def _wait(self, request: Any) -> Any:
        after = _after(request)
        if len(self._lines) <= after and not self._closed:
            try:
                await asyncio.wait_for(self._changed.wait(), WAIT)
            except TimeoutError:
                pass
        if self._closed and await _left(request):
            return _nothing  # Hypercorn would wait for ever to send an answer over a connection that is gone
        return self._answer(after)

    def _answer(self, after: int) -> Any:
        from starlette.responses import Response

        body = b"".join(self._lines[after:])
        return Response(body, media_type=LINES) if body else Response(status_code=204)

    async def _events(self, request: Any) -> Any:
        from starlette.responses import StreamingResponse

        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._follow(_after(request)), media_type=EVENTS, headers=headers)

    async def _follow(self, after: int) -> AsyncIterator[bytes]:
        while not self._closed:
            changed = self._changed
            new = self._stream[after:]
            after += len(new)
            if new:
                yield b"".join(new)
            else:
                await changed.wait()

    async def _websocket(self, websocket: Any) -> None:
        await websocket.accept()
        telling = asyncio.ensure_future(self._tell(websocket))
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass  # messages of a client are not news
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling

    async def _tell(self, websocket: Any) -> None:
        from starlette.websockets import WebSocketDisconnect

        after = 0
        with contextlib.suppress(WebSocketDisconnect):
            while not self._closed:
                changed = self._changed
                new = self._texts[after:]
                after += len(new)
                for text in new:
                    await websocket.send_text(text)
                if not new:
                    await changed.wait()
            await websocket.close()


async def _left(request: Any) -> bool:
    """Whether the client is gone. That comes behind the body, which is empty, but must be read."""
    await request.body()
    return bool(await request.is_disconnected())


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    """No answer at all."""


def _after(request: Any) -> int:
    text = request.headers.get("last-event-id") or request.query_params.get("after", "0")
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    from starlette.exceptions import HTTPException

    raise HTTPException(400)
