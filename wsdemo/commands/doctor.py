"""``doctor``: checks that everything is there that the course needs."""

from __future__ import annotations

import argparse

from wsdemo.commands.shared import FAILURE, OK, Commands


def add(commands: Commands) -> None:
    """``doctor [--nats URL]``"""
    command = commands.add_parser("doctor", help="checks this machine and environment, with remedies")
    command.add_argument(
        "--nats", metavar="URL", help="check a NATS instead, at its monitoring: http://127.0.0.1:8222"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the report; a failure if something the course needs is missing."""
    from wsdemo import course
    from wsdemo.course.doctor import examine, nats

    report = course.doctor() if options.nats is None else examine(nats(options.nats))
    print(report)
    return OK if report.ok else FAILURE
