"""``bench``: measures the speed, beside others, as ratios to plain TCP."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from wsdemo.commands.shared import OK, Commands, Failure, different, output_file, positive, write_files


def add(commands: Commands) -> None:
    """``bench [--against P,…] [--only ROW,…] [--rounds N] [--json FILE] [--picture FILE] [--quick]``"""
    command = commands.add_parser("bench", help="measures the speed, beside others")
    command.add_argument(
        "--against", type=peers, metavar="PEER,…", help="libraries to measure beside ours (all)"
    )
    command.add_argument("--only", type=rows, metavar="ROW,…", help="rows of the table (all)")
    command.add_argument("--rounds", type=positive, default=7, help="of each row (%(default)s)")
    command.add_argument(
        "--json", type=json_file, metavar="FILE", help="write every value there; - is stdout"
    )
    command.add_argument(
        "--picture", type=output_file, metavar="FILE", help="draw the values (needs matplotlib)"
    )
    command.add_argument("--quick", action="store_true", help="show that it works; the numbers mean nothing")
    command.set_defaults(run=run)


def peers(text: str) -> list[str]:
    """Names of contestants.

    >>> peers("aiohttp,webskets")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: no peer 'webskets', there are websockets, websockets.sync, aiohttp, picows, \
wsproto, fastapi, channels
    """
    from wsdemo.bench.peers import ALWAYS, PEERS

    return _chosen(text, [name for name in PEERS if name not in ALWAYS], "peer")


def rows(text: str) -> list[str]:
    """Keys of rows.

    >>> rows("echo,import")
    ['echo', 'import']
    """
    from wsdemo.bench.rows import ROWS

    return _chosen(text, [row.key for row in ROWS], "row")


def json_file(text: str) -> str:
    """A file that can be written, or ``-`` for stdout."""
    return text if text == "-" else output_file(text)


def _chosen(text: str, names: list[str], what: str) -> list[str]:
    chosen = [name for name in text.split(",") if name]
    for name in chosen:
        if name not in names:
            raise argparse.ArgumentTypeError(f"no {what} {name!r}, there are {', '.join(names)}")
    return chosen


def run(options: argparse.Namespace) -> int:
    """Measure, and print the table. Raises Failure for what can't be done."""
    from wsdemo.bench import report
    from wsdemo.bench.peers import ALWAYS, PEERS
    from wsdemo.bench.rows import ROWS
    from wsdemo.bench.run import run as measure

    different(json=None if options.json == "-" else options.json, picture=options.picture)
    if options.picture:
        try:
            from wsdemo.views.charts import speed
        except ImportError:
            raise Failure("a picture needs matplotlib: pip install matplotlib") from None
    chosen = [row for row in ROWS if options.only is None or row.key in options.only]
    against = {*ALWAYS, *(PEERS if options.against is None else options.against)}
    done = measure(chosen, against, options.rounds, options.quick, bar)
    bar("", 1, 1)
    to_stdout = options.json == "-"
    values = json.dumps(done.as_json(), indent=1)
    writers: list[tuple[str | None, Callable[[str], object]]] = [
        (
            None if to_stdout else options.json,
            lambda path: Path(path).write_text(f"{values}\n", encoding="utf-8"),
        ),
        (options.picture, lambda path: Path(path).write_bytes(speed.picture(done.as_json()).png)),
    ]
    try:
        write_files(*writers)
    finally:
        print(values if to_stdout else report.table(done))
    return OK


def bar(title: str, done: int, total: int) -> None:
    """A bar on stderr, if it is a terminal."""
    if sys.stderr.isatty():
        filled = 30 * done // max(1, total)
        drawn = f"[{'█' * filled}{'·' * (30 - filled)}] {title:42}" if title else " " * 76
        sys.stderr.write(f"\r{drawn}{'' if title else chr(13)}")
        sys.stderr.flush()
