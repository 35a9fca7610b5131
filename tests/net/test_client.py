"""`connect`: what it sends, what answers it takes, and what it says when there is no answer."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests import raw
from tests.ports import held_port
from tests.waiting import DEADLINE, Seen, open_files
from wsdemo import Connection, HandshakeError, Limits, Opcode, connect, serve
from wsdemo.net import client, reactor
from wsdemo.protocol.handshake import accept_key


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


def closing(peer: raw.Peer) -> None:
    peer.closed()
    peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe8", key=None))
    peer.rest()


def test_the_request_is_the_one_of_the_rfc() -> None:
    heads = Seen()

    def script(peer: raw.Peer) -> None:
        heads(raw.accept(peer))
        closing(peer)

    with raw.server(script, answer=False) as url:
        for _ in range(2):
            options = {"headers": {"X-A": "b"}, "origin": "https://a.example", "compression": False}
            connect(url + "/chat?room=1", **options).close()  # type: ignore[arg-type]
        first, second = heads.next(), heads.next()
    lines = first.split("\r\n")
    assert lines[0] == "GET /chat?room=1 HTTP/1.1"
    fields = dict(line.split(": ") for line in lines[1:-2])
    assert fields["Host"] == url.removeprefix("ws://")
    assert fields["Upgrade"] == "websocket" and fields["Connection"] == "Upgrade"
    assert fields["Sec-WebSocket-Version"] == "13" and fields["Origin"] == "https://a.example"
    assert fields["X-A"] == "b" and "Sec-WebSocket-Extensions" not in fields
    assert len(base64.b64decode(fields["Sec-WebSocket-Key"])) == 16
    assert fields["Sec-WebSocket-Key"] not in second  # a fresh one each time


def test_frames_are_masked_with_a_fresh_key_each() -> None:
    keys = Seen()

    def script(peer: raw.Peer) -> None:
        for _ in range(20):
            keys(peer.frame().masking_key)
        closing(peer)

    with raw.server(script) as url, connect(url) as ws:
        for _ in range(20):
            ws.send("same")
        found = [keys.next() for _ in range(20)]
        assert None not in found and len(set(found)) == 20


@pytest.mark.parametrize("key", [b"\1\2\3\4", lambda: b"\1\2\3\4"])
def test_a_masking_key_may_be_given(key: bytes | Callable[[], bytes]) -> None:
    def script(peer: raw.Peer) -> None:
        assert peer.frame().masking_key == b"\1\2\3\4"
        closing(peer)

    with raw.server(script) as url, connect(url, masking_key=key) as ws:
        ws.send("x")


GOOD = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200),
        ("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n", 401),
        ("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/elsewhere\r\n\r\n", 302),  # not followed
        ("HTTP/1.1 503 Busy\r\n\r\n", 503),
        (GOOD + "\r\n", 101),
        (GOOD + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n", 101),
        (GOOD + "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: other\r\n\r\n", 101),
        (GOOD + "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Extensions: x-unknown\r\n\r\n", 101),
        (GOOD.replace("websocket", "h2c") + "Sec-WebSocket-Accept: %s\r\n\r\n", 101),
        (GOOD.replace("Connection: Upgrade", "Connection: close") + "Sec-WebSocket-Accept: %s\r\n\r\n", 101),
        (GOOD.replace("1.1", "1.0") + "Sec-WebSocket-Accept: %s\r\n\r\n", 0),
        ("SSH-2.0-OpenSSH_9.9\r\n", 0),
        ("HTTP/1.1 101 OK\r\nBad header\r\n\r\n", 0),
        ("HTTP/1.1 101 OK\nUpgrade: websocket\n\n", 0),
        ("", 0),
        ("HTTP/1.1 10", 0),
    ],
)
def test_any_other_answer_is_an_error(answer: str, status: int) -> None:
    def script(peer: raw.Peer) -> None:
        head = peer.head()
        key = head.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
        with contextlib.suppress(OSError):  # the client may have hung up on the first line
            peer.send(answer.replace("%s", accept_key(key)).encode())
            peer.sock.shutdown(socket.SHUT_WR)
            peer.rest()

    files = open_files()
    with raw.server(script, answer=False) as url:
        with pytest.raises(HandshakeError) as caught:
            connect(url, subprotocols=["chat"])
        assert caught.value.status == status
    deadline = time.monotonic() + DEADLINE
    while open_files() > files:  # the socket is closed
        assert time.monotonic() < deadline


def test_a_redirect_carries_no_credentials_elsewhere() -> None:
    elsewhere = Seen()

    def redirect(peer: raw.Peer) -> None:
        peer.head()
        peer.send(f"HTTP/1.1 302 Found\r\nLocation: {target}/\r\nContent-Length: 0\r\n\r\n".encode())

    with raw.server(lambda peer: elsewhere(peer.head()), answer=False) as target:
        with raw.server(redirect, answer=False) as url, pytest.raises(HandshakeError) as caught:
            connect(url, headers={"Authorization": "Bearer secret"})
    assert caught.value.status == 302 and elsewhere.empty()


def test_interim_answers_are_skipped() -> None:
    def script(peer: raw.Peer) -> None:
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        raw.accept(peer)
        closing(peer)

    with raw.server(script, answer=False) as url:
        connect(url).close()


def test_frames_right_behind_the_answer_are_not_lost() -> None:
    def script(peer: raw.Peer) -> None:
        key = peer.head().partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
        answer = f"{GOOD}Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n".encode()
        peer.send(answer + raw.frame(Opcode.TEXT, b"glued", key=None))
        closing(peer)

    with raw.server(script, answer=False) as url, connect(url) as ws:
        assert ws.recv(DEADLINE) == "glued"


@pytest.mark.parametrize(
    "url",
    ["http://a.example", "ws://", "ws://a.example:0x50", "ws://a b", "ws://a.example/#part", "ws://[::1"],
)
def test_what_is_no_url_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(ValueError):
        connect(url)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "b\r\nX-Injected: c"},
        {"X-A\r\nX-Injected": "b"},
        {"X-A": "b\0"},
        {"X A": "b"},
        {"Sec-WebSocket-Key": "mine"},
    ],
)
def test_a_header_can_inject_nothing(headers: dict[str, str]) -> None:
    with serve(echo) as server, pytest.raises(ValueError):
        connect(server.url, headers=headers)


def test_nobody_there_is_said_so() -> None:
    with held_port() as port, pytest.raises(OSError, match="is the server running"):
        connect(f"ws://127.0.0.1:{port}")


def test_a_full_listening_queue_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        crowd = []
        for _ in range(3):  # fills the queue
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            crowd.append(sock)
        with pytest.raises(TimeoutError):
            connect(f"ws://127.0.0.1:{port}", limits=Limits(open_timeout=0.3))
        for sock in crowd:
            sock.close()


def test_an_interrupted_opening_leaves_nothing_behind() -> None:
    for thread in threading.enumerate():  # of an earlier test, whose clients hear only now that it has ended
        if thread.name == "wsdemo-clients":
            thread.join(DEADLINE)
    threads = threading.active_count()
    with raw.server(raw.Peer.rest, answer=False) as url, pytest.raises(TimeoutError):
        connect(url, limits=Limits(open_timeout=0.1))
    assert not any(thread.name == "wsdemo-clients" for thread in threading.enumerate())
    assert threading.active_count() <= threads


@pytest.mark.parametrize("good", [True, False])
def test_why_a_connection_ended_is_logged_once_where_it_did_not_end_well(
    caplog: pytest.LogCaptureFixture, good: bool
) -> None:
    def script(peer: raw.Peer) -> None:
        peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe8", key=None) if good else b"\xff\xff")
        peer.rest()

    with raw.server(script) as url, caplog.at_level("WARNING", "wsdemo"):
        with connect(url) as ws:
            assert ws.wait_closed(DEADLINE)
    told = [record.getMessage() for record in caplog.records if f"connection {ws.id}:" in record.getMessage()]
    assert len(told) == (0 if good else 1)
    if not good:
        assert "ProtocolError" in told[0]


def test_a_connection_that_was_reset_at_once_leaves_nothing_open(monkeypatch):
    """A server that is killed between our SYN and our next call: the socket has no peer any more."""
    with socket.socket() as reset:
        monkeypatch.setattr("wsdemo.net.client.dial", lambda *where: reset)
        with pytest.raises(OSError):
            connect("ws://127.0.0.1:1")
        assert reset.fileno() == -1


@pytest.mark.parametrize(("error", "why"), [(None, ""), (ConnectionResetError("reset"), ": reset")])
def test_an_end_before_the_opening_is_no_answer_and_frees_the_shared_thread(
    error: Exception | None, why: str
) -> None:
    owner = client._Owner(reactor.acquire(), Limits())
    users = owner.reactor.users
    owner.ended(cast(Any, SimpleNamespace(error=error)))
    assert owner.reactor.users == users - 1
    with pytest.raises(
        HandshakeError, match=f"^the connection ended before the opening handshake{why}$"
    ) as told:
        owner.wait(time.monotonic())
    assert told.value.status == 0
