"""Storing the posts of each device, one after the other, in a stream that refuses a second copy itself.

::

    ann's phone   5 ──► published, if its newest in the stream is still sequence 811 ──► stored: sequence 812
                  6     waits                                └── 'wrong last sequence': ask, and try once more
    bob's phone   1 ──► published at the same time

A post is published with the sequence of its device's last one. So a second copy is refused from whichever
node it comes, as long as the stream keeps the device's last message. All of this runs in the thread of NATS.
Read `questions` first. Knows nothing of threads and of readers.
"""

from __future__ import annotations

import collections
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from wsdemo.patterns.entries import Entry, Outcome, Post, not_next
from wsdemo.patterns.nats import token
from wsdemo.patterns.questions import Questions, StreamMessage

#: The first word of the subjects, which are ``log.CHANNEL.DEVICE``.
SUBJECT: Final = "log"
#: Devices whose last number is remembered here; NATS knows the others.
DEVICES: Final = 20_000

log = logging.getLogger("wsdemo")


class Last(NamedTuple):
    """The question for the last number of a device."""

    device: str
    then: Callable[[int | None], object]


@dataclass(slots=True)
class DeviceJobs:
    """The last number of a device, and its jobs, which are done one after the other."""

    name: str
    number: int = 0  # the last one stored
    sequence: int | None = None  # in the stream, of that one; None: NATS must be asked
    jobs: collections.deque[Post | Last] = field(default_factory=collections.deque)
    working: bool = False


class Storing:
    """The posts of all devices on their way into a stream.

    ``ask``: the questions to it.
    ``start``: runs a coroutine beside the others.
    ``stored``: called with the outcome of each post.
    ``answer``: called with the ``then`` of a `Last`, and the number; None where it can't be read.
    """

    def __init__(
        self,
        ask: Questions,
        start: Callable[[Coroutine[Any, Any, None]], object],
        stored: Callable[[Outcome], object],
        answer: Callable[[Callable[[int | None], object], int | None], object],
    ) -> None:
        self._ask, self._start, self._stored, self._answer = ask, start, stored, answer
        self._devices: collections.OrderedDict[str, DeviceJobs] = collections.OrderedDict()

    @property
    def working(self) -> bool:
        """Whether a device has jobs that are not done."""
        return any(device.working for device in self._devices.values())

    def forget(self) -> None:
        """The stream is another one: its devices are, too."""
        self._devices = collections.OrderedDict()

    def take(self, job: Post | Last) -> None:
        """Do a job behind the earlier ones of its device."""
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
                self._answer(job.then, await self._last(device))
                continue
            outcome = Outcome(job, "failed", reason=failed) if failed else await self._store(device, job)
            failed = outcome.reason
            self._stored(outcome)
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
                if (refused := not_next(post, device.number + 1)) is not None:
                    return refused
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
        place = f"{SUBJECT}.{token(post.channel)}.{name}", post.body.encode(), headers
        sequence = await self._ask.publish(*place, last=device.sequence, of=f"{SUBJECT}.*.{name}")
        if sequence:
            device.number, device.sequence = post.n, sequence
        return sequence > 0

    async def _recall(self, device: DeviceJobs) -> None:
        """Ask NATS for the last message of a device. Where it keeps none, the number is the one we know."""
        device.sequence, headers = await self._ask.newest(f"{SUBJECT}.*.{token(device.name)}")
        if device.sequence:
            device.number = int(headers["Number"])


def entry_of(message: StreamMessage) -> tuple[str, Entry] | None:
    """The channel and the entry of a message; None for one that is not of a log."""
    try:
        _, channel, device = map(unquote, message.subject.split("."))
        sender, number = unquote(message.headers["Sender"]), int(message.headers["Number"])
        return channel, Entry(message.sequence, sender, device, number, message.at, message.body.decode())
    except (KeyError, ValueError) as error:
        log.warning("message %d of the stream is none of a log: %r", message.sequence, error)
        return None
