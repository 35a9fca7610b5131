"""``progress``: prints the exercises that are solved."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from wsdemo.commands.shared import OK, Commands, Failure
from wsdemo.words import printable


def add(commands: Commands) -> None:
    """``progress``"""
    command = commands.add_parser("progress", help="which exercises are solved, as `check` has noted it")
    command.add_argument(
        "folders", nargs="*", type=Path, metavar="FOLDER", help="of a learner's copies (this one, or my/)"
    )
    command.add_argument("--csv", action="store_true", help="as a table: a row for each folder")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a report of each folder, or one table of all. Raises Failure for a folder without notes."""
    from wsdemo.course import copies, notes, progress

    here = [Path()] if (Path() / notes.FILE).exists() else [copies.MINE]
    folders = options.folders or here
    for folder in folders:
        if not (folder / notes.FILE).is_file():
            raise Failure(
                f"{folder} has no {notes.FILE}: `make lab` or `python -m wsdemo lessons` begins one in my/"
            )
    if options.csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows(progress.table(folders))
    else:
        print("\n".join(printable_lines(progress.report(folder)) for folder in folders))
    return OK


def printable_lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
