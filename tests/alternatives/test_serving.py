"""A server in its own process: it listens, ends, and its failure is one line."""

from __future__ import annotations

import sys

import pytest

from wsdemo.alternatives import serving
from wsdemo.alternatives.serving import Serving
from wsdemo.alternatives.table import ALTERNATIVES, Alternative


class Broken(Alternative):
    """One whose file is another."""

    @property
    def path(self):
        return self.file


def test_it_listens_until_it_is_closed() -> None:
    with Serving(ALTERNATIVES["wsdemo"]) as server:
        assert server.alive
        assert (server.memory() or 1 << 20) >= 1 << 20 or sys.platform != "linux"
    assert not server.alive


def test_a_missing_library_is_one_line() -> None:
    one = Alternative("none", "on_none.py", ("no_such_module",), ("no-such-package",), "", "")
    with pytest.raises(RuntimeError, match=r"^none is not installed: pip install no-such-package$"):
        Serving(one)


def test_a_server_that_fails_is_told_by_its_last_words(tmp_path) -> None:
    file = tmp_path / "on_broken.py"
    file.write_text("raise SystemExit('no, thank you')")
    with pytest.raises(RuntimeError, match=r"^the server on broken did not start: no, thank you$"):
        Serving(Broken("broken", str(file), (), (), "", ""))


def test_a_port_is_kept_for_its_server() -> None:
    """No one who asks for any port gets it meanwhile, also before the server listens."""
    port, kept = serving.reserved_port()
    others = [serving.reserved_port() for _ in range(50)]
    assert port not in {number for number, _ in others}
    for sock in (kept, *(sock for _, sock in others)):
        sock.close()
    with Serving(ALTERNATIVES["websockets"]) as one, Serving(ALTERNATIVES["websockets"]) as other:
        assert one.port != other.port and one.alive and other.alive


def test_several_run_together_and_end_together() -> None:
    with serving.running("wsdemo", "websockets") as servers:
        assert list(servers) == ["wsdemo", "websockets"]
        assert all(server.alive for server in servers.values())
    assert not any(server.alive for server in servers.values())


def test_one_that_does_not_start_ends_the_others(tmp_path, monkeypatch) -> None:
    file = tmp_path / "on_broken.py"
    file.write_text("raise SystemExit('no, thank you')")
    started, close = [], Serving.close
    monkeypatch.setitem(serving.ALTERNATIVES, "broken", Broken("broken", str(file), (), (), "", ""))
    monkeypatch.setattr(Serving, "close", lambda self: (started.append(self), close(self)))
    with pytest.raises(RuntimeError, match="did not start"), serving.running("wsdemo", "broken"):
        pass
    assert started and not any(server.alive for server in started)
