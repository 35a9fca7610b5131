"""Run the Autobahn|Testsuite against both roles of wsdemo: one line each, and a report.

    python -m tools.autobahn [--role server|client] [--cases LIST] [--reports FOLDER]

Exit status: 0 when every case is passed strictly, 1 when one is not or is missing, 2 when a run failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from . import install, suite

REPORTS = Path(__file__).parents[2] / "reports" / "autobahn"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.autobahn", description="The Autobahn|Testsuite, both roles."
    )
    parser.add_argument("--role", choices=suite.ROLES, action="append", help="only this one")
    parser.add_argument("--cases", default="*", help="numbers or patterns, with commas: 1.*,9.1.6 (all)")
    parser.add_argument("--reports", type=Path, default=REPORTS, help="where the reports go (%(default)s)")
    options = parser.parse_args(arguments)
    good = True
    try:
        wstest = install.wstest()
        for role in options.role or suite.ROLES:
            outcome = suite.run(role, wstest, options.reports.absolute() / role, options.cases.split(","))
            whole = options.cases != "*" or len(outcome.planned) == suite.ALL
            good = good and whole and bool(outcome.planned) and not outcome.faults
            print("\n".join([*outcome.faults, str(outcome)]), flush=True)
            if not whole:
                print(f"{role}: expected {suite.ALL} cases", file=sys.stderr)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 2
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
