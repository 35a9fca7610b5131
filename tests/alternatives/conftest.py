"""A server of each alternative, in its own process; one for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wsdemo.alternatives.serving import Serving
from wsdemo.alternatives.table import ALTERNATIVES


@pytest.fixture(scope="module", params=ALTERNATIVES)
def server(request: pytest.FixtureRequest) -> Iterator[Serving]:
    with Serving(ALTERNATIVES[request.param]) as running:
        yield running
