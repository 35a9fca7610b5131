"""In the environment of a learner or a team, made from environment.yml's pip part, nbval runs the lessons.

Without the extra `test`: no pytest-timeout, no xdist, no hypothesis. A sample of the lessons, for each one
takes its time again; .github/workflows/lessons.yml runs all of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import needs

pytestmark = [needs.index, pytest.mark.timeout(900)]

ROOT = Path(__file__).parent.parent
#: What a clone has, and pip and pytest read.
PARTS = (
    "LICENSE",
    "README.md",
    "environment.yml",
    "notebooks",
    "pyproject.toml",
    "requirements.lock",
    "tests",
    "wsdemo",
)
STRICT = ("00_start_here.ipynb", "04_frames.ipynb", "06_messages.ipynb")


class Clone:
    """A copy of the repository with an environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.course = folder / "course"
        self.course.mkdir()
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(
                    source, self.course / part, ignore=shutil.ignore_patterns("__pycache__", ".*")
                )
            else:
                shutil.copy(source, self.course / part)
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True, timeout=120)
        self.python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"

    def run(self, *arguments: str, seconds: float = 300) -> str:
        """What the environment's Python prints with these arguments; it must end well."""
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))
        }
        done = subprocess.run(
            [self.python, "-m", *arguments],
            cwd=self.course,
            env=clean,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    made = Clone(tmp_path_factory.mktemp("clone"))
    environment: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (pip,) = (part["pip"] for part in environment["dependencies"] if isinstance(part, dict))
    lines = [word for line in pip for word in line.split(" ", 1)]
    made.run("pip", "install", "--quiet", "--disable-pip-version-check", *lines, seconds=600)
    return made


def test_lessons_pass_strictly_and_lax(clone: Clone) -> None:
    installed = clone.run("pip", "list", "--format=freeze").lower()
    assert "nbval==" in installed and "pytest==" in installed
    assert not any(name in installed for name in ("pytest-timeout", "pytest-xdist", "hypothesis", "apsw"))
    said = clone.run("pytest", "--nbval", *(f"notebooks/{name}" for name in STRICT))
    assert " passed" in said and "failed" not in said and "skipped" not in said
    assert clone.run("pytest", "--nbval-lax", f"notebooks/{STRICT[1]}").count(" passed") == 1


def test_ones_own_copies_run(clone: Clone) -> None:
    """As docs/ci.md has it; what `check` says is noted."""
    clone.run("wsdemo", "lessons")
    said = clone.run("pytest", "--nbval-lax", f"my/{STRICT[1]}")
    assert " passed" in said and "failed" not in said
    assert clone.run("wsdemo", "progress", "my").startswith("course: 0 of ")


def test_a_changed_output_is_noticed(clone: Clone) -> None:
    """The strict run can fail: a stored output that says something else is told."""
    path = clone.course / "notebooks" / STRICT[1]
    text = path.read_text(encoding="utf-8")
    changed = text.replace("not started", "started", 1)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(AssertionError, match="1 failed"):
        clone.run("pytest", "--nbval", f"notebooks/{STRICT[1]}")
