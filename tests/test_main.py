"""The command line: its end by signals, its failures, wrong use. What a command does: tests/commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.processes import Start, end, line, run
from tests.waiting import DEADLINE
from wsdemo import cli


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


# -- failures and wrong use: one line, and its status --------------------------------------------------------


FAILURES = [
    ("time-client nosuch.invalid", "cannot connect to nosuch.invalid:1234: no such host name"),
    (
        "time-client --protocol raw no\x1bsuch.invalid",
        r"cannot connect to no\x1bsuch.invalid:1234: no such host name",
    ),
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
    "echo --max-size 0",
    "echo --max-fragments x",
    "echo --port 70000",
    "talk",
    "talk http://127.0.0.1/",
    "talk ws://no\x1bname/",
    "sniff",
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


@pytest.mark.parametrize("command", ["", "time-server", "time-client", "echo", "talk", "sniff", "doctor"])
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([*command.split(), "--help"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: wsdemo {command}".rstrip())


EARLY = """
import sys
from types import SimpleNamespace
from wsdemo import cli

def run(options):
    exec("raise KeyboardInterrupt")

options = SimpleNamespace(command="early", run=run)
cli.parser = lambda: SimpleNamespace(parse_args=lambda arguments: options)
sys.exit(cli.main([]))
"""


def test_a_signal_while_modules_are_imported_ends_well_too(tmp_path: Path) -> None:
    """It comes within the exec of a `dataclass` then, which Python remembers at the end of a module."""
    (tmp_path / "early.py").write_text(EARLY)
    asked = [sys.executable, "-m", "early"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


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
