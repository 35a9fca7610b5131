"""Standard streams as they come, for every command: closed, non-blocking, full, unread, in any encoding."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.waiting import DEADLINE, Seen, turn
from wsdemo import Server, serve
from wsdemo.alternatives.serving import reserved_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="descriptors and a shell of Linux")

SERVERS = ["time-server --protocol raw", "time-server", "echo", "sniff"]
CLIENTS = ["time-client", "talk"]
REPORTS = ["doctor", "bench --quick --rounds 1 --only import --against websockets"]
COMMANDS = [*SERVERS, *CLIENTS, *REPORTS]
FULL = "standard output: No space left on device"


class Peer:
    """Says hello, and sends every message back."""

    def __init__(self) -> None:
        self.messages = Seen()
        self.codes = Seen()

    def on_open(self, ws: Any) -> None:
        ws.send("hello")

    def on_message(self, ws: Any, message: str | bytes) -> None:
        self.messages(message)
        ws.send(message)

    def on_close(self, ws: Any) -> None:
        self.codes(ws.close_code)


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def server(peer: Peer) -> Iterator[Server]:
    with serve(peer) as server:
        yield server


@contextlib.contextmanager
def started(
    command: str, server: Server, redirection: str = "", unbuffered: str = "", **options: Any
) -> Iterator[Any]:
    """A process of a command at a server, whose streams a shell has redirected; and the port of its own."""
    port, held = reserved_port()
    name = command.split()[0]
    arguments = {
        "time-client": ["--port", str(server.port)],
        "talk": [server.url],
        "sniff": [server.url, "--port", str(port)],
        "time-server": ["--port", str(port)],
        "echo": ["--port", str(port)],
    }.get(name, [])
    python = [sys.executable, "-m", "wsdemo", *command.split(), *arguments]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    process = subprocess.Popen(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", *python],
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": unbuffered},
        **streams,
    )
    try:
        yield process, port
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
        held.close()


def done(process: Any) -> tuple[int, str, str]:
    """Wait for its end: status, output, errors."""
    out, err = process.communicate(timeout=DEADLINE)
    return process.returncode, out, err


def reach(port: int) -> None:
    """Wait until a server listens on a port."""
    deadline = threading.Event()
    for _ in range(int(DEADLINE / 0.02)):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), DEADLINE):
            return
        deadline.wait(0.02)
    raise AssertionError(f"no server listens on port {port}")


def finish(command: str, process: Any, port: int, server: Server) -> tuple[int, str, str]:
    """Let a command do its work to its end."""
    first = ""
    if command in SERVERS:
        reach(port)
        first = process.stdout.readline() if process.stdout else ""  # it says where it is, once it listens
        process.send_signal(signal.SIGINT)
    elif command == "time-client":
        while not server.connections:  # it has no keyboard: the server ends it
            assert process.poll() is None
        turn(server._reactor)  # it is listed before it is greeted
        server.connections[0].close()
    status, out, err = done(process)
    return status, first + out, err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("redirection", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed(command: str, redirection: str, server: Server) -> None:
    """It does its work, and no socket gets the number of a standard stream."""
    with started(command, server, redirection) as (process, port):
        if command in SERVERS:
            reach(port)
            files = [os.readlink(f"/proc/{process.pid}/fd/{number}") for number in range(3)]
            assert not [name for name in files if name.startswith("socket:")]
        status, out, err = finish(command, process, port, server)
    assert status == 0
    assert "Traceback" not in out + err and "Exception" not in out + err
    assert bool(out) == (">&-" not in redirection.split()) or command == "talk"


@pytest.mark.parametrize(
    "arguments",
    ["time-client --port 1", "talk ws://127.0.0.1:1", "talk http://a", "nonsense", "sniff x"],
)
def test_the_text_of_a_closed_stderr_is_not_on_stdout(arguments: str, server: Server) -> None:
    python = [sys.executable, "-m", "wsdemo", *arguments.split()]
    shell = ["sh", "-c", 'exec "$@" 2>&-', "sh", *python]
    process = subprocess.run(shell, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert process.returncode in (1, 2)
    assert (process.stdout, process.stderr) == ("", "")


def test_what_talk_says_is_not_on_stdout(server: Server) -> None:
    with started("talk", server, "2>&-") as (process, _):
        assert done(process) == (0, "< hello\n", "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", [*COMMANDS, "--help", "sniff --help"])
def test_a_full_disk(command: str, unbuffered: str, server: Server) -> None:
    with started(command, server, ">/dev/full", unbuffered) as (process, _):
        status, _, err = done(process)
    *said, last = err.splitlines()
    assert status == 1
    assert last.endswith(FULL) and last.startswith("wsdemo")
    assert all(line.startswith("connected to ") for line in said)


@pytest.mark.parametrize("command", [*COMMANDS, "--help", "bench --help"])
def test_no_reader(command: str, server: Server) -> None:
    there, here = os.pipe()
    os.close(there)
    with started(command, server, stdout=here) as (process, _):
        os.close(here)
        status, _, err = done(process)
    assert status == 1
    assert all(line.startswith("connected to ") for line in err.splitlines())


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_reads_the_errors(command: str, server: Server) -> None:
    """The output is not concerned."""
    there, here = os.pipe()
    os.close(there)
    with started(command, server, stderr=here) as (process, port):
        os.close(here)
        assert finish(command, process, port, server)[0] == 0


def test_a_keyboard_that_has_nothing_yet_is_not_at_its_end(server: Server, peer: Peer) -> None:
    """EAGAIN: another program has made the pipe non-blocking."""
    there, here = os.pipe()
    os.set_blocking(there, False)
    with started("talk", server, stdin=there) as (process, _):
        os.close(there)
        assert process.stdout.readline() == "< hello\n"
        for word in ("one", "two"):
            os.write(here, f"{word}\n".encode())
            assert peer.messages.next() == word
            assert process.stdout.readline() == f"< {word}\n"
        os.close(here)
        assert done(process)[0] == 0
    assert peer.codes.next() == 1000


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_an_output_without_room_is_waited_for(stream: str, server: Server, peer: Peer) -> None:
    """EAGAIN again: more than a pipe holds, into a pipe that is non-blocking, read only at the end."""
    there, here = os.pipe()
    os.set_blocking(here, False)
    lines = 3000
    with started("talk", server, **{stream: here, "stdin": subprocess.PIPE}) as (process, _):
        os.close(here)
        line = b"\xff" * 80 + b"\n" if stream == "stderr" else b"x" * 80 + b"\n"
        writer = threading.Thread(target=lambda: process.stdin.buffer.write(line * lines))
        writer.start()
        if stream == "stdout":
            for _ in range(1000):  # more than the pipe's 64 KiB: now it waits
                assert peer.messages.next() == "x" * 80
        with open(there, encoding="utf-8") as output:
            seen = [output.readline() for _ in range(lines + 1)]
        writer.join(DEADLINE)
        process.stdin.close()
        process.stdin = None
        assert done(process)[0] == 0
    assert len(seen) == lines + 1 and all(text.endswith("\n") for text in seen)
    shown = "not sent, for it is not UTF-8" if stream == "stderr" else "< " + "x" * 80
    assert all(shown in text for text in seen[1:])


@pytest.mark.parametrize("redirection", ["0>/dev/null"])
def test_a_keyboard_that_can_not_be_read(redirection: str, server: Server, peer: Peer) -> None:
    """It was waited for without end."""
    with started("talk", server, redirection) as (process, _):
        status, _, err = done(process)
    assert status == 1
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("wsdemo talk: standard input: ")
    assert peer.codes.next() == 1000


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp437"])
@pytest.mark.parametrize("command", ["", *(command.split()[0] for command in COMMANDS[1:])])
def test_help_in_any_encoding(command: str, encoding: str) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "wsdemo", *command.split(), "--help"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        timeout=DEADLINE,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, b"")
    assert f"usage: wsdemo {command}".rstrip() in process.stdout.decode(encoding)


@pytest.mark.parametrize(
    ("encoding", "typed", "heard", "shown"),
    [
        ("utf-8", "café 👋".encode(), "café 👋", "café 👋".encode()),
        ("latin-1", b"caf\xe9", "café", b"caf\xe9"),
        ("cp437", b"caf\x82", "café", b"caf\x82"),
        ("ascii", b"tea", "tea", b"tea"),
    ],
)
def test_what_is_typed_and_shown_is_in_their_encoding(
    encoding: str, typed: bytes, heard: str, shown: bytes, server: Server, peer: Peer
) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "wsdemo", "talk", server.url],
        input=typed + b"\n",
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        timeout=DEADLINE,
        check=False,
    )
    assert process.returncode == 0
    assert peer.messages.next() == heard
    assert process.stdout.splitlines() == [b"< hello", b"< " + shown]
