"""The same news by strong servers: Starlette on uvicorn (HTTP/1.1, WebSocket) and on Hypercorn (HTTP/2).

::

                       ┌─ uvicorn ──── HTTP/1.1: http, or an upgrade to a WebSocket
    Application (ASGI) ┤
                       └─ Hypercorn ── HTTP/2: many streams share one connection (RFC 9113)

Both run in one thread, on the same kind of event loop: uvloop, which is in C, where it is installed. So what
differs between them is the server and the protocol. The packages are imported only when a server is started.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

from wsdemo.rivals.application import Application

#: Seconds that a server has to end its connections in good order.
GRACE: Final = 2


class _LoopServer:
    """News served by an event loop in a thread of its own, until `close`.

    Raises ImportError, with the command that helps, where a package is missing.
    """

    packages: tuple[str, ...]  #: that it needs; the first is the framework
    extras: tuple[str, ...]  #: that make it faster, where they are installed

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        if missing := needed(self.packages):
            raise ImportError(missing)
        names = [name for name in (*self.packages, *self.extras) if _installed(name)]
        framework, *others = (f"{name} {importlib.metadata.version(name)}" for name in names)
        self.about = f"{framework.capitalize()} on {', '.join(others)}"
        self._application = Application()
        self._ending = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._sock = socket.create_server((host, port), backlog=1024)
        self.port: int = self._sock.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="wsdemo-strong", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self.close()
            raise self._error

    def __enter__(self) -> _LoopServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def publish(self, text: str) -> None:
        """Tell the next event, from any thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._application.add, text)

    def ready(self, clients: int, timeout: float) -> None:
        """Return at once: a client that comes late gets the events that it missed."""

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
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self._serve_until_closed())
        except BaseException as error:
            self._error = error
        finally:
            self._started.set()

    async def _serve_until_closed(self) -> None:
        serving = asyncio.ensure_future(self._serve(self._sock))
        ending = asyncio.ensure_future(self._ending.wait())
        await asyncio.wait((serving, ending), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((serving,), timeout=GRACE + 1)
        ending.cancel()
        if serving.done():
            serving.result()  # its error, if it had one

    def _has_started(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._started.set()

    def _end(self) -> None:
        self._application.close()
        self._ending.set()

    async def _serve(self, sock: socket.socket) -> None:
        """Serve on this socket until `_ending`; `_has_started` is called when it does."""
        raise NotImplementedError


class StarletteServer(_LoopServer):
    """Starlette on uvicorn: HTTP/1.1 and WebSocket."""

    packages = ("starlette", "uvicorn", "websockets")
    extras = ("uvloop", "httptools")

    async def _serve(self, sock: socket.socket) -> None:
        import uvicorn

        config = uvicorn.Config(
            self._application.asgi(),
            log_config=None,
            access_log=False,
            log_level="critical",
            lifespan="off",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_ping_interval=None,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE,
        )
        server: Any = uvicorn.Server(config)
        startup = server.startup

        async def start(sockets: Any = None) -> None:
            await startup(sockets=sockets)
            self._has_started()

        server.startup = start
        serving = asyncio.ensure_future(server.serve(sockets=[sock]))
        ending = asyncio.ensure_future(self._ending.wait())
        await asyncio.wait((serving, ending), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving


class Http2Server(_LoopServer):
    """Starlette on Hypercorn, which speaks HTTP/2 in clear text to a client that begins with it."""

    packages = ("starlette", "hypercorn", "h2")
    extras = ("uvloop",)

    async def _serve(self, sock: socket.socket) -> None:
        from hypercorn.asyncio import serve
        from hypercorn.config import Config

        config = Config()
        config.bind = [f"fd://{sock.detach()}"]  # it is Hypercorn's now
        config.backlog = 1024
        config.errorlog = None
        config.include_server_header = False
        config.keep_alive_timeout = 75
        config.keep_alive_max_requests = 10**9
        config.graceful_timeout = GRACE
        self._has_started()  # the socket listens: early clients wait in its backlog
        await serve(self._application.asgi(), config, shutdown_trigger=self._ending.wait, mode="asgi")


def needed(packages: tuple[str, ...]) -> str:
    """A sentence with the packages that are missing, and the command that brings them; "" where none is.

    >>> needed(("json", "telepathy"))
    'telepathy is not installed; bring it with: pip install json telepathy'
    """
    missing = [name for name in packages if not _installed(name)]
    if not missing:
        return ""
    verb, it = ("is", "it") if len(missing) == 1 else ("are", "them")
    command = f"pip install {' '.join(packages)}"
    return f"{' and '.join(missing)} {verb} not installed; bring {it} with: {command}"


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # it stands in sys.modules as None
        return False


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where it is installed."""
    if not _installed("uvloop"):
        return None
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
