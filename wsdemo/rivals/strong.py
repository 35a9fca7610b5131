"""The same news over HTTP by Starlette on uvicorn: one thread, an event loop.

The paths are those of `standard`. uvicorn takes uvloop and httptools, which are in C, where they are
installed. Both packages are imported only when a server is started.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import socket
import threading
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Final

from wsdemo.rivals.standard import EVENTS, LINES, WAIT, line, server_sent

INSTALL: Final = "pip install starlette uvicorn"


class StarletteServer:
    """Starlette on uvicorn with the news; serves from a thread of its own until `close`.

    Raises ImportError, with the command that helps, where one of the two is missing.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        try:
            import starlette
            import uvicorn
        except ImportError as error:
            raise ImportError(f"{error.name} is not installed; bring it with: {INSTALL}") from None
        self.about = f"Starlette {starlette.__version__} on uvicorn {uvicorn.__version__}{_extras()}"
        self._lines: list[bytes] = []
        self._stream: list[bytes] = []
        self._changed = asyncio.Event()  # replaced when it is set: each waits for the next change
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._sock = socket.create_server((host, port), backlog=1024)
        self.port: int = self._sock.getsockname()[1]
        config = uvicorn.Config(
            self._app(),
            log_config=None,
            access_log=False,
            log_level="critical",
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
        self._server: Any = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="wsdemo-uvicorn", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self.close()
            raise self._error

    def __enter__(self) -> StarletteServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def publish(self, text: str) -> None:
        """Tell the next event, from any thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._add, text)

    def ready(self, clients: int, timeout: float) -> None:
        """Who comes late is told what it missed, so there is nothing to wait for."""

    def close(self) -> None:
        """End all connections, the loop and the thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(self._end)
            except RuntimeError:
                pass  # it has ended by itself
        self._thread.join()
        self._sock.close()

    # -- in the loop's thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        server = self._server
        startup = server.startup

        async def start(sockets: Any = None) -> None:
            await startup(sockets=sockets)
            self._loop = asyncio.get_running_loop()
            self._started.set()

        server.startup = start
        try:
            server.run(sockets=[self._sock])
        except BaseException as error:
            self._error = error
        finally:
            self._started.set()

    def _add(self, text: str) -> None:
        self._lines.append(line(text))
        self._stream.append(server_sent(len(self._lines), text))
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _end(self) -> None:
        self._closed = True
        self._server.should_exit = True
        self._wake()

    # -- the application ----------------------------------------------------------------------------------

    def _app(self) -> Any:
        from starlette.applications import Starlette
        from starlette.routing import Route

        return Starlette(
            routes=[
                Route("/news", self._news),
                Route("/wait", self._wait),
                Route("/stream", self._events),
            ]
        )

    async def _news(self, request: Any) -> Any:
        return self._tell(_after(request))

    async def _wait(self, request: Any) -> Any:
        after = _after(request)
        if len(self._lines) <= after and not self._closed:
            try:
                await asyncio.wait_for(self._changed.wait(), WAIT)
            except TimeoutError:
                pass
        return self._tell(after)

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

    def _tell(self, after: int) -> Any:
        from starlette.responses import Response

        body = b"".join(self._lines[after:])
        return Response(body, media_type=LINES) if body else Response(status_code=204)


def _after(request: Any) -> int:
    text = request.headers.get("last-event-id") or request.query_params.get("after", "0")
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    from starlette.exceptions import HTTPException

    raise HTTPException(400)


def _extras() -> str:
    """What makes uvicorn faster, where it is installed."""
    found = [name for name in ("uvloop", "httptools") if importlib.util.find_spec(name)]
    return "".join(f", {name} {importlib.metadata.version(name)}" for name in found)
