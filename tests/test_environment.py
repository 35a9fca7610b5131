"""One set of packages, however installed: pyproject.toml, the lock and environment.yml hold together."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import notebooks

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]


def canonical(requirement: str) -> str:
    """The name in a requirement, as packages are compared.

    >>> canonical("Types_psutil>=7; sys_platform != 'win32'")
    'types-psutil'
    """
    name = re.match(r"[\w.-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def locked() -> dict[str, list[str]]:
    """The versions in the lock, by name (one for each range of Pythons)."""
    versions: dict[str, list[str]] = {}
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(r"([a-z0-9-]+)==([\w.!+]+)(?: ; .+)?", line)
        assert match, f"not a pinned version: {line}"
        versions.setdefault(match[1], []).append(match[2])
    return versions


def test_the_core_needs_nothing() -> None:
    assert PROJECT["project"]["dependencies"] == []


def test_the_lock_pins_every_package_that_is_asked_for() -> None:
    for requirement in (*EXTRAS["lab"], *EXTRAS["test"]):
        if not requirement.startswith("wsdemo["):
            assert canonical(requirement) in locked(), f"run: make lock ({requirement})"


def test_the_lock_is_new_enough() -> None:
    for requirement in (*EXTRAS["lab"], *EXTRAS["test"]):
        least = re.search(r">=([\d.]+)", requirement)
        for version in locked().get(canonical(requirement), ()):
            assert not least or numbers(version) >= numbers(least[1]), f"run: make lock ({requirement})"


def numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def test_the_build_is_pinned() -> None:
    assert all("==" in requirement for requirement in PROJECT["build-system"]["requires"])


def test_the_lessons_bring_what_runs_them_in_ci() -> None:
    """Teams run nbval from environment.yml, that is from the extra `lab`; the settings name nothing else."""
    assert {"nbval", "pytest"} <= {canonical(requirement) for requirement in EXTRAS["lab"]}
    settings = PROJECT["tool"]["pytest"]["ini_options"]
    assert set(settings) == {
        "minversion", "testpaths", "pythonpath", "norecursedirs", "addopts", "filterwarnings",
    }, "keys of pytest itself: --strict-config refuses those of a plugin that is not there"  # fmt: skip


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)
def test_a_lesson_imports_only_what_its_environment_brings(path: Path) -> None:
    """Also what a cell could do without: with it, the stored output is another one."""
    brought = {canonical(requirement) for requirement in EXTRAS["lab"]} | {"wsdemo"} | sys.stdlib_module_names
    for cell in notebooks.read(path).cells:
        for node in ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ():
            if isinstance(node, ast.Import):
                found = {alias.name.split(".")[0] for alias in node.names}
            else:
                found = {(node.module or "").split(".")[0]} if isinstance(node, ast.ImportFrom) else set()
            assert found <= brought, f"cell {cell.execution_count}"


@pytest.mark.skipif(os.name == "nt", reason="no make there: README has the commands")
def test_make_opens_the_learners_copies_or_the_lessons(tmp_path: Path) -> None:
    def commands(target: str) -> list[str]:
        # Under `make test` this is a make inside a make, which says where it enters and leaves.
        command = [
            "make",
            "--no-print-directory",
            "-n",
            target,
            f"PYTHON={sys.executable}",
            f"VENV={tmp_path}",
        ]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.splitlines()

    *_, copied, opened = commands("lab")
    assert copied.endswith("bin/python -m wsdemo lessons")
    assert "/lab/tree/my/00_start_here.ipynb" in opened
    *others, opened = commands("lab-author")
    assert "/lab/tree/notebooks/00_start_here.ipynb" in opened
    assert not any("wsdemo lessons" in command for command in others)
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "my/" in ignored, "git does not see them"


def test_the_workflow_runs_every_python_on_every_system() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "lessons.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["nbval"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    pythons = sorted(set(re.findall(r"python(3\.\d+)", makefile.splitlines()[4])), key=numbers)
    assert job["strategy"]["matrix"] == {
        "system": ["ubuntu-latest", "macos-latest", "windows-latest"],
        "python": pythons,
    }
    assert f">={pythons[0]}" == PROJECT["project"]["requires-python"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert 'python -m pip install -c requirements.lock -e ".[lab]"' in commands
    assert "python -m pytest --nbval notebooks" in commands
    assert "python -m pytest --nbval-lax my" in commands[-1]


def test_conda_and_binder_install_the_same() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    *conda, pip = environment["dependencies"]
    assert conda[0] == "python=3.12", "Binder reads an exact minor version, and no range"
    assert pip == {"pip": ["-c requirements.lock", "-e .[lab]"]}, (
        "what the extra `lab` names, at the lock's versions"
    )
    assert not set(conda[1:]) & {canonical(requirement) for requirement in EXTRAS["lab"]}, "named once"
