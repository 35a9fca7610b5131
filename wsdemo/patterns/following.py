"""Reading channels from where a reader stopped: joining, coming back and being slow are the same code.

::

    log   1 2 3 4 5 6 7 8 9               a page: at most 256 KiB of entries above the offset
              ▲           ▲
           offset        top              at the top a reader is live: each new entry is sent as it comes

Before each entry the reader looks at ``pending``, the bytes that the connection could not send yet. Above
the high-water mark it stops, and goes on when they have left. Nothing is kept for a slow reader: it reads
the log, which keeps everything anyway. So its memory is one page, whatever it missed.

What is not stored waits in a `Place`: the newest message of each key. Knows nothing of users and rights.
"""

from __future__ import annotations

import collections
from collections.abc import Hashable
from functools import partial
from typing import Any, Final

from wsdemo.net.connection import Connection
from wsdemo.patterns.entries import Entry, Log, Page
from wsdemo.patterns.figures import MessageCounts
from wsdemo.patterns.messages import frame, with_body
from wsdemo.protocol.errors import ConnectionClosed

#: Messages, and their characters, that are kept for a slow member; beyond it the oldest is dropped.
KEYS: Final = 64
KEPT: Final = 64 * 1024


def entry_text(channel: str, entry: Entry, own: bool = False) -> str:
    """An entry as a message; ``own``: for the device that published it, with its number.

    >>> entry_text("#lobby", Entry(7, "ann", "phone", 3, 12.5, '"hi"'), own=True)
    '{"type":"message","channel":"#lobby","offset":7,"from":"ann","at":12.5,"n":3,"body":"hi"}'
    """
    fields: dict[str, Any] = {"from": entry.sender, "at": entry.at, **({"n": entry.n} if own else {})}
    return with_body(frame("message", channel=channel, offset=entry.offset, **fields), entry.body)


class Place:
    """The place of one reader in one channel."""

    __slots__ = ("channel", "kept", "live", "missed", "news", "offset", "told", "top")

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.offset = 0  #: of the last entry that was sent
        self.top = 0  #: of the newest entry that there is
        self.live = False  #: at the top: entries are sent as they come
        self.kept: dict[Hashable, str] = {}  #: messages for a slow reader, by their key
        self.missed = 0  #: messages that were dropped
        self.news = ""  #: a slow reader's one message of the members who came and left
        self.told: frozenset[str] = frozenset()  #: the members as it knew them before that

    def keep(self, key: Hashable, text: str) -> None:
        """Keep the newest message of a key; without a key (None) it is dropped, and counted."""
        if key is None:
            self.missed += 1
            return
        self.kept.pop(key, None)  # in the order of the last change
        self.kept[key] = text
        while len(self.kept) > KEYS or (len(self.kept) > 1 and sum(map(len, self.kept.values())) > KEPT):
            del self.kept[next(iter(self.kept))]
            self.missed += 1


class Reader:
    """All that one connection reads. Everything takes place in the server's thread.

    ``ws``: the connection; ``high_water``: its pending bytes above which the reader stops.
    ``log``: the log; ``size``: bytes of a page.
    ``own``: the device of this connection.
    ``figures``: where its messages are counted.
    """

    def __init__(
        self,
        ws: Connection,
        log: Log,
        own: str,
        size: int,
        high_water: int,
        figures: MessageCounts | None = None,
    ) -> None:
        self.places: dict[str, Place] = {}
        self._figures = figures or MessageCounts()
        self._ws, self._log, self._own, self._size, self._high_water = ws, log, own, size, high_water
        self._behind: dict[str, Place] = {}  # the places that are not live; the first one reads next
        self._page: collections.deque[Entry] = collections.deque()
        self._reading: Place | None = None  # the page is for it
        self._asked = self._going = False

    @property
    def late(self) -> bool:
        """Whether the peer is slow; `drained` must be called when its bytes have left."""
        return self._ws.pending > self._high_water

    def follow(self, place: Place, offset: int, top: int) -> None:
        """Send the entries above ``offset``, and then those that come."""
        place.offset, place.top = offset, max(top, place.top)
        self._behind[place.channel] = place
        self.go_on()

    def leave(self, channel: str) -> Place | None:
        """Read a channel no longer."""
        self._behind.pop(channel, None)
        return self.places.pop(channel, None)

    def live(self, place: Place, offset: int) -> bool:
        """Whether a new entry may be sent now; else it is read from the log later.

        News of other servers may be older than a page that was read meanwhile: then it was sent already.
        """
        if offset <= place.offset:
            return False
        place.top = max(place.top, offset)
        if place.live and not self.late:
            place.offset = offset
            return True
        self._fall_behind(place)
        return False

    def not_sent(self, place: Place, offset: int) -> None:
        """A new entry could not be sent, or not to all: read it from the log; twice is better than never."""
        if place.live:
            place.offset = min(place.offset, offset - 1)
            self._fall_behind(place)

    def missed(self, place: Place, last: int) -> None:
        """This server has missed entries up to ``last``: read what the log still has of them."""
        if place.offset < last:
            place.top = max(place.top, last)
            self._fall_behind(place)

    def _fall_behind(self, place: Place) -> None:
        """Read on from the log; a place that is about to join does so anyway."""
        if place.live:
            place.live = False
            self._behind[place.channel] = place

    def volatile(self, place: Place, key: Hashable, text: str) -> bool:
        """Whether a message may be sent now; else the newest of its key is kept."""
        if self.in_time(place):
            return True
        place.keep(key, text)
        return False

    def in_time(self, place: Place) -> bool:
        """Whether the peer reads fast enough, and nothing is kept that must go first."""
        return not (self.late or place.kept or place.missed or place.news)

    def drained(self) -> None:
        """The peer has caught up: send what was kept, which is news, and then the log.

        Call it from time to time too: the log may have been too busy, or could not be read.
        """
        for place in self.places.values():
            while not self.late and (place.kept or place.missed or place.news):
                self._send_kept(place)
        self.go_on()

    def go_on(self) -> None:
        """Send entries while there is room. Called when a page has come, and when the peer has caught up."""
        if self._going:
            return  # called from below: a log in memory answers at once
        self._going = True
        try:
            while not self.late and self._step():
                pass
        except ConnectionClosed:
            self._behind.clear()
        finally:
            self._going = False

    def _send_kept(self, place: Place) -> None:
        """Send the news of how much is missing, or the next message that was kept."""
        if place.missed:
            self._figures.missed += place.missed
            fields, place.missed = {"from": 1, "to": place.missed}, 0
            text = frame("gap", channel=place.channel, **fields, why="slow")
        elif place.news:
            text, place.news = place.news, ""
        else:
            text = place.kept.pop(next(iter(place.kept)))
        try:
            self._send(text)
        except ConnectionClosed:
            place.kept, place.missed, place.news = {}, 0, ""

    def _step(self) -> bool:
        """Send one entry, or ask for the next page; false where neither can be done now."""
        if self._page:
            self._send_next(self._page.popleft())
            return True
        if self._asked or not self._behind:
            return False
        place = next(iter(self._behind.values()))
        if place.offset >= place.top:
            place.live = True
            del self._behind[place.channel]
            return True
        self._asked = True
        if not self._log.read(place.channel, place.offset, self._size, partial(self._came, place)):
            self._asked = False  # too many are waiting: `drained`, called from time to time, asks again
            return False
        return True

    def _came(self, place: Place, page: Page | None) -> None:
        self._asked = False
        if page is None:
            return  # the log can't be read now: as above
        if self._behind.get(place.channel) is place:  # else it was left, or joined anew
            self._behind[place.channel] = self._behind.pop(place.channel)  # behind the other channels
            place.top = max(place.top, page.top)
            if page.gap is not None:
                self._tell_gap(place, *page.gap)
            self._reading, self._page = place, collections.deque(page.entries)
        self.go_on()

    def _tell_gap(self, place: Place, first: int, last: int) -> None:
        place.offset = last
        try:
            self._send(frame("gap", channel=place.channel, **{"from": first}, to=last, why="expired"))
        except ConnectionClosed:
            pass

    def _send_next(self, entry: Entry) -> None:
        place = self._reading
        if place is None or self.places.get(place.channel) is not place:
            self._page.clear()  # it was left meanwhile
            return
        self._send(entry_text(place.channel, entry, entry.device == self._own))
        place.offset = entry.offset

    def _send(self, text: str) -> None:
        self._figures.sending(text)
        self._ws.send(text)
