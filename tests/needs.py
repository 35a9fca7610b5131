"""What a test needs beyond Python: a missing thing skips the test and names the command that brings it.

    from tests import needs

    @needs.tshark
    def test_wireshark_agrees(): ...          # the program is at needs.tshark_path()

    pytestmark = needs.chromium               # a whole module

With `CI=true` in the environment a missing thing is a failure, so that nothing is skipped unseen
(`tests/conftest.py` decides that, when it sets a test up); but for what no package of today's systems brings,
which `.ci/run` says loudly, and for the large ones of `make interop`.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.autobahn import install


def chromium_path() -> str | None:
    """The Chromium to drive: `$CHROMIUM`, or the first one on PATH."""
    return _first(os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")


def tshark_path() -> str | None:
    return _first("tshark")


def nginx_path() -> str | None:
    """nginx, also where the folder of system programs is not on PATH."""
    return _first("nginx", "/usr/sbin/nginx")


def node_path() -> str | None:
    """Node.js, where npm is there too."""
    return _first("node", "nodejs") if _first("npm") else None


#: Where Debian puts the sources of Go's libraries.
GOCODE = Path("/usr/share/gocode")


def gorilla_path() -> str | None:
    """Go, where gorilla/websocket is there too."""
    return _first("go") if (GOCODE / "src/github.com/gorilla/websocket").is_dir() else None


@functools.cache
def _mojolicious() -> bool:
    return _works("perl", "-MMojolicious", "-e", "1")


@functools.cache
def _network_namespaces() -> bool:
    """May we make a network namespace? Tried, not guessed: a container's root often may not."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or not _first("ip"):
        return False
    name = f"wsdemo-probe-{os.getpid()}"
    made = _works("ip", "netns", "add", name)
    return made and _works("ip", "netns", "delete", name)


@functools.cache
def _package_index() -> bool:
    """Does pip find an index? Asked for one small package, which is not kept."""
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder)
        return _works(*command, "iniconfig")


def _first(*names: str | None) -> str | None:
    return next((path for name in names if name and (path := shutil.which(name))), None)


@functools.cache
def _works(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except OSError:
        return False


PRESENT: dict[str, Callable[[], object]] = {
    "chromium": chromium_path,
    "tshark": tshark_path,
    "nginx": nginx_path,
    "node": node_path,
    "gorilla": gorilla_path,
    "mojolicious": _mojolicious,
    "root": _network_namespaces,
    "python27": install.python27,
    "index": _package_index,
}
REMEDY = {
    "chromium": "apt-get install --no-install-recommends chromium",
    "tshark": "apt-get install --no-install-recommends tshark",
    "nginx": "apt-get install --no-install-recommends nginx-light",
    "node": "apt-get install --no-install-recommends nodejs npm",
    "gorilla": "apt-get install --no-install-recommends golang-go golang-github-gorilla-websocket-dev",
    "mojolicious": "apt-get install --no-install-recommends libmojolicious-perl",
    "root": "apt-get install iproute2, then, where namespaces are allowed: sudo make test",
    "python27": install.REMEDY,
    "index": "a network, or PIP_INDEX_URL=https://…",
}
#: May be missing in CI too.
RARE = {"python27", "gorilla", "mojolicious"}


def missing(name: str) -> str | None:
    """Why a test that needs `name` can't run here, with the command that brings it; None if it can."""
    return None if PRESENT[name]() else f"{name} is not here; bring it with: {REMEDY[name]}"


chromium = pytest.mark.needs("chromium")
tshark = pytest.mark.needs("tshark")
nginx = pytest.mark.needs("nginx")
node = pytest.mark.needs("node")
gorilla = pytest.mark.needs("gorilla")
mojolicious = pytest.mark.needs("mojolicious")
root = pytest.mark.needs("root")
index = pytest.mark.needs("index")
python27 = pytest.mark.needs("python27")
