"""The documents for those who carry on hold: files and functions that they name exist, and versions agree."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "wsdemo"
DOCUMENTS = ("docs/architecture.md", "CONTRIBUTING.md")
SECTIONS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}  # of keepachangelog.com


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def file_named(name: str) -> Path | None:
    """A path in a document: from the root of the repository, or from the package."""
    return next((folder / name for folder in (ROOT, PACKAGE) if (folder / name).exists()), None)


def defined(path: Path) -> set[str]:
    """The functions of a file, and the methods of its classes as ``Class.method``."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
            found |= {f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)}
    return found


def wrong(text: str) -> Iterator[str]:
    """What a document names in backquotes and is not there: a path, or ``function()`` in the last file named.

    >>> list(wrong("`net/inbox.py` `Inbox.put()`, `Inbox.pot()`; `net/outbix.py`"))
    ['Inbox.pot() is not in wsdemo/net/inbox.py', 'net/outbix.py']
    """
    file: Path | None = None
    for token in re.findall(r"`([^`\n]+)`", re.sub(r"(?s)```.*?```", "", text)):
        if token.endswith("()"):
            if file is None or token[:-2] not in defined(file):
                yield f"{token} is not in {file and file.relative_to(ROOT)}"
        elif re.fullmatch(r"\.?[\w./-]+/[\w./-]*|[\w-]+\.(py|md|toml|ipynb|cfg)", token):
            found = file_named(token)
            if found is None and "NN_" not in token:
                yield token
            elif token.endswith(".py"):
                file = found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_files_and_functions_that_a_document_names_exist(name: str) -> None:
    assert list(wrong(read(name))) == []


@pytest.mark.parametrize("name", [*DOCUMENTS, "README.md", "SECURITY.md", "CHANGELOG.md", "docs/ci.md"])
def test_links_lead_to_files_of_the_repository(name: str) -> None:
    here = (ROOT / name).parent
    for target in re.findall(r"\]\(([^)\s]+)\)", read(name)):
        assert "://" in target or (here / target.partition("#")[0]).exists(), f"{name}: {target}"


def test_the_readme_leads_to_them() -> None:
    assert all(f"]({name})" in read("README.md") for name in DOCUMENTS)


def test_no_file_cites_one_that_is_not_in_the_repository() -> None:
    for path in sorted(path for part in ("wsdemo", "tests", "tools") for path in (ROOT / part).rglob("*.py")):
        for name in re.findall(r"\b[A-Z]{4,}\.md\b", path.read_text(encoding="utf-8")):
            assert (ROOT / name).is_file(), f"{path.relative_to(ROOT)} cites {name}"


def test_the_newest_version_of_the_changelog_is_that_of_the_package() -> None:
    headings = re.findall(r"(?m)^## \[([^]]+)\] - (\d{4}-\d\d-\d\d|unreleased)$", read("CHANGELOG.md"))
    assert headings[0][0] == tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert set(re.findall(r"(?m)^### (.+)$", read("CHANGELOG.md"))) <= SECTIONS
    assert len(re.findall(r"(?m)^## ", read("CHANGELOG.md"))) == len(headings)


@pytest.mark.parametrize("init", sorted(PACKAGE.rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_the_reading_order_leaves_no_module_out(init: Path) -> None:
    """The docstring of a folder, or of the one around it, names each of its modules and folders."""
    docs = [ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or ""]
    if init.parent != PACKAGE:
        docs.append(
            ast.get_docstring(ast.parse((init.parent.parent / "__init__.py").read_text("utf-8"))) or ""
        )
    said = set(re.findall(r"\w+", " ".join(docs)))
    names = {path.stem for path in init.parent.glob("*.py")} | {
        p.parent.name for p in init.parent.glob("*/*.py")
    }
    missing = {name for name in names if not re.fullmatch(r"__init__|lesson_\d\d", name)} - said
    assert not missing, f"{init.relative_to(ROOT)} leaves out {sorted(missing)}"
