"""The frames of a connection, for its own user: all there, in order, and without a secret."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests import raw
from tests.chat.front import anywhere
from tests.chat.visiting import Visitor, ask
from tests.waiting import DEADLINE
from wsdemo import Connection, HandshakeError, Opcode, Trace, connect
from wsdemo.chat import Chat, ChatLimits, app
from wsdemo.chat import frames as frames_module
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.protocol import Frame
from wsdemo.record.facts import TO_CLIENT
from wsdemo.trace.packets import FramePacket, RequestPacket

SECRET = "top-secret"
TOKEN = f"ann.{SECRET}"


def ticket_for(chat: Chat, device: str = "phone", token: str = TOKEN) -> Any:
    return ask(chat, "POST", "/ticket", {"device": device}, Authorization=f"Bearer {token}")


def watch(chat: Chat, ticket: str) -> Connection:
    return connect(
        f"{chat.websocket_url.removesuffix('/chat')}/frames?ticket={ticket}", subprotocols=[PROTOCOL]
    )


def packets(ws: Connection) -> Iterator[dict[str, Any]]:
    while True:
        yield json.loads(ws.recv(DEADLINE))


def until(ws: Connection, summary: str) -> list[dict[str, Any]]:
    """The packets up to the one with this in its summary."""
    found = []
    for packet in packets(ws):
        found.append(packet)
        if summary in packet["summary"]:
            return found
    raise AssertionError


@anywhere
def test_a_page_sees_the_frames_of_its_own_connection(chat: Chat) -> None:
    with Visitor(chat, TOKEN, query="?frames=1", headers={"Cookie": f"a={SECRET}"}) as ann:
        ann.until("welcome")
        ticket = ticket_for(chat)
        assert ticket.fields["seconds"] == 30
        with watch(chat, ticket.fields["ticket"]) as hood:
            ann.publish(1, "hi")
            found = until(hood, "confirm")
            ann.ws.ping()
            found += until(hood, "pong")
    kinds = [(packet["kind"], packet["direction"]) for packet in found]
    assert kinds[:4] == [
        ("request", "to server"),
        ("response", "to client"),
        ("frame", "to server"),
        ("frame", "to client"),
    ]
    assert [packet["number"] for packet in found] == list(range(1, len(found) + 1))
    assert [packet["at"] for packet in found] == sorted(packet["at"] for packet in found)
    hello = found[2]
    assert hello["fields"][0] | {"meaning": ""} == {
        "name": "fin",
        "start": 0,
        "stop": 1,
        "value": True,
        "meaning": "",
        "section": "RFC 6455 §5.2",
    }
    published = next(packet for packet in found if "publish" in packet["summary"])
    assert json.loads(published["text"]) == {"type": "publish", "n": 1, "channel": "#lobby", "body": "hi"}
    assert {packet["fields"][4]["value"] for packet in found[-2:]} == {9, 10}
    assert {packet["verdict"] for packet in found} == {"accepted"}


def test_no_secret_is_in_them(chat: Chat) -> None:
    """Neither the query, the cookie and Authorization, nor hello and refresh, also in fragments."""
    cookie = f"wsdemo_{chat.server.port}={TOKEN}"
    fields = {"Cookie": cookie, "Authorization": f"Bearer {TOKEN}", "Sec_WebSocket_Protocol": PROTOCOL}
    peer = raw.dial(chat.server.port)
    peer.send(raw.request(f"/chat?frames=1&more={SECRET}", **fields))
    assert peer.head().startswith("HTTP/1.1 101")
    hello = f'{{"type":"hello","v":1,"device":"phone","tok\\u0065n":"{TOKEN}"}}'.encode()
    peer.send(raw.frame(Opcode.TEXT, hello[:45], fin=False))
    peer.send(raw.frame(Opcode.CONTINUATION, hello[45:]))
    assert "welcome" in str(peer.message())
    refresh = f'{{"type":"refresh","id":1,"token":"{TOKEN}"}}'.encode()
    peer.send(raw.frame(Opcode.TEXT, refresh))
    peer.send(raw.frame(Opcode.TEXT, f'{{"token":"{SECRET}'.encode()))  # no JSON
    peer.send(raw.frame(Opcode.BINARY, SECRET.encode()))
    for _ in range(3):
        peer.message()
    peer.send(raw.frame(Opcode.PING, b"the end"))
    with watch(chat, ticket_for(chat).fields["ticket"]) as hood:
        texts = []
        while '"summary": "ping' not in (text := str(hood.recv(DEADLINE))):
            texts.append(text)
    assert len(texts) >= 8
    plain = "".join(texts)
    assert SECRET not in plain and TOKEN.encode().hex() not in plain
    masked = raw.frame(Opcode.TEXT, SECRET.encode())[6:].hex()
    assert masked not in plain
    shown = [json.loads(text) for text in texts]
    assert "/chat?***" in shown[0]["text"] and "Cookie: ***" in shown[0]["text"]
    assert [packet["text"] for packet in shown[2:4]] == ["hidden: it may be secret"] * 2


def test_a_watcher_gets_what_is_there_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only when the server looks the next time."""
    monkeypatch.setattr(app, "LOOK", 3600.0)
    with Chat() as chat, Visitor(chat, TOKEN, query="?frames=1") as ann:
        ann.until("welcome")
        with watch(chat, ticket_for(chat).fields["ticket"]) as hood:
            assert [packet["kind"] for packet, _ in zip(packets(hood), range(2), strict=False)] == [
                "request",
                "response",
            ]


def test_a_long_packet_is_cut() -> None:
    told = frames_module.shown(FramePacket(Frame(1, b"x" * 5000).serialize(), direction=TO_CLIENT))
    assert told["text"] == "x" * frames_module.TEXT and told["size"] == 5004
    assert bytes.fromhex(told["bytes"]) == Frame(1, b"x" * 5000).serialize()[: frames_module.BYTES]
    payload = told["fields"][-1]
    assert payload["name"] == "payload" and len(payload["value"]) == frames_module.TEXT


@pytest.mark.parametrize(
    ("opcode", "payload", "text"),
    [
        (Opcode.CLOSE, b"\x03\xe8good night", "good night"),
        (Opcode.CLOSE, b"", ""),
        (Opcode.PING, b"are you there", None),
        (Opcode.TEXT, b'{"type":"pong"}', '{"type":"pong"}'),
        (Opcode.TEXT, b'{"type":"hello","token":"ann.a"}', frames_module.HIDDEN),
        (Opcode.BINARY, b"anything", frames_module.HIDDEN),
    ],
)
def test_of_a_frame_all_is_shown_but_a_secret_payload(
    opcode: Opcode, payload: bytes, text: str | None
) -> None:
    data = raw.frame(opcode, payload)
    packet = FramePacket(data)
    told = frames_module.shown(packet)
    hidden = text == frames_module.HIDDEN
    head = data[:6]  # a masking key is none of its secrets
    assert bytes.fromhex(told["bytes"]) == (head + b"*" * len(payload) if hidden else data)
    assert told["text"] == text
    fields = dict(zip([field.name for field in packet.fields], told["fields"], strict=True))
    assert (fields["opcode"]["value"], fields["length"]["value"]) == (opcode, len(payload))
    concealed = [name for name, field in fields.items() if field["meaning"] == frames_module.HIDDEN]
    assert concealed == (["masked payload"] if hidden else [])


def test_a_head_has_stars_for_its_secrets_and_for_nothing_else() -> None:
    head = "GET /chat?a=1 HTTP/1.1\r\nHost: a\r\nCookie: s=1\r\nX-Key: {}\r\nUpgrade: websocket\r\n\r\n"
    told = frames_module.shown(RequestPacket(head.format("hush").encode()))
    assert told["text"] == head.format("****").replace("a=1", "***").replace("s=1", "***")
    assert told["size"] == len(head.format("hush"))


@anywhere
def test_a_ticket_is_for_the_user_alone_and_counts_once(chat: Chat) -> None:
    with Visitor(chat, TOKEN, query="?frames=1") as ann, Visitor(chat, "bob.b", device="laptop"):
        ann.until("welcome")
        assert ticket_for(chat, token="bob.b").status == 404
        assert ticket_for(chat, "tablet").status == 404
        assert ticket_for(chat, "laptop", token="bob.b").status == 404  # not on record
        assert ticket_for(chat, token="ann.guessed").status == 401
        ticket = ticket_for(chat).fields["ticket"]
        watch(chat, ticket).close()
        for wrong in (ticket, "", "nonsense"):
            with pytest.raises(HandshakeError) as caught:
                watch(chat, wrong)
            assert caught.value.status == 401
        door = ask(chat, "POST", "/ticket", {}, Authorization=f"Bearer {TOKEN}").fields["ticket"]
        with pytest.raises(HandshakeError):  # a ticket for the chat is none for its frames
            watch(chat, door)


@anywhere
def test_a_ticket_opens_the_chat(chat: Chat) -> None:
    ticket = ask(chat, "POST", "/ticket", {}, Authorization=f"Bearer {TOKEN}").fields["ticket"]
    with Visitor(chat, None, query=f"?ticket={ticket}") as ann:
        assert ann.until("welcome")["user"] == "ann"
    for fields in ({"query": f"?ticket={ticket}"}, {"headers": {"Authorization": "Bearer nonsense"}}):
        with pytest.raises(HandshakeError) as caught:
            Visitor(chat, None, **fields)
        assert caught.value.status == 401


def test_the_oldest_go_and_that_is_told_and_so_is_the_end() -> None:
    with Chat(limits=ChatLimits(packets=10)) as chat:
        with Visitor(chat, TOKEN, query="?frames=1") as ann:
            for n in range(1, 21):
                ann.publish(n)
            while ann.until("confirm")["n"] < 20:
                pass
            hood = watch(chat, ticket_for(chat).fields["ticket"])
            first = json.loads(hood.recv(DEADLINE))
            assert first["type"] == "missed" and first["count"] >= 30
            assert json.loads(hood.recv(DEADLINE))["number"] == first["count"] + 1
        told = list(map(json.loads, hood))
        assert told[-1] == {"type": "end"} and told[-2]["summary"].startswith("close 2 B 1000")
        assert ticket_for(chat).status == 404
        hood.close()


def test_only_so_many_are_on_record() -> None:
    with Chat(limits=ChatLimits(records=1)) as chat:
        with (
            Visitor(chat, TOKEN, query="?frames=1") as one,
            Visitor(chat, TOKEN, "laptop", query="?frames=1") as two,
        ):
            one.until("welcome")
            two.until("welcome")
            assert (ticket_for(chat).status, ticket_for(chat, "laptop").status) == (200, 404)


def test_a_watcher_that_does_not_read_gets_no_more_than_is_kept() -> None:
    limits = ChatLimits(packets=50)
    with Chat(limits=limits) as chat, Visitor(chat, TOKEN, query="?frames=1") as ann:
        ann.until("welcome")
        ticket = ticket_for(chat).fields["ticket"]
        peer = raw.dial(chat.server.port, receive_buffer=4096)
        peer.send(raw.request(f"/frames?ticket={ticket}"))
        peer.head()
        (recording,) = chat._recordings._all.values()
        for n in range(1, 91):
            ann.publish(n, "x" * 40_000)
            ann.until("confirm")
        (watcher,) = recording._watchers
        assert watcher.pending < 10 * frames_module.TEXT + 100_000
        number, missed = 0, 0
        while number < 180:
            told = json.loads(peer.message())
            if told["type"] == "missed":
                missed += told["count"]
            else:
                assert told["number"] > number
                number = told["number"]
        peer.sock.close()


def test_the_rest_is_there_for_a_watcher_that_was_slow() -> None:
    done = threading.Event()
    with Chat() as chat:
        with Visitor(chat, TOKEN, query="?frames=1") as ann:
            ann.until("welcome")
            peer = raw.dial(chat.server.port, receive_buffer=4096)
            ticket = ticket_for(chat).fields["ticket"]
            peer.send(raw.request(f"/frames?ticket={ticket}"))
            peer.head()
            for n in range(1, 61):
                ann.publish(n, "x" * 3000)
                ann.until("confirm")
        last: dict[str, Any] = {}
        while (told := json.loads(peer.message()))["type"] != "end":
            assert told["number"] == last.get("number", 0) + 1
            last = told
        assert last["summary"].startswith("close 2 B 1000") and peer.closed()[0] == 1000
        peer.sock.close()
        chat.server.call_soon(done.set)
        assert done.wait(DEADLINE) and chat._recordings._all == {}


class Hood:
    """A watcher: a connection that can't take more while it has pending bytes."""

    def __init__(self) -> None:
        self.pending, self.heard, self.closed = 1, list[dict[str, Any]](), False

    def send(self, text: str) -> None:
        self.heard.append(json.loads(text))

    def close(self) -> None:
        self.closed = True


def test_a_record_is_kept_until_its_watcher_has_all_of_it() -> None:
    """And counts among those that may be."""
    records = frames_module.Recordings(ChatLimits(records=1))
    traces: list[Trace] = []
    ws: Any = SimpleNamespace(id=1, record=traces.append)
    records.begin(ws)
    (recording,), hood = records._all.values(), Hood()
    tap = traces[0].tap("server", ("127.0.0.1", 1), ("127.0.0.1", 2))
    tap.received(raw.request("/chat"))
    recording.watch(hood)  # type: ignore[arg-type]
    records.end(ws)
    records.begin(SimpleNamespace(id=2, record=traces.append))  # type: ignore[arg-type]
    assert list(records._all) == [1] and hood.heard == []
    hood.pending = 0
    records.look()
    assert [told["type"] for told in hood.heard] == ["packet", "end"] and hood.closed
    assert records._all == {}


def test_text_behind_the_page_is_no_message(chat: Chat) -> None:
    """A watcher only listens."""
    with Visitor(chat, TOKEN, query="?frames=1") as ann:
        ann.until("welcome")
        with watch(chat, ticket_for(chat).fields["ticket"]) as hood:
            hood.send('{"type":"hello","v":1,"device":"x","token":"eve.e"}')
            assert hood.ping() >= 0
            assert json.loads(hood.recv(DEADLINE))["type"] == "packet"
