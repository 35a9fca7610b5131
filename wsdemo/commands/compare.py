"""``compare``: one server on six libraries, measured and checked in one run."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from wsdemo.commands.bench import bar, json_file
from wsdemo.commands.shared import OK, Commands, Failure, different, output_file, say, write_files


def add(commands: Commands) -> None:
    """``compare [--only NAME,…] [--json FILE] [--picture FILE] [--quick]``"""
    command = commands.add_parser("compare", help="one server on six libraries, measured and checked")
    command.add_argument("--only", type=names, metavar="NAME,…", help="libraries (all that are installed)")
    command.add_argument(
        "--json", type=json_file, metavar="FILE", help="write every value there; - is stdout"
    )
    command.add_argument("--picture", type=output_file, metavar="FILE", help="draw the values (SVG)")
    command.add_argument("--quick", action="store_true", help="show that it works; the times mean nothing")
    command.set_defaults(run=run)


def names(text: str) -> list[str]:
    """Names of alternatives, in any case.

    >>> names("fastapi,aiohttp")
    ['FastAPI', 'aiohttp']
    >>> names("flask")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: no alternative 'flask', there are wsdemo, websockets, aiohttp, FastAPI, \
Channels, Socket.IO
    """
    from wsdemo.alternatives.table import ALTERNATIVES

    known = {name.lower(): name for name in ALTERNATIVES}
    chosen = [name for name in text.split(",") if name]
    for name in chosen:
        if name.lower() not in known:
            raise argparse.ArgumentTypeError(f"no alternative {name!r}, there are {', '.join(ALTERNATIVES)}")
    return [known[name.lower()] for name in chosen]


def run(options: argparse.Namespace) -> int:
    """Measure, and print the tables. Raises Failure where no library is there, or a server does not start."""
    from wsdemo.alternatives.compare import QUICK, Plan, compare
    from wsdemo.alternatives.table import ALTERNATIVES
    from wsdemo.views.diagrams.comparison import comparison

    different(json=None if options.json == "-" else options.json, picture=options.picture)
    chosen = [ALTERNATIVES[name] for name in options.only or ALTERNATIVES]
    try:
        done = compare(chosen, QUICK if options.quick else Plan(), bar)
    except RuntimeError as error:
        raise Failure(str(error)) from None
    finally:
        bar("", 1, 1)
    for line in done.missing:
        say(f"wsdemo compare: {line}")
    values = json.dumps(done.as_json(), indent=1)
    to_stdout = options.json == "-"
    writers: list[tuple[str | None, Callable[[str], object]]] = [
        (
            None if to_stdout else options.json,
            lambda path: Path(path).write_text(f"{values}\n", encoding="utf-8"),
        ),
        (options.picture, lambda path: comparison(done.as_json()).save(path)),
    ]
    try:
        write_files(*writers)
    finally:
        print(values if to_stdout else done.table())
    return OK
