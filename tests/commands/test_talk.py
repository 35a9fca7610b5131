"""``talk``: typed by pipe and by terminal; what it shows, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from tests.processes import Process, Start, end, ended, line, run
from tests.waiting import DEADLINE, Seen
from wsdemo import Server, Trace, serve
from wsdemo.commands import talk as module
from wsdemo.commands.talk import _lines
from wsdemo.protocol import Frame

#: What it says first.
CONNECTED = r"connected to ws://127\.0\.0\.1:\d+; a line is a message, Ctrl-D ends it\n"
DONE = CONNECTED + r"the connection is closed \(close code 1000\)\n"

CLOSING = ["  ──► close 2 B 1000", "  ◄── close 2 B 1000"]


class Peer:
    """An echo server that sees everything; some words make it do something else."""

    def __init__(self) -> None:
        self.messages = Seen()
        self.closed = Seen()

    def on_open(self, ws: Any) -> None:
        self.messages("open")

    def on_message(self, ws: Any, message: str | bytes) -> None:
        self.messages(message)
        match message:
            case "bytes":
                ws.send(bytes(range(40)))
            case "escape":
                ws.send("\x1b[2J\u202e")
            case "bye":
                ws.close(1001, "enough\x1b")
            case "fail":
                ws.close(4000, "no\x1b")
            case "break":
                ws.transport.abort()
            case _:
                ws.send(message)

    def on_close(self, ws: Any) -> None:
        self.closed(ws.close_code)


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def server(peer: Peer) -> Any:
    with serve(peer) as server:
        yield server


def talk(start: Start, server: Server, *options: str, **streams: Any) -> Process:
    return start("talk", server.url, *options, **{"stdin": subprocess.PIPE, **streams})


def say(process: Process, text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()


def piped(process: Process, text: str) -> tuple[int, str, str]:
    """All it is to say at once, then the end."""
    out, err = process.communicate(text, timeout=DEADLINE)
    return process.returncode, out, err


def test_a_line_typed_is_a_message_and_what_comes_is_printed(
    start: Start, server: Server, peer: Peer
) -> None:
    process = talk(start, server)
    say(process, "hello\n")
    assert line(process) == "< hello"
    say(process, "héllo 👋\n\n")
    assert [line(process), line(process)] == ["< héllo 👋", "< "]
    status, out, err = piped(process, "")
    assert (status, out) == (0, "")
    assert re.fullmatch(DONE, err)
    assert [peer.messages.next() for _ in range(4)] == ["open", "hello", "héllo 👋", ""]
    assert peer.closed.next() == 1000


def test_a_whole_file_is_sent_and_all_answers_are_printed(start: Start, server: Server) -> None:
    """Those that come after the end of what is typed too."""
    lines = [f"line {number} {'x' * 200}" for number in range(3000)]
    status, out, err = piped(talk(start, server), "\n".join(lines))  # no newline at the end
    assert status == 0
    assert out.splitlines() == [f"< {text}" for text in lines]
    assert re.fullmatch(DONE, err)


def test_what_comes_is_shown_with_nothing_a_terminal_obeys(start: Start, server: Server) -> None:
    _, out, _ = piped(talk(start, server), "escape\nbytes\n")
    assert out.splitlines() == [r"< \x1b[2J\u202e", f"< (40 bytes) {bytes(range(32)).hex(' ')} …"]


def test_a_line_that_is_not_utf_8_is_not_sent(start: Start, server: Server) -> None:
    process = talk(start, server)
    assert process.stdin is not None
    process.stdin.buffer.write(b"caf\xe9\r\nnext\r\n")
    status, out, err = piped(process, "")
    assert (status, out) == (0, "< next\n")
    assert "not sent, for it is not UTF-8: " in err


@pytest.mark.parametrize(
    ("word", "status", "words"),
    [
        ("bye", 0, r"the connection is closed \(close code 1001, 'enough\\+x1b'\)\n"),
        ("fail", 1, r"wsdemo talk: the connection is closed \(close code 4000, 'no\\+x1b'\)\n"),
        ("break", 1, r"wsdemo talk: the connection is closed \(close code 1006\)\n"),
    ],
)
def test_the_server_ends_it(start: Start, server: Server, word: str, status: int, words: str) -> None:
    """Although the keyboard stays open."""
    process = talk(start, server)
    say(process, f"{word}\n")
    assert process.wait(DEADLINE) == status
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.read() == ""
    assert re.fullmatch(CONNECTED + words, process.stderr.read())


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_closes_with_1000(start: Start, server: Server, peer: Peer, by: int) -> None:
    process = talk(start, server)
    say(process, "hello\n")
    assert line(process) == "< hello"
    status, out, err = end(process, by)
    assert (status, out) == (0, "")
    assert re.fullmatch(CONNECTED, err)
    assert peer.closed.next() == 1000


def test_frames(start: Start, server: Server) -> None:
    process = talk(start, server, "--frames")
    say(process, "hello\n")
    assert [line(process) for _ in range(2)] == ["  ──► GET /", "  ◄── 101 Switching Protocols"]
    shown = [line(process) for _ in range(3)]
    assert sorted(shown) == ["  ──► text 5 B 'hello'", "  ◄── text 5 B 'hello'", "< hello"]
    say(process, "escape\n")
    shown = [line(process) for _ in range(3)]
    assert r"  ◄── text 7 B '\x1b[2J\u202e'" in shown
    assert r"< \x1b[2J\u202e" in shown
    status, out, _ = piped(process, "")
    assert (status, sorted(out.splitlines())) == (0, CLOSING)


def test_frames_come_as_they_come_without_a_message(start: Start, server: Server, peer: Peer) -> None:
    process = talk(start, server, "--frames")
    assert line(process) == "  ──► GET /"
    assert peer.messages.next() == "open"
    (ws,) = server.connections
    ws.ping(DEADLINE)
    assert line(process) == "  ◄── 101 Switching Protocols"
    assert [line(process)[:11] for _ in range(2)] == ["  ◄── ping ", "  ──► pong "]
    status, out, _ = end(process)
    assert (status, sorted(out.splitlines())) == (0, CLOSING)


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
def test_by_a_terminal(start: Start, server: Server, peer: Peer) -> None:
    """Lines as they are typed; Ctrl-D in a line sends nothing yet, and on an empty one ends it."""
    master, terminal = os.openpty()
    process = talk(start, server, stdin=terminal)
    os.close(terminal)
    try:
        os.write(master, b"hello\n")
        assert line(process) == "< hello"
        os.write(master, b"wor\x04ld\n")
        assert line(process) == "< world"
        os.write(master, b"\x04")
        status, out, err = ended(process)
    finally:
        os.close(master)
    assert (status, out) == (0, "")
    assert re.fullmatch(DONE, err)
    assert peer.closed.next() == 1000


def test_origin_and_subprotocols_are_what_is_asked_for(start: Start) -> None:
    peer = Peer()
    with serve(peer, origins=["https://a.example"], subprotocols=["two"]) as server:
        options = ("--origin", "https://a.example", "--subprotocol", "one", "--subprotocol", "two")
        process = talk(start, server, *options)
        assert peer.messages.next() == "open"
        (ws,) = server.connections
        assert ws.subprotocol == "two"
        assert piped(process, "")[0] == 0
        refused = run(start, "talk", server.url, "--origin", "https://b.example")
    assert refused[:2] == (1, "")
    assert re.fullmatch(r"wsdemo talk: the server answered '403 Forbidden': [^\n]*\n", refused[2])


def test_a_query_is_not_repeated(start: Start, server: Server) -> None:
    """It may hold a token."""
    process = start("talk", f"{server.url}/?token=secret", stdin=subprocess.DEVNULL)
    status, _, err = ended(process)
    assert status == 0
    assert "secret" not in err


def test_a_refused_connection(start: Start) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        status = run(start, "talk", f"ws://127.0.0.1:{port}")
    why = "connection refused; is the server running?"
    assert status == (1, "", f"wsdemo talk: cannot connect to 127.0.0.1:{port}: {why}\n")


@pytest.mark.skipif(os.name == "nt", reason="a pipe in place of standard input")
def test_a_line_is_read_in_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 32 MiB in one line: once it took 15 times as long for 4 times as much, so 900 for 32 times.

    In proportion it is 32 times; a busy machine makes that 100, by its caches. CPU time of this thread alone.
    """

    def seconds(size: int) -> float:
        there, here = os.pipe()

        def type_it() -> None:
            with open(here, "wb") as pipe:
                pipe.write(b"x" * size + b"\r\nnext")

        writer = threading.Thread(target=type_it)
        with open(there, encoding="utf-8") as keyboard:
            monkeypatch.setattr(sys, "stdin", keyboard)
            writer.start()
            start = time.thread_time()
            assert [len(line) for line in _lines()] == [size, 4]
            took = time.thread_time() - start
        writer.join(DEADLINE)
        return took

    assert min(seconds(32 << 20) for _ in range(3)) < 300 * min(seconds(1 << 20) for _ in range(3))


def test_frames_that_were_shown_are_forgotten_when_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 50)
    trace = Trace()
    tap = trace.tap("client", ("127.0.0.1", 1), ("127.0.0.1", 2))
    sizes = []
    for number in range(6):
        tap.received(Frame(1, b"number %d" % number).serialize())
        module._print_frames(trace)
        sizes.append(trace.size)
    assert sizes == [10, 20, 30, 40, 50, 0]
