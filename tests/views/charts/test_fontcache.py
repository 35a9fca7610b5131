"""A lesson in a home that can't be written: pictures, and not a word on stderr."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wsdemo.views.charts import fontcache


def test_a_picture_where_nothing_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "home").touch()  # a file: no folder can be made below it, not even by root
    without = ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")
    environment = {name: value for name, value in os.environ.items() if name not in without}
    environment |= {"HOME": str(tmp_path / "home"), "USERPROFILE": str(tmp_path / "home")}
    code = "from wsdemo import views; print(len(views.charts.strip({'a': [0.1]}).png))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert int(done.stdout) > 1000
    assert done.stderr == ""


def test_other_words_of_matplotlib_are_heard(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("matplotlib.font_manager")
    for notice in fontcache.NOTICES:
        log.warning(notice)
    log.warning("findfont: Font family %r not found.", "Nonesuch")
    assert [record.getMessage() for record in caplog.records] == [
        "findfont: Font family 'Nonesuch' not found."
    ]
