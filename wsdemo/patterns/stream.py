"""A stream of NATS as one node sees it: all of its messages in one order, whatever becomes of the connection.

::

    NATS, stream LOG            7   8   9  10  11  12
    this node's consumer        7   8  ─ cut off ─     a new one, from 9 on
    came(message)               7   8                  9  10  11  12
    missed(11)                                         where 9 and 10 are no longer kept
    missed(0)                                          where the stream is another one

Each message has a *sequence*, which grows by one. The consumer is made anew by us on each connection, from
the last sequence on, and when it has a hole. The *epoch* is the stream's name for itself: a new one says
that what was known by sequences counts no more. Read `nats` and `questions` first. Knows nothing of threads
and posts.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wsdemo.patterns.nats import ANSWER, BEAT, Nats
from wsdemo.patterns.questions import Questions, StreamMessage

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js.api import StreamInfo


class NatsStream:
    """A `nats.ConnectionPart`: one stream with all messages of ``SUBJECT.>``. It lives in the thread of NATS.

    ``came``: called with each message in order, from now on.
    ``missed``: called with the first sequence that is kept, where some were not brought; with 0 where the
    stream is another one.
    ``full``: while it is true nothing more is brought.
    ``seconds``, ``size``: it keeps no message longer, and no more bytes.
    ``replicas``: servers of a cluster that keep it; None leaves it as it is.
    """

    def __init__(
        self,
        nats: Nats,
        name: str,
        subject: str,
        came: Callable[[StreamMessage], object],
        missed: Callable[[int], object],
        full: Callable[[], bool] = lambda: False,
        *,
        seconds: float,
        size: int,
        replicas: int | None = None,
    ) -> None:
        self.epoch = ""
        self.up = False
        self.ask = Questions(name)  #: the questions to it
        self._nats, self._name, self._subject = nats, name, subject
        self._brought, self._missed, self._full = came, missed, full
        self._seconds, self._size, self._replicas = seconds, size, replicas
        self._seen: int | None = None  # the last sequence that the consumer brought
        self._count = 0  # the messages that this consumer brought
        self._heard = 0.0  # the time of the last sign of life
        self._whole = True  # the consumer has brought each message so far

    # -- the connection -----------------------------------------------------------------------------------

    async def connected(self, connection: Client) -> None:
        """See `nats.ConnectionPart`: find or make the stream, and follow it from where this node stopped."""
        js = connection.jetstream(timeout=ANSWER)
        info = await self._find(js)
        if _epoch(info) == self.epoch and self._seen is not None and info.state.last_seq < self._seen:
            info = await self._rename(js, info)  # an older copy: its next sequences are known here already
        if _epoch(info) != self.epoch:
            known, self.epoch, self._seen = self.epoch, _epoch(info), info.state.last_seq
            if known:
                self._missed(0)
        self._skip(info.state.first_seq)
        await self._follow(connection, js)
        self.ask.connected(connection, js)
        self.up = True

    def lost(self) -> None:
        """See `nats.ConnectionPart`."""
        self.up = False
        self.ask.lost()

    def alive(self) -> bool:
        """See `nats.ConnectionPart`."""
        return self._whole and self._nats.loop.time() - self._heard < 3 * BEAT

    async def _find(self, js: Any) -> StreamInfo:
        from nats.js.api import StorageType, StreamConfig
        from nats.js.errors import BadRequestError, NotFoundError

        bounds: dict[str, Any] = {"max_age": self._seconds, "max_bytes": self._size}
        if self._replicas is not None:
            bounds["num_replicas"] = self._replicas
        others: dict[str, Any] = {"duplicate_window": min(120.0, self._seconds)}  # not used, and not longer
        config = StreamConfig(
            name=self._name,
            subjects=[f"{self._subject}.>"],
            storage=StorageType.FILE,
            allow_direct=True,
            metadata={"epoch": secrets.token_hex(8)},
            **bounds,
            **others,
        )
        try:
            info: StreamInfo = await js.stream_info(self._name)
        except NotFoundError:
            try:
                return await js.add_stream(config)  # type: ignore[no-any-return]
            except BadRequestError:  # another node was faster
                info = await js.stream_info(self._name)
        if any(getattr(info.config, name) != value for name, value in bounds.items()):
            info = await js.update_stream(info.config.evolve(**bounds, **others))
        return info

    async def _rename(self, js: Any, info: StreamInfo) -> StreamInfo:
        metadata = {**(info.config.metadata or {}), "epoch": secrets.token_hex(8)}
        return await js.update_stream(info.config.evolve(metadata=metadata))  # type: ignore[no-any-return]

    async def first(self) -> int:
        """The first sequence that is kept, or the next one where none is. Raises ConnectionError."""
        info = await self.ask.info()
        self._whole = self._whole and _epoch(info) == self.epoch
        return max(1, info.state.first_seq)

    async def renew(self) -> None:
        """Give the stream another epoch. The nodes see it when they connect, or read a page.

        Raises ConnectionError.
        """
        info = await self.ask.info()
        await self.ask.answer(lambda js: self._rename(js, info))

    # -- the consumer -------------------------------------------------------------------------------------

    async def _follow(self, connection: Client, js: Any) -> None:
        """A consumer of our own, which is told apart from those before by its place to deliver to."""
        from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

        assert self._seen is not None
        inbox = connection.new_inbox()
        self._count, self._heard, self._whole = 0, self._nats.loop.time(), True
        await connection.subscribe(inbox, cb=self._came)
        await js.add_consumer(
            self._name,
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
        while self._full():
            await asyncio.sleep(0.01)
            self._heard = self._nats.loop.time()
        self._skip(sequence)
        self._seen = sequence
        # The same microsecond as a page gives, which is read by `datetime`.
        at = nanoseconds // 1000 / 1e6
        self._brought(StreamMessage(sequence, message.subject, headers, at, message.data))

    def _skip(self, first: int) -> None:
        """Messages between the last one seen and ``first`` are no longer kept: that must be known."""
        if self._seen is not None and first > self._seen + 1:
            self._missed(first)
            self._seen = first - 1


def _epoch(info: StreamInfo) -> str:
    return (info.config.metadata or {}).get("epoch", str(info.created))


def _place(reply: str) -> tuple[int, int, int]:
    """The sequence in the stream, the number in the consumer, and the time in nanoseconds since 1970.

    >>> _place("$JS.ACK.LOG.pYcjPowP.1.3.2.1795708495854110166.0")
    (3, 2, 1795708495854110166)
    """
    words = reply.split(".")
    begin = 5 if len(words) == 9 else 7  # with a domain and an account before the stream
    sequence, number, time = map(int, words[begin : begin + 3])
    return sequence, number, time
