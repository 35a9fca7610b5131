"""The numbered log of several nodes: one stream of NATS, which each of them writes, reads and follows.

::

    append(post)   ──► Storing ──► log.%23lobby.ann%0Aphone ──► done(stored): it is in the stream, once
    read(channel)  ──► log.%23lobby.* above an offset       ──► then(page)
    the stream, as this node sees it: 5, 6, 7 … of all nodes ──► done(news): to be shown to the members

An offset is the stream's sequence: it grows within a channel, not by one. Members are shown what the stream
brings, their own node's posts too: so all see one order. While the broker can't be reached `append` and
`read` return False.

Read `stream` and `storing` first: they know NATS; this module knows threads, channels and pages.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, NamedTuple

from wsdemo.patterns.broker import Hop
from wsdemo.patterns.entries import KEEP, Done, Outcome, Page, Post, up_to
from wsdemo.patterns.nats import ANSWER, Nats, token
from wsdemo.patterns.questions import StreamMessage
from wsdemo.patterns.storing import SUBJECT, Last, Storing, entry_of
from wsdemo.patterns.stream import NatsStream

#: The stream of the log.
STREAM: Final = "LOG"
#: Bytes of the stream; beyond it the oldest messages go.
SIZE: Final = 1024 * 1024 * 1024
#: Posts and pages that may wait; news that may wait for the server's thread.
WAITING: Final = 20_000
#: Pages that are read at the same time.
READING: Final = 32
NO_POST: Final = Post("", "", 0, "", "")

log = logging.getLogger("wsdemo")


class Read(NamedTuple):
    """The question for a page."""

    channel: str
    after: int
    size: int
    then: Callable[[Page | None], object]


class JetStreamLog:
    """A `entries.Log` in a stream of NATS. Close it before the connection, or use it in a ``with``.

    ``nats``: the connection.
    ``done``: called with outcomes; with those of status "news", which have the entries, for all nodes.
    ``call``: calls a function with its arguments, in the thread where you want ``done`` and ``then``.
    ``seconds``: the stream keeps no message longer.
    ``size``: bytes of the stream.
    ``replicas``: servers of a cluster of NATS that keep the stream; None: as it is, a new one on one.
    ``waiting``: jobs that may wait; beyond it `append` and `read` return False.

    Raises OSError where NATS has no JetStream, no room for the stream, or not as many servers.
    """

    durable = True

    def __init__(
        self,
        nats: Nats,
        done: Done,
        *,
        call: Callable[..., object] = lambda function, *args: function(*args),
        seconds: float = KEEP.seconds,
        size: int = SIZE,
        replicas: int | None = None,
        waiting: int = WAITING,
    ) -> None:
        self._nats, self._done, self._waiting = nats, done, waiting
        self._asked = self._answered = 0  # jobs; each is counted in one thread
        self._closed = False
        self._jobs: Hop[Post | Last | Read] = Hop(nats.call, self._take)
        self._results: Hop[tuple[Callable[[Any], object], Any]] = Hop(call, self._tell)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._reading = asyncio.Semaphore(READING)
        bounds: dict[str, Any] = {"seconds": seconds, "size": size, "replicas": replicas}
        self._stream = NatsStream(nats, STREAM, SUBJECT, self._came, self._missed, self._full, **bounds)
        self._storing = Storing(self._stream.ask, self._start, self._outcome, self._answer)
        try:
            nats.add(self._stream)
        except Exception as error:
            said = getattr(error, "description", None)
            reason = said or f"{str(error) or type(error).__name__}: start it with -js"
            servers = f" on {replicas} servers" if replicas else ""
            raise OSError(f"NATS keeps no log{servers} here: {reason}") from error

    def __enter__(self) -> JetStreamLog:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    @property
    def epoch(self) -> str:
        """See `entries.Log`."""
        return self._stream.epoch

    @property
    def failing(self) -> str:
        """The reason why nothing can be stored now; "" where there is none."""
        return "" if self._nats.up else "NATS can't be reached"

    # -- from the server's thread -------------------------------------------------------------------------

    def append(self, post: Post) -> bool:
        """See `entries.Log`."""
        return self._ask(post)

    def read(self, channel: str, after: int, size: int, then: Callable[[Page | None], object]) -> bool:
        """See `entries.Log`."""
        return self._ask(Read(channel, after, size, then))

    def last(self, device: str, then: Callable[[int | None], object]) -> bool:
        """See `entries.Log`."""
        return self._ask(Last(device, then))

    def close(self) -> None:
        """Store the posts that are waiting, for a few seconds, and end. Later jobs are not taken."""
        if not self._closed:
            self._closed = True
            ended = threading.Event()
            if self._nats.call(self._finish, ended):
                ended.wait(2 * ANSWER)

    def _ask(self, job: Post | Last | Read) -> bool:
        if self._closed or not self._nats.up or self._asked - self._answered >= self._waiting:
            return False
        self._asked += 1
        self._jobs.put(job)
        return True

    def _tell(self, results: list[tuple[Callable[[Any], object], Any]]) -> None:
        """Call ``done`` with all outcomes of a batch, and ``then`` between them, in their order."""
        for function, group in itertools.groupby(results, key=lambda result: result[0]):
            values = [value for _, value in group]
            if function == self._done:
                self._answered += sum(value.status not in ("news", "missed") for value in values)
                self._try(function, values)
            else:
                self._answered += len(values)
                for value in values:
                    self._try(function, value)

    def _try(self, function: Callable[[Any], object], value: Any) -> None:
        """Call a function of the user, whose errors end nothing here."""
        try:
            function(value)
        except Exception as error:
            self._results.errors.append(error)
            log.error("an error in what the message log calls", exc_info=error)

    def renew(self) -> None:
        """Give the log another epoch, once an older copy of it was put back: so all readers are told.

        Raises ConnectionError where NATS is lost before.
        """
        self._nats.run(self._stream.renew())

    # -- the thread of NATS -------------------------------------------------------------------------------

    def _finish(self, ended: threading.Event) -> None:
        """Once all posts are stored: say so."""
        if self._stream.up and self._storing.working:
            self._nats.loop.call_later(0.01, self._finish, ended)
            return
        for task in self._tasks:
            task.cancel()
        ended.set()

    def _start(self, job: Coroutine[Any, Any, None]) -> None:
        task = self._nats.loop.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _take(self, jobs: list[Post | Last | Read]) -> None:
        for job in jobs:
            if isinstance(job, Read):
                self._start(self._read(job))
            else:
                self._storing.take(job)

    def _outcome(self, outcome: Outcome) -> None:
        self._results.put((self._done, outcome))

    def _answer(self, then: Callable[[Any], object], value: object) -> None:
        self._results.put((then, value))

    # -- pages --------------------------------------------------------------------------------------------

    async def _read(self, read: Read) -> None:
        page = None
        try:
            async with self._reading:
                page = await self._page(read)
        except Exception as error:
            log.warning("the message log can't be read: %s", error)
        self._answer(read.then, page)

    async def _page(self, read: Read) -> Page:
        """The entries first, and then the bounds: what has expired meanwhile is below the first one kept."""
        subjects = f"{SUBJECT}.{token(read.channel)}.*"
        found = map(entry_of, await self._stream.ask.page(subjects, read.after, read.size))
        newest, _ = await self._stream.ask.newest(subjects)
        first = await self._stream.first()
        entries = [entry for _, entry in filter(None, found) if entry.offset >= first]
        return Page(read.after, tuple(up_to(read.size, entries)), first, max(first - 1, newest))

    # -- news ---------------------------------------------------------------------------------------------

    def _full(self) -> bool:
        """The server's thread is busy."""
        return len(self._results) >= WAITING

    def _came(self, message: StreamMessage) -> None:
        found = entry_of(message)
        if found is not None:
            channel, entry = found
            post = Post(channel, entry.device, entry.n, entry.sender, entry.body)
            self._outcome(Outcome(post, "news", entry, message.sequence))

    def _missed(self, first: int) -> None:
        if not first:  # the numbers of the devices are those of another stream, too
            self._storing.forget()
        self._outcome(Outcome(NO_POST, "missed", None, first))
