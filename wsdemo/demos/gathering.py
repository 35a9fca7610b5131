"""A chat and its guests, each behind a network of its own that can freeze or be cut.

::

    Gathering ── Chat ──┬── Chaos ── ReconnectingClient    ann
                        ├── Chaos ── ReconnectingClient    bob
                        ├── Chaos ✂  ReconnectingClient    dora: `lose`, `back`, `freeze`, `thaw`
                        └── its page, for you

A guest keeps what it hears. `until` waits for it, so a story needs no clock. Knows no application.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from wsdemo.chat.app import Chat, Picture
from wsdemo.chat.limits import ChatLimits
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.outbox import Outbox
from wsdemo.patterns.reconnect import ReconnectingClient
from wsdemo.patterns.session import RoomLimits
from wsdemo.proxy.chaos import Chaos
from wsdemo.record.facts import TO_CLIENT

#: Seconds for anything in a story.
PATIENCE: Final = 20.0
#: Rates that a story at full speed stays below.
LIMITS: Final = ChatLimits(RoomLimits(publishes=(1e5, 1e5), volatiles=(1e5, 1e5), requests=(1e5, 1e5)))
#: Keeps the names of a story from those who come by the page.
_SECRET: Final = secrets.token_urlsafe(8)

May = Callable[[str, str, str], bool]


class Gathering:
    """A running chat. ``may``: the rights, and ``pictures``, ``port``: as `Chat` takes them.

    ``chat``: to say something in the server's name, by `say`, and for its page.
    """

    def __init__(
        self,
        may: May = lambda user, action, channel: True,
        pictures: Mapping[str, Picture] | None = None,
        port: int = 0,
    ) -> None:
        self.changed = threading.Condition()
        self.joins: list[tuple[str, str]] = []  #: (user, channel), each time one joins
        self._may = may
        self._guests: list[Guest] = []
        self.chat = Chat(port=port, may=self._allowed, limits=LIMITS, pictures=pictures or {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for guest in self._guests:
            guest.close()
        self.chat.close()

    def guest(self, name: str, *channels: str, after: int = 0, **options: Any) -> Guest:
        """A new guest, which has joined these channels behind an offset; options as for `Guest`."""
        guest = Guest(self, name, **options)
        self._guests.append(guest)
        for channel in channels:
            guest.join(channel, after)
        return guest

    def say(self, channel: str, body: Any, sender: str, key: str) -> None:
        """A volatile message of the server's own, from any thread."""
        self.chat.server.call_soon(self.chat.rooms.say, channel, body, sender, key)

    def until(self, done: Callable[[], object]) -> None:
        """Wait until ``done()`` is true. Raises TimeoutError after 20 seconds."""
        with self.changed:
            if not self.changed.wait_for(done, PATIENCE):
                raise TimeoutError(f"not within {PATIENCE:g} seconds")

    def note(self, keep: Callable[[Any], object], thing: Any) -> None:
        """Keep something that has happened, and wake those who wait for it."""
        with self.changed:
            keep(thing)
            self.changed.notify_all()

    def _allowed(self, user: str, action: str, channel: str) -> bool:
        allowed = self._may(user, action, channel)
        if allowed and action == "join":
            self.note(self.joins.append, (user, channel))
        return allowed


class Guest:
    """A client behind a network of its own.

    ``outbox``: as of `ReconnectingClient`. ``on_message``: called with each message before it is kept.
    ``heard``: the bodies of messages, in order; ``offset``: of the last one.
    ``seen``: (sender, body) of volatile ones. ``told``: gaps and other losses.
    """

    def __init__(
        self,
        gathering: Gathering,
        name: str,
        *,
        outbox: Outbox | None = None,
        on_message: Callable[[dict[str, Any]], object] = lambda message: None,
    ) -> None:
        self.name, self._gathering, self._on_message = name, gathering, on_message
        self.heard: list[Any] = []
        self.offset = 0
        self.seen: list[tuple[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.network = Chaos(gathering.chat.server.host, gathering.chat.server.port)
        self.client = ReconnectingClient(
            f"ws://127.0.0.1:{self.network.port}/chat",
            self._message,
            on_event=self._event,
            outbox=outbox,
            token=lambda: f"{name}.{_SECRET}",
            waits=Waits(0.05, 0.2),
        )

    def join(self, channel: str, after: int = 0) -> None:
        """Join a channel, from its beginning or behind an offset; it is done on return."""
        before = self._joins(channel)
        self.client.join(channel, after=after)
        self._gathering.until(lambda: self._joins(channel) > before)

    def say(self, channel: str, body: Any) -> None:
        """Publish, and wait until it is stored."""
        self.client.publish(channel, body)
        self.client.flush(PATIENCE)

    def wait(self, count: int) -> list[Any]:
        """All that it has heard, as soon as that is ``count`` messages."""
        self._gathering.until(lambda: len(self.heard) >= count)
        return list(self.heard)

    def wait_seen(self, count: int) -> None:
        """Wait until it has seen ``count`` volatile messages. Raises TimeoutError as `Gathering.until`."""
        self._gathering.until(lambda: len(self.seen) >= count)

    def take_seen(self) -> list[tuple[str, Any]]:
        """The volatile messages since the last call: they are in ``seen`` no longer."""
        with self._gathering.changed:
            taken = self.seen.copy()
            self.seen.clear()
        return taken

    def freeze(self) -> None:
        """From now on nothing reaches it, and neither end notices."""
        self.network.freeze(TO_CLIENT)

    def thaw(self) -> None:
        """All that was held arrives."""
        self.network.thaw(TO_CLIENT)

    def lose(self) -> None:
        """Its connection ends, and no other one comes about until `back`."""
        self.network.freeze()
        self.network.cut()

    def back(self) -> None:
        """There is a network again."""
        self.network.thaw()

    def back_again(self, channel: str) -> None:
        """The same, and on return it has joined the channel again."""
        before = self._joins(channel)
        self.back()
        self._gathering.until(lambda: self._joins(channel) > before)

    def close(self) -> None:
        """Leave."""
        self.network.thaw()
        self.client.close(PATIENCE)
        self.network.close()

    def _joins(self, channel: str) -> int:
        return self._gathering.joins.count((self.name, channel))

    def _message(self, message: dict[str, Any]) -> None:
        self._on_message(message)
        self.offset = message["offset"]
        self._gathering.note(self.heard.append, message["body"])

    def _event(self, event: dict[str, Any]) -> None:
        if event["type"] == "volatile":
            self._gathering.note(self.seen.append, (event["from"], event["body"]))
        elif event["type"] in ("gap", "incomplete", "dropped", "doubled", "parked", "refused"):
            self._gathering.note(self.told.append, event)
