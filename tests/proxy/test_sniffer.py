"""The sniffer in front of other people's servers: they work through it, and every frame is on record."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import trustme
from websockets.sync import client as theirs
from websockets.sync import server as their_server

from tests.ports import held_port
from tests.waiting import DEADLINE, turn_until
from wsdemo import Limits, Trace, connect, serve
from wsdemo.protocol.http11 import parse_request
from wsdemo.protocol.url import parse_url
from wsdemo.proxy.relay import Pipe
from wsdemo.proxy.sniffer import Rewriting, Sniffer, rewritten
from wsdemo.rawtcp.framing import serialize
from wsdemo.trace import TO_CLIENT, TO_SERVER
from wsdemo.trace.packets import FramePacket


@pytest.fixture
def websockets_url() -> Iterator[str]:
    def echo(ws: their_server.ServerConnection) -> None:
        for message in ws:
            ws.send(message)

    with their_server.serve(echo, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/chat?room=1"
        server.shutdown()
        thread.join(DEADLINE)


def said(trace: Trace, direction: str) -> list[str | bytes]:
    return [
        frame.message for frame in trace.frames if frame.direction == direction and frame.message is not None
    ]


def test_in_front_of_websockets(websockets_url: str) -> None:
    with Sniffer(websockets_url) as sniffer:
        assert sniffer.url.endswith("/chat?room=1")
        with theirs.connect(sniffer.url) as ws:
            for message in ("Hello", b"\x00\x01" * 300, "same text " * 50, "same text " * 50):
                ws.send(message)
                assert ws.recv(DEADLINE) == message
        turn_until(sniffer._reactor, lambda: sniffer.connections == 0)
    trace = sniffer.trace
    expected = ["Hello", b"\x00\x01" * 300, "same text " * 50, "same text " * 50]
    assert said(trace, TO_SERVER) == said(trace, TO_CLIENT) == expected
    assert all(packet.verdict.accepted for packet in trace.packets)
    assert [frame.close_code for frame in trace.frames if frame.opcode == 8] == [1000, 1000]
    assert trace.requests[0].target == "/chat?room=1"
    assert sniffer.errors == []


def test_lines_for_a_terminal() -> None:
    with serve(lambda ws, message: ws.send(message)) as server:
        sniffer = Sniffer(server.url + "?token=geheim")
        with sniffer:
            with connect(sniffer.url, compression=False) as ws:
                for message in ("\x1b[31m", '{"type":"hello","token":"geheim"}'):
                    ws.send(message)
                    assert ws.recv(DEADLINE) == message
        lines = list(sniffer.lines())
    assert lines[0].endswith("#1  ──►  GET /")
    assert "#1  ──►  text 5 B '\\x1b[31m'" in lines[2]
    assert not any("geheim" in line or "\x1b" in line for line in lines)
    with held_port() as port, Sniffer(f"ws://127.0.0.1:{port}") as sniffer:
        with socket.create_connection(("127.0.0.1", sniffer.port), timeout=DEADLINE) as sock:
            assert sock.recv(1) == b""
        turn_until(sniffer._reactor, lambda: sniffer.failures == 1)
    assert list(sniffer.lines()) == [f"failed: {sniffer.errors[0]}"]


def test_tls_to_the_server_and_its_own_name() -> None:
    authority = trustme.CA()
    there, here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(there)
    authority.configure_trust(here)
    with serve(lambda ws, message: ws.send(ws.request.host), ssl=there) as server:
        url = f"wss://localhost:{server.port}/"
        with Sniffer(url, ssl=here, rewrite=True) as sniffer:
            with connect(sniffer.url, origin=f"http://127.0.0.1:{sniffer.port}") as ws:
                ws.send("who?")
                assert ws.recv(DEADLINE) == f"localhost:{server.port}"
        assert sniffer.trace.requests[0].headers["host"] == f"127.0.0.1:{sniffer.port}"
        with Sniffer(url) as distrustful:  # the default context does not know this authority
            with socket.create_connection(("127.0.0.1", distrustful.port), timeout=DEADLINE) as sock:
                sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert sock.recv(1) == b""
            turn_until(distrustful._reactor, lambda: distrustful.failures == 1)
        assert "certificate" in str(distrustful.errors[0]).lower()


@pytest.mark.parametrize(
    ("host", "rewrites"),
    [
        ("localhost", False),
        ("127.0.0.1", False),
        ("127.1.2.3", False),
        ("[::1]", False),
        ("192.0.2.1", True),
        ("[2001:db8::1]", True),
        ("localhost.example", True),
    ],
)
def test_a_server_elsewhere_is_asked_by_its_own_name(host: str, rewrites: bool) -> None:
    for rewrite, wanted in ((None, rewrites), (True, True), (False, False)):
        with Sniffer(f"ws://{host}:9", rewrite=rewrite) as sniffer:
            pipe = sniffer.pipe(cast(Any, SimpleNamespace()), cast(Any, None), TO_CLIENT)
            assert type(pipe) is Pipe, "answers are never rewritten"
            session = SimpleNamespace(relay=sniffer)
            pipe = sniffer.pipe(cast(Any, SimpleNamespace(session=session)), cast(Any, None), TO_SERVER)
            assert isinstance(pipe, Rewriting) is wanted


class Looks:
    """Stands in for the event `done`: something happens before each look at the trace, and then the end."""

    def __init__(self, *deeds: Callable[[], object]) -> None:
        self._deeds = list(deeds)

    def wait(self, seconds: float) -> bool:
        self._deeds.pop(0)()
        return not self._deeds

    def set(self) -> None:
        pass


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("size", [-1, 0, 1])
def test_without_keep_what_was_shown_is_forgotten_at_a_size(
    monkeypatch: pytest.MonkeyPatch, keep: bool, size: int
) -> None:
    monkeypatch.setattr("wsdemo.proxy.sniffer.KEPT", 100)
    trace = Trace()
    tap = trace.tap("server", ("127.0.0.1", 1), ("127.0.0.1", 2))
    with Sniffer("ws://127.0.0.1:9", trace=trace) as sniffer:
        sniffer._done = cast(Any, Looks(lambda: tap.received(serialize("x" * (90 + size))), lambda: None))
        assert len(list(sniffer.lines(keep=keep))) == 1
    assert trace.size == (0 if size > 0 and not keep else 100 + size)


@pytest.mark.parametrize("keep", [True, False])
def test_what_came_too_fast_is_told_and_only_that(keep: bool) -> None:
    trace = Trace(limit=15)
    tap = trace.tap("server", ("127.0.0.1", 1), ("127.0.0.1", 2))
    with Sniffer("ws://127.0.0.1:9", trace=trace) as sniffer:
        sniffer._done = cast(
            Any, Looks(lambda: tap.received(serialize("shown")), lambda: tap.received(b"more"), lambda: None)
        )
        lines = list(sniffer.lines(keep=keep))
    told = "connection #1: the rest of it came too fast to be shown"
    assert [line == told for line in lines] == ([False] if keep else [False, True])
    assert trace.size == (15 if keep else 0)


def test_each_failure_is_told_once() -> None:
    with Sniffer("ws://127.0.0.1:9") as sniffer:

        def fail(*words: str) -> None:
            sniffer._errors.extend(map(OSError, words))
            sniffer.failures += len(words)

        deeds = (lambda: fail("a", "b"), lambda: None, lambda: fail("c"), lambda: None)
        sniffer._done = cast(Any, Looks(*deeds))
        assert list(sniffer.lines()) == ["failed: a", "failed: b", "failed: c"]


@pytest.mark.parametrize("stopped", [False, True])
def test_a_head_without_its_end_is_passed_on_as_it_came(stopped: bool) -> None:
    """The server is to see it, and to say what it thinks; but nothing is passed on after the end."""
    relay = SimpleNamespace(limits=Limits())
    source = SimpleNamespace(
        session=SimpleNamespace(relay=relay, ended=lambda: None),
        transport=SimpleNamespace(close=lambda: sent.append("closed")),
    )
    sent: list[bytes | str] = []
    transport = SimpleNamespace(
        lock=contextlib.nullcontext(), write=sent.append, pending=0, write_eof=lambda: sent.append("eof")
    )
    target = cast(Any, SimpleNamespace(transport=transport))
    pipe = Rewriting(cast(Any, source), target, parse_url("ws://example.com"), "localhost:1")
    pipe.data_received(b"GET / HT")
    pipe.data_received(b"TP/1.1\r\nHost: localhost:1\r\n")
    assert sent == []
    if stopped:
        pipe.stop()
    pipe.eof_received()
    assert sent == (["closed"] if stopped else [b"GET / HTTP/1.1\r\nHost: localhost:1\r\n", "eof"])


def test_rewriting_touches_two_fields_only() -> None:
    head = b"GET /a HTTP/1.1\r\nHost:  127.0.0.1:9 \r\nX: 1\r\nOrigin: http://other\r\n\r\n"
    new = rewritten(head, parse_url("ws://example.com"), "127.0.0.1:9")
    assert new == head.replace(b"127.0.0.1:9", b"example.com")
    assert parse_request(new) is not None
    own = head.replace(b"http://other", b"http://127.0.0.1:9")
    assert b"Origin: https://example.com\r\n" in rewritten(own, parse_url("wss://example.com"), "x")


class Jupyter:
    """A real Jupyter server in a process of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self.token, self.port = uuid.uuid4().hex, port
        environment = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config")}
        environment |= {"JUPYTER_RUNTIME_DIR": str(home / "runtime"), "JUPYTER_TOKEN": self.token}
        environment |= {"IPYTHONDIR": str(home / "ipython"), "JUPYTER_PREFER_ENV_PATH": "1"}
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter_server", "--allow-root", "--ServerApp.open_browser=False"),
                *(f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"),
                f"--ServerApp.root_dir={home}",
            ],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        ready = threading.Event()
        while not ready.wait(0.1):
            assert self.process.poll() is None and time.monotonic() < deadline, "Jupyter does not start"
            try:
                self.ask("GET", "/api", self.port)
                ready.set()
            except OSError:
                pass

    def ask(self, method: str, path: str, port: int) -> dict[str, str]:
        """An answer of the server's API, through any port that leads there."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(method, path, headers={"Authorization": f"token {self.token}"})
        try:
            answer: dict[str, str] = json.loads(connection.getresponse().read() or b"{}")
        finally:
            connection.close()
        return answer

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(DEADLINE)


def execute(code: str) -> dict[str, object]:
    """What a notebook sends to run a cell (the Jupyter messaging protocol)."""
    header = {"msg_id": "1", "msg_type": "execute_request", "username": "", "session": "s", "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    return {"header": header | {"date": ""}, "parent_header": {}, "metadata": {}, "content": content} | {
        "channel": "shell",
        "buffers": [],
    }


@pytest.mark.timeout(180)
def test_in_front_of_a_jupyter_server(tmp_path: Path, port: int) -> None:
    """A cell is run through the sniffer, and its execution is there frame by frame."""
    jupyter = Jupyter(tmp_path, port)
    try:
        with Sniffer(f"ws://127.0.0.1:{jupyter.port}/") as sniffer:
            kernel = jupyter.ask("POST", "/api/kernels", sniffer.port)["id"]
            url = f"ws://127.0.0.1:{sniffer.port}/api/kernels/{kernel}/channels"
            seen: list[str] = []
            origin = f"http://127.0.0.1:{sniffer.port}"  # as a browser would that got the page through us
            headers = {"Authorization": f"token {jupyter.token}"}
            with connect(url, headers=headers, origin=origin) as ws:
                ws.send(json.dumps(execute("6 * 7")))
                idle = False
                while "execute_reply" not in seen or not idle:
                    message = json.loads(ws.recv(60))
                    if message["parent_header"].get("msg_id") == "1":
                        seen.append(message["msg_type"])
                        idle = idle or message["content"].get("execution_state") == "idle"
            jupyter.ask("DELETE", f"/api/kernels/{kernel}", sniffer.port)
            turn_until(sniffer._reactor, lambda: sniffer.connections == 0)
    finally:
        jupyter.close()
    shown = [
        json.loads(frame.message)
        for frame in sniffer.trace.frames
        if isinstance(frame, FramePacket) and isinstance(frame.message, str)
    ]
    asked = [message for message in shown if message["header"]["msg_type"] == "execute_request"]
    assert [message["content"]["code"] for message in asked] == ["6 * 7"]
    replies = [message for message in shown if message["parent_header"].get("msg_id") == "1"]
    assert [message["msg_type"] for message in replies] == seen
    results = [message for message in replies if message["msg_type"] == "execute_result"]
    assert results[0]["content"]["data"]["text/plain"] == "42"
    assert [packet.method for packet in sniffer.trace.requests] == ["POST", "GET", "DELETE"]
    assert 101 in [packet.status for packet in sniffer.trace.responses]
    assert all(packet.verdict.accepted for packet in sniffer.trace.packets)
