"""Each message once in the application: the offset is stored with the effect, and what is missing is told.

::

    message 8 ──► offset ≤ the one stored? yes: it came before, and is passed over
                  no ──► on_message(message) ──► stored: offset 8     an end between the two: 8 comes again
                             └─ raises three times ──► parked, told, stored: offset 8

An end of the process between ``on_message`` and the storing repeats the message. Where not even that may be,
the outbox's ``effect`` changes your data in the transaction that stores the offset. Knows nothing of
connections.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from wsdemo.patterns.backoff import delays
from wsdemo.patterns.outbox import Outbox, Position

#: Calls of ``on_message`` with one message before it is parked.
TRIES: Final = 3

Message = dict[str, Any]
log = logging.getLogger("wsdemo")


class Reading:
    """The reading of all channels. ``tell`` is called with an event, ``pause`` waits: false, give up.

    ``outbox``: keeps the positions.
    ``on_message``: the application.

    >>> seen = []
    >>> reading = Reading(Outbox(), seen.append, print, pause=lambda seconds: True)
    >>> reading.joined({"channel": "#lobby", "after": 0}, {"epoch": "e", "offset": 2, "complete": True})
    >>> for offset in (1, 2, 2):
    ...     reading.message({"channel": "#lobby", "offset": offset})
    >>> [message["offset"] for message in seen], reading.place("#lobby")
    ([1, 2], {'after': 2, 'epoch': 'e'})
    """

    def __init__(
        self,
        outbox: Outbox,
        on_message: Callable[[Message], object],
        tell: Callable[[Message], object],
        pause: Callable[[float], bool],
    ) -> None:
        self._outbox, self._on_message, self._tell, self._pause = outbox, on_message, tell, pause

    def place(self, channel: str) -> Message:
        """The fields of a ``join`` that goes on where reading stopped."""
        position = self._outbox.position(channel)
        return {} if position is None else {"after": position.offset, "epoch": position.epoch}

    def joined(self, join: Message, ok: Message) -> None:
        """The answer to ``join``: go on, or begin anew where the log is another one or has a hole."""
        channel, epoch, known = join["channel"], ok["epoch"], self._outbox.position(join["channel"])
        complete = ok["complete"] and join.get("epoch", epoch) == epoch
        if complete and known is not None and known.epoch == epoch:
            return
        if complete:  # for the first time: from now on, or from where the join said
            after: int = join["after"] if "after" in join else ok["offset"]
            self._outbox.seen(channel, Position(epoch, after))
        else:
            self._tell({"type": "incomplete", "channel": channel, "after": join.get("after"), "epoch": epoch})
            self._outbox.seen(channel, Position(epoch, 0))

    def message(self, message: Message) -> None:
        """A message of a channel: the application's, unless it came before."""
        channel, offset = message["channel"], message["offset"]
        position = self._outbox.position(channel)
        if position is None or offset <= position.offset:
            return
        here = Position(position.epoch, offset)
        waits = delays()
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                self._on_message(message)
                self._outbox.seen(channel, here, message)
                return
            except BaseException as error:
                log.warning("message %d of %s failed", offset, channel, exc_info=error)
                if last:
                    self._outbox.park(channel, here, message, f"{type(error).__name__}: {error}")
                elif not self._pause(next(waits)):
                    return
        self._tell({"type": "parked", "channel": channel, "offset": offset, "message": message})

    def gap(self, gap: Message) -> None:
        """Messages are missing: say so, and go on behind them where they are no longer kept."""
        self._tell(gap)
        position = self._outbox.position(gap["channel"])
        if gap["why"] == "expired" and position is not None and gap["to"] > position.offset:
            self._outbox.seen(gap["channel"], Position(position.epoch, gap["to"]))
