"""Numbered messages on their way into the log, and their confirmations.

::

    publish 5 ──► may it? size, window, rate ──► Log.append ──► stored ──► shown to the members ──► confirm 5
                          └── error {n: 5, code}     └── false: error busy, and 5 is still the next

A refusal leaves the number free: the client sends another message by it, or the same one later. Read
`session` first, where the numbers are. Knows nothing of who reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wsdemo.patterns.channels import Channels, May
from wsdemo.patterns.entries import Outcome, Post
from wsdemo.patterns.messages import compact, size_of
from wsdemo.patterns.session import RoomLimits, Session


class Publishing:
    """The messages that devices publish, each once.

    ``may``: see `channels.May`.
    ``devices``: the sessions with a welcome, by the name of their device in the log.
    ``channels``: shows what is stored.
    ``fail``: called with (session, error) for a message that can't be shown.
    """

    def __init__(
        self,
        limits: RoomLimits,
        may: May,
        devices: Mapping[str, Session],
        channels: Channels,
        fail: Callable[[Session, Exception], object],
    ) -> None:
        self._limits, self._may, self._devices = limits, may, devices
        self._channels, self._fail = channels, fail

    def publish(self, session: Session, message: dict[str, Any], size: int) -> None:
        """Take a message of ``size`` bytes, or say why not."""
        numbers, n = session.numbers, message["n"]
        fate = numbers.fate(n)
        if fate == "out of order":
            session.error({"n": n}, "out_of_order", expect=numbers.next)
        elif fate == "again":
            if n <= numbers.confirmed:  # else it is on its way, and will be confirmed
                session.send("confirm", n=numbers.confirmed)
        else:
            body = compact(message["body"])
            if not self._refused(session, message, max(size, size_of(body))):  # 1e15 grows on its way
                self._append(session, Post(message["channel"], session.device, n, session.user, body))

    def _append(self, session: Session, post: Post) -> None:
        session.numbers.taken(post.n)
        if not session.log.append(post):
            session.numbers.not_stored(post.n)
            session.error({"n": post.n}, "busy", retry=self._limits.retry)

    def _refused(self, session: Session, message: dict[str, Any], size: int) -> bool:
        """Refuse what can't be stored, now or ever."""
        n = message["n"]
        if not self._may(session.user, "publish", message["channel"]):
            session.error({"n": n}, "not_allowed")
        elif size > self._limits.size:
            session.error({"n": n}, "too_large")
        elif n - session.numbers.confirmed > self._limits.window:
            session.error({"n": n}, "too_many", retry=self._limits.retry)
        else:
            return not session.in_rate("publish", {"n": n})
        return True

    def stored(self, outcomes: list[Outcome]) -> None:
        """The log's ``done``: show what is stored, and confirm it, once for all messages of a device."""
        confirmed: dict[Session, None] = {}
        for outcome in outcomes:
            session = self._devices.get(outcome.post.device)
            try:
                self._channels.show(outcome)
            except Exception as error:
                self._poisoned(outcome, session, error)
            if session is not None and session.welcomed and self._settle(session, outcome):
                confirmed[session] = None
        for session in confirmed:
            session.send("confirm", n=session.numbers.confirmed)

    def _settle(self, session: Session, outcome: Outcome) -> bool:
        """Note the fate of a post; true where something is to be confirmed."""
        numbers, n = session.numbers, outcome.post.n
        match outcome.status:
            case "stored":
                numbers.stored(n)
            case "again":
                numbers.stored(outcome.expected - 1)
            case "out of order":
                numbers.not_stored(outcome.expected)
                session.error({"n": n}, "out_of_order", expect=outcome.expected)
            case "failed":
                numbers.not_stored(n)
                session.error({"n": n}, "failed", retry=self._limits.retry)
        return outcome.status in ("stored", "again")

    def _poisoned(self, outcome: Outcome, session: Session | None, error: Exception) -> None:
        """A message could not be shown: its members read it from the log, and its sender is told."""
        self._channels.not_shown(outcome)
        if session is not None:
            self._fail(session, error)
