"""Under the hood: the bytes of a connection as its server saw them, for the user of that connection alone.

::

    /chat?frames=1 ──► Recording ── a Trace ──► packets, without secrets ──► /frames?ticket=… of the same user
                                                the newest 500 are kept

A page's own JavaScript sees no pings, no fragments, no compression and no header fields. No other client may
see them either, so a ticket is given to the user only; and secrets are overwritten: the query, header fields
that are not known to be harmless, and each message of the client that has a token. Knows nothing of channels.
"""

from __future__ import annotations

import collections
import json
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final

from wsdemo.chat.limits import ChatLimits
from wsdemo.net.connection import Connection
from wsdemo.protocol.codes import CONTROL, Opcode
from wsdemo.protocol.errors import ConnectionClosed
from wsdemo.protocol.limits import MiB
from wsdemo.record.facts import TO_SERVER
from wsdemo.trace.fields import Field
from wsdemo.trace.packets import FramePacket, Packet, RequestPacket, ResponsePacket
from wsdemo.trace.redact import secrets
from wsdemo.trace.tokens import secret_places
from wsdemo.trace.trace import Trace

#: Bytes on record between two looks; a burst of more ends the record.
BURST: Final = 4 * MiB
#: Bytes of a packet, and characters of its text, that are shown.
BYTES: Final = 64
TEXT: Final = 2000
HIDDEN: Final = "hidden: it may be secret"


class Recording:
    """The packets of one connection, as JSON texts; ``keep``: the newest ones that are kept."""

    def __init__(self, ws: Connection, keep: int) -> None:
        self.ws = ws
        self.device = ""  #: known with the first message
        self.ended = False
        self.total = 0  #: packets so far
        self._watchers: dict[Connection, int] = {}  # the number of the last packet that each has
        self._trace = Trace(limit=BURST)
        self._packets: collections.deque[str] = collections.deque(maxlen=keep)
        ws.record(self._trace)

    @property
    def watched(self) -> bool:
        """Whether any connection gets its packets."""
        return bool(self._watchers)

    def heard(self, message: str | bytes) -> None:
        """A message of the client, before its device is known."""
        try:
            self.device = str(json.loads(message)["device"])
        except (ValueError, RecursionError, LookupError, TypeError):
            self.device = "none"

    def watch(self, ws: Connection) -> None:
        """Send a connection of the same user all packets that are kept, and those that come."""
        self._watchers[ws] = 0
        self.look()

    def leave(self, ws: Connection) -> None:
        """A watcher has left."""
        self._watchers.pop(ws, None)

    def look(self) -> None:
        """Explain the new bytes, and send the watchers what they can take."""
        for packet in sorted(self._trace.news(), key=attrgetter("time")):
            self.total += 1
            at = self._trace.started_at + packet.time - self._trace.started
            self._packets.append(
                json.dumps({"type": "packet", "number": self.total, "at": at} | shown(packet))
            )
        self._trace.clear()
        for ws in list(self._watchers):
            self._send(ws)

    def _send(self, ws: Connection) -> None:
        try:
            for text in self._news(ws):
                ws.send(text)
            if self.ended and self._watchers[ws] == self.total:
                ws.send('{"type":"end"}')
                ws.close()
                self.leave(ws)
        except ConnectionClosed:
            self.leave(ws)

    def _news(self, ws: Connection) -> Iterator[str]:
        """The messages for a watcher, while it reads: the packets behind the last one that it has."""
        first = self.total - len(self._packets)
        if self._watchers[ws] < first:
            yield f'{{"type":"missed","count":{first - self._watchers[ws]}}}'
            self._watchers[ws] = first
        for text in list(self._packets)[self._watchers[ws] - first :]:
            if ws.pending:
                return
            self._watchers[ws] += 1
            yield text


class Recordings:
    """All connections on record; for the server's thread."""

    def __init__(self, limits: ChatLimits) -> None:
        self._limits = limits
        self._all: dict[int, Recording] = {}  # by connection

    def begin(self, ws: Connection) -> None:
        """Record a connection from its opening on, where there is room for one more."""
        if len(self._all) < self._limits.records:
            self._all[ws.id] = Recording(ws, self._limits.packets)

    def heard(self, ws: Connection, message: str | bytes) -> None:
        """A message of a client; the first one names its device."""
        recording = self._all.get(ws.id)
        if recording is not None and not recording.device:
            recording.heard(message)

    def find(self, user: str, device: str) -> Recording | None:
        """The record of a user's connection that is still there."""
        for recording in self._all.values():
            identity = recording.ws.user.identity
            own = identity is not None and (identity.user, recording.device) == (user, device)
            if own and not recording.ended:
                return recording
        return None

    def end(self, ws: Connection) -> None:
        """A connection has ended: its watchers get the rest."""
        if ws.id in self._all:
            self._all[ws.id].ended = True
            self.look()

    def look(self) -> None:
        """Explain what is new on all connections; forget those that have ended, and are watched no longer."""
        for number, recording in list(self._all.items()):
            recording.look()
            if recording.ended and not recording.watched:
                del self._all[number]


def shown(packet: Packet) -> dict[str, Any]:
    """A packet as JSON values, without secrets."""
    data, fields, text = _without_secrets(packet)
    return {
        "direction": packet.direction,
        "kind": packet.kind,
        "size": packet.size,
        "summary": packet.kind if text == HIDDEN else packet.summary,
        "text": None if text is None else text[:TEXT],
        "fields": [_field(field) for field in fields],
        "bytes": data[:BYTES].hex(),
        "verdict": str(packet.verdict),
    }


def _without_secrets(packet: Packet) -> tuple[bytes, tuple[Field, ...], str | None]:
    """The bytes, the fields and the text of a packet."""
    if isinstance(packet, FramePacket):
        return _frame(packet)
    if isinstance(packet, RequestPacket | ResponsePacket):
        return _head(packet)
    return b"", (), None  # no bytes whose meaning is not known


def _frame(packet: FramePacket) -> tuple[bytes, tuple[Field, ...], str | None]:
    if packet.opcode & CONTROL:
        text = packet.close_reason if packet.opcode == Opcode.CLOSE else None
        return packet.bytes, packet.fields, text
    message = packet.message
    text = message if isinstance(message, str) else None
    if packet.direction != TO_SERVER or (text is not None and _is_harmless(text)):
        return packet.bytes, packet.fields, text
    # A text with a token; or a fragment, which may be a part of one.
    size = packet.header_size
    fields = tuple(
        field._replace(value=None, meaning=HIDDEN) if field.stop > size * 8 else field
        for field in packet.fields
    )
    return packet.bytes[:size] + b"*" * (packet.size - size), fields, HIDDEN


def _is_harmless(text: str) -> bool:
    """Whether a client's message is an object without a token."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and not any(secret_places(text.encode()))


def _head(packet: RequestPacket | ResponsePacket) -> tuple[bytes, tuple[Field, ...], str]:
    data, places = bytearray(packet.bytes), [*secrets(packet)]
    for start, stop in places:
        data[start:stop] = b"*" * (stop - start)
    clean = type(packet)(bytes(data))
    return clean.bytes, clean.fields, clean.bytes.decode("latin-1")


def _field(field: Field) -> dict[str, Any]:
    value = field.value.hex() if isinstance(field.value, bytes) else field.value
    return {
        "name": field.name,
        "start": field.start,
        "stop": field.stop,
        "value": value[:TEXT] if isinstance(value, str) else value,
        "meaning": field.meaning,
        "section": field.section,
    }
