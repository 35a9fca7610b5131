"""``time-server`` and ``time-client``: the same session, raw and by WebSocket."""

from __future__ import annotations

import os
import re
import signal
import socket
from typing import Any

import pytest

from tests.processes import Process, Start, end, ended, line, run
from tests.waiting import DEADLINE
from wsdemo import cli, connect
from wsdemo import serve as serve_websocket
from wsdemo.commands import timeserver
from wsdemo.rawtcp import TimeClient, TimeServer

PROTOCOLS = ["websocket", "raw"]
HELLO = "\x1b]0;title\x07 café"

both = pytest.mark.parametrize("protocol", PROTOCOLS)


def serve(start: Start, protocol: str, *options: str) -> tuple[Process, int]:
    """A time server on a free port."""
    process = start("time-server", "--protocol", protocol, "--port", "0", *options)
    found = re.fullmatch(
        rf"time server on \S+:(\d+) \({protocol}\), every \S+ s; Ctrl-C ends it", line(process)
    )
    assert found
    return process, int(found[1])


def read(start: Start, protocol: str, port: int) -> Process:
    return start("time-client", "--protocol", protocol, "--port", str(port))


def speak(protocol: str, port: int) -> Any:
    """A client of ours: `send`, and a ``with``."""
    return connect(f"ws://127.0.0.1:{port}") if protocol == "websocket" else TimeClient(port=port)


class Greets:
    def __init__(self, message: str | bytes) -> None:
        self.message = message

    def on_open(self, ws: Any) -> None:
        ws.send(self.message)


def welcoming(protocol: str, text: str = HELLO) -> Any:
    """A server of ours that says one thing."""
    if protocol == "websocket":
        return serve_websocket(Greets(text))
    return TimeServer(welcome=text, every=float("inf"))


@both
def test_a_session_of_server_and_clients(start: Start, protocol: str) -> None:
    server, port = serve(start, protocol, "--every", "0.05")
    clients = []
    for number in (1, 2):
        clients.append(read(start, protocol, port))
        assert line(clients[-1]) == "Welcome! The time follows."
        assert re.fullmatch(rf"client {number} came from 127\.0\.0\.1:\d+", line(server))
    for client in clients:
        for _ in range(3):
            assert re.fullmatch(r"\d\d:\d\d:\d\d", line(client))
    for number, client in enumerate(clients, 1):
        status, _, err = end(client)
        assert (status, err) == (0, "")
        assert line(server) == f"client {number} left"
    assert end(server) == (0, "", "")


def test_by_default_both_speak_websocket(start: Start) -> None:
    server = start("time-server", "--port", "0")
    found = re.fullmatch(r"time server on 127\.0\.0\.1:(\d+) \(websocket\), every 3 s; .*", line(server))
    assert found
    client = start("time-client", "127.0.0.1", "--port", found[1])
    assert line(client) == "Welcome! The time follows."
    assert end(server)[::2] == (0, "")
    assert ended(client) == (0, "", "")


@both
def test_the_server_shows_who_says_what_with_nothing_a_terminal_obeys(start: Start, protocol: str) -> None:
    server, port = serve(start, protocol)
    with speak(protocol, port) as client:
        assert line(server).startswith("client 1 came from ")
        client.send("héllo 👋")
        assert line(server) == "client 1 says: héllo 👋"
        client.send("\x1b[2J\r\n\x9b1m\u202edlrow\u2028\x07")
        assert line(server) == r"client 1 says: \x1b[2J\r\n\x9b1m\u202edlrow\u2028\x07"
        client.send("x" * 1000)
        assert line(server) == f"client 1 says: {'x' * 200}… (1000 characters)"
    assert line(server) == "client 1 left"
    assert end(server) == (0, "", "")


def test_the_server_says_why_a_raw_client_was_sent_away(start: Start) -> None:
    server, port = serve(start, "raw")
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as sock:
        sock.sendall(b"\x1b[2J      ")
        assert line(server).startswith("client 1 came from ")
        left = "client 1 left: header b'\\x1b[2J      ', expected digits, then spaces, 10 bytes in all"
        assert line(server) == left
    assert end(server) == (0, "", "")


def test_the_server_says_why_a_websocket_client_was_sent_away(start: Start) -> None:
    server, port = serve(start, "websocket")
    with connect(f"ws://127.0.0.1:{port}") as ws:
        assert line(server).startswith("client 1 came from ")
        ws.send(b"\x00\x01")
        assert line(server) == "client 1 says: 2 bytes"
        with ws.transport.lock:
            ws.transport.write(bytes.fromhex("83 80 00000000"))
        assert line(server) == "client 1 left: opcode 0x3 is reserved"
    assert end(server) == (0, "", "")


@both
def test_the_client_prints_nothing_a_terminal_obeys(start: Start, protocol: str) -> None:
    with welcoming(protocol) as server:
        client = read(start, protocol, server.port)
        assert line(client) == r"\x1b]0;title\x07 café"
        assert end(client) == (0, "", "")


def test_the_client_counts_binary_messages(start: Start) -> None:
    with serve_websocket(Greets(bytes(1000))) as server:
        client = read(start, "websocket", server.port)
        assert line(client) == "(1000 bytes)"
        assert end(client) == (0, "", "")


@both
def test_a_server_that_ends_well_ends_the_client_well(start: Start, protocol: str) -> None:
    with welcoming(protocol) as server:
        client = read(start, protocol, server.port)
        assert line(client)
    assert ended(client) == (0, "", "")


@pytest.mark.parametrize(
    ("protocol", "why"),
    [
        ("raw", "the connection broke: header b'HTTP/1.1 4', expected digits, then spaces, 10 bytes in all"),
        ("websocket", "the server answered '400 Bad Request', 101 is needed"),
    ],
)
def test_a_server_that_talks_otherwise_is_a_failure(start: Start, protocol: str, why: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)
        client = read(start, protocol, listener.getsockname()[1])
        sock, _ = listener.accept()
        with sock:
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            status, out, err = ended(client)
    assert (status, out) == (1, "")
    assert err == f"wsdemo time-client: {why}\n"


def test_a_websocket_client_at_a_raw_server_says_so(start: Start) -> None:
    with TimeServer(every=float("inf")) as server:
        status, out, err = ended(read(start, "websocket", server.port))
    assert (status, out) == (1, "")
    assert re.fullmatch(r"wsdemo time-client: [^\n]+\n", err)


def test_a_connection_that_breaks_is_a_failure(start: Start) -> None:
    with serve_websocket(Greets("hello")) as server:
        client = read(start, "websocket", server.port)
        assert line(client) == "hello"
        (ws,) = server.connections
        ws.transport.abort()
        assert ended(client) == (1, "", "wsdemo time-client: the connection is closed (close code 1006)\n")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@both
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_either_signal_ends_either_side_cleanly(start: Start, by: int, protocol: str) -> None:
    server, port = serve(start, protocol)
    client = read(start, protocol, port)
    assert line(client) == "Welcome! The time follows."
    assert end(client, by) == (0, "", "")
    status, _, err = end(server, by)
    assert (status, err) == (0, "")


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@both
def test_a_reader_that_leaves_as_head_does_ends_it_quietly(start: Start, protocol: str) -> None:
    _, port = serve(start, protocol, "--every", "0.02")
    client = read(start, protocol, port)
    assert line(client) == "Welcome! The time follows."
    assert client.stdout is not None and client.stderr is not None
    client.stdout.close()
    assert client.wait(DEADLINE) == 1
    assert client.stderr.read() == ""


@both
def test_a_port_in_use(start: Start, protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status = run(start, "time-server", "--protocol", protocol, "--port", str(port))
    why = "another program uses this port; choose another one, or 0 for any free one"
    assert status == (1, "", f"wsdemo time-server: cannot listen on 127.0.0.1:{port}: {why}\n")


@both
def test_a_refused_connection(start: Start, protocol: str) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        status = run(start, "time-client", "--protocol", protocol, "--port", str(port))
    why = "connection refused; is the server running?"
    assert status == (1, "", f"wsdemo time-client: cannot connect to 127.0.0.1:{port}: {why}\n")


@pytest.mark.parametrize("host", ["a/b", "a?b", "a#b", "me@here", "a b", "no\x1bsuch.invalid"])
@pytest.mark.parametrize("port", ["80", "1234"])
def test_no_host_name_is_taken_for_a_url(host: str, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["time-client", host, "--port", port]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("wsdemo time-client: ") and err[:-1].isprintable()
    assert "cannot connect" not in err


def test_a_flood_of_messages_is_counted_and_not_kept() -> None:
    """The lines that wait to be printed are bounded."""

    class Someone:
        id, address, error = 1, ("::1", 5, 0, 0), OSError(104, "reset\x1b")

    journal = timeserver.Journal()
    journal.came(Someone())
    for number in range(5000):
        journal.said(Someone(), f"{number}")
    lines = iter(journal)
    shown = [next(lines) for _ in range(timeserver.LINES)]
    journal.left(Someone())
    assert shown[:2] == ["client 1 came from [::1]:5", "client 1 says: 0"]
    assert shown[-1] == "client 1 says: 998"
    assert next(lines) == "(4001 lines not shown)"
    assert next(lines) == r"client 1 left: reset\x1b"
