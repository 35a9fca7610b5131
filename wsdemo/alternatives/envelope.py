"""The packets of Socket.IO: a message in a message, as Engine.IO 4 and Socket.IO 5 put it into frames.

::

    4 2 /room, 17 ["message","hello"]
    │ │   │    │   └─ event and arguments, as JSON
    │ │   │    └───── number, if an answer is wanted
    │ │   └────────── namespace; none is "/"
    │ └────────────── Socket.IO: 0 connect, 1 disconnect, 2 event, 3 answer, 4 refused
    └──────────────── Engine.IO: 0 open, 1 close, 2 ping, 3 pong, 4 message, 5 upgrade, 6 nothing

Texts only: an event with bytes in it (5, 6) is several frames. A WebSocket has frames for most of this: a
ping, a close, a message that ends where it ends. Engine.IO repeats them since it also runs over long
polling, where there are none. Knows nothing of sockets.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

ENGINE: Final = {0: "open", 1: "close", 2: "ping", 3: "pong", 4: "message", 5: "upgrade", 6: "nothing"}
SOCKET: Final = {0: "connect", 1: "disconnect", 2: "event", 3: "answer", 4: "refused"}

OPEN, CLOSE, PING, PONG, MESSAGE = range(5)
CONNECT, DISCONNECT, EVENT, ANSWER, REFUSED = range(5)

#: What stands behind the digit of a message: type, namespace, number, JSON.
_MESSAGE: Final = re.compile(r"([0-4])(?:(/[^,]*),)?([0-9]{1,15})?(.*)\Z", re.DOTALL | re.ASCII)
#: The target of a request for a WebSocket, without the long polling that its own clients begin with.
TARGET: Final = "/socket.io/?EIO=4&transport=websocket"


class EnginePacket(NamedTuple):
    """One packet. ``kind``, ``namespace``, ``number`` and ``data`` are those of Socket.IO, in a message."""

    engine: int
    kind: int | None = None
    namespace: str = "/"
    number: int | None = None
    data: Any = None


class Label(NamedTuple):
    """Some characters of a packet, and their meaning."""

    text: str
    meaning: str


def serialize(packet: EnginePacket) -> str:
    """The text of a frame.

    >>> serialize(EnginePacket(MESSAGE, EVENT, "/room", 17, ["message", "hello"]))
    '42/room,17["message","hello"]'
    >>> serialize(EnginePacket(PONG))
    '3'
    """
    return "".join(part.text for part in parts(packet))


def parse(text: str) -> EnginePacket:
    """The packet in a text. Raises ValueError for one that is none, or has bytes besides.

    >>> parse('42["message","hello"]')
    EnginePacket(engine=4, kind=2, namespace='/', number=None, data=['message', 'hello'])
    >>> parse("2")
    EnginePacket(engine=2, kind=None, namespace='/', number=None, data=None)
    >>> parse("hello")
    Traceback (most recent call last):
    ValueError: no packet of Socket.IO, which begins with a digit from 0 to 6: 'hello'
    """
    if text[:1] not in set("0123456"):
        raise ValueError(f"no packet of Socket.IO, which begins with a digit from 0 to 6: {text[:40]!r}")
    engine, rest = int(text[0]), text[1:]
    if engine != MESSAGE:
        return EnginePacket(engine, data=_json(rest) if engine == OPEN else rest or None)
    found = _MESSAGE.match(rest)
    if found is None:
        raise ValueError(f"no message of Socket.IO, whose type is from 0 to 4: {text[:40]!r}")
    kind, namespace, number, data = found.groups()
    return EnginePacket(engine, int(kind), namespace or "/", int(number) if number else None, _json(data))


def parts(packet: EnginePacket) -> list[Label]:
    """The packet's parts in their order, those that are there.

    >>> [part.text for part in parts(EnginePacket(MESSAGE, EVENT, "/room", None, ["message", "hello"]))]
    ['4', '2', '/room,', '["message","hello"]']
    """
    found = [Label(str(packet.engine), f"Engine.IO: {ENGINE[packet.engine]}")]
    if packet.kind is not None:
        found.append(Label(str(packet.kind), f"Socket.IO: {SOCKET[packet.kind]}"))
        if packet.namespace != "/":
            found.append(Label(f"{packet.namespace},", "namespace"))
        if packet.number is not None:
            found.append(Label(str(packet.number), "number: an answer is wanted"))
    if packet.data is not None:
        plain = packet.kind is None and isinstance(packet.data, str)
        text = packet.data if plain else json.dumps(packet.data, separators=(",", ":"), ensure_ascii=False)
        found.append(Label(text, "event and arguments, as JSON" if packet.kind == EVENT else "data"))
    return found


def event(text: str, namespace: str = "/room") -> str:
    """A text as the event ``message``.

    >>> event("hello")
    '42/room,["message","hello"]'
    """
    return serialize(EnginePacket(MESSAGE, EVENT, namespace, None, ["message", text]))


def content(text: str) -> str | None:
    """The text in an event ``message``; None for any other packet.

    >>> content('42/room,["message","hello"]'), content("2")
    ('hello', None)
    """
    packet = parse(text)
    match packet:
        case EnginePacket(engine=4, kind=2, data=["message", str(said)]):
            return said
    return None


def _json(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"no JSON in a packet of Socket.IO: {text[:40]!r}") from None
