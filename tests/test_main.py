"""The command line, as a person runs it: a process of its own, its lines, its exit status, Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tests.waiting import DEADLINE
from wsdemo import cli
from wsdemo.commands import timeserver
from wsdemo.rawtcp import TimeClient, TimeServer

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts ``python -m wsdemo …``; what still runs at the end of the test is ended."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
        running.append(
            subprocess.Popen(
                [sys.executable, "-X", "dev", "-W", "error", "-m", "wsdemo", *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env={**os.environ, "PYTHONUTF8": "1"},
                **options,  # type: ignore[call-overload]
            )
        )
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def run(start: Start, *arguments: str) -> tuple[int, str, str]:
    process = start(*arguments)
    out, err = process.communicate(timeout=DEADLINE)
    return process.returncode, out, err


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def serve(start: Start, *options: str) -> tuple[subprocess.Popen[str], int]:
    """A time server on a free port."""
    process = start("time-server", "--protocol", "raw", "--port", "0", *options)
    found = re.fullmatch(r"time server on \S+:(\d+) \(raw\), every \S+ s; Ctrl-C ends it", line(process))
    assert found
    return process, int(found[1])


def end(process: subprocess.Popen[str], by: int = signal.SIGINT) -> tuple[int, str, str]:
    process.send_signal(by)
    out, err = process.communicate(timeout=DEADLINE)
    return process.returncode, out, err


# -- a session -----------------------------------------------------------------------------------------------


def test_a_session_of_server_and_client(start: Start) -> None:
    server, port = serve(start, "--every", "0.05")
    client = start("time-client", "--protocol", "raw", "--port", str(port))
    assert line(client) == "Welcome! The time follows."
    for _ in range(3):
        assert re.fullmatch(r"\d\d:\d\d:\d\d", line(client))
    assert re.fullmatch(r"client 1 came from 127\.0\.0\.1:\d+", line(server))
    code, _, err = end(client)
    assert (code, err) == (0, "")
    assert line(server) == "client 1 left"
    assert end(server) == (0, "", "")


def test_the_server_shows_who_says_what_with_nothing_a_terminal_obeys(start: Start) -> None:
    server, port = serve(start)
    with TimeClient(port=port) as client:
        assert line(server).startswith("client 1 came from ")
        client.send("héllo 👋")
        assert line(server) == "client 1 says: héllo 👋"
        client.send("\x1b[2J\r\n\x9b1m\u202edlrow\u2028\x07")
        assert line(server) == r"client 1 says: \x1b[2J\r\n\x9b1m\u202edlrow\u2028\x07"
        client.send("x" * 1000)
        assert line(server) == f"client 1 says: {'x' * 200}… (1000 characters)"
    assert line(server) == "client 1 left"
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as sock:
        sock.sendall(b"\x1b[2J      ")
        assert line(server).startswith("client 2 came from ")
        left = "client 2 left: header b'\\x1b[2J      ', expected digits, then spaces, 10 bytes in all"
        assert line(server) == left
    assert end(server) == (0, "", "")


def test_the_client_prints_nothing_a_terminal_obeys(start: Start) -> None:
    with TimeServer(welcome="\x1b]0;title\x07 café", every=float("inf")) as server:
        client = start("time-client", "127.0.0.1", "--protocol", "raw", "--port", str(server.port))
        assert line(client) == r"\x1b]0;title\x07 café"
        assert end(client) == (0, "", "")


def test_a_server_that_ends_well_ends_the_client_well(start: Start) -> None:
    with TimeServer(every=float("inf")) as server:
        client = start("time-client", "--protocol", "raw", "--port", str(server.port))
        assert line(client) == "Welcome! The time follows."
    out, err = client.communicate(timeout=DEADLINE)
    assert (client.returncode, out, err) == (0, "", "")


def test_a_server_that_talks_nonsense_is_a_failure(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)
        client = start("time-client", "--protocol", "raw", "--port", str(listener.getsockname()[1]))
        sock, _ = listener.accept()
        with sock:
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            out, err = client.communicate(timeout=DEADLINE)
    assert (client.returncode, out) == (1, "")
    assert err == (
        "wsdemo time-client: the connection broke: "
        "header b'HTTP/1.1 4', expected digits, then spaces, 10 bytes in all\n"
    )


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_either_signal_ends_either_side_cleanly(start: Start, by: int) -> None:
    server, port = serve(start)
    client = start("time-client", "--protocol", "raw", "--port", str(port))
    assert line(client) == "Welcome! The time follows."
    assert end(client, by) == (0, "", "")
    code, _, err = end(server, by)
    assert (code, err) == (0, "")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_in_the_background_of_a_shell_it_ends_too() -> None:
    """There SIGINT is ignored from the start."""
    process = subprocess.Popen(
        [
            "sh",
            "-c",
            'trap "" INT; exec "$@"',
            "sh",
            sys.executable,
            "-m",
            "wsdemo",
            "time-server",
            "--port",
            "0",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert line(process).startswith("time server on ")
        assert end(process) == (0, "", "")
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_reader_that_leaves_as_head_does_ends_it_quietly(start: Start) -> None:
    with TimeServer(every=0.02) as server:
        client = start("time-client", "--protocol", "raw", "--port", str(server.port))
        assert line(client) == "Welcome! The time follows."
        assert client.stdout is not None and client.stderr is not None
        client.stdout.close()
        assert client.wait(DEADLINE) == 1
        assert client.stderr.read() == ""


def test_a_flood_of_messages_is_counted_and_not_kept() -> None:
    """The lines that wait to be printed are bounded."""

    class Someone:
        id, address, error = 1, ("::1", 5), OSError(104, "reset\x1b")

    journal = timeserver.Journal()
    journal.came(Someone())  # type: ignore[arg-type]
    for number in range(5000):
        journal.said(Someone(), f"{number}")  # type: ignore[arg-type]
    lines = iter(journal)
    shown = [next(lines) for _ in range(timeserver.LINES)]
    journal.left(Someone())  # type: ignore[arg-type]
    assert shown[:2] == ["client 1 came from [::1]:5", "client 1 says: 0"]
    assert shown[-1] == "client 1 says: 998"
    assert next(lines) == "(4001 lines not shown)"
    assert next(lines) == r"client 1 left: reset\x1b"


# -- failures and wrong use: one line, and its status --------------------------------------------------------


def test_a_port_in_use(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status = run(start, "time-server", "--port", str(port))
    why = "another program uses this port; choose another one, or 0 for any free one"
    assert status == (1, "", f"wsdemo time-server: cannot listen on 127.0.0.1:{port}: {why}\n")


def test_a_refused_connection(start: Start) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        status = run(start, "time-client", "--protocol", "raw", "--port", str(port))
    why = "connection refused; is the server running?"
    assert status == (1, "", f"wsdemo time-client: cannot connect to 127.0.0.1:{port}: {why}\n")


FAILURES = [
    ("time-client nosuch.invalid", "cannot connect to nosuch.invalid:1234: no such host name"),
    ("time-client --protocol raw no\x1bsuch.invalid", r"cannot connect to no\x1bsuch.invalid:1234: no such host name"),
    ("time-server --host nosuch.invalid", "cannot listen on nosuch.invalid:1234: no such host name"),
    (
        "time-server --host 192.0.2.1 --port 0",
        "cannot listen on 192.0.2.1:0: this machine has no such address",
    ),
]

WRONG_USES = [
    "",
    "nonsense",
    "no\x1bnsense",
    "time-server --port 65536",
    "time-server --port -1",
    "time-server --port x",
    "time-server --every 0",
    "time-server --every nan",
    "time-server --every inf",
    "time-server --every x",
    "time-server --protocol udp",
    "time-client --port 0",
    "time-client one two",
    "time-client --unknown",
    "doctor now",
]


@pytest.mark.parametrize(("arguments", "why"), FAILURES)
def test_failures(arguments: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments.split(" ")) == 1
    assert capsys.readouterr() == ("", f"wsdemo {arguments.split()[0]}: {why}\n")


@pytest.mark.parametrize("arguments", WRONG_USES)
def test_wrong_use(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments.split(" ") if arguments else [])
    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (2, "")
    assert re.fullmatch(r"wsdemo[ \w-]*: .+; see wsdemo[ \w-]* --help\n", err)
    assert err[:-1].isprintable()


@pytest.mark.parametrize("command", ["", "time-server", "time-client", "doctor"])
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([*command.split(), "--help"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: wsdemo {command}".rstrip())


def test_wrong_use_by_process(start: Start) -> None:
    code, out, err = run(start, "time-client", "--port", "70000")
    assert (code, out) == (2, "")
    assert err == (
        "wsdemo time-client: argument --port: '70000' is no port, expected 1 to 65535; "
        "see wsdemo time-client --help\n"
    )


def test_the_command_line_loads_nothing_heavy() -> None:
    code = "import sys, wsdemo.cli; wsdemo.cli.parser(); print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=DEADLINE
    )
    loaded = set(done.stdout.split())
    assert not {"numpy", "matplotlib", "IPython", "asyncio", "wsdemo.rawtcp", "wsdemo.views"} & loaded
