"""Bring wstest, the program of the Autobahn|Testsuite, into an environment of its own: Python 2.7 code.

    python -m tools.autobahn.install        (a minute, once; into this environment's folder `wstest`)

Needs a Python 2.7 with its headers, and a C compiler for `wsaccel`, without which the large messages take too
long. The environment counts as installed once all of its packages are there, at these very versions.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
PINS: Final = HERE / "wstest.txt"
REMEDY: Final = "pyenv install 2.7.18"

#: What a Python 2.7 must be able to do: run (a version manager's shim may lead nowhere), and build wsaccel.
PROBE: Final = """
import os, ssl, sys, sysconfig, zlib
assert sys.version_info[:2] == (2, 7)
assert os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h"))
"""
#: What an installed wstest must be able to do.
CHECK: Final = """
import autobahntestsuite.wstest
from autobahn.websocket import utf8validator, xormasker
assert utf8validator.Utf8Validator.__module__.startswith("wsaccel")
assert xormasker.XorMaskerNull.__module__.startswith("wsaccel")
"""


@functools.cache
def python27() -> str | None:
    """A Python 2.7 on which wstest can be installed, of PATH or of pyenv."""
    if not (shutil.which("cc") or shutil.which("gcc")):
        return None
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [shutil.which("python2.7"), *sorted(pyenv.glob("versions/2.7*/bin/python2.7"))]
    return next((str(path) for path in candidates if path and _runs(path, PROBE)), None)


def wstest() -> Path:
    """The Python that runs wstest, installed first if need be. Raises RuntimeError where it can't be."""
    home = Path(sys.prefix) / "wstest"
    python, stamp = home / "bin" / "python", home / "installed.txt"
    if stamp.exists() and stamp.read_bytes() == PINS.read_bytes():
        return python
    base = python27()
    if base is None:
        raise RuntimeError(f"no Python 2.7 with headers and a C compiler; bring it with: {REMEDY}")
    with tempfile.TemporaryDirectory() as folder:
        _pip(sys.executable, "--target", folder, "-r", str(HERE / "virtualenv.txt"))
        make = [sys.executable, "-m", "virtualenv", "--no-periodic-update", "--clear", "-p", base, str(home)]
        _done(make, PYTHONPATH=folder)
    _pip(str(python), "-r", str(PINS))
    if not _runs(python, CHECK):
        raise RuntimeError(f"wstest does not start; try: {python} -c '{CHECK}'")
    shutil.copyfile(PINS, stamp)
    return python


def _pip(python: str, *what: str) -> None:
    _done([python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", *what])


def _done(command: list[str], **environment: str) -> None:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stderr[-2000:]}")


def _runs(python: str | Path, code: str) -> bool:
    try:
        return not subprocess.run([python, "-c", code], capture_output=True, timeout=60).returncode
    except OSError:
        return False


if __name__ == "__main__":
    try:
        print(f"wstest runs by {wstest()}")
    except RuntimeError as error:
        sys.exit(f"wstest could not be installed: {error}")
