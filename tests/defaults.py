"""The numbers that hold where nothing is said: bounds of modules and deques, defaults of signatures, options.

    python -m tests.defaults      # write the lists anew; then look at what `git diff` names

A list stands in `defaults.txt` of each folder of tests. A value that has changed turns its test red; a new
one is in the list when that is written anew.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent
FOLDERS = (
    "protocol", "record", "trace", "net", "rawtcp", "proxy", "rivals", "patterns", "chat", "demos", "bench",
    "commands",
)  # fmt: skip


def numbers(folder: str) -> dict[str, str]:
    """Each number of a folder of the package, by its place."""
    found: dict[str, str] = {}
    for path in sorted((HERE.parent / "wsdemo" / folder).rglob("*.py")):
        name = ".".join(path.relative_to(HERE.parent).with_suffix("").parts).removesuffix(".__init__")
        if path.name.startswith("__main__"):
            continue
        try:
            module = importlib.import_module(name)
        except ImportError:  # an extra that is not installed
            continue
        found.update(_in(module, path))
    return found | (dict(_options()) if folder == "commands" else {})


def kept(folder: str) -> dict[str, str]:
    """The same as it was approved."""
    lines = (HERE / folder / "defaults.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(" = ", 1) for line in lines)


def changed(folder: str) -> list[str]:
    """The numbers that are others than those approved."""
    now = numbers(folder)
    return [
        f"{place} = {now[place]}, approved was {value}"
        for place, value in kept(folder).items()
        if now.get(place, value) != value
    ]


def _in(module: ModuleType, path: Path) -> Iterator[tuple[str, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call):
            for word in node.value.keywords:
                if word.arg == "maxlen" and isinstance(word.value, ast.Constant):
                    yield f"{module.__name__}: maxlen of {ast.unparse(node.target)}", repr(word.value.value)
    for node in tree.body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        for target in targets:
            if isinstance(target, ast.Name) and _is_number(value := getattr(module, target.id, None)):
                yield f"{module.__name__}.{target.id}", repr(value)
    for name, thing in vars(module).items():
        if getattr(thing, "__module__", None) == module.__name__ and not name.startswith("_"):
            yield from _of(f"{module.__name__}.{name}", thing)


def _of(place: str, thing: Any) -> Iterator[tuple[str, str]]:
    """The defaults of a function, or of a class and its methods."""
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        parameters = ()  # type: ignore[assignment]
    for parameter in parameters:
        if _is_number(parameter.default):
            yield f"{place}({parameter.name})", repr(parameter.default)
    if inspect.isclass(thing):
        if dataclasses.is_dataclass(thing):
            yield from _made(place, thing)
        for name, method in vars(thing).items():
            if inspect.isfunction(method) and not name.startswith("_"):
                yield from _of(f"{place}.{name}", method)


def _made(place: str, thing: type) -> Iterator[tuple[str, str]]:
    """The numbers of a value that is made for each object, where they are not those of its own class."""
    for field in dataclasses.fields(thing):
        made = None if field.default_factory is dataclasses.MISSING else field.default_factory()
        if dataclasses.is_dataclass(made):
            for part in dataclasses.fields(made):
                if _is_number(value := getattr(made, part.name)) and value != part.default:
                    yield f"{place}({field.name}.{part.name})", repr(value)


def _options() -> Iterator[tuple[str, str]]:
    """The numbers of the command line, by command and option."""
    from wsdemo.cli import parser

    (commands,) = (action for action in parser()._actions if isinstance(action.choices, dict))
    for name, command in commands.choices.items():
        for option in command._actions:
            if _is_number(option.default):
                yield f"wsdemo {name} --{option.dest}", repr(option.default)


def _is_number(value: object) -> bool:
    """A number, or several: as a rate and its burst."""
    if type(value) is tuple:
        return bool(value) and all(map(_is_number, value))
    return type(value) in (int, float)


if __name__ == "__main__":
    for folder in FOLDERS:
        text = "".join(f"{place} = {value}\n" for place, value in numbers(folder).items())
        (HERE / folder / "defaults.txt").write_text(text, encoding="utf-8")
