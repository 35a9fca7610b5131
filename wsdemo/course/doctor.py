"""The doctor: looks at the machine and the environment, and names a remedy for each thing that is wrong.

    >>> report = examine([Finding("clock", "ticks finely enough", "1 ns")])
    >>> report.ok
    True
    >>> report
    doctor: all is well (1 check)

`doctor()` shows the same in a notebook on every healthy machine; versions, and things that are merely good to
have, are in `print(doctor())` and in `python -m wsdemo doctor`. It looks only at this machine: nothing is
sent anywhere, and nothing is changed.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

from wsdemo.patterns.natsserver import syncs
from wsdemo.words import plural

OLDEST: Final = (3, 11)
PATIENCE: Final = 5.0  # seconds that a check may wait
FINEST: Final = 1e-3  # seconds: the lessons tell latencies of less than a millisecond apart
IN_THE_BROWSER: Final = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
COMPLETE: Final = "make lab (or: pip install -e '.[lab]'), then restart the kernel"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: the requirement, the fact, and a remedy where the two don't agree."""

    name: str
    need: str
    found: str
    remedy: str = ""
    required: bool = True

    @property
    def ok(self) -> bool:
        return not self.remedy

    @property
    def verdict(self) -> str:
        return "ok" if self.ok else "PROBLEM" if self.required else "note"


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """The doctor's findings. `ok` tells whether the lessons will run; `print` shows everything."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings if finding.required)

    @property
    def problems(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.required and not finding.ok)

    def __str__(self) -> str:
        """Every finding in a line, with its remedy below it where there is one."""
        lines = []
        for finding in self.findings:
            lines.append(f"{finding.verdict:<7}  {finding.name}: {finding.found}")
            if not finding.ok:
                lines.append(f"         → {finding.remedy}")
        return "\n".join([*lines, self._summary()])

    def _summary(self) -> str:
        count = sum(finding.required for finding in self.findings)
        if self.ok:
            return f"doctor: all is well ({plural(count, 'check')})"
        return f"doctor: {len(self.problems)} of {count} checks found a problem"

    def __repr__(self) -> str:
        problems = [f"PROBLEM  {bad.name}: {bad.found}\n         → {bad.remedy}" for bad in self.problems]
        return "\n".join([*problems, self._summary()])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def _html(self) -> str:
        """A table of the requirements. A healthy machine shows no versions, so that all show the same."""
        rows = "".join(f"<tr>{_cells(one)}</tr>" for one in self.findings if one.required)
        style = "border-collapse:collapse"
        return f"<table style='{style}'>{rows}</table><p><b>{escape(self._summary())}</b></p>"


def _cells(one: Finding) -> str:
    """A finding as cells of a table, aligned to the left: JupyterLab would align them to the right."""
    left = " style='text-align:left'"
    remedy = "" if one.ok else f"{escape(one.found)}<br><b>Remedy:</b> {escape(one.remedy)}"
    return (
        f"<td{left}>{'✓ ok' if one.ok else '✗ problem'}</td><th{left} scope='row'>{escape(one.name)}</th>"
        f"<td{left}>{escape(one.need)}</td><td{left}>{remedy}</td>"
    )


def doctor() -> Report:
    """Look whether the lessons will run on this machine. Takes less than a second."""
    return examine(finding for look in LOOKS for finding in _safely(look))


def examine(findings: Iterable[Finding]) -> Report:
    """A report of these findings."""
    return Report(tuple(findings))


# What it looks at: each gives its findings


def python(version: tuple[int, ...] = sys.version_info[:3]) -> list[Finding]:
    """Is this Python new enough?"""
    wanted = ".".join(map(str, OLDEST))
    remedy = "" if version >= OLDEST else f"install Python 3.12 or newer, then: {COMPLETE}"
    return [Finding("Python", f"{wanted} or newer", ".".join(map(str, version)), remedy)]


def packages(requirements: Iterable[str] | None = None) -> list[Finding]:
    """Is everything there that the extra `lab` asks for, and new enough?"""
    if requirements is None:
        requirements = [
            line
            for line in importlib.metadata.requires("wsdemo") or ()
            if re.search(r"extra == .lab.$", line)
        ]
    found: list[str] = []
    missing: list[str] = []
    for requirement in requirements:
        name, _, least = re.split(r"\s*;", requirement)[0].partition(">=")
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(f"{name} is missing")
            continue
        (found if _numbers(version) >= _numbers(least) else missing).append(f"{name} {version}")
    if missing:
        return [Finding("packages", "those of the lessons", ", ".join(missing), COMPLETE)]
    return [Finding("packages", "those of the lessons", ", ".join(found))]


def environment() -> list[Finding]:
    """Does this kernel run in the environment that JupyterLab runs in?"""
    place = "this kernel" if "ipykernel" in sys.modules else "this Python"
    spec = importlib.util.find_spec("jupyterlab")
    home = Path(sys.prefix).resolve()
    if spec is not None and spec.origin and home in Path(spec.origin).resolve().parents:
        return [Finding("environment", "the kernel's own JupyterLab", f"{place} runs in {home}")]
    remedy = "in JupyterLab: Kernel → Change Kernel → Python 3 (ipykernel), in the one that `make lab` opens"
    return [
        Finding(
            "environment", "the kernel's own JupyterLab", f"{place} runs in {home}, JupyterLab not", remedy
        )
    ]


def widgets(folders: Iterable[str] | None = None) -> list[Finding]:
    """Are the parts of ipywidgets and anywidget for the browser where JupyterLab finds them, and on?"""
    what = ("widgets", "their part in the browser")
    folder = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    missing = [name for name in IN_THE_BROWSER if not (folder / name).exists()]
    if missing:
        remedy = f"pip install --force-reinstall ipywidgets anywidget, or {COMPLETE}; then reload the page"
        return [Finding(*what, f"{', '.join(missing)} not in {folder}", remedy)]
    off = [name for name in IN_THE_BROWSER if name in _switched_off(folders)]
    if off:
        remedy = "; ".join(f"jupyter labextension enable {name}" for name in off) + "; then reload the page"
        return [Finding(*what, f"{', '.join(off)} switched off", remedy)]
    return [Finding(*what, f"in {folder}")]


def _switched_off(folders: Iterable[str] | None) -> set[str]:
    """The extensions that JupyterLab's settings switch off; the first folder that names one decides."""
    if folders is None:
        from jupyter_core.paths import jupyter_config_path

        folders = jupyter_config_path()
    settings: dict[str, bool] = {}
    for folder in folders:
        with contextlib.suppress(OSError, ValueError):
            found = json.loads((Path(folder) / "labconfig" / "page_config.json").read_text(encoding="utf-8"))
            settings = {**found.get("disabledExtensions", {}), **settings}
    return {name for name, off in settings.items() if off}


def loopback(host: str = "127.0.0.1") -> list[Finding]:
    """Can a program here talk to itself over TCP, on a port that was free?"""
    try:
        port = _talk_to_yourself(socket.AF_INET, host)
    except OSError as error:
        remedy = "allow local connections to 127.0.0.1 (firewall, VPN or container settings)"
        return [Finding("loopback", f"a connection to {host}, any free port", str(error), remedy)]
    return [
        Finding("loopback", f"a connection to {host}, any free port", f"port {port} was free and answered")
    ]


def threads() -> list[Finding]:
    """Does a thread run beside the one that waits?"""
    ran = threading.Event()
    try:
        thread = threading.Thread(target=ran.set, daemon=True)
        thread.start()
    except RuntimeError as error:
        return [
            Finding(
                "threads", "one beside the notebook's", str(error), "use CPython on Linux, macOS or Windows"
            )
        ]
    ran.wait(PATIENCE)
    thread.join(PATIENCE)
    remedy = "" if ran.is_set() else f"end other programs: no thread ran within {PATIENCE:g} seconds"
    return [Finding("threads", "one beside the notebook's", "run" if ran.is_set() else "do not run", remedy)]


def clock() -> list[Finding]:
    """Does the clock tick finely enough to time a message, and never backwards?"""
    info = time.get_clock_info("perf_counter")
    good = info.monotonic and info.resolution <= FINEST
    remedy = "" if good else "latencies will be coarse here: run lesson 08 on another machine"
    return [
        Finding(
            "clock",
            "ticks finer than a millisecond",
            f"{info.resolution * 1e9:g} ns, {info.implementation}",
            remedy,
        )
    ]


def ipv6() -> list[Finding]:
    """Good to have: the loopback of IPv6."""
    try:
        _talk_to_yourself(socket.AF_INET6, "::1")
    except OSError as error:
        remedy = "nothing to do: the lessons use IPv4"
        return [Finding("IPv6", "a connection to ::1", f"not here ({error})", remedy, required=False)]
    return [Finding("IPv6", "a connection to ::1", "answers", required=False)]


def port(number: int = 1234) -> list[Finding]:
    """Good to have: the port that the time server takes by default."""
    with socket.socket() as sock:
        if os.name == "posix":  # a port whose last connection just closed is free
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", number))
        except OSError as error:
            remedy = f"end what listens there, or use another one: --port {number + 1}"
            return [Finding(f"port {number}", "free", f"not free ({error})", remedy, required=False)]
    return [Finding(f"port {number}", "free", "free", required=False)]


def home() -> list[Finding]:
    """Good to have: a place where matplotlib keeps its list of fonts from one kernel to the next."""
    what = ("home", "keeps matplotlib's list of fonts")
    substitute = str(Path(tempfile.gettempdir(), "matplotlib-"))  # what matplotlib itself takes instead
    for folder in _font_folders():
        if not _writable(folder) or str(folder).startswith(substitute):
            found = f"nothing stays in {folder}: the first picture of each kernel takes seconds longer"
            remedy = "set the environment variable MPLCONFIGDIR to a folder that can be written"
            return [Finding(*what, found, remedy, required=False)]
    return [Finding(*what, "can be written", required=False)]


def _font_folders() -> list[Path]:
    """The folders of matplotlib's settings and lists, by its documentation of MPLCONFIGDIR."""
    if chosen := os.environ.get("MPLCONFIGDIR"):
        return [Path(chosen)]
    home = Path(os.path.expanduser("~"))
    if not sys.platform.startswith(("linux", "freebsd")):
        return [home / ".matplotlib"]
    places = ("XDG_CONFIG_HOME", ".config"), ("XDG_CACHE_HOME", ".cache")
    return [Path(os.environ.get(name) or home / usual, "matplotlib") for name, usual in places]


def _writable(folder: Path) -> bool:
    """Whether a file can be made in it, or in the nearest folder above it that exists: found by trying."""
    there = next(one for one in (folder, *folder.parents) if one.exists() or one == one.parent)
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError:
        return False
    return True


def programs() -> list[Finding]:
    """Good to have: programs that only the tests need."""
    findings = []
    for name, names in (
        ("Chromium", ("chromium", "chromium-browser", "google-chrome")),
        ("tshark", ("tshark",)),
    ):
        path = next(filter(None, map(shutil.which, names)), None)
        remedy = "" if path else f"only the tests use it: apt-get install --no-install-recommends {names[0]}"
        findings.append(Finding(name, "for the tests", path or "not here", remedy, required=False))
    return findings


#: In the order of the report.
LOOKS: Final = (
    python, packages, environment, widgets, loopback, threads, clock,  # required
    ipv6, port, home, programs,
)  # fmt: skip


# Its parts


def nats(monitor: str) -> list[Finding]:
    """Does a NATS confirm a message only when it is on the disk? ``monitor``: the URL of its monitoring."""
    try:
        found = syncs(monitor)
    except (OSError, ValueError) as error:
        return [Finding("NATS", "answers at its monitoring", str(error), "start nats-server with -m 8222")]
    said = {True: "it syncs before it confirms", None: "it has no JetStream"}.get(
        found, "it confirms before it syncs: a power cut loses up to two minutes of confirmed messages"
    )
    remedy = "" if found else "in its configuration: jetstream { sync_interval: always }"
    return [Finding("NATS", "syncs before it confirms", said, remedy)]


def _safely(look: Callable[[], list[Finding]]) -> list[Finding]:
    """A check that breaks is a finding like any other."""
    try:
        return look()
    except Exception as error:
        return [Finding(look.__name__, "a check that works", f"{type(error).__name__}: {error}", COMPLETE)]


def _talk_to_yourself(family: socket.AddressFamily, host: str) -> int:
    """Listen on a free port, connect to it, send three bytes there and back; gives the port."""
    with socket.socket(family) as listener:
        listener.settimeout(PATIENCE)
        listener.bind((host, 0))
        listener.listen()
        address: Any = listener.getsockname()
        with socket.create_connection(address[:2], PATIENCE) as client, listener.accept()[0] as server:
            server.settimeout(PATIENCE)
            client.sendall(b"hi!")
            server.sendall(server.recv(3, socket.MSG_WAITALL))
            if client.recv(3, socket.MSG_WAITALL) != b"hi!":
                raise OSError("the bytes that were sent did not come back")
    return int(address[1])


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with.

    >>> _numbers("4.6.6"), _numbers("9.0rc1") < _numbers("9.0.1"), _numbers("")
    ((4, 6, 6), True, ())
    """
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, numbers[0].split("."))) if numbers else ()
