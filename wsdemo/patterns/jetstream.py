"""The numbered log of several nodes: one stream of NATS, in which NATS itself refuses a second copy.

::

    append(post)   ──► one publish in flight for each device ──► log.%23lobby.ann%0Aphone
    done(stored)   ◄── confirmed: sequence 7; or 'wrong last sequence' ◄────────┘
    done(news)     ◄── one consumer of log.> for the node ◄── 5, 6, 7 … of all nodes

An offset is the stream's sequence: it grows within a channel, not by one. A post is published with the
sequence of its device's last one (``Nats-Expected-Last-Subject-Sequence``). So a second copy is refused from
whichever node it comes, as long as the stream keeps the device's last message. Members are shown what the
consumer brings, their own node's posts too: so all see one order.

While the broker can't be reached `append` and `read` return False. After a loss the consumer is made anew,
from the last sequence on. Read `nats` first.
"""

from __future__ import annotations

import asyncio
import collections
import itertools
import json
import logging
import secrets
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

from wsdemo.patterns.broker import Hop
from wsdemo.patterns.log import KEEP, Done, Entry, Outcome, Page, Post, up_to
from wsdemo.patterns.nats import ANSWER, BEAT, Nats, token

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js.api import StreamInfo

#: The stream of the log; its subjects are ``log.CHANNEL.DEVICE``.
STREAM: Final = "LOG"
#: Bytes of the stream; beyond it the oldest messages go.
SIZE: Final = 1024 * 1024 * 1024
#: Posts and pages that may wait; news that may wait for the server's thread.
WAITING: Final = 20_000
#: Devices whose last number is remembered here; NATS knows the others.
DEVICES: Final = 20_000
#: Pages that are read at the same time, and entries of one page.
READING: Final = 32
PAGE: Final = 1000
#: The error of NATS for a sequence that is not the expected one.
WRONG_SEQUENCE: Final = 10071
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
    """A `log.Log` in a stream of NATS. Close it before the connection, or use it in a ``with``.

    ``nats``: the connection.
    ``done``: called with outcomes; with those of status "news", which have the entries, for all nodes.
    ``call``: calls a function with its arguments, in the thread where you want ``done`` and ``then``.
    ``seconds``, ``size``: the stream keeps no message longer, and no more bytes.
    ``waiting``: jobs that may wait; beyond it `append` and `read` return False.

    Raises OSError where NATS has no JetStream, or has no room for the stream.
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
        waiting: int = WAITING,
    ) -> None:
        self.epoch = ""
        self._nats, self._done, self._seconds, self._size = nats, done, seconds, size
        self._waiting = waiting
        self._asked = self._answered = 0  # jobs; each is counted in one thread
        self._closed = False
        self._jobs: Hop[Post | Last | Read] = Hop(nats.call, self._take)
        self._results: Hop[tuple[Callable[[Any], object], Any]] = Hop(call, self._tell)
        self._devices: collections.OrderedDict[str, DeviceJobs] = collections.OrderedDict()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._asking: set[asyncio.Future[Any]] = set()  # questions that a loss of the connection ends
        self._connection: Client | None = None
        self._js: Any = None
        self._seen: int | None = None  # the last sequence that the consumer brought
        self._count = 0  # the messages that this consumer brought
        self._heard = 0.0  # the time of the last sign of life
        self._whole = True  # the consumer has brought each message so far
        self._reading = asyncio.Semaphore(READING)
        try:
            nats.add(self)
        except Exception as error:
            raise OSError(
                f"NATS keeps no log here: {error or type(error).__name__}: start it with -js"
            ) from error

    def __enter__(self) -> JetStreamLog:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    @property
    def failing(self) -> str:
        """The reason why nothing can be stored now; "" where there is none."""
        return "" if self._nats.up else "NATS can't be reached"

    # -- from the server's thread -------------------------------------------------------------------------

    def append(self, post: Post) -> bool:
        """See `log.Log`."""
        return self._ask(post)

    def read(self, channel: str, after: int, size: int, then: Callable[[Page | None], object]) -> bool:
        """See `log.Log`."""
        return self._ask(Read(channel, after, size, then))

    def last(self, device: str, then: Callable[[int | None], object]) -> bool:
        """See `log.Log`."""
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

    # -- the thread of NATS: the connection ---------------------------------------------------------------

    async def connected(self, connection: Client) -> None:
        """See `nats.ConnectionPart`: find or make the stream, and follow it from where this node stopped."""
        js = connection.jetstream(timeout=ANSWER)
        info = await self._stream(js)
        epoch = (info.config.metadata or {}).get("epoch", str(info.created))
        if epoch != self.epoch:
            if self.epoch:  # the stream is another one: all that members know is over
                self._news("missed", None, 0)
            self.epoch, self._seen = epoch, info.state.last_seq
            self._devices = collections.OrderedDict()
        self._skip(info.state.first_seq)
        await self._follow(connection, js)
        self._connection, self._js = connection, js

    def lost(self) -> None:
        """See `nats.ConnectionPart`."""
        self._connection = None
        for question in list(self._asking):
            question.cancel()

    def alive(self) -> bool:
        """See `nats.ConnectionPart`."""
        return self._whole and self._nats.loop.time() - self._heard < 3 * BEAT

    async def _stream(self, js: Any) -> StreamInfo:
        from nats.js.api import StorageType, StreamConfig
        from nats.js.errors import BadRequestError, NotFoundError

        bounds: dict[str, Any] = {"max_age": self._seconds, "max_bytes": self._size}
        bounds["duplicate_window"] = min(120.0, self._seconds)  # not used, but it must not be longer
        config = StreamConfig(
            name=STREAM,
            subjects=["log.>"],
            storage=StorageType.FILE,
            allow_direct=True,
            metadata={"epoch": secrets.token_hex(8)},
            **bounds,
        )
        try:
            info: StreamInfo = await js.stream_info(STREAM)
        except NotFoundError:
            try:
                return await js.add_stream(config)  # type: ignore[no-any-return]
            except BadRequestError:  # another node was faster
                info = await js.stream_info(STREAM)
        if (info.config.max_age, info.config.max_bytes) != (self._seconds, self._size):
            info = await js.update_stream(info.config.evolve(**bounds))
        return info

    def _finish(self, ended: threading.Event) -> None:
        """Once all devices are idle: say so."""
        if self._connection is not None and any(device.working for device in self._devices.values()):
            self._nats.loop.call_later(0.01, self._finish, ended)
            return
        for task in self._tasks:
            task.cancel()
        ended.set()

    def _start(self, job: Coroutine[Any, Any, None]) -> None:
        task = self._nats.loop.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, question: Coroutine[Any, Any, Any]) -> Any:
        """The answer of NATS; ConnectionError where the connection is lost before."""
        if self._connection is None:
            question.close()
            raise ConnectionError("NATS can't be reached")
        asked = asyncio.ensure_future(question)
        self._asking.add(asked)
        asked.add_done_callback(self._asking.discard)
        try:
            return await asked
        except asyncio.CancelledError:
            raise ConnectionError("NATS was lost before it answered") from None

    # -- posts and numbers --------------------------------------------------------------------------------

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
        from nats.js.errors import APIError

        headers = {
            "Nats-Expected-Last-Subject-Sequence": str(device.sequence),
            "Nats-Expected-Last-Subject-Sequence-Subject": f"log.*.{token(device.name)}",
            "Sender": token(post.sender),
            "Number": str(post.n),
        }
        subject = f"log.{token(post.channel)}.{token(device.name)}"
        try:
            confirmed = await self._answer(self._js.publish(subject, post.body.encode(), headers=headers))
        except APIError as error:
            if error.err_code != WRONG_SEQUENCE:
                raise
            return False
        device.number, device.sequence = post.n, confirmed.seq
        return True

    async def _recall(self, device: DeviceJobs) -> None:
        """Ask NATS for the last message of a device. Where it keeps none, the number is the one we know."""
        found = await self._newest(f"log.*.{token(device.name)}")
        device.sequence = 0 if found is None else found.seq
        if found is not None:
            device.number = int(found.headers["Number"])

    async def _newest(self, subject: str) -> Any:
        from nats.js.errors import NotFoundError

        try:
            return await self._answer(self._js.get_last_msg(STREAM, subject))
        except NotFoundError:
            return None

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
        entries = await self._answer(self._entries(read))
        newest = await self._newest(f"log.{token(read.channel)}.*")
        info = await self._answer(self._js.stream_info(STREAM))
        first = max(1, info.state.first_seq)
        kept = up_to(read.size, (entry for entry in entries if entry.offset >= first))
        top = first - 1 if newest is None else max(first - 1, newest.seq)
        return Page(read.after, tuple(kept), first, top)

    async def _entries(self, read: Read) -> list[Entry]:
        """One question, and its answers: the messages of a channel above an offset, up to a size."""
        connection = self._connection
        assert connection is not None
        question = {
            "seq": read.after + 1,
            "next_by_subj": f"log.{token(read.channel)}.*",
            "batch": PAGE if read.size else 1,
            "max_bytes": max(1, read.size),
        }
        inbox, entries = connection.new_inbox(), list[Entry]()
        answers = await connection.subscribe(inbox)
        try:
            await connection.publish(f"$JS.API.DIRECT.GET.{STREAM}", json.dumps(question).encode(), inbox)
            while True:
                message = await answers.next_msg(ANSWER)
                headers = message.headers or {}
                if "Status" in headers:  # 204: the end; 404: there is none
                    if headers["Status"] not in ("204", "404"):
                        raise OSError(f"NATS answers {headers['Status']} {headers.get('Description', '')}")
                    return entries
                at = datetime.fromisoformat(headers["Nats-Time-Stamp"]).timestamp()
                sequence = int(headers["Nats-Sequence"])
                if (
                    found := _entry(headers["Nats-Subject"], headers, sequence, at, message.data)
                ) is not None:
                    entries.append(found[1])
        finally:
            await answers.unsubscribe()

    # -- news ---------------------------------------------------------------------------------------------

    async def _follow(self, connection: Client, js: Any) -> None:
        """A consumer of our own, which is told apart from those before by its place to deliver to."""
        from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

        assert self._seen is not None
        inbox = connection.new_inbox()
        self._count, self._heard, self._whole = 0, self._nats.loop.time(), True
        await connection.subscribe(inbox, cb=self._came)
        await js.add_consumer(
            STREAM,
            ConsumerConfig(
                deliver_subject=inbox,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self._seen + 1,
                ack_policy=AckPolicy.NONE,
                idle_heartbeat=BEAT,
                inactive_threshold=5 * BEAT,
                mem_storage=True,
            ),
        )

    async def _came(self, message: Msg) -> None:
        self._heard = self._nats.loop.time()
        headers = message.headers or {}
        if "Status" in headers:  # a sign of life, with the number of messages that should be here
            self._whole = self._whole and int(headers.get("Nats-Last-Consumer", self._count)) == self._count
            return
        sequence, count, nanoseconds = _place(message.reply)
        self._count += 1
        self._whole = self._whole and count == self._count
        if not self._whole:
            return  # the connection is made anew, and the consumer brings it again
        while len(self._results) >= WAITING:  # the server's thread is busy
            await asyncio.sleep(0.01)
            self._heard = self._nats.loop.time()
        self._skip(sequence)
        self._seen = sequence
        # The same microsecond as a page gives, which is read by `datetime`.
        found = _entry(message.subject, headers, sequence, nanoseconds // 1000 / 1e6, message.data)
        if found is not None:
            self._news("news", found, sequence)

    def _skip(self, first: int) -> None:
        """Messages between the last one seen and ``first`` are no longer kept: the members must know."""
        if self._seen is not None and first > self._seen + 1:
            self._news("missed", None, first)
            self._seen = first - 1

    def _news(self, status: Any, found: tuple[str, Entry] | None, expected: int) -> None:
        if found is None:
            outcome = Outcome(NO_POST, status, None, expected)
        else:
            channel, entry = found
            post = Post(channel, entry.device, entry.n, entry.sender, entry.body)
            outcome = Outcome(post, status, entry, expected)
        self._results.put((self._done, outcome))


def _place(reply: str) -> tuple[int, int, int]:
    """The sequence in the stream, the number in the consumer, and the time in nanoseconds since 1970.

    >>> _place("$JS.ACK.LOG.pYcjPowP.1.3.2.1795708495854110166.0")
    (3, 2, 1795708495854110166)
    """
    words = reply.split(".")
    begin = 5 if len(words) == 9 else 7  # with a domain and an account before the stream
    sequence, number, time = map(int, words[begin : begin + 3])
    return sequence, number, time


def _entry(
    subject: str, headers: dict[str, str], sequence: int, at: float, body: bytes
) -> tuple[str, Entry] | None:
    """The channel and the entry of a message of the stream; None for one that is not of a log."""
    try:
        _, channel, device = map(unquote, subject.split("."))
        sender, number = unquote(headers["Sender"]), int(headers["Number"])
        return channel, Entry(sequence, sender, device, number, at, body.decode())
    except (KeyError, ValueError) as error:
        log.warning("message %d of the stream is none of a log: %r", sequence, error)
        return None
