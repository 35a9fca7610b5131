"""A connection that is made again whenever it ends: the opening, texts both ways, the end, and a wait.

::

    read()    open ──► hello ──► texts to the device … ──► the end ──► come back? ── yes ──► wait ──► open …
                                                                           └─ never ──► `over`
    send()    the texts of the device, over the connection that is open, as soon as there are any

Each of the two has a thread. The device says what is sent, and understands what comes; here are only
connections, close codes and time. Read `backoff` and `device` first.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from wsdemo.net.connection import Connection
from wsdemo.patterns.backoff import Waits, come_back
from wsdemo.patterns.device import Device
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.patterns.reading import Message
from wsdemo.protocol.errors import ConnectionClosed, HandshakeError

log = logging.getLogger("wsdemo")


class Connecting:
    """The connections of a device to ``url``, one after the other.

    ``connect``: a function of (url, subprotocols) that opens one.
    ``device``: whose texts they carry.
    ``waits``: the waits between them.
    ``silence``: seconds without any message, after which one is given up.
    ``tell``: called with the events ``away`` and ``ended``, in the thread of `read`.
    ``changed``: guards the connection and the device, and is notified when there may be more to send.
    """

    def __init__(
        self,
        url: str,
        connect: Callable[..., Connection],
        device: Device,
        waits: Waits,
        silence: float,
        tell: Callable[[Message], object],
        changed: threading.Condition,
    ) -> None:
        self.over: ConnectionClosed | None = None  #: an end without a return
        self._url, self._connect, self._device = url, connect, device
        self._waits, self._silence, self._tell = waits, silence, tell
        self._changed = changed
        self._ws: Connection | None = None
        self._closed = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether no connection will follow."""
        return self._closed.is_set() or self.over is not None

    def pause(self, seconds: float) -> bool:
        """Wait; false: it was closed meanwhile."""
        return not self._closed.wait(seconds)

    def close(self) -> None:
        """End for good. `read` and `send` return soon."""
        self._closed.set()
        self._notify()
        if (ws := self._ws) is not None:
            ws.close()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # -- the sender's thread ------------------------------------------------------------------------------

    def send(self) -> None:
        """Send what the device has to say, until the end."""
        while not self.stopped:
            with self._changed:
                ws, job = self._ws, self._device.next_job()
                if ws is None or job is None:
                    self._changed.wait(self._device.idle)
                    continue
            try:
                if text := self._device.text(job):
                    ws.send(text)
                elif self._device.finished:  # that was the last of this id: the reader's thread connects anew
                    ws.cut_off()
            except Exception:  # the connection is broken: the reader's thread hears of its end
                ws.cut_off()

    # -- the reader's thread ------------------------------------------------------------------------------

    def read(self) -> None:
        """Connect, and tell the device what comes, again and again until the end."""
        while not self.stopped:
            end = self._connection()
            if end is not None and not self._closed.is_set():
                (code, reason), bye = end, self._device.bye
                self._come_back(
                    bye.get("code", code) if code in (1005, 1006) else code, reason, bye.get("after")
                )
        self._notify()

    def _come_back(self, code: int, reason: str, after: float | None) -> None:
        """Wait until it is time to connect again, unless this was the end."""
        answer = come_back(code)
        if answer == "never" or (answer == "after a new token" and not self._device.has_token):
            self.over = ConnectionClosed(code, reason)
            self._tell({"type": "ended", "code": code, "reason": reason})
            return
        if answer == "as a new device":
            self._device.forgotten = reason
        if self._device.useful:
            self._waits.reset()
        seconds = self._waits.before(code, after)
        self._tell({"type": "away", "code": code, "reason": reason, "in": seconds})
        self.pause(seconds)

    def _connection(self) -> tuple[int, str] | None:
        """One connection, from before its opening to its end: the close code, and the reason.

        None: the next one follows at once, as a new device.
        """
        ws = None
        try:
            hello = self._device.begin()
            ws = self._connect(self._url, subprotocols=[PROTOCOL])
            with self._changed:
                self._ws = ws
            if not self._closed.is_set():
                ws.send(hello)
            while not self._closed.is_set():
                self._device.receive(ws.recv(self._silence))
                if self._device.finished:
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
