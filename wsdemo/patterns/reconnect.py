"""A client that comes back by itself and loses nothing, by the protocol ``wsdemo.chat.v1``.

::

    publish ──► Outbox ──► Device ──► sender's thread ──► ws      numbered n, until `confirm`
    on_message ◄── Reading ◄── Device ◄── reader's thread ◄── ws      from the offset where it stopped

    with Outbox("me.db") as outbox, ReconnectingClient(url, print, outbox=outbox) as client:
        client.join("#lobby")
        client.publish("#lobby", "hello")

Without a server a message waits, in a file until the next start of the program::

    >>> def nowhere(url, **options):
    ...     raise ConnectionRefusedError("no server")
    >>> with ReconnectingClient("ws://127.0.0.1:1", print, connect=nowhere) as client:
    ...     client.publish("#lobby", "hello"), client.outbox.get(1)
    (1, Outgoing(key=1, channel='#lobby', body='"hello"'))

Read `outbox`, `window`, `reading`, `device` and `backoff` first.
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
from wsdemo.patterns.backoff import Waits, come_back
from wsdemo.patterns.device import Device, publish
from wsdemo.patterns.messages import PROTOCOL, compact, parse
from wsdemo.patterns.outbox import Outbox, Outgoing
from wsdemo.patterns.reading import Message, Reading
from wsdemo.protocol.errors import ConnectionClosed, HandshakeError, InvalidState
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
        self._url, self._on_event, self._connect, self._silence = url, on_event, connect, silence
        self._has_token = token is not None
        self._waits = Waits() if waits is None else waits
        self._own_outbox = outbox is None
        self._forgotten = ""  # the reason why the device needs a new id
        self.outbox = Outbox() if outbox is None else outbox
        self.outbox.claim()
        self._changed = threading.Condition()  # guards the state of the device, and the next two
        self._ws: Connection | None = None
        self._over: ConnectionClosed | None = None  # an end without a return
        reading = Reading(self.outbox, on_message, self._tell, self._pause)
        self._device = Device(self.outbox, reading, self._tell, token, self._changed, time.monotonic)
        self._closed = threading.Event()
        self._process = os.getpid()
        self._threads = [
            threading.Thread(target=self._read, name="wsdemo-reader", daemon=True),
            threading.Thread(target=self._send, name="wsdemo-sender", daemon=True),
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
                self._notify()
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
        self._closed.set()
        self._notify()
        if (ws := self._ws) is not None:
            ws.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout)

    def _check(self, text: str) -> None:
        """Refuse what the server would refuse, before it leaves. Raises ValueError."""
        parse(text)
        if (size := len(text.encode())) > self._device.size:
            raise ValueError(f"message of {size} bytes, at most {self._device.size} accepted")

    def _wait(self, done: Callable[[], bool], timeout: float | None) -> None:
        if os.getpid() != self._process:  # it would be stored, and sent by no thread
            raise InvalidState("this client is one of the process before the fork: make another one here")
        if threading.current_thread() in self._threads and not (done() or self._stopped):
            raise InvalidState("a callback can't wait for its own thread: do it in another one")
        with self._changed:
            if not self._changed.wait_for(lambda: self._stopped or done(), timeout):
                raise TimeoutError(f"{len(self.outbox)} messages not confirmed within {timeout:g} seconds")
        if self._stopped:
            raise self._over or ConnectionClosed(1000, "closed by this client")

    @property
    def _stopped(self) -> bool:
        return self._closed.is_set() or self._over is not None

    def _pause(self, seconds: float) -> bool:
        """Wait; false: the client was closed meanwhile."""
        return not self._closed.wait(seconds)

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _tell(self, event: Message) -> None:
        try:
            self._on_event(event)
        except BaseException as error:
            log.warning("on_event failed with %s", event, exc_info=error)

    # -- the sender's thread ------------------------------------------------------------------------------

    def _send(self) -> None:
        while not self._stopped:
            with self._changed:
                ws, job = self._ws, self._device.next_job()
                if ws is None or job is None:
                    self._changed.wait(self._device.idle)
                    continue
            try:
                if text := self._device.text(job):
                    ws.send(text)
                elif self.outbox.finished:  # that was the last of this id: the reader's thread connects anew
                    ws.cut_off()
            except Exception:  # the connection is broken: the reader's thread hears of its end
                ws.cut_off()

    # -- the reader's thread ------------------------------------------------------------------------------

    def _read(self) -> None:
        while not self._stopped:
            end = self._connection()
            if end is not None and not self._closed.is_set():
                (code, reason), bye = end, self._device.bye
                self._come_back(
                    bye.get("code", code) if code in (1005, 1006) else code, reason, bye.get("after")
                )
        self._notify()
        self.outbox.release()
        if self._own_outbox:
            self.outbox.close()

    def _come_back(self, code: int, reason: str, after: float | None) -> None:
        """Wait until it is time to connect again, unless this was the end."""
        answer = come_back(code)
        if answer == "never" or (answer == "after a new token" and not self._has_token):
            self._over = ConnectionClosed(code, reason)
            self._tell({"type": "ended", "code": code, "reason": reason})
            return
        if answer == "as a new device":
            self._forgotten = reason
        if self._device.useful:
            self._waits.reset()
        seconds = self._waits.before(code, after)
        self._tell({"type": "away", "code": code, "reason": reason, "in": seconds})
        self._pause(seconds)

    def _connection(self) -> tuple[int, str] | None:
        """One connection, from before its opening to its end: the close code, and the reason.

        None: the next one follows at once, as a new device.
        """
        ws = None
        try:
            self._renew()
            hello = self._device.begin()
            ws = self._connect(self._url, subprotocols=[PROTOCOL])
            with self._changed:
                self._ws = ws
            if not self._closed.is_set():
                ws.send(hello)
            while not self._closed.is_set():
                self._device.receive(ws.recv(self._silence))
                if self.outbox.finished:
                    return None
            return 1000, "closed by this client"
        except ConnectionClosed as closed:
            return closed.code, closed.reason
        except HandshakeError as error:
            return 4000 + error.status if error.status else 1006, str(error)
        except OSError as error:
            if ws is not None:  # nothing came for a long time: it would not answer a close frame either
                ws.cut_off()
            return 1006, str(error)
        except Exception as error:  # the server breaks the protocol, or our own disk is full
            log.warning("a connection to %s failed", self._url, exc_info=error)
            return 1011, f"{type(error).__name__}: {error}"
        finally:
            with self._changed:
                self._device.end()
                self._ws = None
            if ws is not None:
                ws.close()

    def _renew(self) -> None:
        """Become a new device where this one is finished, forgotten by the server, or there twice."""
        if self._forgotten and self.outbox and not self.outbox.finished:
            self._tell({"type": "doubled", "count": len(self.outbox), "reason": self._forgotten})
        if self._forgotten or self.outbox.finished:
            self.outbox.renew()
        self._forgotten = ""
