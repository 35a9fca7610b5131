"""A lesson that asks a server of its own by HTTP asks it directly, where all else goes through a proxy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import notebooks

ASKING = [path for path in notebooks.lessons() if "urllib.request" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", ASKING, ids=lambda path: path.name)
def test_a_lesson_runs_behind_a_proxy_that_is_dead(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    notebooks.execute(notebooks.read(path), path.parent)


def test_there_is_such_a_lesson() -> None:
    assert ASKING
