"""The house stands on its ladder: imports point down only, and `import wsdemo` loads nothing heavy."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "wsdemo"

# Who may import whom, inside the package, from the ground up: a layer, or one module of it.
BELOW: dict[str, set[str]] = {
    "words": set(),
    "lessons": set(),
    "reloading": set(),
    "protocol": set(),
    "record": {"protocol"},
    "net": {"protocol", "record"},
    "rawtcp": {"protocol", "record", "net"},
    "trace": {"words", "protocol", "record", "rawtcp.framing"},
    "proxy": {"words", "protocol", "record", "net", "trace"},
    "rivals": {"words", "protocol", "record", "net", "rawtcp", "trace", "proxy"},
    "patterns": {"protocol", "net"},
    "web": {"net"},
    "chat": {"protocol", "record", "net", "trace", "patterns", "web", "notebook"},
}
BELOW["views"] = {*BELOW["rivals"], "lessons", "rivals", "patterns"}
BELOW["notebook"] = {"words", "net", "trace", "views"}
BELOW["wsdemo"] = {"reloading", "protocol", "record", "net", "trace", "notebook"}
BELOW["course"] = {*BELOW["views"], "views", "wsdemo"}
BELOW["demos"] = {"words", "protocol", "record", "net", "proxy", "patterns", "chat", "wsdemo"}
BELOW["alternatives"] = {"words", "protocol", "net", "rivals", "wsdemo"}
BELOW["bench"] = BELOW["commands"] = {*BELOW["course"], "course", "bench", "chat", "alternatives", "demos"}
BELOW["cli"] = {*BELOW["commands"], "commands"}
BELOW["__main__"] = {"cli"}

# Layers that know nothing of these parts of the standard library or of other projects.
PURE = {"socket", "threading", "time", "random", "selectors", "asyncio", "ssl", "subprocess"}
DRAWING = {"matplotlib", "ipywidgets", "anywidget", "IPython"}
DRAWS = {"views", "course"}

#: Layers whose tests stand file for file beside them: each module has one of its name, or is imported by one.
MIRRORED = {"protocol", "record", "net", "rawtcp", "trace", "proxy", "patterns", "chat"}
#: Layers in which it must have the name.
MIRRORED_BY_NAME = {"views", "course", "commands", "rivals", "bench", "alternatives", "demos"}
#: Modules of these that are tested elsewhere in `tests`, each with the reason.
ELSEWHERE = {
    **{
        f"course.lesson_{number:02}": ("course/test_exercises.py", "by right and wrong answers, files of all")
        for number in range(17)
    },
    "course.startup": ("course/test_restart.py", "it does nothing but install `restart`"),
    **{
        f"views.bytes.{name}": ("views/bytes/test_truth.py", "the drawings of a frame, against its bytes")
        for name in ("hexdump", "ruler", "specimen", "xor")
    },
    "views.bytes.stack": ("views/bytes/test_frames.py", "beside the other drawings of frames"),
    **{
        f"views.diagrams.{name}": ("views/diagrams/test_truth.py", "the drawings of a trace, against it")
        for name in ("ladder", "states")
    },
    "commands.bench": ("commands/test_files.py", "its measures are tested in `bench`, its files there"),
    "commands.lessons": ("commands/test_progress.py", "copies and what is solved in them"),
    "commands.sniff": ("commands/test_files.py", "beside the other commands, as are its streams"),
    "rivals.application": ("rivals/test_ways.py", "a server among the others, over a socket"),
    "rivals.serving": ("rivals/test_load.py", "the process whose load is measured"),
    "rivals.strong": ("rivals/test_ways.py", "servers among the others, over a socket"),
    "bench.peers": ("bench/test_run.py", "they are run, and answer, in rows"),
    **{
        f"alternatives.on_{name}": (
            "alternatives/test_connected.py",
            "they run as they are, in a process each",
        )
        for name in ("wsdemo", "websockets", "aiohttp", "fastapi", "channels", "socketio")
    },
    "bench.rows": ("bench/test_run.py", "the whole table is looked at there"),
}
OUTSIDE_PROTOCOL = {"os.urandom", "secrets"}


def layer_of(module: str) -> str:
    """The rung of a dotted name below `wsdemo`: `net.transport` -> `net`; the package itself -> `wsdemo`.

    >>> layer_of("net.transport"), layer_of("")
    ('net', 'wsdemo')
    """
    return module.split(".")[0] or "wsdemo"


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def imports(path: Path, module: str) -> Iterator[str]:
    """Every dotted name that a file imports, relative ones made absolute. Type-checking imports count too."""
    package = ["wsdemo", *module.split(".")] if module else ["wsdemo"]
    if path.name != "__init__.py":
        package.pop()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{name}.{alias.name}" for alias in node.names)


def internal(name: str) -> str | None:
    """A name inside the package, cut to the module that holds it; None for other people's."""
    if name != "wsdemo" and not name.startswith("wsdemo."):
        return None
    parts = name.split(".")[1:]
    while parts and not (
        PACKAGE.joinpath(*parts).is_dir() or PACKAGE.joinpath(*parts).with_suffix(".py").is_file()
    ):
        parts.pop()
    return ".".join(parts)


@pytest.mark.parametrize(("module", "path"), list(modules()), ids=lambda value: str(value) or "wsdemo")
def test_imports_point_down_only(module: str, path: Path) -> None:
    layer = layer_of(module)
    for name in imports(path, module):
        target = internal(name)
        if target is None:
            root = name.split(".")[0]
            assert layer != "protocol" or root not in PURE, f"wsdemo.{module} does I/O: it imports {name}"
            assert layer in DRAWS or root not in DRAWING, f"wsdemo.{module} draws: {name}"
            continue
        allowed = {layer, *BELOW[layer]}
        assert layer_of(target) in allowed or target in allowed, (
            f"wsdemo.{module} imports {name}: {layer} may use {sorted(allowed)}"
        )


def graph() -> dict[str, set[str]]:
    """Which module imports which, inside the package: types, and imports inside functions, too."""
    found: dict[str, set[str]] = {}
    for module, path in modules():
        targets = {internal(name) for name in imports(path, module)}
        found[module] = {target for target in targets if target is not None and target != module}
    return found


def circles(imported: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules of which each one imports all others, directly or around.

    >>> circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a", "c"}})
    [['b', 'c']]
    """
    reached = {module: _reached(module, imported) for module in imported}
    groups = {tuple(sorted(other for other in reached[m] if m in reached[other])) for m in imported}
    return sorted(list(group) for group in groups if group)


def _reached(module: str, imported: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(imported[module])
    while waiting:
        target = waiting.pop()
        if target not in found:
            found.add(target)
            waiting += imported[target]
    return found


def test_no_imports_go_in_circles() -> None:
    assert circles(graph()) == []


@pytest.mark.parametrize(
    "module", [name for name, path in modules() if path.stem[:1] != "_" and layer_of(name) in MIRRORED]
)
def test_tests_mirror_the_package(module: str) -> None:
    """``wsdemo/net/inbox.py`` is tried by ``tests/net/test_inbox.py``, or by another test of that folder."""
    *folders, name = module.split(".")
    folder = TESTS.joinpath(*folders)
    own = folder / f"test_{name}.py"
    assert own.is_file() or any(
        internal(target) == module for path in sorted(folder.glob("*.py")) for target in imports(path, "")
    ), f"no test in {folder.relative_to(TESTS.parent)} imports wsdemo.{module}"


def test_views_course_commands_rivals_and_bench_are_mirrored_by_name() -> None:
    """Each module has a test file of its own name, or its place in `ELSEWHERE`; no other is there."""
    without = {
        module: path
        for module, path in modules()
        if layer_of(module) in MIRRORED_BY_NAME
        and path.stem[:1] != "_"
        and not TESTS.joinpath(*module.split(".")[:-1], f"test_{path.stem}.py").is_file()
    }
    lessons = {module for module in ELSEWHERE if module.startswith("course.lesson_")}
    assert without.keys() - lessons == ELSEWHERE.keys() - lessons
    assert {module for module in without if module.startswith("course.lesson_")} <= lessons
    assert all((TESTS / place).is_file() for place, _ in ELSEWHERE.values())


def test_patterns_use_public_names_only() -> None:
    """They could stand in an application: no names but those of ``import wsdemo``, no underscores."""
    import wsdemo

    for module, path in modules():
        if layer_of(module) != "patterns":
            continue
        for name in imports(path, module):
            target, last = internal(name), name.rpartition(".")[2]
            assert target is None or layer_of(target) == "patterns" or last in wsdemo.__all__, (
                f"wsdemo.{module} imports {name}: add it to the public names, or do without"
            )
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and node.attr[1] != "_":
                own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
                named_tuple = node.attr in ("_make", "_asdict")
                assert own or named_tuple, f"wsdemo.{module}, line {node.lineno}: {node.attr}"


def test_only_masking_is_random_in_the_protocol() -> None:
    for module, path in modules():
        if layer_of(module) == "protocol" and module != "protocol.masking":
            assert not OUTSIDE_PROTOCOL & set(imports(path, module)), f"wsdemo.{module} draws random bytes"


def test_importing_wsdemo_loads_nothing_heavy() -> None:
    """In a fresh interpreter: no drawing, no numpy, nothing of views, neither OpenSSL nor a log."""
    heavy = {"matplotlib", "ipywidgets", "anywidget", "numpy", "IPython", "wsdemo.views"}
    heavy |= {"hashlib", "logging", "ssl"}
    assert not heavy & loaded_by("import wsdemo")


def test_a_failure_loads_nothing() -> None:
    """It may come when no file can be opened any more, and a module is one."""
    ready = "import wsdemo, wsdemo.net.handler; wsdemo.net.reactor.Reactor('').close()"
    failure = "wsdemo.net.handler.log_failure(1, ValueError())"
    assert loaded_by(f"{ready}; {failure}") == loaded_by(ready)


def test_a_server_loads_what_its_first_opening_needs() -> None:
    """That may come when no file can be opened any more."""
    assert "hashlib" in loaded_by("import wsdemo; wsdemo.serve(print).close()")


def loaded_by(code: str) -> set[str]:
    """The modules of a fresh interpreter that has run this."""
    code = f"import sys; {code}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


# -- names, and the size of functions ------------------------------------------------------------------------

#: Class names that two modules share, each with the reason.
HOMONYMS = {
    "Outbox": "the pattern of that name keeps messages until they are confirmed, a transport's keeps bytes",
}
CORE = ("protocol", "record", "net", "rawtcp", "trace")


def test_a_class_name_means_one_class() -> None:
    """One word, one meaning in the whole package; classes inside a function are its own affair."""
    places: dict[str, list[str]] = defaultdict(list)
    for module, path in modules():
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module)
    assert {name: found for name, found in places.items() if len(found) > 1}.keys() == HOMONYMS.keys()


def test_functions_of_the_core_are_small() -> None:
    """Lines of body, the docstring apart: half of them at most 4, nine of ten at most 15, none over 50."""
    sizes = {
        f"{module}.{node.name}": lines_of(node)
        for module, path in modules()
        if layer_of(module) in CORE
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: size for name, size in sizes.items() if size > 50} == {}
    assert statistics.median(sizes.values()) <= 4
    assert sum(size <= 15 for size in sizes.values()) >= 0.9 * len(sizes)


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[ast.get_docstring(function) is not None :]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
