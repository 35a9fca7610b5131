"""The packets of Socket.IO, against its own library as an oracle."""

from __future__ import annotations

import pytest
import socketio.packet

from wsdemo.alternatives import envelope
from wsdemo.alternatives.envelope import (
    ANSWER,
    CONNECT,
    DISCONNECT,
    EVENT,
    MESSAGE,
    OPEN,
    PING,
    REFUSED,
    EnginePacket,
)

PACKETS = [
    ('42["message","hello"]', EnginePacket(MESSAGE, EVENT, data=["message", "hello"])),
    ('42/room,["message","hé, 👋"]', EnginePacket(MESSAGE, EVENT, "/room", None, ["message", "hé, 👋"])),
    ('42/room,17["message",1,2]', EnginePacket(MESSAGE, EVENT, "/room", 17, ["message", 1, 2])),
    ('4317["done"]', EnginePacket(MESSAGE, ANSWER, "/", 17, ["done"])),
    ("40", EnginePacket(MESSAGE, CONNECT)),
    ("40/room,", EnginePacket(MESSAGE, CONNECT, "/room")),
    ('40{"sid":"a,b"}', EnginePacket(MESSAGE, CONNECT, data={"sid": "a,b"})),
    ("41/room,", EnginePacket(MESSAGE, DISCONNECT, "/room")),
    ('44{"message":"no"}', EnginePacket(MESSAGE, REFUSED, data={"message": "no"})),
]


@pytest.mark.parametrize(("text", "packet"), PACKETS)
def test_packets_of_socketio(text: str, packet: EnginePacket) -> None:
    assert envelope.parse(text) == packet
    assert envelope.serialize(packet) == text
    theirs = socketio.packet.Packet(encoded_packet=text[1:])
    assert (theirs.packet_type, theirs.namespace or "/", theirs.id, theirs.data) == (
        packet.kind,
        packet.namespace,
        packet.number,
        packet.data,
    )


@pytest.mark.parametrize(
    ("text", "packet"),
    [
        ('0{"sid":"x"}', EnginePacket(OPEN, data={"sid": "x"})),
        ("2", EnginePacket(PING)),
        ("2probe", EnginePacket(PING, data="probe")),
        ("3", EnginePacket(3)),
        ("6", EnginePacket(6)),
    ],
)
def test_packets_of_engineio(text: str, packet: EnginePacket) -> None:
    assert envelope.parse(text) == packet
    assert envelope.serialize(packet) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "7",
        "4",
        "48",
        '451-["a",{"_placeholder":true,"num":0}]',
        "42[",
        "42" + "[" * 9999,
    ],
)
def test_what_is_no_packet_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Socket\.IO") as caught:
        envelope.parse(text)
    assert len(str(caught.value)) < 200 and "\n" not in str(caught.value)


def test_the_parts_are_the_whole() -> None:
    for text, packet in PACKETS:
        found = envelope.parts(packet)
        assert "".join(part.text for part in found) == text
        assert all(part.meaning for part in found)


def test_only_messages_have_content() -> None:
    assert envelope.content(envelope.event("hé 👋")) == "hé 👋"
    for other in ("2", '42["other","x"]', '42["message",1]', '42["message"]', "40/room,"):
        assert envelope.content(other) is None
