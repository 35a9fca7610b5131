"""The promises of the applications, held by a server that is killed: nothing confirmed is lost or doubled."""

from __future__ import annotations

import os

from tests.patterns.killing import kill_loop

#: Kills of one run; the long run has its own target in the Makefile.
KILLS = int(os.environ.get("WSDEMO_CUTS", "4"))


def test_a_server_that_is_killed_loses_and_doubles_nothing(tmp_path):
    found = kill_loop(tmp_path / "log.db", KILLS, 300)
    assert (found.kills, found.told) == (KILLS, [])
    assert found.read == list(range(1, found.published + 1))
