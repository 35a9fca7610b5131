"""Advice for a name that is missing after a restart: the cell to run first, in one line.

    NameError: trace is not there yet. Run first the cell under 'Catch one' that begins `trace = Trace()` …

`make lab` has each kernel install this as it starts (startup.py). The notebook's file is read, which Jupyter
names in JPY_SESSION_NAME; where there is none, or no cell of it binds the name, Python's own traceback stays.
"""

from __future__ import annotations

import json
import os
import symtable
from pathlib import Path
from typing import Any


def advice(name: str, cells: list[dict[str, Any]], running: str = "") -> str | None:
    """The cell to run first for a name that is missing while `running` (a cell's source), in one line.

    That is the nearest cell above which binds the name, or else the first one; None if there is none.

    >>> cells = [
    ...     {"cell_type": "markdown", "source": ["## Catch one"]},
    ...     {"cell_type": "code", "source": ["trace = Trace()"]},
    ...     {"cell_type": "code", "source": ["trace.frames"]},
    ... ]
    >>> print(advice("trace", cells, "trace.frames"))
    trace is not there yet. Run first the cell under 'Catch one' that begins `trace = Trace()`, or all \
above: Run ▸ Run All Above Selected Cell
    """
    sources = ["".join(cell["source"]).strip() for cell in cells]
    here = next((at for at, source in enumerate(sources) if source == running.strip()), len(cells))
    found = [
        at
        for at, cell in enumerate(cells)
        if cell["cell_type"] == "code" and at != here and name in _bound(sources[at])
    ]
    if not found:
        return None
    at = max((at for at in found if at < here), default=found[0])
    heading = next((line for source in reversed(sources[:at]) if (line := _heading(source))), "")
    under = f" under '{heading}'" if heading else ""
    begins = sources[at].splitlines()[0]
    return (
        f"{name} is not there yet. Run first the cell{under} that begins `{begins}`, or all above: "
        "Run ▸ Run All Above Selected Cell"
    )


def cells_of_this_notebook() -> list[dict[str, Any]]:
    """The cells of the notebook whose kernel this is, as its file has them; none if that is not known."""
    path = Path(os.environ.get("JPY_SESSION_NAME", ""))
    try:
        cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return cells


def install(shell: Any) -> None:
    """Let an interactive shell (IPython's) print the advice."""

    def told(shell: Any, kind: type[BaseException], error: NameError, traceback: Any, **_: Any) -> list[str]:
        line = None
        if kind is NameError and error.name:
            line = advice(error.name, cells_of_this_notebook(), shell.history_manager.input_hist_raw[-1])
        if line is None:
            shell.showtraceback((kind, error, traceback))
            return []
        shell._showtraceback(kind, error, [f"NameError: {line}"])
        return [line]

    shell.set_custom_exc((NameError,), told)


def _bound(source: str) -> set[str]:
    """The names that a cell binds at its top level."""
    try:
        symbols = symtable.symtable(source, "a cell", "exec").get_symbols()
    except SyntaxError:  # a line for IPython alone
        return set()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}


def _heading(source: str) -> str:
    """The last heading in a cell of prose."""
    lines = [line.lstrip("#").strip() for line in source.splitlines() if line.startswith("#")]
    return lines[-1] if lines else ""
