"""The other nodes of a service: what this one tells them, and what it hears.

::

    a volatile message, a device that came, a user who must go ──► at once       local first, then the broker
    who is here in a channel ──► changes with each tick, all of it every ten seconds ──► soft state

Nothing of this is stored, and all of it may be lost: a volatile message is allowed to, a device that comes to
another node is refused by the log itself if it speaks here, and who is here expires. A node that is cut off
goes on alone: its rooms are smaller, and after 40 seconds its members see no one of the others.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import quote

from wsdemo.patterns.broker import Broker
from wsdemo.patterns.channels import Channels
from wsdemo.patterns.door import Door
from wsdemo.patterns.messages import compact
from wsdemo.patterns.session import Session

#: Seconds after which all that are here are told again: four times before they would expire.
REFRESH: Final = 10.0
#: Names in one message: bounds its size.
NAMES: Final = 1000


class Nodes:
    """This node among the others.

    ``channels``, ``door``: this node's.
    ``dismiss``: a function of (user, code, reason) that ends the connections of a user on this node.
    ``clock``: seconds that never go back.
    """

    def __init__(
        self,
        channels: Channels,
        door: Door,
        dismiss: Callable[[str, int, str], object],
        clock: Callable[[], float],
    ) -> None:
        self._channels, self._door, self._dismiss, self._clock = channels, door, dismiss, clock
        self._node = secrets.token_hex(8)
        self._broker: Broker | None = None
        self._told: dict[str, set[str]] = {}  # by channel: the users of whom the other nodes know
        self._up = False
        self._refreshed = clock()

    def begin(self, broker: Broker) -> None:
        """From now on tell and hear the others."""
        self._broker = broker
        self._channels.offered, self._door.came = self._volatile, self._came
        broker.begin(self._heard)

    # -- told ---------------------------------------------------------------------------------------------

    def dismissed(self, user: str, code: int, reason: str) -> None:
        """A user must go, everywhere."""
        self._tell("dismiss", user=user, code=code, reason=reason)

    def tick(self, now: float) -> None:
        """Tell who came and left on this node, and again and again who is here."""
        up = self._broker is not None and self._broker.up
        if up and not self._up:  # begin anew: much may have been missed
            self._told, self._refreshed = {}, now - REFRESH
        self._up = up
        for channel, room in self._channels.rooms.items():
            if channel not in self._told:  # who is elsewhere is not known here yet
                self._told[channel] = set()
                self._tell("ask", channel=channel)
            if room.change:
                self._members(channel, room.change.joined, room.change.left)
        for channel in self._told.keys() - self._channels.rooms.keys():
            self._members(channel, (), sorted(self._told[channel]))
            del self._told[channel]
        if now - self._refreshed >= REFRESH:
            self._refreshed = now
            for channel in self._told:
                self._all(channel)

    def _volatile(self, channel: str, text: str, sender: str, key: str | None) -> None:
        self._tell("volatile", channel=channel, text=text, sender=sender, key=key)

    def _came(self, session: Session) -> None:
        session.came = time.time()
        self._tell("device", device=session.device, at=session.came)

    def _all(self, channel: str) -> None:
        room = self._channels.rooms.get(channel)
        if room is not None:
            self._members(channel, room.here, ())

    def _members(self, channel: str, here: Iterable[str], left: Iterable[str]) -> None:
        here, left = list(here), list(left)
        self._told.setdefault(channel, set()).update(here)
        self._told[channel].difference_update(left)
        for begin in range(0, max(len(here), len(left)), NAMES):
            part = slice(begin, begin + NAMES)
            self._tell("members", channel=channel, here=here[part], left=left[part])

    def _tell(self, kind: str, channel: str = "", **fields: Any) -> None:
        if self._broker is not None:
            subject = f"{kind}.{quote(channel, safe='')}" if channel else kind
            news = {"kind": kind, "node": self._node, "channel": channel, **fields}
            self._broker.publish(subject, compact(news).encode())

    # -- heard --------------------------------------------------------------------------------------------

    def _heard(self, subject: str, data: bytes) -> None:
        news = json.loads(data)
        channel, room = news["channel"], self._channels.rooms.get(news["channel"])
        match news["kind"]:
            case "volatile":
                self._channels.offer(channel, news["text"], news["sender"], news["key"])
            case "members" if room is not None:
                room.elsewhere(news["node"], news["here"], news["left"], self._clock())
            case "ask":
                self._all(channel)
            case "device":
                self._came_elsewhere(news["device"], news["at"], news["node"])
            case "dismiss":
                self._dismiss(news["user"], news["code"], news["reason"])

    def _came_elsewhere(self, device: str, at: float, node: str) -> None:
        """The newer connection of a device stays, however late the news of another one is.

        By the clocks of both nodes: where they differ, a device that moves within the difference may leave
        the older connection open, which can't publish, and ends with its silence.
        """
        session = self._door.devices.get(device)
        if session is not None and (at, node) > (session.came, self._node):
            self._door.bye(session, 4409, "the same device came again")
