"""The house stands on its ladder: imports point down only, and `import wsdemo` loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "wsdemo"

# Who may import whom, inside the package, from the ground up.
BELOW = {
    "words": set(),
    "protocol": set(),
    "lessons": set(),
    "record": {"protocol"},
    "net": {"protocol", "record"},
    "rawtcp": {"protocol", "record", "net"},
    "trace": {"words", "protocol", "record", "rawtcp.framing"},
    "proxy": {"words", "protocol", "record", "net", "trace"},
    "rivals": {"words", "protocol", "record", "net", "rawtcp", "trace", "proxy"},
    "web": {"protocol", "record", "net", "trace"},
    "patterns": {"wsdemo", "protocol.errors", "protocol.limits"},
}
BELOW["views"] = {*BELOW["rivals"], "wsdemo", "lessons", "rivals", "patterns"}
BELOW["course"] = {*BELOW["views"], "views", "web"}

# Layers that know nothing of these parts of the standard library or of other projects.
PURE = {"socket", "threading", "time", "random", "selectors", "asyncio", "ssl", "subprocess"}
DRAWING = {"matplotlib", "ipywidgets", "anywidget", "IPython"}
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
    if layer not in BELOW:  # the package's own names and the command line stand on top
        return
    for name in imports(path, module):
        target = internal(name)
        if target is None:
            root = name.split(".")[0]
            assert layer != "protocol" or root not in PURE, f"wsdemo.{module} does I/O: it imports {name}"
            assert layer in ("views", "course") or root not in DRAWING, f"wsdemo.{module} draws: {name}"
            continue
        allowed = {layer, *BELOW[layer]}
        assert layer_of(target) in allowed or target in allowed, (
            f"wsdemo.{module} imports {name}: {layer} may use {sorted(allowed)}"
        )


def test_only_masking_is_random_in_the_protocol() -> None:
    for module, path in modules():
        if layer_of(module) == "protocol" and module != "protocol.masking":
            assert not OUTSIDE_PROTOCOL & set(imports(path, module)), f"wsdemo.{module} draws random bytes"


def test_importing_wsdemo_loads_nothing_heavy() -> None:
    """In a fresh interpreter: no drawing, no numpy, nothing of views."""
    code = "import sys, wsdemo; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert not {"matplotlib", "ipywidgets", "anywidget", "numpy", "IPython", "wsdemo.views"} & loaded
