"""A client's half of the protocol ``wsdemo.chat.v1``, without a wire: texts in, texts out.

::

    begin() ──► hello              next_job(), text() ──► join, publish n=1, n=2 …
    receive(text) ──► confirm, error: which message goes next · message, gap: to the application

One thread calls `begin`, `receive` and `end`, another one `next_job` and `text`; any thread the rest. It
outlives its connections: `begin` starts the next one. Knows nothing of sockets.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Final

from wsdemo.patterns.backoff import LONGEST
from wsdemo.patterns.messages import SERVER, TEMPORARY, VERSION, compact, frame, parse
from wsdemo.patterns.outbox import Outbox, Outgoing
from wsdemo.patterns.reading import Message, Reading
from wsdemo.patterns.window import Window
from wsdemo.protocol.errors import ConnectionClosed, ProtocolError

#: Messages on their way at most, whatever the server allows.
WINDOW: Final = 64
#: Bytes of a message at most, until the server has said its own bound.
SIZE: Final = 64 * 1024
#: Seconds until what was refused is sent again, where the server does not say.
RETRY: Final = 1.0
#: Volatile messages that may wait to be sent.
WAITING: Final = 64


class Device:
    """A device and what it has to say. ``tell`` is called with each event, in the receiving thread.

    ``outbox``, ``reading``: this device's.
    ``token``: asked anew for each connection.
    ``changed``: guards the state, and is notified when there may be more to send, or more room.
    ``clock``: seconds that never go back.
    """

    def __init__(
        self,
        outbox: Outbox,
        reading: Reading,
        tell: Callable[[Message], object],
        token: Callable[[], str] | None,
        changed: threading.Condition,
        clock: Callable[[], float],
    ) -> None:
        self.bye: Message = {}  #: the server's last words on this connection
        self.size = SIZE  #: bytes of a message at most
        self.useful = False  #: this connection has moved something
        self.forgotten = ""  #: the reason why the next connection is that of a new device
        self.has_token = token is not None
        self._outbox, self._reading, self._tell, self._token = outbox, reading, tell, token
        self._clock = clock
        self._ids = itertools.count(1)
        # The highest number that can have been sent by this id; those of an earlier life of the program too.
        self._id, self._sent = outbox.device, outbox.last
        self._changed = changed  # guards the next four; no other lock is taken under it
        self._channels: dict[str, Message] = {}  # joined ones, and the further fields of their join
        self._joining: dict[str, int] = {}  # by channel: the latest join; 0 once it is answered
        self._window: Window | None = None  # from the welcome to the end of the connection
        self._due: list[tuple[float, Message]] = []  # requests, and when to send them
        self._asked: dict[int, Message] = {}  # by id: requests without an answer

    def begin(self) -> str:
        """The hello of a new connection."""
        self._renew()
        self.bye, self.useful = {}, False
        if self._id != self._outbox.device:  # a new id, by which nothing was sent
            self._id, self._sent = self._outbox.device, 0
        token = {} if self._token is None else {"token": self._token()}
        return frame("hello", v=VERSION, device=self._outbox.device, **token)

    def _renew(self) -> None:
        """Become a new device where this one is finished, forgotten by the server, or there twice."""
        if self.forgotten and self._outbox and not self.finished:
            count = self._outbox.top - self._outbox.confirmed
            self._tell({"type": "doubled", "count": count, "reason": self.forgotten})
        if self.forgotten or self.finished:
            self._outbox.renew()
        self.forgotten = ""

    @property
    def finished(self) -> bool:
        """Whether all messages of its id are confirmed: what follows is sent by a new device."""
        return self._outbox.finished

    def end(self) -> None:
        """The connection is over: its requests will have no answer."""
        with self._changed:
            self._window = None
            for part in (self._due, self._asked, self._joining):
                part.clear()

    # -- from any thread ----------------------------------------------------------------------------------

    def join(self, channel: str, fields: Message) -> None:
        """Read a channel, on this connection and on those that follow."""
        with self._changed:
            again, self._channels[channel] = self._channels.get(channel), fields
        if again != fields:
            self.ask({"type": "join", "channel": channel})

    def leave(self, channel: str) -> None:
        """Read it no longer."""
        with self._changed:
            joined = self._channels.pop(channel, None)
            self._joining.pop(channel, None)
        if joined is not None:
            self.ask({"type": "leave", "channel": channel})

    def ask(self, message: Message, at: float = 0.0) -> bool:
        """Send a message over this connection, not before ``at``; false: there is none."""
        with self._changed:
            if self._window is None or (message["type"] == "volatile" and len(self._due) >= WAITING):
                return False
            self._due.append((at, message))
            self._changed.notify_all()
            return True

    # -- texts out ----------------------------------------------------------------------------------------

    def next_job(self) -> Message | int | None:
        """The request to send now, or the number of the message. The caller holds `changed`.

        None: nothing before the next change, or before `idle` seconds are over.
        """
        if self._window is None:
            return None
        now = self._clock()
        for entry in [entry for entry in self._due if entry[0] <= now]:
            self._due.remove(entry)
            if not entry[0] or self._is_wanted(entry[1]):
                return entry[1]
        return self._window.take(self._outbox.top, now)

    def _is_wanted(self, request: Message) -> bool:
        """Whether a request that is asked again still is what the application wants."""
        kind, joined = request["type"], request.get("channel") in self._channels
        return joined if kind == "join" else not joined if kind == "leave" else True

    @property
    def idle(self) -> float | None:
        """Seconds until `next_job` may have one without a change; None: no such time."""
        now = self._clock()
        times = [at for at, _ in self._due] + ([self._window.until] if self._window else [])
        return min((at - now for at in times if at > now), default=None)

    def text(self, job: Message | int) -> str:
        """The text of a job; "" for a number whose message is gone by now."""
        if isinstance(job, int):
            return self._numbered(job)
        if job["type"] in ("join", "leave", "refresh"):
            self._asked[number := next(self._ids)] = job
            job["id"] = number
        if job["type"] == "join":
            with self._changed:
                self._joining[job["channel"]] = number
                job |= self._channels.get(job["channel"], {})
            job |= self._reading.place(job["channel"])
        return compact(job)

    def _numbered(self, number: int) -> str:
        message = self._outbox.get(number)
        text = publish(number, message) if message is not None else ""
        if len(text.encode()) <= self.size:
            self._sent = max(self._sent, number)
            return text
        self._drop(number, {"code": "too_large", "reason": f"at most {self.size} bytes accepted"})
        return ""

    # -- texts in -----------------------------------------------------------------------------------------

    def receive(self, text: str | bytes) -> None:
        """A text of the server. Raises ProtocolError or BadMessage where it makes no sense; ConnectionClosed
        where the server has forgotten this device, knows a copy of it, or speaks another version."""
        message = parse(text, SERVER)
        self.useful = self.useful or message["type"] in ("confirm", "message", "ping")
        match message["type"]:
            case "bye":
                self.bye = message
            case "ping":
                self.ask({"type": "pong"})
            case "welcome":
                self._welcome(message)
            case _ if self._window is None:
                raise ProtocolError(f"{message['type']} before welcome")
            case "confirm":
                self._confirm(self._window, message)
            case "error":
                self._error(self._window, message)
            case "ok":
                self._ok(self._asked.pop(message["id"], {}), message)
            case "message" | "gap" as kind:
                # Else it was on its way when the channel was left, and is no part of the next reading.
                if self._joining.get(message["channel"]) == 0:
                    (self._reading.message if kind == "message" else self._reading.gap)(message)
            case kind:
                if kind == "expiring" and self._token is not None:
                    self.ask({"type": "refresh", "token": self._token()})
                self._tell(message)

    def _welcome(self, welcome: Message) -> None:
        if welcome["v"] != VERSION:
            raise ConnectionClosed(4426, f"the server speaks version {welcome['v']}, expected {VERSION}")
        number, limits = welcome["next"], {"size": SIZE, "window": WINDOW, **welcome["limits"]}
        if not all(type(limits[name]) is int and limits[name] > 0 for name in ("size", "window")):
            raise ProtocolError(f"limits {welcome['limits']}, expected whole numbers above 0")
        outbox = self._outbox
        # Below: the server has forgotten this device. Above: a copy has sent messages of its own by this id;
        # by the id of an earlier opening the messages of a copy are those that are here.
        if number < outbox.first or (outbox.final is None and number > self._sent + 1):
            raise ConnectionClosed(4409, f"the server expects {number} of this device, not {outbox.first}")
        outbox.confirm(min(number - 1, outbox.top))
        self.size = limits["size"]
        with self._changed:
            if self._window is not None:
                raise ProtocolError("welcome twice")
            self._window = Window(number, min(WINDOW, limits["window"]))
            self._due.extend((0.0, {"type": "join", "channel": channel}) for channel in self._channels)
            self._changed.notify_all()
        self._tell(welcome)

    def _confirm(self, window: Window, confirm: Message) -> None:
        with self._changed:
            window.confirmed(confirm["n"])
        self._outbox.confirm(confirm["n"])
        with self._changed:
            self._changed.notify_all()
        self._tell(confirm)

    def _ok(self, request: Message, ok: Message) -> None:
        if request.get("type") == "join":
            if not {"epoch", "offset", "complete"} <= ok.keys():
                raise ProtocolError("ok of a join without epoch, offset or complete")
            self._reading.joined(request, ok)
            with self._changed:
                if self._joining.get(request["channel"]) == request["id"]:
                    self._joining[request["channel"]] = 0

    def _error(self, window: Window, error: Message) -> None:
        now, retry = self._clock(), min(error.get("retry", RETRY), LONGEST)
        temporary = error["code"] in TEMPORARY or "retry" in error
        if "n" not in error:
            self._refused(
                self._asked.pop(error.get("id", 0), None), error, now + retry if temporary else None
            )
        elif not temporary and error["code"] != "out_of_order":
            self._drop(error["n"], error)
        else:
            with self._changed:
                if temporary:
                    window.refused(error["n"], now, retry)
                else:
                    window.out_of_order(error["n"], error.get("expect", 0), now, RETRY)
                self._changed.notify_all()

    def _refused(self, request: Message | None, error: Message, again: float | None) -> None:
        if request is None:
            self._tell(error)
        elif again is not None:
            self.ask(request, again)
        else:
            if request["type"] == "join":
                with self._changed:
                    self._channels.pop(request["channel"], None)
            self._tell({**error, "type": "refused", "request": request})

    def _drop(self, number: int, error: Message) -> None:
        """The server will never take a message. It leaves the outbox before another one gets its number."""
        message = self._outbox.get(number)
        with self._changed:
            window = self._window
            expected = window is not None and window.expects(number)
        if window is not None and message is not None and expected:
            self._tell({**error, "type": "dropped", "message": message._asdict()})
            self._outbox.drop(message.key)
            self._sent = min(self._sent, number - 1)
            with self._changed:
                window.dropped(number, self._clock())
                self._changed.notify_all()


def publish(number: int, message: Outgoing) -> str:
    """A message as text.

    >>> publish(7, Outgoing(key=1, channel="#lobby", body='"hello"'))
    '{"type":"publish","n":7,"channel":"#lobby","body":"hello"}'
    """
    return f'{{"type":"publish","n":{number},"channel":{compact(message.channel)},"body":{message.body}}}'
