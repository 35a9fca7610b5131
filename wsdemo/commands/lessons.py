"""``lessons``: your own copies of the lessons, to write in."""

from __future__ import annotations

import argparse
from pathlib import Path

from wsdemo.commands.shared import OK, Commands, Failure
from wsdemo.words import printable


def add(commands: Commands) -> None:
    """``lessons``"""
    command = commands.add_parser("lessons", help="makes your own copies of the lessons, or updates them")
    command.add_argument(
        "folder", nargs="?", type=Path, metavar="FOLDER", help="where they are (my/, beside notebooks/)"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make or update the copies, and print the changes. Raises Failure where there are no lessons."""
    from wsdemo.course import copies

    if not copies.TRACKED.is_dir():
        raise Failure(f"no lessons in {copies.TRACKED}: run this in a clone of the repository")
    folder = options.folder or copies.MINE
    made = copies.hand_out(folder=folder)
    for done in dict.fromkeys(copy.done for copy in made if copy.done):
        files = ", ".join(copy.file for copy in made if copy.done == done)
        print(printable(f"{done} in {folder}: {files}"))
    for copy in made:
        for cell in copy.clashes:
            print(f"{copy.file}: you have edited cell {cell}; it stays, with the lesson's new text below")
    return OK
