"""``doctor``: checks that everything is there that the course needs."""

from __future__ import annotations

import argparse

from wsdemo.commands.shared import FAILURE, OK, Commands


def add(commands: Commands) -> None:
    """``doctor``"""
    command = commands.add_parser("doctor", help="checks this machine and environment, with remedies")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the report; a failure if something the course needs is missing."""
    from wsdemo.course import doctor as examine

    report = examine()
    print(report)
    return OK if report.ok else FAILURE
