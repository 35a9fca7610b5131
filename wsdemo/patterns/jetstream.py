"""The numbered log of several nodes: one stream of NATS, in which NATS itself refuses a second copy.

::

    append(post)   ──► one publish in flight for each device ──► log.%23lobby.ann%0Aphone
    done(stored)   ◄── confirmed: sequence 7; or 'wrong last sequence' ◄────────┘
    done(news)     ◄── the stream, as this node sees it ◄── 5, 6, 7 … of all nodes

An offset is the stream's sequence: it grows within a channel, not by one. A post is published with the
sequence of its device's last one. So a second copy is refused from whichever node it comes, as long as the
stream keeps the device's last message. Members are shown what the stream brings, their own node's posts too:
so all see one order. While the broker can't be reached `append` and `read` return False.

Read `stream` first: it knows NATS, and this module knows posts, devices and threads.
"""

from __future__ import annotations

import asyncio
import collections
import itertools
import logging
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from wsdemo.patterns.broker import Hop
from wsdemo.patterns.entries import KEEP, Done, Entry, Outcome, Page, Post, up_to
from wsdemo.patterns.nats import ANSWER, Nats, token
from wsdemo.patterns.stream import NatsStream, StreamMessage

#: The stream of the log; its subjects are ``log.CHANNEL.DEVICE``.
STREAM: Final = "LOG"
#: Bytes of the stream; beyond it the oldest messages go.
SIZE: Final = 1024 * 1024 * 1024
#: Posts and pages that may wait; news that may wait for the server's thread.
WAITING: Final = 20_000
#: Devices whose last number is remembered here; NATS knows the others.
DEVICES: Final = 20_000
#: Pages that are read at the same time.
READING: Final = 32
NO_POST: Final = Post("", "", 0, "", "")

log = logging.getLogger("wsdemo")


class Last(NamedTuple):
    """The question for the last number of a device."""

    device: str
    then: Callable[[int | None], object]


class Read(NamedTuple):
    """The question for a page."""

    channel: str
    after: int
    size: int
    then: Callable[[Page | None], object]


@dataclass(slots=True)
class DeviceJobs:
    """The last number of a device, and its jobs, which are done one after the other."""

    name: str
    number: int = 0  # the last one stored
    sequence: int | None = None  # in the stream, of that one; None: NATS must be asked
    jobs: collections.deque[Post | Last] = field(default_factory=collections.deque)
    working: bool = False


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
        self._devices: collections.OrderedDict[str, DeviceJobs] = collections.OrderedDict()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._reading = asyncio.Semaphore(READING)
        bounds: dict[str, Any] = {"seconds": seconds, "size": size, "replicas": replicas}
        self._stream = NatsStream(nats, STREAM, "log", self._came, self._missed, self._full, **bounds)
        try:
            nats.add(self._stream)
        except Exception as error:
            said = getattr(error, "description", None)
            reason = said or f"{error or type(error).__name__}: start it with -js"
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

    # -- the thread of NATS: posts and numbers ------------------------------------------------------------

    def _finish(self, ended: threading.Event) -> None:
        """Once all devices are idle: say so."""
        if self._stream.up and any(device.working for device in self._devices.values()):
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
                continue
            device = self._device(job.device)
            device.jobs.append(job)
            if not device.working:
                device.working = True
                self._start(self._work(device))

    def _device(self, name: str) -> DeviceJobs:
        device = self._devices.setdefault(name, DeviceJobs(name))
        self._devices.move_to_end(name)
        oldest = next(iter(self._devices.values()))
        if len(self._devices) > DEVICES and not oldest.working:
            del self._devices[oldest.name]
        return device

    async def _work(self, device: DeviceJobs) -> None:
        """All jobs of a device, in their order; after a failure nothing behind it can be stored."""
        failed = ""
        while device.jobs:
            job = device.jobs.popleft()
            if isinstance(job, Last):
                failed = ""
                self._results.put((job.then, await self._last(device)))
                continue
            outcome = Outcome(job, "failed", reason=failed) if failed else await self._store(device, job)
            failed = outcome.reason
            self._results.put((self._done, outcome))
        device.working = False

    async def _last(self, device: DeviceJobs) -> int | None:
        device.number = 0
        try:
            await self._recall(device)
            return device.number
        except Exception as error:
            log.warning("the last number of a device can't be read: %s", error)
            return None

    async def _store(self, device: DeviceJobs, post: Post) -> Outcome:
        try:
            if device.sequence is None:
                await self._recall(device)
            for _ in range(2):
                if post.n != device.number + 1:
                    known = post.n <= device.number
                    return Outcome(post, "again" if known else "out of order", None, device.number + 1)
                if await self._publish(device, post):
                    return Outcome(post, "stored", None, post.n + 1)
                await self._recall(device)
            reason = "another node stores messages of this device"
        except Exception as error:
            device.sequence = None  # it may be stored, and the confirmation lost
            reason = f"{type(error).__name__}: {error}"
        return Outcome(post, "failed", reason=reason)

    async def _publish(self, device: DeviceJobs, post: Post) -> bool:
        """Store a post; false where NATS has another last message of the device than we know."""
        assert device.sequence is not None
        name = token(device.name)
        headers = {"Sender": token(post.sender), "Number": str(post.n)}
        place = f"log.{token(post.channel)}.{name}", post.body.encode(), headers
        sequence = await self._stream.publish(*place, last=device.sequence, of=f"log.*.{name}")
        if sequence:
            device.number, device.sequence = post.n, sequence
        return sequence > 0

    async def _recall(self, device: DeviceJobs) -> None:
        """Ask NATS for the last message of a device. Where it keeps none, the number is the one we know."""
        device.sequence, headers = await self._stream.newest(f"log.*.{token(device.name)}")
        if device.sequence:
            device.number = int(headers["Number"])

    # -- pages --------------------------------------------------------------------------------------------

    async def _read(self, read: Read) -> None:
        page = None
        try:
            async with self._reading:
                page = await self._page(read)
        except Exception as error:
            log.warning("the message log can't be read: %s", error)
        self._results.put((read.then, page))

    async def _page(self, read: Read) -> Page:
        """The entries first, and then the bounds: what has expired meanwhile is below the first one kept."""
        subjects = f"log.{token(read.channel)}.*"
        found = map(_entry, await self._stream.page(subjects, read.after, read.size))
        newest, _ = await self._stream.newest(subjects)
        first = await self._stream.first()
        entries = [entry for _, entry in filter(None, found) if entry.offset >= first]
        return Page(read.after, tuple(up_to(read.size, entries)), first, max(first - 1, newest))

    # -- news ---------------------------------------------------------------------------------------------

    def _full(self) -> bool:
        """The server's thread is busy."""
        return len(self._results) >= WAITING

    def _came(self, message: StreamMessage) -> None:
        found = _entry(message)
        if found is not None:
            channel, entry = found
            post = Post(channel, entry.device, entry.n, entry.sender, entry.body)
            self._results.put((self._done, Outcome(post, "news", entry, message.sequence)))

    def _missed(self, first: int) -> None:
        if not first:  # the numbers of the devices are those of another stream, too
            self._devices = collections.OrderedDict()
        self._results.put((self._done, Outcome(NO_POST, "missed", None, first)))


def _entry(message: StreamMessage) -> tuple[str, Entry] | None:
    """The channel and the entry of a message; None for one that is not of a log."""
    try:
        _, channel, device = map(unquote, message.subject.split("."))
        sender, number = unquote(message.headers["Sender"]), int(message.headers["Number"])
        return channel, Entry(message.sequence, sender, device, number, message.at, message.body.decode())
    except (KeyError, ValueError) as error:
        log.warning("message %d of the stream is none of a log: %r", message.sequence, error)
        return None
