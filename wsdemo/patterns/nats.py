"""A node's connection to NATS, made again by us whenever it ends, and the news between nodes over it.

::

    server's thread                        a thread of its own, with asyncio        NATS
    publish(subject, data) ──► Hop ──────► task ──────────────────────────────────► news.SUBJECT
    receive(subject, data) ◄── Hop ◄────── subscription ◄────────────────────────── news.>

A `ConnectionPart` lives on the connection: it subscribes on each new one, and is told of its end. A
connection without signs of life for three seconds counts as ended. While there is none, `NatsBroker.publish`
returns False: a node is cut off then, and its rooms go on without the others. This module, `stream` and
`jetstream` alone know asyncio, the first two the package ``nats``, which is imported when it is used.
"""

from __future__ import annotations

import asyncio
import collections
import logging
import queue
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

from wsdemo.patterns.broker import WAITING, Hop, Receive, deliver
from wsdemo.patterns.natsserver import INSTALL

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

#: Subjects of news between nodes begin with it.
NEWS: Final = "news"
#: Seconds for an answer of NATS.
ANSWER: Final = 2.0
#: Seconds between two signs of life, and between two attempts to connect.
BEAT: Final = 1.0
AGAIN: Final = 0.2

log = logging.getLogger("wsdemo")


def token(text: str) -> str:
    """Any text as one word of a subject: a dot would begin the next one, ``*`` and ``>`` match others.

    >>> token("#lobby"), token("ann.b*\\nphone")
    ('%23lobby', 'ann%2Eb%2A%0Aphone')
    """
    return quote(text, safe="").replace(".", "%2E").replace("~", "%7E")


def without_passwords(url: str) -> str:
    """The addresses of a cluster, to be shown.

    >>> without_passwords("nats://a:4222,nats://ann:s3cret@b:4222")
    'nats://a:4222,nats://...@b:4222'
    """
    shown = []
    for address in url.split(","):
        scheme, mark, rest = address.rpartition("://")
        user, at, host = rest.rpartition("@")
        shown.append(f"{scheme}{mark}{'...' if user else ''}{at}{host}")
    return ",".join(shown)


class ConnectionPart(Protocol):
    """A part that lives on the connection: it is told of each new one, and of its end."""

    async def connected(self, connection: Client) -> None:
        """Subscribe."""

    def lost(self) -> None:
        """Nothing on its way will be answered."""

    def alive(self) -> bool:
        """Whether it works as it should; else the connection is made anew."""


class Nats:
    """The connection of a node, made again whenever it ends. Close it, or use it in a ``with``.

    ``url``: ``nats://host:port``, or ``nats://user:password@host:port``; of a cluster several, with commas.

    Raises ImportError where the package ``nats-py`` is missing, OSError where no NATS answers.
    """

    def __init__(self, url: str) -> None:
        self.up = False
        self._url = url
        self._parts: list[ConnectionPart] = []
        self._connection: Client | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._started: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._main, name="wsdemo-nats", daemon=True)
        self._thread.start()
        if (error := self._started.get()) is not None:
            self._thread.join()
            raise error

    def __enter__(self) -> Nats:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def add(self, part: ConnectionPart) -> None:
        """Let a part live on this connection and those that follow.

        Raises ConnectionError where NATS has just been lost, and what the part raises.
        """
        self.run(self._add(part))

    def run(self, job: Coroutine[Any, Any, Any], timeout: float = 5 * ANSWER) -> Any:
        """Run a coroutine in the thread, and wait for its result; TimeoutError after ``timeout`` seconds."""
        return asyncio.run_coroutine_threadsafe(job, self.loop).result(timeout)

    def call(self, function: Callable[..., object], *args: object) -> bool:
        """Call a function in the thread; false after the end, when nothing happens."""
        try:
            self.loop.call_soon_threadsafe(function, *args)
        except RuntimeError:  # the loop is closed
            return False
        return True

    def close(self) -> None:
        """End the connection and the thread."""
        self.call(lambda: self._ended.set())
        self._thread.join()

    # -- the thread ---------------------------------------------------------------------------------------

    def _main(self) -> None:
        try:
            asyncio.run(self._run(), debug=False)  # it would report a busy machine
        except BaseException as error:
            log.error("the thread of NATS has ended", exc_info=error)

    async def _run(self) -> None:
        self.loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        try:
            connection, over = await self._connect()
        except Exception as error:
            self._started.put(_connecting_error(self._url, error))
            return
        self.up, self._connection = True, connection
        self._started.put(None)
        while not self._ended.is_set():
            await self._watch(connection, over)
            self._lose(connection)
            while not self._ended.is_set():
                try:
                    connection, over = await self._connect()
                    await self._begin(connection)
                    break
                except Exception as error:
                    log.debug("NATS: %s", error)
                    await self._pause(AGAIN)
        if self._connection is not None:  # it came at the last moment
            self._lose(self._connection)
        await asyncio.gather(*self._closing)

    async def _connect(self) -> tuple[Client, asyncio.Event]:
        """A connection, and the event of its end."""
        from nats.aio.client import Client

        connection, over, reasons = Client(), asyncio.Event(), list[Exception]()

        async def closed() -> None:
            over.set()

        async def failed(error: Exception) -> None:
            reasons.append(error)

        waits = {"connect_timeout": ANSWER / 2, "max_reconnect_attempts": 1, "reconnect_time_wait": 0.05}
        told = {"closed_cb": closed, "error_cb": failed}
        try:
            options: dict[str, Any] = {"allow_reconnect": False, "no_echo": True, **waits, **told}
            joined = connection.connect(self._url.split(","), **options)
            await asyncio.wait_for(joined, ANSWER)
        except Exception as error:
            await _close(connection)
            raise OSError(str(reasons[0] if reasons else error)) from error
        if not connection.is_connected:  # a PING of NATS came first: nats-py would send nothing, and not tell
            await _close(connection)
            return await self._connect()
        return connection, over

    async def _begin(self, connection: Client) -> None:
        """The parts take over a new connection; where one fails, it is given up."""
        try:
            for part in self._parts:
                await part.connected(connection)
        except BaseException:
            self._lose(connection)
            raise
        self.up, self._connection = True, connection

    async def _add(self, part: ConnectionPart) -> None:
        if self._connection is None:
            raise ConnectionError(f"{without_passwords(self._url)}: NATS has been lost")
        await part.connected(self._connection)
        self._parts.append(part)

    async def _watch(self, connection: Client, over: asyncio.Event) -> None:
        """Wait for the end: of this object, of the connection, or of all signs of life."""
        while not (self._ended.is_set() or over.is_set()):
            try:
                await connection.flush(timeout=ANSWER)  # type: ignore[arg-type]
            except Exception:
                return
            if not all(part.alive() for part in self._parts):
                return
            await self._pause(BEAT, over)

    async def _pause(self, seconds: float, *events: asyncio.Event) -> None:
        """Wait for a time or an event, the end among them."""
        tasks = [asyncio.ensure_future(event.wait()) for event in (self._ended, *events)]
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()

    def _lose(self, connection: Client) -> None:
        self.up, self._connection = False, None
        for part in self._parts:
            part.lost()
        closing = self.loop.create_task(_close(connection))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


async def arrived(connection: Client) -> None:
    """Wait until NATS has all that was asked of it. Raises what `flush` does, after `ANSWER` seconds.

    The PING of nats-py overtakes a SUB that is about to be sent; a second one can't.
    """
    for _ in range(2):
        await connection.flush(timeout=ANSWER)  # type: ignore[arg-type]


async def _close(connection: Client) -> None:
    try:
        await asyncio.wait_for(connection.close(), BEAT)
    except Exception as error:  # such as bytes that will never leave
        log.debug("NATS: %s", error)


def _connecting_error(url: str, error: Exception) -> Exception:
    if isinstance(error, ImportError):
        return ImportError(f"NATS needs the package nats-py: {INSTALL}")
    url = without_passwords(url)
    return OSError(f"{url}: no NATS answers there ({error}): start one, or give another address")


class NatsBroker:
    """A `broker.Broker`: news to the other nodes on this NATS, at most once.

    ``nats``: the connection.
    ``call``: calls a function in the thread where you want ``receive``, such as a server's ``call_soon``.
    """

    def __init__(self, nats: Nats, call: Callable[..., object]) -> None:
        self._nats = nats
        self._receive: Receive = lambda subject, data: None
        self._in: Hop[tuple[str, bytes]] = Hop(call, lambda news: deliver(self._receive, news))
        self._out: Hop[tuple[str, bytes]] = Hop(nats.call, self._take)
        self._connection: Client | None = None
        self._sending: asyncio.Task[None] | None = None
        self._waiting: collections.deque[tuple[str, bytes]] = collections.deque()

    @property
    def up(self) -> bool:
        """See `broker.Broker`."""
        return self._nats.up

    def begin(self, receive: Receive) -> None:
        """See `broker.Broker`."""
        self._receive = receive
        self._nats.add(self)

    def publish(self, subject: str, data: bytes) -> bool:
        """See `broker.Broker`. Called in one thread."""
        if not self.up or len(self._out) + len(self._waiting) >= WAITING:
            return False
        self._out.put((subject, data))
        return True

    def close(self) -> None:
        """See `broker.Broker`. The connection is its owner's."""
        self._receive = lambda subject, data: None

    # -- the thread of NATS -------------------------------------------------------------------------------

    async def connected(self, connection: Client) -> None:
        """See `ConnectionPart`."""
        await connection.subscribe(f"{NEWS}.>", cb=self._came)
        await arrived(connection)  # news from now on is heard
        self._connection = connection

    def lost(self) -> None:
        """See `ConnectionPart`. News that is old by now is dropped."""
        self._connection = None
        self._waiting.clear()

    def alive(self) -> bool:
        """See `ConnectionPart`."""
        return True

    async def _came(self, message: Msg) -> None:
        if len(self._in) >= WAITING:
            self._in.drop_oldest()
        self._in.put((message.subject.removeprefix(f"{NEWS}."), message.data))

    def _take(self, news: list[tuple[str, bytes]]) -> None:
        self._waiting.extend(news)
        if self._sending is None or self._sending.done():
            self._sending = self._nats.loop.create_task(self._send())

    async def _send(self) -> None:
        while self._waiting and self._connection is not None:
            subject, data = self._waiting.popleft()
            try:
                await self._connection.publish(f"{NEWS}.{subject}", data)
            except Exception as error:  # the connection is ending: news may be lost
                log.debug("NATS: %s", error)
        self._waiting.clear()
