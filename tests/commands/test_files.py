"""Files that a command writes: refused at its start where they cannot be written; each by itself."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path

import pytest

from tests.processes import Start, end, ended, line, run
from tests.waiting import DEADLINE
from wsdemo import Connection, Trace, connect, serve

QUICK = ("bench", "--quick", "--rounds", "1", "--only", "import", "--against", "websockets")


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


@pytest.mark.parametrize(
    ("command", "option"),
    [("sniff", "--save"), ("sniff", "--pcap"), ("bench", "--json"), ("bench", "--picture")],
)
@pytest.mark.parametrize(
    ("name", "why"),
    [("no/file", "No such file or directory"), (".", "Is a directory"), ("x/y", "Not a directory")],
)
def test_refused_at_the_start(
    start: Start, tmp_path: Path, command: str, option: str, name: str, why: str
) -> None:
    (tmp_path / "x").write_text("")
    path = f"{tmp_path}/{name}"
    arguments = ["sniff", "ws://127.0.0.1:1"] if command == "sniff" else list(QUICK)
    status, out, err = run(start, *arguments, option, path)
    assert (status, out) == (2, "")
    assert err == f"wsdemo {command}: argument {option}: {path}: {why}; see wsdemo {command} --help\n"


@pytest.mark.parametrize(
    ("arguments", "options"),
    [(("sniff", "ws://127.0.0.1:1"), ("save", "pcap")), (QUICK, ("json", "picture"))],
    ids=["sniff", "bench"],
)
def test_two_options_with_one_file(
    start: Start, tmp_path: Path, arguments: tuple[str, ...], options: tuple[str, str]
) -> None:
    path, other = tmp_path / "file", f"{tmp_path}/./file"
    one, two = options
    status, out, err = run(start, *arguments, f"--{one}", str(path), f"--{two}", other)
    assert (status, out) == (1, "")
    assert err == f"wsdemo {arguments[0]}: --{one} and --{two} name the same file, {path}\n"
    assert not path.exists()


def test_a_file_is_what_it_was_until_the_end(start: Start, tmp_path: Path) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.pcap"
    old.write_text("yesterday's")
    with serve(echo) as server:
        sniff = start("sniff", server.url, "--save", str(old), "--pcap", str(new))
        line(sniff)
        assert old.read_text() == "yesterday's" and not new.exists()
        assert end(sniff)[0] == 0
    assert Trace.load(old).addresses == {} and new.stat().st_size


@pytest.mark.parametrize("options", [(), ("--secrets",)])
def test_secrets_are_left_out_unless_they_are_asked_for(
    start: Start, tmp_path: Path, options: tuple[str, ...]
) -> None:
    save, pcap = tmp_path / "a.jsonl", tmp_path / "a.pcap"
    with serve(echo) as server:
        sniff = start("sniff", server.url, "--save", str(save), "--pcap", str(pcap), *options)
        connect(line(sniff).split()[2], headers={"Cookie": "session=hush"}).close()
        assert end(sniff)[0] == 0
    trace = Trace.load(save)
    assert (b"session=hush" in trace.requests[0].bytes) == bool(options)
    assert (b"session=hush" in pcap.read_bytes()) == bool(options)


@pytest.mark.skipif(os.name == "nt", reason="links to devices of POSIX")
@pytest.mark.parametrize("failing", ["--save", "--pcap"])
def test_one_that_fails_does_not_lose_the_other(start: Start, tmp_path: Path, failing: str) -> None:
    full, good = tmp_path / "full", tmp_path / "good"
    full.symlink_to("/dev/full")
    other = "--pcap" if failing == "--save" else "--save"
    with serve(echo) as server:
        sniff = start("sniff", server.url, failing, str(full), other, str(good))
        with connect(line(sniff).split()[2], compression=False) as ws:
            for _ in range(100):
                ws.send("precious" * 1000)
                assert ws.recv(DEADLINE) == "precious" * 1000
        status, _, err = end(sniff)
    assert (status, err) == (1, f"wsdemo sniff: {full}: No space left on device\n")
    assert good.stat().st_size > 800_000


@pytest.mark.skipif(os.name == "nt", reason="a pipe of POSIX")
def test_files_are_written_where_the_output_is_lost(start: Start, tmp_path: Path) -> None:
    """`sniff | head`, `bench >/dev/full`: hours of measuring are not lost with the table."""
    save, values = tmp_path / "a.jsonl", tmp_path / "a.json"
    with serve(echo) as server:
        sniff = start("sniff", server.url, "--save", str(save))
        url = line(sniff).split()[2]
        assert sniff.stdout is not None
        sniff.stdout.close()
        with contextlib.suppress(Exception), connect(url) as ws:
            ws.send("precious")
            ws.recv(DEADLINE)
        assert sniff.wait(DEADLINE) == 1
        sniff.stdout = None
        assert ended(sniff)[2] == ""
    assert Trace.load(save).requests
    with open("/dev/full", "w") as full:
        assert start(*QUICK, "--json", str(values), stdout=full).wait(DEADLINE) == 1
    assert json.loads(values.read_text())["rows"]


@pytest.mark.skipif(os.name == "nt", reason="a pipe of POSIX")
def test_a_pipe_is_opened_once(start: Start, tmp_path: Path) -> None:
    there, here = os.pipe()
    with serve(echo) as server:
        sniff = start("sniff", server.url, "--save", f"/dev/fd/{here}", pass_fds=[here])
        os.close(here)
        line(sniff)
        sniff.send_signal(signal.SIGINT)
        with open(there, encoding="utf-8") as pipe:
            assert json.loads(pipe.readline())["format"] == "wsdemo trace"
        assert ended(sniff)[0] == 0


@pytest.mark.parametrize("name", ["-", "a b", "ü"])
def test_names(start: Start, tmp_path: Path, name: str) -> None:
    """For sniff ``-`` is a name like any other, for bench it is stdout."""
    with serve(echo) as server:
        sniff = start("sniff", server.url, "--save", name, cwd=tmp_path)
        line(sniff)
        assert end(sniff)[0] == 0
    assert [file.name for file in tmp_path.iterdir()] == [name]
    status, out, _ = run(start, *QUICK, "--json", name, cwd=tmp_path)
    values = out if name == "-" else (tmp_path / name).read_text(encoding="utf-8")
    assert status == 0 and json.loads(values)["rows"]


@pytest.mark.parametrize("newest", [False, True])
def test_a_full_record_is_told_and_the_screen_goes_on(start: Start, tmp_path: Path, newest: bool) -> None:
    """It went blind after 64 MiB, new connections included, and said nothing."""
    save, pcap = tmp_path / "a.jsonl", tmp_path / "a.pcap"
    options = ["--max-record", "60000", *["--newest"] * newest, "--save", str(save), "--pcap", str(pcap)]
    with serve(echo) as server:
        sniff = start("sniff", server.url, *options)
        url = line(sniff).split()[2]
        for number in range(5):
            with connect(url, compression=False) as ws:
                ws.send(f"message {number} ".ljust(10_000, "x"))
                assert ws.recv(DEADLINE)
        status, out, err = end(sniff)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    for number in range(5):  # both ways
        assert sum(f"'message {number} x" in text for text in lines) == 2
    (told,) = [text for text in lines if text.startswith("the record is full at 60000 bytes: ")]
    assert ("oldest" in told) == newest
    trace = Trace.load(save)
    numbers = [frame.connection for frame in trace.frames if frame.opcode == 1]
    assert trace.size <= 60_000 < trace.size + trace.dropped
    assert numbers[-1] == 5 if newest else numbers[0] == 1
    assert [mark.connection for mark in trace.marks if mark.what == "full"][:1] == ([] if newest else [3])
    assert all(packet.verdict.outcome in ("accepted", "incomplete") for packet in trace.packets)
    assert pcap.stat().st_size > trace.size
