"""Docstrings are held to the code and to plain English: errors, long signatures, words.

The rule for errors. *Public* is a function, method or class without an underscore, in a layer that programs
import. Its errors are those of its own ``raise`` statements, and those of the parts that it calls: private
functions, methods of ``self`` that are private, and checks (``check…`` anywhere, all of
``protocol/arguments.py``), as deep as that goes. Not those that an ``except`` around the call takes, and not
those of other public functions, which say so themselves. The docstring must name each one; a class's
docstring those of its construction.

The rule for signatures. One of more than six parameters, of which at least half are optional, is written for
people: its function or class lists all of them, one a line, or names a class that does.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from wsdemo.protocol import errors

PACKAGE = Path(__file__).parent.parent / "wsdemo"
#: A signature of more parameters than these lists them.
LONG = 6
HEADLESS = re.compile(r"(What|Who|Whom|Whose|Where|When|Why|How)\b")
SLANG = re.compile(r"(?i)\b(so many|so much|nobody|somebody|anybody|whoever)\b")
#: A comment behind a closing bracket on a line of its own: the formatter has torn it from its line.
TORN = re.compile(r"(?m)^ *[])}]+,? +#(?! (fmt|type|noqa))")
LAYERS = ("protocol", "record", "net", "rawtcp", "trace", "proxy", "rivals", "patterns", "views")
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Place(NamedTuple):
    """A function or class: the module that holds it, its name there (``Class.method``), its syntax tree."""

    module: str
    name: str
    node: ast.AST

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@cache
def parsed() -> dict[str, ast.Module]:
    """The syntax tree of each module, by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = ast.parse(path.read_text("utf-8"))
    return found


@cache
def places() -> dict[tuple[str, str], Place]:
    """Every function and class of the package, and the methods of each class."""
    found = {}
    for module, tree in parsed().items():
        for node in tree.body:
            inner = node.body if isinstance(node, ast.ClassDef) else []
            for prefix, one in [("", node), *((f"{getattr(node, 'name', '')}.", part) for part in inner)]:
                if isinstance(one, (Function, ast.ClassDef)):
                    name = prefix + one.name
                    found[module, name] = Place(module, name, one)
    return found


@cache
def imported(module: str) -> dict[str, tuple[str, str]]:
    """The names that a module imports from the package: (module, name); of a module itself the name is ""."""
    found = {}
    package = module if any(name.startswith(f"{module}.") for name in parsed()) else module.rpartition(".")[0]
    for node in ast.walk(parsed()[module]):
        if isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                found[alias.asname or alias.name] = (whole, "") if whole in parsed() else (base, alias.name)
    return found


def resolve(module: str, name: str) -> Place | None:
    """The function or class of the package that ``name`` stands for in a module; through re-exports too."""
    while (module, name) not in places():
        if module not in parsed() or name not in imported(module):
            return None
        module, name = imported(module)[name]
    return places()[module, name]


def callee(place: Place, called: ast.expr) -> Place | None:
    match called:
        case ast.Name(id=name):
            return resolve(place.module, name)
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name) if "." in place.name:
            return places().get((place.module, f"{place.name.split('.')[0]}.{name}"))
        case ast.Attribute(value=ast.Name(id=name), attr=attr):
            module, rest = imported(place.module).get(name, ("", ""))
            return resolve(module, attr) if module and not rest else None
    return None


def error(name: str) -> type[BaseException] | None:
    """The exception of that name: a builtin one, or one of ``protocol/errors.py``."""
    found = getattr(errors, name, None) or getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def named(expression: ast.expr | None) -> Iterator[str]:
    """The last parts of the names in an expression: ``errors.InvalidData | None`` -> ``InvalidData``."""
    for node in ast.walk(expression) if expression is not None else ():
        if isinstance(node, (ast.Name, ast.Attribute)):
            yield node.id if isinstance(node, ast.Name) else node.attr


def raised(place: Place, above: frozenset[Place] = frozenset()) -> set[str]:
    """The names of the errors that a function raises, or the construction of a class."""
    if place in above:
        return set()
    if isinstance(place.node, ast.ClassDef):
        made = [places().get((place.module, f"{place.name}.__{name}__")) for name in ("init", "post_init")]
        return set().union(*(raised(one, above | {place}) for one in made if one is not None))
    return set().union(*(_raised(place, above | {place}, node) for node in place.node.body))


def _raised(place: Place, above: frozenset[Place], node: ast.AST) -> set[str]:
    if isinstance(node, (Function, ast.ClassDef, ast.Lambda)):
        return set()  # runs later, if at all
    if isinstance(node, ast.Try):
        inside = set().union(*(_raised(place, above, part) for part in node.body))
        taken = tuple(filter(None, (error(name) for one in node.handlers for name in named(one.type))))
        inside = {name for name in inside if not issubclass(error(name), taken)}
        rest = [*node.handlers, *node.orelse, *node.finalbody]
        return inside.union(*(_raised(place, above, part) for part in rest))
    found = set().union(*(_raised(place, above, part) for part in ast.iter_child_nodes(node)))
    if isinstance(node, ast.Raise) and node.exc is not None:
        made = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        maker = callee(place, made)
        names = named(maker.node.returns) if maker and isinstance(maker.node, Function) else named(made)
        found |= {name for name in names if error(name)}
    if isinstance(node, ast.Call):
        target = callee(place, node.func)
        found |= raised(target, above) if target is not None and is_part(target) else set()
    return found - {"AssertionError", "NotImplementedError"}  # faults of the package, not of a caller


def is_part(place: Place) -> bool:
    """Whether a callee's errors are its caller's too, because the caller's docstring speaks for it."""
    last = place.name.split(".")[-1]
    return last.startswith(("_", "check")) or place.module == "wsdemo.protocol.arguments"


def public() -> list[Place]:
    return [
        place
        for place in places().values()
        if place.module.split(".")[1:2] and place.module.split(".")[1] in LAYERS
        if not any(part.startswith("_") for part in [*place.module.split("."), *place.name.split(".")])
    ]


@pytest.mark.parametrize("place", [place for place in public() if raised(place)], ids=str)
def test_a_public_function_names_the_errors_that_it_raises(place: Place) -> None:
    said = set(re.findall(r"\w+", ast.get_docstring(place.node) or ""))
    assert not raised(place) - said, f"{place}: its docstring leaves out {sorted(raised(place) - said)}"


def parameters(place: Place) -> list[str]:
    """The names of a long signature, of a function or of a class's construction; none for a short one."""
    node = place.node
    if isinstance(node, ast.ClassDef):
        maker = places().get((place.module, f"{place.name}.__init__"))
        node = maker.node if maker is not None else node
    if not isinstance(node, Function):
        return []
    names = [one.arg for one in (*node.args.args, *node.args.kwonlyargs) if one.arg not in ("self", "cls")]
    optional = len(node.args.defaults) + sum(default is not None for default in node.args.kw_defaults)
    return names if len(names) > LONG and 2 * optional >= len(names) else []


@pytest.mark.parametrize("place", [place for place in public() if parameters(place)], ids=str)
def test_a_long_signature_lists_its_parameters_one_a_line(place: Place) -> None:
    """As ``name``: its meaning, with the unit; Shift-Tab shows it."""
    doc = ast.get_docstring(place.node) or ""
    listed = re.findall(r"(?m)^``(\w+)``: ", doc)
    assert listed == parameters(place) or "parameters as of" in doc, f"{place} lists {listed}"


@pytest.mark.parametrize("module", parsed())
def test_docstrings_begin_with_a_subject_or_a_verb(module: str) -> None:
    for node in ast.walk(parsed()[module]):
        if isinstance(node, (ast.Module, ast.ClassDef, Function)):
            first = (ast.get_docstring(node) or "").partition("\n")[0]
            assert first.endswith("?") or not HEADLESS.match(first), f"{module}: {first}"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_things_and_numbers_have_plain_words(path: Path) -> None:
    """In docstrings, comments and errors: "``size`` bytes", "no reader", "another thread"."""
    assert SLANG.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_comments_stand_whole(path: Path) -> None:
    assert not TORN.search(path.read_text(encoding="utf-8"))
