"""A client that comes back by itself and loses nothing, by the protocol ``wsdemo.chat.v1``.

::

    publish ──► Outbox ──► Device ──► Connecting ──► ws          numbered n, until `confirm`
    on_message ◄── Reading ◄── Device ◄── Connecting ◄── ws      from the offset where it stopped

    with Outbox("me.db") as outbox, ReconnectingClient(url, print, outbox=outbox) as client:
        client.join("#lobby")
        client.publish("#lobby", "hello")

Without a server a message waits, in a file until the next start of the program::

    >>> def nowhere(url, **options):
    ...     raise ConnectionRefusedError("no server")
    >>> with ReconnectingClient("ws://127.0.0.1:1", print, connect=nowhere) as client:
    ...     client.publish("#lobby", "hello"), client.outbox.get(1)
    (1, Outgoing(key=1, channel='#lobby', body='"hello"'))

Read `outbox`, `window`, `reading`, `device`, `backoff` and `connecting` first.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from wsdemo.net.client import connect
from wsdemo.net.connection import Connection
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.connecting import Connecting
from wsdemo.patterns.device import Device, publish
from wsdemo.patterns.messages import compact, parse
from wsdemo.patterns.outbox import Outbox, Outgoing
from wsdemo.patterns.reading import Message, Reading
from wsdemo.protocol.errors import ConnectionClosed, InvalidState
from wsdemo.protocol.url import parse_url

#: Seconds of silence that mean death: a server sends a ping after 25.
SILENCE: Final = 60.0
#: Events that are everyday.
QUIET: Final = ("welcome", "confirm", "volatile", "presence", "expiring", "away")

log = logging.getLogger("wsdemo")


def log_event(event: Message) -> None:
    """The default ``on_event``: log what an application should not miss."""
    log.log(logging.DEBUG if event["type"] in QUIET else logging.WARNING, "%s", event)


class ReconnectingClient:
    """A connection to ``url`` that is made again whenever it ends. Close it, or use it in a ``with``.

    ``url``: ``ws://host:port/path`` or ``wss://…``.
    ``on_message``: called with each message of the joined channels, once and in order. Three exceptions in
    it park a message: it is kept in the outbox, and told.
    ``on_event``: called with everything else, each a dict with a ``type``; see below.
    ``outbox``: an `Outbox` that outlives the client, and has no other one; without one, in memory.
    ``token``: a function without arguments, asked anew for each connection.
    ``waits``: the waits between connections.
    ``silence``: seconds without any message, after which a connection is given up.
    ``connect``: opens a connection, such as ``functools.partial(wsdemo.connect, headers=…)``.

    Events of the server: ``welcome``, ``confirm``, ``volatile``, ``presence``, ``gap``, ``expiring``,
    ``error``. Of the client: ``incomplete`` (a channel's log is another one, or has a hole), ``dropped``
    (refused for ever), ``doubled`` (``count`` messages may be stored twice), ``parked``, ``refused`` (such
    as a join), ``away`` (it connects again ``in`` seconds) and ``ended``. Both functions are called
    in the reader's thread. Raises ValueError for a wrong URL, InvalidState where the outbox has a client.
    """

    def __init__(
        self,
        url: str,
        on_message: Callable[[Message], object],
        *,
        on_event: Callable[[Message], object] = log_event,
        outbox: Outbox | None = None,
        token: Callable[[], str] | None = None,
        waits: Waits | None = None,
        silence: float = SILENCE,
        connect: Callable[..., Connection] = connect,
    ) -> None:
        parse_url(url)
        self._on_event, self._own_outbox = on_event, outbox is None
        self.outbox = Outbox() if outbox is None else outbox
        self.outbox.claim()
        self._changed = threading.Condition()  # guards the state of the device, and its connection
        reading = Reading(self.outbox, on_message, self._tell, lambda wait: self._connecting.pause(wait))
        self._device = Device(self.outbox, reading, self._tell, token, self._changed, time.monotonic)
        self._process = os.getpid()
        waits = Waits() if waits is None else waits
        self._connecting = Connecting(url, connect, self._device, waits, silence, self._tell, self._changed)
        self._threads = [
            threading.Thread(target=self._read, name="wsdemo-reader", daemon=True),
            threading.Thread(target=self._connecting.send, name="wsdemo-sender", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> ReconnectingClient:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    # -- from any thread ----------------------------------------------------------------------------------

    def publish(self, channel: str, body: Any, timeout: float | None = None) -> int:
        """Store a message in the outbox, to be sent now or later; its key there is what ``dropped`` names.

        Blocks while the outbox is full, at most ``timeout`` seconds. Raises TimeoutError; InvalidState where
        a callback would wait for its own thread, or after a fork; ConnectionClosed after ``ended`` or
        `close`; ValueError or TypeError for a channel that can't be, or a body that is too large or that
        JSON can't hold.
        """
        message = Outgoing(0, channel, compact(body))
        self._check(publish(self.outbox.last + 1, message))
        while True:
            self._wait(lambda: not self.outbox.full, timeout)
            try:
                key = self.outbox.add(message.channel, message.body)
            except Exception:
                self._wait(lambda: True, timeout)  # closed meanwhile?
                raise
            if key is not None:
                with self._changed:
                    self._changed.notify_all()
                return key

    def flush(self, timeout: float | None = None) -> None:
        """Wait until all is confirmed. Raises TimeoutError, InvalidState, ConnectionClosed: see `publish`."""
        self._wait(lambda: not self.outbox, timeout)

    def volatile(self, channel: str, body: Any, key: str | None = None) -> bool:
        """Send a message that may get lost; false: not now, and not later. Raises ValueError or TypeError."""
        message: Message = {"type": "volatile", "channel": channel, "body": body}
        message |= {} if key is None else {"key": key}
        self._check(compact(message))
        return self._device.ask(message)

    def join(self, channel: str, *, after: int | None = None, presence: bool = False) -> None:
        """Read a channel from where this outbox has stopped; a new one from an offset, or from now on.

        Raises ValueError for a channel or an offset that can't be.
        """
        fields: Message = {} if after is None else {"after": after}
        fields |= {"presence": True} if presence else {}
        self._check(compact({"type": "join", "id": 1, "channel": channel, **fields}))
        self._device.join(channel, fields)

    def leave(self, channel: str) -> None:
        """Read a channel no longer. Its offset is kept."""
        self._device.leave(channel)

    def close(self, timeout: float | None = None) -> None:
        """End for good: messages without confirmation stay in the outbox.

        Waits at most ``timeout`` seconds for a callback that is running, or for an opening.
        """
        self._connecting.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout)

    def _check(self, text: str) -> None:
        """Refuse what the server would refuse, before it leaves. Raises ValueError."""
        parse(text)
        if (size := len(text.encode())) > self._device.size:
            raise ValueError(f"message of {size} bytes, at most {self._device.size} accepted")

    def _wait(self, done: Callable[[], bool], timeout: float | None) -> None:
        connecting = self._connecting
        if os.getpid() != self._process:  # it would be stored, and sent by no thread
            raise InvalidState("this client is one of the process before the fork: make another one here")
        if threading.current_thread() in self._threads and not (done() or connecting.stopped):
            raise InvalidState("a callback can't wait for its own thread: do it in another one")
        with self._changed:
            if not self._changed.wait_for(lambda: connecting.stopped or done(), timeout):
                raise TimeoutError(f"{len(self.outbox)} messages not confirmed within {timeout:g} seconds")
        if connecting.stopped:
            raise connecting.over or ConnectionClosed(1000, "closed by this client")

    # -- the reader's thread ------------------------------------------------------------------------------

    def _read(self) -> None:
        self._connecting.read()
        self.outbox.release()
        if self._own_outbox:
            self.outbox.close()

    def _tell(self, event: Message) -> None:
        try:
            self._on_event(event)
        except BaseException as error:
            log.warning("on_event failed with %s", event, exc_info=error)
