"""A module of the package is not loaded again in a running kernel, as ``%autoreload`` would do.

That exchanges the classes of objects that live in threads, and neither slots nor members of an Enum survive
it (TypeError: descriptor 'wire' for 'Sender' objects doesn't apply …). Refused, the kernel goes on with what
it had, and the error says what to do.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

PACKAGE = __name__.partition(".")[0]


class Refusal:
    """A finder of modules that finds none, and objects where one is loaded again."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: ModuleType | None = None) -> None:
        """Called before the others; ``target`` is the module that is to be loaded again, if any."""
        if target is not None and name.partition(".")[0] == PACKAGE:
            raise ImportError(
                f"{name} can't be reloaded while it runs: restart the kernel to use what changed"
            )


def refuse() -> None:
    """From now on."""
    sys.meta_path.insert(0, Refusal)
