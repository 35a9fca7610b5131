"""Refuses to load a module of the package again in a running kernel, as ``%autoreload`` would do.

Reloading exchanges the classes of objects that live in threads, and neither slots nor members of an Enum
survive it (TypeError: descriptor 'send' for 'Sender' objects doesn't apply …). After the refusal the kernel
goes on with the modules that it had, and the error says what to do.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

PACKAGE = __name__.partition(".")[0]


class Refusal:
    """A finder of modules that finds none, and raises where one is loaded again."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: ModuleType | None = None) -> None:
        """Raise ImportError where ``target``, a module to be loaded again, is of this package."""
        if target is not None and name.partition(".")[0] == PACKAGE:
            raise ImportError(
                f"{name} can't be reloaded while it runs: restart the kernel to use what changed"
            )


def refuse() -> None:
    """Refuse from now on."""
    sys.meta_path.insert(0, Refusal)
