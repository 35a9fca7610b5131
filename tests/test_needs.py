"""A missing need skips with its remedy, and fails where `CI=true`: nothing is skipped unseen."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests import conftest, needs


def item(*names: str) -> Any:
    """What `pytest_runtest_setup` reads of a test."""
    marks = [pytest.mark.needs(name).mark for name in names]
    return SimpleNamespace(iter_markers=lambda _: iter(marks))


@pytest.fixture(autouse=True)
def an_absent_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(needs.PRESENT, "unicorn", lambda: None)
    monkeypatch.setitem(needs.REMEDY, "unicorn", "apt-get install unicorn")
    monkeypatch.setitem(needs.PRESENT, "horse", lambda: "/usr/bin/horse")
    monkeypatch.setitem(needs.REMEDY, "horse", "apt-get install horse")


def test_what_is_there_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    conftest.pytest_runtest_setup(item("horse"))


def test_what_is_missing_skips_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="is not here; bring it with: apt-get install unicorn"):
        conftest.pytest_runtest_setup(item("horse", "unicorn"))


def test_what_is_missing_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install unicorn"):
        conftest.pytest_runtest_setup(item("unicorn"))


def test_what_is_rare_is_skipped_in_ci_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setitem(needs.PRESENT, "python27", lambda: None)
    with pytest.raises(pytest.skip.Exception, match=r"pyenv install 2\.7\.18"):
        conftest.pytest_runtest_setup(item("python27"))


def test_every_need_has_a_remedy() -> None:
    assert set(needs.PRESENT) == set(needs.REMEDY)
