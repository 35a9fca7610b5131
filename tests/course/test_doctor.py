"""The doctor finds this machine well, and names a remedy for each thing that is not."""

from __future__ import annotations

import importlib
import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from wsdemo.course.doctor import (
    Finding,
    Report,
    clock,
    examine,
    home,
    loopback,
    packages,
    port,
    python,
    threads,
    widgets,
)

# The module: the package's attribute of the same name is the function.
doctor = importlib.import_module("wsdemo.course.doctor")


def test_this_machine_is_well() -> None:
    report = doctor.doctor()
    assert report.ok, str(report)
    assert repr(report) == "doctor: all is well (7 checks)"
    assert report.problems == ()


def test_a_healthy_report_shows_the_same_on_every_machine() -> None:
    def report(found: str) -> Report:
        return examine([Finding("Python", "3.11 or newer", found), Finding("IPv6", "…", found, "", False)])

    assert report("3.11.7")._repr_mimebundle_() == report("3.13.0")._repr_mimebundle_()
    assert "3.11.7" in str(report("3.11.7"))


def test_a_problem_is_shown_with_its_remedy_and_escaped() -> None:
    report = examine([Finding("packages", "all", "<numpy> is missing", "make lab"), Finding("x", "x", "x")])
    assert not report.ok
    assert repr(report).splitlines() == [
        "PROBLEM  packages: <numpy> is missing",
        "         → make lab",
        "doctor: 1 of 2 checks found a problem",
    ]
    html = report._repr_mimebundle_()["text/html"]
    assert "&lt;numpy&gt; is missing" in html
    assert "make lab" in html
    assert "✗ problem" in html


def test_what_is_good_to_have_is_no_problem() -> None:
    report = examine([Finding("tshark", "for the tests", "not here", "apt-get install tshark", False)])
    assert report.ok
    assert "note     tshark: not here\n         → apt-get install tshark" in str(report)


@pytest.mark.parametrize(("version", "ok"), [((3, 10, 9), False), ((3, 11, 0), True), ((3, 14, 0), True)])
def test_python(version: tuple[int, ...], ok: bool) -> None:
    assert [finding.ok for finding in python(version)] == [ok]


def test_packages() -> None:
    assert packages(["pytest>=1.0; extra == 'lab'"])[0].ok
    (old,) = packages(["pytest>=9999; extra == 'lab'", "no-such-package; extra == 'lab'"])
    assert "no-such-package is missing" in old.found
    assert "make lab" in old.remedy


def test_a_widget_that_is_switched_off(tmp_path: Path) -> None:
    for name, off in (("mine", {"anywidget": True}), ("everybody's", {"anywidget": False})):
        settings = tmp_path / name / "labconfig" / "page_config.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps({"disabledExtensions": off}))
    mine, others = str(tmp_path / "mine"), str(tmp_path / "everybody's")
    (finding,) = widgets([mine, others])
    assert (finding.ok, finding.found) == (False, "anywidget switched off")
    assert finding.remedy == "jupyter labextension enable anywidget; then reload the page"
    assert widgets([others, mine])[0].ok, "the first folder decides"
    assert widgets([str(tmp_path / "nowhere")])[0].ok


def test_loopback_that_does_not_answer() -> None:
    assert loopback()[0].ok
    (refused,) = loopback("192.0.2.1")  # TEST-NET: no address of this machine
    assert "allow local connections" in refused.remedy


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        (finding,) = port(taken.getsockname()[1])
    assert not finding.ok
    assert not finding.required


def test_a_home_that_keeps_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No problem, but pictures are late: the doctor says why, and what to do."""
    for name in ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    assert home()[0].ok
    assert not list(tmp_path.iterdir()), "it looks, and changes nothing"
    (tmp_path / "a file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "a file"))  # no folder can be made there, not even by root
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "a file"))
    (finding,) = home()
    assert (finding.ok, finding.required) == (False, False)
    assert str(tmp_path / "a file") in finding.found
    assert "MPLCONFIGDIR" in finding.remedy
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    assert home()[0].ok
    monkeypatch.setenv("MPLCONFIGDIR", str(Path(tempfile.gettempdir(), "matplotlib-x1")))
    assert not home()[0].ok, "what matplotlib made for itself goes with the kernel"


def test_threads_and_clock() -> None:
    assert threads()[0].ok
    assert clock()[0].ok


def test_a_check_that_breaks_is_a_finding() -> None:
    def look() -> list[Finding]:
        raise ZeroDivisionError("oh")

    (finding,) = doctor._safely(look)
    assert finding.required
    assert "ZeroDivisionError: oh" in finding.found


def test_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wsdemo", "doctor"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("doctor: all is well (7 checks)\n")
    assert "Python: 3." in done.stdout
