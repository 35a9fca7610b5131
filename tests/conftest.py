"""What every test here has in common: needs that are missing, and time that is bounded."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest

from tests import kernels, needs, ports, processes

# How long an example may take is for pytest's timeout: a busy machine is no finding.
hypothesis.settings.register_profile("wsdemo", deadline=None)
hypothesis.settings.load_profile("wsdemo")

kernels.set_apart()


#: Seconds that a test may take, unless it says otherwise (pytest-timeout).
TIMEOUT = 300


@pytest.hookimpl(tryfirst=True)  # before pytest-timeout looks
def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("timeout", TIMEOUT) is None and not os.environ.get("PYTEST_TIMEOUT"):
        config.option.timeout = TIMEOUT
    config.addinivalue_line("markers", "needs(name): something beyond Python, see tests/needs.py")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        (name,) = mark.args
        if reason := needs.missing(name):
            if os.environ.get("CI") == "true" and name not in needs.RARE:
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


@pytest.fixture
def port() -> Iterator[int]:
    """A port for a server that starts later, or again: see `ports.held_port`."""
    with ports.held_port() as port:
        yield port


@pytest.fixture
def start() -> Iterator[processes.Start]:
    """Starts ``python -m wsdemo …``."""
    yield from processes.starting()
