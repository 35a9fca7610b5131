"""The lessons lead to each other, and the README to all of them."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tools import notebooks
from wsdemo.cli import main

README = notebooks.ROOT / "README.md"
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:href|src)=[\"']([^\"']+)[\"']")


def links(markdown: str) -> list[str]:
    """The targets of all links and pictures, code left out.

    >>> links("[a](b.ipynb) `[c](d)`")
    ['b.ipynb']
    """
    text = re.sub(r"```.*?```|`[^`\n]*`", "", markdown, flags=re.DOTALL)
    return [first or second for first, second in LINK.findall(text)]


def broken(folder: Path, markdown: str) -> list[str]:
    """Local targets that are not there."""
    local = [unquote(link.split("#")[0]) for link in links(markdown) if "://" not in link and link[0] != "#"]
    return [link for link in local if not link.startswith("mailto:") and not (folder / link).exists()]


def headings(path: Path) -> set[str]:
    """The anchors that JupyterLab gives to a notebook's headings."""
    cells = notebooks.read(path).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return {title.strip().replace(" ", "-") for title in re.findall(r"(?m)^#+ (.+)$", text)}


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)
def test_links_of_a_lesson_lead_somewhere(path: Path) -> None:
    text = "\n".join(cell.source for cell in notebooks.read(path).cells if cell.cell_type == "markdown")
    assert not broken(path.parent, text)
    for link in links(text):
        assert not link.startswith("http://"), f"{link}: no link without TLS"
        if link.startswith("#"):
            assert unquote(link[1:]) in headings(path), f"no heading {link}"


@pytest.mark.parametrize(
    ("path", "following"), list(zip(notebooks.lessons(), notebooks.lessons()[1:], strict=False))
)
def test_a_lesson_ends_with_a_link_to_the_next(path: Path, following: Path) -> None:
    if int(following.name[:2]) > int(path.name[:2]) + 1:
        return  # the next one is not yet written
    assert following.name in links(notebooks.read(path).cells[-1].source)


def test_the_readme_leads_somewhere() -> None:
    assert not broken(README.parent, README.read_text(encoding="utf-8"))


def prose(path: Path) -> str:
    return "\n".join(cell.source for cell in notebooks.read(path).cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)
def test_what_a_lesson_tells_to_look_up_is_there(path: Path) -> None:
    """Names of the package, alone or as what to import and to open with ``??``; and files."""
    text = prose(path)
    for name in re.findall(r"`(wsdemo(?:\.\w+)+)(?:\?\?)?`", text):
        assert pkgutil.resolve_name(name) is not None
    for package, module, name in re.findall(r"`from ([\w.]+) import (\w+); (\w+(?:\.\w+)*)\?\?`", text):
        assert name.split(".")[0] == module
        assert pkgutil.resolve_name(f"{package}.{name}") is not None
    for file in re.findall(r"`((?:wsdemo|tests|docs|web|tools)/[\w./]+)`", text):
        assert any((notebooks.ROOT / start / file).exists() for start in (".", "wsdemo")), file


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.name)
def test_commands_that_a_lesson_tells_have_their_options(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, rest in re.findall(r"python -m wsdemo ([\w-]+)([^`\n]*)", prose(path)):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        known = capsys.readouterr().out
        for option in re.findall(r"(?<=\s)--[\w-]+", rest):
            assert re.search(rf"(?<!\S){option}(?![\w-])", known), f"{command} has no {option}"
