"""``doctor``: prints what the doctor of the course found, and fails where the lessons would."""

from __future__ import annotations

from pathlib import Path

import pytest

from wsdemo import course
from wsdemo.cli import main
from wsdemo.course.doctor import Finding, examine
from wsdemo.patterns.natsserver import NatsServer


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("found", [True, False])
def test_only_what_the_course_needs_is_a_failure(
    found: bool, required: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = examine([Finding("Python", "3.11", "3.9", "" if found else "install it", required)])
    monkeypatch.setattr(course, "doctor", lambda: report)
    assert main(["doctor"]) == (1 if required and not found else 0)
    out = capsys.readouterr().out
    assert out == f"{report}\n" and "Python" in out
    assert ("install it" in out) is not found


def test_a_nats_that_confirms_before_it_syncs_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for sync, status, said in (
        ("always", 0, "it syncs before it confirms"),
        ("2m", 1, "sync_interval: always"),
    ):
        with NatsServer(tmp_path / sync, sync=sync) as broker:
            assert main(["doctor", "--nats", f"http://127.0.0.1:{broker.monitor}"]) == status
            assert said in capsys.readouterr().out
    assert main(["doctor", "--nats", f"http://127.0.0.1:{broker.monitor}"]) == 1
    assert "start nats-server with -m 8222" in capsys.readouterr().out
