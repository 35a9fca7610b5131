"""``doctor``: prints what the doctor of the course found, and fails where the lessons would."""

from __future__ import annotations

import pytest

from wsdemo import course
from wsdemo.cli import main
from wsdemo.course.doctor import Finding, examine


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
