"""Runs a demo by its name, and says what is missing in one line."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from typing import Final

from wsdemo.demos.policies import USES

#: The names of the demos.
DEMOS: Final = tuple(use.demo for use in USES if use.demo)
#: Modules that a demo needs, and the packages that bring them.
NEEDS: Final = {"document": "pycrdt"}


def run(name: str) -> Iterator[str]:
    """The story of a demo, line by line.

    Raises ValueError for a name that is none, RuntimeError, one line, for a library that is missing.

    >>> run("chess")
    Traceback (most recent call last):
    ValueError: no demo 'chess', there are chat, ticker, game, document, sensors, payment
    """
    if name not in DEMOS:
        raise ValueError(f"no demo {name!r}, there are {', '.join(DEMOS)}")
    if (needed := NEEDS.get(name)) and not importlib.util.find_spec(needed):
        raise RuntimeError(f"the demo {name} needs {needed}: pip install {needed}")
    story: Iterator[str] = importlib.import_module(f"wsdemo.demos.{name}").play()
    return story
