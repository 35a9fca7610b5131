"""Connections to SQLite that tests watch: their statements (a build may change defaults), and their end."""

from __future__ import annotations

import sqlite3
from typing import Any, ClassVar

import pytest


def kept(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """From now on all connections that are opened: an object that is kept is not closed by its own end."""
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def keep(*args: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", keep)
    return opened


class Heard(sqlite3.Connection):
    """Those of all connections, since `statements` was cleared."""

    statements: ClassVar[list[str]] = []

    def execute(self, statement: str, *values: Any) -> Any:
        self.statements.append(statement)
        return super().execute(statement, *values)
