"""One client of a server: its user and device, the numbers of its messages, and the end, with a reason.

::

    hello ──► welcome {next: 5}        publish 5 ──► taken ──► stored: confirm 5
                                       publish 7 ──► out_of_order {expect: 6}, and nothing behind it is taken
                                       publish 6 ──► busy {retry: 0.5}, and 6 is still the next

A device numbers what it publishes 1, 2, 3 … and sends again from the number that was not taken (*go-back-N*).
So nothing is stored twice, and nothing is left out. A device is ``user\\ndevice`` in the log: no user names
the device of another. Knows nothing of channels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from wsdemo.net.connection import Connection
from wsdemo.patterns.entries import Log
from wsdemo.patterns.figures import MessageCounts
from wsdemo.patterns.following import Reader
from wsdemo.patterns.messages import PERMANENT, TEMPORARY, frame
from wsdemo.patterns.rate import Bucket
from wsdemo.protocol.errors import ConnectionClosed, InvalidState

KiB: Final = 1024


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, and the time at which the proof of it ends: seconds since 1970, None for never."""

    user: str
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class RoomLimits:
    """The bounds of `rooms`: sizes in bytes, times in seconds, rates as (messages a second, burst).

    Raises TypeError or ValueError for a bound that is none.
    """

    size: int = 64 * KiB  # of one message; beyond it `too_large`. `Limits.message_size` must be larger
    window: int = 64  # messages of one device that are not confirmed; beyond it `too_many`
    publishes: tuple[float, float] = (50.0, 100.0)
    volatiles: tuple[float, float] = (100.0, 200.0)
    requests: tuple[float, float] = (50.0, 200.0)  # join, leave and refresh
    joined: int = 64  # channels of one connection
    channels: int = 10_000  # with a member; beyond it `busy`
    members: int = 10_000  # of one channel; beyond it `busy`
    per_user: int = 20  # connections of one user; beyond it 4429
    hello_size: int = 4 * KiB  # beyond it 4413
    hello_timeout: float = 10.0  # from the opening to `hello`; beyond it 4408
    offences: int = 3  # messages that break the protocol; the last one ends the connection, with 4400
    page: int = 256 * KiB  # entries of the log that are read at once
    retry: float = 0.5  # said with `busy` and `failed`
    silence: float = 25.0  # in which a client hears nothing or says nothing; beyond it `ping`
    away: float = 40.0  # without a word; beyond it a member counts as left
    warning: float = 60.0  # before a token ends

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("publishes", "volatiles", "requests"):
                if type(value) is not tuple or len(value) != 2:
                    raise TypeError(f"{field.name}: got {value!r}, expected (a second, burst)")
                Bucket(*value, 0.0)  # which checks them
            elif type(value) is not int and (type(value) is not float or field.type == "int"):
                raise TypeError(f"{field.name}: got {value!r}, expected a number, {field.type}")
            elif not value > 0:
                raise ValueError(f"{field.name}: got {value}, expected more than 0")


class Numbers:
    """The numbers of one device. ``next``: the one that is taken next.

    >>> numbers = Numbers(next=5)
    >>> [numbers.fate(n) for n in (4, 5, 6)]
    ['again', 'next', 'out of order']
    >>> numbers.taken(5); numbers.fate(5), numbers.next
    ('again', 6)
    >>> numbers.stored(5); numbers.confirmed
    5
    """

    __slots__ = ("confirmed", "next")

    def __init__(self, next: int) -> None:
        self.next = next
        self.confirmed = next - 1  #: all up to this one are stored

    def fate(self, n: int) -> Literal["next", "again", "out of order"]:
        """Whether ``n`` may be taken now."""
        return "next" if n == self.next else "again" if n < self.next else "out of order"

    def taken(self, n: int) -> None:
        """``n`` is on its way into the log."""
        self.next = n + 1

    def stored(self, n: int) -> None:
        """The log has all up to ``n``."""
        self.confirmed = max(self.confirmed, n)
        self.next = max(self.next, n + 1)

    def not_stored(self, n: int) -> None:
        """The log did not take ``n``, and so none behind it."""
        self.next = max(self.confirmed + 1, min(self.next, n))


class Session:
    """One connection of a client, from its opening to `bye`.

    ``clock``: seconds that never go back; ``figures``: where its messages are counted.
    """

    def __init__(
        self, ws: Connection, limits: RoomLimits, clock: Callable[[], float], figures: MessageCounts
    ) -> None:
        now = clock()
        self._clock, self._figures = clock, figures
        self.ws = ws
        self.user = ""  #: known after `hello`
        self.device = ""  #: its name in the log
        self.greeted = self.welcomed = False  #: it has said hello; it has its welcome, and with that:
        self.numbers: Numbers
        self.log: Log
        self.reader: Reader
        self.asked: Future[Identity | None] | None = None  #: finds out who it is
        self.opened = self.heard = self.sent = self.pinged = now
        self.came = 0.0  #: by the wall clock, for the other nodes: seconds since 1970
        self.until: float | None = None  #: the token ends
        self.warned = self.ended = self.away = False
        self.offences = 0
        self._buckets = {
            "publish": Bucket(*limits.publishes, now),
            "volatile": Bucket(*limits.volatiles, now),
            "request": Bucket(*limits.requests, now),
        }

    def begin(self, next: int, log: Log, reader: Reader) -> None:
        """The client is known, and so is the number of its next message."""
        self.numbers, self.log, self.reader, self.welcomed = Numbers(next), log, reader, True

    def send(self, kind: str, **fields: Any) -> None:
        """Send a message; nothing happens where the connection has ended."""
        self.send_text(frame(kind, **fields))

    def send_text(self, text: str) -> None:
        """Send a message that is text already."""
        self.sent = self._clock()
        self._figures.sending(text)
        try:
            self.ws.send(text)
        except (ConnectionClosed, InvalidState):
            pass

    def error(self, answers: Mapping[str, Any], code: str, **fields: Any) -> None:
        """Refuse what a client asked for: ``answers`` has its ``id`` or ``n``, ``code`` says why."""
        self.send("error", **answers, code=code, reason=(TEMPORARY | PERMANENT)[code], **fields)

    def in_rate(self, kind: str, answers: Mapping[str, Any]) -> bool:
        """Whether one more "publish", "volatile" or "request" is within its rate; else it is refused."""
        now, bucket = self._clock(), self._buckets[kind]
        if taken := bucket.take(now):
            return taken
        self.error(answers, "too_many", retry=bucket.wait(now))
        return False

    def bye(self, code: int, reason: str, after: float | None = None) -> None:
        """Say why, and when to come back; then close."""
        if not self.ended:
            self.ended = True
            self.send("bye", code=code, reason=reason, **({} if after is None else {"after": after}))
            self.ws.close(code, reason)
