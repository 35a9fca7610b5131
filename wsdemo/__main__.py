"""The command line: ``python -m wsdemo COMMAND``, or just ``wsdemo COMMAND``."""

from __future__ import annotations

import sys

from wsdemo.cli import main

if __name__ == "__main__":
    sys.exit(main())
