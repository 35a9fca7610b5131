"""Whole conversations with two other libraries, in both roles: what one says, the other hears."""

from __future__ import annotations

import os
from typing import Any

import wsproto.connection
import wsproto.events
import wsproto.extensions
import wsproto.frame_protocol
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as TheirFrame
from websockets.frames import Opcode as TheirOpcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from wsdemo.protocol.codes import Opcode, Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.protocol.events import Closing, Event, Failed, Message, Ping, Pong
from wsdemo.protocol.frames import RSV1, Frame
from wsdemo.protocol.limits import Limits
from wsdemo.protocol.prepared import Prepared
from wsdemo.protocol.protocol import Protocol

#: What is said: a message whole or in parts, a ping, a pong.
texts = st.text(max_size=200)
binaries = st.binary(max_size=200)
said = st.lists(
    st.one_of(
        texts.map(Message),
        binaries.map(Message),
        st.integers(0, 70_000).map(lambda size: Message("é" * size)),
        st.lists(st.one_of(texts), min_size=1, max_size=4),
        st.lists(st.one_of(binaries), min_size=1, max_size=4),
        st.binary(max_size=125).map(Ping),
        st.binary(max_size=125).map(Pong),
    ),
    max_size=6,
)
sides = st.sampled_from(list(Side))
agreements = st.one_of(
    st.none(),
    st.builds(Parameters, st.booleans(), st.booleans(), st.integers(9, 15), st.integers(9, 15)),
)
ends = st.one_of(
    st.just((1005, "")), st.tuples(st.sampled_from([1000, 1001, 1011, 3000, 4999]), st.text(max_size=30))
)


def heard(talk: list[Any]) -> list[Event]:
    return [item if not isinstance(item, list) else Message(type(item[0])().join(item)) for item in talk]


def ours(protocol: Protocol, item: Any) -> bytes:
    match item:
        case Ping(payload):
            return protocol.ping(payload)
        case Pong(payload):
            return protocol.pong(payload)
        case Message(str() as text):
            return protocol.send_text(text)
        case Message(bytes() as data):
            return protocol.send_binary(data)
        case parts:
            return b"".join(protocol.send_fragment(part, i == len(parts) - 1) for i, part in enumerate(parts))


def websockets_end(side: Side, deflate: Parameters | None) -> Any:
    options: dict[str, Any] = {"state": OPEN, "max_size": None}
    end: Any = (
        ServerProtocol(**options)
        if side is Side.SERVER
        else ClientProtocol(parse_uri("ws://localhost/"), **options)
    )
    if deflate is not None:
        server = (deflate.server_no_context_takeover, deflate.server_max_window_bits)
        client = (deflate.client_no_context_takeover, deflate.client_max_window_bits)
        local, remote = (server, client) if side is Side.SERVER else (client, server)
        end.extensions = [PerMessageDeflate(remote[0], local[0], remote[1], local[1])]
    return end


def websockets_says(end: Any, item: Any) -> bytes:
    match item:
        case Ping(payload):
            end.send_ping(payload)
        case Pong(payload):
            end.send_pong(payload)
        case Message(data):
            end.send_text(data.encode()) if isinstance(data, str) else end.send_binary(data)
        case parts:
            for i, part in enumerate(parts):
                payload, fin = part.encode() if isinstance(part, str) else part, i == len(parts) - 1
                if i:
                    end.send_continuation(payload, fin)
                else:
                    (end.send_text if isinstance(part, str) else end.send_binary)(payload, fin)
    return b"".join(end.data_to_send())


def websockets_heard(end: Any) -> list[Event]:
    events: list[Event] = []
    opcode, parts = TheirOpcode.CONT, b""
    for frame in end.events_received():
        assert isinstance(frame, TheirFrame)
        if frame.opcode is TheirOpcode.PING:
            events.append(Ping(bytes(frame.data)))
        elif frame.opcode is TheirOpcode.PONG:
            events.append(Pong(bytes(frame.data)))
        elif frame.opcode is not TheirOpcode.CLOSE:
            opcode = opcode if frame.opcode is TheirOpcode.CONT else frame.opcode
            parts += frame.data
            if frame.fin:
                events.append(Message(parts.decode() if opcode is TheirOpcode.TEXT else parts))
                parts = b""
    return events


@settings(deadline=None)
@given(said, sides, agreements, ends)
def test_we_say_websockets_hears(
    talk: list[Any], side: Side, deflate: Parameters | None, end: tuple[int, str]
) -> None:
    here, there = Protocol(side, opened=True, deflate=deflate), websockets_end(side.peer, deflate)
    for item in talk:
        there.receive_data(ours(here, item))
    assert websockets_heard(there) == heard(talk)
    pongs = [Pong(item.payload) for item in talk if isinstance(item, Ping)]
    assert here.receive(b"".join(there.data_to_send())) == pongs
    code, reason = end
    there.receive_data(here.close(None if code == 1005 else code, reason))
    assert here.receive(b"".join(there.data_to_send()))[-1] == Closing(code, reason)
    there.receive_eof()
    assert (there.close_code, there.close_reason) == end


@settings(deadline=None)
@given(said, sides, agreements, ends)
def test_websockets_says_we_hear(
    talk: list[Any], side: Side, deflate: Parameters | None, end: tuple[int, str]
) -> None:
    here, there = Protocol(side, opened=True, deflate=deflate), websockets_end(side.peer, deflate)
    assert here.receive(b"".join(websockets_says(there, item) for item in talk)) == heard(talk)
    there.receive_data(here.data_to_send())
    assert websockets_heard(there) == [Pong(item.payload) for item in talk if isinstance(item, Ping)]
    code, reason = end
    there.send_close(None if code == 1005 else code, reason)
    assert here.receive(b"".join(there.data_to_send())) == [Closing(code, reason)]
    there.receive_data(here.data_to_send())
    there.receive_eof()
    assert there.close_code == code


def wsproto_end(side: Side, deflate: Parameters | None) -> wsproto.connection.Connection:
    extensions: list[wsproto.extensions.Extension] = []
    if deflate is not None:
        theirs = wsproto.extensions.PerMessageDeflate(
            deflate.client_no_context_takeover,
            deflate.client_max_window_bits,
            deflate.server_no_context_takeover,
            deflate.server_max_window_bits,
        )
        theirs._enabled = True
        extensions.append(theirs)
    kind = (
        wsproto.connection.ConnectionType.SERVER
        if side is Side.SERVER
        else wsproto.connection.ConnectionType.CLIENT
    )
    return wsproto.connection.Connection(kind, extensions)


def wsproto_says(end: wsproto.connection.Connection, item: Any) -> bytes:
    def message(data: str | bytes, fin: bool) -> wsproto.events.Event:
        if isinstance(data, str):
            return wsproto.events.TextMessage(data, message_finished=fin)
        return wsproto.events.BytesMessage(data, message_finished=fin)

    match item:
        case Ping(payload):
            return end.send(wsproto.events.Ping(payload))
        case Pong(payload):
            return end.send(wsproto.events.Pong(payload))
        case Message(data):
            return end.send(message(data, True))
        case parts:
            return b"".join(end.send(message(part, i == len(parts) - 1)) for i, part in enumerate(parts))


def wsproto_heard(end: wsproto.connection.Connection) -> list[Event]:
    events: list[Event] = []
    parts: list[Any] = []
    for event in end.events():
        match event:
            case wsproto.events.Ping(payload=payload):
                events.append(Ping(bytes(payload)))
            case wsproto.events.Pong(payload=payload):
                events.append(Pong(bytes(payload)))
            case wsproto.events.Message(data=data, message_finished=finished):
                parts.append(data if isinstance(data, str) else bytes(data))
                if finished:
                    events.append(Message(type(parts[0])().join(parts)))
                    parts = []
            case wsproto.events.CloseConnection(code=code, reason=reason):
                events.append(Closing(int(code), reason or ""))
    return events


@settings(deadline=None)
@given(said, sides, agreements, ends)
def test_we_say_wsproto_hears(
    talk: list[Any], side: Side, deflate: Parameters | None, end: tuple[int, str]
) -> None:
    here, there = Protocol(side, opened=True, deflate=deflate), wsproto_end(side.peer, deflate)
    there.receive_data(b"".join(ours(here, item) for item in talk))
    assert wsproto_heard(there) == heard(talk)
    code, reason = end
    there.receive_data(here.close(None if code == 1005 else code, reason))
    assert wsproto_heard(there) == [Closing(code, reason)]


@settings(deadline=None)
@given(said, sides, agreements)
def test_wsproto_says_we_hear(talk: list[Any], side: Side, deflate: Parameters | None) -> None:
    here, there = Protocol(side, opened=True, deflate=deflate), wsproto_end(side.peer, deflate)
    data = b"".join(wsproto_says(there, item) for item in talk)
    assert here.receive(data) == heard(talk)
    assert here.receive(there.send(wsproto.events.CloseConnection(1001, "bye"))) == [Closing(1001, "bye")]
    there.receive_data(here.data_to_send())
    assert wsproto_heard(there)[-1:] == [Closing(1001, "")]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.lists(st.text(min_size=60, max_size=90), min_size=1, max_size=3), st.booleans())),
    sides,
    agreements,
)
@example([(["s" * 90], True), (["s" * 90], False), (["s" * 90], True)], Side.SERVER, Parameters())
@example([(["s" * 90], True), (["s" * 90] * 3, False), (["s" * 90] * 3, True)], Side.CLIENT, Parameters())
def test_both_hear_messages_that_are_not_compressed_and_those_behind_them(
    talk: list[tuple[list[str], bool]], side: Side, deflate: Parameters | None
) -> None:
    """Whole, in fragments, prepared for many; their text is in no context that a later one refers to."""
    here = Protocol(side, opened=True, deflate=deflate)
    websockets, theirs = websockets_end(side.peer, deflate), wsproto_end(side.peer, deflate)
    for parts, compress in talk:
        last = len(parts) - 1
        frames = [here.send_fragment(part, i == last, compress=compress) for i, part in enumerate(parts)]
        ways = [
            b"".join(frames),
            here.send_text(parts[0], compress=compress),
            here.send_binary(parts[0].encode(), compress=compress),
            Prepared(parts[0], compress=compress).for_connection(here),
        ]
        large = deflate is not None and len(parts[0].encode()) >= deflate.threshold
        assert [bool(data[0] & RSV1) for data in ways] == [compress and large] * 4
        for data in ways:
            websockets.receive_data(data)
            theirs.receive_data(data)
        whole = [Message("".join(parts)), Message(parts[0]), Message(parts[0].encode()), Message(parts[0])]
        assert websockets_heard(websockets) == wsproto_heard(theirs) == whole


#: One bit of a good stream is wrong: both must come to the same verdict.
@settings(deadline=None, max_examples=int(os.environ.get("WSDEMO_EXAMPLES", "300")))
@given(said, sides, st.integers(0, 10_000), st.integers(0, 7))
@example([Message("é" * 32768)], Side.CLIENT, 1, 0)
@example([["", ""]], Side.CLIENT, 2, 3)  # the second frame becomes a close frame
@example([["", "é" * 7], Ping(b"")], Side.CLIENT, 1, 4)  # a text that is no UTF-8, and that never ends
def test_the_verdict_on_a_flipped_bit_is_that_of_websockets(
    talk: list[Any], side: Side, at: int, bit: int
) -> None:
    data = bytearray(b"".join(ours(Protocol(side.peer, opened=True), item) for item in talk) or b"\x81\x00")
    data[at % len(data)] ^= 1 << bit
    here = Protocol(side, opened=True, limits=Limits(message_size=10 * 1024 * 1024))
    there = websockets_end(side, None)
    events = here.receive(bytes(data))
    there.receive_data(bytes(data))
    try:
        theirs = websockets_heard(there)
    except UnicodeDecodeError:  # websockets leaves it to the caller to decode
        assert isinstance(events[-1], Failed)
        assert events[-1].error.code == 1007
        return
    heard = [event for event in events if not isinstance(event, Closing | Failed)]
    assert theirs[: len(heard)] == heard
    if here.error is None:  # it may wait for the end of what we refuse at once, not the reverse
        # But for a close frame between fragments, which it refuses: control frames "MAY be injected in the
        # middle of a fragmented message" (RFC 6455 §5.4).
        assert there.parser_exc is None or "incomplete fragmented" in str(there.parser_exc)
    if "shortest form" in str(here.error):  # it takes lengths in a longer form
        return
    more = theirs[len(heard) :]
    if here.error is not None and here.error.code == 1007:  # it decodes a text when all of it is there
        more = [event for event in more if not isinstance(event, Ping | Pong)]
    assert more == []


#: What may happen near the end of a connection: bytes that come, our own close frame, the end of TCP.
happenings = st.lists(
    st.one_of(
        st.sampled_from(
            [
                Frame(Opcode.TEXT, b"x"),
                Frame(Opcode.PING, b"x"),
                Frame(Opcode.CLOSE),
                Frame(Opcode.CLOSE, b"\x03\xe8"),
                Frame(Opcode.CLOSE, b"\x0f\xa0bye"),
                Frame(Opcode.CLOSE, (1005).to_bytes(2, "big")),
                Frame(Opcode.CLOSE, (1006).to_bytes(2, "big") + b"no"),
                Frame(Opcode.CLOSE, b"\x03"),
                Frame(Opcode.CLOSE, b"\x03\xe8\xff"),
                Frame(3),
            ]
        ),
        st.sampled_from([None, 1000, 3000]),
        st.just("eof"),
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None)
@given(happenings, sides)
def test_states_and_close_codes_are_those_of_websockets(happened: list[Any], side: Side) -> None:
    here, there = Protocol(side, opened=True), websockets_end(side, None)
    key = b"mask" if side is Side.SERVER else None
    for what in happened:
        match what:
            case Frame(opcode, payload):
                data = Frame(opcode, payload, masking_key=key).serialize()
                here.receive(data)
                there.receive_data(data)
            case "eof":
                here.receive_eof()
                there.receive_eof()
            case code if there.state is OPEN:
                here.close(code)
                there.send_close(code)
        here.data_to_send()
        assert here.state.name == there.state.name
        assert here.close_sent == (there.close_sent and there.close_sent.code)
        if what == "eof":  # websockets knows no code before
            assert (here.close_code, here.close_reason) == (there.close_code, there.close_reason)
            return
